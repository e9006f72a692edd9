"""Developer controls, in a namespace of their own: no validator has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet import snapshot
from gdx_localnet.clock import MOST_UNIX_TS
from gdx_localnet.faults.rules import rule_from_json
from gdx_localnet.programs import list_programs, load_upgradeable
from gdx_localnet.rpc.dispatcher import method
from gdx_localnet.rpc.faults import invalid_params
from gdx_localnet.rpc.params import Args, base64_bytes, key_bytes, unsigned, wrong_type

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_MAX_SLOTS = 100_000_000
_NATIVE_LOADER = Pubkey.from_string("NativeLoader1111111111111111111111111111111")
_RENT_EPOCH_EXEMPT = 2**64 - 1


@method("gdx_setClock", required=1, accepted=2)
def set_clock(chain: EmbeddedChain, args: Args) -> Any:
    """[unix_ts, slot?]: set chain time in seconds, and jump forward to a slot. → {slot, unixTimestamp}"""
    unix_ts = args.raw(0)
    if isinstance(unix_ts, bool) or not isinstance(unix_ts, int):
        raise wrong_type(unix_ts, "i64")
    if not 0 <= unix_ts <= MOST_UNIX_TS:
        raise invalid_params(f"unix_ts = {unix_ts}: must be from 0 to {MOST_UNIX_TS}")
    if args.raw(1) is not None:
        _warp(chain, args.integer(1))
    chain.set_time(unix_ts)
    return _clock(chain)


@method("gdx_getClock", accepted=0)
def get_clock(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001 - every handler takes both
    """[] → {slot, unixTimestamp, slotMode}"""
    return _clock(chain)


@method("gdx_advanceSlots", accepted=1)
def advance_slots(chain: EmbeddedChain, args: Args) -> Any:
    """[count = 1]: close that many slots; chain time moves with them. → {slot, unixTimestamp}"""
    count = 1 if args.raw(0) is None else args.integer(0)
    if not 1 <= count <= _MAX_SLOTS:
        raise invalid_params(f"count = {count}: must be from 1 to {_MAX_SLOTS}")
    chain.advance_slots(count)
    return _clock(chain)


@method("gdx_warp", required=1, accepted=1)
def warp(chain: EmbeddedChain, args: Args) -> Any:
    """[slot]: advance until `slot` is open. → {slot, unixTimestamp}"""
    _warp(chain, args.integer(0))
    return _clock(chain)


def _warp(chain: EmbeddedChain, slot: int) -> None:
    count = slot - chain.open_slot
    if not 0 <= count <= _MAX_SLOTS:
        raise invalid_params(f"slot = {slot}: must be from the open slot {chain.open_slot} on")
    if count:
        chain.advance_slots(count)


def _clock(chain: EmbeddedChain) -> dict[str, Any]:
    return {
        "slot": chain.open_slot,
        "unixTimestamp": chain.time.now_ts(),
        "slotMode": chain.slot_mode.value,
    }


@method("gdx_expireBlockhash", accepted=0)
def expire_blockhash(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """[]: make every blockhash handed out so far invalid. → the new one"""
    return str(chain.expire_blockhashes())


@method("gdx_setAccount", required=2, accepted=2)
def set_account(chain: EmbeddedChain, args: Args) -> Any:
    """[address, {lamports, owner, data: [text, "base64"], executable?, rentEpoch?}]: write an account.

    Zero lamports remove it. → null
    """
    address, config = _replaceable(chain, args.pubkey(0)), args.config(1)
    lamports, owner = config.integer("lamports"), config.text("owner")
    chain.set_account(
        address,
        Account(
            lamports if lamports is not None else 0,
            _account_data(config.members.get("data")),
            Pubkey.from_bytes(key_bytes(owner, 32)) if owner is not None else Pubkey.default(),
            config.flag("executable"),
            _RENT_EPOCH_EXEMPT,
        ),
    )


def _replaceable(chain: EmbeddedChain, address: Pubkey) -> Pubkey:
    """The address, unless a program of the runtime lives there: without those nothing runs any more."""
    account = chain.accounts.get(address)
    if account is not None and account.executable and account.owner == _NATIVE_LOADER:
        raise invalid_params(f"address {address}: a built-in program cannot be replaced")
    return address


def _account_data(value: Any) -> bytes:
    if value is None:
        return b""
    if not (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[1] == "base64"
    ):
        raise wrong_type(value, '[text, "base64"]')
    return base64_bytes(value[0])


@method("gdx_loadProgram", required=2, accepted=3)
def load_program(chain: EmbeddedChain, args: Args) -> Any:
    """[address, [elf, "base64"], authority?]: place an upgradeable program, or replace its code. → null"""
    elf = _account_data(args.raw(1))
    authority = args.pubkey(2) if args.raw(2) is not None else None
    load_upgradeable(chain, _replaceable(chain, args.pubkey(0)), elf, authority)


@method("gdx_listPrograms", accepted=0)
def programs(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """[] → [{address, programData, authority, deployedSlot, bytes}]"""
    return [
        {
            "address": str(info.program_id),
            "programData": str(info.programdata),
            "authority": None if info.authority is None else str(info.authority),
            "deployedSlot": info.deployed_slot,
            "bytes": info.elf_bytes,
        }
        for info in list_programs(chain)
    ]


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise invalid_params(f"path {text!r}: must name a file, and hold no NUL character")
    return Path(text)


@method("gdx_snapshot", required=1, accepted=1)
def save_snapshot(chain: EmbeddedChain, args: Args) -> Any:
    """[path]: write every account, the slot and the time to a file on the chain's machine. → {accounts}"""
    return {"accounts": snapshot.save(chain, _path(args.text(0)))}


@method("gdx_restore", required=1, accepted=1)
def restore_snapshot(chain: EmbeddedChain, args: Args) -> Any:
    """[path]: put back what `gdx_snapshot` wrote; every other account goes. → {accounts}"""
    return {"accounts": snapshot.restore(chain, _path(args.text(0)))}


@method("gdx_setFaults", required=1, accepted=2)
def set_faults(chain: EmbeddedChain, args: Args) -> Any:
    """[[{kind, methods?, count?, probability?, seed?, delayMs?, retryAfterS?}], {keep?}]: make requests fail.

    Instead of the faults in force or, with keep, beside them. → what `gdx_listFaults` gives
    """
    bodies = args.raw(0)
    if not isinstance(bodies, list):
        raise wrong_type(bodies, "a sequence")
    chain.faults.set([rule_from_json(body) for body in bodies], keep=args.config(1).flag("keep"))
    return chain.faults.described()


@method("gdx_listFaults", accepted=0)
def faults(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """[] → [{id, kind, methods, count, probability, seed, delayMs?, retryAfterS?, seen, struck}]"""
    return chain.faults.described()


@method("gdx_clearFaults", accepted=1)
def clear_faults(chain: EmbeddedChain, args: Args) -> Any:
    """[ids?]: take these faults out of force, or all. → {cleared}"""
    ids = args.raw(0)
    if ids is None:
        return {"cleared": chain.faults.clear()}
    if not isinstance(ids, list):
        raise wrong_type(ids, "a sequence")
    return {"cleared": chain.faults.clear([unsigned(identifier) for identifier in ids])}


@method("gdx_stats", accepted=0)
def stats(chain: EmbeddedChain, args: Args) -> Any:  # noqa: ARG001
    """[] → {transactions, blocks, accounts}: what the chain holds"""
    return {
        "transactions": chain.ledger.transaction_count,
        "blocks": len(chain.ledger.blocks),
        "accounts": len(chain.accounts.census()),
    }
