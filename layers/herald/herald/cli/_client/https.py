"""Https: a Herald that is asked by its URL, with an API key."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from herald.cli._client.service import Answer, refused

TRIES, PAUSE_SECONDS = 3, 1.0
# A little longer than API Gateway waits for the function.
CONNECT_SECONDS, READ_SECONDS = 5, 35
MOST = 10_000_000
# After these a text may have been sent.
DOUBTFUL = (500, 502, 504)


class Bearer(requests.auth.AuthBase):
    """The key in the header, whatever a .netrc says of the host."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._key}"
        return r


class Https:
    """The HTTPS API at ``url``, which has no slash at its end. ``sleep`` waits between tries, in seconds."""

    def __init__(self, url: str, key: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._url, self._session, self._sleep = url, requests.Session(), sleep
        self._session.auth = Bearer(key)

    def send(self, fields: Mapping[str, object], key: str) -> Answer:
        return self._ask("POST", "/messages", key, json=fields, headers={"Idempotency-Key": key})

    def explain(self, fields: Mapping[str, object], key: str | None) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self._ask("POST", "/messages/explain", json=fields, headers=headers)

    def status(self, message_id: str, *, refresh: bool) -> Answer:
        from urllib.parse import quote

        asked = {"refresh": "true"} if refresh else {}
        return self._ask("GET", f"/messages/{quote(message_id, safe='')}", params=asked)

    def search(self, fields: Mapping[str, object]) -> Answer:
        return self._ask("GET", "/messages", params=fields)

    def channels(self) -> Answer:
        return self._ask("GET", "/channels")

    def _ask(self, method: str, path: str, key: str | None = None, **what: Any) -> Answer:
        """Each request may be repeated: a send by its key, all others change nothing."""
        doubt: Mapping[str, Any] | None = None
        for left in reversed(range(TRIES)):
            try:
                answer = self._session.request(
                    method, self._url + path, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, **what
                )
            except requests.RequestException as error:  # Its text holds the URL, and that may hold a number.
                found = _unreachable(error)
            else:
                if 200 <= answer.status_code < 300 and (said := _object(answer)) is not None:
                    return said
                found = _problem(answer)
            if found["status"] in DOUBTFUL:
                doubt = found
            if not left or not found.get("retryable"):
                # That a later try reached nobody says nothing of an earlier one.
                raise refused(doubt if doubt and found["status"] >= 500 else found, key)
            self._sleep(PAUSE_SECONDS * (TRIES - left))
        raise AssertionError("the last try returns or raises")


def _object(answer: requests.Response) -> dict[str, Any] | None:
    """The JSON object of an answer, if it is one."""
    try:
        said = answer.json() if len(answer.content) <= MOST else None
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _problem(answer: requests.Response) -> dict[str, Any]:
    """What is wrong, by Herald's own words or by those of API Gateway, which stands in front of it."""
    said, status = _object(answer) or {}, answer.status_code
    if said.get("code") and said.get("detail"):
        return {**said, "retryable": status == 503 or said["code"] == "still_sending"}
    if status in (401, 403):
        detail, hint = "The API key is not taken here.", "HERALD_KEY must be a key of this stage: herald keys create."
        return {"status": status, "code": "key_refused", "detail": detail, "hint": hint}
    if status in (429, 500, 502, 503, 504):
        detail = f"The service answered {status}."
        # API Gateway's 502 is an answer of the function's that it could not read, its 504 one that came too late.
        return {"status": 503 if status == 429 else status, "code": "error", "detail": detail, "retryable": True}
    detail = f"What answers at this URL is no Herald (it answered {status})."
    return {"status": 501, "code": "no_herald", "detail": detail, "hint": "Is it the stack's output Url, whole?"}


def _unreachable(error: requests.RequestException) -> dict[str, Any]:
    """Why nothing came back."""
    if isinstance(error, requests.exceptions.SSLError):
        return {
            "status": 503,
            "code": "no_trust",
            "detail": "The server's certificate is not trusted. Nothing was asked.",
        }
    unasked = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error.args)
    if unasked or "NameResolutionError" in repr(error.args):
        return {"status": 503, "code": "unreachable", "detail": "The service cannot be reached.", "retryable": True}
    if isinstance(error, (requests.ConnectionError, requests.Timeout)):
        detail = f"The answer did not come ({type(error).__name__})."
        return {"status": 504, "code": "no_answer", "detail": detail, "retryable": True}
    return {"status": 400, "code": "not_asked", "detail": f"It could not be asked ({type(error).__name__})."}
