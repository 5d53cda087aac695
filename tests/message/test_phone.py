"""Phone: whatever a person writes becomes one number, and only numbers that get texts come through."""

import os
import re
import subprocess
import sys
import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from herald.message.phone import Number, mask, read, stands_for
from herald.message.wrong import Wrong

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NO_PLACE = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
TEXTABLE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
WRITTEN = (
    PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL,
)  # fmt: skip


def code_of(number: str, region: str = "IN") -> str:
    with pytest.raises(Wrong) as refused:
        read(number, region)
    return refused.value.code


@pytest.mark.parametrize(
    "written",
    [
        "+91 9741 552 552",
        "09741552552",
        "9741-552-552",
        "+919741552552",
        "919741552552",
        "0091 9741 552 552",
        "(+91) 97415-52552",
        "+91 (0)9741 552552",
        " 97415 52552 ",
        "97415.52552",
        "9741/552/552",
        "+91\u00a09741\u2011552\u2011552",
        "९७४१५५२५५२",
        "+९१ ९७४१ ५५२ ५५२",
        "\uff0b919741552552",
        "\u202a+91 97415 52552\u202c",
        "\t+91 97415 52552\r\n",
        "\ufeff9741552552\u2028",
        "+919741552552" + " " * 40,
        "+91\u202f97415\u200952552",
        "\u061c+91\u180e97415\u00ad52552",
        "\uff08\uff10\uff09\uff19\uff17\uff14\uff11\uff15\uff0d\uff15\uff12\uff0f\uff15\uff15\uff12",
        "tel:+91-97415-52552",
        "TEL: 09741552552",
    ],
)
def test_every_way_to_write_a_number_gives_the_same_number(written: str) -> None:
    assert read(written, "IN") == Number("+919741552552", "IN")


@pytest.mark.parametrize(
    ("written", "region", "e164", "country"),
    [
        ("(201) 555-0123", "US", "+12015550123", "US"),
        ("011 91 97415 52552", "US", "+919741552552", "IN"),
        ("0091 97415 52552", "US", "+919741552552", "IN"),
        ("07400 123456", "GB", "+447400123456", "GB"),
        ("+44 (0)7400 123456", "IN", "+447400123456", "GB"),
        ("0151 23456789", "DE", "+4915123456789", "DE"),
        ("312 345 6789", "IT", "+393123456789", "IT"),
        ("011 15-2345-6789", "AR", "+5491123456789", "AR"),
        ("(11) 96123-4567", "BR", "+5511961234567", "BR"),
        ("08123 456 789", "IN", "+918123456789", "IN"),
        ("050 123 4567", "AE", "+971501234567", "AE"),
        ("8123 4567", "SG", "+6581234567", "SG"),
        ("0412 345 678", "AU", "+61412345678", "AU"),
        ("131 2345 6789", "CN", "+8613123456789", "CN"),
        ("51234", "SH", "+29051234", "SH"),
        ("+870 773 111 632", "IN", "+870773111632", "001"),
    ],
)
def test_numbers_are_read_as_they_are_written_in_their_country(
    written: str, region: str, e164: str, country: str
) -> None:
    assert read(written, region) == Number(e164, country)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1-800-FLOWERS", "letters"),
        ("call +919741552552", "letters"),
        ("tel:+919741552552;phone-context=example.com", "letters"),
        ("tel:", "invalid_number"),
        ("+919741552552 ext. 5", "extension"),
        ("+919741552552;ext=5", "extension"),
        ("+919741552552 x5", "extension"),
        ("+919741552552#12", "extension"),
        ("+91\n9741552552", "control_character"),
        ("+919741552552\x00", "control_character"),
        ("+91\t97415 52552", "control_character"),
        ("97415\u202852552", "control_character"),
        ("+919741552552" + " " * 40 + "1", "too_long"),
        ("8.123456789E+09", "letters"),
        ("9741552552\u00b2", "invalid_number"),
        ("9741552552\u2460", "invalid_number"),
        ("56161", "short_code"),
        ("112", "short_code"),
        ("1800 123 4567", "not_mobile"),
        ("+1 800 555 0199", "not_mobile"),
        ("+91 80 4123 4567", "not_mobile"),
        ("+44 909 879 0879", "not_mobile"),
        ("+979 123456789", "not_mobile"),
        ("+91 1741 552 55", "invalid_number"),
        ("974155255", "invalid_number"),
        ("+919741552552 / +919741552553", "invalid_number"),
        ("+919741552552,+919741552553", "invalid_number"),
        ("++919741552552", "invalid_number"),
        ("91+9741552552", "invalid_number"),
        ("+999 123456789", "invalid_number"),
        ("$9741552552", "invalid_number"),
        ("97415\ud80052552", "invalid_number"),
        ("+", "invalid_number"),
        ("", "invalid_number"),
        ("   ", "invalid_number"),
    ],
)
def test_what_cannot_get_a_text_is_refused_with_a_code_that_says_why(written: str, code: str) -> None:
    assert code_of(written) == code


