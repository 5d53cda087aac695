"""Amazon SNS's account: its sandbox, attributes, numbers and opt-outs, which the local engine does not have."""

from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from local.server import Reply, Request

SPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


class Account:
    """One account and region. What it has can be changed; it answers in SNS's XML."""

    def __init__(self) -> None:
        self.in_sandbox = False
        self.attributes = {"MonthlySpendLimit": "100", "DefaultSMSType": "Transactional"}
        self.numbers: list[Mapping[str, str]] = []
        self.opted_out: list[str] = []
        self._operations: Mapping[str, Callable[[], str]] = {
            "GetSMSSandboxAccountStatus": lambda: _element("IsInSandbox", str(self.in_sandbox).lower()),
            "GetSMSAttributes": lambda: _element("attributes", "".join(map(_entry, self.attributes.items()))),
            "ListOriginationNumbers": lambda: _element("PhoneNumbers", "".join(map(_member, self.numbers))),
            "ListPhoneNumbersOptedOut": lambda: _element(
                "phoneNumbers", "".join(_element("member", escape(number)) for number in self.opted_out)
            ),
        }

    def answer(self, request: Request) -> Reply | None:
        """What SNS answers; None to what the engine is to answer."""
        action = request.form().get("Action", "")
        if not (operation := self._operations.get(action)):
            return None
        said = (
            _element(f"{action}Result", operation()) + "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        )
        return Reply(200, f'<{action}Response xmlns="{SPACE}">{said}</{action}Response>'.encode(), "text/xml")


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _entry(pair: tuple[str, str]) -> str:
    return _element("entry", _element("key", escape(pair[0])) + _element("value", escape(pair[1])))


def _member(fields: Mapping[str, str]) -> str:
    return _element("member", "".join(_element(name, escape(value)) for name, value in fields.items()))
