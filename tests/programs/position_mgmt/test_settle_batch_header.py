"""settle_batch: version, permissions, relayer and epoch, flags, clock, record and accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import SealedBatch
from gdx_sdk.units import Side
from tests.programs.harness.chain import SOL, Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_other_config
from .batch_bytes import EPOCH, names, raw, with_bytes
from .exchange import CONFIG, HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, V2, Market, Trader, batch_address

VERSIONS = pytest.mark.parametrize("version", [V1, V2])


@pytest.fixture
def batch(market: Market, alice: Trader, bob: Trader) -> SealedBatch:
    """A V1 batch that would settle."""
    return market.seal(V1, market.trade(alice, bob))


@pytest.mark.parametrize("version", [0, 3, 4, 127, 128, 255])
def test_refuses_versions_that_do_not_exist(
    market: Market, batch: SealedBatch, chain: Chain, version: int
) -> None:
    data = bytes([version]) + batch.encode(EPOCH)[1:]
    chain.refused(raw(market, data, batch.positions), error="InvalidBatchVersion")
    chain.refused(raw(market, bytes([version]), []), error="InvalidBatchVersion")


@pytest.mark.parametrize(("mask", "allowed"), [(0, ()), (1, (V1,)), (2, (V2,)), (3, (V1, V2))])
def test_takes_the_versions_of_the_mask(
    market: Market, alice: Trader, bob: Trader, chain: Chain, mask: int, allowed: tuple[int, ...]
) -> None:
    chain.send(market.exchange.set_allowed_versions(mask))
    for version in (V1, V2):
        call = market.settle(market.seal(version, market.trade(alice, bob, 1_000)))
        if version in allowed:
            chain.send(call)
        else:
            chain.refused(call, error="BatchVersionNotAllowed")


def test_versions_change_live(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    exchange = market.exchange
    for mask, version, other in ((1, V1, V2), (2, V2, V1), (1, V1, V2)):
        chain.send(exchange.set_allowed_versions(mask))
        market.settled(version, market.trade(alice, bob, 1_000))
        refused = market.settle(market.seal(other, market.trade(alice, bob, 1_000)))
        chain.refused(refused, error="BatchVersionNotAllowed")
    assert (market.position(alice).size, market.read().last_batch_sequence) == (3_000, 3)


def test_the_order_of_the_checks(market: Market, batch: SealedBatch, chain: Chain) -> None:
    """Each wrong in turn: version, mask, pause, relayer, header, epoch."""
    exchange, data = market.exchange, batch.encode(2)
    chain.send(exchange.set_allowed_versions(2))
    chain.send(exchange.set_pause_bits(PAUSE["settle"]))
    call = raw(market, data, batch.positions).but(relayer=chain.person())
    chain.refused(call.given(data=b"\3" + data[1:50]), error="InvalidBatchVersion")
    chain.refused(call.given(data=data[:50]), error="BatchVersionNotAllowed")
    chain.send(exchange.set_allowed_versions(3))
    chain.refused(call.given(data=data[:50]), error="SettlePaused")
    chain.send(exchange.set_pause_bits(0))
    chain.refused(call.given(data=data[:50]), error="WrongRelayer")
    call = call.but(relayer=exchange.relayer)
    chain.refused(call.given(data=data[:50]), error="BatchMalformed")
    chain.refused(call, error="WrongEpoch")
    chain.send(call.given(data=batch.encode(EPOCH)))


def test_other_pauses_do_not_stop_settling(
    market: Market, batch: SealedBatch, exchange: Exchange, chain: Chain
) -> None:
    chain.send(exchange.set_pause_bits(PAUSE["settle"]))
    chain.refused(market.settle(batch), error="SettlePaused")
    others = sum(PAUSE.values()) - PAUSE["settle"] - PAUSE["add_risk"]
    chain.send(exchange.set_pause_bits(others))
    chain.send(market.settle(batch))


@VERSIONS
def test_paused_risk_lets_reductions_through(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    market.settled(version, market.trade(alice, bob))
    chain.send(market.exchange.set_pause_bits(PAUSE["add_risk"]))
    more = market.settle(market.seal(version, market.trade(alice, bob, 1)))
    logs = chain.refused(more, error="AddRiskPaused")
    assert names(logs, "trade 0" if version == V1 else "entry 0")
    flip = market.settle(market.seal(version, market.trade(bob, alice, ONE + 1)))
    chain.refused(flip, error="AddRiskPaused")
    market.settled(version, market.trade(bob, alice, ONE // 2))
    market.settled(version, market.trade(alice, bob, ONE // 2, side=Side.SELL))
    assert market.position(alice).size == 0


@VERSIONS
def test_a_reduce_only_market_lets_reductions_through(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    market.settled(version, market.trade(alice, bob))
    chain.send(market.set_market_status(REDUCE_ONLY))
    chain.refused(market.settle(market.seal(version, market.trade(alice, bob, 1))), error="MarketReduceOnly")
    market.settled(version, market.trade(bob, alice))
    chain.refused(market.settle(market.seal(version, market.trade(bob, alice, 1))), error="MarketReduceOnly")


@pytest.mark.parametrize("status", [HALTED, SETTLING])
def test_refuses_a_market_that_stands_still(
    market: Market, batch: SealedBatch, chain: Chain, status: int
) -> None:
    chain.rewrite(market.key, status=status)
    chain.refused(market.settle(batch), error="MarketNotActive")
    chain.refused(market.settle(market.heartbeat()), error="MarketNotActive")


def test_a_revived_relayer_is_fenced(market: Market, batch: SealedBatch, chain: Chain) -> None:
    """The batch keeps its id under the new relayer and epoch; the old one gets nowhere with either."""
    exchange, second = market.exchange, chain.person()
    chain.send(exchange.approve_relayer(second))
    chain.set_clock(slot=chain.slot + 151)
    chain.send(exchange.take_over(second))
    old = raw(market, batch.encode(1), batch.positions)
    new = raw(market, batch.encode(2), batch.positions)
    chain.refused(old, error="WrongRelayer")
    chain.refused(new, error="WrongRelayer")
    chain.refused(old.but(relayer=second), error="WrongEpoch")
    chain.refused(raw(market, batch.encode(3), batch.positions).but(relayer=second), error="WrongEpoch")
    chain.send(new.but(relayer=second))
    record = chain.read(batch_address(batch.batch_id))
    assert record.relayer == second


@pytest.mark.parametrize("flags", [4, 8, 0x80, 0xFF, 5])
def test_refuses_flags_that_do_not_exist(
    market: Market, batch: SealedBatch, chain: Chain, flags: int
) -> None:
    chain.refused(market.settle(replace(batch, flags=flags)), error="BatchMalformed")


def test_refuses_small_batches_unless_flushed(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    chain.send(market.exchange.set_min_batch_size(3))
    trades = [market.trade(alice, bob, 1_000) for _ in range(3)]
    for version in (V1, V2):
        call = market.settle(market.seal(version, *trades[:2], flush=False))
        chain.refused(call, error="BatchTooSmall")
    chain.send(market.settle(market.seal(V1, *trades, flush=False)))
    chain.send(market.settle(market.seal(V2, market.trade(alice, bob, 1_000), flush=True)))
    chain.send(market.settle(market.heartbeat()))


@VERSIONS
def test_a_heartbeat_moves_the_chain_of_batches_alone(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    market.settled(version, market.trade(alice, bob))
    before, position = market.read(), market.position(alice)
    chain.advance(100)
    beat = market.heartbeat(version)
    event = chain.send(market.settle(beat)).event("BatchSettled")
    after = market.read()
    assert (after.last_batch_sequence, after.last_batch_id) == (2, beat.batch_id)
    assert after.last_batch_ts == chain.now_ts
    assert (event.trade_count, event.position_count, event.flags) == (0, 0, 2)
    assert (event.merkle_root, event.mark_price_e6) == (bytes(32), before.mark_price_e6)
    for moved in ("last_batch_sequence", "last_batch_id", "last_batch_ts", "event_sequence"):
        setattr(after, moved, getattr(before, moved))
    assert after == before
    assert market.position(alice) == position
    assert chain.read(batch_address(beat.batch_id)).trade_count == 0


def test_a_heartbeat_needs_no_price(market: Market, chain: Chain) -> None:
    chain.rewrite(market.feed, price_e6=0)
    chain.send(market.settle(market.heartbeat()))


def test_refuses_heartbeats_with_anything_in_them(market: Market, alice: Trader, chain: Chain) -> None:
    beat = market.heartbeat()
    data = beat.encode(EPOCH)
    changed = {
        "root": with_bytes(data, root=b"\1"),
        "duration": with_bytes(data, to_delta=b"\1"),
        "count": with_bytes(data, count=b"\1"),
        "entries": data + b"\0",
        "no flag": with_bytes(data, flags=b"\0"),
        "flush only": with_bytes(data, flags=b"\1"),
    }
    for label, one in changed.items():
        try:
            chain.refused(raw(market, one, []), error="BatchMalformed")
        except AssertionError as failure:
            raise AssertionError(f"{label}: {failure}") from failure
    chain.refused(raw(market, data, [alice.position]), error="BadPositionAccounts")
    chain.send(raw(market, with_bytes(data, flags=b"\3"), []))


def test_refuses_times_ahead_of_the_clock(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    now = chain.now_ts
    for at_ms, is_taken in (((now + 61) * 1_000, False), (2**62, False), ((now + 60) * 1_000 + 999, True)):
        call = market.settle(market.seal(V1, market.trade(alice, bob, 1_000, at_ms=at_ms)))
        if is_taken:
            chain.send(call)
        else:
            chain.refused(call, error="BatchFromFuture")
    batch = market.seal(V1, market.trade(alice, bob, 1_000))
    data = with_bytes(batch.encode(EPOCH), from_ms=b"\xff" * 8, to_delta=b"\xff" * 4)
    chain.refused(raw(market, data, batch.positions), error="BatchFromFuture")


@pytest.mark.parametrize("lamports", [1, 10**6, SOL])
def test_lamports_sent_to_the_record_before_do_no_harm(
    market: Market, batch: SealedBatch, chain: Chain, lamports: int
) -> None:
    chain.fund(batch_address(batch.batch_id), lamports)
    chain.send(market.settle(batch))
    record = chain.account(batch_address(batch.batch_id))
    assert record is not None
    assert record.lamports == max(lamports, chain.svm.minimum_balance_for_rent_exemption(128))
    assert chain.read(batch_address(batch.batch_id)).batch_id == batch.batch_id


def test_refuses_another_record_address(market: Market, batch: SealedBatch, chain: Chain) -> None:
    call = market.settle(batch)
    for other in (chain.person(), Pubkey.new_unique(), batch_address(bytes(32)), CONFIG):
        chain.refused(call.but(batch=other), error="WrongBatchAddress")


def test_refuses_another_feed(market: Market, other_market: Market, batch: SealedBatch, chain: Chain) -> None:
    chain.refused(market.settle(batch).but(price_feed=other_market.feed), error="WrongPriceFeed")
    beat = market.settle(market.heartbeat()).but(price_feed=other_market.feed)
    chain.refused(beat, error="WrongPriceFeed")


def test_refuses_a_relayer_that_cannot_pay_the_rent(market: Market, batch: SealedBatch, chain: Chain) -> None:
    chain.fund(market.exchange.relayer, 10**6)
    chain.refused(market.settle(batch), error="system.ResultWithNegativeLamports")


def test_refusals(market: Market, batch: SealedBatch, chain: Chain) -> None:
    call = market.settle(batch)
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call)
