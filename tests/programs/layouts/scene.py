"""One account of every type, as the compiled programs leave them after a busy hour, then without zeros.

What no instruction here makes greater than zero is filled in with distinct values, so that a field that is
read from another field's bytes shows. Reserved space stays zero: fields may come out of it later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk.batch import Side
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Idl, idl
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.tokens import USDT
from tests.programs.harness.vault_world import PAUSE_DEPOSIT, VaultWorld
from tests.programs.position_mgmt.exchange import BEAT, CONFIG, REDUCE_ONLY, Exchange
from tests.programs.position_mgmt.market import V1, V2, batch_address
from tests.programs.position_mgmt.winding import Winding

LOSS_INDEX = 7
MARKET_INDEX = 5
PRICE_E6 = 50_000 * 10**6
INTEGER_BITS = {f"{sign}{bits}": bits - (sign == "i") for sign in "ui" for bits in (8, 16, 32, 64)}
# What a filled-in field must be for the account to stay usable: nothing else may depend on it.
CHOSEN: Mapping[tuple[str, str], Any] = {
    ("VaultState", "pause_bits"): PAUSE_DEPOSIT,
    ("GlobalConfig", "pause_bits"): 1,  # opening positions
    ("GlobalConfig", "canary_version"): 2,
    ("GlobalConfig", "is_paused"): 1,
    ("PerpMarket", "market_index"): MARKET_INDEX,
    ("SettlementBatch", "market_index"): MARKET_INDEX,
    ("PerpMarket", "status"): REDUCE_ONLY,
    ("PerpMarket", "long_loss_index"): LOSS_INDEX,
    ("PerpMarket", "short_loss_index"): LOSS_INDEX,
    ("UserPosition", "loss_index"): LOSS_INDEX,
    ("MarketSettlement", "claims_atoms"): 30_000,
    ("MarketSettlement", "payable_atoms"): 20_000,
    ("MarketSettlement", "paid_atoms"): 10_000,
}


@dataclass(frozen=True)
class Planted:
    """An account: its program, type, layout number, address and data."""

    program: str
    type: str
    layout: int
    address: Pubkey
    data: bytes


def is_spare(name: str) -> bool:
    """Space kept for later fields."""
    return name.startswith("reserved")


def build() -> list[Planted]:
    """One account of every type of the five programs, without zeros."""
    chain = Chain()
    planted = []
    for program, address in _busy_hour(chain):
        source, natural = idl(program), chain.read(address)
        layout = getattr(natural, "layout_version", 1)
        filled = _without_zeros(source, natural)
        data = chain.data(address)[:8] + source.encode({"defined": {"name": natural.type_name}}, filled)
        planted.append(Planted(program, natural.type_name, layout, address, data))
    return planted


def _busy_hour(chain: Chain) -> list[tuple[str, Pubkey]]:
    """Program and address of one account of each type."""
    vault = VaultWorld(chain).create(
        limit={"limit_atoms": 10**13, "user_minimum_atoms": 5, "window_seconds": 900}
    )
    exchange = Exchange(chain, vault).create()
    market = exchange.market(price_e6=PRICE_E6)
    funding = FundingWorld(market).create()
    alice, bob = market.trader(free_atoms=1_000 * USDT), market.trader(free_atoms=1_000 * USDT)
    funding.advance_to(chain.now_ts + 600)
    funding.sample(1_000_000)
    funding.next_hour()
    chain.send(funding.update_funding())
    for step in range(7):  # a different low and high in some minutes
        chain.advance(20)
        market.set_price(PRICE_E6 + step * 10**6)
    first, _ = market.settled(V1, market.trade(alice, bob))
    market.settled(V2, market.trade(alice, bob, side=Side.SELL, size_e8=10**7))
    session = _spend_session(SessionWorld(vault))
    chain.send(vault.withdraw(alice.user, 10 * USDT))
    chain.send(market.sweep_fees())
    chain.send(market.request_release(alice, 2 * USDT))
    chain.advance(30)
    market.set_price(PRICE_E6 + 10**6)
    chain.send(market.execute_release(alice))
    chain.send(vault.fund_insurance(market.pool, 5 * USDT), vault.draw_insurance(market.pool, USDT))
    chain.send(exchange.beat())
    chain.send(market.request_release(alice, 3 * USDT))
    winding = Winding(exchange.market("ETH-PERP", PRICE_E6))
    winding.begin()
    return [
        ("collateral_vault", vault.state),
        ("collateral_vault", alice.collateral),
        ("collateral_vault", market.pool),
        ("ephemeral_vault", session.address),
        ("ephemeral_vault", session.session),
        ("oracle", market.feed),
        ("funding_rate", funding.address),
        ("position_mgmt", CONFIG),
        ("position_mgmt", BEAT),
        ("position_mgmt", market.key),
        ("position_mgmt", alice.position),
        ("position_mgmt", batch_address(first.batch_id)),
        ("position_mgmt", winding.address),
    ]


def _spend_session(session: SessionWorld) -> SessionWorld:
    session.create(approved_atoms=100 * USDT)
    session.chain.send(session.fast_deposit(30 * USDT))
    return session


def _without_zeros(source: Idl, natural: SimpleNamespace) -> dict[str, Any]:
    values = dict(vars(natural))
    kind = {"defined": {"name": values.pop("type_name")}}
    numbers = count(1_001, 97)
    filled = _fill(source, kind, values, lambda: next(numbers))
    for (type_name, field), chosen in CHOSEN.items():
        if type_name == natural.type_name and not values[field]:
            filled[field] = chosen
    return dict(filled)


def _fill(source: Idl, kind: Any, value: Any, number: Callable[[], int]) -> Any:
    """The value, or where it is zero another one, different each time."""
    if isinstance(kind, str):
        return value if _is_set(value) else _distinct(kind, number())
    if "array" in kind:
        element, length = kind["array"]
        if element == "u8":
            return value if any(value) else bytes((number() + at) % 255 + 1 for at in range(length))
        return [_fill(source, element, item, number) for item in value]
    fields = value if isinstance(value, dict) else vars(value)
    return {
        entry["name"]: fields[entry["name"]]
        if is_spare(entry["name"])
        else _fill(source, entry["type"], fields[entry["name"]], number)
        for entry in source.types[kind["defined"]["name"]]["fields"]
    }


def _is_set(value: Any) -> bool:
    return value != Pubkey.default() if isinstance(value, Pubkey) else bool(value)


def _distinct(kind: str, number: int) -> Any:
    if kind == "bool":
        return True
    if kind == "pubkey":
        return Pubkey.from_bytes(bytes((number + at * 7) % 256 for at in range(32)))
    return number % (2 ** INTEGER_BITS[kind] - 1) + 1
