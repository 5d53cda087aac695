"""Promise 8, over HTTP: whatever schemathesis makes of the contract, with a key and without, is answered as it says."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from herald.settings.values import Channel, Settings
from herald.testing.fakes import Clock, FakeProvider
from herald.testing.outbox import Outbox
from tests.entrypoints.api.test_contract_live import CONTRACT, let_it_through
from tests.promises.figures import Figures
from tests.promises.gateway import Gateway, served

# Read as this file is: schemathesis wants to know it then.
WHOLE = "--whole" in sys.argv
CHECKED = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "ignored_auth",
)  # fmt: skip
CONFIG: dict[str, Any] = {
    "seed": 20261126,
    "generation": {
        "max-examples": 600 if WHOLE else 15, "deterministic": True, "no-shrink": True, "database": "none",
    },
    "phases": {"coverage": {"unexpected-methods": ["PUT", "PATCH"]}, "stateful": {"enabled": False}},
    "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKED}},
}  # fmt: skip

schema = schemathesis.openapi.from_dict(json.loads(CONTRACT.read_text()), config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture(scope="module")
def gateway(figures: Figures) -> Iterator[tuple[Gateway, str]]:
    names = ("amazonsns", "exotel")
    box = Outbox(
        providers={name: FakeProvider(name) for name in names},
        settings=Settings(channels={name: Channel(name, name) for name in names}),
        clock=Clock(datetime.now(UTC)),
    )
    made = Gateway(box)
    with served(made) as url:
        yield made, url
    refused = {f"answers_{status}": count for status, count in sorted(made.asked.items()) if status in (401, 422)}
    failed = sum(count for status, count in made.asked.items() if status >= 500)
    figures(
        "schemathesis over HTTP: conformance, negative data, methods, authorisation",
        promise="8",
        requests=made.asked.total(),
        **refused,
        answers_5xx=failed,
    )
    assert failed == 0
    assert made.asked[401] > 0


@schema.parametrize()
def test_it_is_answered_as_the_contract_says(case: Case, gateway: tuple[Gateway, str]) -> None:
    served_by, url = gateway
    let_it_through(case)
    case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {served_by.key}"})
