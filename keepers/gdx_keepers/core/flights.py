"""The journal of transactions in flight: written before a transaction leaves, read after a restart.

Without it a restarted relayer would sign a second transaction for a batch whose first one may still land.
With it the same bytes go out again until they landed or their blockhash is dead.
"""

from __future__ import annotations

import base64
import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from solders.pubkey import Pubkey

from gdx_keepers.core.files import read_json, remove, write_json
from gdx_keepers.errors import Fatal
from gdx_sdk.tx import SignedTransaction


@dataclass(frozen=True, slots=True)
class Flight:
    """One signed transaction that settles one batch."""

    market: Pubkey
    sequence: int
    batch_id: bytes
    transaction: SignedTransaction


class FlightJournal:
    """One file per signature below `<folder>/<market>/`."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = None

    def lock(self) -> None:
        """Keep the journal to this process for as long as this object lives.

        `Fatal` when another process has it: two relayers on one journal would both sign.
        """
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise Fatal(f"{self.folder}: another relayer process is using this state folder") from None
        self._lock = lock

    def record(self, flight: Flight) -> None:
        """Remember `flight`, durably, before its first broadcast."""
        write_json(self._file(flight), _to_json(flight))

    def flights(self, market: Pubkey) -> list[Flight]:
        """Every remembered flight of `market`, oldest sequence first."""
        folder = self.folder / str(market)
        files = sorted(folder.glob("[!.]*.json")) if folder.is_dir() else []
        return [_from_json(file, content) for file in files if (content := read_json(file)) is not None]

    def forget(self, flight: Flight) -> None:
        """Drop a flight that landed or can never land; forgetting it again is no change."""
        remove(self._file(flight))

    def _file(self, flight: Flight) -> Path:
        name = f"{flight.sequence:020d}-{flight.transaction.signature}.json"
        return self.folder / str(flight.market) / name


def _to_json(flight: Flight) -> dict[str, Any]:
    return {
        "market": str(flight.market),
        "sequence": flight.sequence,
        "batch_id": flight.batch_id.hex(),
        "signature": flight.transaction.signature,
        "raw": base64.b64encode(flight.transaction.raw).decode(),
        "last_valid_block_height": flight.transaction.last_valid_block_height,
    }


def _from_json(file: Path, content: dict[str, Any]) -> Flight:
    try:
        return Flight(
            Pubkey.from_string(content["market"]),
            int(content["sequence"]),
            bytes.fromhex(content["batch_id"]),
            SignedTransaction(
                str(content["signature"]),
                base64.b64decode(content["raw"], validate=True),
                int(content["last_valid_block_height"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Fatal(f"{file}: not a flight of ours: {error!r}") from error
