"""AWS of which each answer is said beforehand: botocore's own clients, which hold question and answer to its data."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.session import Session
from botocore.validate import validate_parameters

Answer = Mapping[str, Any] | str | Callable[[Mapping[str, Any]], "Mapping[str, Any] | str"]
"""What is answered, by the parameters or whatever they are; a text is the code of an error."""


class Aws:
    """An account. ``answers`` are by operation; what is not there is an operation that AWS does not know."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers, self.asked = dict(answers), list[str]()

    def __call__(self, service: str, access: Mapping[str, str]) -> Any:
        """A client that speaks to nobody."""
        client = _session().create_client(
            service, region_name="ap-south-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.meta.events.register("before-parameter-build", _kept)
        client.meta.events.register("before-call", self._answer)
        return client

    def _answer(self, model: Any, context: Mapping[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        self.asked.append(model.name)
        said = self.answers.get(model.name, "UnknownOperationException")
        found = said(context["asked"]) if callable(said) else said
        code = 400 if isinstance(found, str) else 200
        http = AWSResponse("http://127.0.0.1", code, {}, None)
        if isinstance(found, str):
            return http, {"Error": {"Code": found, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": code}}
        said_of_it = {"ResponseMetadata": found.get("ResponseMetadata", {})}
        body = {name: value for name, value in found.items() if name != "ResponseMetadata"}
        validate_parameters(body, model.output_shape)
        return http, {**body, **said_of_it}


@cache
def _session() -> Session:
    """One for all: each would read botocore's data anew."""
    return Session()


def _kept(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["asked"] = params
