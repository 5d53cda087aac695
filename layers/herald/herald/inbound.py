"""Inbound: the room for what people write back. STOP and START are heeded; nothing of it is kept."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from herald import tokens
from herald.consent import Consent
from herald.errors import Forbidden, InvalidRequest
from herald.observe import Observer
from herald.providers import load
from herald.providers._base import Callback
from herald.settings import Channel

# The message that such a token is about: none, and no attempt at it.
NOBODYS, NO_ATTEMPT = "msg_" + "0" * 26, 0
# A provider's console holds the URL for years.
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


def token(hash_key: bytes, channel: str) -> str:
    """The word in the URL at which a channel's provider hands over what people write."""
    return tokens.make(hash_key, channel, NOBODYS, NO_ATTEMPT, FOREVER)


class Inbound:
    """Takes in what people write. ``channels`` gives the channels by name, ``hash_key`` the stage's secret."""

    def __init__(
        self,
        *,
        channels: Callable[[], Mapping[str, Channel]],
        hash_key: Callable[[], bytes],
        consent: Consent,
        observer: Observer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._channels, self._hash_key, self._consent = channels, hash_key, consent
        self._observer, self._clock = observer, clock

    def written(self, channel: str, word: str, callback: Callback) -> None:
        """What a provider says that somebody wrote. Raises ``Forbidden``, or ``NotAccepted``: hand it over again."""
        grant, known = tokens.read(self._hash_key(), channel, word, self._clock()), self._channels().get(channel)
        if grant is None or grant.message_id != NOBODYS or known is None:
            raise self._forbidden()
        provider = load(known.type)
        if not provider.verify(known.values, callback):
            raise self._forbidden()
        text = provider.parse_inbound(callback.fields)
        if not text.sender:
            return
        try:
            self._consent.written(text.sender, text.body)
        except InvalidRequest:  # A short code, or a name: nobody to whom a text could be sent.
            return

    def _forbidden(self) -> Forbidden:
        self._observer.count("ReceiptsForbidden")
        return Forbidden()
