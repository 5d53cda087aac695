"""The lock of the HTTPS door: an API key in, the caller's name out."""

from typing import Any

from herald import keys, wiring


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Allow this stage's whole API to the owner of the key; API Gateway keeps the answer for a few minutes."""
    name = keys.owner(event.get("authorizationToken", ""), wiring.key_records())
    if name is None:
        raise PermissionError("Unauthorized")  # API Gateway turns exactly this text into a 401.
    api, stage = event["methodArn"].split("/")[:2]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    return {"principalId": name, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
