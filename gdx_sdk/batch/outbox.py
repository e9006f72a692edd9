"""The queue of sealed batches between the matcher, which puts them, and the relayer, which settles them.

One directory per market::

    <directory>/<market>/pending/<sequence>.json     sealed, not known to be settled
    <directory>/<market>/settled/<sequence>.json     settled, with signature and slot
    <directory>/<market>/refusal.json                why the program refused the first pending batch

Every change is one atomic rename or unlink after an fsync, so a process killed between any two steps leaves
the state before or after the step. Putting or marking the same thing again changes nothing. Matcher and
relayer may be two processes: each file has one writer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from solders.pubkey import Pubkey

from gdx_sdk.batch._files import json_object, read_bytes, remove, write_json
from gdx_sdk.batch._stored import batch_from_json, batch_to_json
from gdx_sdk.batch.sealed import SealedBatch
from gdx_sdk.errors import CodecError, InputError, OutboxConflict

_T = TypeVar("_T")

MAX_DECODED = 1_024


@dataclass(frozen=True, slots=True)
class Refusal:
    """The program's refusal of a batch. `sequence` and `batch_id` are filled in by the outbox.

    Who names the refused batch by `batch_id` cannot blame another that has taken its sequence meanwhile.
    """

    trade_or_entry_index: int | None  # which trade (V1) or entry (V2), when the program names one
    error_code: int
    reason: str
    sequence: int = 0
    batch_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A batch that is on chain, and the transaction that put it there."""

    batch: SealedBatch
    signature: str
    slot: int


class Outbox(Protocol):
    """What matcher and relayer use of an outbox."""

    def put(self, batch: SealedBatch) -> None: ...
    def head(self, market: Pubkey) -> SealedBatch | None: ...
    def pending(self, market: Pubkey) -> list[SealedBatch]: ...
    def mark_settled(
        self, market: Pubkey, sequence: int, batch_id: bytes, signature: str, slot: int
    ) -> None: ...
    def refuse(self, market: Pubkey, sequence: int, refusal: Refusal) -> None: ...
    def take_refusal(self, market: Pubkey) -> Refusal | None: ...
    def withdraw_from(self, market: Pubkey, sequence: int) -> list[SealedBatch]: ...


