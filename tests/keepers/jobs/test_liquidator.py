"""The liquidator's choice of positions and sizes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from gdx_keepers.core.clock import Now
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.sender import Sent
from gdx_keepers.errors import Fatal, Transient
from gdx_keepers.jobs.liquidator import (
    Liquidate,
    Liquidator,
    MarketScan,
    MarketView,
    PositionView,
    affordable_size_e8,
    find_liquidatable,
)
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.errors import ChainError, ProgramError, TransactionError
from gdx_sdk.math import (
    LiquidationTerms,
    MarketState,
    PositionState,
    can_add_risk,
    is_liquidatable,
    liquidation_size_e8,
)
from tests.keepers.keeper_fakes import MARKET, PROGRAM, FakeSender, RecordingSender, silent_log

NOW = Now(1, 1, 1)
TERMS = LiquidationTerms(initial_ratio_bps=1_000, fee_ppm=5_000, min_size_e8=1_000_000)
ONE = 10**8
VIEW = MarketView(MARKET, MarketState(), 100_000_000, 0, True, 500, TERMS, 100 * ONE)


def key(n: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([n] * 32))


def position(n: int, size_e8: int, cost_atoms: int, collateral_atoms: int) -> PositionView:
    return PositionView(key(n), PositionState(size_e8, cost_atoms, collateral_atoms), 10)


HEALTHY = position(1, ONE, 100_000_000, 20_000_000)
THIN = position(2, ONE, 100_000_000, 4_000_000)  # 4 % of notional, below the 5 % required
BANKRUPT = position(3, -ONE, -90_000_000, 5_000_000)  # sold at 90, worth −100: 5 under water
OWN = position(9, 0, 0, 1_000_000_000)


def make(sender: FakeSender | None = None, chain: object = None, **limits: int) -> Liquidator:
    return Liquidator(
        "liquidator",
        Metrics(),
        silent_log(),
        markets={MARKET: "SOL-PERP"},
        chain=chain,  # type: ignore[arg-type]
        sender=sender or RecordingSender(),
        **limits,
    )


def scan(*positions: PositionView, own: PositionView | None = OWN, view: MarketView = VIEW) -> MarketScan:
    return MarketScan(view, positions, own)


def test_the_worst_come_first_and_the_healthy_not_at_all() -> None:
    found = find_liquidatable(scan(HEALTHY, THIN, BANKRUPT))
    assert [item.address for item, _ in found] == [BANKRUPT.address, THIN.address]
    for item, size_e8 in found:
        assert size_e8 == liquidation_size_e8(item.state, VIEW.state, VIEW.price_e6, TERMS)


def test_a_thin_position_is_taken_over_in_part() -> None:
    (action,) = make().plan((scan(THIN),), NOW)
    assert action == Liquidate(
        MARKET, THIN.address, liquidation_size_e8(THIN.state, VIEW.state, 10**8, TERMS)
    )
    assert 0 < action.size_e8 < ONE


def test_unpaid_funding_counts() -> None:
    charged = replace(VIEW, state=MarketState(funding_index=16 * 10**10))  # 16 USDT per base unit
    assert [item.address for item, _ in find_liquidatable(scan(HEALTHY, view=charged))] == [HEALTHY.address]


def test_the_own_position_is_never_a_target() -> None:
    assert make().plan((scan(THIN, own=THIN),), NOW) == []


def test_nothing_is_planned_where_liquidation_is_not_allowed() -> None:
    blocked = scan(THIN, view=replace(VIEW, is_liquidation_allowed=False))
    assert not make().is_due((blocked,), NOW)
    assert make().plan((blocked,), NOW) == []


def test_limits_cap_size_and_number() -> None:
    both = scan(THIN, BANKRUPT)
    assert make(max_size_e8=1_000).plan((both,), NOW) == [
        Liquidate(MARKET, BANKRUPT.address, 1_000),
        Liquidate(MARKET, THIN.address, 1_000),
    ]
    assert len(make(max_per_run=1).plan((both,), NOW)) == 1


def test_without_an_own_position_it_stops_only_when_it_would_need_one() -> None:
    assert make().plan((scan(HEALTHY, own=None),), NOW) == []
    with pytest.raises(Fatal, match=r"SOL-PERP: .* has no position there"):
        make().plan((scan(THIN, own=None),), NOW)


def test_a_poor_liquidator_takes_what_it_can_carry() -> None:
    poor = position(9, 0, 0, 1_000_000)  # carries 10 USDT of notional at 10 %
    (action,) = make().plan((scan(BANKRUPT, own=poor),), NOW)
    assert action.size_e8 == ONE // 10
    penniless = position(9, 0, 0, 0)
    assert make().plan((scan(BANKRUPT, own=penniless),), NOW) == []


def test_margin_used_for_one_target_is_not_used_again_for_the_next() -> None:
    poor = position(9, 0, 0, 1_000_000)
    targets = [position(n, -ONE // 20, -4_500_000, 250_000) for n in (3, 4, 5)]
    taken = make().plan((scan(*targets, own=poor),), NOW)
    assert sum(action.size_e8 for action in taken) == ONE // 10


def test_affordable_is_the_largest_size_that_can_be_carried() -> None:
    seed = 20_260
    rng = random.Random(seed)
    for _ in range(200):
        size = rng.choice([0, rng.randint(-5 * ONE, 5 * ONE)])
        own = PositionView(
            key(9),
            PositionState(size, size * rng.randint(90, 110), rng.randint(0, 10**9)),
            rng.randint(1, 10),
        )
        sign, wanted = rng.choice([1, -1]), rng.randint(1, 20 * ONE)
        size_e8 = affordable_size_e8(VIEW, own, sign, wanted)
        assert 0 <= size_e8 <= wanted, seed
        if 0 < size_e8 < wanted:
            assert affordable_size_e8(VIEW, own, sign, size_e8) == size_e8, seed
            assert affordable_size_e8(VIEW, own, sign, size_e8 + 1) == size_e8, seed


def test_a_liquidator_at_the_market_s_largest_size_takes_only_what_makes_it_smaller() -> None:
    """Else the program would refuse the same worst positions in every run, and nobody took the others."""
    view = replace(VIEW, max_position_size_e8=2 * ONE)
    own = position(9, -2 * ONE, -200_000_000, 1_000_000_000)
    (action,) = make().plan((scan(BANKRUPT, THIN, own=own, view=view),), NOW)
    assert action.target == THIN.address
    almost = position(9, -2 * ONE + 5, -200_000_000, 1_000_000_000)
    first, _ = make().plan((scan(BANKRUPT, THIN, own=almost, view=view),), NOW)
    assert (first.target, first.size_e8) == (BANKRUPT.address, 5)


def test_can_add_risk_agrees_with_what_is_found() -> None:
    assert is_liquidatable(THIN.state, VIEW.state, VIEW.price_e6, VIEW.maintenance_ratio_bps)
    assert not can_add_risk(
        THIN.state,
        VIEW.state,
        mark_price_e6=10**8,
        index_price_e6=10**8,
        leverage=10,
        initial_ratio_bps=1_000,
    )


class LiquidationFake:
    """A market whose positions do not change."""

    def __init__(self, *scans: MarketScan) -> None:
        self.scans = list(scans)
        self.must_reads: list[bool] = []

    async def scan(
        self, markets: Sequence[Pubkey], liquidator: Pubkey, now: Now, *, must_read: bool = False
    ) -> list[MarketScan]:
        self.must_reads.append(must_read)
        return self.scans

    def liquidate(self, market: Pubkey, target: Pubkey, liquidator: Pubkey, size_e8: int) -> Instruction:
        return Instruction(PROGRAM, size_e8.to_bytes(8, "little"), [AccountMeta(target, False, True)])


async def test_a_run_simulates_and_sends() -> None:
    sender = RecordingSender()
    report = await make(sender, LiquidationFake(scan(THIN))).run(NOW)
    assert report.actions == ("Liquidate",)
    assert len(sender.sent) == 1


async def test_a_position_that_recovered_meanwhile_is_no_error_and_nothing_is_sent() -> None:
    sender = RecordingSender(
        ProgramError("position_mgmt", 6474, "PositionHealthy", "the position is healthy")
    )
    assert (await make(sender, LiquidationFake(scan(THIN))).run(NOW)).is_idle
    assert sender.sent == []


class Overtaken(RecordingSender):
    """The trial run passes, and somebody else's transaction comes before ours."""

    def __init__(self, error: ChainError) -> None:
        super().__init__()
        self.late_error = error

    async def send(self, instructions: Sequence[Instruction], tables: Any = ()) -> Sent | None:
        raise self.late_error


