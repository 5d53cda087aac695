"""Testing: Herald without AWS, for the tests of its users and for its own.

::

    from herald.testing import outbox

    def test_a_guest_is_told_that_the_table_is_ready():
        with outbox() as sent:
            my_code_that_calls_herald_send()
        assert sent.texts[0].to == "+919741552552"
"""

from herald.testing.outbox import outbox

__all__ = ["outbox"]
