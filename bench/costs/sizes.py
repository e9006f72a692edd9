"""Bytes on chain and the rent that they lock: of the programs, the exchange, a market and a user.

Rent is what `Rent::default()` asks, 6,960 lamports for each byte and for 128 more per account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from solders.rent import Rent

from gdx_sdk.accounts import (
    Collateral,
    EphemeralVault,
    FundingState,
    GlobalConfig,
    MarketPool,
    PerpMarket,
    PriceFeed,
    RelayerBeat,
    Session,
    SettlementBatch,
    UserPosition,
    VaultState,
)
from gdx_sdk.programs import PROGRAM_IDS, load

LAMPORTS_PER_SOL = 10**9
PROGRAM_BYTES = 36  # the account at the program's address: a tag and where its data is
PROGRAM_DATA_HEADER_BYTES = 45  # tag, slot of the deployment, upgrade authority
TOKEN_ACCOUNT_BYTES = 165
LOOKUP_TABLE_BYTES = 56 + 256 * 32


@dataclass(frozen=True)
class Row:
    """An account, what it is for, and its size."""

    name: str
    purpose: str
    size_bytes: int

    @property
    def rent_lamports(self) -> int:
        """What has to lie on it."""
        return int(Rent.default().minimum_balance(self.size_bytes))


def programs() -> list[Row]:
    """What deploying each program locks, apart from the buffer that is given back."""
    rows = []
    for name in PROGRAM_IDS:
        rows.append(Row(name, "ProgramData", PROGRAM_DATA_HEADER_BYTES + len(load(name).elf)))
        rows.append(Row(name, "Program", PROGRAM_BYTES))
    return rows


def exchange() -> list[Row]:
    """Once per exchange."""
    return [
        Row("VaultState", "the vault's ledger", VaultState.SIZE),
        Row("token account", "the vault's tokens", TOKEN_ACCOUNT_BYTES),
        Row("GlobalConfig", "roles, delays, versions", GlobalConfig.SIZE),
        Row("RelayerBeat", "the relayer's sign of life", RelayerBeat.SIZE),
    ]


def market() -> list[Row]:
    """Once per market."""
    return [
        Row("PerpMarket", "the market", PerpMarket.SIZE),
        Row("MarketPool", "its collateral and insurance", MarketPool.SIZE),
        Row("PriceFeed", "its oracle price", PriceFeed.SIZE),
        Row("FundingState", "its funding", FundingState.SIZE),
        Row("lookup table", "one full table of 256 addresses, closed when replaced", LOOKUP_TABLE_BYTES),
        Row("SettlementBatch", "each batch, until it is pruned", SettlementBatch.SIZE),
    ]


def user() -> list[Row]:
    """What a user needs, each once; a position once per market."""
    return [
        Row("Collateral", "free balance", Collateral.SIZE),
        Row("UserPosition", "a position, per market", UserPosition.SIZE),
    ]


def session_user() -> list[Row]:
    """What a user with a session wallet needs besides."""
    return [
        Row("EphemeralVault", "the allowance of a session wallet", EphemeralVault.SIZE),
        Row("Session", "its key and expiry", Session.SIZE),
        Row("token account", "the wallet's USDT, mostly there already", TOKEN_ACCOUNT_BYTES),
    ]


def total_lamports(rows: Iterable[Row]) -> int:
    """Rent of all of them."""
    return sum(row.rent_lamports for row in rows)


def sol(lamports: int) -> str:
    """Lamports in SOL, exactly."""
    whole, rest = divmod(lamports, LAMPORTS_PER_SOL)
    return f"{whole:,}.{rest:09d}"
