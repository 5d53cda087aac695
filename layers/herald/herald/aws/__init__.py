"""AWS: clients of botocore, which boto3 is made of, with its data for just the operations that Herald calls.

The build of the layer writes that data beside this file (``layers/herald/trim.py``); without it botocore reads its own,
which names every operation of every service: a client then takes four times as long to make.
"""

import os
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from herald.errors import InvalidSettings, Problem

# All that the package calls; commands that call more run where botocore's own data is.
OPERATIONS = {
    "dynamodb": ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
    "events": ("PutEvents",),
    "scheduler": ("CreateSchedule", "DeleteSchedule"),
    "sns": ("Publish",),
    "sqs": ("ChangeMessageVisibility", "SendMessage"),
    "ssm": ("DeleteParameter", "GetParametersByPath", "PutParameter"),
}
DATA = Path(__file__).with_name("data")
# AWS's own authorities: reading the world's takes 17 ms for each connection (``make bench``). Not for China, which has
# others, nor where somebody says which to trust.
ROOTS = DATA / "amazon-roots.pem"
_OTHERS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
_ONE_AT_A_TIME = Lock()  # Clients may be used by many threads, but a session makes one at a time.


def client(service: str, *, attempts: int = 3, **options: str | None) -> Any:
    """A client. ``attempts`` counts all tries of one call; timeouts are short, for callers who wait.

    Raises ``InvalidSettings`` without a region.
    """
    from botocore.config import Config
    from botocore.exceptions import DataNotFoundError, NoRegionError

    config = Config(
        connect_timeout=3,
        read_timeout=10 if attempts == 1 else 5,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    given: dict[str, Any] = {name: value for name, value in options.items() if value}
    made = session(trimmed=service in OPERATIONS and DATA.is_dir())
    region = given.get("region_name") or made.get_config_variable("region") or ""
    if ROOTS.is_file() and "endpoint_url" not in given and _amazon_vouches(region):
        given["verify"] = str(ROOTS)
    try:
        with _ONE_AT_A_TIME:
            return made.create_client(service, config=config, **given)
    except DataNotFoundError:  # The runtime's botocore wants more than the one that we were built with.
        with _ONE_AT_A_TIME:
            return session(trimmed=False).create_client(service, config=config, **given)
    except NoRegionError:
        problem = Problem("region_name", "missing", "no AWS region is set: set AWS_DEFAULT_REGION, or region_name")
        raise InvalidSettings([problem]) from None


@cache
def session(*, trimmed: bool) -> Any:
    """The session of this process. Not boto3's own: importing boto3 takes 35 ms more than botocore (``make bench``)."""
    from botocore.loaders import Loader
    from botocore.session import Session

    made = Session()
    if trimmed:
        loader = Loader(extra_search_paths=[str(DATA)], include_default_search_paths=False)
        made.register_component("data_loader", loader)
    return made


def _amazon_vouches(region: str) -> bool:
    return "AWS_CA_BUNDLE" not in os.environ and not region.startswith(_OTHERS)
