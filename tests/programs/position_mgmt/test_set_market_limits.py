"""set_market_limits: margin, fees and limits of a market, after the delay."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import PARAMS, Exchange
from .market import Market


def test_replaces_every_figure(market: Market, chain: Chain) -> None:
    params = {
        "max_leverage": 10,
        "initial_margin_ratio_bps": 1_000,
        "maintenance_margin_ratio_bps": 600,
        "maker_fee_ppm": 10,
        "taker_fee_ppm": 20,
        "liquidation_fee_ppm": 30,
        "price_band_bps": 40,
        "min_position_size_e8": 50,
        "max_position_size_e8": 60,
        "max_open_interest_e8": 70,
        "max_slippage_per_hour_atoms": 80,
    }
    event = chain.send(market.set_market_limits(**params)).event("MarketLimitsSet")
    now = market.read()
    assert vars(event.params) == params
    assert (event.market, event.head.sequence) == (market.key, now.event_sequence)
    assert (now.max_leverage, now.initial_margin_ratio, now.maintenance_margin_ratio) == (10, 1_000, 600)
    assert (now.maker_fee, now.taker_fee, now.liquidation_fee_ppm, now.price_band_bps) == (10, 20, 30, 40)
    assert (now.min_position_size_e8, now.max_position_size_e8, now.max_open_interest_e8) == (50, 60, 70)
    assert now.max_slippage_per_hour_atoms == 80


def test_a_change_is_proposed_for_one_market(delayed: Exchange, chain: Chain) -> None:
    markets = []
    for symbol in ("A", "B"):
        feed = delayed.feed(symbol, 10**6)
        create = delayed.create_market(symbol, feed.address)
        chain.send(delayed.propose_change(delayed.change_hash(create)))
        chain.advance(86_400)
        chain.send(create)
        markets.append(Market(delayed, symbol, feed))
    first, second = (one.set_market_limits(taker_fee_ppm=600) for one in markets)
    chain.refused(first, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(first, markets[0].key)))
    chain.refused(first, error="DelayNotPassed")
    chain.advance(86_400)
    chain.refused(second, error="ChangeNotProposed")
    chain.refused(markets[0].set_market_limits(taker_fee_ppm=601), error="ChangeNotProposed")
    chain.send(first)
    assert (markets[0].read().taker_fee, markets[1].read().taker_fee) == (600, PARAMS["taker_fee_ppm"])
    chain.refused(first, error="ChangeNotProposed")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"maintenance_margin_ratio_bps": 500}, "BadMarginRatios"),
        ({"max_leverage": 21}, "BadLeverageLimit"),
        ({"maker_fee_ppm": -501}, "BadFees"),
        ({"liquidation_fee_ppm": 25_000}, "BadLiquidationFee"),
        ({"price_band_bps": 10_000}, "BadPriceBand"),
        ({"max_slippage_per_hour_atoms": 0}, "BadLimits"),
    ],
    ids=str,
)
def test_refuses_terms_that_make_no_sense(
    market: Market, chain: Chain, changes: dict[str, int], error: str
) -> None:
    chain.refused(market.set_market_limits(**changes), error=error)


def test_refusals(market: Market, chain: Chain) -> None:
    call = market.set_market_limits(taker_fee_ppm=700)
    refuses_everyone_but_admin(market.exchange, call)
    refuses_durable_nonce(chain, call, market.exchange.admin)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
