"""The settings of the stage: whether all of them can be read, and each channel be made."""

from collections.abc import Iterator

from herald import wiring
from herald.cli.diagnosis.findings import Finding, failure, note, ok, several
from herald.cli.diagnosis.look import Look
from herald.errors import InvalidSettings
from herald.settings import stack

TITLE = "settings"
NEEDS = ("ssm:GetParametersByPath",)
LINK = "docs/configuration.md"


def check(look: Look) -> Iterator[Finding]:
    where = stack.path(look.stage)
    mend = "Correct the parameter: until then no message of this stage is sent."
    try:
        found = look.settings
    except InvalidSettings as wrong:
        for problem in wrong.problems:
            yield failure(f"{where}/{problem.field}: {problem.detail}", mend)
        return
    broken = False
    for channel in found.channels.values():
        try:
            wiring.provider(channel.type, dict(channel.values), look.stage)
        except InvalidSettings as wrong:
            broken = True
            for problem in wrong.problems:
                said = f"{where}/channels/{channel.name}: {problem.field} {problem.detail}"
                yield failure(said, "Correct it: until then nothing is sent by this channel.")
    if not broken:
        yield ok(f"{several(len(found.channels), 'channel')}: {', '.join(found.channels)}")
    if not any(name.startswith("channels/") for name in look.here.parameters):
        yield note("no channel is set: texts go by Amazon SNS, under the functions' own role")
