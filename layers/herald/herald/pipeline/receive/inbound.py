"""Inbound: what people write back. STOP and START are obeyed; nothing of it is kept."""

from herald.errors import Forbidden, InvalidRequest
from herald.pipeline.ports import Ports
from herald.pipeline.receive import keywords
from herald.pipeline.receive.token import opens_inbound
from herald.pipeline.recipients.consent import Consent
from herald.providers import load
from herald.providers._base import Callback


class Inbound:
    """Takes in what people write."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def written(self, channel: str, token: str, callback: Callback) -> None:
        """What a provider says that somebody wrote. Raises ``Forbidden``, or ``NotAccepted``: hand it over again."""
        opens, known = opens_inbound(self._ports.secret, channel, token), self._ports.settings.channels.get(channel)
        if not opens or known is None:
            raise self._forbidden()
        provider = load(known.type)
        if not provider.verify(known.values, callback):
            raise self._forbidden()
        text = provider.parse_inbound(callback.fields)
        wish = keywords.read(text.body)
        if not text.sender or wish is None:
            return
        try:
            Consent(self._ports).change(text.sender, "to", opted_out=wish is keywords.Wish.STOP, source="written")
        except InvalidRequest:  # A short code, or a name: nobody to whom a text could be sent.
            return

    def _forbidden(self) -> Forbidden:
        self._ports.observer.count("ReceiptsForbidden")
        return Forbidden()
