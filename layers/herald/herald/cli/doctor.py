"""``herald doctor``: what would fail silently on this account today, each with what mends it.

It looks and changes nothing, and sends no text but the one that --send-to asks for.
"""

from typing import Annotated
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from typer import Option

from herald import wiring
from herald.aws.client import client
from herald.cli.diagnosis import look, running, shown
from herald.cli.diagnosis.asking import Asked
from herald.cli.diagnosis.findings import Finding
from herald.cli.diagnosis.sending import Sending
from herald.cli.frame import Here, Stopped, alone, command
from herald.settings.parameters import HASH_KEY

WAIT = 120
AGENT = "herald-doctor"


app = alone()


@command(app, after="It changes nothing, and can be run again.", as_json="own")
def doctor(
    here: Here,
    *,
    channel: Annotated[str | None, Option("--channel", metavar="NAME", help="only this channel")] = None,
    send_to: Annotated[
        str | None,
        Option("--send-to", metavar="NUMBER", help="also send one text to this number, and wait for its receipt"),
    ] = None,
    wait: Annotated[int, Option("--wait", help="how many seconds to wait for the receipt")] = WAIT,
    seconds: Annotated[float, Option("--seconds", help="how long the checks may take")] = running.SECONDS,
) -> int:
    """Run the checks, show what they found; 1 if there is a failure."""
    place = at(here)
    known = look.channels(place)
    if channel and known and channel not in known:
        raise Stopped(f"There is no channel {channel}. There are: {', '.join(known)}", 2)
    todo = list(running.jobs(known, running.found(), channel if known else None))
    results = running.run(place, todo, seconds=seconds)
    if send_to:
        results += [running.Result("a text", "send_to", "sent", each) for each in _send(place, send_to, channel, wait)]
    print(shown.as_json(here.stage, results) if here.as_json else "\n".join(shown.lines(results)))
    return 1 if shown.failed(results) else 0


def at(here: Here) -> look.Here:
    """What the checks of a stage share. Raises ``NotAccepted`` if its parameters cannot be read."""
    parameters = wiring.parameters(here.stage).current()

    def opted_out(number: str) -> bool:
        """Without a hash key nobody is known, and asking would make one."""
        return HASH_KEY in parameters and bool(wiring.herald(here.stage).opted_out(number).opted_out)

    return look.Here(
        here.stage,
        here.where,
        parameters,
        Asked(look.clients),
        wiring.http,
        opted_out,
        _page,
    )


def _send(place: look.Here, number: str, channel: str | None, wait: int) -> list[Finding]:
    # One attempt: whoever waited too short a time for the first would ask for another text.
    once = Asked(lambda service, access: client(service, attempts=1))
    sending = Sending(place._replace(asked=once), wiring.herald(place.stage).find, wait=wait)
    return list(sending.send(number, channel))


class _Stays(HTTPRedirectHandler):
    """A page that leads elsewhere is not the page that was asked for."""

    def redirect_request(self, *_: object) -> None:
        return None


def _page(url: str) -> tuple[int, bytes]:
    """The status and the beginning of a page on the web. Raises ``OSError``, ``ValueError``."""
    try:
        with build_opener(_Stays).open(Request(url, headers={"User-Agent": AGENT}), timeout=8) as answer:  # noqa: S310
            return int(answer.status), answer.read(4096)
    except HTTPError as error:
        return error.code, b""
