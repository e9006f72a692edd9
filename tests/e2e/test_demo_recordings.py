"""Recordings through the same door: real ones, and small ones of our own in the same formats."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from tests.e2e.demo_command import DemoCommand, DemoRun, assert_proven

REAL = {
    "perp_binance_usdm_BTCUSDT_20230405.jsonl.gz": ("binance", 100),
    "perp_hyperliquid_BTC_20250126.jsonl.gz": ("hyperliquid", 34),
    "l3_lobster_nasdaq_AAPL_20120621_head999_message_10.csv.gz": ("lobster", 94),
    "l3_databento_cme_ESM4_20240508_2s_mbo.csv.gz": ("databento", 5),
    "l3_bitstamp_BTCUSD_20150501.log.gz": ("bitstamp", 100),
    "perp_trades_freqtrade_ETHUSDT_20230202.csv.gz": ("trades", 150),
    "ohlcv1m_BTC-PERP_20211231-20220117.csv.gz": ("bars", 0),
    "perp_dydxv3_multi_20211028.ws.txt.gz": ("dydx", 22),
}
REFUSED = (
    "perp_bitmex_multi_20210722.ws.txt.gz",
    "funding_binance_XRPUSDT_202111_8h-funding_rate.csv.gz",
    "funding_hyperliquid_alldexs_assetctxs_snapshot.json.gz",
    "l3_lobster_nasdaq_AAPL_20120621_head999_orderbook_10.csv.gz",
)
LOBSTER_HOUR = "l3_lobster_nasdaq_AAPL_20120621_0930-1030_message_50.csv.gz"
TRADES = 150


@pytest.fixture(scope="module")
def market_data() -> Path:
    """The folder of real recordings."""
    folder = os.environ.get("GDX_TEST_DATA")
    if not folder:
        pytest.skip("GDX_TEST_DATA is not set: no real recordings here")
    return Path(folder) / "market"


def replay(demo: DemoCommand, path: Path, trades: int = TRADES) -> DemoRun:
    run = demo.run("--json", "--trades", str(trades), "--recording", str(path))
    assert_proven(run)
    return run


@pytest.mark.recordings
@pytest.mark.parametrize("name", REAL)
def test_a_real_recording_is_settled_and_proven(demo: DemoCommand, market_data: Path, name: str) -> None:
    title, recorded = REAL[name]
    result = replay(demo, market_data / name).result
    assert title in result["recording"]["format"]
    assert result["recording"]["file"] == name
    assert result["trades_recorded"] >= recorded
    assert result["trades"] >= TRADES
    assert result["liquidations"] >= 1
    assert result["funding_periods"] >= 1
    known = result["venue_trades"]["known"]
    assert result["venue_trades"]["reproduced"] >= known * 9 // 10
    assert result["mismatch_count"] == known - result["venue_trades"]["reproduced"]


@pytest.mark.recordings
@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_that_is_no_recording_is_refused(demo: DemoCommand, market_data: Path, name: str) -> None:
    run = demo.run("--json", "--recording", str(market_data / name))
    assert run.exit_code == 1
    assert run.stdout == ""
    assert name in run.error


@pytest.mark.recordings
def test_an_hour_of_nasdaq_hits_the_front_of_the_queue(demo: DemoCommand, market_data: Path) -> None:
    """4,055 executions of known orders; a check beforehand found 4,031 of them at the front."""
    result = replay(demo, market_data / LOBSTER_HOUR, 100_000).result
    assert result["venue_trades"]["known"] == 4_055
    assert result["venue_trades"]["reproduced"] >= 4_031
    assert len(result["mismatches"]) == result["mismatch_count"]
    assert all(mismatch["venue_maker"] for mismatch in result["mismatches"])


def test_our_own_order_by_order_recording(demo: DemoCommand, tmp_path: Path) -> None:
    """LOBSTER messages of two price levels; every execution names the first in its queue."""
    lines, next_id = [], 1
    queues: dict[int, list[int]] = {1: [], -1: []}
    for step in range(300):
        at = f"{34_200 + step * 2}.{step:09}"
        for side, price in ((1, 999_900), (-1, 1_000_100)):
            lines.append(f"{at},1,{next_id},10,{price},{side}")
            queues[side].append(next_id)
            next_id += 1
        side = 1 if step % 2 else -1
        price = 999_900 if side == 1 else 1_000_100
        lines.append(f"{at},4,{queues[side].pop(0)},10,{price},{side}")
    path = tmp_path / "messages.gz"
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    result = replay(demo, path).result
    assert result["recording"]["format"] == "lobster"
    assert result["venue_trades"]["known"] == result["venue_trades"]["reproduced"] == TRADES
    assert result["trades_recorded"] == TRADES


@pytest.mark.parametrize("scale", ["0.1", "100000"])
def test_our_own_trades_at_both_ends_of_the_price_scale(
    demo: DemoCommand, tmp_path: Path, scale: str
) -> None:
    rng = random.Random(5)
    digits = 5 if scale == "0.1" else 1
    price = float(scale)
    rows = ["timestamp,side,price,amount"]
    for step in range(200):
        price *= 1 + rng.randint(-3, 3) / 10_000
        side = rng.choice(("buy", "sell"))
        rows.append(f"{1_675_329_600_000 + step * 700},{side},{price:.{digits}f},{rng.randint(1, 9) / 10}")
    path = tmp_path / "trades.csv"
    path.write_text("\n".join(rows) + "\n")
    result = replay(demo, path).result
    assert result["trades_recorded"] == TRADES
    assert result["refusals"] == {}
