"""Random sequences of pausing, clearing, announcing, renewing and waiting against a naive model.

What users were promised is asserted on what they saw, not on the vault's fields: a withdrawal is tried before
and after each step, and the times at which it was refused make the record.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, PAUSE_LOCK, PAUSE_WITHDRAW, User, VaultWorld

HOUR = 3_600
DELAY, THREE_DAYS = 24 * HOUR, 72 * HOUR
WAITS = [1, HOUR, 5 * HOUR, DELAY - 1, DELAY, 40 * HOUR, THREE_DAYS - 1, THREE_DAYS, 100 * HOUR]
BITS = [0, PAUSE_WITHDRAW, PAUSE_WITHDRAW, PAUSE_DEPOSIT, PAUSE_WITHDRAW | PAUSE_LOCK]


@dataclass
class NaivePause:
    """The rules alone: which steps succeed, and when withdrawals are paused."""

    bits: int = 0
    ends: int = 0
    open_since: int | None = None
    renewal: int | None = None

    def settle(self, now: int) -> None:
        if self.bits & PAUSE_WITHDRAW and now >= self.ends:
            self.bits &= ~PAUSE_WITHDRAW
            self.open_since = self.ends

    def set(self, bits: int, is_admin: bool, now: int) -> str | None:
        self.settle(now)
        if not is_admin and self.bits & ~bits:
            return "GuardianMayOnlyPause"
        if bits & ~self.bits & PAUSE_WITHDRAW and now >= self.ends:
            if self.open_since is not None and now < self.open_since + THREE_DAYS:
                return "WithdrawalsMustStayOpen"
            self.ends = now + THREE_DAYS
        if self.bits & ~bits & PAUSE_WITHDRAW:
            self.open_since = now
        self.bits = bits
        return None

    def execute(self, now: int) -> str | None:
        self.settle(now)
        if self.renewal is None:
            return "NoPauseRenewalProposed"
        if now < self.renewal:
            return "DelayNotPassed"
        if now >= self.renewal + THREE_DAYS:
            return "PauseRenewalLapsed"
        self.renewal, self.bits, self.ends = None, self.bits | PAUSE_WITHDRAW, now + THREE_DAYS
        return None


class Run:
    """One random life of a vault; `paused` are the times during which nobody could withdraw."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.dice = random.Random(seed)
        self.vault, self.chain = VaultWorld(chain).create(delay_seconds=DELAY), chain
        self.user: User = self.vault.user(deposited_atoms=10**9)
        self.naive = NaivePause()
        self.paused: list[tuple[int, int]] = []
        self.announced: list[int] = []
        self.renewed: list[int] = []

    def step(self) -> None:
        """One action or one wait."""
        kind = self.dice.choice(["wait", "wait", "set", "set", "propose", "execute"])
        now = self.chain.now_ts
        if kind == "wait":
            self.wait(self.dice.choice(WAITS))
        elif kind == "set":
            is_admin, bits = self.dice.random() < 0.6, self.dice.choice(BITS)
            signer = self.vault.admin if is_admin else self.vault.guardian
            self.do(self.vault.set_vault_pause(bits, signer), self.naive.set(bits, is_admin, now))
        elif kind == "propose" and self.dice.random() < 0.4:
            self.do(self.vault.propose_pause_renewal(), None)
            self.naive.renewal = now + DELAY
            self.announced.append(now)
        elif kind == "execute":
            error = self.naive.execute(now)
            self.do(self.vault.execute_pause_renewal(), error)
            if error is None:
                self.renewed.append(now)
        self.naive.settle(self.chain.now_ts)

    def do(self, call: Call, error: str | None) -> None:
        if error is None:
            self.chain.send(call)
        else:
            self.chain.refused(call, error=error)

    def wait(self, seconds: int) -> None:
        """Time passes; what users saw of it: paused until the end that the model knows, then open."""
        start, end = self.chain.now_ts, self.chain.now_ts + seconds
        is_paused = self.is_paused()
        assert is_paused == bool(self.naive.bits & PAUSE_WITHDRAW)
        lapses = min(end, self.naive.ends) if is_paused else start
        if is_paused:
            self.chain.advance(lapses - start - 1)
            assert self.is_paused(), "the pause ended early"
            self.chain.advance(1)
            self.paused.append((start, lapses))
        if lapses < end:
            assert not self.is_paused(), "the pause did not lapse"
            self.chain.advance(end - lapses)

    def is_paused(self) -> bool:
        failure, _ = self.chain.attempt(self.vault.withdraw(self.user, 1))
        return failure is not None


def check_promise(run: Run, where: str) -> None:
    """Of every six days, withdrawals were open for three, unless an announced renewal began among them."""
    for renewal in run.renewed:
        assert any(renewal - THREE_DAYS - DELAY < seen <= renewal - DELAY for seen in run.announced), where
    for start, _ in run.paused:
        end = start + 2 * THREE_DAYS
        if any(start - THREE_DAYS < renewal < end for renewal in run.renewed):
            continue
        closed = sum(max(0, min(end, until) - max(start, since)) for since, until in run.paused)
        assert 2 * THREE_DAYS - closed >= THREE_DAYS, where


@pytest.mark.parametrize("seed", range(8))
def test_users_always_get_out(chain: Chain, seed: int) -> None:
    run = Run(chain, seed)
    for step in range(80):
        run.step()
        check_promise(run, f"seed {seed}, step {step}")
    assert run.paused, f"seed {seed} never paused"
