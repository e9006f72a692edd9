"""What a user can take against the rules, with nothing but orders and accounts of its own: not an atom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gdx_sdk.units import Side
from tests.programs.harness.chain import Step
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.market import ONE, V1, Trader

from .search import new_random, rounds
from .stated_market import HOUR, LIMITS, MAX_RATE_E9, StatedMarket, equity_atoms

STATED_USDT = 0
FILLS_PER_BATCH, ODD_PRICE_E6 = 40, 50_000_123_457
PREMIUM_E9 = 15_000_000


@pytest.mark.parametrize("against", ["itself", "others"])
def test_crumbs_add_up_to_nothing(world: StatedMarket, against: str) -> None:
    """Thousands of tiny fills at a price that never divides: each rounding goes against who benefits.

    Against others the user takes; what makers lose to a taker's rounding is less than the fee of an atom.
    """
    world.restore()
    rng, market = new_random("crumbs"), world.market
    world.chain.advance(1)
    market.publishing.publish(ODD_PRICE_E6, confidence_e6=0)
    taker = world.thieves[0]
    maker = world.thieves[1] if against == "itself" else world.honest[0]
    own = [taker] if against == "others" else [taker, maker]
    before = world.wealth_atoms(own)
    for _ in range(rounds(25)):
        sides = [rng.choice(list(Side)) for _ in range(FILLS_PER_BATCH)]
        trades = [
            market.trade(taker, maker, rng.randrange(1, 2_000), price_e6=ODD_PRICE_E6, side=side)
            for side in sides
        ]
        market.settled(V1, *trades)
    market.check_books()
    assert world.wealth_atoms(own) - before <= STATED_USDT


def ways(world: StatedMarket, user: Trader) -> dict[str, Callable[[], list[Step]]]:
    """Everything the holder of a position can do about it without an order."""
    market = world.market
    return {
        "add collateral": lambda: [market.add_collateral(user, 1)],
        "ask for a release": lambda: [market.request_release(user, USDT)],
        "take the question back": lambda: [market.request_release(user, 0)],
        "close the account": lambda: [market.close_position(user)],
        "open it again": lambda: [market.open_position(user.owner)],
        "execute a release": lambda: [market.execute_release(user)],
    }


@pytest.mark.parametrize("owes", ["funding", "loss"])
def test_what_is_owed_cannot_be_left_behind(world: StatedMarket, owes: str) -> None:
    """Random sequences of all that an owner can do: what is owed is counted before, so nothing may get
    better."""
    rng, market, chain = new_random("owed"), world.market, world.chain
    for _ in range(rounds(12)):
        world.restore()
        user = market.trader(20_000 * USDT, leverage=10, free_atoms=10)
        market.settled(V1, market.trade(user, world.honest[2], ONE // 3))
        if owes == "funding":
            chain.send(market.set_funding(987_654_321))
        else:
            lost = 98_765_432
            interest = market.read().total_long_interest
            index = -(-lost * 10**12 // interest)
            chain.rewrite(
                market.key,
                long_loss_index=index,
                outstanding_loss_atoms=lost,
                long_shortfall_atoms=0,
                collateral_sum_atoms=market.read().collateral_sum_atoms + lost,
            )
        before = world.wealth_atoms([user])
        acts = list(ways(world, user).values())
        for _ in range(8):
            chain.advance(5)
            market.publishing.publish(chain.read(market.feed).price_e6, confidence_e6=0)
            world.attempt(*rng.choice(acts)())
            assert world.wealth_atoms([user]) <= before


def test_closing_and_opening_again_pays_what_is_owed(world: StatedMarket) -> None:
    """Flat and open again within one batch, or in two: equity with everything unpaid falls by the fees at
    least."""
    for split in (True, False):
        world.restore()
        market, chain = world.market, world.chain
        user, other = world.thieves[:2]
        market.settled(V1, market.trade(user, other))
        chain.send(market.set_funding(5 * 10**11))
        market_now, price = market.read(), chain.read(market.feed).price_e6
        before = equity_atoms(market.position(user), market_now, price)
        trades = [market.trade(user, other, side=Side.SELL), market.trade(user, other)]
        for batch in [[one] for one in trades] if split else [trades]:
            market.settled(V1, *batch)
        fees = sum(trade.taker_fee_atoms for trade in trades)
        after = equity_atoms(market.position(user), market.read(), price)
        assert after <= before - fees
        assert market.position(user).funding_index == market.read().funding_index


def test_funding_cannot_be_sniped_while_its_clamp_is_below_two_fees(world: StatedMarket) -> None:
    """In just before the hour, out just after it: the whole hour's funding for seconds of risk, and two
    fees."""
    assert 2 * LIMITS["taker_fee_ppm"] * 1_000 >= MAX_RATE_E9
    world.restore()
    market, chain, funding = world.market, world.chain, world.funding
    sniper, other = world.thieves[0], world.honest[2]
    chain.send(funding.update_funding()) if chain.now_ts // HOUR > funding.read().next_hour else None
    for _ in range(3):
        world.wait(300)
        mark = chain.read(market.feed).price_e6 * (10**9 + PREMIUM_E9) // 10**9
        chain.rewrite(market.key, mark_price_e6=mark, mark_ts=chain.now_ts)
        chain.send(funding.sample_premium())
    world.wait(HOUR - 2 - chain.now_ts % HOUR)
    before = world.wealth_atoms([sniper])
    market.settled(V1, market.trade(sniper, other, side=Side.SELL))
    world.wait(3)
    chain.send(funding.update_funding())
    assert market.read().funding_rate == MAX_RATE_E9
    market.settled(V1, market.trade(sniper, other))
    assert world.wealth_atoms([sniper]) - before <= STATED_USDT
