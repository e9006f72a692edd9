"""Bars and series of marks: a price path."""

from __future__ import annotations

import pytest
from gdx_matcher.recordings.actions import PriceKind, PriceSeen
from gdx_matcher.recordings.errors import BadLine
from gdx_matcher.recordings.formats.bars import BarsParser

MINUTE_MS = 60_000
START_MS = 1_640_991_660_000


def parse(*lines: str) -> list[PriceSeen]:
    parser = BarsParser()
    actions = [action for line in lines for action in parser.feed(line)] + list(parser.finish())
    assert all(isinstance(action, PriceSeen) for action in actions)
    return actions  # type: ignore[return-value]


def test_a_bar_is_four_prices_a_quarter_apart_far_extreme_first() -> None:
    path = parse(
        "timestamp,open,high,low,close,volume",
        "2021-12-31 23:01:00.000000,10,12,9,11,5",
        "2021-12-31 23:02:00.000000,11,11.5,8,9,5",
    )
    assert [seen.price_e6 // 100_000 for seen in path] == [100, 90, 120, 110, 110, 115, 80, 90]
    assert [seen.at_ms - START_MS for seen in path[:5]] == [0, 15_000, 30_000, 45_000, MINUTE_MS]
    assert {seen.kind for seen in path} == {PriceKind.BAR}


def test_a_gap_does_not_stretch_the_bar_before_it() -> None:
    rows = [f"{START_MS + minute * MINUTE_MS},1,1,1,1" for minute in (0, 1, 10)]
    path = parse("time,open,high,low,close", *rows)
    assert [seen.at_ms - START_MS for seen in path[4:8]] == [60_000, 75_000, 90_000, 105_000]


def test_columns_in_another_order_and_float_noise() -> None:
    [first, *_] = parse(
        "Close;Low;High;Open;Date", "1.2;1.1997200000000001;1.21;1.2;2021-11-15T06:00:00+00:00"
    )
    assert first.price_e6 == 1_200_000


def test_klines_without_a_header() -> None:
    path = parse(
        f"{START_MS},10,12,9,11,5.5,{START_MS + 59_999},7", f"{START_MS + MINUTE_MS},11,12,9,11,5,6,7"
    )
    assert len(path) == 8


def test_funding_rows_carry_the_mark() -> None:
    path = parse("BTCUSDT,1759276800000,-0.00003355,113988.7", "BTCUSDT,1759305600000,0.0001,114488.84474513")
    assert path == [
        PriceSeen(1_759_276_800_000, PriceKind.MARK, 113_988_700_000),
        PriceSeen(1_759_305_600_000, PriceKind.MARK, 114_488_844_745),
    ]
    [seen] = parse("markPrice,fundingTime", "2.5,1759276800000")
    assert seen.price_e6 == 2_500_000


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (f"{START_MS},10,12,11,11", "low = '11'"),
        (f"{START_MS},0.0001,0.0,0.0,0.0", "a series of rates"),
        (f"{START_MS},10,12,9,", "close"),
        (f"{START_MS},10,12,9", "columns"),
        ("later,10,12,9,11", "time"),
    ],
)
def test_the_broken_field_is_named(row, part) -> None:
    with pytest.raises(BadLine, match=part):
        parse("time,open,high,low,close", row)


def test_bars_run_forward() -> None:
    rows = [f"{START_MS},1,1,1,1", f"{START_MS - 1},1,1,1,1"]
    with pytest.raises(BadLine, match="must be after the bar before"):
        parse("time,open,high,low,close", *rows)
