"""Phone: anything that a person writes as a number becomes the one number that can get a text."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from herald.message.wrong import Wrong

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

LONGEST = 40

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Address books wrap a copied number in marks of writing direction, which nobody sees.
_INVISIBLE = re.compile(r"[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WRITTEN = re.compile(r"[\s(]*[+\uff0b]?[\d\s()./\u2010-\u2015\u2212\uff0d-]+")
_EXTENSION = re.compile(r"\d.*(ext|x|#|int|anexo)\D{0,9}\d{1,7}\s*$", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_INTERNATIONAL = "Write it in full: a plus sign, the country code and all the digits."


class Number(NamedTuple):
    """A number that can get texts: E.164, and its country (ISO 3166 alpha-2; ``001`` if it belongs to none)."""

    e164: str
    country: str


def read(number: str, region: str, mobile_prefixes: Collection[str] = ()) -> Number:
    """The mobile number meant by ``number``; one without a country code is of ``region`` (ISO 3166 alpha-2).

    A number of a range that no numbering plan has yet is mobile if it begins as one of ``mobile_prefixes`` does.

    Raises ``Wrong``: ``control_character``, ``too_long``, ``extension``, ``letters``, ``ambiguous_number``,
    ``short_code``, ``not_mobile`` (premium, toll-free, shared-cost, fixed ...) or ``invalid_number``.
    """
    import phonenumbers

    readings = _readings(_written(number), region)
    valid = [reading for reading in readings if _kind(reading) != phonenumbers.PhoneNumberType.UNKNOWN]
    if not valid:
        newly = _newly_mobile(readings, mobile_prefixes)
        if newly:
            return newly
        raise _invalid(readings[0] if readings else None)
    e164, *others = {phonenumbers.format_number(reading, phonenumbers.PhoneNumberFormat.E164) for reading in valid}
    if others:
        raise Wrong("ambiguous_number", f"The number can be read in two ways. {_INTERNATIONAL}")
    _only_mobile(_kind(valid[0]))
    return Number(e164, phonenumbers.region_code_for_number(valid[0]) or "001")


def prepare(region: str) -> None:
    """Load what numbers of ``region`` are read with, which is otherwise loaded by the first of them."""
    import phonenumbers

    example = phonenumbers.example_number(region)
    if example:
        _kind(example)


def mask(e164: str) -> str:
    """``+91*****2552``: enough to recognise a number, and never more than half of its digits."""
    if not re.fullmatch(r"\+\d{4,15}", e164, re.ASCII):
        return "*****"
    shown = (len(e164) - 1) // 2
    return e164[:3] + "*****" + e164[len(e164) - min(4, shown - 2) :]


def _written(number: str) -> str:
    """``number`` without what cannot be seen, if it is written like one."""
    if len(number) > LONGEST:
        raise Wrong("too_long", f"The number is longer than {LONGEST} characters.")
    if _CONTROL.search(number):
        raise Wrong("control_character", "The number holds a line break or another control character.")
    written = _INVISIBLE.sub("", number)
    if _WRITTEN.fullmatch(written):
        return written
    if _EXTENSION.search(written):
        raise Wrong("extension", "A text cannot be sent to an extension: give the number of a mobile phone.")
    if any(c.isalpha() for c in written):
        raise Wrong("letters", "The number holds letters: write it in digits only.")
    raise Wrong("invalid_number", f"This is not written like a phone number. {_INTERNATIONAL}")


def _readings(written: str, region: str) -> list["PhoneNumber"]:
    """What ``written`` may mean: as dialled in ``region``, and with 00 for the +, as most of the world dials."""
    import phonenumbers

    digits = written.lstrip(" (")
    forms = [written, "+" + digits[2:]] if digits.startswith("00") else [written]
    readings = []
    for form in forms:
        try:
            readings.append(phonenumbers.parse(form, region))
        except phonenumbers.NumberParseException:
            continue
    return readings


def _kind(reading: "PhoneNumber") -> int:
    """The library's type of number; UNKNOWN means that no numbering plan has it."""
    import phonenumbers

    return phonenumbers.number_type(reading)


def _newly_mobile(readings: list["PhoneNumber"], prefixes: Collection[str]) -> Number | None:
    """The first reading that begins as one of the prefixes does. What a numbering plan has is never read so."""
    import phonenumbers

    for reading in readings if prefixes else ():
        e164 = phonenumbers.format_number(reading, phonenumbers.PhoneNumberFormat.E164)
        if e164.startswith(tuple(prefixes)) and _E164.fullmatch(e164):
            return Number(e164, phonenumbers.region_code_for_country_code(reading.country_code or 0))
    return None


def _only_mobile(kind: int) -> None:
    from phonenumbers import PhoneNumberType

    if kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
        return
    names = {
        PhoneNumberType.FIXED_LINE: "a landline",
        PhoneNumberType.TOLL_FREE: "a toll-free number",
        PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
        PhoneNumberType.SHARED_COST: "a shared-cost number",
    }
    raise Wrong(
        "not_mobile", f"This is {names.get(kind, 'not a mobile number')}: a text needs the number of a mobile phone."
    )


def _invalid(reading: "PhoneNumber | None") -> Wrong:
    if reading is None:
        return Wrong("invalid_number", f"This cannot be read as a phone number. {_INTERNATIONAL}")
    if reading.national_number is not None and reading.national_number < 10**6:
        return Wrong("short_code", "This is a short code, or only a part of a number.")
    return Wrong("invalid_number", f"No phone has such a number: digits are missing or wrong. {_INTERNATIONAL}")
