"""The formats a recording can have, told apart by what their first lines look like.

To add one: a module here with a parser and a `FORMAT`, and its line in `FORMATS` (the first that recognizes
the file wins).
"""

from __future__ import annotations

import re
from typing import Final

from gdx_matcher.recordings.formats import (
    bars,
    binance,
    bitstamp,
    databento,
    dydx,
    hyperliquid,
    lobster,
    trades_csv,
)
from gdx_matcher.recordings.formats.base import Format, Parser, RecordingKind, Refusal

__all__ = ["FORMATS", "REFUSALS", "Format", "Parser", "RecordingKind", "Refusal"]

FORMATS: Final[tuple[Format, ...]] = (
    lobster.FORMAT,
    bitstamp.FORMAT,
    binance.FORMAT,
    hyperliquid.FORMAT,
    dydx.FORMAT,
    databento.FORMAT,
    trades_csv.FORMAT,
    bars.FORMAT,
)

_LEVEL_COLUMNS: Final = re.compile(r"^-?\d+,\d+,-?\d+,\d+(,-?\d+,\d+,-?\d+,\d+)*$")
_DUMP: Final = re.compile(r"^wss?://\S+ <|^\d{9,11}(\.\d+)?: [{\[]")

REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal(
        "LOBSTER order book file",
        lambda head: bool(_LEVEL_COLUMNS.match(head[0])),
        "holds states of the book, not what happened: give the message file that belongs to it",
    ),
    Refusal(
        "Databento csv of another schema",
        lambda head: "rtype" in head[0] and "order_id" not in head[0],
        "of Databento's schemas only market-by-order (mbo) is replayed",
    ),
    Refusal(
        "websocket dump of another venue",
        lambda head: bool(_DUMP.match(head[0])),
        "of this kind only dYdX v3 is replayed (BitMEX counts in contracts whose size the file does not say)",
    ),
    Refusal(
        "JSON document",
        lambda head: head[0].lstrip()[:1] in ("{", "["),
        "is one JSON document or JSON lines without a local time, not a recording of a market",
    ),
)
