"""Random hours, gaps and clamps: the funding account against a plain dictionary of hours."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from tests.programs.funding_rate.funding_world import (
    HOUR,
    MAX_RATE_E9,
    FundingWorld,
    naive_rate_e9,
    naive_step,
    toward_zero,
)
from tests.programs.harness.chain import START_TS
from tests.programs.position_mgmt.exchange import CONFIG

GAPS = [0, 0, 0, 1, 2, 7, 22, 23, 24, 25, 30, 49, 75]
CLAMPS = [1, 1_000, 50_000, 300_000, 2_000_000, 10_000_000]
KEPT = 24


@dataclass
class NaiveFunding:
    """Every sample and every clamp ever, by time."""

    first: int
    clamps: list[tuple[int, int]]
    samples: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    rates: dict[int, int] = field(default_factory=dict)
    index: int = 0

    @property
    def next(self) -> int:
        return self.first + len(self.rates)

    def clamp_at(self, ts: int) -> int:
        """The clamp in force at a time: the last that came into force by then."""
        return [clamp for since, clamp in self.clamps if since <= ts][-1]

    def pay(self, now: int) -> int:
        """Pay the due hours, at most a day of them; how many they were."""
        hours = range(self.next, min(now // HOUR, self.next + KEPT))
        for hour in hours:
            samples = self.samples.get(hour, [])
            weight = sum(lasted for _, lasted in samples)
            total = sum(premium * lasted for premium, lasted in samples)
            clamp = self.clamp_at((hour + 1) * HOUR)
            rate = naive_rate_e9(toward_zero(total, weight), clamp) if weight else 0
            self.rates[hour] = rate
            self.index += naive_step(rate)
        return len(hours)


def sample_some(funding: FundingWorld, naive: NaiveFunding, dice: random.Random, last: list[int]) -> None:
    """A few samples within the running hour, from now on."""
    hour = funding.chain.now_ts // HOUR
    for _ in range(dice.randint(0, 3)):
        ts = funding.chain.now_ts + dice.choice([11, 60, 299, 300, 700])
        if ts // HOUR != hour:
            return
        funding.advance_to(ts)
        funding.mark(dice.randint(-9_000_000, 9_000_000))
        if hour >= naive.next + KEPT:
            funding.chain.refused(funding.sample_premium(), error="FundingOverdue")
            return
        funding.chain.send(funding.sample_premium())
        lasted = max(1, min(300, ts % HOUR, ts - last[0]))
        naive.samples.setdefault(hour, []).append((funding.read().last_premium_e9, lasted))
        last[0] = ts


def set_clamp(funding: FundingWorld, naive: NaiveFunding, dice: random.Random) -> None:
    """Another clamp now, after the configuration's delay; a waiting one that has not begun is replaced."""
    now, clamp = funding.chain.now_ts, dice.choice(CLAMPS)
    delay = dice.choice([0, 0, 600, 5 * HOUR, 30 * HOUR])
    funding.chain.rewrite(CONFIG, delay_seconds=delay)
    since, _ = naive.clamps[-1]
    if (naive.next + 1) * HOUR < since <= now:
        funding.chain.refused(funding.set_max_rate(clamp), error="FundingOverdue")
        return
    funding.chain.send(funding.set_max_rate(clamp))
    if since > now:
        naive.clamps.pop()
    naive.clamps.append((now + delay, clamp))


@pytest.mark.parametrize("seed", range(6))
def test_random_hours_gaps_and_clamps(funding: FundingWorld, seed: int) -> None:
    dice = random.Random(seed)
    naive = NaiveFunding(START_TS // HOUR, [(0, MAX_RATE_E9)])
    last = [funding.chain.now_ts]
    for step in range(40):
        where = f"seed {seed}, step {step}"
        hour = funding.chain.now_ts // HOUR + dice.choice(GAPS)
        if hour > funding.chain.now_ts // HOUR:
            funding.advance_to(hour * HOUR + dice.randint(0, 1_000))
        sample_some(funding, naive, dice, last)
        if dice.random() < 0.4:
            set_clamp(funding, naive, dice)
        if dice.random() < 0.7 and naive.next < funding.chain.now_ts // HOUR:
            funding.advance_to(funding.chain.now_ts + 1)
            hours = naive.pay(funding.chain.now_ts)
            event = funding.chain.send(funding.update_funding()).event("FundingUpdated")
            assert (event.hours, event.funding_index) == (hours, naive.index), where
            assert event.rate_e9 == naive.rates[naive.next - 1], where
        state = funding.read()
        kept = {
            hour: state.rates_e9[hour % KEPT]
            for hour in range(max(naive.first, naive.next - KEPT), naive.next)
        }
        assert kept == {hour: naive.rates[hour] for hour in kept}, where
        assert funding.market.read().funding_index == naive.index, where
