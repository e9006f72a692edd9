"""prune_batch: an old record goes, its rent back to the relayer that settled it."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_other_config
from .market import V1, Market, Trader, batch_address


@pytest.fixture
def old_id(market: Market, alice: Trader, bob: Trader, chain: Chain) -> bytes:
    """The first of two batches, as old as the retention time."""
    batch, _ = market.settled(V1, market.trade(alice, bob))
    market.settled(V1, market.trade(bob, alice))
    chain.advance(3_601)
    return batch.batch_id


def test_removes_the_record(market: Market, old_id: bytes, chain: Chain) -> None:
    relayer = market.exchange.relayer
    before, record = chain.account(relayer), chain.account(batch_address(old_id))
    assert before is not None
    assert record is not None
    event = chain.send(market.prune_batch(old_id)).event("BatchPruned")
    after = chain.account(relayer)
    assert after is not None
    assert after.lamports == before.lamports + record.lamports
    assert chain.account(batch_address(old_id)) is None
    assert (event.market, event.batch_id, event.batch_sequence) == (market.key, old_id, 1)
    assert event.head.sequence == market.read().event_sequence
    chain.refused(market.prune_batch(old_id), error="AccountOwnedByWrongProgram")


def test_not_a_second_too_early(market: Market, old_id: bytes, chain: Chain) -> None:
    chain.set_clock(ts=chain.now_ts - 1)
    chain.refused(market.prune_batch(old_id), error="BatchNotPrunable")
    chain.set_clock(ts=chain.now_ts + 1)
    chain.send(market.prune_batch(old_id))


def test_never_the_last_one(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    batch, _ = market.settled(V1, market.trade(alice, bob))
    chain.advance(10**6)
    chain.refused(market.prune_batch(batch.batch_id), error="BatchNotPrunable")


def test_without_the_market_a_day_later(market: Market, old_id: bytes, chain: Chain) -> None:
    """As after the market was closed; nothing of the market is touched."""
    relayer, books = market.exchange.relayer, market.read()
    before, record = chain.account(relayer), chain.account(batch_address(old_id))
    assert before is not None
    assert record is not None
    call = market.prune_batch(old_id).but(market=None)
    chain.advance(86_399)
    chain.refused(call, error="BatchNotPrunable")
    chain.advance(1)
    event = chain.send(call).event("OrphanedBatchPruned")
    after = chain.account(relayer)
    assert after is not None
    assert after.lamports == before.lamports + record.lamports
    assert (event.market_index, event.batch_id, event.batch_sequence) == (books.market_index, old_id, 1)
    assert event.head.sequence == 1
    assert market.read() == books


def test_a_last_record_pruned_without_its_market_is_still_known(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    """The market keeps the id of its last batch, so the record is not needed to refuse it."""
    batch, _ = market.settled(V1, market.trade(alice, bob))
    chain.advance(3_601 + 86_400)
    chain.send(market.prune_batch(batch.batch_id).but(market=None))
    books = market.read()
    chain.send(market.settle(batch))
    assert market.read() == books


def test_refuses_another_relayer_or_market(
    market: Market, other_market: Market, old_id: bytes, chain: Chain
) -> None:
    call = market.prune_batch(old_id)
    chain.refused(call.but(relayer=chain.person()), error="WrongBatchRelayer")
    chain.refused(call.but(market=other_market.key), error="WrongMarket")


def test_the_rent_goes_to_who_settled(market: Market, old_id: bytes, chain: Chain) -> None:
    exchange, settled_by = market.exchange, market.exchange.relayer
    heir = chain.person()
    chain.send(exchange.approve_relayer(heir))
    chain.send(exchange.set_active_relayer(heir))
    chain.refused(market.prune_batch(old_id, heir), error="WrongBatchRelayer")
    chain.send(market.prune_batch(old_id, settled_by))


def test_refusals(market: Market, old_id: bytes, chain: Chain) -> None:
    call = market.prune_batch(old_id)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
