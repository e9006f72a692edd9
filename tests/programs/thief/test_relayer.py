"""What a stolen relayer key can take in the stated market, until the guardian takes its power away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.exchange import PAUSE
from tests.programs.position_mgmt.market import ONE, V1, V2

from .bounds import relayer_gain_atoms
from .relayer import RelayerThief
from .search import RANGES, Move, Plan, hill_climb, told
from .stated_market import HONEST, HOUR, LIMITS, MAX_RATE_E9, PRICE_E6, SETTINGS, WITHDRAW_LIMIT, StatedMarket

DAY = 24 * HOUR
STATED_USDT = {0: 1_683, HOUR: 3_255, DAY: 63_918}
"""The figures of `docs/security.md`: until the guardian has acted within a minute, an hour, a day; rounded
up."""
LEAST_SHARE = 30
"""Percent of the bound that the best attack found has to reach, or the bound says little."""
FILL, CLOSE, NET, WAIT = 0, 1, 3, 5


def bound_atoms(seconds: int) -> int:
    return relayer_gain_atoms(
        HONEST, LIMITS, SETTINGS, max_rate_e9=MAX_RATE_E9, price_e6=PRICE_E6, seconds=seconds
    )


def move(kind: int, **fields: int) -> Move:
    return Move(**(dict.fromkeys(RANGES, 0) | {"kind": kind} | fields))


@pytest.mark.parametrize("seconds", STATED_USDT)
def test_the_stated_figure_is_what_the_limits_say(seconds: int) -> None:
    assert STATED_USDT[seconds] == -(-bound_atoms(seconds) // USDT)


@pytest.mark.parametrize("versions", [(V1,), (V2,), (V1, V2)], ids=["v1", "v2", "both"])
def test_no_strategy_takes_more_in_an_hour(world: StatedMarket, versions: Sequence[int]) -> None:
    thief, most = RelayerThief(world, versions=versions), bound_atoms(HOUR)
    insurance = world.insurance_atoms()

    def evaluate(plan: Plan) -> int:
        gain = thief.run(plan)
        assert gain <= most, f"{gain} of {most} atoms: {told(plan)}"
        assert world.insurance_atoms() >= insurance, f"insurance paid: {told(plan)}"
        world.market.check_books()
        return gain

    name = "relayer_" + "_".join(f"v{version}" for version in versions)
    best = hill_climb(name, evaluate, random_plans=12, climbs=24)
    assert best.gain_atoms * 100 >= most * LEAST_SHARE, f"{best.gain_atoms} of {most} atoms"


def test_a_day_takes_what_a_day_forgets(world: StatedMarket) -> None:
    """The simplest strategy, hour by hour: the allowance refills as fast as it is stated to, and no
    faster."""
    thief = RelayerThief(world, seconds=DAY)
    hourly = [move(NET, victim=victim, side=1, share=990) for victim in range(len(HONEST))]
    gain = thief.run((*hourly, move(WAIT, seconds=6)) * 25)
    assert bound_atoms(DAY) * LEAST_SHARE <= gain * 100 <= bound_atoms(DAY) * 100


def test_taking_it_out_is_limited_too(world: StatedMarket) -> None:
    """Whatever stands on the thief's accounts, a window lets no more than its limit leave the vault."""
    world.restore()
    for thief in world.thieves[:2]:
        amount = world.market.position(thief).collateral
        world.chain.send(world.market.request_release(thief, amount))
        world.chain.advance(10)
        world.chain.send(world.market.execute_release(thief))
    first, second = (thief.user for thief in world.thieves[:2])
    amount, rest = 30_000 * USDT, WITHDRAW_LIMIT["limit_atoms"] - 30_000 * USDT
    world.wait(2 * HOUR)  # the deposits of before are no outflow any more
    world.chain.send(world.vault.withdraw(first, amount))
    world.chain.refused(world.vault.withdraw(second, amount), error="WithdrawLimitExceeded")
    world.chain.send(world.vault.withdraw(second, rest))


def test_the_guardian_ends_it(world: StatedMarket) -> None:
    """With a second relayer approved the exchange goes on; without one settling stops. Both at once."""
    world.restore()
    exchange, chain = world.exchange, world.chain
    thief = RelayerThief(world)
    assert thief.run((move(NET, side=1, share=500),)) > 0
    chain.send(exchange.set_pause_bits(PAUSE["settle"], signer=exchange.guardian))
    batch = world.market.seal(V1, world.market.trade(world.thieves[0], world.honest[2], ONE // 100))
    chain.refused(world.market.settle(batch), error="SettlePaused")
    chain.send(exchange.set_pause_bits(0))
    other = chain.person()
    chain.send(exchange.approve_relayer(other))
    chain.send(exchange.set_active_relayer(other, signer=exchange.guardian))
    chain.send(exchange.revoke_relayer(exchange.relayer, signer=exchange.guardian))
    chain.refused(world.market.settle(batch), error="WrongRelayer")
    chain.advance(600)
    chain.refused(exchange.take_over(exchange.relayer), error="RelayerNotApproved")


def test_burning_users_fees_burns_as_much_of_the_thiefs(world: StatedMarket) -> None:
    """Opening as a maker and closing as a taker counts for nothing, and so it gains nothing either."""
    thief, before = RelayerThief(world), world.equities()
    there, back = move(FILL, victim=2, share=500, price=1_000), move(CLOSE, victim=2, price=1_000)
    gain = thief.run((there, replace(back, share=1_000, turnover=1)) * 10)
    lost = before[2] - world.equities()[2]
    assert 0 < lost <= -gain


def test_users_can_be_put_into_positions_that_only_the_market_moves(world: StatedMarket) -> None:
    """Not bounded by any limit: the exposure itself. At the oracle's price it costs nobody anything; then it
    is a bet."""
    thief = RelayerThief(world)
    before = world.equities()
    thief.run((move(FILL, victim=2, share=900, price=1_000, turnover=0),))
    forced = world.market.position(world.honest[2])
    assert abs(forced.size) * PRICE_E6 // 10**8 >= HONEST[2].equity_atoms * 3
    lost = before[2] - world.equities()[2]
    assert lost <= SETTINGS["slippage_floor_atoms"] * 2
