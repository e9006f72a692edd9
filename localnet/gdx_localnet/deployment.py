"""Programs that can't be called: closed ones, and those deployed or upgraded in the slot that is still open.

LiteSVM runs new code at once, and that of a closed program for ever. A cluster runs neither: code is usable
from the slot after its deployment on, and a program that is closed is gone. Only what a transaction itself
calls is stopped here, not what one program calls of another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from gdx_localnet import costs
from gdx_localnet.programs import UPGRADEABLE_LOADER

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_CLOSED = 2**64
_STATE_PROGRAM, _STATE_PROGRAMDATA = 2, 3
_PROGRAM_BYTES, _PROGRAMDATA_HEADER_BYTES = 36, 45


class Undeployed:
    """Programs that can't be called now, each with the last slot in which it can't."""

    def __init__(self) -> None:
        self._until: dict[Pubkey, int] = {}

    def look(self, chain: EmbeddedChain, keys: list[Pubkey]) -> None:
        """Learn from the accounts of a transaction that the loader had part in."""
        self._until = {key: slot for key, slot in self._until.items() if slot >= chain.open_slot}
        for key in keys:
            account = chain.accounts.get(key)
            is_loaders = account is not None and account.owner == UPGRADEABLE_LOADER
            if account is None or not is_loaders or len(account.data) != _PROGRAM_BYTES:
                continue
            data = account.data
            if int.from_bytes(data[:4], "little") != _STATE_PROGRAM:
                continue
            code_account = chain.accounts.get(Pubkey.from_bytes(data[4:36]))
            code = code_account.data if code_account is not None else b""
            is_there = int.from_bytes(code[:4], "little") == _STATE_PROGRAMDATA
            if not is_there or len(code) <= _PROGRAMDATA_HEADER_BYTES:
                self._until[key] = _CLOSED
            elif int.from_bytes(code[4:12], "little") == chain.open_slot:
                self._until[key] = chain.open_slot

    def look_again(self, chain: EmbeddedChain) -> None:
        """Learn from every program there is: the chain's accounts were replaced."""
        self._until = {}
        self.look(chain, list(chain.accounts.owned_by(UPGRADEABLE_LOADER)))

    def forget(self, program: Pubkey) -> None:
        """A program was placed anew, past the loader."""
        self._until.pop(program, None)

    def stop(
        self, chain: EmbeddedChain, tx: VersionedTransaction, keys: list[Pubkey]
    ) -> tuple[Any, TransactionMetadata] | None:
        """How `tx` fails at its first instruction that calls such a program: error and metadata.

        None when it calls none, and when it fails before it gets there: LiteSVM tells that as well.
        """
        if not self._until:
            return None
        for index, instruction in enumerate(tx.message.instructions):
            program = keys[instruction.program_id_index]
            if self._until.get(program, -1) >= chain.open_slot:
                return _stopped_at(chain, tx, index, program)
        return None


def _stopped_at(
    chain: EmbeddedChain, tx: VersionedTransaction, index: int, program: Pubkey
) -> tuple[Any, TransactionMetadata] | None:
    ran = chain.svm.simulate_transaction(_first_instructions(tx, index))
    if isinstance(ran, FailedTransactionMetadata):
        return None
    body = json.loads(ran.meta().to_json())
    body["signature"] = str(tx.signatures[0])
    body["fee"] = costs.fee_lamports(tx.message)
    body["inner_instructions"] += [[] for _ in tx.message.instructions[index:]]
    body["logs"] += [
        f"Program {program} invoke [1]",
        "Program is not deployed",
        f"Program {program} failed: Unsupported program id",
    ]
    err = {"InstructionError": [index, "UnsupportedProgramId"]}
    return err, TransactionMetadata.from_json(json.dumps(body))


def unrun(chain: EmbeddedChain, tx: VersionedTransaction) -> TransactionMetadata | None:
    """Metadata of `tx` when it does not run but pays; None when it cannot even do that."""
    ran = chain.svm.simulate_transaction(_first_instructions(tx, 0))
    if isinstance(ran, FailedTransactionMetadata):
        return None
    body = json.loads(ran.meta().to_json())
    body |= {"signature": str(Signature.default()), "fee": costs.fee_lamports(tx.message)}
    return TransactionMetadata.from_json(json.dumps(body))


def _first_instructions(tx: VersionedTransaction, count: int) -> VersionedTransaction:
    """The transaction with its first `count` instructions only; its signatures don't hold any more."""
    message = tx.message
    instructions = list(message.instructions[:count])
    keys, blockhash = list(message.account_keys), message.recent_blockhash
    if isinstance(message, MessageV0):
        lookups = list(message.address_table_lookups)
        cut: Message | MessageV0 = MessageV0(message.header, keys, blockhash, instructions, lookups)
    else:
        head = message.header
        cut = Message.new_with_compiled_instructions(
            head.num_required_signatures,
            head.num_readonly_signed_accounts,
            head.num_readonly_unsigned_accounts,
            keys,
            blockhash,
            instructions,
        )
    return VersionedTransaction.populate(cut, list(tx.signatures))
