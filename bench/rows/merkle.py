"""The Merkle root of a long batch: leaves and tree, sha256."""

from __future__ import annotations

import random
from hashlib import sha256

from bench.frame import Job, Local, bench
from gdx_sdk.batch import merkle_root

LEAVES = 20_000
ENTRY_BYTES = 160  # a trade's leaf without its prefix 0x00


@bench("Merkle root", needs=("peers",))
def run(job: Job) -> None:
    """Both hash the entries with the prefix 0x00, then the tree."""
    raw = random.Random(1).randbytes(LEAVES * ENTRY_BYTES)
    (job.folder / "entries.bin").write_bytes(raw)
    entries = [raw[at : at + ENTRY_BYTES] for at in range(0, len(raw), ENTRY_BYTES)]

    def root() -> bytes:
        return merkle_root([sha256(b"\x00" + entry).digest() for entry in entries])

    for case in ("in_memory", "sqlite"):
        job.compare(
            f"root of {LEAVES:,} trades, tree {case}",
            items=LEAVES,
            ours=Local("merkle_root", root, bytes.hex),
            peer=job.peer("peers", "merkle", case),
            min_ratio=7,
            binds="two calls of hashlib per leaf, each longer than the hashing itself",
        )
