"""The money rules once more, as plainly as possible: exact fractions, one mutable dictionary per account.

Kept for ever as the oracle of the fast versions; nothing here imports the project.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, trunc
from typing import Any

Account = dict[str, int]

POSITION_FIELDS = ("size_e8", "cost_atoms", "collateral_atoms", "funding_index", "loss_index")
MARKET_FIELDS = (
    "funding_index",
    "long_loss_index",
    "short_loss_index",
    "long_interest_e8",
    "short_interest_e8",
    "collateral_sum_atoms",
    "cost_sum_atoms",
    "locked_atoms",
    "insurance_atoms",
    "accrued_fees_atoms",
    "accrued_insurance_atoms",
    "funding_pool_atoms",
    "outstanding_loss_atoms",
    "long_shortfall_atoms",
    "short_shortfall_atoms",
)
BASE, INDEX, BPS, PPM, E9 = 10**8, 10**4, 10**4, 10**6, 10**9


def new_position() -> Account:
    return dict.fromkeys(POSITION_FIELDS, 0)


def new_market(**fields: int) -> Account:
    return dict.fromkeys(MARKET_FIELDS, 0) | fields


def notional(price_e6: int, size_e8: int) -> int:
    return floor(price_e6 * Fraction(abs(size_e8), BASE))


def fee(notional_atoms: int, ppm: int) -> int:
    return ceil(notional_atoms * Fraction(ppm, PPM))


def side_of(size_e8: int) -> str:
    return "long" if size_e8 > 0 else "short"


def unpaid_funding(p: Account, m: Account) -> int:
    return ceil(Fraction(p["size_e8"], BASE) * Fraction(m["funding_index"] - p["funding_index"], INDEX))


def unpaid_loss(p: Account, m: Account) -> int:
    if p["size_e8"] == 0:
        return 0
    index = m[f"{side_of(p['size_e8'])}_loss_index"]
    return ceil(Fraction(abs(p["size_e8"]), BASE) * Fraction(index - p["loss_index"], INDEX))


def touch(p: Account, m: Account) -> None:
    pay, loss = unpaid_funding(p, m), unpaid_loss(p, m)
    move_collateral(p, m, -pay)
    m["funding_pool_atoms"] += pay
    move_collateral(p, m, -loss)
    m["outstanding_loss_atoms"] -= loss
    p["funding_index"] = m["funding_index"]
    if p["size_e8"]:
        p["loss_index"] = m[f"{side_of(p['size_e8'])}_loss_index"]


def fill(p: Account, m: Account, sd: int, qd: int) -> None:
    size = p["size_e8"]
    if sd == 0:
        assert qd == 0
    elif size * sd >= 0:
        if size == 0:
            p["loss_index"] = m[f"{side_of(sd)}_loss_index"]
        move_size(p, m, sd)
        move_cost(p, m, qd)
    elif abs(sd) <= abs(size):
        removed = ceil(p["cost_atoms"] * Fraction(abs(sd), abs(size)))
        move_size(p, m, sd)
        move_cost(p, m, -removed)
        move_collateral(p, m, -qd - removed)
    else:
        closing = ceil(qd * Fraction(abs(size), abs(sd)))
        fill(p, m, -size, closing)
        fill(p, m, sd + size, qd - closing)


def net_fill_quote(sd: int, qd: int, ref_e6: int, band_bps: int) -> int:
    if sd == 0:
        return 0
    at_ref = Fraction(sd * ref_e6, BASE)
    ends = sorted(floor(at_ref * (1 + Fraction(edge, BPS))) for edge in (-band_bps, band_bps))
    return min(max(qd, ends[0]), ends[1])


def net_fill(p: Account, m: Account, sd: int, qd: int, ref_e6: int, band_bps: int) -> None:
    opened = net_fill_quote(sd, qd, ref_e6, band_bps)
    move_collateral(p, m, opened - qd)
    fill(p, m, sd, opened)


def charge_fee(p: Account, m: Account, amount: int) -> None:
    move_collateral(p, m, -amount)
    m["accrued_fees_atoms"] += amount


def charge_insurance(p: Account, m: Account, amount: int) -> None:
    move_collateral(p, m, -amount)
    m["accrued_insurance_atoms"] += amount


def sweep_fees(m: Account) -> int:
    swept = max(min(m["accrued_fees_atoms"], m["locked_atoms"]), 0)
    m["accrued_fees_atoms"] -= swept
    m["locked_atoms"] -= swept
    return swept


def settle_overdraft(p: Account, m: Account, closed_side: str | None) -> None:
    over = -p["collateral_atoms"]
    if over <= 0:
        return
    move_collateral(p, m, over)
    if p["size_e8"]:
        move_cost(p, m, over)
    else:
        m[f"{closed_side or 'long'}_shortfall_atoms"] += over


def resolve_bankruptcy(m: Account, bankrupt_side: str) -> None:
    gained = "short" if bankrupt_side == "long" else "long"
    shortfall = m[f"{bankrupt_side}_shortfall_atoms"]
    insured = min(m["insurance_atoms"], shortfall)
    m["insurance_atoms"] -= insured
    m["locked_atoms"] += insured
    m[f"{bankrupt_side}_shortfall_atoms"] = 0
    rest = shortfall - insured
    m["outstanding_loss_atoms"] += rest
    if rest:
        m[f"{gained}_loss_index"] += ceil(rest * INDEX / Fraction(m[f"{gained}_interest_e8"], BASE))


def cover_from_accrued(m: Account, bankrupt_side: str) -> None:
    short = m[f"{bankrupt_side}_shortfall_atoms"]
    covered = max(min(m["accrued_insurance_atoms"], short), 0)
    m["accrued_insurance_atoms"] -= covered
    m[f"{bankrupt_side}_shortfall_atoms"] -= covered


def add_collateral(p: Account, m: Account, amount: int) -> None:
    move_collateral(p, m, amount)
    m["locked_atoms"] += amount


def payout(collateral: int, collateral_sum: int, locked: int) -> int:
    return (
        floor(collateral * Fraction(min(collateral_sum, locked), collateral_sum)) if collateral_sum > 0 else 0
    )


def close_at(p: Account, m: Account, price_e6: int) -> int:
    worth = value(p["size_e8"], price_e6)
    move_collateral(p, m, worth - p["cost_atoms"])
    move_cost(p, m, -p["cost_atoms"])
    move_size(p, m, -p["size_e8"])
    return worth


def open_payouts(m: Account) -> tuple[int, int, int]:
    """Claims, what is payable for them, what insurance adds; the market's other counters are used up."""
    claims = m["collateral_sum_atoms"]
    drawn = min(max(claims - m["locked_atoms"], 0), m["insurance_atoms"])
    m["insurance_atoms"] -= drawn
    m["locked_atoms"] += drawn
    payable = min(claims, m["locked_atoms"])
    for name in MARKET_FIELDS[8:]:
        if name not in ("insurance_atoms", "accrued_fees_atoms", "long_shortfall_atoms"):
            m[name] = 0
    m["accrued_fees_atoms"] = m["locked_atoms"] - payable
    m["long_shortfall_atoms"] = claims - payable
    return claims, payable, drawn


