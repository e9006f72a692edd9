"""Which of 100 thousand positions are to be liquidated."""

from __future__ import annotations

from typing import Any

from bench import positions
from bench.frame import Job, Local, bench
from gdx_sdk.accounts import UserPosition, position_columns
from gdx_sdk.math import liquidatable_rows

COUNT, PEER_COUNT = 100_000, 10_000


def first_of(rows: Any) -> list[int]:
    """The rows among the peer's positions, which come ten times over."""
    found: list[int] = rows.tolist()
    first = [row for row in found if row < PEER_COUNT]
    assert found == [row + start for start in range(0, COUNT, PEER_COUNT) for row in first]
    return first


@bench("Scan positions", needs=("peers",))
def run(job: Job) -> None:
    """From the accounts' bytes in one piece to the rows to be liquidated."""
    raw = positions.accounts(PEER_COUNT)
    positions.give(job.folder, raw)
    raw *= COUNT // PEER_COUNT

    def select() -> Any:
        table = UserPosition.columns(raw)
        return liquidatable_rows(
            position_columns(table), positions.MARKET, positions.PRICE_E6, positions.MAINTENANCE_RATIO_BPS
        )

    job.compare(
        "100 thousand: decode, margin, select",
        items=COUNT,
        ours=Local("columns and liquidatable_rows", select, first_of),
        peer=job.peer("peers", "anchorpy_client", "scan"),
        peer_items=PEER_COUNT,
        min_ratio=190,
        max_ms=20,
        binds="reading five columns that lie 256 bytes apart from memory",
    )
