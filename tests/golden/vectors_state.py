"""Golden vectors of shortfalls, releases, oracle prices and the withdrawal limiter, edges first."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import naive_money
import naive_oracle
from vectors_money import random_state, text

Case = dict[str, Any]
TOP = 2**63 - 1


def files() -> dict[str, dict[str, Any]]:
    """File name → content."""
    makers: list[tuple[str, str, Callable[[Random], list[Case]]]] = [
        ("shortfall", "a bankruptcy: accrued insurance, the pool's insurance, then the other side's loss index", _shortfall),
        ("release", "collateral that a touched position may take out", _release),
        ("oracle", "publishers' quotes to one price with its confidence, and the average it moves", _oracle),
        ("limiter", "withdrawals and deposits under a limit on the rolling net outflow", _limiter),
    ]
    return {
        name: {"about": about, "cases": [text(case) for case in make(Random(f"gdx/{name}"))]}
        for name, about, make in makers
    }


def _shortfall(rng: Random) -> list[Case]:
    # shortfall, accrued insurance, the pool's insurance, open interest
    edges = [
        (1, 0, 0, 10**8),
        (1, 0, 0, 1),  # an index step of 1e12
        (1, 1, 5, 10**8),  # covered by what is accrued
        (5, 0, 5, 10**8),  # covered by the pool, to the atom
        (6, 0, 5, 10**8),
        (10**12, 0, 0, 10**12),  # comes out even
        (10**12 + 1, 0, 0, 10**12 - 1),
        (2**62, 2**61, 2**60, TOP),
        (TOP, 0, 0, TOP),
    ]
    usual = [
        (rng.randint(1, 10**10), rng.choice([0, rng.randint(0, 10**9)]), rng.choice([0, rng.randint(0, 10**10)]),
         rng.randint(10**6, 10**12))
        for _ in range(30)
    ]
    cases = []
    for number, (shortfall, accrued, insurance, interest) in enumerate(edges + usual):
        bankrupt = ("long", "short")[number % 2]
        fields = {f"{bankrupt}_shortfall_atoms": shortfall, "accrued_insurance_atoms": accrued}
        if shortfall < 2**62:
            fields["outstanding_loss_atoms"] = rng.choice([0, rng.randint(0, 10**9)])
        fields["insurance_atoms"] = insurance
        market = naive_money.new_market(long_interest_e8=interest, short_interest_e8=interest, **fields)
        before = dict(market)
        naive_money.cover_from_accrued(market, bankrupt)
        naive_money.resolve_bankruptcy(market, bankrupt)
        cases.append({"bankrupt_side": bankrupt, "market": before, "after": market})
    return cases


def _release(rng: Random) -> list[Case]:
    cases = []
    for number in range(40):
        position, market, price = random_state(rng)
        leverage, ratio_bps = rng.randint(1, 50), rng.randint(100, 2000)
        if number == 0:
            position |= {"size_e8": 0, "cost_atoms": 0}
        touched, after = dict(position), dict(market)
        naive_money.touch(touched, after)
        naive_money.settle_overdraft(touched, after, None)
        notional = naive_money.notional(price, touched["size_e8"])
        requirement = naive_money.initial_requirement(notional, leverage, ratio_bps)
        spare = naive_money.equity(touched, after, price) - requirement
        # The most that margin lets go, an atom more, and all there is.
        for amount in {max(spare, 0), max(spare, 0) + 1, touched["collateral_atoms"], touched["collateral_atoms"] + 1}:
            is_there = amount <= touched["collateral_atoms"]
            is_covered = touched["size_e8"] == 0 or amount <= spare
            cases.append({
                "position": position, "market": market, "price_e6": price, "leverage": leverage,
                "initial_ratio_bps": ratio_bps, "amount_atoms": amount, "touched": touched,
                "outcome": "ok" if is_there and (is_covered or amount == 0) else "margin" if is_there else "collateral",
            })
    return cases


def _oracle(rng: Random) -> list[Case]:
    top = 10**15
    quotes = [
        [(1, 0), (1, 0), (1, 0)],
        [(7, 0), (1, 0), (4, 0), (3, 0)],  # the middle two, rounded down
        [(1, 9), (2, 0), (top, 0)],  # a liar, and the widest confidence
        [(top, 0), (top - 1, top), (1, 0), (2, 0), (3, 0)],
        [(5, 0), (5, 2), (6, 1), (6, 0), (9, 0), (1, 0), (2, 0), (3, 0)],
    ]
    for _ in range(40):
        middle = rng.choice([10**4, 10**9, 10**11])
        quotes.append([
            (middle + rng.randint(-middle // 50, middle // 50), rng.randint(0, middle // 100))
            for _ in range(rng.randint(3, 8))
        ])
    cases = []
    for place, published in enumerate(quotes):
        price, confidence = naive_oracle.aggregate(published)
        previous = rng.choice([0, 1, price * 1000, price * 1000 + 1, price * rng.randint(900, 1100)])
        elapsed = rng.choice([1, 149, 150, 299, 300, 301, 10_000]) if place else 1
        cases.append({
            "quotes": [list(quote) for quote in published], "price_e6": price, "confidence_e6": confidence,
            "previous_average_e9": previous, "elapsed_s": elapsed, "period_s": 300,
            "average_e9": naive_oracle.average(previous, price * 1000, elapsed, 300),
        })
    return cases


def _limiter(rng: Random) -> list[Case]:
    cases = []
    for number in range(24):
        limit = 0 if number == 0 else rng.choice([1, 1_000, 10**9])
        window = rng.choice([1, 60, 3_600]) if number % 3 == 0 else rng.choice([100, 3_600, 86_400])
        state = naive_oracle.new_outflow(10**9 + rng.randint(0, 10**6))
        start, steps, now = dict(state), [], state["updated_ts"]
        for _ in range(12):
            now += rng.choice([0, 1, window // 2, window - 1, window, window + 1, 2 * window, 3 * window])
            amount = rng.choice([1, limit // 3 + 1, limit or 5, limit + 1, 2 * limit + 1])
            op = rng.choice(["withdraw", "withdraw", "deposit"])
            is_allowed = naive_oracle.move(state, op, amount, now, limit, window)
            steps.append({"op": op, "ts": now, "amount_atoms": amount, "is_allowed": is_allowed, "after": dict(state)})
        cases.append({"limit_atoms": limit, "window_s": window, "start": start, "steps": steps})
    return cases
