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
    for key, market in kinds["PerpMarket"].items():
        _check_market(market, kinds["MarketPool"][vault.pool_of(key)], by_market[key])
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


def _check_market(market: Fields, pool: Fields, positions: list[Fields]) -> None:
    ledger = market_money(market)
    sizes = [position["size"] for position in positions]
    interest = sum(size for size in sizes if size > 0)
    _require(sum(sizes) == 0, "sizes sum to zero", market)
    sides = (ledger["long_interest_e8"], ledger["short_interest_e8"], market["total_open_interest"])
    _require(sides == (interest,) * 3, "both sides are the open interest", market)
    for name, field in (("collateral_sum_atoms", "collateral"), ("cost_sum_atoms", "cost_atoms")):
        total = sum(position[field] for position in positions)
        _require(ledger[name] == total, f"{name} is the sum over all positions", market)
    _require(
        naive_money.book_value(ledger) == pool["locked_atoms"], "the pool holds what the books say", market
    )
    unpaid = sum(
        position["size"] * (market["funding_index"] - position["funding_index"]) for position in positions
    )
    _require(ledger["funding_pool_atoms"] + Fraction(unpaid, 10**12) >= 0, "funding is solvent", market)
    carried = sum(abs(position["size"]) * _unpaid_loss_index(market, position) for position in positions)
    if interest > 0 and market["status"] != SETTLING:
        is_carried = Fraction(carried, 10**12) >= ledger["outstanding_loss_atoms"]
        _require(is_carried, "every loss is carried by somebody", market)
    _require(all(position["collateral"] >= 0 for position in positions), "no negative collateral", market)


def _unpaid_loss_index(market: Fields, position: Fields) -> int:
    if position["size"] == 0:
        return 0
    name = f"{naive_money.side_of(position['size'])}_loss_index"
    return int(market[name] - position["loss_index"])
