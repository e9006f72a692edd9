"""Verifying a range of a market's history: reads what the chain kept of each batch, then has it checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.batch.header import ZERO_ID, chain_start
from gdx_sdk.batch.history import Finding, HistoryBatch, HistoryReport, check_history
from gdx_sdk.batch.merkle import merkle_root
from gdx_sdk.batch.outbox import FileOutbox, Settlement
from gdx_sdk.batch.sealed import DecodedBatch
from gdx_sdk.batch.trade import Trade
from gdx_sdk.batch.verify import ChainedBatch
from gdx_sdk.client.transport import RpcRefusal
from gdx_sdk.errors import CodecError, InputError

if TYPE_CHECKING:
    from gdx_sdk.accounts import GlobalConfig, PerpMarket, SettlementBatch
    from gdx_sdk.client.reader import Reader
    from gdx_sdk.events import SettledBatch

PAGE, READ_AT_ONCE = 1_000, 8

Progress = Callable[[int, int | None], None]
"""Told the batches read so far, and how many there will be (None: not known yet)."""


async def verify_history(
    client: Reader,
    market: Pubkey,
    *,
    outbox: FileOutbox | None = None,
    first: int = 1,
    last: int | None = None,
    on_progress: Progress | None = None,
) -> HistoryReport:
    """Check the batches `first` to `last` (default: the market's last) of `market` against the chain.

    With `outbox` its settled batches are checked, trades and all; without, the batches are taken from the
    market's transactions, and the trades of V2 batches, which only the outbox has, stay `unproven`. Each
    batch is compared with its SettlementBatch record (unless pruned), with its transaction and the event in
    it (unless the endpoint has dropped it), with its trades (count, root, fills or nets) and with its
    predecessor; the last one with the market. Everything that does not hold is in the report's `failures`.

    Raises `InputError` for a range the market does not have, `AccountNotFound` without such a market, and
    what reading raises (`TransportError`, `RpcError`).
    """
    from gdx_sdk.accounts import GlobalConfig, PerpMarket

    account = await client.fetch(PerpMarket, market)
    config = await client.fetch(GlobalConfig, pdas.config())
    created = chain_start(market, account.market_index, has_closed_markets=True)
    start = _start(created, account, config)
    known = start if start is not None else (0, ZERO_ID)
    if account.last_batch_sequence == known[0] and last is None and first <= known[0] + 1:
        return HistoryReport(market, "outbox" if outbox else "chain", known[0] + 1, known[0])
    first = max(first, known[0] + 1)
    end = account.last_batch_sequence if last is None else last
    if not first <= end <= account.last_batch_sequence:
        rule = f"must be within the market's batches {known[0] + 1} to {account.last_batch_sequence}"
        raise InputError("range", f"{first} to {end}", rule)
    report = HistoryReport(market, "outbox" if outbox else "chain", first, end)
    reading = _Reading(client, account, market, created, report, on_progress)
    found = await (reading.from_outbox(outbox) if outbox is not None else reading.from_chain())
    if start is None and first == 1:
        start = created if any(reading.is_first(one.batch) for one in found) else (0, ZERO_ID)
        found = [one for one in found if one.batch.sequence > start[0]]
        report.first = start[0] + 1
    check_history(report, found, start if start is not None and report.first == start[0] + 1 else None)
    if not found or found[-1].batch.sequence != end:
        report.failures.append(Finding(end, "sequence", f"batch {end}, the last of the range, is missing"))
    elif end == account.last_batch_sequence and found[-1].batch.batch_id != bytes(account.last_batch_id):
        said = f"the market's last batch is {bytes(account.last_batch_id).hex()}, not this one"
        report.failures.append(Finding(end, "market", said))
    return report


def _start(created: tuple[int, bytes], account: PerpMarket, config: GlobalConfig) -> tuple[int, bytes] | None:
    """What the market's first batch follows: `created`, or nothing; None where only that batch tells.

    The configuration says whether a market has been closed by now, not whether one had been when this one
    was created.
    """
    if (account.last_batch_sequence, bytes(account.last_batch_id)) == created:
        return created
    if not config.has_closed_markets or account.last_batch_sequence <= 1:
        return 0, ZERO_ID
    return None


@dataclass(slots=True)
class _Reading:
    client: Reader
    account: PerpMarket
    market: Pubkey
    created: tuple[int, bytes]  # the market's creation as a batch, if another had been closed before it
    report: HistoryReport
    on_progress: Progress | None
    done: int = 0

    def is_first(self, batch: ChainedBatch) -> bool:
        """Whether the batch follows the creation: there is none before it in this market."""
        return (batch.sequence - 1, batch.previous_id) == self.created

    async def from_outbox(self, outbox: FileOutbox) -> list[HistoryBatch]:
        """The outbox's settled batches of the range, with what the chain has of each."""
        report = self.report
        wanted = [n for n in outbox.settled_sequences(self.market) if report.first <= n <= report.last]
        settlements: list[Settlement] = []
        for sequence in wanted:
            try:
                found = outbox.settlement(self.market, sequence)
            except CodecError as error:
                report.failures.append(Finding(sequence, "file", str(error)))
                continue
            if found is not None and found.batch.sequence == sequence:
                settlements.append(found)
            elif found is not None:
                said = f"the file of batch {sequence} holds batch {found.batch.sequence}"
                report.failures.append(Finding(sequence, "file", said))
        batches: list[HistoryBatch] = []
        for start in range(0, len(settlements), READ_AT_ONCE):
            part = settlements[start : start + READ_AT_ONCE]
            received = await self._received([(item.batch.sequence, item.signature) for item in part])
            records = await self._records([item.batch.batch_id for item in part])
            for item, settled, record in zip(part, received, records, strict=True):
                one = self._named(item, settled)
                batches.append(
                    HistoryBatch(
                        item.batch,
                        item.batch.trades,
                        one.received if one else None,
                        record,
                        one.event if one else None,
                    )
                )
            self._tell(len(part), len(settlements))
        return batches

    async def from_chain(self) -> list[HistoryBatch]:
        """The batches that the market's transactions carried, read back from the newest one."""
        settled: dict[int, SettledBatch] = {}
        before: str | None = None
        while not self._reaches_first(settled):
            given: dict[str, Any] = {"limit": PAGE, "commitment": self.client.commitment}
            if before is not None:
                given["before"] = before
            page = await self.client.rpc("getSignaturesForAddress", [str(self.market), given])
            if not page:
                break
            before = page[-1]["signature"]
            signatures = [entry["signature"] for entry in page if entry["err"] is None]
            for start in range(0, len(signatures), READ_AT_ONCE):
                part = [(0, signature) for signature in signatures[start : start + READ_AT_ONCE]]
                for found in await self._received(part):
                    settled = (found or {}) | settled  # the newer one: an earlier market had the same address
                self._tell(READ_AT_ONCE, None)
                if self._reaches_first(settled):
                    break
        chosen = [settled[n] for n in sorted(settled) if self.report.first <= n <= self.report.last]
        records = await self._records([bytes(one.event.batch_id) for one in chosen])
        batches = []
        for one, record in zip(chosen, records, strict=True):
            if one.received is None:
                said = "settled by a call of another program, whose data is not read"
                self.report.unproven.append(Finding(one.event.batch_sequence, "transaction", said))
                continue
            trades = self._trades(one.received)
            batches.append(HistoryBatch(one.received, trades, one.received, record, one.event))
        return batches

    def _reaches_first(self, settled: dict[int, SettledBatch]) -> bool:
        second = settled.get(2)
        is_created = second is not None and second.received is not None and self.is_first(second.received)
        return self.report.first in settled or is_created

    def _trades(self, batch: DecodedBatch) -> tuple[Trade, ...] | None:
        """The trades of a V1 batch, when the market's present fees are those it was made with."""
        rates = {"taker_fee_ppm": self.account.taker_fee, "maker_fee_ppm": self.account.maker_fee}
        trades = batch.trades(**rates)
        known = bool(trades) and merkle_root([trade.leaf() for trade in trades]) == batch.root
        return trades if known else None

    def _named(self, item: Settlement, settled: dict[int, SettledBatch] | None) -> SettledBatch | None:
        """What the transaction that the outbox names did to its batch."""
        number = item.batch.sequence
        if settled is None:
            said = f"the endpoint does not know transaction {item.signature} (any more)"
            self.report.unproven.append(Finding(number, "transaction", said))
            return None
        if number not in settled:
            said = f"transaction {item.signature} does not settle batch {number}"
            self.report.failures.append(Finding(number, "transaction", said))
        return settled.get(number)

    async def _received(self, wanted: Sequence[tuple[int, str]]) -> list[dict[int, SettledBatch] | None]:
        """What each transaction settled in this market, by sequence; None for one that is not known."""
        import asyncio

        return list(await asyncio.gather(*(self._settled_in(*one) for one in wanted)))

    async def _settled_in(self, sequence: int, signature: str) -> dict[int, SettledBatch] | None:
        from gdx_sdk.events import settled_batches

        try:
            found = await self.client.get_transaction(signature)
            settled = settled_batches(found) if found is not None else None
        except (CodecError, RpcRefusal) as error:  # a signature that is none, or bytes that are no batch
            self.report.failures.append(Finding(sequence, "transaction", str(error)))
            return {}
        if settled is None:
            return None
        return {item.event.batch_sequence: item for item in settled if item.event.market == self.market}

    async def _records(self, batch_ids: Sequence[bytes]) -> list[SettlementBatch | None]:
        from gdx_sdk.accounts import SettlementBatch

        addresses = [pdas.settlement_batch(batch_id) for batch_id in batch_ids]
        return await self.client.fetch_multiple(SettlementBatch, addresses)

    def _tell(self, more: int, total: int | None) -> None:
        self.done += more
        if self.on_progress is not None:
            self.on_progress(self.done, total)
