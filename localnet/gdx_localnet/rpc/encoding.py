"""Accounts as JSON."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import zstandard
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import base58
from gdx_localnet.rpc.faults import INVALID_REQUEST, RpcFault
from gdx_localnet.rpc.parsed_accounts import parse

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_RENT_EPOCH_EXEMPT = 2**64 - 1
_RENT_FREE_OWNERS = {
    Pubkey.from_string("NativeLoader1111111111111111111111111111111"),
    Pubkey.from_string("Sysvar1111111111111111111111111111111111111"),
    Pubkey.from_string("Config1111111111111111111111111111111111111"),
}
"""Owners of genesis accounts that keep rent epoch 0; LiteSVM leaves 0 on every account it creates."""

_MAX_BASE58_BYTES = 128
_compressor = zstandard.ZstdCompressor(level=1)
_text_of = lru_cache(maxsize=1_024)(str)
"""Of an owner: ten thousand accounts have few of them."""


def encode_account(
    chain: EmbeddedChain,
    address: Pubkey,
    account: Account,
    encoding: str | None,
    data_slice: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """An account as RPC gives it; `encoding` None is the old bare base58 string."""
    data, owner = account.data, account.owner
    return {
        "data": _encode_data(chain, address, account, data, encoding or "binary", data_slice),
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": _text_of(owner),
        "rentEpoch": account.rent_epoch or (0 if owner in _RENT_FREE_OWNERS else _RENT_EPOCH_EXEMPT),
        "space": len(data),
    }


def _encode_data(
    chain: EmbeddedChain,
    address: Pubkey,
    account: Account,
    data: bytes,
    encoding: str,
    data_slice: tuple[int, int] | None,
) -> Any:
    if encoding == "jsonParsed":
        parsed = parse(chain, address, account)
        if parsed is not None:
            return parsed
        encoding = "base64"
    if data_slice is not None:
        offset, length = data_slice
        data = data[offset : offset + length]
    if encoding == "base64":
        return [base64.b64encode(data).decode(), "base64"]
    if encoding == "base64+zstd":
        return [base64.b64encode(_compressor.compress(data)).decode(), "base64+zstd"]
    if len(data) > _MAX_BASE58_BYTES:
        raise RpcFault(
            INVALID_REQUEST,
            "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.",
        )
    text = base58.encode(data)
    return [text, "base58"] if encoding == "base58" else text
