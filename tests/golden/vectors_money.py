"""Golden vectors of the money rules: fees, margin, liquidation, funding, band, pay-outs, fill sequences."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import naive_money as naive

Case = dict[str, Any]
FUNDING_RATE_LIMIT_E9 = 2_000_000
INITIAL_BPS, MAINTENANCE_BPS = 500, 250


def files() -> dict[str, dict[str, Any]]:
    """File name → content."""
    makers: list[tuple[str, str, Callable[[Random], list[Case]]]] = [
        ("fees", "notional = floor(price·|size|/1e8); fee = ceil(notional·ppm/1e6)", _fees),
        ("margin", "equity, requirements and liquidation price of a position", _margin),
        ("liquidation", "size that a liquidator may take over, and the fee", _liquidation),
        ("funding", "premium, hourly rate and index step", _funding),
        ("premium", "time-weighted mean of premium samples", _premium),
        ("band", "deviation from the oracle's low–high, and the part of a net fill inside the band", _band),
        ("settling", "pay-outs of a settling market", _settling),
        (
            "fills",
            "sequences of operations on one market with several positions; state after every step",
            _fills,
        ),
    ]
    return {
        name: {"about": about, "cases": [text(case) for case in make(Random(f"gdx/{name}"))]}
        for name, about, make in makers
    }


def text(value: Any) -> Any:
    """Integers as decimal text, so that no reader loses digits."""
    if isinstance(value, dict):
        return {key: text(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [text(part) for part in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _price(rng: Random) -> int:
    return rng.choice([rng.randint(1, 10**4), rng.randint(10**6, 10**9), rng.randint(10**9, 2 * 10**11)])


def _size(rng: Random) -> int:
    return rng.choice([rng.randint(1, 1000), rng.randint(10**4, 10**8), rng.randint(10**8, 10**11)])


def _fees(rng: Random) -> list[Case]:
    inputs = [
        (1, 1, 500),
        (10**8, 1, -100),
        (96_500_250_000, 12_345_678, 500),
        (2**40, 2**40, -50),
        (3, 10**8, 1),
        (0, 10**8, 500),
        (10**8, 0, 500),
        (2**63 - 1, 10**8, 0),
        (1, 2**63 - 1, -300),
        (10**6, 2**63 - 1, 1_000),
        (10**14, 10**8, 5),  # comes out even
        (10**14 + 1, 10**8, 5),
        (10**14 - 1, 10**8, -5),
        (10**6, -(10**8) - 1, 500),  # a short
    ]
    inputs += [(_price(rng), _size(rng), rng.randint(-300, 1000)) for _ in range(60)]
    cases = []
    for price, size, ppm in inputs:
        notional = naive.notional(price, size)
        case = {"price_e6": price, "size_e8": size, "ppm": ppm, "notional_atoms": notional}
        cases.append(case | {"fee_atoms": naive.fee(notional, ppm)})
    return cases


def random_state(rng: Random) -> tuple[naive.Account, naive.Account, int]:
    price, size = rng.randint(10**7, 2 * 10**11), rng.choice([1, -1]) * rng.randint(10**5, 10**9)
    entry = price * rng.randint(90, 110) // 100
    notional = naive.notional(entry, size)
    position = naive.new_position() | {
        "size_e8": size,
        "cost_atoms": notional if size > 0 else -notional,
        "collateral_atoms": notional * rng.randint(1, 30) // 100,
        "funding_index": rng.randint(-(10**9), 10**9),
        "loss_index": rng.randint(0, 10**6),
    }
    market = naive.new_market(
        funding_index=position["funding_index"] + rng.randint(-(10**8), 10**8),
        long_loss_index=position["loss_index"] + rng.choice([0, rng.randint(0, 10**7)]),
        short_loss_index=position["loss_index"] + rng.choice([0, rng.randint(0, 10**7)]),
    )
    return position, market, price


# size, cost, collateral, funding index of the market, loss index of both sides, price
EDGES = [
    (1, 0, 0, 0, 0, 1),
    (-1, 0, 0, 0, 0, 1),
    (1, 1, 0, 10**12, 0, 10**8),
    (-1, -1, 0, -(10**12), 0, 10**8),  # pays funding as well
    (-1, -1, 1, 1, 0, 10**8 + 1),  # receives less than an atom: nothing
    (1, 1, 1, 1, 1, 10**8 - 1),  # pays less than an atom: one, twice
    (3, 2, 5, -1, 3, 0),
    (10**8, 10**12, 10**12, 0, 0, 10**12),
    (2**62, 2**40, 2**20, 0, 0, 10**6),
    (2**62, 2**40, 2**62, 0, 0, 10**6),
    (-(2**62), -(2**40), 2**62, 0, 0, 10**6),
    (2**63 - 1, 2**56, 2**50, 1, 1, 10**6),
    (1 - 2**63, -(2**56), 2**61, 1, 1, 10**6),
    (10**8, 5 * 10**9, 2**63 - 1 - 10**12, 0, 0, 5 * 10**9),
]


def _edge_state(edge: tuple[int, ...]) -> tuple[naive.Account, naive.Account, int]:
    size, cost, collateral, funding_index, loss_index, price = edge
    position = naive.new_position() | {"size_e8": size, "cost_atoms": cost, "collateral_atoms": collateral}
    losses = {"long_loss_index": loss_index, "short_loss_index": loss_index}
    return position, naive.new_market(funding_index=funding_index, **losses), price


def _margin(rng: Random) -> list[Case]:
    cases = []
    for number in range(60 + len(EDGES)):
        position, market, price = random_state(rng) if number < 60 else _edge_state(EDGES[number - 60])
        if number == 0:
            position = naive.new_position() | {"collateral_atoms": 5}
        leverage, initial_bps = rng.randint(1, 50), rng.randint(100, 2000)
        maintenance_bps = initial_bps // 2
        notional = naive.notional(price, position["size_e8"])
        equity = naive.equity(position, market, price)
        maintenance = naive.maintenance_requirement(notional, maintenance_bps)
        cases.append(
            {
                "position": position,
                "market": market,
                "price_e6": price,
                "leverage": leverage,
                "initial_ratio_bps": initial_bps,
                "maintenance_ratio_bps": maintenance_bps,
                "value_atoms": naive.value(position["size_e8"], price),
                "unpaid_funding_atoms": naive.unpaid_funding(position, market),
                "unpaid_loss_atoms": naive.unpaid_loss(position, market),
                "equity_atoms": equity,
                "initial_requirement_atoms": naive.initial_requirement(notional, leverage, initial_bps),
                "maintenance_requirement_atoms": maintenance,
                "is_liquidatable": position["size_e8"] != 0 and equity < maintenance,
                "entry_price_e6": naive.entry_price(position),
                "liquidation_price_e6": naive.liquidation_price(position, maintenance_bps),
            }
        )
    return cases


def _liquidation(rng: Random) -> list[Case]:
    cases = []
    for number in range(60 + len(EDGES)):
        position, market, price = random_state(rng) if number < 60 else _edge_state(EDGES[number - 60])
        ratio_bps, fee_ppm = rng.randint(100, 2000), rng.choice([0, 5_000, rng.randint(1, 20_000)])
        if number == 0:
            ratio_bps, fee_ppm = 10, 5_000  # target below the fee: all of it
        if number == 1:
            ratio_bps, fee_ppm = 100, 10_200  # target and fee alike
        min_size = rng.choice([0, 1, 10**5, 10**8])
        size = naive.liquidation_size(position, market, price, ratio_bps, fee_ppm, min_size)
        notional, collateral = naive.notional(price, size), rng.randint(-(10**6), 10**9)
        equity = rng.choice([collateral, rng.randint(-(10**6), 10**9)])
        cases.append(
            {
                "position": position,
                "market": market,
                "price_e6": price,
                "initial_ratio_bps": ratio_bps,
                "fee_ppm": fee_ppm,
                "min_size_e8": min_size,
                "size_e8": size,
                "notional_atoms": notional,
                "collateral_after_close_atoms": collateral,
                "equity_after_close_atoms": equity,
                "fee_atoms": naive.liquidation_fee(notional, fee_ppm, collateral, equity),
            }
        )
    return cases


def _funding(rng: Random) -> list[Case]:
    # mark, index, limit: ties toward zero on both sides, the clamps' ends, the least and the greatest prices
    edges = [
        (1, 1, 1),
        (1, 3, 10**7),
        (3, 1, 10**7),
        (2, 3, 10**7),
        (10**15, 10**15, 10**7),
        (9 * 10**9, 1, 10**7),
        (1, 10**15, 10**7),
        (10**9 + 600_000, 10**9, 10**7),
        (10**9 + 600_007, 10**9, 10**7),
        (10**9 - 400_001, 10**9, 10**7),
        (10**9 - 400_009, 10**9, 10**7),
        (10**9 + 10**8, 10**9, 10**7),
    ]
    cases = []
    for number in range(60 + len(edges)):
        index = _price(rng)
        mark = index if number == 0 else max(1, index + index * rng.randint(-200, 200) // 10_000)
        limit = rng.choice([FUNDING_RATE_LIMIT_E9, 10_000, 10**9])
        if number >= 60:
            mark, index, limit = edges[number - 60]
        premium = naive.premium(mark, index)
        rate = naive.funding_rate(premium, limit)
        cases.append(
            {
                "mark_price_e6": mark,
                "index_price_e6": index,
                "max_rate_e9": limit,
                "premium_e9": premium,
                "rate_e9": rate,
                "index_step": naive.funding_step(rate, index),
            }
        )
    return cases


def _premium(rng: Random) -> list[Case]:
    cases: list[Case] = [{"samples": [], "premium_e9": None}, {"samples": [[5, 0]], "premium_e9": None}]
    for _ in range(20):
        samples = [(rng.randint(-(10**7), 10**7), rng.randint(0, 600)) for _ in range(rng.randint(1, 12))]
        samples.append((rng.randint(-(10**7), 10**7), rng.randint(1, 600)))
        cases.append({"samples": samples, "premium_e9": naive.weighted_premium(samples)})
    # Toward zero on both sides; a weight of one; sums at the edge of i64.
    edges = [[(1, 1), (2, 1)], [(-1, 1), (-2, 1)], [(-7, 1)], [(1, 1), (-1, 1)], [(2**62, 1), (2**62 - 1, 1)]]
    edges += [[(-(2**62), 1), (-(2**62), 1)], [(-3, 2), (0, 3)]]
    for edge in edges:
        cases.append({"samples": edge, "premium_e9": naive.weighted_premium(edge)})
    return cases


def _band(rng: Random) -> list[Case]:
    # size delta, quote delta, low, high, band: exactly at an end of range and band, and an atom beyond
    edges = [
        (10**8, 10**6, 10**6, 10**6, 100),
        (10**8, 10**6 + 1, 10**6, 10**6, 100),
        (10**8, 1_010_000, 10**6, 10**6, 100),
        (10**8, 1_010_001, 10**6, 10**6, 100),
        (10**8, 990_000, 10**6, 10**6, 100),
        (-(10**8), -990_000, 10**6, 10**6, 100),
        (-(10**8), -989_999, 10**6, 10**6, 100),
        (-(10**8), -1_010_001, 10**6, 10**6, 100),
        (1, 0, 1, 1, 0),
        (-1, 0, 1, 1, 0),
        (-1, -1, 1, 1, 0),
        (3, 0, 33_333_333, 33_333_334, 1),
        (2**62, 2**62 // 100, 10**6, 10**6, 100),
        (-(2**62), -(2**62 // 100) - 1, 10**6, 10**6, 100),
    ]
    cases = []
    for number in range(80 + len(edges)):
        low = _price(rng)
        high = low + low * rng.randint(0, 100) // 10_000
        band_bps = rng.choice([0, 50, 100, 500])
        sd = 0 if number < 4 else rng.choice([1, -1]) * _size(rng)
        middle = sd * low // 10**8
        qd = middle + rng.choice([0, 1, -1, rng.randint(-(abs(middle) // 8) - 9, abs(middle) // 8 + 9)])
        turnover = abs(qd) + rng.randint(0, 10**6)
        if number >= 80:
            sd, qd, low, high, band_bps = edges[number - 80]
            turnover = abs(qd)
        deviation = naive.deviation(sd, qd, low, high)
        cases.append(
            {
                "size_delta_e8": sd,
                "quote_delta_atoms": qd,
                "turnover_atoms": turnover,
                "low_e6": low,
                "high_e6": high,
                "band_bps": band_bps,
                "deviation_atoms": deviation,
                "is_within_band": naive.is_within_band(deviation, turnover, band_bps),
                "slippage_loss_atoms": naive.slippage_loss(sd, qd, low, high),
                "net_fill_quote_atoms": naive.net_fill_quote(sd, qd, low, band_bps),
            }
        )
    return cases


def _settling(rng: Random) -> list[Case]:
    cases = []
    for _ in range(20):
        shares = [rng.randint(0, 10**10) for _ in range(rng.randint(1, 6))]
        total = sum(shares)
        locked = rng.choice([total, total * 3 // 4, total + 5, 0])
        payouts = [naive.payout(share, total, locked) for share in shares]
        cases.append({"collateral_atoms": shares, "locked_atoms": locked, "payout_atoms": payouts})
    for shares, locked in [([0], 0), ([0, 0], 5), ([1, 1, 1], 2), ([2**62, 2**62 - 1], 2**62), ([2**63 - 1], 2**63 - 1)]:
        payouts = [naive.payout(share, sum(shares), locked) for share in shares]
        cases.append({"collateral_atoms": shares, "locked_atoms": locked, "payout_atoms": payouts})
    return cases


def _fills(rng: Random) -> list[Case]:
    cases = [_increase_and_reduce(), _flip(), _overdrawn_open(), _overdrawn_flat()]
    return cases + [_random_sequence(rng, number) for number in range(6)]


class Script:
    """Runs operations on the naive model and notes the state after each."""

    def __init__(self, name: str, positions: int, **market: int) -> None:
        self.name = name
        self.market = naive.new_market(**market)
        self.positions = [naive.new_position() for _ in range(positions)]
        self.start = {"market": dict(self.market), "positions": [dict(p) for p in self.positions]}
        self.steps: list[Case] = []

    def run(self, op: str, who: int | None = None, **args: Any) -> Script:
        operation = getattr(naive, op)
        if who is None:
            operation(self.market, **args)
        else:
            operation(self.positions[who], self.market, **args)
        state = {"position": dict(self.positions[who])} if who is not None else {}
        self.steps.append({"op": op, "who": who, "args": args, **state, "market": dict(self.market)})
        return self

    def move_index(self, step: int) -> Script:
        """The market's funding index moves; no money does until positions are touched."""
        self.market["funding_index"] += step
        self.steps.append(
            {"op": "move_index", "who": None, "args": {"step": step}, "market": dict(self.market)}
        )
        return self

    def trade(self, buyer: int, seller: int, price: int, size: int) -> Script:
        """Both sides of one fill: touch, fill, fee, overdraft."""
        quote = naive.notional(price, size)
        for who, sign, ppm in ((buyer, 1, 500), (seller, -1, -100)):
            before = self.positions[who]["size_e8"]
            self.run("touch", who).run("fill", who, sd=sign * size, qd=sign * quote)
            self.run("charge_fee", who, amount=naive.fee(quote, ppm))
            closed = naive.side_of(before) if before and not self.positions[who]["size_e8"] else None
            self.run("settle_overdraft", who, closed_side=closed)
        return self.check()

    def check(self) -> Script:
        """Not an atom is made or lost, once both sides of every trade are in."""
        assert naive.book_value(self.market) == self.market["locked_atoms"], (self.name, len(self.steps))
        return self

    def case(self) -> Case:
        self.check()
        return {"name": self.name, "start": self.start, "steps": self.steps}


