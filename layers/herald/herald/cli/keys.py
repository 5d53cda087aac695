"""``herald keys``: the API keys of a stage. A key is shown once; SSM keeps its hash."""

import json
from typing import Annotated, Any

from typer import Option

from herald import wiring
from herald.cli._readers import NAME, amount, count, countries, names, some_of
from herald.cli.frame import Here, Stopped, command, group, tell
from herald.errors import HeraldError
from herald.keys import key
from herald.keys.grant import DEFAULT_SCOPES, SCOPES, Grant
from herald.message import Message
from herald.message.kinds import KINDS
from herald.message.phone import mask
from herald.message.times import rfc3339
from herald.settings import stack

LISTS = ("scopes", "channels", "countries", "kinds")
LIMITS = ("per_minute", "per_day", "spend_day", "spend_month")
Name = Annotated[str, Option("--name", metavar="NAME", help="who will use it; a caller sees only its own messages")]
Cancel = Annotated[bool, Option("--cancel", help="cancel all that it has waiting")]
Names = frozenset[str] | None

app = group(__doc__)


@command(app, "create", as_json="own")
def create(
    here: Here,
    *,
    name: Name,
    replace: Annotated[bool, Option("--replace", help="replace the key of that name")] = False,
    test: Annotated[bool, Option("--test", help="a test key: all is as with a live one, and nobody is texted")] = False,
    scopes: Annotated[
        Names,
        Option(parser=some_of(SCOPES), metavar="SCOPES", help=f"some of {','.join(SCOPES)}; else send,read,cancel"),
    ] = None,
    channels: Annotated[
        Names, Option(parser=names, metavar="NAMES", help="the channels that it may use: exotel,amazonsns")
    ] = None,
    countries: Annotated[
        Names, Option(parser=countries, metavar="CODES", help="where its messages may go: IN,SG")
    ] = None,
    kinds: Annotated[
        Names, Option(parser=some_of(KINDS), metavar="KINDS", help=f"what it may send, some of {','.join(KINDS)}")
    ] = None,
    per_minute: Annotated[int | None, Option(parser=count, metavar="NUMBER", help="how many messages a minute")] = None,
    per_day: Annotated[int | None, Option(parser=count, metavar="NUMBER", help="how many messages a day (UTC)")] = None,
    spend_day: Annotated[
        float | None, Option(parser=amount, metavar="AMOUNT", help="what it may cost a day, in the prices' currency")
    ] = None,
    spend_month: Annotated[
        float | None, Option(parser=amount, metavar="AMOUNT", help="how much it may cost a month")
    ] = None,
) -> int:
    """Make a key for one caller: its hash is written to SSM, and the key is shown."""
    path = _path(here, name)
    scopes = scopes if scopes is not None else DEFAULT_SCOPES
    if test and key.NOT_TRIED & scopes:
        raise Stopped("A test key cannot erase: that would be done to people, not only tried out.", 2)
    lists = {"scopes": scopes, "channels": channels, "countries": countries, "kinds": kinds}
    limits = {"per_minute": per_minute, "per_day": per_day, "spend_day": spend_day, "spend_month": spend_month}
    made = key.create(Grant(name, test=test, **lists, **limits))  # type: ignore[arg-type]
    try:
        records = wiring.keys(here.stage)
        if not replace and name in records.all():
            raise Stopped(f"{path}: not written: there is a key of that name; --replace gives it a new key.")
        records.write(name, made.record, replace=replace)
    except Stopped:
        raise
    except Exception as error:
        raise _failed(f"{path}: not written", error) from None
    tell(f"{path} holds the hash of this key, which is shown only now:")
    print(json.dumps({"name": name, "key": made.key}, indent=2) if here.as_json else made.key)
    return 0


@command(app, "list", as_json="own")
def show(here: Here) -> int:
    """List the keys by name, with what each may do."""
    try:
        kept = wiring.keys(here.stage)
        before, records = kept.of_before(), kept.all()
    except Exception as error:
        raise _failed(f"{stack.keys_path(here.stage)}: not read", error) from None
    if here.as_json:
        print(json.dumps({name: key.described(record) for name, record in sorted(records.items())}, indent=2))
    else:
        for name, record in sorted(records.items()):
            print(f"{name}: {_line(key.described(record))}")
    if not records:
        tell(f"There is no key yet: make key NAME=me STAGE={here.stage}")
    if before:
        tell(f"Of a version before: {', '.join(sorted(before))}. They work, and lie where each function reads them.")
        tell(f"If you will not go back to that version: herald keys move --stage {here.stage}")
    return 0


