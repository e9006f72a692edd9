"""`jsonParsed` instructions of the programs that a validator parses for its users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from solders.pubkey import Pubkey

from gdx_localnet import base58
from gdx_localnet.rpc.parsed_accounts import ui_amount
from gdx_localnet.transactions import TOKEN, TOKEN_2022

SYSTEM = Pubkey.default()
LOOKUP_TABLE = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
ASSOCIATED_TOKEN = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO_V1 = Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")
MEMO_V2 = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")

Parsed = tuple[str, dict[str, Any]]


def parse_instruction(
    program: Pubkey, accounts: Sequence[Pubkey], data: bytes, stack_height: int | None
) -> dict[str, Any]:
    """The parsed form, or accounts and base58 data when the program or the instruction is not known."""
    head = {"programId": str(program), "stackHeight": stack_height}
    if program in (MEMO_V1, MEMO_V2):
        return {**head, "parsed": data.decode("utf-8", "replace"), "program": "spl-memo"}
    name, parser = _PARSERS.get(program, ("", None))
    try:
        parsed = parser([str(key) for key in accounts], data) if parser is not None else None
    except (IndexError, ValueError):
        parsed = None
    if parsed is None:
        return {**head, "accounts": [str(key) for key in accounts], "data": base58.encode(data)}
    kind, info = parsed
    return {**head, "parsed": {"info": info, "type": kind}, "program": name}


def _u64(data: bytes, at: int) -> int:
    if len(data) < at + 8:
        raise ValueError("short")
    return int.from_bytes(data[at : at + 8], "little")


def _key(data: bytes, at: int) -> str:
    if len(data) < at + 32:
        raise ValueError("short")  # solders would panic, past every except
    return str(Pubkey.from_bytes(data[at : at + 32]))


def _parse_system(keys: Sequence[str], data: bytes) -> Parsed | None:
    kind = int.from_bytes(data[:4], "little")
    if kind == 0:
        info = {"source": keys[0], "newAccount": keys[1], "lamports": _u64(data, 4), "space": _u64(data, 12)}
        return "createAccount", {**info, "owner": _key(data, 20)}
    if kind == 1:
        return "assign", {"account": keys[0], "owner": _key(data, 4)}
    if kind == 2:
        return "transfer", {"source": keys[0], "destination": keys[1], "lamports": _u64(data, 4)}
    if kind == 4:
        return "advanceNonce", {
            "nonceAccount": keys[0],
            "recentBlockhashesSysvar": keys[1],
            "nonceAuthority": keys[2],
        }
    if kind == 8:
        return "allocate", {"account": keys[0], "space": _u64(data, 4)}
    return None


def _signer(keys: Sequence[str], at: int, name: str) -> dict[str, Any]:
    """One authority, or a multisig with the signers after it."""
    if len(keys) == at + 1:
        return {name: keys[at]}
    return {f"multisig{name[0].upper()}{name[1:]}": keys[at], "signers": list(keys[at + 1 :])}


def _parse_token(keys: Sequence[str], data: bytes) -> Parsed | None:
    handler = _TOKEN_INSTRUCTIONS.get(data[0]) if data else None
    return handler(keys, data) if handler is not None else None


def _initialize_mint(keys: Sequence[str], data: bytes, *, has_rent: bool) -> Parsed:
    info: dict[str, Any] = {"mint": keys[0], "decimals": data[1], "mintAuthority": _key(data, 2)}
    if has_rent:
        info["rentSysvar"] = keys[1]
    if len(data) > 66 and data[34]:
        info["freezeAuthority"] = _key(data, 35)
    return "initializeMint" if has_rent else "initializeMint2", info


def _initialize_account(keys: Sequence[str], data: bytes) -> Parsed:
    kind = {1: "initializeAccount", 16: "initializeAccount2", 18: "initializeAccount3"}[data[0]]
    info = {"account": keys[0], "mint": keys[1], "owner": keys[2] if data[0] == 1 else _key(data, 1)}
    if data[0] != 18:
        info["rentSysvar"] = keys[3 if data[0] == 1 else 2]
    return kind, info


def _transfer(keys: Sequence[str], data: bytes) -> Parsed:
    info = {"source": keys[0], "destination": keys[1], "amount": str(_u64(data, 1))}
    return "transfer", {**info, **_signer(keys, 2, "authority")}


def _transfer_checked(keys: Sequence[str], data: bytes) -> Parsed:
    info = {"source": keys[0], "mint": keys[1], "destination": keys[2]}
    return "transferChecked", {
        **info,
        "tokenAmount": ui_amount(_u64(data, 1), data[9]),
        **_signer(keys, 3, "authority"),
    }


def _mint_to(keys: Sequence[str], data: bytes) -> Parsed:
    info: dict[str, Any] = {"mint": keys[0], "account": keys[1]}
    if data[0] == 7:
        return "mintTo", {**info, "amount": str(_u64(data, 1)), **_signer(keys, 2, "mintAuthority")}
    info["tokenAmount"] = ui_amount(_u64(data, 1), data[9])
    return "mintToChecked", {**info, **_signer(keys, 2, "mintAuthority")}


def _burn(keys: Sequence[str], data: bytes) -> Parsed:
    info: dict[str, Any] = {"account": keys[0], "mint": keys[1]}
    if data[0] == 8:
        return "burn", {**info, "amount": str(_u64(data, 1)), **_signer(keys, 2, "authority")}
    info["tokenAmount"] = ui_amount(_u64(data, 1), data[9])
    return "burnChecked", {**info, **_signer(keys, 2, "authority")}


def _approve(keys: Sequence[str], data: bytes) -> Parsed:
    info = {"source": keys[0], "delegate": keys[1], "amount": str(_u64(data, 1))}
    return "approve", {**info, **_signer(keys, 2, "owner")}


def _revoke(keys: Sequence[str], data: bytes) -> Parsed:  # noqa: ARG001 - the table's signature
    return "revoke", {"source": keys[0], **_signer(keys, 1, "owner")}


def _close(keys: Sequence[str], data: bytes) -> Parsed:  # noqa: ARG001
    return "closeAccount", {"account": keys[0], "destination": keys[1], **_signer(keys, 2, "owner")}


def _freeze(keys: Sequence[str], data: bytes) -> Parsed:
    kind = "freezeAccount" if data[0] == 10 else "thawAccount"
    return kind, {"account": keys[0], "mint": keys[1], **_signer(keys, 2, "freezeAuthority")}


def _sync_native(keys: Sequence[str], data: bytes) -> Parsed:  # noqa: ARG001
    return "syncNative", {"account": keys[0]}


def _get_size(keys: Sequence[str], data: bytes) -> Parsed:
    kinds = (int.from_bytes(data[at : at + 2], "little") for at in range(1, len(data) - 1, 2))
    names = [_EXTENSIONS.get(kind, "unparseableExtension") for kind in kinds]
    return "getAccountDataSize", {"mint": keys[0]} | ({"extensionTypes": names} if names else {})


def _immutable_owner(keys: Sequence[str], data: bytes) -> Parsed:  # noqa: ARG001
    return "initializeImmutableOwner", {"account": keys[0]}


_EXTENSIONS = {7: "immutableOwner"}

_TOKEN_INSTRUCTIONS: dict[int, Callable[[Sequence[str], bytes], Parsed]] = {
    0: lambda keys, data: _initialize_mint(keys, data, has_rent=True),
    1: _initialize_account,
    3: _transfer,
    4: _approve,
    5: _revoke,
    7: _mint_to,
    8: _burn,
    9: _close,
    10: _freeze,
    11: _freeze,
    12: _transfer_checked,
    14: _mint_to,
    15: _burn,
    16: _initialize_account,
    17: _sync_native,
    18: _initialize_account,
    20: lambda keys, data: _initialize_mint(keys, data, has_rent=False),
    21: _get_size,
    22: _immutable_owner,
}


def _parse_associated_token(keys: Sequence[str], data: bytes) -> Parsed | None:
    kind = {b"": "create", b"\0": "create", b"\1": "createIdempotent"}.get(data)
    if kind is None:
        return None
    names = ("source", "account", "wallet", "mint", "systemProgram", "tokenProgram")
    return kind, dict(zip(names, keys, strict=False))


def _parse_lookup_table(keys: Sequence[str], data: bytes) -> Parsed | None:
    kind = int.from_bytes(data[:4], "little")
    owned: dict[str, Any] = {"lookupTableAccount": keys[0], "lookupTableAuthority": keys[1]}
    if kind == 0:
        info = {"bumpSeed": data[12], "recentSlot": _u64(data, 4)}
        return "createLookupTable", {**owned, **info, "payerAccount": keys[2], "systemProgram": keys[3]}
    if kind == 1:
        return "freezeLookupTable", owned
    if kind == 2:
        added = [_key(data, at) for at in range(12, 12 + 32 * _u64(data, 4), 32)]
        payer = {"payerAccount": keys[2], "systemProgram": keys[3]} if len(keys) > 3 else {}
        return "extendLookupTable", {**owned, **payer, "newAddresses": added}
    if kind == 3:
        return "deactivateLookupTable", owned
    return ("closeLookupTable", {**owned, "recipient": keys[2]}) if kind == 4 else None


_PARSERS: dict[Pubkey, tuple[str, Callable[[Sequence[str], bytes], Parsed | None]]] = {
    SYSTEM: ("system", _parse_system),
    TOKEN: ("spl-token", _parse_token),
    TOKEN_2022: ("spl-token", _parse_token),  # the validator's name for both
    LOOKUP_TABLE: ("address-lookup-table", _parse_lookup_table),
    ASSOCIATED_TOKEN: ("spl-associated-token-account", _parse_associated_token),
}
