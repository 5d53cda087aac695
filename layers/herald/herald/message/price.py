"""Price: what a provider says that a message cost."""

# What a message costs has no end that is too far: a price beyond it is a vendor's mistake.
_MOST = 10**15


def amount(price: str | None) -> float | None:
    """The amount that a price says; None if it says none. A price of 0 says none: it is what vendors tell before they
    have one.
    """
    try:
        said = float(price or "nan")
    except ValueError:
        return None
    return said if 0 < said < _MOST else None
