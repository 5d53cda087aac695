"""AWS: clients of botocore, which boto3 is made of, with its data for just the operations that Herald calls.

The build of the layer writes that data beside this file (``layers/herald/trim.py``); without it botocore reads its own,
which names every operation of every service. What each measure here brings is a line of ``make bench``.
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
# AWS's own authorities, 5 of the 140 that each connection would read. Not for China and the like, which have others,
# nor where somebody says which to trust.
ROOTS = DATA / "amazon-roots.pem"
_OTHERS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
_ONE_AT_A_TIME = Lock()  # Clients may be used by many threads, but a session makes one at a time.


def client(service: str, *, attempts: int = 3, **options: str | None) -> Any:
    """A client. ``attempts`` counts all tries of one call; timeouts are short, for callers who wait.

    Raises ``InvalidSettings`` without a region.
    """
    import botocore
    from botocore.config import Config
    from botocore.exceptions import DataNotFoundError, NoRegionError

    config = Config(
        connect_timeout=3,
        read_timeout=10 if attempts == 1 else 5,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # A fifth of a call's work: to check our parameters before AWS does, and to spell our name twice.
        parameter_validation=False,
        user_agent=f"Herald Botocore/{botocore.__version__}",
    )
    given: dict[str, Any] = {name: value for name, value in options.items() if value}
    if "endpoint_url" not in given and _amazon_vouches(given.get("region_name")):
        given["verify"] = str(ROOTS)
    try:
        with _ONE_AT_A_TIME:
            try:
                return session(trimmed=service in OPERATIONS).create_client(service, config=config, **given)
            except DataNotFoundError:  # There is none, or the runtime's botocore wants more than ours did.
                return session(trimmed=False).create_client(service, config=config, **given)
    except NoRegionError:
        problem = Problem("region_name", "missing", "no AWS region is set: set AWS_DEFAULT_REGION, or region_name")
        raise InvalidSettings([problem]) from None


@cache
def session(*, trimmed: bool) -> Any:
    """The session of this process. Not boto3's: importing that takes longer, and its clients are botocore's."""
    from botocore.loaders import Loader
    from botocore.session import Session

    made = Session()
    if trimmed and DATA.is_dir():
        loader = Loader(extra_search_paths=[str(DATA)], include_default_search_paths=False)
        made.register_component("data_loader", loader)
    return made


def _amazon_vouches(region: str | None) -> bool:
    if "AWS_CA_BUNDLE" in os.environ or not ROOTS.is_file():
        return False
    known = region or session(trimmed=True).get_config_variable("region") or ""
    return not known.startswith(_OTHERS)
