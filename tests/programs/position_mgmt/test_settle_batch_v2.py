"""settle_batch, V2: one net entry per position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from solders.instruction import AccountMeta

from gdx_sdk.batch import NetEntry, SealedBatch, net_entries
from tests.programs.harness.chain import Chain
from tests.programs.harness.failures import describe
from tests.programs.harness.tokens import USDT

from .attacks import twin
from .batch_bytes import EPOCH, names, raw, with_nets
from .market import ONE, V1, V2, Market, Trader, batch_address

EDGES = {
    "BatchMalformed",
    "BatchNotBalanced",
    "FeeOutOfRange",
    "MathOverflow",
    "PriceOutOfBand",
    "TurnoverTooSmall",
}


@pytest.fixture
def people(market: Market) -> list[Trader]:
    """Three positions, ascending."""
    return market.traders(3)


@pytest.fixture
def batch(market: Market, people: list[Trader]) -> SealedBatch:
    """The first buys from both others."""
    first, second, third = people
    return market.seal(V2, market.trade(first, second), market.trade(first, third, 2 * ONE // 5))


def test_settles_the_nets(market: Market, people: list[Trader], batch: SealedBatch, chain: Chain) -> None:
    event = chain.send(market.settle(batch)).event("BatchSettled")
    buyer, second, third = (market.position(person) for person in people)
    assert (buyer.size, second.size, third.size) == (7 * ONE // 5, -ONE, -2 * ONE // 5)
    assert (buyer.cost_atoms, second.cost_atoms, third.cost_atoms) == (
        70_000 * USDT,
        -50_000 * USDT,
        -20_000 * USDT,
    )
    assert buyer.collateral == 10_000 * USDT - 35 * USDT
    assert second.collateral == 10_000 * USDT + 5 * USDT
    assert (event.version, event.trade_count, event.position_count) == (V2, 2, 3)
    assert event.open_interest_e8 == 7 * ONE // 5
    record = chain.read(batch_address(batch.batch_id))
    assert (record.merkle_root, record.trade_count, record.sequence) == (batch.root, 2, 1)
    market.check_books()


def test_the_root_is_the_relayers_claim(market: Market, batch: SealedBatch, chain: Chain) -> None:
    claimed = replace(batch, root=bytes(range(32)))
    chain.send(market.settle(claimed))
    assert chain.read(batch_address(claimed.batch_id)).merkle_root == bytes(range(32))


def test_a_round_trip_leaves_size_alone_and_costs_its_fees(
    market: Market, alice: Trader, bob: Trader
) -> None:
    market.settled(V2, market.trade(alice, bob), market.trade(bob, alice))
    taker, maker = market.position(alice), market.position(bob)
    assert (taker.size, maker.size, market.read().total_open_interest) == (0, 0, 0)
    assert taker.collateral == maker.collateral == 10_000 * USDT - 20 * USDT
    # Trading to and fro within a batch counts as a loss against the oracle: the fee beyond the net's.
    assert taker.slippage_used_atoms == maker.slippage_used_atoms == 20 * USDT
    market.check_books()


def test_both_versions_agree_on_size_and_on_collateral_minus_cost(market: Market) -> None:
    nets = []
    for version in (V1, V2):
        people = market.traders(3)
        market.settled(
            version,
            market.trade(people[0], people[1], ONE),
            market.trade(people[2], people[0], ONE // 3, price_e6=50_020 * 10**6),
            market.trade(people[0], people[1], ONE // 4, price_e6=49_990 * 10**6),
            market.trade(people[1], people[2], ONE // 7),
        )
        positions = [market.position(person) for person in people]
        nets.append([(one.size, one.collateral - one.cost_atoms) for one in positions])
        market.check_books()
    assert nets[0] == nets[1]


def test_what_was_paid_beyond_the_band_is_realized_at_once(
    market: Market, alice: Trader, bob: Trader
) -> None:
    """A net of two fills that nearly cancel has a price far from any market's; only a fair cost is opened."""
    market.settled(
        V2,
        market.trade(alice, bob, ONE, price_e6=50_040 * 10**6),
        market.trade(bob, alice, ONE - ONE // 1_000),
    )
    position = market.position(alice)
    fair = 51 * USDT  # 0.001 at 50,000 and 2 %
    assert (position.size, position.cost_atoms) == (ONE // 1_000, fair)
    assert position.realized_pnl == -(50_040 * USDT - 49_950 * USDT - fair)
    market.check_books()


def net(batch: SealedBatch, index: int, **changes: int) -> list[NetEntry]:
    """The batch's entries, one of them changed by differences."""
    entries = list(net_entries(batch.trades))
    values = {name: getattr(entries[index], name) + change for name, change in changes.items()}
    entries[index] = replace(entries[index], **values)
    return entries


def test_refuses_nets_that_do_not_balance(market: Market, batch: SealedBatch, chain: Chain) -> None:
    for index, change in ((0, {"size_delta_e8": 1}), (1, {"quote_delta_atoms": 1})):
        call = market.settle(with_nets(batch, net(batch, index, **change)))
        chain.refused(call, error="BatchNotBalanced")


def test_refuses_fill_counts_that_are_not_two_per_trade(
    market: Market, batch: SealedBatch, chain: Chain
) -> None:
    wrong = [with_nets(batch, net(batch, 2, fill_count=1)), with_nets(batch, net(batch, 0, fill_count=-1))]
    wrong += [replace(batch, trade_count=count) for count in (1, 3, 2**16 - 1)]
    for one in wrong:
        logs = chain.refused(market.settle(one), error="BatchMalformed")
        assert "Program log: the fill counts must sum to twice the trade count" in logs


def test_refuses_fees_that_sum_to_less_than_both_rates_make(
    market: Market, batch: SealedBatch, chain: Chain
) -> None:
    """400 ppm of 70,000: what a maker gets is no other taker's fee."""
    entries = list(net_entries(batch.trades))
    assert sum(entry.fee_atoms for entry in entries) == 28 * USDT
    less = [replace(entries[0], fee_atoms=entries[0].fee_atoms - 1), *entries[1:]]
    for wrong in (less, [replace(entry, fee_atoms=0) for entry in entries]):
        chain.refused(market.settle(with_nets(batch, wrong)), error="BatchNotBalanced")
    chain.send(market.settle(with_nets(batch, entries)))
    assert market.read().accrued_fees_atoms == 28 * USDT


@pytest.mark.parametrize(
    ("index", "change", "error"),
    [
        (0, {"fee_atoms": 3}, "FeeOutOfRange"),  # at most the taker's rate and the dust of two roundings
        (1, {"fee_atoms": -1}, "FeeOutOfRange"),  # at least the maker's
        (0, {"turnover_atoms": -1}, "TurnoverTooSmall"),
        (2, {"turnover_atoms": -1}, "TurnoverTooSmall"),
        (1, {"turnover_atoms": -(50_000 * USDT)}, "TurnoverTooSmall"),
    ],
    ids=str,
)
def test_refuses_claims_that_are_impossible(
    market: Market, batch: SealedBatch, chain: Chain, index: int, change: dict[str, int], error: str
) -> None:
    logs = chain.refused(market.settle(with_nets(batch, net(batch, index, **change))), error=error)
    assert names(logs, f"entry {index}")


def test_a_fee_may_have_the_dust_of_its_roundings(market: Market, batch: SealedBatch, chain: Chain) -> None:
    chain.send(market.settle(with_nets(batch, net(batch, 0, fee_atoms=1))))


def test_refuses_entries_without_fills(market: Market, batch: SealedBatch, chain: Chain) -> None:
    logs = chain.refused(
        market.settle(with_nets(batch, net(batch, 1, fill_count=-1))), error="BatchMalformed"
    )
    assert names(logs, "entry 1")
    assert "Program log: every position account must be used" in logs


def test_refuses_more_or_fewer_entries_than_accounts(
    market: Market, people: list[Trader], batch: SealedBatch, chain: Chain
) -> None:
    entries = list(net_entries(batch.trades))
    logs = chain.refused(market.settle(with_nets(batch, entries[:2])), error="BatchMalformed")
    assert names(logs, "entry 2")
    chain.refused(market.settle(with_nets(batch, [*entries, entries[2]])), error="BatchMalformed")
    two = raw(market, batch.encode(EPOCH), [person.position for person in people[:2]])
    chain.refused(two, error="BatchMalformed")
    none = raw(market, batch.encode(EPOCH), [])
    chain.refused(none, error="BatchMalformed")


def test_refuses_position_accounts_that_do_not_fit(
    market: Market, other_market: Market, batch: SealedBatch, chain: Chain
) -> None:
    call = market.settle(batch)
    low, middle, high = call.remaining
    carol = other_market.trader()
    others = {
        "descending": (high, middle, low),
        "out of order": (low, high, middle),
        "twice": (low, low, high),
        "read-only": (low, AccountMeta(middle.pubkey, False, False), high),
        "of another market": (AccountMeta(carol.position, False, True), middle, high),
        "of another program": (low, middle, AccountMeta(twin(chain, market.pool), False, True)),
        "missing": (AccountMeta(chain.person(), False, True), middle, high),
    }
    for label, metas in others.items():
        try:
            chain.refused(replace(call, remaining=metas), error="BadPositionAccounts")
        except AssertionError as failure:
            raise AssertionError(f"{label}: {failure}") from failure
    logs = chain.refused(replace(call, remaining=(low, high, middle)), error="BadPositionAccounts")
    assert names(logs, "entry 2")


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: replace(entry, size_delta_e8=2**63 - 1),
        lambda entry: replace(entry, size_delta_e8=-(2**63)),
        lambda entry: replace(entry, quote_delta_atoms=-(2**63), turnover_atoms=2**63 - 1),
        lambda entry: replace(entry, quote_delta_atoms=2**63 - 1, turnover_atoms=2**63 - 1),
        lambda entry: replace(entry, fee_atoms=2**63 - 1),
        lambda entry: replace(entry, fee_atoms=-(2**63)),
        lambda entry: replace(entry, turnover_atoms=2**63),
        lambda entry: replace(entry, fill_count=2**64 - 1),
    ],
)
def test_refuses_numbers_at_the_edge_of_their_types(
    market: Market, batch: SealedBatch, chain: Chain, change: Callable[[NetEntry], NetEntry]
) -> None:
    entries = list(net_entries(batch.trades))
    entries[1] = change(entries[1])
    failure, _ = chain.attempt(market.settle(with_nets(batch, entries)))
    assert failure is not None
    assert describe(failure).removeprefix("position_mgmt.") in EDGES


def test_the_whole_batch_may_be_one_size_of_zero(market: Market, alice: Trader, bob: Trader) -> None:
    """A zero net with quote: what one lost to the other is realized."""
    market.settled(
        V2,
        market.trade(alice, bob, price_e6=50_010 * 10**6),
        market.trade(bob, alice, price_e6=50_000 * 10**6),
    )
    first, second = market.position(alice), market.position(bob)
    assert (first.size, second.size) == (0, 0)
    assert (first.realized_pnl, second.realized_pnl) == (-10 * USDT, 10 * USDT)
    market.check_books()
