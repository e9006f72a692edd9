"""What holds after every step, seen by scanning all accounts."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from solders.pubkey import Pubkey

from tests.golden import naive_money

from .model import vault
from .model.book import TOKEN_KIND, Accounts, Fields
from .model.money import market_money

SETTLING = 3
MONEY_KINDS = {
    TOKEN_KIND,
    "Collateral",
    "EphemeralVault",
    "MarketPool",
    "PerpMarket",
    "UserPosition",
    "VaultState",
}


class Broken(AssertionError):
    """An invariant that does not hold."""


def check_invariants(accounts: Accounts, donated_atoms: int) -> None:
    """The vault's ledger, each market's books, solvency, signs: over all accounts of one chain."""
    kinds: dict[str, dict[Pubkey, Fields]] = defaultdict(dict)
    for key, entry in accounts.items():
        kinds[entry.kind][key] = entry.fields
    _check_vault(kinds, donated_atoms)
    by_market: dict[Pubkey, list[Fields]] = defaultdict(list)
    for position in kinds["UserPosition"].values():
        by_market[position["market"]].append(position)
    settlements = {one["market"]: one for one in kinds["MarketSettlement"].values()}
    for key, market in kinds["PerpMarket"].items():
        pool, settlement = kinds["MarketPool"][vault.pool_of(key)], settlements.get(key)
        _require((market["status"] == SETTLING) == (settlement is not None), "a settlement says so", market)
        _check_market(market, by_market[key])
        if settlement is None:
            _check_books(market, pool, 0)
        else:
            _check_settling(market, pool, settlement)
    for session in kinds["EphemeralVault"].values():
        _require(session["used_amount"] <= session["approved_amount"], "used is at most approved", session)


def _require(holds: bool, rule: str, fields: Fields) -> None:
    if not holds:
        raise Broken(f"{rule}: {fields}")


def _check_vault(kinds: dict[str, dict[Pubkey, Fields]], donated_atoms: int) -> None:
    state = kinds["VaultState"][vault.STATE]
    tokens = kinds[TOKEN_KIND][vault.TOKEN_ACCOUNT]["amount"]
    owed = sum(state[f"{name}_atoms"] for name in ("free", "locked", "insurance", "fees"))
    _require(tokens == owed + donated_atoms, "the vault holds what it owes", state)
    for name, kind in (("free", "Collateral"), ("locked", "MarketPool"), ("insurance", "MarketPool")):
        total = sum(account[f"{name}_atoms"] for account in kinds[kind].values())
        _require(state[f"{name}_atoms"] == total, f"{name} is the sum over all accounts", state)


def _check_market(market: Fields, positions: list[Fields]) -> None:
    ledger = market_money(market)
    _require(market["position_count"] == len(positions), "positions are counted", market)
    _check_sides(market, [position["size"] for position in positions])
    for name, field in (("collateral_sum_atoms", "collateral"), ("cost_sum_atoms", "cost_atoms")):
        total = sum(position[field] for position in positions)
        _require(ledger[name] == total, f"{name} is the sum over all positions", market)
    unpaid = sum(
        position["size"] * (market["funding_index"] - position["funding_index"]) for position in positions
    )
    _require(ledger["funding_pool_atoms"] + Fraction(unpaid, 10**12) >= 0, "funding is solvent", market)
    carried = sum(abs(position["size"]) * _unpaid_loss_index(market, position) for position in positions)
    if market["total_open_interest"] > 0 and market["status"] != SETTLING:
        is_carried = Fraction(carried, 10**12) >= ledger["outstanding_loss_atoms"]
        _require(is_carried, "every loss is carried by somebody", market)
    _require(all(position["collateral"] >= 0 for position in positions), "no negative collateral", market)


def _check_sides(market: Fields, sizes: list[int]) -> None:
    """While a market settles its sizes are closed one by one, and the sides differ."""
    longs, shorts = sum(size for size in sizes if size > 0), -sum(size for size in sizes if size < 0)
    _require(longs == shorts or market["status"] == SETTLING, "sizes sum to zero", market)
    sides = tuple(market[f"total_{name}_interest"] for name in ("long", "short", "open"))
    _require(sides == (longs, shorts, longs), "both sides are the open interest", market)


def _check_books(market: Fields, pool: Fields, imbalance: int) -> None:
    backed = naive_money.book_value(market_money(market)) - imbalance
    _require(backed == pool["locked_atoms"], "the pool holds what the books say", market)


def _check_settling(market: Fields, pool: Fields, settlement: Fields) -> None:
    """Books and pool differ by what the closed sizes were worth: in the end by dust; no more is paid."""
    _check_books(market, pool, 0 if settlement["is_paying"] else settlement["imbalance_atoms"])
    shared = [settlement[f"{name}_atoms"] for name in ("paid", "payable", "claims")]
    _require(shared == sorted(shared), "no more is paid than is shared", settlement)
    if market["total_long_interest"] == market["total_short_interest"] == 0:
        dust = -settlement["imbalance_atoms"]
        _require(0 <= dust <= settlement["settled_count"], "what is left over is dust", settlement)


def _unpaid_loss_index(market: Fields, position: Fields) -> int:
    if position["size"] == 0:
        return 0
    name = f"{naive_money.side_of(position['size'])}_loss_index"
    return int(market[name] - position["loss_index"])
