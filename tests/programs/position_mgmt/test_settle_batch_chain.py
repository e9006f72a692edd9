"""settle_batch: each market's gapless chain of batches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch, seal_batch
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call

from .batch_bytes import EPOCH, raw, with_bytes
from .market import ONE, V1, V2, Market, Trader, batch_address


def _two(market: Market, alice: Trader, bob: Trader) -> tuple[SealedBatch, SealedBatch]:
    """Two settled batches."""
    first, _ = market.settled(V1, market.trade(alice, bob))
    second, _ = market.settled(V2, market.trade(bob, alice, ONE // 2))
    return first, second


def _without_effect(market: Market, call: Call, *keys: Pubkey) -> None:
    chain = market.chain
    watched = [market.key, market.exchange.relayer, *[meta.pubkey for meta in call.remaining], *keys]
    before = [chain.account(key) for key in watched]
    assert chain.send(call).events == []
    assert [chain.account(key) for key in watched] == before


def test_each_batch_names_the_one_before(market: Market, alice: Trader, bob: Trader) -> None:
    first, second = _two(market, alice, bob)
    assert first.previous_id == bytes(32)
    assert second.previous_id == first.batch_id
    assert market.read().last_batch_id == second.batch_id


def test_sending_a_settled_batch_again_succeeds_without_effect(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, second = _two(market, alice, bob)
    for batch in (first, second):
        _without_effect(market, market.settle(batch), batch_address(batch.batch_id))
    chain.advance(10**6)
    _without_effect(market, market.settle(first))
    flushed = with_bytes(first.encode(EPOCH), flags=b"\0")  # flags are no part of the id
    _without_effect(market, raw(market, flushed, first.positions))


def test_a_known_batch_is_known_in_a_halted_market_too(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, _ = _two(market, alice, bob)
    chain.send(market.set_market_status(2))
    _without_effect(market, market.settle(first))


def test_refuses_other_content_under_a_settled_sequence(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, second = _two(market, alice, bob)
    other = seal_batch(V1, market.key, 1, bytes(32), [market.trade(alice, bob, 7)])
    chain.refused(market.settle(other), error="BatchConflict")
    other = seal_batch(V2, market.key, 2, first.batch_id, [market.trade(alice, bob, 7)])
    chain.refused(market.settle(other), error="BatchConflict")
    chain.refused(market.settle(replace(second, root=bytes(32))), error="BatchConflict")


def test_refuses_to_pass_another_record_for_a_settled_sequence(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, second = _two(market, alice, bob)
    call = market.settle(first)
    for other in (second.batch_id, bytes(32)):
        chain.refused(call.but(batch=batch_address(other)), error="WrongBatchAddress")


def test_a_pruned_batch_is_too_old_to_compare(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, second = _two(market, alice, bob)
    chain.advance(3_601)
    chain.send(market.prune_batch(first.batch_id))
    chain.refused(market.settle(first), error="BatchTooOld")
    _without_effect(market, market.settle(second))


def test_a_pruned_batch_from_the_future_is_too_old(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    """Trades may lie a minute ahead of the clock, so a record may be gone a minute before their time."""
    ahead_ms = (chain.now_ts + 60) * 1_000
    first, _ = market.settled(V1, market.trade(alice, bob, ONE // 10, at_ms=ahead_ms))
    market.settled(V1, market.trade(alice, bob, ONE // 10, at_ms=ahead_ms))
    chain.advance(3_601)
    chain.send(market.prune_batch(first.batch_id))
    chain.refused(market.settle(first), error="BatchTooOld")


def test_other_content_as_old_as_the_retention_time_is_too_old(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    _two(market, alice, bob)
    start = chain.now_ts
    other = seal_batch(V1, market.key, 1, bytes(32), [market.trade(alice, bob, 7)])
    chain.set_clock(ts=start + 3_539)
    chain.refused(market.settle(other), error="BatchConflict")
    chain.set_clock(ts=start + 3_540)
    chain.refused(market.settle(other), error="BatchTooOld")


@pytest.mark.parametrize("ahead", [2, 3, 1_000, 2**64 - 2])
def test_refuses_gaps(market: Market, alice: Trader, bob: Trader, chain: Chain, ahead: int) -> None:
    _, second = _two(market, alice, bob)
    sequence = min(2 + ahead, 2**64 - 1)
    batch = seal_batch(V1, market.key, sequence, second.batch_id, [market.trade(alice, bob, 7)])
    chain.refused(market.settle(batch), error="BatchOutOfOrder")


def test_refuses_another_predecessor(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    first, _ = _two(market, alice, bob)
    for previous in (first.batch_id, b"\1" + bytes(31)):
        batch = seal_batch(V1, market.key, 3, previous, [market.trade(alice, bob, 7)])
        chain.refused(market.settle(batch), error="BatchPreviousMismatch")


def test_refuses_sequence_zero_and_a_first_batch_with_a_predecessor(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    batch = market.seal(V1, market.trade(alice, bob))
    data = batch.encode(EPOCH)
    for changed in (
        with_bytes(data, sequence=bytes(8)),
        with_bytes(data, previous=b"\1"),
        with_bytes(data, sequence=b"\2"),
    ):
        chain.refused(raw(market, changed, batch.positions), error="BatchMalformed")


def test_a_refused_sequence_is_rebuilt_without_the_bad_trade(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    good, bad = market.trade(alice, bob), market.trade(alice, market.trader(0))
    refused = market.seal(V1, good, bad)
    chain.refused(market.settle(refused), error="InsufficientMargin")
    rebuilt = market.seal(V1, good)
    assert (rebuilt.sequence, rebuilt.previous_id) == (refused.sequence, refused.previous_id)
    chain.send(market.settle(rebuilt))
    chain.refused(market.settle(refused), error="BatchConflict")


def test_markets_have_chains_of_their_own(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    first, second = _two(market, alice, bob)
    carol, dave = other_market.trader(), other_market.trader()
    own, _ = other_market.settled(V1, other_market.trade(carol, dave))
    assert (own.sequence, own.previous_id) == (1, bytes(32))
    assert other_market.read().last_batch_sequence == 1
    # A batch of one market means nothing in another.
    for batch in (first, second):
        call = market.settle(batch).but(market=other_market.key, price_feed=other_market.feed)
        error = "BatchPreviousMismatch" if batch is second else "WrongBatchAddress"
        chain.refused(call, error=error)


def test_a_sequence_ends_with_its_type(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    _, second = _two(market, alice, bob)
    chain.rewrite(market.key, last_batch_sequence=2**64 - 1)
    batch = seal_batch(V1, market.key, 2**64 - 1, second.batch_id, [market.trade(alice, bob, 7)])
    chain.refused(market.settle(batch), error="BatchConflict")
