"""The faucet: an account with a fortune, and the transfers it signs."""

from __future__ import annotations

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams
from solders.system_program import transfer as transfer_instruction
from solders.transaction import VersionedTransaction

from gdx_localnet.ledger import Ledger

FORTUNE_LAMPORTS = 500_000_000 * 10**9
RENT_EPOCH_EXEMPT = 2**64 - 1
_UNITS = 1_000


def genesis_account() -> Account:
    """The faucet's account at genesis."""
    return Account(FORTUNE_LAMPORTS, b"", Pubkey.default(), False, RENT_EPOCH_EXEMPT)


def transfer(
    faucet: Keypair, to: Pubkey, lamports: int, blockhash: Hash, ledger: Ledger
) -> VersionedTransaction:
    """A signed transfer unlike any in `ledger`: equal ones get a compute limit that tells them apart."""
    give = transfer_instruction(TransferParams(from_pubkey=faucet.pubkey(), to_pubkey=to, lamports=lamports))
    instructions = [give]
    attempt = 0
    while True:
        message = Message.new_with_blockhash(instructions, faucet.pubkey(), blockhash)
        tx = VersionedTransaction(message, [faucet])
        if tx.signatures[0] not in ledger.by_signature:
            return tx
        attempt += 1
        instructions = [set_compute_unit_limit(_UNITS + attempt), give]
