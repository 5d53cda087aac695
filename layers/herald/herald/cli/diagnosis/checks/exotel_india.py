"""Exotel's texts to India: whether the channel says the sender and the ids that DLT asks for."""

from collections.abc import Iterator

from herald.cli.diagnosis.findings import Finding, note, ok, warning
from herald.cli.diagnosis.look import Look

TITLE = "India (DLT)"
NEEDS = ()
LINK = "docs/first-deployment.md#india"


def check(look: Look) -> Iterator[Finding]:
    if not look.reached(("IN",)):
        return
    grave = note if look.on_the_laptop else warning  # The laptop's carrier asks for none of it.
    found = []
    if not _sender(look):
        found.append(
            grave("no sender: texts are sent as the account's sid, which carriers refuse", "Set sender, or senders.")
        )
    if not look.values.get("dlt_entity_id"):
        found.append(grave("no dlt_entity_id: operators block texts of no registered entity", "Set dlt_entity_id."))
    if look.values.get("sms_type") and not look.values.get("dlt_template_id"):
        said = "sms_type without dlt_template_id: Exotel then looks for no template of its own"
        found.append(grave(said, "Set dlt_template_id, or remove sms_type."))
    yield from found or [ok("sender and DLT ids are set")]


def _sender(look: Look) -> bool:
    return bool(look.values.get("sender") or look.settings.senders_of(look.channel.name, "IN"))
