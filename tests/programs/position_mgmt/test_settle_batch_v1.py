"""settle_batch, V1: every trade, fees and root computed on chain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.instruction import AccountMeta

from gdx_sdk.batch import merkle_proof, verify_fill
from gdx_sdk.errors import ProofError
from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call
from tests.programs.harness.tokens import USDT

from .attacks import twin
from .batch_bytes import EPOCH, names, raw
from .market import ONE, V1, Market, Trader, batch_address


def test_settles_both_sides_of_a_trade(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    chain.advance(5)
    batch, receipt = market.settled(V1, market.trade(alice, bob, ONE // 2))
    taker, maker, books = market.position(alice), market.position(bob), market.read()
    assert (taker.size, taker.cost_atoms) == (ONE // 2, 25_000 * USDT)
    assert (maker.size, maker.cost_atoms) == (-ONE // 2, -25_000 * USDT)
    assert taker.collateral == 10_000 * USDT - 12_500_000  # 500 ppm of 25,000
    assert maker.collateral == 10_000 * USDT + 2_500_000  # a rebate of 100 ppm
    assert (taker.entry_price, maker.entry_price) == (50_000 * 10**6, 50_000 * 10**6)
    assert books.total_long_interest == books.total_short_interest == books.total_open_interest == ONE // 2
    assert (books.accrued_fees_atoms, books.cost_sum_atoms) == (10_000_000, 0)
    assert (books.last_batch_sequence, books.last_batch_id) == (1, batch.batch_id)
    assert (books.last_batch_ts, books.mark_price_e6) == (chain.now_ts, 50_000 * 10**6)
    event = receipt.event("BatchSettled")
    assert (event.market, event.batch_id, event.merkle_root) == (market.key, batch.batch_id, batch.root)
    assert (event.relayer, event.batch_sequence, event.version) == (market.exchange.relayer, 1, V1)
    assert (event.flags, event.trade_count, event.position_count) == (1, 1, 2)
    assert (event.mark_price_e6, event.index_price_e6) == (50_000 * 10**6, 50_000 * 10**6)
    assert (event.open_interest_e8, event.accrued_fees_atoms) == (ONE // 2, 10_000_000)
    assert (event.collateral_sum_atoms, event.cost_sum_atoms) == (books.collateral_sum_atoms, 0)
    assert (event.head.slot, event.head.ts) == (chain.slot, chain.now_ts)
    assert event.head.sequence == books.event_sequence
    market.check_books()


def test_records_the_batch(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    batch, _ = market.settled(V1, market.trade(alice, bob), market.trade(bob, alice))
    record = chain.read(batch_address(batch.batch_id))
    assert (record.batch_id, record.merkle_root) == (batch.batch_id, batch.root)
    assert (record.relayer, record.timestamp) == (market.exchange.relayer, chain.now_ts)
    assert (record.trade_count, record.sequence, record.market_index, record.status) == (2, 1, 0, 1)
    account = chain.account(batch_address(batch.batch_id))
    assert account is not None
    assert len(account.data) == 128


def test_every_fill_verifies_against_the_root_on_chain(market: Market, chain: Chain) -> None:
    people = market.traders(4)
    trades = [market.trade(people[i % 4], people[(i + 1) % 4], 1_000 + i) for i in range(7)]
    batch, _ = market.settled(V1, *trades)
    record = chain.read(batch_address(batch.batch_id))
    root, trade_count = record.merkle_root, record.trade_count
    leaves = [trade.leaf() for trade in trades]
    for index, trade in enumerate(trades):
        proof = merkle_proof(leaves, index)
        verify_fill(trade, proof, root, trade_count=trade_count)
        for changes in ({"size_e8": trade.size_e8 + 1}, {"price_e6": trade.price_e6 - 1}):
            with pytest.raises(ProofError):
                verify_fill(replace(trade, **changes), proof, root, trade_count=trade_count)


@pytest.mark.parametrize("side", list(Side))
def test_the_taker_may_buy_or_sell(market: Market, alice: Trader, bob: Trader, side: Side) -> None:
    market.settled(V1, market.trade(alice, bob, side=side))
    assert market.position(alice).size == side.sign * ONE
    assert market.position(bob).size == -side.sign * ONE


def test_a_position_may_flip_within_a_batch(market: Market, alice: Trader, bob: Trader) -> None:
    trades = [market.trade(alice, bob), market.trade(bob, alice, 2 * ONE)]
    market.settled(V1, *trades)
    assert (market.position(alice).size, market.position(bob).size) == (-ONE, ONE)
    assert market.position(alice).cost_atoms == -50_000 * USDT
    market.check_books()


def test_sizes_and_prices_may_be_as_small_as_one(market: Market, alice: Trader, bob: Trader) -> None:
    market.settled(V1, market.trade(alice, bob, 1))
    assert (market.position(alice).size, market.position(alice).cost_atoms) == (1, 500)
    market.check_books()


def test_an_old_batch_settles_against_the_prices_of_its_minutes(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    then_ms, old_price = chain.now_ts * 1_000, 50_000 * 10**6
    trade = market.trade(alice, bob, ONE // 100, at_ms=then_ms)
    large = market.trade(alice, bob, ONE // 10, at_ms=then_ms)
    for step in range(1, 6):
        chain.advance(60)
        market.jump_to(old_price + step * 1_000 * 10**6)
    market.settled(V1, trade)
    assert market.read().slippage_used_atoms == 0
    assert market.position(bob).slippage_used_atoms == 50 * USDT  # sold at 50,000 what is worth 55,000 now
    late = market.settle(market.seal(V1, large))
    assert names(chain.refused(late, error="PositionSlippageExceeded"), "trade 0")
    chain.advance(3_600)
    market.set_price(old_price * 11 // 10)
    forgotten = market.trade(alice, bob, price_e6=old_price, at_ms=then_ms)
    assert names(chain.refused(market.settle(market.seal(V1, forgotten)), error="PriceOutOfBand"), "trade 0")


def test_refuses_another_root(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    batch = market.seal(V1, market.trade(alice, bob), market.trade(bob, alice))
    for root in (bytes(32), batch.root[::-1], batch.trades[0].leaf()):
        chain.refused(market.settle(replace(batch, root=root)), error="MerkleRootMismatch")


def test_refuses_fees_that_are_not_the_markets(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    trade = market.trade(alice, bob)
    for changes in ({"taker_fee_atoms": 0}, {"maker_fee_atoms": trade.maker_fee_atoms + 1}):
        call = market.settle(market.seal(V1, replace(trade, **{"maker_fee_atoms": 0} | changes)))
        chain.refused(call, error="MerkleRootMismatch")


def _with_metas(call: Call, *metas: AccountMeta) -> Call:
    return replace(call, remaining=metas)


def test_refuses_position_accounts_that_do_not_fit(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    carol = other_market.trader()
    call = market.settle(market.seal(V1, market.trade(alice, bob)))
    low, high = call.remaining
    above = AccountMeta(twin(chain, market.pool), False, True)
    missing = AccountMeta(chain.person(), False, True)
    chain.rewrite(carol.position, owner=alice.owner)
    others = {
        "descending": (high, low),
        "twice": (low, low),
        "a third twice": (low, high, high),
        "read-only": (low, AccountMeta(high.pubkey, False, False)),
        "of another market": (AccountMeta(carol.position, False, True), high),
        "not a position": (AccountMeta(market.exchange.vault.state, False, True), high),
        "of another program": (low, high, above),
        "missing": (missing, high),
        "the batch itself": (low, AccountMeta(call.address_of("batch"), False, True)),
    }
    for label, metas in others.items():
        changed = _with_metas(call, *metas)
        try:
            chain.refused(changed, error="BadPositionAccounts")
        except AssertionError as failure:
            raise AssertionError(f"{label}: {failure}") from failure
    chain.send(call)


def test_refuses_an_account_that_no_trade_uses(market: Market, chain: Chain) -> None:
    people = market.traders(3)
    batch = market.seal(V1, market.trade(people[0], people[1]))
    keys = [person.position for person in people]
    call = raw(market, batch.encode(EPOCH), keys)
    chain.refused(call, error="BadPositionAccounts")


def test_refuses_a_closed_position_and_takes_it_reopened(market: Market, alice: Trader, chain: Chain) -> None:
    closed = market.trader(0)
    call = market.settle(market.seal(V1, market.trade(alice, closed)))
    chain.send(market.close_position(closed))
    chain.refused(call, error="BadPositionAccounts")
    chain.fund(closed.owner, 10**9)
    chain.send(market.open_position(closed.owner))
    logs = chain.refused(call, error="InsufficientMargin")
    assert names(logs, "trade 0")


def test_refuses_sums_that_do_not_fit(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    call = market.settle(market.seal(V1, market.trade(alice, bob, 1_000)))
    overflowing = (
        {"size": ONE, "cost_atoms": 2**63 - 1},
        {"size": 2**63 - 1},
        {"collateral": 2**63},
        {"size": -ONE, "cost_atoms": -60_000 * USDT, "realized_pnl": 2**63 - 1},
    )
    for changes in overflowing:
        before = {name: getattr(market.position(alice), name) for name in changes}
        chain.rewrite(alice.position, **changes)
        chain.refused(call, error="MathOverflow")
        chain.rewrite(alice.position, **before)
