"""Measuring recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from gdx_matcher.recordings import open_recording
from gdx_matcher.recordings.actions import (
    Execution,
    OrderAdded,
    OrderCanceled,
    PriceKind,
    PriceSeen,
    TopOfBook,
    TradePrinted,
)
from gdx_matcher.synthetic import figures
from gdx_matcher.synthetic.calibrate import PERCENTILES, main, measure, percentiles, report

from gdx_sdk.units import Side

E6, E8 = 10**6, 10**8


def test_the_figures_of_a_small_recording() -> None:
    actions = [
        TradePrinted(60_000, Side.BUY, 100 * E6, E8),
        TopOfBook(60_000, 99 * E6, 1, 101 * E6, 1),
        OrderAdded(60_500, "a", Side.BUY, 99 * E6, E8),
        OrderAdded(60_500, "b", Side.SELL, 101 * E6, E8),
        OrderCanceled(61_000, "a"),
        Execution(62_000, "b", Side.BUY, 101 * E6, 3 * E8),
        PriceSeen(62_000, PriceKind.MARK, 101 * E6),
        PriceSeen(62_000, PriceKind.INDEX, 100 * E6),
        TradePrinted(120_000, Side.SELL, 101 * E6, E8),
    ]
    found = report(measure(actions))
    assert found["length_s"] == 60
    assert found["trades"] == found["trades_per_minute"] == 3
    assert found["adds_per_100_trades"] == 66
    assert found["cancels_per_add_ppm"] == found["same_side_ppm"] == 500_000
    assert found["median_notional_usd"] == 101
    assert found["spread_percentiles_ppm"] == (20_000,) * len(PERCENTILES)
    assert found["distance_percentiles_ppm"] == (10_000,) * len(PERCENTILES)
    assert found["life_percentiles_ms"] == (500,) * len(PERCENTILES)
    assert found["basis_percentiles_ppm"] == (10_000,) * len(PERCENTILES)
    assert found["volatility_1m_ppm"] == 0


def test_percentiles_of_nothing() -> None:
    assert percentiles([]) == ()
    assert report(measure([]))["trades"] == 0


def test_the_command_prints_or_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trades"
    path.write_text("timestamp,side,price,amount\n1675329600138,buy,1666.8,26.062\n")
    assert main([str(path)]) == 0
    assert "trades_per_minute" in capsys.readouterr().out
    assert main([str(tmp_path / "absent")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert main([]) == 2


@pytest.mark.recordings
def test_the_figures_written_down_are_those_measured(market_data) -> None:
    def measured(name: str) -> dict[str, object]:
        return report(measure(open_recording(market_data / name).actions()))

    order_flow = measured("l3_lobster_nasdaq_AAPL_20120621_0930-1030_message_50.csv.gz")
    assert order_flow["adds_per_100_trades"] == figures.ADDS_PER_100_TRADES
    assert order_flow["cancels_per_add_ppm"] == figures.CANCELS_PER_ADD_PPM
    assert order_flow["life_percentiles_ms"] == figures.LIFE_MS
    assert order_flow["distance_percentiles_ppm"] == figures.DISTANCE_PPM
    assert order_flow["trades_per_minute"] == figures.ORDER_FLOW_TRADES_PER_MINUTE
    aggressors = measured("perp_trades_freqtrade_ETHUSDT_20230202.csv.gz")
    assert aggressors["same_side_ppm"] == figures.SAME_SIDE_PPM
    assert aggressors["median_notional_usd"] == figures.TAKER_NOTIONAL_USD
    assert aggressors["size_percentiles_ppm_of_median"] == figures.SIZE_PPM_OF_MEDIAN
    perpetual = measured("perp_binance_usdm_BTCUSDT_20230405.jsonl.gz")
    assert perpetual["trades_per_minute"] == figures.TRADES_PER_MINUTE
    assert perpetual["spread_percentiles_ppm"] == (figures.SPREAD_PPM,) * len(PERCENTILES)
    assert perpetual["basis_percentiles_ppm"][PERCENTILES.index(50)] == figures.BASIS_PPM  # type: ignore[index]
    moving = measured("perp_binance_usdm_ETHUSDT_20240808.jsonl.gz")
    assert moving["spread_percentiles_ppm"][-1] == figures.WIDE_SPREAD_PPM  # type: ignore[index]
    bars = measured("ohlcv1m_BTC-PERP_20211231-20220117.csv.gz")
    assert bars["volatility_1m_ppm"] == figures.VOLATILITY_1M_PPM
