"""Build one instruction from its arguments and nine accounts."""

from __future__ import annotations

import json
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from bench import positions
from bench.frame import Job, Local, bench
from gdx_sdk._generated.position_mgmt.instructions import LiquidateAccounts, liquidate

ACCOUNTS = (
    "liquidator",
    "config",
    "market",
    "price_feed",
    "fallback_feed",
    "position",
    "liquidator_position",
    "event_authority",
    "program",
)
COUNT = 100


def plain(instruction: Instruction) -> list[Any]:
    """Everything that is sent, as JSON."""
    metas = [[str(meta.pubkey), meta.is_signer, meta.is_writable] for meta in instruction.accounts]
    return [str(instruction.program_id), bytes(instruction.data).hex(), metas]


@bench("Build an instruction", needs=("peers",))
def run(job: Job) -> None:
    """Every account is given, on all sides."""
    keys = {name: Pubkey.from_bytes(bytes([at + 1]) * 32) for at, name in enumerate(ACCOUNTS)}
    positions.give(job.folder, b"")
    (job.folder / "accounts.json").write_text(json.dumps({name: str(key) for name, key in keys.items()}))
    accounts: LiquidateAccounts = keys  # type: ignore[assignment]  # a dict of just these keys

    def build() -> list[Instruction]:
        return [liquidate({"size_e8": size}, accounts) for size in range(COUNT)]

    for name, case in (
        ("anchorpy's generated client", "instruction"),
        ("anchorpy's Program", "program_instruction"),
    ):
        job.compare(
            f"liquidate, nine accounts, against {name}",
            items=COUNT,
            ours=Local("generated builder", build, lambda made: [plain(item) for item in made]),
            peer=job.peer("peers", "anchorpy_client", case),
            min_ratio=15,
            binds="solders making nine AccountMetas and the Instruction is two thirds of our time, and "
            "the peer makes the same ones",
        )