async def test_a_position_saved_between_trial_and_landing_does_not_stop_the_liquidator() -> None:
    """Or anybody could stop every liquidator: top up in the slot in which the liquidation lands."""
    sender = Overtaken(ProgramError("position_mgmt", 6474, "PositionHealthy", "the position is healthy"))
    job = make(sender, LiquidationFake(scan(THIN)))
    assert (await job.run(NOW)).is_idle
    assert job.metrics.value("gdx_keeper_transactions_total", job="liquidator", outcome="refused") == 1


@pytest.mark.parametrize("refusal", [None, ProgramError("position_mgmt", 6474, "PositionHealthy", "healthy")])
async def test_after_an_act_the_chain_is_read(refusal: ProgramError | None) -> None:
    chain = LiquidationFake(scan(THIN))
    job = make(RecordingSender(refusal), chain)
    await job.run(NOW)
    chain.scans = [scan(HEALTHY)]
    await job.run(NOW)
    await job.run(NOW)
    assert chain.must_reads == [False, True, False]


async def test_a_runtime_refusal_is_tried_again() -> None:
    sender = RecordingSender(TransactionError("BlockhashNotFound"))
    with pytest.raises(Transient, match="BlockhashNotFound"):
        await make(sender, LiquidationFake(scan(THIN))).run(NOW)


async def test_readiness_asks_for_an_own_position() -> None:
    await make(chain=LiquidationFake(scan(HEALTHY))).readiness()["positions"]()
    with pytest.raises(Fatal, match="has no position"):
        await make(chain=LiquidationFake(scan(HEALTHY, own=None))).readiness()["positions"]()
