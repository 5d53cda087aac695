"""Promises 1 and 3: one send is one request, whatever SDKs do by themselves: through the clients that wiring makes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from herald import wiring
from herald.aws.client import client
from herald.errors import Uncertain
from herald.providers import types
from tests.promises.figures import Figures
from tests.providers import test_amazonsns, test_endusermessaging, test_exotel, test_twilio
from tests.providers.contract import ProviderContract, a_message
from tests.providers.server import Reply, Vendor, vendor

CONTRACTS: tuple[type[ProviderContract], ...] = (
    test_amazonsns.TestAmazonSNS,
    test_endusermessaging.TestEndUserMessaging,
    test_exotel.TestExotel,
    test_twilio.TestTwilio,
)
# The last one takes the ten seconds that the real clients wait for an answer.
FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "reply dropped": lambda accepted: replace(accepted, fault="drop"),
    "connection reset": lambda accepted: replace(accepted, fault="reset"),
    "reply cut short": lambda accepted: replace(accepted, fault="cut"),
    "500": lambda accepted: replace(accepted, status=500),
    "read timeout": lambda accepted: replace(accepted, fault="slow"),
}


@pytest.fixture(autouse=True)
def _clients_of_this_test() -> Iterator[None]:
    """No connection to a vendor that is gone is kept."""
    wiring.http.cache_clear()
    yield
    wiring.http.cache_clear()


def accepted(contract: type[ProviderContract], fault: str) -> int:
    """How many requests reach the vendor, which accepts each, when one message is sent and its answer goes wrong."""
    values = {name: value for name, value in contract.values.items() if value}
    with vendor() as server:
        server.answers(FAULTS[fault](contract.accepted))
        provider = wiring.provider(contract.name, {**values, "endpoint_url": server.url})
        with pytest.raises(Uncertain):
            provider.send(a_message())
        return len(server.calls)


def test_every_provider_takes_part() -> None:
    assert {contract.name for contract in CONTRACTS} == set(types())


def test_one_send_is_one_request_whatever_becomes_of_the_answer(
    size: Callable[[int, int], int], figures: Figures
) -> None:
    faults = list(FAULTS)[: size(len(FAULTS) - 1, len(FAULTS))]
    modes = [(contract, fault) for contract in CONTRACTS for fault in faults]
    with ThreadPoolExecutor(len(modes)) as threads:
        counts = list(threads.map(lambda mode: accepted(*mode), modes))
    figures(
        "The SDKs' own retries, each fault at each provider", promise="1, 3", modes=len(modes), accepted=sum(counts)
    )
    assert counts == [1] * len(modes)


def test_a_client_that_is_not_made_for_sending_would_repeat() -> None:
    contract = test_amazonsns.TestAmazonSNS
    with vendor() as server:
        server.answers(Reply(500))
        access = {name: contract.values[name] for name in ("aws_access_key_id", "aws_secret_access_key", "region_name")}
        publish = client("sns", attempts=2, endpoint_url=server.url, **access).publish
        with pytest.raises(ClientError):
            publish(PhoneNumber="+919741552552", Message="Twice")
        assert len(server.calls) == 2


def test_what_a_lost_answer_left_behind_sends_nothing_with_the_next_message(vendors: Vendor) -> None:
    contract = test_exotel.TestExotel
    vendors.answers(replace(contract.accepted, fault="drop"), contract.accepted)
    provider = wiring.provider(contract.name, {**contract.values, "endpoint_url": vendors.url})
    with pytest.raises(Uncertain):
        provider.send(a_message(body="first"))
    provider.send(a_message(body="second"))
    wiring.http.cache_clear()
    assert [call.form["Body"] for call in vendors.calls] == ["first", "second"]


@pytest.fixture
def vendors() -> Iterator[Vendor]:
    with vendor() as server:
        yield server
