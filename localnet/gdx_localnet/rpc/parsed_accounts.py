"""`jsonParsed` accounts: tokens, mints, programs, lookup tables, nonces, the clock and rent."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import tokens
from gdx_localnet.programs import UPGRADEABLE_LOADER
from gdx_localnet.transactions import ADDRESS_LOOKUP_TABLE, TOKEN

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_SYSTEM, _NONCE_BYTES = Pubkey.default(), 80
_SYSVAR = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
_CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
_EPOCH_SCHEDULE = Pubkey.from_string("SysvarEpochSchedu1e111111111111111111111111")
_IMMUTABLE_OWNER = 7
_U64_MAX = 2**64 - 1


def parse(chain: EmbeddedChain, address: Pubkey, account: Account) -> dict[str, Any] | None:
    """The parsed form, or None when this account has none (the caller falls back to base64)."""
    if tokens.is_token_program(account.owner):
        program = "spl-token" if account.owner == TOKEN else "spl-token-2022"
        parsed = _parse_token(chain, account)
    elif account.owner == UPGRADEABLE_LOADER:
        program, parsed = "bpf-upgradeable-loader", _parse_program(account.data)
    elif account.owner == ADDRESS_LOOKUP_TABLE:
        program, parsed = "address-lookup-table", _parse_lookup_table(account.data)
    elif account.owner == _SYSVAR:
        program, parsed = "sysvar", _parse_sysvar(address, account.data)
    elif account.owner == _SYSTEM and len(account.data) == _NONCE_BYTES:
        program, parsed = "nonce", _parse_nonce(account.data)
    else:
        return None
    if parsed is None:
        return None
    kind, info = parsed
    return {"parsed": {"info": info, "type": kind}, "program": program, "space": len(account.data)}


def ui_amount(amount: int, decimals: int) -> dict[str, Any]:
    """A token amount in every form RPC gives."""
    return {
        "amount": str(amount),
        "decimals": decimals,
        "uiAmount": amount / 10**decimals,
        "uiAmountString": ui_amount_text(amount, decimals),
    }


def ui_amount_text(amount: int, decimals: int) -> str:
    """`amount` of the smallest unit as a decimal number without trailing zeros."""
    if decimals == 0:
        return str(amount)
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".")


def _parse_token(chain: EmbeddedChain, account: Account) -> tuple[str, dict[str, Any]] | None:
    mint = tokens.parse_mint(account)
    if mint is not None:
        return "mint", _with_extensions(
            account,
            {
                "decimals": mint.decimals,
                "freezeAuthority": _text(mint.freeze_authority),
                "isInitialized": mint.is_initialized,
                "mintAuthority": _text(mint.mint_authority),
                "supply": str(mint.supply),
            },
        )
    token = tokens.parse_account(account)
    mint_account = chain.accounts.get(token.mint) if token is not None else None
    mint = tokens.parse_mint(mint_account) if mint_account is not None else None
    if token is None or mint is None:
        return None
    info: dict[str, Any] = {
        "isNative": token.native_reserve_lamports is not None,
        "mint": str(token.mint),
        "owner": str(token.owner),
        "state": token.state,
        "tokenAmount": ui_amount(token.amount, mint.decimals),
    }
    if token.delegate is not None:
        info["delegate"] = str(token.delegate)
        info["delegatedAmount"] = ui_amount(token.delegated_amount, mint.decimals)
    if token.native_reserve_lamports is not None:
        info["rentExemptReserve"] = ui_amount(token.native_reserve_lamports, mint.decimals)
    if token.close_authority is not None:
        info["closeAuthority"] = str(token.close_authority)
    return "account", _with_extensions(account, info)


def _with_extensions(account: Account, info: dict[str, Any]) -> dict[str, Any]:
    if account.owner == TOKEN or len(account.data) <= tokens.ACCOUNT_BYTES:
        return info
    extensions = []
    data, at = account.data, tokens.ACCOUNT_BYTES + 1
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 0:
            break
        name = "immutableOwner" if kind == _IMMUTABLE_OWNER else "unparseableExtension"
        extensions.append({"extension": name})
        at += 4 + length
    return {**info, "extensions": extensions} if extensions else info


def _parse_program(data: bytes) -> tuple[str, dict[str, Any]] | None:
    kind = int.from_bytes(data[:4], "little")
    if kind == 2 and len(data) >= 36:
        return "program", {"programData": str(Pubkey.from_bytes(data[4:36]))}
    if kind == 3 and len(data) >= 45:
        return "programData", {**_authority_and_code(data, 12), "slot": int.from_bytes(data[4:12], "little")}
    if kind == 1 and len(data) >= 37:
        return "buffer", _authority_and_code(data, 4)
    return None


def _authority_and_code(data: bytes, at: int) -> dict[str, Any]:
    """Without an authority, the last one's bytes count as code: a validator shows them as such."""
    end = at + 33 if data[at] else at + 1
    authority = str(Pubkey.from_bytes(data[at + 1 : end])) if data[at] else None
    return {"authority": authority, "data": [base64.b64encode(data[end:]).decode(), "base64"]}


def _parse_lookup_table(data: bytes) -> tuple[str, dict[str, Any]] | None:
    if len(data) < 56 or data[0] != 1:
        return None
    deactivation_slot, extended_slot = struct.unpack_from("<QQ", data, 4)
    info = {
        "addresses": [str(Pubkey.from_bytes(data[at : at + 32])) for at in range(56, len(data) - 31, 32)],
        "deactivationSlot": str(deactivation_slot),
        "lastExtendedSlot": str(extended_slot),
        "lastExtendedSlotStartIndex": data[20],
    }
    if data[21]:
        info["authority"] = str(Pubkey.from_bytes(data[22:54]))
    return "lookupTable", info


def _parse_sysvar(address: Pubkey, data: bytes) -> tuple[str, dict[str, Any]] | None:
    if address == _CLOCK:
        slot, start_ts, epoch, leader_epoch, unix_ts = struct.unpack("<QqQQq", data)
        return "clock", {
            "epoch": epoch,
            "epochStartTimestamp": start_ts,
            "leaderScheduleEpoch": leader_epoch,
            "slot": slot,
            "unixTimestamp": unix_ts,
        }
    if address == _RENT:
        per_byte, _, _ = struct.unpack("<QdB", data)
        return "rent", {"lamportsPerByte": str(per_byte)}
    if address == _EPOCH_SCHEDULE:
        slots, offset, warmup, first_epoch, first_slot = struct.unpack("<QQ?QQ", data)
        return "epochSchedule", {
            "firstNormalEpoch": first_epoch,
            "firstNormalSlot": first_slot,
            "leaderScheduleSlotOffset": offset,
            "slotsPerEpoch": slots,
            "warmup": warmup,
        }
    return None


def _parse_nonce(data: bytes) -> tuple[str, dict[str, Any]] | None:
    version, state = struct.unpack_from("<II", data)
    if version > 1 or state != 1:
        return None
    return "initialized", {
        "authority": str(Pubkey.from_bytes(data[8:40])),
        "blockhash": str(Pubkey.from_bytes(data[40:72])),
        "feeCalculator": {"lamportsPerSignature": str(int.from_bytes(data[72:80], "little"))},
    }


def _text(key: Pubkey | None) -> str | None:
    return None if key is None else str(key)
