"""Inbound: what people write back. STOP and START are obeyed; nothing of it is kept."""

from herald.errors import Forbidden, InvalidRequest
from herald.message.phone import read
from herald.message.wrong import Wrong
from herald.pipeline.ports import Ports
from herald.pipeline.receive import keywords
from herald.pipeline.receive.token import opens_inbound
from herald.pipeline.receive.unread import unread
from herald.pipeline.recipients.consent import Consent
from herald.providers import load
from herald.providers._base import Callback
from herald.settings.values import Channel


class Inbound:
    """Takes in what people write."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def proved(self, channel: str, token: str, callback: Callback) -> Channel:
        """The channel whose provider calls. Raises ``Forbidden`` if that is not proved."""
        secret, known = self._ports.secret_if_made, self._ports.settings.channels.get(channel)
        opens = secret is not None and opens_inbound(secret, channel, token)
        if not opens or known is None or not load(known.type).verify(known.values, callback):
            self._ports.observer.count("ReceiptsForbidden")
            raise Forbidden
        return known

    def written(self, channel: str, token: str, callback: Callback) -> None:
        """What a provider says that somebody wrote.

        Raises ``Forbidden``, ``InvalidMessage`` (it cannot be understood), or ``NotAccepted``: hand it over again.
        """
        known = self.proved(channel, token, callback)
        provider, observer = load(known.type), self._ports.observer
        sender, body = text = provider.parse_inbound(callback.fields)
        if callback.refusal or sender is None or body is None:
            missing = [name for name, said in text._asdict().items() if said is None]
            raise unread(observer, known.type, "reply", callback, missing)
        wish = keywords.read(body)
        if wish is None:
            return
        try:
            self._obey(wish, sender, provider.home(known.values))
        except (InvalidRequest, Wrong):  # A short code, a name, or digits that are nobody's number.
            raise unread(observer, known.type, "reply", callback, ["sender"]) from None

    def _obey(self, wish: keywords.Wish, sender: str, home: str | None) -> None:
        number, out = _with_plus(sender), wish is keywords.Wish.STOP
        for each in (number, *_newer(number)):
            Consent(self._ports).change(each, "to", opted_out=out, source="written", region=home)


def _with_plus(sender: str) -> str:
    """The number with the plus that a form or a query lost, where the vendor did not encode it.

    No vendor writes a blank before a number: one before a country code was a plus. Raises ``Wrong`` if there is no such
    number: what else was meant is not guessed.
    """
    digits = sender.strip()
    lost = sender.startswith(" ") and digits[:1].isdigit() and not digits.startswith("0")
    return read("+" + digits, "").e164 if lost else sender


def _newer(number: str) -> list[str]:
    """What a number is called now. Mexico's mobile numbers had a 1 after the country code until August 2019, and some
    carriers still say it; texts go to the number without it.
    """
    digits = "".join(filter(str.isdigit, number))
    return ["+52" + digits[3:]] if digits.startswith("521") and len(digits) == 13 else []
