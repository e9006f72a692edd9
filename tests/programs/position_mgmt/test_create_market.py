"""create_market: the admin, after the delay; the symbol makes the address, the pool comes with it."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.vault_world import pool_of

from .attacks import VAULT_ADDRESS, refuses_durable_nonce, refuses_everyone_but_admin, refuses_other_config
from .exchange import CONFIG, PARAMS, Exchange, market_of, symbol_hash

SYMBOL = "SOL-PERP"
PRICE_E6 = 150 * 10**6


@pytest.fixture
def feed(exchange: Exchange) -> Pubkey:
    return exchange.feed(SYMBOL, PRICE_E6).address


def test_creates_market_and_pool(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    event = chain.send(exchange.create_market(SYMBOL, feed)).event("MarketCreated")
    market, key = chain.read(market_of(SYMBOL)), market_of(SYMBOL)
    assert (market.authority, market.market_id, market.price_oracle) == (CONFIG, symbol_hash(SYMBOL), feed)
    assert (market.symbol, market.base_asset.rstrip(b"\0")) == (b"SOL-PERP".ljust(32, b"\0"), b"BTC")
    assert (market.usdt_vault, market.fee_recipient) == (pool_of(key), exchange.admin)
    assert (market.status, market.is_active, market.market_index, market.layout_version) == (0, 1, 0, 2)
    assert (market.last_batch_sequence, market.last_batch_id) == (0, bytes(32))
    assert market.last_batch_ts == market.last_funding_update == chain.now_ts
    assert {name: _param(market, name) for name in PARAMS} == dict(PARAMS)
    pool = chain.read(pool_of(key))
    assert (pool.market, pool.locked_atoms, pool.insurance_atoms) == (key, 0, 0)
    assert (event.market, event.price_oracle, event.pool) == (key, feed, pool_of(key))
    assert (event.head.sequence, event.market_index, vars(event.params)) == (1, 0, dict(PARAMS))


def test_markets_are_counted(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    for index, symbol in enumerate(("A", "B", "C")):
        chain.send(exchange.create_market(symbol, feed))
        assert chain.read(market_of(symbol)).market_index == index
    assert exchange.read().market_count == 3


def test_waits_for_the_delay_of_exactly_this_market(delayed: Exchange, chain: Chain) -> None:
    feed = delayed.feed(SYMBOL, PRICE_E6).address
    call = delayed.create_market(SYMBOL, feed)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call)))
    chain.advance(86_399)
    chain.refused(call, error="DelayNotPassed")
    chain.advance(1)
    cheaper = delayed.create_market(SYMBOL, feed, params=dict(PARAMS) | {"taker_fee_ppm": 499})
    chain.refused(cheaper, error="ChangeNotProposed")
    other = delayed.feed("ETH-PERP", 3_000 * 10**6).address
    chain.refused(call.but(price_feed=other), error="ChangeNotProposed")
    chain.send(call)
    assert delayed.read().pending_change_hash == bytes(32)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"maintenance_margin_ratio_bps": 0}, "BadMarginRatios"),
        ({"maintenance_margin_ratio_bps": 500}, "BadMarginRatios"),
        ({"initial_margin_ratio_bps": 10_001}, "BadMarginRatios"),
        ({"max_leverage": 0}, "BadLeverageLimit"),
        ({"max_leverage": 21}, "BadLeverageLimit"),
        ({"taker_fee_ppm": 10_001}, "BadFees"),
        ({"maker_fee_ppm": 10_001}, "BadFees"),
        ({"maker_fee_ppm": -501}, "BadFees"),
        ({"maker_fee_ppm": -(2**15)}, "BadFees"),
        ({"liquidation_fee_ppm": 25_000}, "BadLiquidationFee"),
        ({"liquidation_fee_ppm": 50_001, "maintenance_margin_ratio_bps": 499}, "BadLiquidationFee"),
        ({"price_band_bps": 0}, "BadPriceBand"),
        ({"price_band_bps": 10_000}, "BadPriceBand"),
        ({"min_position_size_e8": 0}, "BadLimits"),
        ({"min_position_size_e8": 2, "max_position_size_e8": 1}, "BadLimits"),
        ({"max_position_size_e8": 2, "min_position_size_e8": 1, "max_open_interest_e8": 1}, "BadLimits"),
        ({"max_open_interest_e8": 2**63}, "BadLimits"),
        ({"max_slippage_per_hour_atoms": 0}, "BadLimits"),
    ],
    ids=str,
)
def test_refuses_terms_that_make_no_sense(
    exchange: Exchange, chain: Chain, feed: Pubkey, changes: dict[str, int], error: str
) -> None:
    chain.refused(exchange.create_market(SYMBOL, feed, params=dict(PARAMS) | changes), error=error)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"symbol": bytes(32), "symbol_hash": symbol_hash("")}, "BadSymbol"),
        ({"symbol": b"SOL PERP".ljust(32, b"\0"), "symbol_hash": symbol_hash("SOL PERP")}, "BadSymbol"),
        ({"symbol": b"SOL\0PERP".ljust(32, b"\0"), "symbol_hash": symbol_hash("SOL")}, "BadSymbol"),
        ({"symbol": "SÖL".encode().ljust(32, b"\0"), "symbol_hash": symbol_hash("SÖL")}, "BadSymbol"),
        ({"symbol_hash": symbol_hash("SOL")}, "WrongSymbolHash"),
        ({"symbol_hash": bytes(32)}, "WrongSymbolHash"),
        ({"fee_recipient": Pubkey.default()}, "DefaultAddressRefused"),
    ],
    ids=["empty", "space", "hole", "not ascii", "other hash", "no hash", "no fee recipient"],
)
def test_refuses_names_that_make_no_sense(
    exchange: Exchange, chain: Chain, feed: Pubkey, changes: dict[str, Any], error: str
) -> None:
    chain.refused(exchange.create_market(SYMBOL, feed, **changes), error=error)


def test_a_symbol_may_fill_all_its_bytes(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    chain.send(exchange.create_market("X" * 32, feed))
    assert chain.read(market_of("X" * 32)).symbol == b"X" * 32


def test_refuses_the_same_symbol_twice(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    chain.send(exchange.create_market(SYMBOL, feed))
    chain.refused(exchange.create_market(SYMBOL, feed), error="system.AccountAlreadyInUse")


def test_refuses_another_address(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    call = exchange.create_market(SYMBOL, feed)
    chain.refused(call.but(market=market_of("OTHER")), error="ConstraintSeeds")
    chain.refused(call.but(pool=pool_of(market_of("OTHER"))), error="collateral_vault.ConstraintSeeds")


def test_refuses_to_wrap_the_count(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    chain.rewrite(CONFIG, market_count=2**32 - 1)
    chain.refused(exchange.create_market(SYMBOL, feed), error="MathOverflow")


def test_refusals(exchange: Exchange, chain: Chain, feed: Pubkey) -> None:
    call = exchange.create_market(SYMBOL, feed)
    refuses_everyone_but_admin(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    # A market takes its feed's address; whether the feed is whole, every reading of a price finds out.
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS, price_feed__stunted=None)


def _param(market: Any, name: str) -> int:
    renamed = {
        "initial_margin_ratio_bps": "initial_margin_ratio",
        "maintenance_margin_ratio_bps": "maintenance_margin_ratio",
        "maker_fee_ppm": "maker_fee",
        "taker_fee_ppm": "taker_fee",
    }
    return int(getattr(market, renamed.get(name, name)))
