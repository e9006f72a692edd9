"""`gdx batch`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from gdx_cli.arguments import batch_id as batch_id_of
from gdx_cli.arguments import market_key
from gdx_cli.cluster import Cluster, cluster_options
from gdx_cli.output import EXIT_FAILED, columns, emit, json_option, plain, render
from gdx_cli.reading import ask

if TYPE_CHECKING:
    from solders.pubkey import Pubkey

    from gdx_sdk.accounts import SettlementBatch
    from gdx_sdk.batch import HistoryReport
    from gdx_sdk.client import Client

STATUS = ("pending", "confirmed", "failed")


@click.group()
def batch() -> None:
    """Settled batches of trades."""


@batch.command()
@click.argument("batch_id", metavar="[BATCH_ID]", required=False)
@click.option(
    "-m", "--market", "market_name", metavar="SYMBOL_OR_ADDRESS", help="This market's batch instead of an id."
)
@click.option("--sequence", type=click.IntRange(1), help="With --market: this one instead of the last.")
@cluster_options
@json_option
def show(
    batch_id: str | None, market_name: str | None, sequence: int | None, cluster: Cluster, is_json: bool
) -> None:
    """Show a batch's record on chain, by its id (hexadecimal) or by market and sequence."""
    if (batch_id is None) == (market_name is None):
        raise click.UsageError("give either BATCH_ID or --market")
    if sequence is not None and market_name is None:
        raise click.UsageError("--sequence needs --market")
    wanted = batch_id_of(batch_id) if batch_id else None
    market = market_key(market_name, "--market") if market_name else None

    async def read(client: Client) -> dict[str, Any]:
        found_id = wanted if wanted is not None else await _find_id(client, market, sequence)
        return await _read(client, found_id)

    result = ask(cluster, read)
    emit(result, is_json=is_json, table=lambda: render(_shown(result)))


@batch.command(name="list")
@click.option("-m", "--market", "market_name", metavar="SYMBOL_OR_ADDRESS", required=True, help="The market.")
@click.option("-n", "--last", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@cluster_options
@json_option
def list_batches(market_name: str, last: int, cluster: Cluster, is_json: bool) -> None:
    """List a market's batches that have not been pruned, the newest first."""
    market = market_key(market_name, "--market")

    async def read(client: Client) -> list[dict[str, Any]]:
        found = await _records(client, market)
        return [describe(address, item) for address, item in found[:last]]

    result = ask(cluster, read)
    names = ["sequence", "trade_count", "status", "settled_ts", "batch_id"]
    rows = [[str(_shown(item)[name]) for name in names] for item in result]
    emit({"batches": result}, is_json=is_json, table=lambda: columns(names, rows))


@batch.command()
@click.option("-m", "--market", "market_name", metavar="SYMBOL_OR_ADDRESS", required=True, help="The market.")
@click.option(
    "--outbox",
    "outbox_path",
    type=click.Path(exists=True, file_okay=False),
    help="Check this outbox's settled batches, trades and all. [default: what the transactions carried]",
)
@click.option("--first", type=click.IntRange(1), default=1, show_default=True, help="First sequence.")
@click.option("--last", type=click.IntRange(1), help="Last sequence. [default: the market's last]")
@cluster_options
@json_option
def verify(
    market_name: str, outbox_path: str | None, first: int, last: int | None, cluster: Cluster, is_json: bool
) -> None:
    """Verify a range of a market's history: hash chain, roots, nets and trades, against the chain.

    Exit code 0: everything that could be checked holds; 1: something does not, and is listed.
    """
    market = market_key(market_name, "--market")

    async def read(client: Client) -> HistoryReport:
        from gdx_sdk.batch import FileOutbox
        from gdx_sdk.client import verify_history

        outbox = FileOutbox(outbox_path) if outbox_path is not None else None
        return await verify_history(
            client, market, outbox=outbox, first=first, last=last, on_progress=_progress()
        )

    report = ask(cluster, read)
    emit(plain(report) | {"is_proven": report.is_proven}, is_json=is_json, table=lambda: _verified(report))
    if not report.is_proven:
        raise SystemExit(EXIT_FAILED)


def _progress() -> Callable[[int, int | None], None] | None:
    """A line that counts on, where somebody watches."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int | None) -> None:
        counted = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        is_over = total is not None and done >= total
        click.echo(f"\rread {counted}" + ("\n" if is_over else ""), err=True, nl=False)

    return tell


def _verified(report: HistoryReport) -> str:
    summary = {
        "market": str(report.market),
        "source": report.source,
        "batches": f"{report.batch_count} ({report.first} to {report.last})",
        "trades": f"{report.verified_trade_count} verified of {report.trade_count}",
        "records": f"{report.record_count} on chain",
        "transactions": f"{report.transaction_count} read",
        "result": "proven" if report.is_proven else f"{len(report.failures)} contradictions",
    }
    lines = [render(summary)]
    for title, findings in (("does not hold", report.failures), ("could not be checked", report.unproven)):
        if findings:
            rows = [[str(one.sequence), one.check, one.message] for one in findings]
            lines += ["", f"{title}:", columns(["batch", "check", "finding"], rows)]
    return "\n".join(lines)


def describe(address: Pubkey, record: SettlementBatch) -> dict[str, Any]:
    """A batch's record."""
    status = STATUS[record.status] if record.status < len(STATUS) else f"unknown ({record.status})"
    return {
        "address": address,
        "batch_id": record.batch_id,
        "market_index": record.market_index,
        "sequence": record.sequence,
        "trade_count": record.trade_count,
        "merkle_root": record.merkle_root,
        "relayer": record.relayer,
        "settled_ts": record.timestamp,
        "status": status,
    }


async def _read(client: Client, batch_id: bytes) -> dict[str, Any]:
    from gdx_sdk import pdas
    from gdx_sdk.accounts import SettlementBatch

    address = pdas.settlement_batch(batch_id)
    return describe(address, await client.fetch(SettlementBatch, address))


async def _find_id(client: Client, market: Pubkey | None, sequence: int | None) -> bytes:
    from gdx_sdk.accounts import PerpMarket

    assert market is not None
    if sequence is None:
        found = await client.fetch(PerpMarket, market)
        if not found.last_batch_sequence:
            raise click.ClickException(f"market {market} has settled no batch yet")
        return found.last_batch_id
    for _, record in await _records(client, market):
        if record.sequence == sequence:
            return record.batch_id
    raise click.ClickException(f"market {market} has no batch {sequence}: never settled, or pruned since")


async def _records(client: Client, market: Pubkey) -> list[tuple[Pubkey, SettlementBatch]]:
    from gdx_sdk.accounts import PerpMarket, SettlementBatch

    index = (await client.fetch(PerpMarket, market)).market_index
    found = await client.scan(SettlementBatch, [SettlementBatch.memcmp("market_index", index)])
    return sorted(found, key=lambda item: -item[1].sequence)


def _shown(members: dict[str, Any]) -> dict[str, Any]:
    return {name: item.hex() if isinstance(item, bytes) else item for name, item in members.items()}
