"""Invoked: a Herald that is asked by invoking its function, with the rights of whoever types the command."""

import json
import re
from collections.abc import Mapping
from typing import Any

from herald import errors
from herald.aws.client import client, own
from herald.cli._client.service import Answer, refused
from herald.errors import HeraldError
from herald.message.reasons import REASONS
from herald.settings import stack

# Longer than the function may run, and than API Gateway waits.
PATIENCE_SECONDS = 70
# ministack 1.5.33 says this of every error that a function raises; AWS says the error's type.
ENGINES_WORD = "Runtime.HandlerError"
CODE = re.compile(r"[a-z][a-z_]+", re.ASCII)


class Invoked:
    """The function ``invoke`` of a stage. ``lambda_`` is a client of AWS Lambda."""

    def __init__(self, lambda_: Any, function: str) -> None:
        self._lambda, self._function = lambda_, function

    def send(self, fields: Mapping[str, object], key: str) -> Answer:
        return self._ask({**fields, "idempotency_key": key}, key)

    def explain(self, fields: Mapping[str, object], key: str | None) -> Answer:
        return self._ask({"action": "explain", **fields, **({"idempotency_key": key} if key else {})})

    def status(self, message_id: str, *, refresh: bool) -> Answer:
        return self._ask({"action": "status", "id": message_id, **({"refresh": True} if refresh else {})})

    def search(self, fields: Mapping[str, object]) -> Answer:
        return self._ask({"action": "search", **fields})

    def channels(self) -> Answer:
        return self._ask({"action": "channels"})

    def _ask(self, payload: Mapping[str, object], key: str | None = None) -> Answer:
        try:
            answer = self._lambda.invoke(FunctionName=self._function, Payload=json.dumps(payload))
            said = json.loads(answer["Payload"].read())
        except Exception as error:  # A client's text may repeat what was sent.
            raise refused(_not_asked(error), key) from None
        if "FunctionError" in answer:
            raise refused(problem(said), key)
        return dict(said)


def of(stage: str) -> Invoked:
    """The service of a stage, in the account and region of this process. Raises ``NotAccepted``, botocore's errors."""
    from botocore.config import Config

    # Repeated by botocore too: each repetition has the same idempotency key.
    config = Config(read_timeout=PATIENCE_SECONDS, connect_timeout=5, retries={"mode": "standard"})
    (function,) = stack.parts(client("ssm"), stage, "invoke_function")
    return Invoked(own().create_client("lambda", config=config), function)


def problem(said: Mapping[str, Any]) -> dict[str, object]:
    """What Lambda tells of an error that the function raised, as the HTTPS API would tell it."""
    name, text = str(said.get("errorType", "")), str(said.get("errorMessage", ""))
    code, _, detail = text.partition(": ")
    known = _of_its_code(code) if name == ENGINES_WORD else getattr(errors, name, None)
    if not (isinstance(known, type) and issubclass(known, HeraldError)):
        return {"status": 500, "code": "error", "detail": f"The function broke off ({name or 'without a word'})."}
    status = 403 if known is errors.NotAllowed else 400 if issubclass(known, errors.InvalidMessage) else known.status
    return {"status": status, "code": code, "title": known.title, "detail": detail, "hint": known.hint}


def _of_its_code(code: str) -> type[HeraldError] | None:
    """The error with a code, for an engine that does not tell an error's type."""
    if not CODE.fullmatch(code):
        return None
    if code in REASONS:
        return errors.Refused
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HeraldError)]
    return next((each for each in kinds if vars(each).get("code") == code), errors.NotAllowed)


def _not_asked(error: Exception) -> dict[str, object]:
    """Why the function was not invoked, or its answer did not come."""
    told = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if told in ("AccessDeniedException", "AccessDenied"):
        hint = "Needed: lambda:InvokeFunction. The stack's UsePolicyArn allows it."
        return {
            "status": 403,
            "code": "access_denied",
            "detail": "AWS does not let you invoke the function.",
            "hint": hint,
        }
    if told == "ResourceNotFoundException":
        return {"status": 404, "code": "no_function", "detail": "The stage's function is not there: deploy it again."}
    return {"status": 500, "code": "error", "detail": f"The function did not answer ({told or type(error).__name__})."}
