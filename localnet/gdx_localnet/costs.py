"""What a transaction pays, and what it counts for in a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solders.pubkey import Pubkey

COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_BUILTINS = frozenset(
    Pubkey.from_string(address)
    for address in (
        "11111111111111111111111111111111",
        "ComputeBudget111111111111111111111111111111",
        "Vote111111111111111111111111111111111111111",
        "BPFLoader1111111111111111111111111111111111",
        "BPFLoader2111111111111111111111111111111111",
        "BPFLoaderUpgradeab1e11111111111111111111111",
        "LoaderV411111111111111111111111111111111111",
    )
)
_PRECOMPILES = {
    Pubkey.from_string("Ed25519SigVerify111111111111111111111111111"),
    Pubkey.from_string("KeccakSecp256k11111111111111111111111111111"),
    Pubkey.from_string("Secp256r1SigVerify1111111111111111111111111"),
}
_LAMPORTS_PER_SIGNATURE = 5_000
_BUILTIN_UNITS, _PROGRAM_UNITS, _MAX_UNITS = 3_000, 200_000, 1_400_000
_SET_LIMIT, _SET_PRICE, _SET_LOADED = 2, 3, 4
_ARGUMENT_BYTES = {1: 4, _SET_LIMIT: 4, _SET_PRICE: 8, _SET_LOADED: 4}
"""By kind of a compute budget instruction: what follows its first byte."""
DEFAULT_LOADED_LIMIT = 64 * 1024 * 1024
_SIGNATURE_COST, _WRITE_LOCK_COST, _BYTES_PER_UNIT = 720, 300, 4
_PAGE_BYTES, _PAGE_COST = 32 * 1024, 8


def fee_lamports(message: Any) -> int:
    """Signatures (precompile ones too) at 5,000 lamports, plus the priority fee rounded up."""
    signatures: int = message.header.num_required_signatures
    keys = message.account_keys
    for instruction in message.instructions:
        if keys[instruction.program_id_index] in _PRECOMPILES and instruction.data:
            signatures += instruction.data[0]
    price, limit = price_and_limit(message)
    return signatures * _LAMPORTS_PER_SIGNATURE + -(-price * limit // 1_000_000)


def price_and_limit(message: Any) -> tuple[int, int]:
    """The compute unit price in micro-lamports and the compute unit limit a message runs under."""
    keys: Sequence[Pubkey] = message.account_keys
    price, limit, default_limit = 0, None, 0
    for instruction in message.instructions:
        program, data = keys[instruction.program_id_index], instruction.data
        default_limit += _BUILTIN_UNITS if program in _BUILTINS else _PROGRAM_UNITS
        if program == COMPUTE_BUDGET and data:
            if data[0] == _SET_LIMIT:
                limit = int.from_bytes(data[1:5], "little")
            elif data[0] == _SET_PRICE:
                price = int.from_bytes(data[1:9], "little")
    return price, min(limit if limit is not None else default_limit, _MAX_UNITS)


def budget_error(message: Any) -> Any:
    """What is wrong with the compute budget instructions, so that nobody takes the transaction; or None."""
    seen = set()
    for index, instruction in enumerate(message.instructions):
        if message.account_keys[instruction.program_id_index] != COMPUTE_BUDGET:
            continue
        data = instruction.data
        if not data or len(data) <= _ARGUMENT_BYTES.get(data[0], len(data)):
            return {"InstructionError": [index, "InvalidInstructionData"]}
        if data[0] in seen:
            return {"DuplicateInstruction": index}
        seen.add(data[0])
    return None


def loaded_limit(message: Any) -> int:
    """How many bytes of accounts a message may load."""
    for instruction in message.instructions:
        data = instruction.data
        is_budget = message.account_keys[instruction.program_id_index] == COMPUTE_BUDGET
        if is_budget and data[:1] == bytes([_SET_LOADED]):
            return min(int.from_bytes(data[1:5], "little"), DEFAULT_LOADED_LIMIT)
    return DEFAULT_LOADED_LIMIT


def block_cost_units(message: Any, writable: int, units: int, loaded_bytes: int) -> int:
    """`costUnits`: signatures, write locks, instruction bytes, execution, loaded pages."""
    signatures: int = message.header.num_required_signatures
    data_bytes = sum(len(instruction.data) for instruction in message.instructions)
    pages = -(-loaded_bytes // _PAGE_BYTES)
    return (
        signatures * _SIGNATURE_COST
        + writable * _WRITE_LOCK_COST
        + data_bytes // _BYTES_PER_UNIT
        + units
        + pages * _PAGE_COST
    )
