"""What leaves the vault in an hour, whatever stands on a thief's accounts."""

from __future__ import annotations

from tests.programs.harness.chain import Chain
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import VaultWorld

from .search import new_random, rounds
from .stated_market import HOUR, WITHDRAW_LIMIT

LIMIT, MINIMUM = WITHDRAW_LIMIT["limit_atoms"], WITHDRAW_LIMIT["user_minimum_atoms"]
STATED_USDT, STATED_PER_ACCOUNT_USDT = 100_000, 200
"""The figures of `docs/security.md`."""


def bound_atoms(accounts: int, deposits_atoms: int, remembered_atoms: int = 0) -> int:
    """The most that leaves in an hour, with what is deposited in it and what the limiter remembers at its
    start of deposits before (net).

    The net outflow `n` fades by at most `n · elapsed / window`, so while what the limit lets out keeps it
    at or below `L`, at most `L` fades within a window: that is `2 · L`, plus whatever `n` was below 0 and
    what deposits take off it. Fading is linear, so minimums, which pass a full limiter, never add to what
    the limit lets out; each account has its own, twice when its window ends in that hour.
    """
    return 2 * LIMIT + deposits_atoms + remembered_atoms + 2 * MINIMUM * accounts


def net_atoms(world: VaultWorld, chain: Chain) -> int:
    """The limiter's net outflow now, rounded up; below 0 after deposits."""
    limiter, window = world.read().limiter, WITHDRAW_LIMIT["window_seconds"]
    left = max(window - (chain.now_ts - limiter.window_start_ts), 0)
    return -(-limiter.window_net_atoms * left // window)


def free_atoms(world: VaultWorld, chain: Chain) -> int:
    """What the limiter lets out now."""
    return max(LIMIT - net_atoms(world, chain) - 2, 0)


def test_the_stated_figures_are_the_bound() -> None:
    assert bound_atoms(0, 0) == STATED_USDT * USDT
    assert bound_atoms(1, 0) - bound_atoms(0, 0) == STATED_PER_ACCOUNT_USDT * USDT


def test_an_hour_of_taking_what_has_faded(chain: Chain) -> None:
    world = VaultWorld(chain).create(limit=WITHDRAW_LIMIT)
    thief = world.user(deposited_atoms=200_000 * USDT)
    chain.advance(2 * HOUR)
    before = world.read().free_atoms
    for _ in range(60):
        if amount := free_atoms(world, chain):
            chain.send(world.withdraw(thief, amount))
        chain.advance(60)
    taken = before - world.read().free_atoms
    assert bound_atoms(0, 0) * 95 // 100 <= taken <= bound_atoms(0, 0)


def test_a_deposit_before_the_hour_still_counts(chain: Chain) -> None:
    """Nobody deposits in the hour itself: what came a second before it leaves, too."""
    world, deposit = VaultWorld(chain).create(limit=WITHDRAW_LIMIT), 300_000 * USDT
    thief = world.user(deposited_atoms=1_000_000 * USDT)
    other = world.user(tokens_atoms=deposit)
    chain.advance(2 * HOUR)
    chain.send(world.deposit(other, deposit))
    chain.advance(1)
    remembered, before = -net_atoms(world, chain), world.read().free_atoms
    for _ in range(60):
        if amount := free_atoms(world, chain):
            chain.send(world.withdraw(thief, amount))
        chain.advance(60)
    taken = before - world.read().free_atoms
    assert bound_atoms(1, 0) < taken <= bound_atoms(0, 0, remembered)


def test_no_strategy_of_many_accounts_takes_more(chain: Chain) -> None:
    """Random amounts at random moments from many accounts, while others deposit, before that hour and
    in it."""
    rng, world = new_random("withdrawals"), VaultWorld(chain).create(limit=WITHDRAW_LIMIT)
    other = world.user(tokens_atoms=10**9 * USDT)
    thieves = [world.user(deposited_atoms=1_000_000 * USDT) for _ in range(12)]
    best, most = 0, 0
    for _ in range(rounds(12)):
        chain.advance(2 * HOUR)
        if rng.randrange(2):
            chain.send(world.deposit(other, rng.randrange(1, 200_000) * USDT))
            chain.advance(rng.randrange(1, HOUR))
        remembered = max(-net_atoms(world, chain) + 1, 0)
        deposits, taken, end = 0, 0, chain.now_ts + HOUR
        while chain.now_ts < end:
            if rng.randrange(8) == 0:
                chain.send(world.deposit(other, amount := rng.randrange(1, 20_000) * USDT))
                deposits += amount
            thief = rng.choice(thieves)
            for amount in (free_atoms(world, chain), MINIMUM, rng.randrange(1, LIMIT)):
                if amount and chain.attempt(world.withdraw(thief, amount))[0] is None:
                    taken += amount
            chain.advance(rng.randrange(1, 300))
        assert taken <= bound_atoms(len(thieves), deposits, remembered)
        best, most = max(best, taken - deposits - remembered), bound_atoms(len(thieves), 0)
    print(f"{best} beside the deposits, of at most {most} atoms")
    assert best * 100 >= most * 60
