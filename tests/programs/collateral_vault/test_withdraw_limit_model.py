"""The withdrawal limiter against a naive model in fractions: random users, amounts, times and limits."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.tokens import set_amount
from tests.programs.harness.vault_world import User, VaultWorld

DELAY = 1_000
AMOUNTS = [1, 7, 99, 1_000, 5_000, 60_000, 10**6, 2**40, 2**62, 2**63]
WAITS = [0, 0, 1, 2, 59, 60, 61, 500, 3_599, 3_600, 9_999]


@dataclass
class NaiveLimiter:
    """One number that loses the elapsed share of the window; a user's own window starts at a withdrawal."""

    limit: dict[str, int]
    now: int
    net: int = 0
    seen: dict[int, tuple[int, int]] = field(default_factory=dict)
    pending: tuple[int, dict[str, int]] | None = None

    def advance(self, now: int) -> None:
        if self.pending and now >= self.pending[0]:
            (due, limit), self.pending = self.pending, None
            self.fade(max(due, self.now))
            self.limit = limit
        self.fade(now)

    def fade(self, now: int) -> None:
        window = self.limit["window_seconds"]
        kept = max(Fraction(0), 1 - Fraction(now - self.now, window))
        self.net, self.now = math.ceil(self.net * kept), now

    def change(self, amount: int) -> None:
        self.net = max(-(2**63), min(2**63 - 1, self.net + amount))

    def withdraw(self, user: int, amount: int, now: int) -> bool:
        """Whether it goes through; counted only then."""
        self.advance(now)
        start, taken = self.seen.get(user, (-(10**9), 0))
        if now >= start + self.limit["window_seconds"]:
            start, taken = now, 0
        self.change(amount)
        is_small = taken + amount <= self.limit["user_minimum_atoms"]
        is_within = self.limit["limit_atoms"] == 0 or self.net <= self.limit["limit_atoms"]
        if is_small or is_within:
            self.seen[user] = (start, taken + amount)
            return True
        return False


def random_limit(dice: random.Random) -> dict[str, int]:
    return {
        "limit_atoms": dice.choice([0, 1, 5_000, 10**6, 2**62, 2**64 - 1]),
        "user_minimum_atoms": dice.choice([0, 7, 100, 2**63]),
        "window_seconds": dice.choice([1, 60, 3_600, 30 * 86_400]),
    }


@pytest.mark.parametrize("seed", range(6))
def test_random_flows_are_those_of_the_naive_model(chain: Chain, seed: int) -> None:
    dice = random.Random(seed)
    limit = random_limit(dice)
    vault = VaultWorld(chain).create(delay_seconds=DELAY, limit=limit)
    naive = NaiveLimiter(limit, chain.now_ts)
    users = [vault.user() for _ in range(3)]
    held = [0, 0, 0]
    outcomes = set()
    for step in range(120):
        where = f"seed {seed}, step {step}"
        chain.advance(dice.choice(WAITS))
        now, index = chain.now_ts, dice.randrange(3)
        kind = dice.choice(["deposit", "withdraw", "withdraw", "limit"])
        amount = dice.choice(AMOUNTS) + dice.randint(0, 5)
        if kind == "deposit" and sum(held) + amount < 2**64:
            set_amount(chain, users[index].token, amount)
            chain.send(vault.deposit(users[index], amount))
            held[index] += amount
            naive.advance(now)
            naive.change(-amount)
        elif kind == "withdraw" and held[index]:
            amount = min(amount, held[index])
            set_amount(chain, users[index].token, 0)
            call = vault.withdraw(users[index], amount)
            before = replace(naive)
            if naive.withdraw(index, amount, now):
                chain.send(call)
                held[index] -= amount
                outcomes.add(True)
            else:
                chain.refused(call, error="WithdrawLimitExceeded")
                naive = before  # a refused try changes nothing, not even the time of the last look
        elif kind == "limit" and dice.random() < 0.3:
            naive.advance(now)
            naive.pending = (now + DELAY, random_limit(dice))
            chain.send(vault.set_withdraw_limit(naive.pending[1]))
        else:
            continue
        assert vault.read().limiter.window_net_atoms == naive.net, where
    assert outcomes, f"seed {seed} withdrew nothing"


@pytest.mark.parametrize("seed", range(3))
def test_cycling_takes_nothing_from_others(chain: Chain, seed: int) -> None:
    """However one user cycles, another may withdraw the limit, less what the cycles' own time costs."""
    dice, window, limit = random.Random(seed), 3_600, 10**9
    figures = {"limit_atoms": limit, "user_minimum_atoms": 0, "window_seconds": window}
    vault = VaultWorld(chain).create(limit=figures)
    victim, attacker = vault.user(deposited_atoms=10 * limit), vault.user(tokens_atoms=limit)
    chain.advance(2 * window)
    chain.send(vault.deposit(attacker, 1))
    chain.send(vault.withdraw(attacker, 1))
    inside_s = 0
    for _ in range(40):
        pause, held_s, amount = dice.choice([1, 60, 1_800, 3_599]), dice.choice([0, 1, 5]), limit - 1
        chain.advance(pause)
        chain.send(vault.deposit(attacker, amount))
        chain.advance(held_s)
        chain.send(vault.withdraw(attacker, amount))
        inside_s += held_s
        lost = limit * inside_s // window + 100
        chain.send(vault.withdraw(victim, limit - lost))
        chain.send(vault.deposit(victim, limit - lost))
        assert vault.read().limiter.window_net_atoms <= lost, f"seed {seed}"


@pytest.mark.parametrize("seed", range(3))
def test_a_thief_gets_at_most_twice_the_limit_per_window(chain: Chain, seed: int) -> None:
    dice, window, limit = random.Random(seed), 3_600, 10**9
    figures = {"limit_atoms": limit, "user_minimum_atoms": 0, "window_seconds": window}
    vault = VaultWorld(chain).create(limit=figures)
    thief: User = vault.user(deposited_atoms=1_000 * limit)
    chain.advance(2 * window)
    taken: list[tuple[int, int]] = []
    for _ in range(60):
        chain.advance(dice.choice([1, 10, 600, 1_799]))
        chain.send(vault.set_withdraw_limit(figures))  # brings the counter up to now
        left = limit - vault.read().limiter.window_net_atoms
        if left <= 0:
            continue
        chain.refused(vault.withdraw(thief, left + 1), error="WithdrawLimitExceeded")
        chain.send(vault.withdraw(thief, left))
        taken.append((chain.now_ts, left))
        in_view = sum(atoms for ts, atoms in taken if ts > chain.now_ts - window)
        assert in_view <= 2 * limit, f"seed {seed}"
