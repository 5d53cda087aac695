"""Stack: engine, carrier, deployment, bridge and front, started and stopped together."""

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from herald.aws import delivery_logs
from herald.keys.grant import SCOPES, Grant
from herald.keys.key import create
from herald.settings import stack
from local import private
from local.carrier.carrier import Carrier
from local.deploy import STAGE, build_layer, client, deploy
from local.engine import CREDENTIALS, CannotRun, Engine
from local.figures.bridge import Bridge
from local.figures.figures import Figures
from local.front import Front

ROOT = Path(__file__).resolve().parent.parent
# Whoever tries things out sends to one phone again and again, and anywhere.
GUARDS = "countries: all\nlimits: {number_10_minutes: unlimited, number_day: unlimited, block_day: unlimited}\n"


class Stack:
    """The whole of Herald on this machine. ``folder`` takes logs and ``env``; ``port`` is the front's (0: any).

    ``engine`` is the AWS that it is deployed on: one of its own, if none is given.
    """

    def __init__(
        self, folder: Path, port: int, template: Path = ROOT / "template.yaml", engine: Engine | None = None
    ) -> None:
        self._folder, self._port, self._template = folder, port, template
        self.engine = engine or Engine(folder)
        self.carrier: Carrier | None = None
        self._bridge: Bridge | None = None
        self._figures: Figures | None = None
        self._front: Front | None = None
        self.env: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The front's address: page and API."""
        return self.env["HERALD_URL"]

    @property
    def key(self) -> str:
        """An API key of this stack."""
        return self.env["HERALD_KEY"]

    @property
    def carrier_url(self) -> str:
        """The carrier's own address."""
        return self.env["CARRIER_URL"]

    def start(self) -> dict[str, str]:
        """Start all, write ``env``, and return what it holds. Raises ``CannotRun``: then nothing stays running."""
        private.folder(self._folder)
        _check_port(self._port)
        try:
            self.env = self._start()
        except BaseException:
            self.stop()
            raise
        _write(self._folder / "env", "".join(f"{name}={quote(value)}\n" for name, value in self.env.items()))
        return self.env

    def stop(self) -> None:
        """Stop everything that was started."""
        for name in ("env", "pids"):
            (self._folder / name).unlink(missing_ok=True)
        for part in (self._front, self._bridge, self.carrier, self.engine):
            if part:
                part.stop()
        if self._figures:
            self._figures.close()

    def _start(self) -> dict[str, str]:
        engine = self.engine.start()
        _write(self._folder / "pids", f"{os.getpid()} {self.engine.pid}\n")
        layers = ROOT / ".local"
        private.folder(layers)
        outputs = deploy(engine, build_layer(layers), self._template)
        _read_delivery_logs(engine)
        self.carrier = Carrier(engine)
        carrier = self.carrier.start()
        channels = {name: vendor.channel(carrier) for name, vendor in self.carrier.vendors.items()}
        key = create(Grant("laptop", scopes=frozenset(SCOPES)))
        api = f"{engine}/restapis/{outputs['ApiId']}/{STAGE}/_user_request_"
        self._bridge = Bridge(engine)
        self._figures = Figures(engine, self._bridge)
        self._front = Front(api, self.carrier, key.key, self._figures.public)
        _configure(engine, channels, key.record, self._front.listen(self._port))
        self._bridge.start()
        return {
            "HERALD_URL": self._front.start(),
            "HERALD_KEY": key.key,
            "CARRIER_URL": carrier,
            "AWS_ENDPOINT_URL": engine,
            **CREDENTIALS,
            "HERALD_INVOKE_FUNCTION": outputs["InvokeFunction"],
            "HERALD_EVENT_BUS": outputs["EventBus"],
            "HERALD_TABLE": outputs["Table"],
            "HERALD_STAGE": STAGE,
            "PYTHONPATH": str(ROOT / "layers" / "herald"),
        }


def _configure(engine: str, channels: Mapping[str, Mapping[str, str]], key: str, url: str) -> None:
    """The laptop's settings and channels, in SSM as anywhere. Callbacks come to ``url``, the front's."""
    parameters = {
        "settings": ("String", f"default_region: IN\nurl: {url}\ncallback_hosts: [127.0.0.1]\n{GUARDS}"),
        **{f"channels/{name}": ("SecureString", _block({"type": name, **channels[name]})) for name in channels},
        "webhook-secret": ("SecureString", secrets.token_urlsafe(32)),
    }
    ssm = client("ssm", engine)
    for parameter, (kind, value) in parameters.items():
        ssm.put_parameter(Name=f"{stack.path(STAGE)}/{parameter}", Type=kind, Value=value, Overwrite=True)
    ssm.put_parameter(Name=f"{stack.keys_path(STAGE)}/laptop", Type="String", Value=key, Overwrite=True)


def _read_delivery_logs(engine: str) -> None:
    """What ``make receipts`` does in an account: the log groups of what was texted, read by the stage."""
    logs, (function,) = client("logs", engine), stack.parts(client("ssm", engine), STAGE, "receipts_function")
    for group in delivery_logs.place(function).groups():
        delivery_logs.make(logs, group, days=1)
        delivery_logs.subscribe(logs, group, STAGE, function)


def _block(fields: Mapping[str, str]) -> str:
    return "".join(f"{field}: {value}\n" for field, value in fields.items())


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotRun(f"Port {port} is taken. Choose another one: make run PORT={port + 1}") from None


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner only: it may hold a key."""
    fresh = path.with_suffix(f".{os.getpid()}")
    with private.file(fresh) as file:
        file.write(text.encode())
    fresh.replace(path)
