"""Bridge: turns the metrics in the functions' log lines (EMF) into metrics on the engine, and notes why texts failed.

CloudWatch itself does the first; the engine does not (ministack 1.5.33).
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.engine import asking_once
from local.figures.emf import Datum, read
from local.figures.lines import GROUPS, Line, Lines

PAUSE = 1.0
SHARE = 20  # It is at work for less than a twentieth of the time.
MOST_DATA = 1000  # CloudWatch takes no more at a time.
HOUR = 3600
ENDED = ("message failed", "message undelivered", "message expired", "message unknown")
ARRIVES = ("message sent", "message delivered")


class Bridge:
    """The bridge of one engine, for the log groups whose names begin with ``groups``."""

    def __init__(self, engine_url: str, groups: str = GROUPS) -> None:
        self._logs, self._metrics = asking_once("logs", engine_url), asking_once("cloudwatch", engine_url)
        self._lines = Lines(self._logs, groups)
        self._waiting: list[Datum] = []
        self._noted: dict[str, tuple[float, str]] = {}
        self._lock, self._stopping = Lock(), Event()
        self._thread = Thread(target=self._watch, name="bridge", daemon=True)

    def start(self) -> None:
        """Bring what is new about once a second, from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Bring nothing more."""
        self._stopping.set()
        if self._thread.ident:
            self._thread.join()
        self._logs.close()
        self._metrics.close()

    def bring(self) -> None:
        """Turn the new lines into metrics, each once. Raises ``OSError`` if the engine cannot be asked."""
        try:
            for line in self._lines.new():
                self._waiting += read(line.text)
                self._note(line)
            while batch := self._waiting[:MOST_DATA]:
                self._put(batch)
                del self._waiting[: len(batch)]
        except (BotoCoreError, ClientError) as error:
            raise OSError("The engine cannot be asked.") from error

    def reasons(self) -> dict[str, int]:
        """Why the texts of the last hour did not arrive: code -> how many, most first."""
        with self._lock:
            since = time.time() - HOUR
            self._noted = {message: noted for message, noted in self._noted.items() if noted[0] > since}
            return dict(Counter(reason for _, reason in self._noted.values()).most_common())

    def _watch(self) -> None:
        pause = PAUSE
        while not self._stopping.wait(pause):
            began = time.monotonic()
            with suppress(OSError):
                self.bring()
            pause = max(PAUSE, SHARE * (time.monotonic() - began))

    def _put(self, batch: Sequence[Datum]) -> None:
        for namespace in {datum.namespace for datum in batch}:
            data = [_described(datum) for datum in batch if datum.namespace == namespace]
            self._metrics.put_metric_data(Namespace=namespace, MetricData=data)

    def _note(self, line: Line) -> None:
        """Remember why a text did not arrive, until it did after all."""
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            said = json.loads(line.text)
            message, phrase, reason = said["message_id"], said["message"], said.get("reason")
            with self._lock:
                if phrase in ENDED and reason:
                    self._noted[message] = line.at, str(reason)
                elif phrase in ARRIVES:
                    self._noted.pop(message, None)


def _described(datum: Datum) -> Mapping[str, Any]:
    return {
        "MetricName": datum.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
        "Timestamp": datum.at,
        "Unit": datum.unit,
        "Values": list(datum.values),
    }
