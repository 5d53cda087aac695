"""AWS: one call of a boto3 client, whose errors become outcomes. Shared by the providers that are AWS services."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from traceback import walk_tb
from typing import Any

from herald.errors import AttemptError, Refused, Unavailable, Uncertain
from herald.message.receipt import Sent
from herald.providers._end import SECONDS, within
from herald.settings.values import Field

# As whom and in which region a channel sends; without them under the function's own role, in its region.
ACCESS = (
    Field("aws_access_key_id"),
    Field("aws_secret_access_key", secret=True),
    Field("region_name", shape=r"[a-z]{2,4}(-[a-z]{2,15})+-[1-9]", example="ap-south-1"),
)

# Codes that any AWS service may answer with; what is not here is the service's own.
CODES = {
    **dict.fromkeys(
        ("Throttling", "Throttled", "ThrottlingException", "ThrottledException", "RequestThrottled",
         "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
        "throttled",
    ),
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "IncompleteSignature",
         "InvalidSignatureException", "InvalidSecurity", "InvalidAccessKeyId", "MissingAuthenticationToken",
         "MissingAuthenticationTokenException", "ExpiredToken", "ExpiredTokenException", "RequestExpired",
         "RequestTimeTooSkewed"),
        "credentials_refused",
    ),
    **dict.fromkeys(
        ("AuthorizationError", "AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation",
         "OptInRequired"),
        "not_permitted",
    ),
    **dict.fromkeys(("ServiceUnavailable", "ServiceUnavailableException"), "provider_unavailable"),
    **dict.fromkeys(
        ("InternalError", "InternalFailure", "InternalServerException", "RequestTimeout", "RequestTimeoutException"),
        "answer_unclear",
    ),
}  # fmt: skip
STATUSES = {
    401: "credentials_refused",
    403: "not_permitted",
    408: "answer_unclear",
    429: "throttled",
    503: "provider_unavailable",
}

Explain = Callable[[str, str], str | None]
"""(AWS's code, its details) -> a reason's code, or None if the service's table does not know it.

The details are AWS's text; where a service has typed ones, these instead: the error's ``Reason`` or ``ResourceType``,
and the names of the fields that it means, with blanks between.
"""


def bounded(client: Any) -> Any:
    """The client, whose calls end in time and in size from now on.

    botocore has no place to say which connections it makes: it is said to the HTTP session that a client holds
    (botocore 1.43, November 2026). What stands for a client in tests holds none.
    """
    if endpoint := getattr(client, "_endpoint", None):
        from herald.providers._connections import ending  # With urllib3, which a client has loaded.

        pools = endpoint.http_session._pool_classes_by_scheme  # noqa: SLF001 - shared by its managers, proxies' too
        pools.update(ending(pools))
    return client


def call(
    operation: Callable[..., Mapping[str, Any]],
    request: Mapping[str, Any],
    explain: Explain,
    *,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Call once, for no more than so many seconds; the answer as plain JSON values, without its HTTP headers.

    Raises ``Unavailable``, ``Refused`` or ``Uncertain``, chained to nothing: the texts of AWS's errors may repeat the
    number.
    """
    around = sys.exception()
    try:
        with within(seconds):
            said = operation(**request)
        answer: dict[str, Any] = json.loads(json.dumps(said, default=str))
        answer.get("ResponseMetadata", {}).pop("HTTPHeaders", None)
        return answer
    except Exception as error:
        failure = outcome(error, explain, around)
    raise failure


def sent(answer: Mapping[str, Any]) -> Sent:
    """Accepted, if there is a message id. Raises ``Uncertain``."""
    provider_id = answer.get("MessageId")
    if not provider_id or not isinstance(provider_id, str):
        raise Uncertain("answer_unclear")
    return Sent(provider_id, dict(answer))


def outcome(error: Exception, explain: Explain, around: BaseException | None = None) -> AttemptError:
    """What an error of boto3 means for the message. ``around`` is an older error that was being handled meanwhile."""
    from botocore import exceptions as aws

    if isinstance(error, aws.ClientError):
        return _answered(error.response, explain)
    if isinstance(error, (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError)):
        return Unavailable()
    if isinstance(error, (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)):
        return Refused("credentials_refused")
    if isinstance(error, aws.ParamValidationError):
        return Refused("request_refused")
    return Unavailable() if _in_handshake(error, around) else Uncertain("answer_lost")


def _answered(response: Mapping[str, Any], explain: Explain) -> AttemptError:
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = str(error.get("Code", "")), int(metadata.get("HTTPStatusCode", 0))
    details = _details(response)
    # Not AWS's text, which may repeat the number.
    kept = {"code": code, "http_status": status, "request_id": metadata.get("RequestId")}
    kept |= {"details": details} if details else {}
    explained = explain(code, details or str(error.get("Message", "")))
    reason = CODES.get(code) or explained or STATUSES.get(status, "request_refused")
    if reason in ("throttled", "provider_unavailable"):
        from herald.providers._http import retry_after  # With what it needs for HTTP, which an AWS service does not.

        return Unavailable(reason, retry_after=retry_after(metadata.get("HTTPHeaders", {})), response=kept)
    if reason == "answer_unclear" or not 400 <= status < 500:
        return Uncertain("answer_unclear", response=kept)
    return Refused(reason, response=kept)


def _details(response: Mapping[str, Any]) -> str:
    """What a typed error says beside its code; empty if it is none. None of it repeats what was sent."""
    typed, fields = response.get("Reason") or response.get("ResourceType"), response.get("Fields")
    named = [field.get("Name") for field in fields if isinstance(field, Mapping)] if isinstance(fields, list) else []
    return " ".join(map(str, filter(None, [typed, *named]))) if typed else ""


def _in_handshake(error: Exception, around: BaseException | None) -> bool:
    """True if the error came up while TLS was being agreed, before the request left.

    botocore's names do not tell: SSLError may also be a broken answer, and a handshake that is cut off or times out has
    the name of a lost answer (botocore 1.43, November 2026). The standard library's ``do_handshake`` in the traceback
    tells.
    """
    frames = (frame for cause in _causes(error, around) for frame, _ in walk_tb(cause.__traceback__))
    return any(frame.f_code.co_name == "do_handshake" for frame in frames)


def _causes(error: BaseException | None, around: BaseException | None) -> Iterator[BaseException]:
    while error is not None and error is not around:
        yield error
        error = error.__cause__ or error.__context__
