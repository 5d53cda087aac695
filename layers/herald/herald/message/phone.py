"""Phone: anything that a person writes as a number becomes the one number that is meant."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from herald.message.wrong import Wrong

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

LONGEST = 40

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Beside the digits, blanks and hyphens of every script, which Unicode's categories name.
_ALIKE = dict(zip("\uff0b\ufe62\u2212\u30fc\uff08\uff09\uff0e\uff0f", "++--()./", strict=True))
# RFC 3966: the number of a link. Its parameters (an extension, a local context) are letters, which are refused.
_LINK = re.compile(r"tel: *", re.IGNORECASE | re.ASCII)
_WRITTEN = re.compile(r"[ (]*\+?[\d ().\/-]+", re.ASCII)
_EXTENSION = re.compile(r"\d.*(ext|x|#|int|anexo)\D{0,9}\d{1,7}\s*$", re.IGNORECASE)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# What lists and spreadsheets put beside a number: 1. before it; .0, /53 or -3 behind it.
_LISTED = re.compile(r"\d{1,2}[.)] +(?=[\d+(])", re.ASCII)
_ENDING = re.compile(r"(?<=\d)(?P<apart>[ ./()-]*[./()-][ ./()-]*)(?P<digits>\d{1,2}|0+)[ ./()-]*$", re.ASCII)
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

    written = _written(number)
    readings = _readings(written, region)
    valid = [reading for reading in readings if _kind(reading) != phonenumbers.PhoneNumberType.UNKNOWN]
    if not valid:
        newly = _newly_mobile(readings, mobile_prefixes)
        if newly:
            _only_reading(written, region, newly.e164, mobile_prefixes)
            return newly
        raise _invalid(readings[0] if readings else None)
    e164 = _the_same(valid)
    _only_reading(written, region, e164)
    _only_mobile(_kind(valid[0]))
    return Number(e164, phonenumbers.region_code_for_number(valid[0]) or "001")


def stands_for(number: str, region: str) -> str:
    """The number (E.164) meant by ``number``, whether or not it can get texts: by it a person is found.

    One that no numbering plan has, or has any more, is taken as it stands if it is written in full, or if it is as long
    as a mobile number of ``region``. Raises ``Wrong`` as ``read`` does, but never ``not_mobile``.
    """
    import phonenumbers

    written = _written(number)
    readings = _readings(written, region)
    valid = [reading for reading in readings if _kind(reading) != phonenumbers.PhoneNumberType.UNKNOWN]
    possible = [_e164(reading) for reading in readings if _may_be_mobile(reading)]
    found = _the_same(valid) if valid else _in_full(written) or next(filter(_E164.fullmatch, possible), None)
    if found is None:
        raise _invalid(readings[0] if readings else None)
    _only_reading(written, region, found)
    return found


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
    """``number`` in ASCII, without what cannot be seen and without what is around it, if it is written like one."""
    written = (number if number.isascii() else "".join(map(_ascii, number))).strip()
    if _CONTROL.search(written):
        raise Wrong("control_character", "The number holds a line break or another control character.")
    written = _LINK.sub("", written, count=1) if _LINK.match(written) else written
    if len(written) > LONGEST:
        raise Wrong("too_long", f"The number is longer than {LONGEST} characters.")
    if _WRITTEN.fullmatch(written):
        return written
    if _EXTENSION.search(written):
        raise Wrong("extension", "A text cannot be sent to an extension: give the number of a mobile phone.")
    if any(c.isalpha() for c in written):
        raise Wrong("letters", "The number holds letters: write it in digits only.")
    raise Wrong("invalid_number", f"This is not written like a phone number. {_INTERNATIONAL}")


def _ascii(character: str) -> str:
    """How ASCII writes a digit, blank, hyphen or sign of any script; nothing for a mark that nobody sees."""
    import unicodedata

    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    # Address books wrap a copied number in marks of writing direction (Cf).
    seen = {"Zs": " ", "Pd": "-", "Cf": ""}.get(unicodedata.category(character), character)
    return _ALIKE.get(character, seen)


def _readings(written: str, region: str) -> list["PhoneNumber"]:
    """What ``written`` may mean: as dialled in ``region``, and with 00 for the +, as most of the world dials."""
    import phonenumbers

    digits = "".join(c for c in written if c.isdigit())
    forms = ["+" + digits] if "+" in written else [digits, "+" + digits[2:]] if digits.startswith("00") else [digits]
    readings = []
    for form in forms:
        try:
            readings.append(phonenumbers.parse(form, region))
        except phonenumbers.NumberParseException:
            continue
    return readings


def _may_be_mobile(reading: "PhoneNumber") -> bool:
    import phonenumbers

    return phonenumbers.is_possible_number_for_type(reading, phonenumbers.PhoneNumberType.MOBILE)


def _in_full(written: str) -> str | None:
    """What is written with its country code, as it stands; None for anything else."""
    digits = "".join(c for c in written if c.isdigit())
    e164 = "+" + (digits if "+" in written else digits[2:])
    return e164 if ("+" in written or digits.startswith("00")) and _E164.fullmatch(e164) else None


def _e164(reading: "PhoneNumber") -> str:
    import phonenumbers

    return phonenumbers.format_number(reading, phonenumbers.PhoneNumberFormat.E164)


def _the_same(valid: list["PhoneNumber"]) -> str:
    """The one number that all of these are. Raises ``Wrong``: a number is never guessed."""
    e164, *others = {_e164(reading) for reading in valid}
    if others:
        raise _ambiguous()
    return e164


def _ambiguous() -> Wrong:
    return Wrong("ambiguous_number", f"The number can be read in two ways. {_INTERNATIONAL}")


def _only_reading(written: str, region: str, e164: str, prefixes: Collection[str] = ()) -> None:
    """Raises ``Wrong`` if, without digits that may not be of the number, it is another number."""
    import phonenumbers

    for shorter in _shorter(written):
        for reading in _readings(shorter, region):
            other = _e164(reading)
            known = _kind(reading) != phonenumbers.PhoneNumberType.UNKNOWN or other.startswith(tuple(prefixes))
            if known and other != e164:
                raise _ambiguous()


def _shorter(written: str) -> Iterator[str]:
    """``written`` without digits at either end that are set apart as no group of a number is."""
    listed, ending = _LISTED.match(written), _ENDING.search(written)
    if listed:
        yield written[listed.end() :]
    if ending:
        apart, digits = ending["apart"].strip(), ending["digits"]
        if len(digits) == 1 or apart == "/" or written.count(apart) == 1:
            yield written[: ending.start()]


def _kind(reading: "PhoneNumber") -> int:
    """The library's type of number; UNKNOWN means that no numbering plan has it."""
    import phonenumbers

    return phonenumbers.number_type(reading)


def _newly_mobile(readings: list["PhoneNumber"], prefixes: Collection[str]) -> Number | None:
    """The first reading that begins as one of the prefixes does. What a numbering plan has is never read so."""
    import phonenumbers

    for reading in readings if prefixes else ():
        e164 = _e164(reading)
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
