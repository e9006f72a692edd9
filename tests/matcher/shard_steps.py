"""Steps that several shard tests take."""

from __future__ import annotations

from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.shard import Shard

from gdx_sdk.units import Side
from tests.matcher.matcher_flows import MARKETS, PRICE, SIZE, Flow

T0 = 1_700_000_000_000
BTC = MARKETS[0]


def run_flow(shard: Shard, seed: int, count: int, group: int = 50) -> None:
    """Random commands in groups; batches are confirmed with a lag."""
    pairs = Flow(seed, reduce_only=True).take(count)
    for start in range(0, count, group):
        shard.submit_many(pairs[start : start + group])
        for index, cutter in shard.cutters.items():
            if len(cutter.unsettled) > 3:
                settle_first(shard, index)


def settle_first(shard: Shard, market_index: int) -> None:
    """What relayer and chain do with the first unsettled batch."""
    cutter = shard.cutters[market_index]
    batch = cutter.unsettled[0]
    shard.outbox.mark_settled(cutter.market, batch.sequence, batch.batch_id, "signature", 1)
    events = shard.confirm(
        market_index, batch.sequence, shard.engine.now_ms, reference_price_e6=1_000 * PRICE, timestamp_ts=1
    )
    assert isinstance(events[-1], e.BatchConfirmed)


def ids(shard: Shard) -> list[bytes]:
    return [batch.batch_id for cutter in shard.cutters.values() for batch in cutter.unsettled]


def trade(
    shard: Shard, number: int, buyer: int, seller: int, now_ms: int, size: int = 100 * SIZE
) -> e.TradeExecuted:
    """One trade in the first market between two accounts."""
    shard.submit(c.PlaceOrder(2 * number, seller, 0, Side.SELL, 1_000 * PRICE, size), now_ms)
    events = shard.submit(c.PlaceOrder(2 * number + 1, buyer, 0, Side.BUY, 1_000 * PRICE, size), now_ms)
    [traded] = [event for event in events if isinstance(event, e.TradeExecuted)]
    return traded