def test_a_national_number_is_refused_where_the_region_is_not_known() -> None:
    assert code_of("9741552552", "XX") == "invalid_number"
    assert read("+919741552552", "XX").country == "IN"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("00 91 8123456789", "CO"),  # dialled there, 009 chooses a carrier and 1 is the country
        ("00 1 201 555 0123", "SG"),  # 001 opens a call abroad there, and +20 is a country too
        ("00 1 649 231 1234", "AU"),
        ("\uff10\uff10 91 8123456789", "CO"),
        ("0 0 91 8123456789", "CO"),
        ("8123456789.0", "ID"),  # of a spreadsheet
        ("+62 812-3456-789.00", "IN"),
        ("+62 8123456789 / 53", "IN"),
        ("+62 8123456789-3", "IN"),
        ("0812 3456 789 (0)", "ID"),
        ("1. 664 1234567", "AT"),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_is_never_guessed(written: str, region: str) -> None:
    assert code_of(written, region) == "ambiguous_number"


@pytest.mark.parametrize("region", REGIONS)
def test_mobile_numbers_of_every_region_pass_however_they_are_written(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    if example is None:
        pytest.skip("no mobile numbers there")
    for form in WRITTEN:
        number = read(phonenumbers.format_number(example, form), region)
        assert number.e164 == phonenumbers.format_number(example, PhoneNumberFormat.E164)
        assert re.fullmatch("[A-Z]{2}", number.country)


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_of_every_region_that_cost_or_cannot_be_texted_are_refused(region: str) -> None:
    for kind in sorted(set(PhoneNumberType.values()) - {*TEXTABLE, PhoneNumberType.UNKNOWN}):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None or phonenumbers.number_type(example) in TEXTABLE:
            continue
        for form in WRITTEN[:2]:
            written = phonenumbers.format_number(example, form)
            assert code_of(written, region) == "not_mobile", (kind, written)


@pytest.mark.parametrize("region", REGIONS)
def test_premium_and_toll_free_examples_of_every_region_never_count_as_mobile(region: str) -> None:
    for kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            assert code_of(phonenumbers.format_number(example, PhoneNumberFormat.E164)) == "not_mobile"


@pytest.mark.parametrize("code", NO_PLACE)
def test_numbers_of_no_country_pass_only_if_they_are_mobile(code: int) -> None:
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None
    written = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    if phonenumbers.number_type(example) in TEXTABLE:
        assert read(written, "IN") == Number(written, "001")
    else:
        assert code_of(written) == "not_mobile"


# What Unicode has of each: the digits of every script by their first, blanks, marks that nobody sees.
EVERY = list(map(chr, range(sys.maxunicode + 1)))
SCRIPTS = [c for c in EVERY if c.isdecimal() and unicodedata.decimal(c) == 0]
BLANKS = [c for c in EVERY if unicodedata.category(c) == "Zs"]
MARKS = [c for c in EVERY if unicodedata.category(c) == "Cf"]
EDGES = [*BLANKS, *MARKS, *"\t\r\n\v\f\x85\u2028\u2029"]
EXAMPLES = {
    region: example
    for region in REGIONS
    if (example := phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE))
}


@st.composite
def spelt(draw: st.DrawFn) -> tuple[str, str, str]:
    """A mobile number's region, a spelling of it, and another: in any script, with any blanks, and with marks."""
    region = draw(st.sampled_from(sorted(EXAMPLES)))
    plain = phonenumbers.format_number(EXAMPLES[region], draw(st.sampled_from(WRITTEN)))
    zero = ord(draw(st.sampled_from(SCRIPTS)))
    around = st.text(st.sampled_from(EDGES), max_size=4)
    letters = [
        chr(zero + int(c)) if c.isdigit() else draw(st.sampled_from([*BLANKS, "-", "\u2011"])) if c in " -" else c
        for c in plain
    ]
    marks = draw(st.lists(st.tuples(st.integers(0, len(letters)), st.sampled_from(MARKS)), max_size=3))
    for place, mark in marks:
        letters.insert(place, mark)
    return region, plain, draw(around) + "".join(letters) + draw(around)


@given(spelt())
def test_every_script_blank_and_mark_is_read_alike(spelling: tuple[str, str, str]) -> None:
    region, plain, written = spelling
    assert read(written, region) == read(plain, region)
    assert stands_for(written, region) == read(plain, region).e164


