"""The functions: whether each is there, ready, and of the newest layer; and how many may run at once."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from herald.cli.diagnosis.asking import NotAnswered
from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import FUNCTIONS, Look

TITLE = "functions"
NEEDS = ("lambda:GetFunctionConfiguration", "lambda:GetAccountSettings", "lambda:ListLayerVersions")
LINK = "docs/first-deployment.md#4-concurrent-executions"
DEPLOY = "docs/first-deployment.md#5-deploy"
FEW = 50
LAYER = re.compile(r":layer:(?P<name>herald-[\w-]+):(?P<version>\d+)$")


class Layer(NamedTuple):
    """A version of Herald's layer."""

    name: str
    version: int


def check(look: Look) -> Iterator[Finding]:
    again = f"make deploy STAGE={look.stage}"
    found = {name: configuration(look, name) for name in FUNCTIONS}
    if missing := [name for name, said in found.items() if said is None]:
        yield failure(f"not there: {', '.join(missing)}", again, DEPLOY)
    there = {name: said for name, said in found.items() if said}
    for name, said in there.items():
        if said.get("LastUpdateStatus") == "Failed" or said.get("State") in ("Failed", "Deactivated"):
            why = said.get("LastUpdateStatusReasonCode") or said.get("StateReasonCode") or "no reason told"
            yield failure(f"{name} cannot run: {why}", again, DEPLOY)
    yield from _layers(look, {name: _layer(said) for name, said in there.items()}, again)
    yield from _at_once(look)


def configuration(look: Look, name: str) -> dict[str, Any] | None:
    """A function's configuration; None if there is no such function."""
    try:
        return look.ask("lambda", "get_function_configuration", FunctionName=f"herald-{look.stage}-{name}")
    except NotAnswered as error:
        if error.code != "ResourceNotFoundException":
            raise
        return None


def _layers(look: Look, layers: dict[str, Layer | None], again: str) -> Iterator[Finding]:
    """All of one version, the newest: else a deployment stopped half way, or was rolled back."""
    if without := [name for name, layer in layers.items() if layer is None]:
        yield failure(f"without Herald's layer: {', '.join(without)}", again, DEPLOY)
    used = {layer for layer in layers.values() if layer}
    if len(used) > 1:
        shown = ", ".join(f"{name} {layer.version}" for name, layer in layers.items() if layer)
        yield warning(f"the functions run different versions of the layer: {shown}", again, DEPLOY)
    for layer in used if len(used) == 1 else ():
        listed = look.ask("lambda", "list_layer_versions", LayerName=layer.name)["LayerVersions"]
        newest = max((int(each["Version"]) for each in listed), default=layer.version)
        if layer.version < newest:
            yield warning(f"the functions run version {layer.version} of the layer; {newest} is there", again, DEPLOY)
        else:
            yield ok(f"{len(layers)} functions run version {layer.version} of the layer")


def _layer(said: dict[str, Any]) -> Layer | None:
    found = (LAYER.search(str(each["Arn"])) for each in said.get("Layers", ()))
    return next((Layer(layer["name"], int(layer["version"])) for layer in found if layer), None)


def _at_once(look: Look) -> Iterator[Finding]:
    limit = look.ask("lambda", "get_account_settings")["AccountLimit"]["ConcurrentExecutions"]
    if limit < FEW and not look.on_the_laptop:
        yield note(f"the account runs {limit} functions at once: enough for trying out", "Service Quotas, L-B99A9384.")
