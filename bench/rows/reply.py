"""From the body of a ``getProgramAccounts`` reply to the list of positions to be liquidated."""

from __future__ import annotations

from collections.abc import Callable

from solders.pubkey import Pubkey

from bench import positions
from bench.frame import Job, Local, bench
from gdx_sdk.accounts import POSITION_FIELDS, UserPosition, position_columns
from gdx_sdk.client.scanning import METHOD, columns_of, reading_accounts
from gdx_sdk.client.transport import unwrap
from gdx_sdk.math import liquidatable_rows
from gdx_sdk.runtime.columns import Window, whole

COUNT = 10_000


def selector(part: Window, body: bytes) -> Callable[[], list[Pubkey]]:
    """All of it: JSON, base64, columns, margin, addresses."""

    def select() -> list[Pubkey]:
        with reading_accounts():
            found = columns_of(part, unwrap(METHOD, body, "the node answered", 1))
        rows = liquidatable_rows(
            position_columns(found.table),
            positions.MARKET,
            positions.PRICE_E6,
            positions.MAINTENANCE_RATIO_BPS,
        )
        return [found.address(row) for row in rows.tolist()]

    return select


@bench("Liquidation list from a getProgramAccounts reply", needs=("peers",))
def run(job: Job) -> None:
    """The peer is sent whole accounts in both rows: it cannot decode a slice."""
    raw = positions.accounts(COUNT)
    positions.give(job.folder, raw)
    (job.folder / "reply.json").write_bytes(positions.reply(raw))
    peer = job.peer("peers", "anchorpy_client", "reply", "anchorpy 0.21.0 + solders")
    for name, part, max_ms in (
        ("whole accounts", whole(UserPosition), 12),
        ("the slice that holds five fields", UserPosition.window(*POSITION_FIELDS), 5),
    ):
        body = positions.reply(raw, part.offset, part.length)
        job.compare(
            f"10 thousand positions, {name}",
            items=COUNT,
            ours=Local(
                "columns_of and liquidatable_rows",
                selector(part, body),
                lambda keys: [str(key) for key in keys],
            ),
            peer=peer,
            max_ms=max_ms,
            binds="msgspec reading the JSON, two thirds of the time",
        )
