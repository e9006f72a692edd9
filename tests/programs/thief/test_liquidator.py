"""What a hostile liquidator can take: its fee on what is due, and what a jump beyond the margin leaves
behind."""

from __future__ import annotations

from collections.abc import Sequence

from gdx_sdk.units import Side
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.market import ONE, V1, Trader

from .search import new_random, rounds
from .stated_market import (
    HOUR,
    INSURANCE_ATOMS,
    LIMITS,
    PRICE_E6,
    SETTINGS,
    Honest,
    StatedMarket,
    equity_atoms,
)

STATED_FEE_USDT, STATED_JUMP_USDT = 375, 8_000
"""The figures of `docs/security.md`: per 50,000 USDT of notional that is due, and for a jump of 6 % at
once."""
SMALL_MARKET = (
    Honest(3_000 * USDT, 20, ONE),
    Honest(60_000 * USDT, 20, -ONE),
    Honest(2_700 * USDT, 20, ONE),
    Honest(60_000 * USDT, 20, -ONE),
)
JUMP_BPS = 600


def fee_bound_atoms(notional_atoms: int, calls: int) -> int:
    """`rate · notional`, less insurance's share; each call may round the fee and the size's worth up by an
    atom."""
    fee = -(-notional_atoms * LIMITS["liquidation_fee_ppm"] // 10**6)
    return fee * (10_000 - SETTINGS["insurance_share_bps"]) // 10_000 + 2 * calls


def jump_bound_atoms(notional_atoms: int, jump_bps: int) -> int:
    """What two accounts of one person, long and short of the same size, win by a jump: `(jump − margin) ·
    notional`.

    The loser's equity was at least the initial margin, the winner's gain is whole. The rest comes from
    insurance and then from the side that gained.
    """
    return max(notional_atoms * (jump_bps - LIMITS["initial_margin_ratio_bps"]) // 10_000, 0)


def publish(world: StatedMarket, price_e6: int, seconds: int = 1) -> None:
    world.chain.advance(seconds)
    world.market.publishing.publish(price_e6, confidence_e6=0)


def is_due(world: StatedMarket, victim: Trader, price_e6: int) -> bool:
    """Maintenance, computed apart from the programs."""
    position, market = world.market.position(victim), world.market.read()
    need = -(-abs(position.size) * price_e6 // 10**8 * LIMITS["maintenance_margin_ratio_bps"] // 10_000)
    return position.size != 0 and equity_atoms(position, market, price_e6) < need


def test_only_what_is_due_and_only_the_fee() -> None:
    """Random sizes from one unit of size on, at every price of a fall that goes through both victims'
    edges."""
    world, rng = StatedMarket(SMALL_MARKET), new_random("liquidator")
    market, thief, price = world.market, world.thieves[0], PRICE_E6
    victims = [one for one, start in zip(world.honest, SMALL_MARKET, strict=True) if start.size_e8 > 0]
    taken, gained, calls = 0, 0, 0
    for _ in range(rounds(45)):
        price -= PRICE_E6 * rng.randrange(30) // 10_000
        publish(world, price, 7)
        for victim in rng.choices([*victims, world.honest[1]], k=6):
            due, size = is_due(world, victim, price), market.position(victim).size
            before = world.wealth_atoms(world.thieves)
            amount = rng.choice([1, rng.randrange(1, 1_000), rng.randrange(1, ONE), 2**64 - 1])
            passed = world.attempt(market.liquidate(thief, victim, amount))
            assert due or not passed, "a healthy position was liquidated"
            part = (size - market.position(victim).size) * price // 10**8
            gain = world.wealth_atoms(world.thieves) - before
            assert gain <= fee_bound_atoms(part, int(passed))
            taken, gained, calls = taken + part, gained + gain, calls + passed
        if price < PRICE_E6 * 93 // 100:
            break
    market.check_books()
    most = fee_bound_atoms(taken, calls)
    print(f"{calls} liquidations of {taken} atoms gave {gained} of at most {most}")
    assert taken > 0
    assert most * 30 // 100 <= gained <= most
    assert fee_bound_atoms(50_000 * USDT, 0) == STATED_FEE_USDT * USDT


def test_crumbs_round_nothing_into_the_liquidators_pocket() -> None:
    """A thousand liquidations of one unit of size each: not an atom more than the fee's share of them
    together."""
    world = StatedMarket(SMALL_MARKET)
    market, thief, victim = world.market, world.thieves[0], world.honest[0]
    publish(world, price := PRICE_E6 * 96_007 // 100_000 + 123_457)
    assert is_due(world, victim, price)
    before, size, calls = world.wealth_atoms(world.thieves), market.position(victim).size, rounds(300)
    for _ in range(calls):
        world.chain.send(market.liquidate(thief, victim, 1))
    worth = (size - market.position(victim).size) * price // 10**8
    gain = world.wealth_atoms(world.thieves) - before
    assert gain <= fee_bound_atoms(worth, 0) + calls  # the fee of a crumb rounds up, by less than an atom


def straddle(world: StatedMarket, size_e8: int) -> None:
    """The thief's accounts take opposite sides of each other, at the oracle's price."""
    first, second = world.thieves[:2]
    world.market.settled(V1, world.market.trade(first, second, size_e8, side=Side.BUY))


def greedy_part_e8(world: StatedMarket, loser: Trader, jump_bps: int) -> int:
    """The size whose loss and fee use up the loser's collateral: what is left open has nothing under it."""
    fee_ppm = LIMITS["liquidation_fee_ppm"] * (10_000 - jump_bps) // 10_000
    collateral = world.market.position(loser).collateral
    return collateral * 10**6 // (jump_bps * 100 + fee_ppm) * 10**8 // PRICE_E6


def worked_out(world: StatedMarket, jump_bps: int, size_e8: int, cuts: Sequence[float] = ()) -> int:
    """What the thief has more after a fall of `jump_bps` in one step, its own liquidation and every way out.

    The liquidation comes in parts when there are `cuts`: each is a share of the greedy part.
    """
    world.restore()
    market, chain = world.market, world.chain
    before, (loser, winner) = world.wealth_atoms(world.thieves), world.thieves[:2]
    straddle(world, size_e8)
    publish(world, PRICE_E6 * (10_000 - jump_bps) // 10_000)
    publish(world, PRICE_E6 * (10_000 - jump_bps) // 10_000, 60)
    greedy = greedy_part_e8(world, loser, jump_bps) if jump_bps else 0
    for cut in cuts:
        world.attempt(market.liquidate(winner, loser, int(greedy * cut)))
    world.attempt(market.liquidate(winner, loser))
    world.attempt(market.resolve_bankruptcy(is_short_bankrupt=False))
    for one in (winner, loser):
        if amount := market.position(one).collateral:
            world.attempt(market.request_release(one, amount))
            chain.advance(4)
            market.publishing.publish(chain.read(market.feed).price_e6, confidence_e6=0)
            world.attempt(market.execute_release(one))
    return world.wealth_atoms(world.thieves) - before


def test_against_oneself_there_is_nothing_to_win_within_the_margin(world: StatedMarket) -> None:
    """Bankrupt at one's own hands needs a price that jumps past the whole margin before anybody
    liquidates."""
    for jump_bps in (0, 100, 250, 400, 490):
        for size in (ONE, 8 * ONE, 15 * ONE):
            assert worked_out(world, jump_bps, size) <= 0, (jump_bps, size)


def test_parts_win_no_more_than_the_whole(world: StatedMarket) -> None:
    """The caller chooses the size: what the fee leaves of the rest's equity may not be a loss for others."""
    rng, size = new_random("liquidator in parts"), 1544 * ONE // 100
    best: dict[int, int] = {}
    for jump_bps in (450, 490, 500, JUMP_BPS):
        most = jump_bound_atoms(size * PRICE_E6 // 10**8, jump_bps)
        tries = [
            [1.0],
            [0.5, 0.5],
            *([rng.random() for _ in range(rng.randrange(1, 6))] for _ in range(rounds(4))),
        ]
        gains = [worked_out(world, jump_bps, size, cuts) for cuts in tries]
        best[jump_bps] = max(gains)
        assert best[jump_bps] <= most, (jump_bps, tries[gains.index(max(gains))])
    world.market.check_books()
    print(f"in parts, at most: {best}")


def test_a_jump_past_the_margin_costs_insurance_and_then_the_winners(world: StatedMarket) -> None:
    """(6 % − 5 %) of 800,000 USDT, the most that 40,000 USDT carry: the risk of every market with
    leverage."""
    most = jump_bound_atoms(800_000 * USDT, JUMP_BPS)
    gains = [worked_out(world, JUMP_BPS, ONE * part // 10) for part in range(100, 160, 6)]
    world.market.check_books()
    print(f"a jump of 6 %: {max(gains)} of at most {most} atoms; insurance had {INSURANCE_ATOMS}")
    assert most == STATED_JUMP_USDT * USDT
    assert most * 30 // 100 <= max(gains) <= most


def test_a_silent_oracle_liquidates_nobody(world: StatedMarket) -> None:
    """The price that a liquidator may use is as old as an observation may be and count: the stale limit."""
    world.restore()
    world.chain.advance(HOUR)
    call = world.market.liquidate(world.thieves[0], world.honest[0])
    world.chain.refused(call, error="OracleNotUsable")