class FileOutbox:
    """An `Outbox` in a directory of small files."""

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._decoded: dict[Path, tuple[bytes, SealedBatch]] = {}  # pending files as they were last read

    def put(self, batch: SealedBatch) -> None:
        """Add `batch` behind the last one of its market; putting the same batch again is no change.

        Raises `OutboxConflict` for a gap, a previous id that is not the last batch's, or other content
        under a sequence that is taken.
        """
        sequence, market = batch.sequence, batch.market
        known = self._pending_batch(market, sequence)
        if known is None:
            settled = self._read(self._settled_file(market, sequence), _settlement_from_json)
            known = settled.batch if settled else None
        if known is not None:
            if known.batch_id != batch.batch_id:
                raise OutboxConflict(f"{market}: sequence {sequence} already holds another batch")
            return
        last = self.last(market)
        if last is not None and last.sequence >= sequence:
            return  # settled, and its record has been dropped since
        if last is not None and (last.sequence + 1, last.batch_id) != (sequence, batch.previous_id):
            raise OutboxConflict(f"{market}: batch {sequence} does not follow batch {last.sequence}")
        write_json(self._pending_file(market, sequence), batch_to_json(batch))

    def head(self, market: Pubkey) -> SealedBatch | None:
        """The next batch to settle; None when there is none, or while its refusal waits to be taken."""
        first = self._first_pending(market)
        refusal = self.refusal(market)
        return None if first and refusal and refusal.batch_id == first.batch_id else first

    def pending(self, market: Pubkey) -> list[SealedBatch]:
        """Batches not known to be settled, in order of sequence."""
        batches = (self._pending_batch(market, sequence) for sequence in self._unsettled(market))
        return [batch for batch in batches if batch is not None]

    def last(self, market: Pubkey) -> SealedBatch | None:
        """The batch with the highest sequence, pending or settled."""
        unsettled = self._unsettled(market)
        if unsettled:
            return self._pending_batch(market, unsettled[-1])
        settlement = self.last_settled(market)
        return settlement.batch if settlement else None

    def settled(self, market: Pubkey, *, first: int = 1) -> list[Settlement]:
        """Settled batches with sequence ≥ `first`, in order."""
        files = (self._settled_file(market, n) for n in self._sequences(market, "settled") if n >= first)
        return [found for file in files if (found := self._read(file, _settlement_from_json)) is not None]

    def settled_sequences(self, market: Pubkey) -> list[int]:
        """Sequences of the settled batches that are kept, ascending."""
        return self._sequences(market, "settled")

    def settlement(self, market: Pubkey, sequence: int) -> Settlement | None:
        """One settled batch; None when it is not kept, `CodecError` when its file is damaged."""
        return self._read(self._settled_file(market, sequence), _settlement_from_json)

    def last_settled(self, market: Pubkey) -> Settlement | None:
        """The settled batch with the highest sequence."""
        sequences = self._sequences(market, "settled")
        if not sequences:
            return None
        return self._read(self._settled_file(market, sequences[-1]), _settlement_from_json)

    def markets(self) -> list[Pubkey]:
        """Markets that have a queue here, ascending."""
        names = (child.name for child in self.directory.iterdir() if child.is_dir())
        return sorted((Pubkey.from_string(name) for name in names), key=bytes)

    def mark_settled(self, market: Pubkey, sequence: int, batch_id: bytes, signature: str, slot: int) -> None:
        """Record that the first pending batch is on chain; marking it again is no change.

        Raises `OutboxConflict` when the batch has another id or is not the first pending one.
        """
        done = self._read(self._settled_file(market, sequence), _settlement_from_json)
        if done is not None:
            if done.batch.batch_id != batch_id:
                raise OutboxConflict(f"{market}: sequence {sequence} settled under another id")
            remove(self._pending_file(market, sequence))
            return
        first = self._first_pending(market)
        if first is None or first.sequence != sequence:
            raise OutboxConflict(f"{market}: sequence {sequence} is not the first pending batch")
        if first.batch_id != batch_id:
            raise OutboxConflict(f"{market}: sequence {sequence} holds another batch than the settled one")
        record = {"batch": batch_to_json(first), "signature": signature, "slot": slot}
        write_json(self._settled_file(market, sequence), record)
        remove(self._pending_file(market, sequence))

    def refuse(self, market: Pubkey, sequence: int, refusal: Refusal) -> None:
        """Record that the program refused the first pending batch; `head` is None until it is taken.

        Raises `OutboxConflict` when another sequence comes first, or the refusal names another batch.
        """
        first = self._first_pending(market)
        if first is None or first.sequence != sequence:
            raise OutboxConflict(f"{market}: sequence {sequence} is not the first pending batch")
        if refusal.batch_id not in (b"", first.batch_id):
            raise OutboxConflict(f"{market}: sequence {sequence} holds another batch than the refused one")
        filled = replace(refusal, sequence=sequence, batch_id=first.batch_id)
        write_json(self._refusal_file(market), _refusal_to_json(filled))

    def refusal(self, market: Pubkey) -> Refusal | None:
        """The waiting refusal, left in place: a matcher that must not lose it peeks, logs, then withdraws."""
        return self._read(self._refusal_file(market), _refusal_from_json)

    def take_refusal(self, market: Pubkey) -> Refusal | None:
        """The waiting refusal, removed. If the batch is not withdrawn, `head` offers it again."""
        refusal = self.refusal(market)
        remove(self._refusal_file(market))
        return refusal

    def withdraw_from(self, market: Pubkey, sequence: int) -> list[SealedBatch]:
        """Remove pending batches from `sequence` on, last first, and the refusal of any; returns them in
        order.
        """
        withdrawn = [batch for batch in self.pending(market) if batch.sequence >= sequence]
        for batch in reversed(withdrawn):
            remove(self._pending_file(market, batch.sequence))
        refusal = self.refusal(market)
        if refusal is not None and refusal.sequence >= sequence:
            remove(self._refusal_file(market))
        return withdrawn

    def drop_settled(self, market: Pubkey, before: int) -> int:
        """Forget settled batches below sequence `before`, but never the last one; returns how many."""
        dropped = [n for n in self._sequences(market, "settled")[:-1] if n < before]
        for sequence in dropped:
            remove(self._settled_file(market, sequence))
        return len(dropped)

    def _unsettled(self, market: Pubkey) -> list[int]:
        """Pending sequences without those a process left when killed between the steps of `mark_settled`."""
        settled = self._sequences(market, "settled")
        last_settled = settled[-1] if settled else 0
        return [sequence for sequence in self._sequences(market, "pending") if sequence > last_settled]

    def _first_pending(self, market: Pubkey) -> SealedBatch | None:
        unsettled = self._unsettled(market)
        return self._pending_batch(market, unsettled[0]) if unsettled else None

    def _pending_batch(self, market: Pubkey, sequence: int) -> SealedBatch | None:
        """Decoding seals the batch anew; who looks at a backlog every turn need not repeat that."""
        file = self._pending_file(market, sequence)
        content = read_bytes(file)
        if content is None:
            return None
        known = self._decoded.get(file)
        if known is not None and known[0] == content:
            return known[1]
        batch = self._decode(file, content, batch_from_json)
        if len(self._decoded) >= MAX_DECODED:
            self._decoded.clear()
        self._decoded[file] = (content, batch)
        return batch

    def _sequences(self, market: Pubkey, state: str) -> list[int]:
        try:
            names = os.listdir(self.directory / str(market) / state)
        except FileNotFoundError:
            return []
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def _pending_file(self, market: Pubkey, sequence: int) -> Path:
        return self.directory / str(market) / "pending" / f"{sequence:020d}.json"

    def _settled_file(self, market: Pubkey, sequence: int) -> Path:
        return self.directory / str(market) / "settled" / f"{sequence:020d}.json"

    def _refusal_file(self, market: Pubkey) -> Path:
        return self.directory / str(market) / "refusal.json"

    def _read(self, file: Path, decode: Callable[[dict[str, Any]], _T]) -> _T | None:
        content = read_bytes(file)
        return None if content is None else self._decode(file, content, decode)

    @staticmethod
    def _decode(file: Path, content: bytes, decode: Callable[[dict[str, Any]], _T]) -> _T:
        try:
            return decode(json_object(content))
        except (KeyError, TypeError, ValueError, InputError) as error:
            raise CodecError("outbox file", str(file), f"does not hold what it should: {error!r}") from error


def _settlement_from_json(content: dict[str, Any]) -> Settlement:
    return Settlement(batch_from_json(content["batch"]), str(content["signature"]), int(content["slot"]))


def _refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    return {
        "trade_or_entry_index": refusal.trade_or_entry_index,
        "error_code": refusal.error_code,
        "reason": refusal.reason,
        "sequence": refusal.sequence,
        "batch_id": refusal.batch_id.hex(),
    }


def _refusal_from_json(content: dict[str, Any]) -> Refusal:
    index = content["trade_or_entry_index"]
    return Refusal(
        None if index is None else int(index),
        int(content["error_code"]),
        str(content["reason"]),
        int(content["sequence"]),
        bytes.fromhex(content["batch_id"]),
    )
