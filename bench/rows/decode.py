"""Position accounts to objects."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from bench import positions
from bench.frame import Job, Local, bench
from gdx_sdk.accounts import UserPosition

COUNT = 2_000


def plain(found: list[UserPosition]) -> list[list[Any]]:
    """Every field as JSON, as anchorpy has them: bytes as numbers."""
    told = []
    for position in found:
        values = [getattr(position, field.name) for field in fields(position)]
        told.append(
            [v if isinstance(v, int) else list(v) if isinstance(v, bytes) else str(v) for v in values]
        )
    return told


@bench("Decode positions", needs=("peers",))
def run(job: Job) -> None:
    """26 fields, three of them keys."""
    raw = positions.accounts(COUNT)
    positions.give(job.folder, raw)
    datas = [raw[at : at + UserPosition.SIZE] for at in range(0, len(raw), UserPosition.SIZE)]

    def eagerly() -> list[UserPosition]:
        found = UserPosition.decode_many(datas)
        for position in found:
            position.owner, position.parent_wallet, position.market  # noqa: B018  # looking makes the key
        return found

    peer = job.peer("peers", "anchorpy_client", "decode")
    job.compare(
        "to an object, keys when they are looked at",
        items=COUNT,
        ours=Local("decode_many", lambda: UserPosition.decode_many(datas), plain),
        peer=peer,
        min_ratio=38,
        binds="struct.unpack of 26 fields and one slot of the object for each",
    )
    job.compare(
        "to an object, every key looked at",
        items=COUNT,
        ours=Local("decode_many and keys", eagerly, plain),
        peer=peer,
        min_ratio=22,
        binds="struct.unpack of 26 fields and one slot of the object for each",
    )
