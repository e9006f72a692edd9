"""What a recording that cannot be used raises."""

from __future__ import annotations

from pathlib import Path

from gdx_sdk.errors import InputError


class RecordingError(InputError):
    """A recording is missing, damaged or breaks its format; the message names the file, the line, the value
    and the rule.
    """

    def __init__(self, path: Path, line: int | None, field: str, value: object, rule: str) -> None:
        self.path, self.line = path, line
        where = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{where}: {field}", shortened(value), rule)


class BadLine(ValueError):
    """A line breaks its format. Parsers raise it; the reader adds the file and the line number."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field, self.value, self.rule = field, value, rule
        super().__init__(f"{field} = {value!r}: {rule}")


def shortened(value: object, limit: int = 80) -> object:
    """`value`, or its beginning when it is a text too long to be read in an error message."""
    if isinstance(value, str) and len(value) > limit:
        return value[:limit] + "…"
    return value
