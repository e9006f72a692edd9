"""Price sources: a fixed table, a recording, any function."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from gdx_keepers.core.clock import Now
from gdx_keepers.feeds.source import Quote
from gdx_sdk.errors import InputError
from gdx_sdk.units import BPS, price_e6_from

COLUMNS = ("ts_ms", "symbol", "price")


def confidence_of(price_e6: int, confidence_bps: int) -> int:
    """`confidence_bps` of `price_e6`, rounded up and at least one unit: no price is certain."""
    return max(1, -(-price_e6 * confidence_bps // BPS))


class StaticSource:
    """The same prices for ever, true at every moment; for local chains and tests."""

    def __init__(self, prices_e6: Mapping[str, int], confidence_bps: int = 5) -> None:
        self._prices_e6, self._confidence_bps = dict(prices_e6), confidence_bps

    async def latest(self, symbol: str, now: Now) -> Quote | None:
        """The table's price, as of now."""
        price_e6 = self._prices_e6.get(symbol)
        if price_e6 is None:
            return None
        return Quote(price_e6, confidence_of(price_e6, self._confidence_bps), now.ts)


class CallableSource:
    """Whatever `function(symbol, now)` says; it must not block."""

    def __init__(self, function: Callable[[str, Now], Quote | None]) -> None:
        self._function = function

    async def latest(self, symbol: str, now: Now) -> Quote | None:
        """The function's answer."""
        return self._function(symbol, now)


class RecordedSource:
    """Quotes of a recording, each valid from its time on; `now.ts` walks through it."""

    def __init__(self, rows: Iterable[tuple[int, str, int, int]]) -> None:
        """`rows` are (ts_ms, symbol, price_e6, confidence_e6), times not decreasing per symbol."""
        self._times: dict[str, list[int]] = {}
        self._quotes: dict[str, list[Quote]] = {}
        for ts_ms, symbol, price_e6, confidence_e6 in rows:
            times = self._times.setdefault(symbol, [])
            if times and ts_ms < times[-1]:
                raise InputError("ts_ms", ts_ms, f"must not be before {times[-1]} ({symbol})")
            times.append(ts_ms)
            self._quotes.setdefault(symbol, []).append(Quote(price_e6, confidence_e6, ts_ms // 1000))

    @classmethod
    def from_csv(cls, path: Path | str, confidence_bps: int = 5) -> RecordedSource:
        """Read a csv with the columns ts_ms, symbol, price and, if there, confidence (both decimal text)."""
        try:
            with Path(path).open(newline="", encoding="utf-8") as file:
                return cls(_rows(csv.DictReader(file), str(path), confidence_bps))
        except OSError as error:
            raise InputError("source_path", str(path), f"cannot be read: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError("source_path", str(path), f"is not a csv file: {error}") from error

    async def latest(self, symbol: str, now: Now) -> Quote | None:
        """The last quote at or before `now.ts`."""
        index = bisect_right(self._times.get(symbol, []), now.ts * 1000 + 999)
        return self._quotes[symbol][index - 1] if index else None


def _rows(reader: csv.DictReader[str], path: str, confidence_bps: int) -> Iterable[tuple[int, str, int, int]]:
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
        raise InputError("source_path", path, f"lacks the columns {', '.join(missing)}")
    for row in reader:
        where = f"{path} line {reader.line_num}"
        if not (row["ts_ms"] or "").isdigit() or not row["price"]:
            raise InputError(where, dict(row), "must hold whole milliseconds and a price")
        price_e6 = price_e6_from(row["price"], field=f"{where} price")
        stated = row.get("confidence")
        confidence_e6 = (
            price_e6_from(stated, field=f"{where} confidence")
            if stated
            else confidence_of(price_e6, confidence_bps)
        )
        yield int(row["ts_ms"]), row["symbol"], price_e6, confidence_e6
