"""What one user can do to a batch is blamed on a trade, which the matcher breaks; the market goes on."""

from __future__ import annotations

import pytest
from gdx_keepers.core.verdict import Verdict, judge, named_index

from gdx_sdk.batch import SealedBatch, Side
from gdx_sdk.errors import ProgramError
from gdx_sdk.errors.registry import explain
from tests.programs.harness.chain import Chain
from tests.programs.harness.tokens import USDT

from .market import ONE, V1, V2, Market, Trader

VERSIONS = pytest.mark.parametrize("version", [V1, V2])
STRAYED = 50_030 * 10**6
"""30 USDT per base unit beside the oracle's 50,000, within the band."""


def blamed(market: Market, batch: SealedBatch, error: str) -> int | None:
    """Trade or entry that the relayer reads from the refusal, which it has to hand to the matcher."""
    logs = market.chain.refused(market.settle(batch), error=error)
    entry = explain(error)
    refusal = ProgramError("position_mgmt", entry.code, error, entry.sentence, logs)
    assert judge(refusal) is Verdict.REFUSE
    return named_index(refusal)


def after_breaking(market: Market, batch: SealedBatch, index: int | None) -> SealedBatch:
    """The batch as the matcher rebuilds it: without the trade, or without the last one of the entry."""
    assert index is not None
    trades = list(batch.trades)
    if batch.version == V2:
        key = batch.positions[index]
        index = max(n for n, trade in enumerate(trades) if key in (trade.taker, trade.maker))
    del trades[index]
    return market.seal(batch.version, *trades)


@VERSIONS
@pytest.mark.parametrize("side", ["taker", "maker"])
def test_who_closes_a_position_breaks_only_the_own_trade(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int, side: str
) -> None:
    """Whoever was matched and leaves before the batch lands must not halt the market."""
    leaver = market.trader(1_000 * USDT)
    pair = (leaver, alice) if side == "taker" else (alice, leaver)
    first = market.trade(alice, bob, ONE // 10)
    theirs = market.trade(*pair, ONE // 100)
    last = market.trade(bob, alice, ONE // 10)
    batch = market.seal(version, first, theirs, last)
    chain.send(market.request_release(leaver, 1_000 * USDT))
    chain.advance(20)
    chain.send(market.execute_release(leaver))
    chain.send(market.close_position(leaver))
    index = blamed(market, batch, "BadPositionAccounts")
    rebuilt = after_breaking(market, batch, index)
    assert list(rebuilt.trades) == [first, last]
    chain.send(market.settle(rebuilt))
    market.check_books()


@VERSIONS
def test_who_uses_up_the_hour_s_slippage_halts_nobody_who_trades_at_the_oracle_s_price(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    """Two accounts of one person trade beside the oracle's price: what strays most is named."""
    chain.send(market.set_market_limits(max_slippage_per_hour_atoms=60 * USDT))
    washer, washed = market.trader(40_000 * USDT), market.trader(40_000 * USDT)
    market.settled(version, market.trade(washer, washed, price_e6=STRAYED))
    assert market.read().slippage_used_atoms == 60 * USDT
    bought = market.trade(alice, bob, ONE // 10)
    more = [market.trade(washer, washed, n * 10**6, price_e6=STRAYED, side=Side.SELL) for n in (1, 2)]
    sold = market.trade(bob, alice, ONE // 20)
    batch = market.seal(version, bought, *more, sold)
    for left in ([bought, more[0], sold], [bought, sold]):
        batch = after_breaking(market, batch, blamed(market, batch, "MarketSlippageExceeded"))
        assert list(batch.trades) == left
    chain.send(market.settle(batch))
    market.check_books()
