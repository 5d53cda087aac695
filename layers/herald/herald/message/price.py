"""Price: what a provider says that a message cost."""

# What a message costs has no end that is too far: a price beyond it is a vendor's mistake.
_MOST = 10**15


def told(price: str | None) -> float | None:
    """The amount that a price says; None if it says none. A price of 0 says none: it is what vendors tell before they
    have one.
    """
    try:
        amount = float(price or "nan")
    except ValueError:
        return None
    return amount if 0 < amount < _MOST else None
