"""Times: each says its zone or is refused, and changes of the clock lose no message."""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herald.message.times import moment
from herald.message.wrong import Wrong


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def refusal(text: str) -> Wrong:
    with pytest.raises(Wrong) as refused:
        moment(text)
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T03:30:00Z",
        "2026-11-25t03:30:00z",
        "2026-11-25 03:30:00Z",
        "2026-11-25T03:30Z",
        "2026-11-25T03:30:00.000Z",
        "2026-11-25T03:30:00.000000999Z",
        "2026-11-25T03:30:00+00:00",
        "2026-11-25T03:30:00-00:00",
        "2026-11-25T09:00:00+05:30",
        "2026-11-24T22:30:00-05:00",
        "2026-11-25T09:00:00[Asia/Kolkata]",
        "2026-11-25T09:00[Asia/Kolkata]",
        "2026-11-25T09:00:00[!Asia/Kolkata]",
        "2026-11-25T09:00:00+05:30[Asia/Kolkata]",
        "2026-11-25T03:30:00Z[Asia/Kolkata]",
        "2026-11-25T00:30:00[America/Argentina/Buenos_Aires]",
        "2026-11-25T03:30:00[UTC]",
        "2026-11-25T03:30:00[Etc/GMT+0]",
    ],
)
def test_every_way_to_write_a_moment_gives_the_same_moment(text: str) -> None:
    assert moment(text) == at(2026, 11, 25, 3, 30)
    assert moment(text).tzinfo is UTC


def test_fractions_are_kept_to_the_microsecond() -> None:
    assert moment("2026-11-25T03:30:00.5Z") == at(2026, 11, 25, 3, 30, 0, 500_000)
    assert moment("2026-11-25T03:30:00.123456789Z") == at(2026, 11, 25, 3, 30, 0, 123_456)


@pytest.mark.parametrize("text", ["2026-11-25T09:00:00", "2026-11-25 09:00", "2026-11-25T09:00:00.5"])
def test_a_time_without_a_zone_is_refused_with_an_example_that_works(text: str) -> None:
    refused = refusal(text)
    assert refused.code == "no_time_zone"
    examples = re.findall(r"2026-\S+?(?=[ .]|\.$)", refused.detail)
    assert [moment(example) for example in examples] == [at(2026, 11, 25, 3, 30)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "1795577400",
        "2026-11-25",
        "25/11/2026 09:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-25T24:00:00Z",
        "2026-11-25T09:60:00Z",
        "2026-12-31T23:59:60Z",
        "2026-11-25T09:00:00+24:00",
        "2026-11-25T09:00:00+05:60",
        "2026-11-25T09:00:00+0530",
        "2026-11-25T09:00:00Z ",
        "2026-11-25T09:00:00Z\n",
        "2026-11-25T09:00:00.Z",
        "2026-11-25T09:00:00,5Z",
        "2026-11-25T09:00:00Z[Asia/Kolkata",
        "2026-11-25T09:00:00Z[]",
        "2026-11-25T09:00:00[Asia/Kolkata][u-ca=hebrew]",
        "२०२६-११-२५T09:00:00Z",
        "2026-W48-3T09:00:00Z",
        "20261125T090000Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59[America/New_York]",
        "0001-01-01T00:00:00[Asia/Tokyo]",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert refusal(text).code == "not_a_moment"


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Kolkatta",
        "America",
        "IST5",
        "asia/kolkata",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "posixrules",
        "right/Asia/Kolkata",
        "Asia/../Asia/Kolkata",
        "u-ca=hebrew",
        "A" * 64,
        "Asia/Kolkata\x00",
        "Äsia",
        "\ud800",
        "tzdata.zi",
    ],
)
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    assert refusal(f"2026-11-25T09:00:00[{name}]").code == "unknown_time_zone"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T09:00:00+05:00[Asia/Kolkata]",
        "2026-07-01T09:00:00+00:00[Europe/London]",
        "2026-01-01T09:00:00+01:00[Europe/London]",
        "2026-03-29T01:30:00+00:00[Europe/London]",
    ],
)
def test_an_offset_that_contradicts_the_zone_is_refused(text: str) -> None:
    assert refusal(text).code == "offset_disagrees"


def test_a_time_that_the_clocks_skip_moves_forward() -> None:
    # On 8 March 2026 New York goes from 02:00 EST to 03:00 EDT.
    assert moment("2026-03-08T01:59:59[America/New_York]") == at(2026, 3, 8, 6, 59, 59)
    assert moment("2026-03-08T02:30:00[America/New_York]") == at(2026, 3, 8, 7, 30)
    assert moment("2026-03-08T03:30:00[America/New_York]") == at(2026, 3, 8, 7, 30)


def test_a_time_that_the_clocks_show_twice_is_the_first_of_the_two() -> None:
    # On 1 November 2026 New York goes from 02:00 EDT back to 01:00 EST.
    assert moment("2026-11-01T01:30:00[America/New_York]") == at(2026, 11, 1, 5, 30)


def test_an_offset_chooses_between_two_times_that_the_clocks_show_alike() -> None:
    assert moment("2026-11-01T01:30:00-04:00[America/New_York]") == at(2026, 11, 1, 5, 30)
    assert moment("2026-11-01T01:30:00-05:00[America/New_York]") == at(2026, 11, 1, 6, 30)


def test_a_day_that_a_country_skipped_is_followed_by_the_next() -> None:
    # Samoa had no 30 December 2011.
    assert moment("2011-12-30T12:00:00[Pacific/Apia]") == moment("2011-12-31T12:00:00[Pacific/Apia]")


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(9990, 1, 1))  # noqa: DTZ001 - hypothesis adds zones itself


@given(TIMES, OFFSETS)
def test_every_time_with_an_offset_comes_back_as_itself(local: datetime, offset: timezone) -> None:
    aware = local.replace(tzinfo=offset)
    assert moment(aware.isoformat()) == aware


@given(TIMES.map(lambda t: t.replace(microsecond=0)), st.sampled_from(sorted(zoneinfo.available_timezones())))
def test_every_time_in_every_zone_is_a_moment_that_the_zone_shows_or_skips(local: datetime, name: str) -> None:
    if not name[0].isupper():
        return
    found = moment(f"{local.isoformat()}[{name}]")
    seen = found.astimezone(zoneinfo.ZoneInfo(name)).replace(tzinfo=None)
    assert seen >= local
    assert seen - local <= timedelta(hours=24)


@given(
    st.text(max_size=80)
    | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?(\[[A-Za-z/_.+-]{1,30}\])?")
)
def test_any_text_is_a_moment_or_is_refused(text: str) -> None:
    try:
        assert moment(text).tzinfo is UTC
    except Wrong as refused:
        assert refused.code and refused.detail.endswith(".")