@given(
    spelt(),
    st.sampled_from([*"./-(", "\uff0e", "\u2014", " / ", ") "]),
    st.sampled_from(["0", "00", "7", "12", "\u0660"]),
)
def test_digits_set_apart_at_the_end_never_make_another_number(
    spelling: tuple[str, str, str], apart: str, more: str
) -> None:
    region, plain, written = spelling
    for read_it in (lambda text: read(text, region).e164, lambda text: stands_for(text, region)):
        try:
            assert read_it(written.strip() + apart + more) == read(plain, region).e164
        except Wrong as refused:
            assert refused.code in ("ambiguous_number", "invalid_number", "short_code", "too_long", "control_character")


@given(
    st.sampled_from(["+62 8123456789", "+43 664 1234567", "+49 1512 3456789"]),
    st.sampled_from(["{}.0", "{}/3", "{}-12"]),
)
def test_where_numbers_differ_in_length_an_ending_is_refused_and_not_read_as_digits(number: str, form: str) -> None:
    assert read(number, "IN")
    assert code_of(form.format(number)) in ("ambiguous_number", "invalid_number")


def test_digits_that_only_set_the_last_group_apart_are_read() -> None:
    assert read("06.12.34.56.78", "FR").e164 == "+33612345678"
    assert read("0470/12.34.56", "BE").e164 == "+32470123456"
    assert read("8 (916) 123-45-67", "RU").e164 == "+79161234567"
    assert read("+43 664 12-34-56-78", "IN").e164 == "+4366412345678"


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.sampled_from(["IN", "GB", "XX"]))
def test_for_a_persons_rights_a_number_in_full_stands_as_it_is(e164: str, region: str) -> None:
    found = stands_for(e164, region)
    assert re.fullmatch(r"\+[1-9]\d{4,14}", found, re.ASCII)
    assert stands_for(found, region) == found
    try:
        as_read = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        assert found == e164
    else:
        valid = phonenumbers.number_type(as_read) != PhoneNumberType.UNKNOWN
        assert found == (phonenumbers.format_number(as_read, PhoneNumberFormat.E164) if valid else e164)


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+91 80 4123 4567", "IN", "+918041234567"),  # a landline
        ("1800 123 4567", "IN", "+9118001234567"),
        ("600 123 4567", "IN", "+916001234567"),
        ("100 000 0000", "IN", "+911000000000"),  # of no numbering plan
        ("00 91 100 000 0000", "IN", "+911000000000"),
        ("+44 (0)7400 123456", "IN", "+447400123456"),
        ("+521 55 1234 5678", "IN", "+5215512345678"),
        ("+999 123456789", "XX", "+999123456789"),
    ],
)
def test_for_a_persons_rights_nobody_asks_whether_a_number_may_get_texts(written: str, region: str, e164: str) -> None:
    assert stands_for(written, region) == e164


@pytest.mark.parametrize("written", ["56767", "112", "12", "+", "", "STOP", "VM-HERALD", "1" * 16, "9741552552 x5"])
def test_what_is_no_number_is_nobodys(written: str) -> None:
    with pytest.raises(Wrong):
        stands_for(written, "IN")


@given(st.text(max_size=60), st.sampled_from([*REGIONS, "XX", ""]))
def test_any_text_is_a_number_or_is_refused(text: str, region: str) -> None:
    try:
        number = read(text, region)
    except Wrong as refused:
        assert refused.code and refused.detail.endswith(".")
    else:
        assert re.fullmatch(r"\+[1-9]\d{4,14}", number.e164, re.ASCII)


@given(st.from_regex(r"[+0]{0,3}[0-9 ()./-]{3,37}", fullmatch=True), st.sampled_from(["IN", "US", "GB", "BR", "JP"]))
def test_no_refusal_repeats_a_digit_that_was_written(text: str, region: str) -> None:
    try:
        number = read(text, region)
    except Wrong as refused:
        assert not re.search(r"\d", str(refused).replace(f"{40} characters", ""))
    else:
        assert read(number.e164, region) == number


def test_a_mask_shows_the_country_and_the_last_digits() -> None:
    assert mask("+919741552552") == "+91*****2552"
    assert mask("+12015550123") == "+12*****123"
    assert mask("+29051234") == "+29*****34"


@given(st.from_regex(r"\+[1-9][0-9]{0,14}", fullmatch=True))
def test_a_mask_never_shows_more_than_half_of_the_digits(e164: str) -> None:
    masked = mask(e164)
    assert sum(c.isdigit() for c in masked) * 2 <= len(e164) - 1
    head, tail = masked.split("*****")
    assert e164.startswith(head) and e164.endswith(tail)


@given(st.text())
def test_a_mask_of_anything_else_shows_nothing_of_it(text: str) -> None:
    if not re.fullmatch(r"\+[0-9]{4,15}", text):
        assert mask(text) == "*****"


def test_masking_and_importing_do_not_load_the_numbering_plans() -> None:
    read = "from herald.message.phone import mask; mask('+9197415525')"
    program = f"import sys; {read}; sys.exit('phonenumbers' in sys.modules)"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
