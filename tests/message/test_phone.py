"""Phone: whatever a person writes becomes one number, and only numbers that get texts come through."""

import os
import re
import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from herald.message.phone import Number, mask, read
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
        ("tel:+919741552552", "letters"),
        ("+919741552552 ext. 5", "extension"),
        ("+919741552552;ext=5", "extension"),
        ("+919741552552 x5", "extension"),
        ("+919741552552#12", "extension"),
        ("+91\n9741552552", "control_character"),
        ("+919741552552\x00", "control_character"),
        ("+919741552552\u2028", "control_character"),
        ("+919741552552" + " " * 40, "too_long"),
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
