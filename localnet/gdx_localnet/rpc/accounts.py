"""Account queries."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from gdx_localnet import base58, tokens
from gdx_localnet.rpc.dispatcher import method, with_context
from gdx_localnet.rpc.encoding import encode_account
from gdx_localnet.rpc.faults import invalid_params
from gdx_localnet.rpc.params import (
    ACCOUNT_ENCODINGS,
    Args,
    Config,
    base64_fault,
    context_slot,
    key_bytes,
    member,
    unsigned,
    untagged,
    variant,
    wrong_type,
)

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_MAX_MULTIPLE = 100
_MAX_FILTERS = 4
_MAX_MEMCMP_BYTES = 128
_FILTERS = ("dataSize", "memcmp", "tokenAccountState")

Filter = Callable[[bytes], bool]


@method("getBalance", required=1, accepted=2)
def get_balance(chain: EmbeddedChain, args: Args) -> Any:
    address = args.pubkey(0)
    slot = context_slot(chain, args.config(1))
    account = chain.account(address, slot)
    return with_context(slot, account.lamports if account is not None else 0)


@method("getAccountInfo", required=1, accepted=2, config="RpcAccountInfoConfig")
def get_account_info(chain: EmbeddedChain, args: Args) -> Any:
    address, config = args.pubkey(0), args.config(1)
    encoding, data_slice = config.choice("encoding", ACCOUNT_ENCODINGS), config.data_slice()
    slot = context_slot(chain, config)
    account = chain.account(address, slot)
    if account is None:
        return with_context(slot, None)
    return with_context(slot, encode_account(chain, address, account, encoding, data_slice))


@method("getMultipleAccounts", required=1, accepted=2, config="RpcAccountInfoConfig")
def get_multiple_accounts(chain: EmbeddedChain, args: Args) -> Any:
    addresses = [Pubkey.from_bytes(key_bytes(text, 32)) for text in args.items(0, _MAX_MULTIPLE)]
    config = args.config(1)
    encoding = config.choice("encoding", ACCOUNT_ENCODINGS) or "base64"
    data_slice, slot = config.data_slice(), context_slot(chain, config)
    found = ((address, chain.account(address, slot)) for address in addresses)
    return with_context(
        slot,
        [
            None if account is None else encode_account(chain, address, account, encoding, data_slice)
            for address, account in found
        ],
    )


@method("getProgramAccounts", required=1, accepted=2, config="RpcProgramAccountsConfig")
def get_program_accounts(chain: EmbeddedChain, args: Args) -> Any:
    program, config = args.pubkey(0), args.config(1)
    encoding, data_slice = config.choice("encoding", ACCOUNT_ENCODINGS), config.data_slice()
    filters = read_filters(config)
    if tokens.is_token_program(program):
        _check_token_filters(config)
    slot = context_slot(chain, config)
    owned = chain.accounts.owned_by(program, slot)
    matching = [
        (address, account)
        for address, account in owned.items()
        if not filters or _passes(account.data, filters)
    ]
    if config.flag("sortResults", default=True):
        matching.sort(key=lambda item: bytes(item[0]))
    value = [
        {"account": encode_account(chain, address, account, encoding, data_slice), "pubkey": str(address)}
        for address, account in matching
    ]
    return with_context(slot, value) if config.flag("withContext") else value


def _passes(data: bytes, filters: list[Filter]) -> bool:
    return all(passes(data) for passes in filters)


def read_filters(config: Config) -> list[Filter]:
    """The `filters` member as predicates over account data."""
    members = config.members.get("filters")
    if members is None:
        return []
    if not isinstance(members, list):
        raise wrong_type(members, "a sequence")
    if len(members) > _MAX_FILTERS:
        raise invalid_params(f"Too many filters provided; max {_MAX_FILTERS}")
    return [_read_filter(value) for value in members]


def _read_filter(value: Any) -> Filter:
    kind, wanted = variant(value, _FILTERS)
    if kind == "tokenAccountState":
        return lambda data: len(data) >= tokens.ACCOUNT_BYTES and data[108] != 0
    if kind == "dataSize":
        size = unsigned(wanted)
        return lambda data: len(data) == size
    if not isinstance(wanted, dict):
        raise wrong_type(wanted, "struct Memcmp")
    offset, pattern = unsigned(member(wanted, "offset"), "usize"), _memcmp_bytes(wanted)
    return lambda data: data[offset : offset + len(pattern)] == pattern and len(data) >= offset + len(pattern)


_TOKEN_KEYS = {0: "mint", 32: "owner"}
"""By offset in a token account."""


def _check_token_filters(config: Config) -> None:
    """Of token accounts, a validator compares mint and owner with nothing but whole addresses."""
    lengths = {}
    for value in config.members.get("filters") or []:
        kind, wanted = variant(value, _FILTERS)
        if kind == "memcmp":
            lengths[wanted["offset"]] = len(_memcmp_bytes(wanted))
    for offset in (32, 0):
        if lengths.get(offset, 32) != 32:
            rule = f"SPL token {_TOKEN_KEYS[offset]} filter, expected 32"
            raise invalid_params(f"Incorrect byte length {lengths[offset]} for {rule}")


def _memcmp_bytes(memcmp: dict[str, Any]) -> bytes:
    value = member(memcmp, "bytes")
    encoding = Config(memcmp).choice("encoding", ("base58", "base64", "bytes")) or "base58"
    with untagged("DataType"):
        if not isinstance(value, str | list):
            raise wrong_type(value, "a string")
        pattern = bytes(unsigned(byte, "u8") for byte in value) if isinstance(value, list) else b""
    if isinstance(value, str):
        pattern = _memcmp_base64(value) if encoding == "base64" else _memcmp_base58(value)
    if len(pattern) > _MAX_MEMCMP_BYTES:
        raise invalid_params("Invalid param: DataTooLarge")
    return pattern


def _memcmp_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid_params(f"Invalid param: Base64DecodeError({base64_fault(text)})") from error


def _memcmp_base58(text: str) -> bytes:
    if len(text) > 2 * _MAX_MEMCMP_BYTES:
        raise invalid_params("Invalid param: DataTooLarge")
    foreign = base58.first_foreign(text)
    if foreign is not None:
        character, index = foreign
        detail = f"InvalidCharacter {{ character: '{character}', index: {index} }}"
        raise invalid_params(f"Invalid param: Base58DecodeError({detail})")
    return base58.decode(text) or b""
