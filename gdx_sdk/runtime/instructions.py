"""What instruction builders share."""

from __future__ import annotations

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey


def optional_account(
    address: Pubkey | None, program_id: Pubkey, *, is_signer: bool = False, is_writable: bool = False
) -> AccountMeta:
    """The meta of an optional account; Anchor reads the program's own id as "not given"."""
    if address is None:
        return AccountMeta(program_id, is_signer=False, is_writable=False)
    return AccountMeta(address, is_signer=is_signer, is_writable=is_writable)
