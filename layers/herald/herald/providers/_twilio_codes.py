"""Twilio's numbers of errors, in an answer or a later callback, with our reasons (November 2026)."""

# Surely not taken: Twilio takes more in a moment.
LATER = {
    **dict.fromkeys((20429, 21611, 14107), "throttled"),
    **dict.fromkeys((20503, 21730), "provider_unavailable"),
}
# Internal errors, after which nobody knows.
UNCLEAR = {20500, 20504}
_REASONS = {
    "request_refused": (
        20001, 20422, 21604, 21609, 21624, 21658, 21266, *range(21620, 21624), 30011, *range(21654, 21657), 21910,
        *range(35111, 35119), 35125, 35126, 30012, 30013,
    ),
    "credentials_refused": (20003, 20151, 21470, 21471, 20404),
    "not_permitted": (20005, 20010, 21472, 20006, 20403, 20008, 30002, 30037, 21219, 21608),
    "throttled": (30001, 30022, 30023, 30025, 30026, 30027),
    "invalid_number": (21211, 21217, 21401, 21265, 30005, 21614, 21635, 30006, 21268),
    "country_not_enabled": (21408,),
    "opted_out": (21610, 30630),
    "no_route": (21612, 30043),
    "invalid_sender": (
        21212, 21603, 21606, 21607, 21616, 21657, 21659, 21660, 21661, 21264, 21267, 21708, 21709, 21711,
        *range(21701, 21706), 21712, 21715, 30024, 30042,
    ),
    "invalid_text": (21602, 21618, 21619, 14103),
    "text_too_long": (21617, 30019),
    "not_registered": (21900, 30018, 30032, 30033, 30034, 30035, 30040, 30041),
    "template_mismatch": (21901,),
    "recipient_unavailable": (30003,),
    "carrier_blocked": (30004, 30450, 30453, 30485, 30610, 30615, 30620, 30640),
    "spam": (30007, 30038, 30039),
    "unexplained": (30008,),
    "price_too_high": (30010,),
    "carrier_unavailable": (30017,),
    "provider_failed": (30020, 30021, 30410),
    "expired": (30036,),
    "spend_limit": (30454, 63038),
}  # fmt: skip
REASONS = {code: reason for reason, codes in _REASONS.items() for code in codes}
