"""Opens a recording, whatever venue it is from, and reads it as typed actions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import gcd
from pathlib import Path
from typing import Final

from gdx_matcher.recordings.actions import (
    Action,
    Execution,
    LevelSet,
    OrderAdded,
    PriceSeen,
    TopOfBook,
    TradePrinted,
)
from gdx_matcher.recordings.errors import BadLine, RecordingError, shortened
from gdx_matcher.recordings.formats import FORMATS, REFUSALS, Format, RecordingKind
from gdx_matcher.recordings.lines import check_readable, read_lines

_HEAD_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Profile:
    """What the beginning of a recording says about its market, to set one up for it.

    `price_e6` is the first traded, marked or quoted price; `tick_e6` and `lot_e8` the greatest common
    divisors of the prices and sizes seen (later rows may be finer); `trade_size_e8` the median trade.
    """

    price_e6: int
    tick_e6: int
    lot_e8: int
    trade_size_e8: int


@dataclass(slots=True)
class Recording:
    """A file that was recognized. `actions()` may be called again and starts over each time.

    `warnings` fills while the file is read.
    """

    path: Path
    format: Format
    symbol_wanted: str | None = None
    symbol: str = ""
    warnings: list[str] = field(default_factory=list)
    _is_gzip: bool = False

    @property
    def kind(self) -> RecordingKind:
        """How much of the market the file holds."""
        return self.format.kind

    def actions(self) -> Iterator[Action]:
        """Everything recorded, in the order of the file.

        A line that breaks the format raises `RecordingError` with its number. Only the last line may be
        incomplete (a recorder was stopped while writing): without a line end, it ends the recording with a
        warning.
        """
        parser = self.format.parser(self.symbol_wanted)
        self.warnings = []
        torn: str | None = None
        for line in read_lines(self.path, self._is_gzip):
            try:
                actions = parser.feed(line.text)
            except BadLine as error:
                if line.is_terminated or line.number == 1:
                    raise RecordingError(
                        self.path, line.number, error.field, error.value, error.rule
                    ) from error
                shown = shortened(line.text, 40)
                torn = f"line {line.number} is cut short ({shown!r}): the recording ends before it"
                break
            yield from actions
        try:
            rest = parser.finish()
        except BadLine as error:
            raise RecordingError(self.path, None, error.field, error.value, error.rule) from error
        yield from rest
        self.symbol = parser.symbol
        self.warnings = [*parser.warnings, *([torn] if torn else [])]

    def profile(self, rows: int = 20_000) -> Profile:
        """Figures of the first `rows` actions; `RecordingError` when none of them has a price."""
        prices: list[int] = []
        sizes: list[int] = []
        trades: list[int] = []
        first = 0
        for action in islice(self.actions(), rows):
            if isinstance(action, (OrderAdded, LevelSet, TradePrinted, Execution)):
                prices.append(action.price_e6)
                sizes.append(action.size_e8)
            if isinstance(action, (TradePrinted, Execution)):
                trades.append(action.size_e8)
                first = first or action.price_e6
            elif isinstance(action, PriceSeen):
                first = first or action.price_e6
            elif isinstance(action, TopOfBook):
                first = first or (action.bid_price_e6 + action.ask_price_e6) // 2
        first = first or sorted(prices or [0])[len(prices) // 2]
        if not first:
            raise RecordingError(self.path, None, "recording", self.path.name, "holds no price")
        median = sorted(trades)[len(trades) // 2] if trades else 0
        return Profile(first, gcd(*prices) or 1, gcd(*sizes) or 1, median)


def open_recording(path: str | Path, *, symbol: str | None = None) -> Recording:
    """Recognize a recording by its content and check that it can be read; nothing else happens yet.

    `symbol` chooses a market in files that hold several (default: the first one named).
    Raises `RecordingError` when the file is missing, empty, damaged, or of no known format.
    """
    path = Path(path)
    is_gzip = check_readable(path)
    head = [line.text for line in islice(read_lines(path, is_gzip), _HEAD_LINES)]
    if not head:
        raise RecordingError(path, None, "recording", path.name, "holds only blank lines")
    for candidate in FORMATS:
        if _recognizes(candidate, head):
            return Recording(path, candidate, symbol_wanted=symbol, _is_gzip=is_gzip)
    for refusal in REFUSALS:
        if refusal.recognizes(head):
            raise RecordingError(path, None, "format", refusal.title, refusal.rule)
    tried = ", ".join(candidate.title for candidate in FORMATS)
    raise RecordingError(path, 1, "format", head[0], f"is none of those known: {tried}")


def _recognizes(candidate: Format, head: list[str]) -> bool:
    try:
        return candidate.recognizes(head)
    except BadLine:
        return False
