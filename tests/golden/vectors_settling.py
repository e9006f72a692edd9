"""Golden vectors of settling a market: closing every size at one price, then sharing what the pool holds."""

from __future__ import annotations

from random import Random
from typing import Any

import naive_money as naive
from vectors_money import Script, text

Case = dict[str, Any]


def files() -> dict[str, dict[str, Any]]:
    """File name → content."""
    rng = Random("gdx/settled_markets")
    about = "a market with open positions; each closed at one price, then each paid out of what is there"
    return {
        "settled_markets": {"about": about, "cases": [text(_case(rng, number)) for number in range(24)]}
    }


def _case(rng: Random, number: int) -> Case:
    """`number` chooses how far the price ran since the last trade, and so how much is lacking."""
    script, price = _traded(rng, players=rng.randint(2, 6))
    market, positions = script.market, script.positions
    price = max(1, price + price * rng.randint(-(number * 250), number * 250) // 10_000)
    if number % 4 == 0:
        price = rng.randint(1, 10**8)
    case: Case = {"price_e6": price, "market": dict(market), "positions": [dict(p) for p in positions]}
    order = list(range(len(positions)))
    rng.shuffle(order)
    case["closed"] = [_close(script, who, price) for who in order if positions[who]["size_e8"]]
    imbalance = naive.book_value(market) - market["locked_atoms"]
    assert -len(case["closed"]) < imbalance <= 0 or not case["closed"]
    claims, payable, drawn = naive.open_payouts(market)
    assert naive.book_value(market) == market["locked_atoms"]
    case |= {"imbalance_atoms": imbalance, "claims_atoms": claims, "payable_atoms": payable}
    case |= {"drawn_atoms": drawn, "opened_market": dict(market)}
    rng.shuffle(order)
    case["paid"] = [_pay(script, who, claims, payable) for who in order]
    assert market["collateral_sum_atoms"] == 0
    assert naive.book_value(market) == market["locked_atoms"] >= 0
    return case


def _traded(rng: Random, players: int) -> tuple[Script, int]:
    """Positions after a few trades, funding and fees, and the last price."""
    script = Script("", players, insurance_atoms=rng.choice([0, 10**5, 10**9]))
    price = rng.randint(10**7, 10**11)
    for who in range(players):
        script.run("add_collateral", who, amount=rng.randint(10**5, 10**10))
    for _ in range(rng.randint(1, 12)):
        buyer, seller = rng.sample(range(players), 2)
        script.trade(buyer, seller, price, rng.randint(1, 10**7))
        script.move_index(rng.randint(-(10**10), 10**10))
        price = max(10**6, price + price * rng.randint(-500, 500) // 10_000)
        for bankrupt, gained in (("long", "short"), ("short", "long")):
            shortfall = script.market[f"{bankrupt}_shortfall_atoms"]
            if shortfall and script.market[f"{gained}_interest_e8"] > 10**4 and rng.random() < 0.5:
                script.run("resolve_bankruptcy", bankrupt_side=bankrupt)
    return script, price


def _close(script: Script, who: int, price: int) -> Case:
    position, market = script.positions[who], script.market
    side = naive.side_of(position["size_e8"])
    naive.touch(position, market)
    worth = naive.close_at(position, market, price)
    naive.settle_overdraft(position, market, side)
    return {"who": who, "worth_atoms": worth, "position": dict(position), "market": dict(market)}


def _pay(script: Script, who: int, claims: int, payable: int) -> Case:
    paid = naive.pay_out(script.positions[who], script.market, claims, payable)
    return {"who": who, "paid_atoms": paid, "market": dict(script.market)}
