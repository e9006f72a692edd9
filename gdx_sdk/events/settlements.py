"""The batches that a transaction settled: the event, and the batch as the instruction carried it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from gdx_sdk._generated.position_mgmt.events import BatchSettled
from gdx_sdk._generated.position_mgmt.instructions.settle_batch import DISCRIMINATOR
from gdx_sdk.batch.sealed import DecodedBatch, decode_batch
from gdx_sdk.errors import CodecError
from gdx_sdk.events.transactions import account_keys, events_in_transaction, transaction_of
from gdx_sdk.programs import PROGRAM_IDS

DATA_OFFSET = len(DISCRIMINATOR) + 4  # the argument is a byte vector with a u32 length
FIXED_ACCOUNTS, MARKET_PLACE = 8, 2


@dataclass(frozen=True, slots=True)
class SettledBatch:
    """A batch that was settled; `received` is None when another program called `settle_batch`."""

    event: BatchSettled
    received: DecodedBatch | None


def settled_batches(transaction: dict[str, Any]) -> list[SettledBatch]:
    """The batches settled by `transaction`, as `Client.get_transaction` returns it, in order.

    Raises `CodecError` when its parts are missing or an instruction does not hold a batch.
    """
    settled = []
    for seen in events_in_transaction(transaction):
        if isinstance(seen.event, BatchSettled):
            received = _received(transaction, seen.instruction_index, seen.event)
            settled.append(SettledBatch(seen.event, received))
    return settled


def _received(transaction: dict[str, Any], index: int, event: BatchSettled) -> DecodedBatch | None:
    keys = account_keys(transaction, transaction["meta"])
    instruction = transaction_of(transaction).message.instructions[index]
    data = bytes(instruction.data)
    accounts = [Pubkey.from_string(keys[place]) for place in instruction.accounts]
    is_ours = keys[instruction.program_id_index] == str(PROGRAM_IDS["position_mgmt"])
    if not is_ours or data[: len(DISCRIMINATOR)] != DISCRIMINATOR:
        return None
    if len(accounts) < FIXED_ACCOUNTS or accounts[MARKET_PLACE] != event.market:
        rule = f"does not name the market {event.market} of its event"
        raise CodecError("settle_batch accounts", len(accounts), rule)
    return decode_batch(data[DATA_OFFSET:], event.market, accounts[FIXED_ACCOUNTS:])
