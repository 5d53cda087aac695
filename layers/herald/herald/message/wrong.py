"""Wrong: a value that cannot be used, whoever reads it: a number, a time, a URL, a field."""


class Wrong(ValueError):
    """``code`` is stable; ``detail`` is a sentence that says what to do, and does not repeat the value."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")
