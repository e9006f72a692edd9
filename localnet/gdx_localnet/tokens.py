"""Token accounts and mints, read from their bytes (Token and Token-2022 share the base layout)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.ledger import TokenBalance
from gdx_localnet.transactions import TOKEN, TOKEN_2022

ACCOUNT_BYTES = 165
MINT_BYTES = 82
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
_NATIVE_DECIMALS = 9
_ACCOUNT_KIND_AT = 165
_KIND_MINT, _KIND_ACCOUNT = 1, 2


@dataclass(frozen=True, slots=True)
class Mint:
    """A mint; authorities are None when absent."""

    mint_authority: Pubkey | None
    supply: int
    decimals: int
    is_initialized: bool
    freeze_authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A token account; `state` is initialized or frozen; `native_reserve_lamports` is set for wrapped SOL."""

    mint: Pubkey
    owner: Pubkey
    amount: int
    delegate: Pubkey | None
    state: str
    native_reserve_lamports: int | None
    delegated_amount: int
    close_authority: Pubkey | None


def native_mint_account() -> Account:
    """Wrapped SOL's mint as it is at a validator's genesis, down to its one SOL and its rent epoch."""
    data = bytes(44) + bytes([_NATIVE_DECIMALS, 1]) + bytes(36)
    return Account(10**9, data, TOKEN, False, 1)


def is_token_program(program: Pubkey) -> bool:
    """Whether this is Token or Token-2022."""
    return program in (TOKEN, TOKEN_2022)


def parse_mint(account: Account) -> Mint | None:
    """The mint in this account, or None when it is not an initialized one of a token program."""
    data = account.data
    if not is_token_program(account.owner) or not _has_kind(data, MINT_BYTES, _KIND_MINT) or data[45] != 1:
        return None
    return Mint(_option(data, 0), _u64(data, 36), data[44], True, _option(data, 46))


def parse_account(account: Account) -> TokenAccount | None:
    """The token account in this account, or None when it is not an initialized one."""
    if not is_token_program(account.owner):
        return None
    data = account.data
    if not _has_kind(data, ACCOUNT_BYTES, _KIND_ACCOUNT) or data[108] not in (1, 2):
        return None
    return TokenAccount(
        Pubkey.from_bytes(data[0:32]),
        Pubkey.from_bytes(data[32:64]),
        _u64(data, 64),
        _option(data, 72),
        "frozen" if data[108] == 2 else "initialized",
        _u64(data, 113) if data[109] else None,
        _u64(data, 121),
        _option(data, 129),
    )


def _has_kind(data: bytes, base_bytes: int, kind: int) -> bool:
    if len(data) == base_bytes:
        return True
    return len(data) > _ACCOUNT_KIND_AT and data[_ACCOUNT_KIND_AT] == kind


def balances(keys: Sequence[Pubkey], read: Callable[[Pubkey], Account | None]) -> list[TokenBalance]:
    """Balances of the token accounts among `keys`; none unless a token program is among them too."""
    if TOKEN not in keys and TOKEN_2022 not in keys:
        return []
    found = []
    for index, key in enumerate(keys):
        account = read(key)
        token = parse_account(account) if account is not None else None
        if account is None or token is None:
            continue
        mint_account = read(token.mint)
        mint = parse_mint(mint_account) if mint_account is not None else None
        if mint is not None:
            found.append(
                TokenBalance(index, token.mint, token.owner, account.owner, token.amount, mint.decimals)
            )
    return found


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _option(data: bytes, at: int) -> Pubkey | None:
    return Pubkey.from_bytes(data[at + 4 : at + 36]) if data[at] else None