def pay_out(p: Account, m: Account, claims: int, payable: int) -> int:
    claim = p["collateral_atoms"]
    paid = floor(claim * Fraction(payable, claims)) if claim else 0
    move_collateral(p, m, -claim)
    m["long_shortfall_atoms"] -= claim - paid
    m["locked_atoms"] -= paid
    return paid


def move_size(p: Account, m: Account, sd: int) -> None:
    for name, sign in (("long", 1), ("short", -1)):
        m[f"{name}_interest_e8"] += max(sign * (p["size_e8"] + sd), 0) - max(sign * p["size_e8"], 0)
    p["size_e8"] += sd


def move_cost(p: Account, m: Account, amount: int) -> None:
    p["cost_atoms"] += amount
    m["cost_sum_atoms"] += amount


def move_collateral(p: Account, m: Account, amount: int) -> None:
    p["collateral_atoms"] += amount
    m["collateral_sum_atoms"] += amount


def book_value(m: Account) -> int:
    return (
        m["collateral_sum_atoms"]
        - m["cost_sum_atoms"]
        + m["accrued_fees_atoms"]
        + m["accrued_insurance_atoms"]
        + m["funding_pool_atoms"]
        - m["outstanding_loss_atoms"]
        - m["long_shortfall_atoms"]
        - m["short_shortfall_atoms"]
    )