@command(app, "move")
def move(here: Here) -> int:
    """Bring the records of a version before to the path of their own, where few functions read them."""
    try:
        moved = wiring.keys(here.stage).move()
    except Exception as error:
        raise _failed("Not all were moved", error, ". It can be run again") from None
    for name in moved:
        print(f"{stack.keys_path(here.stage)}/{name}")
    tell(f"{len(moved)} moved. All keys work as before." if moved else "There is nothing to move.")
    return 0


@command(app, "revoke")
def revoke(here: Here, *, name: Name, cancel: Cancel = False) -> int:
    """Delete a key: it is dead within five minutes."""
    path = _path(here, name)
    try:
        wiring.keys(here.stage).delete(name)
    except Exception as error:
        hint = "; make keys lists those that there are" if type(error).__name__ == "ParameterNotFound" else ""
        raise _failed(f"{path}: not revoked", error, hint) from None
    print(f"{path} is deleted. API Gateway may let the key in for up to five minutes more.")
    try:
        _cancel(here, name) if cancel else _told_waiting(here, name, _waiting(here, name))
    except Exception as error:  # The key is gone even so.
        tell(_failed("What it has waiting: not read", error, f". Look again: {_command(here, name)}").said)
    return 0


@command(app, "waiting", as_json="own")
def waiting(here: Here, *, name: Name, cancel: Cancel = False) -> int:
    """List what a key, also a revoked one, has waiting; with --cancel, cancel all of it."""
    _path(here, name)
    try:
        if cancel:
            return _cancel(here, name)
        found = _waiting(here, name)
    except Exception as error:
        raise _failed("What it has waiting: not read", error, ". It can be run again") from None
    lines = [_one(message) for message in found]
    if here.as_json:
        print(json.dumps(lines, indent=2))
    else:
        for line in lines:
            print(*line.values())
    _told_waiting(here, name, found)
    return 0


def _one(message: Message) -> dict[str, str]:
    """What is told of a message that waits: when it is due, and to whom, masked."""
    times = filter(None, (message.send_at, message.retry_at, message.turn_at))
    at = rfc3339(max(times, default=message.created_at))
    return {"id": message.id, "status": str(message.status), "at": at, "to": mask(message.to)}


def _path(here: Here, name: str) -> str:
    """Where a key's record lies. Raises ``Stopped`` for a name that SSM would not take."""
    if not NAME.fullmatch(name):
        raise Stopped("The name may hold letters, digits, dots, hyphens and underscores, at most 64.", 2)
    return f"{stack.keys_path(here.stage)}/{name}"


def _waiting(here: Here, name: str) -> list[Message]:
    return list(wiring.herald(here.stage).waiting(f"key:{name}"))


def _cancel(here: Here, name: str) -> int:
    done, left = wiring.herald(here.stage).cancel_all(f"key:{name}")
    tell(f"{done} canceled." if not left else f"{done} canceled; {left} cannot be: they may have been sent.")
    return 1 if left else 0


def _told_waiting(here: Here, name: str, found: list[Message]) -> None:
    """How many wait, what becomes of them if the key is gone, and what can be done."""
    if not found:
        tell("Nothing of it waits.")
        return
    many = f"{len(found)} message{'' if len(found) == 1 else 's'} of it wait{'s' if len(found) == 1 else ''}"
    sent = wiring.ports(here.stage).settings.send_revoked
    tell(f"{many}; once a key is revoked they are {'still' if sent else 'not'} sent (the setting send_revoked).")
    tell(f"List them: {_command(here, name)}. Cancel them: --cancel.")


def _command(here: Here, name: str) -> str:
    return f"herald keys waiting --stage {here.stage} --name {name}"


def _line(said: dict[str, Any] | None) -> str:
    if said is None:
        return "cannot be read: it opens nothing. Make it anew: make key ARGS=--replace"
    kind = "test" if said.pop("test", False) else "live"
    made = str(said.pop("created_at", "an unknown day"))[:10]
    limits = {name: ",".join(value) if isinstance(value, list) else value for name, value in said.items()}
    return ", ".join([kind, f"made {made}", *(f"{name} {value}" for name, value in limits.items())])


def _failed(what: str, error: Exception, hint: str = "") -> Stopped:
    """What failed; a client's own error by its type only, as its text may repeat what was sent."""
    why = f". {error.detail}" if isinstance(error, HeraldError) else f" ({type(error).__name__}){hint}"
    return Stopped(what + why)
