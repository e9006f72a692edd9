"""Price sources."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.feeds import CallableSource, Quote, RecordedSource, StaticSource

from gdx_sdk.errors import InexactQuantity, InputError


def at(ts: int) -> Now:
    return Now(0, ts, ts * 1000)


async def test_static_prices_are_always_fresh() -> None:
    source = StaticSource({"SOL-PERP": 96_500_000}, confidence_bps=5)
    assert await source.latest("SOL-PERP", at(10)) == Quote(96_500_000, 48_250, 10)
    assert await source.latest("BTC-PERP", at(10)) is None


async def test_a_function_is_asked_with_symbol_and_time() -> None:
    source = CallableSource(lambda symbol, now: Quote(now.ts, len(symbol), now.ts))
    assert await source.latest("SOL", at(7)) == Quote(7, 3, 7)


async def test_a_recording_is_walked_by_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(
        "ts_ms,symbol,price,confidence\n1000,SOL,96.5,0.05\n2999,SOL,97,\n2500,BTC,60000.000001,1\n"
    )
    source = RecordedSource.from_csv(file, confidence_bps=1)
    assert await source.latest("SOL", at(0)) is None
    assert await source.latest("SOL", at(1)) == Quote(96_500_000, 50_000, 1)
    assert await source.latest("SOL", at(2)) == Quote(97_000_000, 9_700, 2)
    assert await source.latest("SOL", at(99)) == Quote(97_000_000, 9_700, 2)
    assert await source.latest("BTC", at(2)) == Quote(60_000_000_001, 1_000_000, 2)
    assert await source.latest("ETH", at(99)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ts,price\n1,2\n", "lacks the columns ts_ms, symbol"),
        ("ts_ms,symbol,price\nsoon,SOL,1\n", "line 2"),
        ("ts_ms,symbol,price\n1,SOL,\n", "line 2"),
        ("ts_ms,symbol,price\n1,SOL,-4\n", "must be between 1"),
        ("ts_ms,symbol,price\n1,SOL,0.0000001\n", "multiple of 1e-6"),
        ("ts_ms,symbol,price\n2,SOL,1\n1,SOL,1\n", "must not be before 2"),
    ],
)
def test_a_broken_recording_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(text)
    with pytest.raises((InputError, InexactQuantity), match=words):
        RecordedSource.from_csv(file)


def test_an_absent_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        RecordedSource.from_csv(tmp_path / "none.csv")
