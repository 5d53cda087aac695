"""Target: which Herald a command asks: a stage on AWS, one behind a URL, or the laptop's; never one for another."""

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from herald.cli import _samconfig
from herald.cli._client.service import BROKE, WRONG, Service
from herald.cli._where import LAPTOP, Find, Stopped, Where
from herald.cli.frame import Said, State, use_profile

# What `make up` writes, for shells and for this.
LAPTOP_ENV = _samconfig.FILE.parent / ".local" / "env"
NOWHERE = (
    "Herald is nowhere yet, as far as this shell says. One of these:\n"
    "  on this laptop, without AWS:  make up\n"
    "  a stage in your AWS account:  --stage dev (or HERALD_STAGE), after make deploy STAGE=dev\n"
    "  somebody's stage by its URL:  HERALD_URL and HERALD_KEY, or --url"
)
# On a laptop that acts as if it was AWS, a real account's names must not linger.
_OTHERS = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HERALD_ENGINE")


class Place(NamedTuple):
    """What is pointed at: a stage in an account, the laptop's stage, or a URL."""

    kind: str
    stage: str = ""
    where: Where | None = None
    url: str = ""

    def __str__(self) -> str:
        if self.kind == "url":
            return f"At {self.url}"
        if self.kind == "laptop":
            return f"On this laptop ({self.url}): texts reach simulated phones, and nobody's own."
        return f"Stage {self.stage}: {self.where}."


class Target:
    """A Herald. ``service`` is made when it is first asked for: a key is asked for only then."""

    def __init__(self, place: Place, make: Callable[[], Service], *, as_json: bool = False) -> None:
        self.place, self._make, self.as_json = place, make, as_json

    @cached_property
    def service(self) -> Service:
        """How it is asked."""
        return self._make()


def resolve(state: State, said: Said, env_file: Path = LAPTOP_ENV, ask: Callable[[str], str] | None = None) -> Target:
    """What is meant, by the words of the command line, then the environment, then what runs on this laptop.

    Raises ``Stopped`` where it is not plain, or not there.
    """
    use_profile(said.profile)
    stage, url = said.stage or "", said.url
    if stage and url is not None:
        raise Stopped("Say --stage or --url, not both.", WRONG)
    usual_url = os.environ.get("HERALD_URL", "")
    if not stage and url is None:
        stage, url = _usual(state, said, usual_url, env_file)
    if url is not None:
        return _by_url(url, usual_url, ask, said)
    return _laptop(state.find, env_file, said) if stage == LAPTOP else _on_aws(state.find, stage, said)


def _usual(state: State, said: Said, usual_url: str, env_file: Path) -> tuple[str, str | None]:
    """The stage, or the URL, if the command line says neither."""
    stage, profile = state.usual_stage, said.profile or os.environ.get("AWS_PROFILE")
    if stage and usual_url and (stage != LAPTOP or not on_this_machine(usual_url)):
        raise Stopped(f"HERALD_STAGE is {stage}, and HERALD_URL is set: say --stage {stage}, or --url.", WRONG)
    if stage:
        return stage, None
    if said.region or said.profile:
        raise Stopped("Which stage there? Say --stage dev, for example.", WRONG)
    if usual_url:
        return "", usual_url
    if not env_file.exists():
        raise Stopped(NOWHERE, WRONG)
    if profile:
        raise Stopped(
            "AWS_PROFILE is set, and a Herald runs on this laptop. Which is meant? --stage local is the laptop's; "
            "--stage dev, for example, is AWS's.",
            WRONG,
        )
    return LAPTOP, None


def _on_aws(find: Find, stage: str, said: Said) -> Target:
    from herald.cli._client import invoked

    where = find(stage, said.region, deployed=True)
    return Target(Place("aws", stage, where), lambda: invoked.of(stage), as_json=said.as_json)


def _laptop(find: Find, env_file: Path, said: Said) -> Target:
    """The laptop's Herald, which says in a file where it is. A shell that addresses an engine already is believed."""
    from herald.cli._client import invoked

    if not os.environ.get("AWS_ENDPOINT_URL"):
        for name in _OTHERS:
            os.environ.pop(name, None)
        os.environ.update(laptop_variables(env_file))
    try:
        where = find(LAPTOP, None, deployed=True)
    except Stopped as stopped:
        raise Stopped(f"Herald does not answer on this laptop: make down, then make up. ({stopped.said})") from None
    url = os.environ.get("HERALD_URL", "")
    place = Place("laptop", LAPTOP, where, url if on_this_machine(url) else "")
    return Target(place, lambda: invoked.of(LAPTOP), as_json=said.as_json)


def laptop_variables(env_file: Path = LAPTOP_ENV) -> dict[str, str]:
    """What the laptop's Herald tells shells. Raises ``Stopped`` if none runs."""
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise Stopped("Herald does not run on this laptop: make up, then again.", BROKE) from None
    return {name: value for name, _, value in (line.partition("=") for line in lines) if name}


def _by_url(url: str, usual_url: str, ask: Callable[[str], str] | None, said: Said) -> Target:
    url = checked_url(url)

    def made() -> Service:
        from herald.cli._client.https import Https

        return Https(url, _key(url, usual_url, ask))

    return Target(Place("url", url=url), made, as_json=said.as_json)


def on_this_machine(url: str) -> bool:
    """Whether a URL leaves this machine nowhere."""
    return urlsplit(url.strip()).hostname in ("127.0.0.1", "localhost", "::1")


def checked_url(url: str) -> str:
    """A URL to which a key may be sent, without the slash at its end. Raises ``Stopped``."""
    parts = urlsplit(url.strip())
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Stopped("The URL must hold no key, user, query or fragment: https://.../dev", WRONG)
    schemes = ("https", "http") if on_this_machine(url) else ("https",)
    if not parts.hostname or parts.scheme not in schemes:
        raise Stopped("The URL must begin with https://, so that nobody reads the key on its way.", WRONG)
    return url.strip().rstrip("/")


def _key(url: str, usual_url: str, ask: Callable[[str], str] | None) -> str:
    """The key of the environment, if it is this URL's; else one that is typed. Raises ``Stopped``."""
    key = os.environ.get("HERALD_KEY", "").strip()
    if usual_url and usual_url.strip().rstrip("/") != url:
        key = ""  # It is a key of HERALD_URL, and nothing to tell another host.
    if not key:
        from herald.cli._show.prompt import secret

        key = (ask or secret)(f"API key for {urlsplit(url).hostname}: ").strip()
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise Stopped("That is no API key: it begins with hk_ and has no spaces.", WRONG)
    return key
