"""Instructions of the loader of upgradeable programs, as deploy tools send them."""

from __future__ import annotations

from collections.abc import Iterator

from gdx_localnet.programs import UPGRADEABLE_LOADER, programdata_address
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
SYSTEM = Pubkey.default()
BUFFER_HEADER_BYTES, PROGRAM_BYTES = 37, 36
PIECE_BYTES = 900


def _instruction(tag: int, accounts: list[AccountMeta], data: bytes = b"") -> Instruction:
    return Instruction(UPGRADEABLE_LOADER, tag.to_bytes(4, "little") + data, accounts)


def _read(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, False, False)


def _write(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, False, True)


def _sign(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, True, False)


def create(payer: Pubkey, address: Pubkey, space: int, lamports: int) -> Instruction:
    """An account of the loader; its key signs, too."""
    return create_account(
        CreateAccountParams(
            from_pubkey=payer, to_pubkey=address, lamports=lamports, space=space, owner=UPGRADEABLE_LOADER
        )
    )


def initialize_buffer(buffer: Pubkey, authority: Pubkey) -> Instruction:
    """Of an account of BUFFER_HEADER_BYTES and the program's."""
    return _instruction(0, [_write(buffer), _read(authority)])


def write_buffer(buffer: Pubkey, authority: Pubkey, elf: bytes) -> Iterator[Instruction]:
    """Pieces that fit into a transaction each; their order makes no difference."""
    for at in range(0, len(elf), PIECE_BYTES):
        piece = elf[at : at + PIECE_BYTES]
        head = at.to_bytes(4, "little") + len(piece).to_bytes(8, "little")
        yield _instruction(1, [_write(buffer), _sign(authority)], head + piece)


def deploy(payer: Pubkey, program: Pubkey, buffer: Pubkey, authority: Pubkey, max_bytes: int) -> Instruction:
    """Into an account of PROGRAM_BYTES, with room for a program of `max_bytes`."""
    accounts = [
        AccountMeta(payer, True, True),
        *map(_write, (programdata_address(program), program, buffer)),
        *map(_read, (RENT, CLOCK, SYSTEM)),
        _sign(authority),
    ]
    return _instruction(2, accounts, max_bytes.to_bytes(8, "little"))


def upgrade(program: Pubkey, buffer: Pubkey, authority: Pubkey, spill: Pubkey) -> Instruction:
    """Replace the code in place; `spill` gets the buffer's lamports."""
    accounts = [
        *map(_write, (programdata_address(program), program, buffer, spill)),
        *map(_read, (RENT, CLOCK)),
        _sign(authority),
    ]
    return _instruction(3, accounts)


def set_authority(account: Pubkey, authority: Pubkey, new_authority: Pubkey | None) -> Instruction:
    """Of a buffer or of a program's code; None makes the program final."""
    new = [] if new_authority is None else [_read(new_authority)]
    return _instruction(4, [_write(account), _sign(authority), *new])


def close(
    account: Pubkey, recipient: Pubkey, authority: Pubkey, program: Pubkey | None = None
) -> Instruction:
    """A buffer, or the code of `program`."""
    more = [] if program is None else [_write(program)]
    return _instruction(5, [_write(account), _write(recipient), _sign(authority), *more])


def extend(program: Pubkey, payer: Pubkey, more_bytes: int) -> Instruction:
    """Make room for a longer program; anybody may pay for it."""
    accounts = [
        *map(_write, (programdata_address(program), program)),
        _read(SYSTEM),
        AccountMeta(payer, True, True),
    ]
    return _instruction(6, accounts, more_bytes.to_bytes(4, "little"))
