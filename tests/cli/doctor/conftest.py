"""The carrier's twins, as accounts that a check looks at over a real socket."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest

from herald.cli.diagnosis.look import Here
from local.carrier.carrier import Carrier
from tests.cli.doctor.aws import Answer, Aws
from tests.cli.doctor.place import a_place
from tests.local.carrier.vendors.patient import client

if TYPE_CHECKING:
    from local.carrier.vendors.amazonsns import AmazonSNS
    from local.carrier.vendors.endusermessaging import EndUserMessaging
    from local.carrier.vendors.exotel import Exotel
    from local.carrier.vendors.twilio import Twilio


class Twins:
    """A carrier whose accounts can be made ill. ``answers`` are those of the other services of AWS."""

    def __init__(self, engine: str | None) -> None:
        self.carrier = Carrier(engine)
        self.url = self.carrier.start()
        self.sns = cast("AmazonSNS", self.carrier.vendors.get("amazonsns"))
        self.messaging = cast("EndUserMessaging", self.carrier.vendors["endusermessaging"])
        self.exotel = cast("Exotel", self.carrier.vendors["exotel"])
        self.twilio = cast("Twilio", self.carrier.vendors["twilio"])
        self.answers: dict[str, Answer] = {"GetMetricData": {"MetricDataResults": []}}

    def place(self, kind: str, settings: str = "", **more: Any) -> Here:
        """A stage with one channel, at its twin; ``block`` changes the channel."""
        block = {"type": kind, **self.carrier.vendors[kind].channel(self.url), **more.pop("block", {})}
        return a_place(self._client, settings=settings, **{kind: block}, **more)

    def spent(self, amount: float) -> None:
        """What CloudWatch counted this month."""
        self.answers["GetMetricData"] = {"MetricDataResults": [{"Id": "asked", "Values": [amount]}]}

    def _client(self, service: str, access: Mapping[str, str]) -> Any:
        if service in ("sns", "pinpoint-sms-voice-v2") and access:
            return client(service, access["endpoint_url"])
        return Aws(self.answers)(service, access)


@pytest.fixture
def twins(engine: str) -> Iterator[Twins]:
    made = Twins(engine)
    yield made
    made.carrier.stop()


@pytest.fixture(autouse=True)
def _on_the_engine() -> None:
    """The checks are handed what they look at: nothing has to be deployed for them."""
