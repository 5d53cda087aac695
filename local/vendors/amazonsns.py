"""Amazon SNS: its texts are accepted by the local engine, and read from there."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from local.handset import Text

# Where ministack 1.5.33 shows what was published to phones: {"sms_messages": {number: [record]}}, in order for each
# number, without times, and for reading only.
PATH = "/_ministack/sns/sms-messages"
SENDER = "AWS.SNS.SMS.SenderID"


def texts(engine_url: str) -> Iterable[Text]:
    """All texts that the engine's SNS ever took, dated now. Raises ``OSError`` if the engine cannot be read."""
    connection = HTTPConnection(urlsplit(engine_url).netloc, timeout=2)
    try:
        connection.request("GET", PATH)
        phones = json.load(connection.getresponse())["sms_messages"]
    except (HTTPException, ValueError, KeyError) as error:
        raise OSError("The engine does not show the texts of its SNS.") from error
    finally:
        connection.close()
    now = datetime.now(UTC)
    return [_text(record, now) for records in phones.values() for record in records]


def _text(record: Mapping[str, Any], at: datetime) -> Text:
    attributes = {name: str(value.get("StringValue", "")) for name, value in record["MessageAttributes"].items()}
    fields = {"PhoneNumber": record["PhoneNumber"], "Message": record["Message"], **attributes}
    return Text(
        "amazonsns", record["PhoneNumber"], attributes.get(SENDER), record["Message"], record["MessageId"], at, fields
    )
