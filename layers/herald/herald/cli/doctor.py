"""``herald doctor``: what would fail silently on this account today, each with what mends it.

It looks and changes nothing, and sends no text but the one that --send-to asks for.
"""

import argparse
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from herald import wiring
from herald.aws.client import client
from herald.cli.diagnosis import running, shown
from herald.cli.diagnosis.asking import Asked
from herald.cli.diagnosis.findings import Finding
from herald.cli.diagnosis.look import Here, channels, clients
from herald.cli.diagnosis.sending import Sending
from herald.cli.frame import Stopped, runs

WAIT = 120
AGENT = "herald-doctor"


def doctor(options: argparse.Namespace) -> int:
    """Run the checks, show what they found; 1 if there is a failure."""
    here = at(options)
    known = channels(here)
    if options.channel and known and options.channel not in known:
        raise Stopped(f"There is no channel {options.channel}. There are: {', '.join(known)}", 2)
    todo = list(running.jobs(known, running.found(), options.channel if known else None))
    results = running.run(here, todo, seconds=options.seconds)
    if options.send_to:
        results += [running.Result("a text", "send_to", "sent", each) for each in _send(options, here)]
    print(shown.as_json(options.stage, results) if options.json else "\n".join(shown.lines(results)))
    return 1 if shown.failed(results) else 0


def arguments(group: argparse.ArgumentParser) -> None:
    """``--channel``, ``--json``, ``--send-to``, ``--wait``, ``--seconds``."""
    runs(group, doctor, after="It changes nothing, and can be run again.")
    group.add_argument("--channel", help="only this channel")
    group.add_argument("--json", action="store_true", help="the results as JSON")
    group.add_argument(
        "--send-to", metavar="NUMBER", help="also send one text to this number, and wait for its receipt"
    )
    group.add_argument("--wait", type=int, default=WAIT, help=f"how many seconds to wait for the receipt ({WAIT})")
    group.add_argument("--seconds", type=float, default=running.SECONDS, help="how long the checks may take (20)")


def at(options: argparse.Namespace) -> Here:
    """What the checks of a stage share. Raises ``NotAccepted`` if its parameters cannot be read."""
    return Here(
        options.stage,
        options.where,
        wiring.parameters(options.stage).current(),
        Asked(clients),
        wiring.http,
        lambda number: bool(wiring.herald(options.stage).opted_out(number).opted_out),
        _page,
    )


def _send(options: argparse.Namespace, here: Here) -> list[Finding]:
    # One attempt: whoever waited too short a time for the first would ask for another text.
    once = Asked(lambda service, access: client(service, attempts=1))
    sending = Sending(here._replace(asked=once), wiring.herald(options.stage).find, wait=options.wait)
    return list(sending.send(options.send_to, options.channel))


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
