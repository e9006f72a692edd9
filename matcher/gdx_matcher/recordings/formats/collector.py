"""Lines of a websocket collector: ``local_ts {json}``, local time in µs or ns, one message per line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from gdx_matcher.recordings.decimals import unix_ms
from gdx_matcher.recordings.errors import BadLine

_LINE: Final = re.compile(r"^\d{10,20} \{")
_Message = TypeVar("_Message")


def split_line(text: str) -> tuple[int, str]:
    """Local time in ms and the message's JSON."""
    stamp, _, message = text.partition(" ")
    if not (stamp.isascii() and stamp.isdigit() and message.startswith("{")):
        raise BadLine("line", text, "must be: local_ts {json}")
    return unix_ms(int(stamp), "local_ts"), message


def decode(decoder: msgspec.json.Decoder[_Message], message: str | msgspec.Raw) -> _Message:
    """The typed message; `BadLine` names the field that is missing or of another type."""
    try:
        return decoder.decode(message)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadLine(
            "json",
            str(message) if isinstance(message, str) else "",
            f"must be a message of the feed: {error}",
        ) from error


def holds(head: Sequence[str], pattern: re.Pattern[str]) -> bool:
    """Whether these are collector lines and one of the first says what `pattern` looks for."""
    return bool(_LINE.match(head[0])) and any(pattern.search(line[:400]) for line in head)
