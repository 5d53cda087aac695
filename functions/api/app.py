"""The HTTPS API: API Gateway's event in, its answer out."""

from pathlib import Path
from typing import Any

import herald
from herald import cold, wiring
from herald.aws import deadline
from herald.entrypoints.api.routes import Https

api = Https(wiring.herald, {"stage": wiring.stage(), "version": herald.__version__}, Path(__file__).parent)
cold.ready(wiring.prepare)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    with deadline.of(context):
        return api.answer(event)