def value(size_e8: int, price_e6: int) -> int:
    return floor(price_e6 * Fraction(size_e8, BASE))


def equity(p: Account, m: Account, price_e6: int) -> int:
    held = p["collateral_atoms"] + value(p["size_e8"], price_e6) - p["cost_atoms"]
    return held - unpaid_funding(p, m) - unpaid_loss(p, m)


def initial_requirement(notional_atoms: int, leverage: int, ratio_bps: int) -> int:
    return ceil(notional_atoms * max(Fraction(1, leverage), Fraction(ratio_bps, BPS)))


def maintenance_requirement(notional_atoms: int, ratio_bps: int) -> int:
    return ceil(notional_atoms * Fraction(ratio_bps, BPS))


def entry_price(p: Account) -> int:
    return floor(Fraction(abs(p["cost_atoms"]) * BASE, abs(p["size_e8"]))) if p["size_e8"] else 0


def liquidation_price(p: Account, ratio_bps: int) -> int:
    size, m = Fraction(p["size_e8"], BASE), Fraction(ratio_bps, BPS)
    if size == 0:
        return 0
    # C + s·p − cost = |s|·p·m, solved for p; a whole price on the side where liquidation is announced early
    exact = (p["cost_atoms"] - p["collateral_atoms"]) / (size - abs(size) * m)
    return min(max(ceil(exact) if size > 0 else floor(exact), 0), 2**63 - 1)


def liquidation_size(
    p: Account, m: Account, price_e6: int, ratio_bps: int, fee_ppm: int, min_size_e8: int
) -> int:
    size = abs(p["size_e8"])
    target, rate = Fraction(ratio_bps, BPS) * Fraction(102, 100), Fraction(fee_ppm, PPM)
    if size == 0 or price_e6 == 0 or target <= rate:
        return size
    missing = target * notional(price_e6, size) - equity(p, m, price_e6)
    if missing <= 0:
        return 0
    closing = ceil(ceil(missing / (target - rate)) / Fraction(price_e6, BASE))
    return size if size - closing < max(min_size_e8, 1) else closing


def liquidation_fee(notional_atoms: int, fee_ppm: int, collateral_after: int, equity_after: int) -> int:
    return max(min(ceil(notional_atoms * Fraction(fee_ppm, PPM)), collateral_after, equity_after), 0)


def premium(mark_e6: int, index_e6: int) -> int:
    return trunc(Fraction((mark_e6 - index_e6) * E9, index_e6))


def weighted_premium(samples: list[tuple[int, int]]) -> int | None:
    seconds = sum(weight for _, weight in samples)
    return trunc(Fraction(sum(e9 * weight for e9, weight in samples), seconds)) if seconds > 0 else None


def funding_rate(premium_e9: int, max_rate_e9: int) -> int:
    pull = min(max(100_000 - premium_e9, -500_000), 500_000)
    return min(max(trunc(Fraction(premium_e9 + pull, 8)), -max_rate_e9), max_rate_e9)


def funding_step(rate_e9: int, price_e6: int) -> int:
    return trunc(Fraction(rate_e9, E9) * price_e6 * INDEX)


def deviation(sd: int, qd: int, low_e6: int, high_e6: int) -> int:
    ends = sorted(Fraction(sd * price, BASE) for price in (low_e6, high_e6))
    return max(floor(ends[0]) - qd, qd - ceil(ends[1]), 0)


def slippage_loss(sd: int, qd: int, low_e6: int, high_e6: int) -> int:
    return max(qd - ceil(max(Fraction(sd * price, BASE) for price in (low_e6, high_e6))), 0)


def is_within_band(deviation_atoms: int, turnover: int, band_bps: int) -> bool:
    return deviation_atoms <= turnover * Fraction(band_bps, BPS)


def snapshot(account: Account) -> dict[str, Any]:
    return {name: str(amount) for name, amount in account.items()}
