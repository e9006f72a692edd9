"""Addresses of every account of the five programs; bumps are stored on chain.

Derivations are remembered, so asking again costs a look-up.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from solders.pubkey import Pubkey

from gdx_sdk.errors import InputError
from gdx_sdk.programs import PROGRAM_IDS

MAX_SYMBOL_BYTES = 32

_VAULT, _EPHEMERAL = PROGRAM_IDS["collateral_vault"], PROGRAM_IDS["ephemeral_vault"]
_ORACLE, _FUNDING, _POSITION = (
    PROGRAM_IDS["oracle"],
    PROGRAM_IDS["funding_rate"],
    PROGRAM_IDS["position_mgmt"],
)
_TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
_ASSOCIATED_TOKEN = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
_UPGRADEABLE_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")


@lru_cache(maxsize=65_536)
def _find(program_id: Pubkey, *seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), program_id)[0]


@lru_cache(maxsize=4_096)
def symbol_hash(symbol: str) -> bytes:
    """sha256 of a market symbol such as ``BTC-PERP``: 1 to 32 printable ASCII characters."""
    raw = symbol.encode()
    if not 1 <= len(raw) <= MAX_SYMBOL_BYTES or not symbol.isascii() or not symbol.isprintable():
        raise InputError("symbol", symbol, "must be 1 to 32 printable ASCII characters")
    return sha256(raw).digest()


def vault_state() -> Pubkey:
    """The vault's ledger."""
    return _find(_VAULT, b"vault_state")


def vault_token() -> Pubkey:
    """The token account that holds everybody's quote tokens."""
    return _find(_VAULT, b"vault_token")


def collateral(owner: Pubkey) -> Pubkey:
    """A user's free collateral."""
    return _find(_VAULT, b"collateral", bytes(owner))


def market_pool(market: Pubkey) -> Pubkey:
    """The money of a market."""
    return _find(_VAULT, b"pool", bytes(market))


def ephemeral_vault(user: Pubkey) -> Pubkey:
    """A user's allowance for fast deposits."""
    return _find(_EPHEMERAL, b"vault", bytes(user))


def ephemeral_session(user: Pubkey) -> Pubkey:
    """A user's session: key, expiry and token account."""
    return _find(_EPHEMERAL, b"session", bytes(user))


def price_feed(symbol: str) -> Pubkey:
    """The price feed of a symbol."""
    return _find(_ORACLE, b"feed", symbol_hash(symbol))


def funding_state(market: Pubkey) -> Pubkey:
    """A market's premium samples and rates; also the address that signs funding into the market."""
    return _find(_FUNDING, b"funding", bytes(market))


def config() -> Pubkey:
    """The global configuration."""
    return _find(_POSITION, b"config")


def relayer_beat() -> Pubkey:
    """The active relayer's last sign of life."""
    return _find(_POSITION, b"beat")


def position_authority() -> Pubkey:
    """The address with which the position program signs into the vault."""
    return _find(_POSITION, b"authority")


def market(symbol: str) -> Pubkey:
    """The perpetual market of a symbol."""
    return _find(_POSITION, b"market", symbol_hash(symbol))


def market_settlement(market: Pubkey) -> Pubkey:
    """The account of a market that is settling."""
    return _find(_POSITION, b"settlement", bytes(market))


def position(owner: Pubkey, market: Pubkey) -> Pubkey:
    """A user's position in a market."""
    return _find(_POSITION, b"position", bytes(owner), bytes(market))


def settlement_batch(batch_id: bytes) -> Pubkey:
    """The record of a settled batch; `batch_id` is 32 bytes."""
    if len(batch_id) != 32:
        raise InputError("batch_id", batch_id.hex(), "must be 32 bytes")
    return Pubkey.find_program_address([b"batch", batch_id], _POSITION)[0]


def event_authority(program_id: Pubkey) -> Pubkey:
    """The address that signs a program's events to itself."""
    return _find(program_id, b"__event_authority")


def program_data(program_id: Pubkey) -> Pubkey:
    """Where the upgradeable loader keeps a program's code and upgrade authority."""
    return _find(_UPGRADEABLE_LOADER, bytes(program_id))


def associated_token(owner: Pubkey, mint: Pubkey, token_program: Pubkey = _TOKEN) -> Pubkey:
    """An owner's usual token account of a mint."""
    return _find(_ASSOCIATED_TOKEN, bytes(owner), bytes(token_program), bytes(mint))
