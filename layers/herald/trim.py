"""``trim.py FOLDER``: what clients of AWS read before their first call, and nothing else.

Of botocore's data, the operations that Herald calls: 120 kB instead of 1.25 MB of endpoints and more than 400 listed
services. Of the world's certificate authorities, those of AWS: 5 instead of 140, which each connection reads anew.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import certifi
from botocore.loaders import Loader

sys.path.insert(0, str(Path(__file__).parent))
from herald.aws.client import AUTHORITIES, OPERATIONS, ROOTS

WHOLE = ("partitions", "sdk-default-configuration", "_retry")
# For people, and for other languages.
NOT_READ = ("documentation", "documentationUrl")


def main(folder: Path) -> None:
    """Write everything that clients of these services read."""
    loader = Loader()
    for name in WHOLE:
        write(folder / f"{name}.json", loader.load_data(name))
    (folder / ROOTS.name).write_text(roots(Path(certifi.where()).read_text()))
    write(folder / "endpoints.json", endpoints(loader.load_data("endpoints")))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        own = folder / service / version
        write(own / "service-2.json", model(loader.load_service_model(service, "service-2"), operations))
        write(own / "endpoint-rule-set-1.json", loader.load_service_model(service, "endpoint-rule-set-1"))
        pages = loader.load_service_model(service, "paginators-1")["pagination"]
        write(own / "paginators-1.json", {"pagination": {name: pages[name] for name in operations if name in pages}})


def roots(bundle: str) -> str:
    """The authorities that AWS's own certificates come from: Amazon Trust Services says which these are."""
    named = (
        r'# Label: "((?:Amazon Root|Starfield Services Root)[^"]*)"\n(?:#.*\n)*(-----BEGIN[^#]*?END CERTIFICATE-----\n)'
    )
    found = dict(re.findall(named, bundle))
    if len(found) < AUTHORITIES:
        raise SystemExit(f"certifi's bundle names only {len(found)} of AWS's authorities: look at trim.py")
    return "".join(f"# {label}\n{certificate}" for label, certificate in found.items())


def model(whole: Mapping[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    """A service with these operations, and the shapes that they are made of."""
    kept = {name: whole["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    waiting = [reference["shape"] for operation in kept.values() for reference in references(operation)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = whole["shapes"][name]
            waiting += [reference["shape"] for reference in references(shapes[name])]
    return {**whole, "operations": kept, "shapes": shapes}


def references(part: object) -> Iterator[Mapping[str, Any]]:
    """Wherever a shape is named."""
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def endpoints(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Where these services are, in every partition."""
    partitions = [
        {**each, "services": {name: found for name, found in each["services"].items() if name in OPERATIONS}}
        for each in whole["partitions"]
    ]
    return {**whole, "partitions": partitions}


def write(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(without_words(data), separators=(",", ":")))


def without_words(data: Any) -> Any:
    """The same without what is written for people: a text of such a name, and not a member that is called so."""
    if isinstance(data, Mapping):
        read = (name for name in data if name not in NOT_READ or not isinstance(data[name], str))
        return {name: without_words(data[name]) for name in read}
    return [without_words(each) for each in data] if isinstance(data, list) else data


if __name__ == "__main__":
    main(Path(sys.argv[1]))
