"""The post: nothing too early, nothing lost, and no thread that goes on when it is closed."""

import threading
import time
from threading import Barrier, Event, Thread

from hypothesis import given, settings
from hypothesis import strategies as st

from local.carrier.post import Post


class Received:
    """What was delivered, in order, and when."""

    def __init__(self, expected: int) -> None:
        self.batches: list[list[str]] = []
        self.times: dict[str, float] = {}
        self.all, self._expected = Event(), expected

    def __call__(self, things: list[str]) -> None:
        self.batches.append(things)
        self.times.update(dict.fromkeys(things, time.monotonic()))
        if sum(map(len, self.batches)) == self._expected:
            self.all.set()

    @property
    def things(self) -> list[str]:
        return [thing for batch in self.batches for thing in batch]


def finish(post: Post[str], name: str) -> None:
    post.close()
    post.join()
    assert name not in {thread.name for thread in threading.enumerate()}


def test_what_is_due_first_is_delivered_first_and_nothing_before_its_time() -> None:
    received = Received(3)
    post = Post("first", received)
    began = time.monotonic()
    for thing, delay in (("late", 0.2), ("soon", 0.1), ("now", 0.0)):
        post.put(thing, delay)
    post.start()
    assert received.all.wait(10)
    assert received.things == ["now", "soon", "late"]
    assert received.times["soon"] - began >= 0.1
    assert received.times["late"] - began >= 0.2
    finish(post, "first")


def test_what_is_put_while_all_wait_for_something_later_is_not_kept_waiting() -> None:
    received = Received(1)
    post = Post("second", received, workers=3)
    post.start()
    post.put("in an hour", 3600)
    post.put("now", 0)
    assert received.all.wait(10)
    assert received.things == ["now"]
    finish(post, "second")


def test_a_worker_that_is_held_up_does_not_hold_up_the_others() -> None:
    together = Barrier(2, timeout=10)
    done = Event()

    def deliver(things: list[str]) -> None:
        together.wait()  # Breaks unless two things are delivered at the same time.
        done.set()

    post = Post("third", deliver, workers=2)
    post.start()
    post.put("one", 0)
    post.put("two", 0.05)
    assert done.wait(10)
    finish(post, "third")


def test_what_is_due_together_is_delivered_together_up_to_the_most() -> None:
    received = Received(5)
    post = Post("fourth", received, most=2)
    for thing in "abcde":
        post.put(thing, 0)
    post.start()
    assert received.all.wait(10)
    assert received.batches == [["a", "b"], ["c", "d"], ["e"]]
    finish(post, "fourth")


def test_what_still_waits_at_the_end_is_dropped() -> None:
    received = Received(1)
    post = Post("fifth", received)
    post.start()
    post.put("never", 3600)
    finish(post, "fifth")
    assert received.things == []


def test_a_post_that_was_never_started_can_be_closed() -> None:
    post = Post("sixth", Received(1))
    post.put("never", 0)
    finish(post, "sixth")


@given(delays=st.lists(st.floats(0, 0.02), min_size=1, max_size=30), workers=st.integers(1, 4), most=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_everything_is_delivered_once(delays: list[float], workers: int, most: int) -> None:
    received = Received(len(delays))
    post = Post("seventh", received, workers=workers, most=most)
    post.start()
    putting = [Thread(target=post.put, args=(str(place), delay)) for place, delay in enumerate(delays)]
    for thread in putting:
        thread.start()
    for thread in putting:
        thread.join()
    assert received.all.wait(10)
    finish(post, "seventh")
    assert sorted(received.things, key=int) == [str(place) for place in range(len(delays))]
