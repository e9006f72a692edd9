"""Upgradeable programs: put in place without deploy transactions, and listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_localnet.errors import EngineError

if TYPE_CHECKING:
    from gdx_localnet.accounts import AccountStore
    from gdx_localnet.svm import EmbeddedChain

UPGRADEABLE_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
_STATE_PROGRAM, _STATE_PROGRAMDATA = 2, 3
_PROGRAMDATA_HEADER_BYTES = 45
_RENT_EPOCH_EXEMPT = 2**64 - 1


_BUILTIN_NAMES = {
    "11111111111111111111111111111111": b"solana_system_program",
    "ComputeBudget111111111111111111111111111111": b"compute_budget_program",
    "Vote111111111111111111111111111111111111111": b"solana_vote_program",
    "BPFLoader1111111111111111111111111111111111": b"solana_bpf_loader_program",
    "BPFLoader2111111111111111111111111111111111": b"solana_bpf_loader_program",
    "BPFLoaderUpgradeab1e11111111111111111111111": b"solana_bpf_loader_upgradeable_program",
}
"""Data of the built-in programs' accounts on a cluster; LiteSVM has other names, of other lengths."""


@dataclass(frozen=True, slots=True)
class ProgramInfo:
    """An upgradeable program; `authority` None means that nobody can change it any more."""

    program_id: Pubkey
    programdata: Pubkey
    authority: Pubkey | None
    deployed_slot: int
    elf_bytes: int


def name_builtins(accounts: AccountStore) -> None:
    """Give the built-in programs' accounts the data that they have on a cluster."""
    for address, name in _BUILTIN_NAMES.items():
        key = Pubkey.from_string(address)
        account = accounts.get(key)
        if account is not None:
            accounts.set(key, Account(1, name, account.owner, True, 0))


def programdata_address(program_id: Pubkey) -> Pubkey:
    """Where the upgradeable loader keeps a program's code."""
    return Pubkey.find_program_address([bytes(program_id)], UPGRADEABLE_LOADER)[0]


def code_address_of(program: Account) -> Pubkey | None:
    """Where the code of an upgradeable program is, or None when the account is no such program."""
    data = program.data
    is_program = program.owner == UPGRADEABLE_LOADER and int.from_bytes(data[:4], "little") == _STATE_PROGRAM
    return Pubkey.from_bytes(data[4:36]) if is_program and len(data) >= 36 else None


def deployed_at_genesis(code: Account) -> Account:
    """A code account as if it had been deployed in slot 0: a chain refuses code from a slot to come."""
    data = code.data
    return Account(
        code.lamports, data[:4] + bytes(8) + data[12:], code.owner, code.executable, code.rent_epoch
    )


def load_upgradeable(
    chain: EmbeddedChain,
    program_id: Pubkey,
    elf: bytes,
    authority: Pubkey | None,
    *,
    is_genesis: bool = False,
) -> None:
    """Place a program as `--upgradeable-program` does: two accounts of the loader, as if deployed in slot 0.

    At genesis it has always been there, at every commitment; later it is a change of the open slot. Raises
    EngineError when `elf` is not a program that the runtime can load.
    """
    code_address = programdata_address(program_id)
    header = _STATE_PROGRAMDATA.to_bytes(4, "little") + bytes(8)
    header += b"\1" + bytes(authority) if authority is not None else bytes(33)
    # The loader compiles a program when its Program account is written, so the code has to be there first.
    put = chain.accounts.set if is_genesis else chain.set_account
    put(code_address, _loader_account(chain, header + elf, executable=False))
    state = _STATE_PROGRAM.to_bytes(4, "little") + bytes(code_address)
    try:
        put(program_id, _loader_account(chain, state, executable=True))
    except Exception as error:
        raise EngineError(f"program {program_id}: the file is not a loadable program: {error}") from error


def _loader_account(chain: EmbeddedChain, data: bytes, *, executable: bool) -> Account:
    lamports = chain.svm.minimum_balance_for_rent_exemption(len(data))
    return Account(lamports, data, UPGRADEABLE_LOADER, executable, _RENT_EPOCH_EXEMPT)


def list_programs(chain: EmbeddedChain) -> list[ProgramInfo]:
    """Every upgradeable program on the chain, by address."""
    found = []
    for address, account in chain.accounts.owned_by(UPGRADEABLE_LOADER).items():
        code_address = code_address_of(account)
        code_account = chain.accounts.get(code_address) if code_address is not None else None
        if code_address is None or code_account is None:
            continue
        code = code_account.data
        authority = Pubkey.from_bytes(code[13:45]) if code[12] else None
        slot = int.from_bytes(code[4:12], "little")
        found.append(
            ProgramInfo(address, code_address, authority, slot, len(code) - _PROGRAMDATA_HEADER_BYTES)
        )
    return sorted(found, key=lambda info: bytes(info.program_id))