def _funded(name: str, amounts: list[int], **market: int) -> Script:
    script = Script(name, len(amounts), **market)
    for who, amount in enumerate(amounts):
        script.run("add_collateral", who, amount=amount)
    return script


def _increase_and_reduce() -> Case:
    script = _funded("increase, reduce, close", [10**9, 10**9])
    script.trade(0, 1, 96_500_250_000, 1_234_567).trade(0, 1, 97_000_000_001, 7)
    script.move_index(123_456_789).trade(1, 0, 95_999_999_999, 1_000_000)
    return script.trade(1, 0, 96_000_000_000, 234_574).case()


def _flip() -> Case:
    script = _funded(
        "flip over funding and a loss index", [10**9, 10**9, 10**9], long_loss_index=3, short_loss_index=5
    )
    script.trade(0, 1, 50_000_000_003, 333_333).move_index(-987_654_321)
    return script.trade(2, 0, 50_100_000_007, 1_000_001).trade(1, 2, 49_000_000_000, 999_999).case()


def _overdrawn_open() -> Case:
    script = _funded("fees out of unrealized profit", [10_000, 10**9])
    script.trade(0, 1, 60_000_000_000, 100_000).move_index(70_000_000_000)
    return (
        script.run("touch", 0)
        .run("charge_fee", 0, amount=9_000)
        .run("settle_overdraft", 0, closed_side=None)
        .case()
    )


