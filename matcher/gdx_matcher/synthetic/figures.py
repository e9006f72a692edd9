"""The figures the synthetic market is built on, measured from recordings of real venues by `calibrate`.

===================  =================================================================================
figure               measured from
===================  =================================================================================
order flow           NASDAQ AAPL, 2012-06-21 09:30–10:30 New York, order by order (LOBSTER sample):
                     44,256 orders added, 4,067 executions
aggressors           ETHUSDT perpetual, 2023-02-02 09:20–09:23 UTC, 1,000 trades added up per aggressor
arrivals, spread,    BTCUSDT perpetual (Binance USD-M), 2023-04-05 00:00–00:07 UTC: 10,737 trades,
basis                37,440 best quotes, 415 mark and index prices
volatility           BTC perpetual, one-minute bars, 2021-12-31 to 2022-01-17, among them the falls of
                     5 and 10 January
===================  =================================================================================

Shares are parts per million; percentiles are those of `PERCENTILES`.
"""

from __future__ import annotations

from typing import Final

PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)

TRADES_PER_MINUTE: Final = 1_553
"""Arrivals of a busy perpetual. A synthetic hour of so many would be 93,180 trades: it is thinned out, and
what is measured per trade or per minute of price movement stays as measured."""

ADDS_PER_100_TRADES: Final = 1_088
CANCELS_PER_ADD_PPM: Final = 924_891
LIFE_MS: Final = (0, 1, 3, 44, 373, 2_390, 11_175, 19_363, 114_173)
"""From an order's arrival to its cancel, at `ORDER_FLOW_TRADES_PER_MINUTE`."""
ORDER_FLOW_TRADES_PER_MINUTE: Final = 67
DISTANCE_PPM: Final = (-52, 17, 68, 188, 341, 597, 1_452, 2_284, 3_170)
"""New orders' distance from the last trade, away from the market (< 0: inside)."""

SAME_SIDE_PPM: Final = 607_607
"""How often an aggressor is on the side of the one before."""
TAKER_NOTIONAL_USD: Final = 1_333
"""Median size of an aggressor's order."""
SIZE_PPM_OF_MEDIAN: Final = (
    3_750,
    6_250,
    13_750,
    125_000,
    1_000_000,
    5_996_250,
    23_608_750,
    41_930_000,
    85_805_000,
)

SPREAD_PPM: Final = 3
WIDE_SPREAD_PPM: Final = 33
"""99th percentile of the spread on a moving day (ETHUSDT perpetual, 2024-08-08 23:54–00:00 UTC)."""
BASIS_PPM: Final = -449
"""Median of mark against index."""
VOLATILITY_1M_PPM: Final = 820
"""Root mean square of the price's moves per minute."""
