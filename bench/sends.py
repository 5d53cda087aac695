"""Sends: in a process of its own, warm sends by one provider's class after the other, round about; medians as JSON."""

import importlib.util
import json
import logging
import os
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

TO, TEXT = "+919741552552", "Your table is ready."
ROUNDS, EACH = 15, 20


def herald_exotel(url: str) -> Callable[[], object]:
    from datetime import UTC, datetime, timedelta

    from herald import wiring
    from herald.message import Message

    now = datetime.now(UTC)
    message = Message(
        id="msg_1", caller="bench", to=TO, country="IN", body=TEXT, encoding="GSM-7", segments=1, length=len(TEXT),
        created_at=now, updated_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    provider = wiring.provider("exotel", {"sid": "s", "key": "k", "token": "t", "endpoint_url": url})
    return lambda: provider.send(message)


def session(url: str) -> Callable[[], object]:
    import requests

    made = requests.Session()
    form = {"From": "HERALD", "To": TO, "Body": TEXT, "Priority": "high"}

    def send() -> object:
        return made.post(f"{url}/v1/Accounts/s/Sms/send.json", form, auth=("k", "t"), timeout=10).json()

    return send


def gramex(url: str, name: str) -> Callable[[], object]:
    """The class from Gramex's own file; of the rest of Gramex it needs a number and a log."""
    http, config = types.ModuleType("gramex.http"), types.ModuleType("gramex.config")
    http.OK, config.app_log = 200, logging.getLogger("gramex")  # type: ignore[attr-defined]
    sys.modules |= {"gramex": types.ModuleType("gramex"), "gramex.http": http, "gramex.config": config}
    (path,) = (Path(entry) / "gramex/services/sms.py" for entry in sys.path if (Path(entry) / "gramex").is_dir())
    spec = importlib.util.spec_from_file_location("gramex_sms", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if name == "exotel":
        notifier = module.Exotel("s", "t", "k", url.removeprefix("https://"))
        return lambda: notifier.send(TO, TEXT, "HERALD")
    sns = module.AmazonSNS("a", "b", region_name="us-east-1", endpoint_url=url)
    return lambda: sns.send(TO, TEXT, "HERALD")


def apprise(url: str) -> Callable[[], object]:
    """Its own class for Exotel, at our address and without the pause that it makes between two texts."""
    from apprise.plugins import exotel

    for region in exotel.EXOTEL_API_LOOKUP:
        exotel.EXOTEL_API_LOOKUP[region] = f"{url}/v1/Accounts/{{sid}}/Sms/send.json"
    made = exotel.NotifyExotel(sid="s" * 12, token="t" * 40, apikey="k" * 40, source="08040000000", targets=[TO])
    made.request_rate_per_sec = 0

    def send() -> object:
        assert made.send(body=TEXT)
        return True

    return send


def twilio(url: str) -> Callable[[], object]:
    from twilio.rest import Client

    client = Client("AC" + "0" * 32, "t")
    client.api.base_url = url
    return lambda: client.messages.create(to=TO, from_="+12065550100", body=TEXT)


def main() -> None:
    """Print ``{name: median microseconds}``."""
    url = os.environ["CLOUD"]
    sends = {
        "herald": herald_exotel(url),
        "session": session(url),
        "gramex_exotel": gramex(url, "exotel"),
        "gramex_sns": gramex(url, "sns"),
        "apprise": apprise(url),
        "twilio": twilio(url),
    }
    for send in sends.values():
        send()
    taken: dict[str, list[float]] = {name: [] for name in sends}
    for _ in range(ROUNDS):
        for name, send in sends.items():
            start = time.perf_counter()
            for _ in range(EACH):
                send()
            taken[name].append((time.perf_counter() - start) / EACH)
    print(json.dumps({name: statistics.median(times) * 1e6 for name, times in taken.items()}))


if __name__ == "__main__":
    main()
