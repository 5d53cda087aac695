"""The words that a message's fields may hold."""

from typing import Literal, get_args

Kind = Literal["transactional", "promotional", "otp"]
Encoding = Literal["GSM-7", "UCS-2"]
OnUnknown = Literal["hold", "resend"]
KINDS: tuple[str, ...] = get_args(Kind)