def _overdrawn_flat() -> Case:
    script = _funded(
        "bankrupt, insured in part, the rest socialized", [10**7, 10**9, 10**9], insurance_atoms=1_000_000
    )
    script.trade(0, 1, 60_000_000_000, 500_000).trade(2, 0, 52_000_000_000, 1)
    script.trade(1, 0, 52_000_000_000, 7).trade(2, 0, 52_000_000_000, 499_992)
    script.run("resolve_bankruptcy", bankrupt_side="long")
    script.run("touch", 1).run("sweep_fees").run("touch", 2)
    return script.run("charge_insurance", 1, amount=12_345).case()


def _random_sequence(rng: Random, number: int) -> Case:
    players = rng.randint(3, 5)
    script = _funded(
        f"random {number}", [rng.randint(10**7, 10**10) for _ in range(players)], insurance_atoms=10**6
    )
    price = rng.randint(10**9, 10**11)
    for _ in range(rng.randint(8, 20)):
        price = max(10**6, price + price * rng.randint(-900, 900) // 10_000)
        buyer, seller = rng.sample(range(players), 2)
        choice = rng.random()
        if choice < 0.6:
            script.trade(buyer, seller, price, rng.randint(1, 20_000_000))
        elif choice < 0.75:
            script.move_index(rng.randint(-(10**10), 10**10))
        elif choice < 0.95:
            _net_pair(script, rng, buyer, seller, price)
        else:
            script.run("sweep_fees")
        _resolve(script.check())
    return script.case()


def _net_pair(script: Script, rng: Random, buyer: int, seller: int, ref: int) -> None:
    size = rng.choice([0, rng.randint(1, 20_000_000)])
    quote = naive.notional(ref, size) + rng.randint(-(10**7), 10**7)
    for who, sign in ((buyer, 1), (seller, -1)):
        before = script.positions[who]["size_e8"]
        script.run("touch", who)
        script.run("net_fill", who, sd=sign * size, qd=sign * quote, ref_e6=ref, band_bps=100)
        closed = naive.side_of(before) if before and not script.positions[who]["size_e8"] else None
        script.run("settle_overdraft", who, closed_side=closed)


def _resolve(script: Script) -> None:
    for bankrupt, gained in (("long", "short"), ("short", "long")):
        short = script.market[f"{bankrupt}_shortfall_atoms"]
        if short and script.market[f"{gained}_interest_e8"]:
            script.run("resolve_bankruptcy", bankrupt_side=bankrupt)
