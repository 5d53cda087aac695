"""Twilio's sender: whether the channel's number or messaging service is the account's, and can send texts."""

from collections.abc import Iterator
from urllib.parse import quote

from herald.cli.diagnosis.findings import Finding, failure, note, ok, warning
from herald.cli.diagnosis.look import Look
from herald.cli.diagnosis.twilio_api import api, get

TITLE = "sender"
NEEDS = ()
LINK = "docs/reasons.md#the-sender-id-and-its-registration"


def check(look: Look) -> Iterator[Finding]:
    service, sender = look.values.get("messaging_service_sid"), look.values.get("sender", "")
    if not service and not sender:
        yield _nobody(look)
    if service:
        yield from _service(look, service)
    elif sender.startswith("+"):
        yield from _number(look, sender)
    elif sender:
        yield note(f"{sender} is a name: it is not shown in every country, and many ask to register it")


def _nobody(look: Look) -> Finding:
    if all(look.settings.senders_of(look.channel.name, country) for country in look.reached() or ("*",)):
        return ok("its senders are those of the setting senders")
    return failure("neither sender nor messaging_service_sid: a text without a sender is refused", "Set one of them.")


def _service(look: Look, sid: str) -> Iterator[Finding]:
    path = f"/v1/Services/{quote(sid, safe='')}"
    said = get(look, "messaging", path)
    if said.status == 404:
        yield failure("there is no such messaging service in this account", "Correct messaging_service_sid.")
    elif not said.ok:
        yield warning(f"the messaging service cannot be asked ({said.status or 'no answer'})", "Run it again.")
    elif any(_listed(look, f"{path}/{pool}", name) for pool, name in POOLS.items()):
        yield ok("the messaging service has senders")
    else:
        yield failure("the messaging service has no sender: texts are refused", "Console: add a number to its pool.")


POOLS = {"PhoneNumbers": "phone_numbers", "AlphaSenders": "alpha_senders", "ShortCodes": "short_codes"}


def _listed(look: Look, path: str, name: str) -> bool:
    return bool(get(look, "messaging", path).json.get(name))


def _number(look: Look, number: str) -> Iterator[Finding]:
    said = api(look, f"/IncomingPhoneNumbers.json?PhoneNumber={quote(number, safe='')}")
    if not said.ok:
        yield note(f"the account's numbers cannot be asked ({said.status or 'no answer'})")
        return
    found = next((each for each in said.json.get("incoming_phone_numbers", ()) if each["phone_number"] == number), None)
    if found is None:
        yield failure("sender is no number of this account: texts are refused", "Buy it, or correct sender.")
    elif not found.get("capabilities", {}).get("sms"):
        yield failure("sender cannot send texts", "Take a number that can.")
    else:
        yield ok("sender is the account's, and can send texts")
        yield from _inbound(look, str(found.get("sms_url") or ""))


def _inbound(look: Look, url: str) -> Iterator[Finding]:
    """Twilio obeys STOP by itself; Herald, and its other channels, only when they are told."""
    ours = look.settings.url or look.part("url")
    if not url.startswith(f"{ours}/inbound/"):
        mend = f"herald optouts url --channel {look.channel.name} --stage {look.stage}: enter it at the number."
        yield note("what people write to the number, STOP too, does not reach Herald", mend, "docs/opt-outs.md")
