"""AWS: clients of botocore, which boto3 is made of, with its data for just the operations that Herald calls.

The build of the layer writes that data beside this file (``layers/herald/trim.py``). botocore itself is the runtime's,
older or newer than the data: where the two do not go together, botocore reads its own data, which names every operation
of every service, and the log says so once. What each measure here brings is a line of ``make bench``.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from threading import Event, Lock
from typing import Any

from herald.errors import InvalidSettings, Problem

# All that the package calls; commands that call more run where botocore's own data is.
OPERATIONS = {
    "dynamodb": ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
    "events": ("PutEvents",),
    "pinpoint-sms-voice-v2": ("SendTextMessage",),
    "scheduler": ("CreateSchedule", "DeleteSchedule"),
    "sns": ("Publish",),
    "sqs": ("ChangeMessageVisibility", "SendMessage"),
    "ssm": ("DeleteParameter", "GetParametersByPath", "PutParameter"),
}
# Those fields of a channel that say as whom, and where, a service is called.
ACCESS = ("aws_access_key_id", "aws_secret_access_key", "region_name", "endpoint_url")
DATA = Path(__file__).with_name("data")
# AWS's own authorities, 5 of the 140 that each connection would read. Not for China and the like, which have others,
# nor where somebody says which to trust.
ROOTS = DATA / "amazon-roots.pem"
AUTHORITIES = 5
_OTHERS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
_ONE_AT_A_TIME = Lock()  # Clients may be used by many threads, but a session makes one at a time.
# What a client reads of its data only when it is called: both before anything is sent.
_READ_LATER = ("_resolve_endpoint_ruleset", "get_paginator")
_given_up = Event()  # No more clients of this process are made of the built data.


def client(service: str, *, attempts: int = 3, **options: str | None) -> Any:
    """A client. ``attempts`` counts all tries of one call; timeouts are short, for callers who wait.

    Raises ``InvalidSettings`` without a region.
    """
    import botocore
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    config = Config(
        connect_timeout=3,
        read_timeout=10 if attempts == 1 else 5,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # A fifth of a call's work: to check our parameters before AWS does, and to spell our name twice.
        parameter_validation=False,
        user_agent=f"Herald Botocore/{botocore.__version__}",
    )
    given = {"config": config, **{name: value for name, value in options.items() if value}}
    try:
        with _ONE_AT_A_TIME:
            return _made(service, given)
    except NoRegionError:
        problem = Problem("region_name", "missing", "no AWS region is set: set AWS_DEFAULT_REGION, or region_name")
        raise InvalidSettings([problem]) from None


@cache
def own() -> Any:
    """The session of this process. Not boto3's: importing that takes longer, and its clients are botocore's."""
    from botocore.session import Session

    return Session()


@cache
def trimmed() -> Any:
    """The same, of the built data alone."""
    from botocore.loaders import Loader
    from botocore.session import Session

    made = Session()
    made.register_component("data_loader", Loader(extra_search_paths=[str(DATA)], include_default_search_paths=False))
    return made


def _made(service: str, given: Mapping[str, Any]) -> Any:
    """A client of the built data, if there is any and it is of use; else of botocore's own."""

    def whole() -> Any:
        return own().create_client(service, **given)

    if service not in OPERATIONS or _given_up.is_set() or not DATA.is_dir():
        return whole()
    return _or(whole, lambda: _of_the_built_data(service, given, whole))


def _of_the_built_data(service: str, given: Mapping[str, Any], whole: Callable[[], Any]) -> Any:
    """A client that takes from botocore's own data what it cannot read of the built data when it is called."""
    if "endpoint_url" not in given and _amazon_vouches(given.get("region_name")):
        given = {**given, "verify": _roots()}
    made = trimmed().create_client(service, **given)
    for name in _READ_LATER:
        setattr(made, name, _guarded(made, name, whole))
    return made


def _guarded(made: Any, name: str, whole: Callable[[], Any]) -> Callable[..., Any]:
    """A method of a client that becomes the whole client's for good when it fails, and that one's does not."""
    built = getattr(made, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        def others() -> Any:
            with _ONE_AT_A_TIME:
                instead = getattr(whole(), name)
            answer = instead(*args, **kwargs)
            setattr(made, name, instead)
            return answer

        return _or(others, lambda: built(*args, **kwargs))

    return call


def _or(whole: Callable[[], Any], built: Callable[[], Any]) -> Any:
    """What ``built`` comes to; if it fails, what ``whole`` does. If both fail, it was not for the data."""
    try:
        return built()
    except Exception as error:
        found = whole()
        _give_up(error)
        return found


def _give_up(error: Exception) -> None:
    """From now on this process makes its clients of botocore's own data. Said once; all works, and starts slowly."""
    if not _given_up.is_set():
        from herald.aws.cloudwatch import CloudWatch

        _given_up.set()
        stage = os.environ.get("HERALD_STAGE", "dev")
        CloudWatch(stage).trouble("the layer's data does not suit this botocore: its own is read", error)


def _amazon_vouches(region: str | None) -> bool:
    if "AWS_CA_BUNDLE" in os.environ:
        return False
    known = region or trimmed().get_config_variable("region") or ""
    return not known.startswith(_OTHERS)


@cache
def _roots() -> str:
    """The file of AWS's own authorities. Raises ``OSError`` if they are not all in it: then no AWS could be called."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ROOTS)
    if context.cert_store_stats()["x509_ca"] < AUTHORITIES:
        raise OSError(f"{ROOTS} is not whole")
    return str(ROOTS)
