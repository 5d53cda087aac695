"""The authorizer of the HTTPS API: an API key in, the caller's name and what the key allows out."""

from typing import Any

from herald import cold, wiring
from herald.aws.cloudwatch import CloudWatch
from herald.keys.grant import written
from herald.settings.records import KEYS_KEEP_SECONDS, Records

observer = CloudWatch(wiring.stage())


def records() -> Records:
    """The records of this stage's API keys."""
    return wiring.keys(wiring.stage(), KEYS_KEEP_SECONDS)


cold.ready(lambda: records().current())


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Let the key's owner into this stage's API; API Gateway keeps the answer for a few minutes.

    It allows every path, because the answer is kept for the key, not for the path; the functions ask for the scope.
    """
    grant = records().owner(event.get("authorizationToken", ""))
    if grant is None:
        observer.count("KeysRefused")
        raise PermissionError("Unauthorized")  # API Gateway turns exactly this text into a 401.
    api, stage = event["methodArn"].split("/")[:2]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": grant.name, "policyDocument": policy, "context": {"grant": written(grant)}}
