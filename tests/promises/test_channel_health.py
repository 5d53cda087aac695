"""Promise 5: messages go round a channel that is down, slow or silent, and back to it when it is well; none is lost."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from herald.message.status import Status
from herald.pipeline.health.drift import points
from herald.pipeline.route.turn import TRIED
from tests.promises.figures import Figures
from tests.promises.simulated import DOWN, FINE, START, State, World

MINUTE = 60.0
MUTE = State(receipts=False)
FIRST, SECOND = "first", "second"
Size = Callable[[int, int], int]


def between(begin: float, end: float, then: State) -> Callable[[float], State]:
    """A provider that is so from ``begin`` to ``end`` and otherwise fine."""
    return lambda now: then if begin <= now < end else FINE


def traffic(world: World, minutes: float, *, each: float, **fields: object) -> None:
    """Somebody asks each so many seconds, on average."""
    at = 0.0
    while at < minutes * MINUTE:
        world.ask(at, **fields)
        at += world.dice.expovariate(1 / each)


def chosen(world: World, channel: str, begin: float, end: float) -> list[float]:
    """When a channel was called by messages that were not to try it."""
    tried = {message.id for message in world.messages() for step in message.trace if step.detail.endswith(TRIED)}
    return [at for at, message_id in world.vendors[channel].calls if begin <= at < end and message_id not in tried]


def share(world: World, channel: str, begin: float, end: float) -> float:
    """The part of the calls in these seconds that went to a channel."""
    calls = {name: sum(begin <= at < end for at, _ in vendor.calls) for name, vendor in world.vendors.items()}
    return calls[channel] / max(1, sum(calls.values()))


def opened(world: World) -> Iterator[float]:
    """When channels opened, as the bus was told."""
    yield from ((event.at - START).total_seconds() for event in world.bus.told if event.type == "Channel Opened")


def lost_or_doubled(world: World) -> tuple[int, int]:
    """How many messages were not sent in time, and how many were sent twice."""
    accepted = world.accepted()
    ended = (Status.SENT, Status.DELIVERED, Status.UNKNOWN)
    lost = [m for m in world.messages() if m.status not in ended or m.id not in accepted]
    return len(lost), len(accepted) - len(set(accepted))


def rests(world: World) -> bool:
    """Whether all is as if nothing had happened."""
    seen, now = world.health.known(), START.timestamp() + world.now
    return all(each.state == "closed" for each in seen.breakers.values()) and not any(
        points(drift, now) for drift in seen.drifts.values()
    )


def test_traffic_is_away_from_a_dead_provider_within_a_minute_and_comes_back(size: Size, figures: Figures) -> None:
    down, up = 5 * MINUTE, size(12, 60) * MINUTE
    world = World({FIRST: between(down, up, DOWN), SECOND: lambda now: FINE})
    minutes = up / MINUTE + 25
    traffic(world, minutes, each=size(2, 1))
    world.run((minutes + 5) * MINUTE)
    away = max(chosen(world, FIRST, down, up)) - down
    trials = len(world.vendors[FIRST].calls) - len(chosen(world, FIRST, 0, world.now))
    figures(
        "a channel down among two, four processes on a virtual clock", promise="5", messages=len(world.messages()),
        minutes_down=(up - down) / MINUTE, away_after_s=round(away, 1), tried_meanwhile=trials,
        lost=lost_or_doubled(world)[0], doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert away <= MINUTE
    assert lost_or_doubled(world) == (0, 0)
    assert share(world, FIRST, world.now - 10 * MINUTE, world.now) == 1
    assert rests(world)


@pytest.mark.parametrize("part", [0.7, 0.3])
def test_of_a_provider_that_fails_now_and_then_fewer_messages_are_tried(part: float, size: Size) -> None:
    begin, end = 5 * MINUTE, size(25, 90) * MINUTE
    world = World({FIRST: between(begin, end, State(failing=part)), SECOND: lambda now: FINE})
    traffic(world, end / MINUTE, each=size(2, 1))
    world.run(end + 10 * MINUTE)
    assert lost_or_doubled(world) == (0, 0)
    assert share(world, FIRST, begin - 4 * MINUTE, begin) == 1
    assert share(world, FIRST, end - 5 * MINUTE, end) < (0.2 if part > 0.5 else 0.75)


def test_a_provider_whose_answers_are_lost_is_left_and_no_message_is_sent_twice(size: Size, figures: Figures) -> None:
    begin, end = 5 * MINUTE, size(15, 45) * MINUTE
    world = World({FIRST: between(begin, end, State(lost=0.8)), SECOND: lambda now: FINE})
    traffic(world, end / MINUTE, each=size(2, 1))
    world.run(end + 10 * MINUTE)
    unknown = [m for m in world.messages() if any(step.step == Status.UNKNOWN for step in m.trace)]
    figures(
        "a channel whose answers are lost", promise="3, 5", messages=len(world.messages()), unknown=len(unknown),
        failed_over=sum(m.attempts > 1 for m in unknown), doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert lost_or_doubled(world) == (0, 0)
    assert all(message.attempts == 1 for message in unknown)
    assert len(unknown) < 60
    assert share(world, FIRST, begin + 2 * MINUTE, end) < 0.1


def test_a_provider_that_comes_and_goes_is_left_at_most_once_in_five_minutes(size: Size, figures: Figures) -> None:
    minutes = size(30, 240)

    def flapping(now: float) -> State:
        return DOWN if 120 <= now < (minutes - 15) * MINUTE and now % 90 < 45 else FINE

    world = World({FIRST: flapping, SECOND: lambda now: FINE})
    traffic(world, minutes, each=size(2, 1))
    world.run((minutes + 5) * MINUTE)
    left = list(opened(world))
    shortest = min((later - at for at, later in pairwise(left)), default=world.now)
    figures(
        "a channel that is up and down each 45 s", promise="5", messages=len(world.messages()), left=len(left),
        shortest_between_s=round(shortest), lost=lost_or_doubled(world)[0], doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert len(left) >= 2
    assert shortest >= 300
    assert lost_or_doubled(world) == (0, 0)


def test_receipts_that_stop_while_sends_succeed_move_traffic_away_and_it_comes_back(
    size: Size, figures: Figures
) -> None:
    stop, again = 80 * MINUTE, (80 + size(30, 60)) * MINUTE
    world = World({FIRST: between(stop, again, MUTE), SECOND: lambda now: FINE})
    minutes = again / MINUTE + size(60, 200)
    traffic(world, minutes, each=size(6, 2))
    world.run(minutes * MINUTE)
    before, least = share(world, FIRST, 0, stop), share(world, FIRST, again - 5 * MINUTE, again + 5 * MINUTE)
    after = share(world, FIRST, world.now - 10 * MINUTE, world.now)
    figures(
        "receipts that stop while sends succeed", promise="5", messages=len(world.messages()),
        silent_minutes=(again - stop) / MINUTE, share_percent_before=round(100 * before),
        share_percent_least=round(100 * least), share_percent_after=round(100 * after),
        lost=lost_or_doubled(world)[0], doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert before == 1
    assert least < 0.75
    assert after > least
    assert not list(opened(world))
    assert lost_or_doubled(world) == (0, 0)


def degraded(world: World) -> list[tuple[float, str]]:
    """When it was told that messages begin to move from a channel, and why."""
    events = (event for event in world.bus.told if event.type == "Channel Degraded")
    return [((event.at - START).total_seconds(), str(event.detail["why"])) for event in events]


@pytest.mark.parametrize("channels", [(FIRST, SECOND), (FIRST,)], ids=["two", "one"])
def test_texts_that_are_taken_and_all_undelivered_are_told_within_half_an_hour(
    channels: tuple[str, ...], size: Size, figures: Figures
) -> None:
    """In India a DLT template that was changed does so: every call succeeds, and every receipt says no."""
    change, right = 80 * MINUTE, (80 + size(30, 60)) * MINUTE
    mismatch = State(undelivered="template_mismatch")
    world = World({name: between(change, right, mismatch) if name == FIRST else lambda now: FINE for name in channels})
    minutes = right / MINUTE + size(60, 200)
    traffic(world, minutes, each=size(6, 2))
    world.run(minutes * MINUTE)
    told = degraded(world)
    least = share(world, FIRST, right - 5 * MINUTE, right + 5 * MINUTE)
    figures(
        f"all texts of one of {len(channels)} channels are undelivered, by receipt", promise="5",
        messages=len(world.messages()), minutes_undelivered=(right - change) / MINUTE,
        told_after_minutes=round((told[0][0] - change) / MINUTE, 1), share_percent_least=round(100 * least),
        doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert len(told) == 1
    assert change < told[0][0] < change + 30 * MINUTE
    assert "not delivered, lately template_mismatch" in told[0][1]
    assert least < 0.75 if len(channels) > 1 else least == 1
    assert not list(opened(world))
    assert lost_or_doubled(world)[1] == 0


def test_that_people_cannot_be_reached_moves_nothing_and_is_not_told(size: Size) -> None:
    world = World({FIRST: between(80 * MINUTE, 200 * MINUTE, State(undelivered="recipient_unavailable"))})
    traffic(world, size(110, 200), each=size(6, 3))
    world.run(size(110, 200) * MINUTE)
    assert degraded(world) == []


def test_a_channel_that_never_tells_receipts_is_not_judged_by_their_silence(size: Size) -> None:
    world = World({FIRST: lambda now: MUTE, SECOND: lambda now: FINE})
    traffic(world, size(90, 240), each=size(6, 3))
    world.run(size(90, 240) * MINUTE)
    assert share(world, FIRST, 0, world.now) == 1


@pytest.mark.parametrize("channels", [(FIRST, SECOND), (FIRST,)], ids=["two", "one"])
def test_with_all_channels_down_everything_waits_and_goes_out_in_its_time(
    channels: tuple[str, ...], size: Size, figures: Figures
) -> None:
    down, up = 3 * MINUTE, 11 * MINUTE
    world = World(dict.fromkeys(channels, between(down, up, DOWN)), seed=size(1, 2))
    traffic(world, 20, each=size(3, 1), kind="otp")
    world.run(40 * MINUTE)
    calls = sum(down + MINUTE <= at < up for vendor in world.vendors.values() for at, _ in vendor.calls)
    steps = max(len(message.trace) for message in world.messages())
    figures(
        f"all of {len(channels)} channels down for 8 minutes, messages valid for 10", promise="4, 5",
        messages=len(world.messages()), tried_meanwhile=calls, most_steps=steps,
        lost=lost_or_doubled(world)[0], doubled=lost_or_doubled(world)[1],
    )  # fmt: skip
    assert lost_or_doubled(world) == (0, 0)
    assert calls < 40 * len(channels)
    assert steps < 40
    assert rests(world)
