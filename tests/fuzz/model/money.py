"""Positions and markets as accounts, and their money as the naive rules take it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from tests.golden import naive_money
from tests.golden.naive_money import Account
from tests.programs.oracle.naive_feed import average
from tests.programs.position_mgmt.model import (
    EMA_SECONDS,
    MAX_PREMIUM_E9,
    MAX_WEIGHT_SECONDS,
    Prices,
    Refused,
    Used,
)

from .book import Fields

BPS = 10_000
I64_MAX, U64_MAX = 2**63 - 1, 2**64 - 1
_POSITION = {name: name for name in naive_money.POSITION_FIELDS}
_POSITION |= {"size_e8": "size", "collateral_atoms": "collateral"}
_MARKET = {
    name: name for name in naive_money.MARKET_FIELDS if name not in ("locked_atoms", "insurance_atoms")
}
_MARKET |= {
    "long_interest_e8": "total_long_interest",
    "short_interest_e8": "total_short_interest",
    "accrued_insurance_atoms": "insurance_fund",
}


def notional(price_e6: int, size_e8: int) -> int:
    return fits(naive_money.notional(price_e6, size_e8))


def value(size_e8: int, price_e6: int) -> int:
    return fits(naive_money.value(size_e8, price_e6))


def position_money(position: Fields) -> Account:
    return {name: position[field] for name, field in _POSITION.items()}


def market_money(market: Fields, pool: Fields | None = None) -> Account:
    """`pool` adds what the vault holds for the market."""
    money = {name: market[field] for name, field in _MARKET.items()}
    if pool is not None:
        money |= {"locked_atoms": pool["locked_atoms"], "insurance_atoms": pool["insurance_atoms"]}
    return money


def store_market(market: Fields, money: Account) -> None:
    market.update({field: money[name] for name, field in _MARKET.items()})
    market["total_open_interest"] = money["long_interest_e8"]


def store_position(position: Fields, money: Account, market: Fields, mark_e6: int, now_ts: int) -> None:
    """The money, and what the account shows of it at `mark_e6`."""
    if money["collateral_atoms"] < 0:
        raise Refused("NegativeCollateral")
    position.update({field: money[name] for name, field in _POSITION.items()})
    position["last_update_timestamp"] = position["last_funding_update"] = now_ts
    size, ratio = money["size_e8"], market["maintenance_margin_ratio"]
    shown = dict.fromkeys(("entry_price", "liquidation_price", "maintenance_margin", "unrealized_pnl"), 0)
    if size:
        worth = notional(mark_e6, size)
        shown["liquidation_price"] = naive_money.liquidation_price(money, ratio)
        shown["entry_price"] = min(naive_money.entry_price(money), U64_MAX)
        shown["maintenance_margin"] = naive_money.maintenance_requirement(worth, ratio)
        shown["unrealized_pnl"] = value(size, mark_e6) - money["cost_atoms"]
    position.update(shown)


def touch(position: Fields, money: Account, market: Account) -> None:
    position["accumulated_funding"] += naive_money.unpaid_funding(money, market)
    naive_money.touch(money, market)


def side_of(size: int) -> str | None:
    return naive_money.side_of(size) if size else None


def adds_risk(before: int, after: int) -> bool:
    return after != 0 and (before * after <= 0 or abs(after) > abs(before))


def require_initial_margin(money: Account, market: Fields, leverage: int, prices: tuple[int, int]) -> None:
    """At the worse of two prices, for money that has just been touched."""
    size = money["size_e8"]
    worse = min(prices) if size > 0 else max(prices)
    equity = money["collateral_atoms"] + value(size, worse) - money["cost_atoms"]
    worth = notional(worse, size)
    if equity < naive_money.initial_requirement(worth, leverage, market["initial_margin_ratio"]):
        raise Refused("InsufficientMargin")


def slippage_limit(money: Account, index_e6: int, config: Fields) -> int:
    """`max(floor, share of equity)`; nothing where there is no equity."""
    equity = money["collateral_atoms"] + value(money["size_e8"], index_e6) - money["cost_atoms"]
    if equity <= 0:
        return 0
    share = floor(equity * Fraction(config["slippage_share_bps"], BPS))
    return max(share, int(config["slippage_floor_atoms"]))


def count_slippage(account: Fields, amount: int, limit: int, now_ts: int, error: str) -> None:
    used = Used(account["slippage_used_atoms"], account["slippage_ts"])
    used.count(amount, limit, now_ts, error)
    account["slippage_used_atoms"], account["slippage_ts"] = used.atoms, used.ts


def move_mark(market: Fields, bought_e8: int, paid: int, prices: Prices) -> None:
    """The average of settled prices, and the premium that it shows over the index."""
    if bought_e8 <= 0 or paid <= 0:
        return
    band = Fraction(market["price_band_bps"], BPS)
    sample = floor(Fraction(paid * 10**8, bought_e8))
    sample = min(max(sample, ceil(prices.low_e6 * (1 - band))), floor(prices.high_e6 * (1 + band)))
    elapsed = max(prices.now_ts - market["mark_ts"], 0)
    market["mark_ts"] = prices.now_ts
    market["mark_price_e6"] = average(market["mark_price_e6"], sample, elapsed, EMA_SECONDS)
    weight = min(elapsed, MAX_WEIGHT_SECONDS)
    if weight == 0:
        return
    premium = naive_money.premium(market["mark_price_e6"], prices.index_e6)
    market["premium_accumulator"] += min(max(premium, -MAX_PREMIUM_E9), MAX_PREMIUM_E9) * weight
    market["premium_weight_seconds"] = (market["premium_weight_seconds"] + weight) % 2**32


def fits(value: int, place: str | None = None) -> int:
    """A sum or product that the program keeps in 64 bits."""
    if not -I64_MAX - 1 <= value <= I64_MAX:
        raise Refused("MathOverflow", place)
    return value
