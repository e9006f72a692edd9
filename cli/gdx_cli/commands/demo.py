"""`gdx demo`."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdx_cli.output import EXIT_FAILED, emit, json_option

if TYPE_CHECKING:
    from gdx_cli.demo.progress import Progress
    from gdx_cli.demo.run import Demo

STOPPING = (signal.SIGINT, signal.SIGTERM)
EXIT_INTERRUPTED = 130


@click.command()
@click.option(
    "--recording",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Replay a recording of a real market (plain or gzip, recognized by its content).",
)
@click.option("--symbol", help="Which market of a recording that holds several.")
@click.option(
    "--trades",
    type=click.IntRange(min=1),
    help="Take at most so many trades from the source. "
    "[default: 3000, 600 on a validator, and at least 500 in all]",
)
@click.option("--seed", default=7, show_default=True, help="Seed of everything that is drawn.")
@click.option(
    "--engine",
    type=click.Choice(["embedded", "validator"]),
    default="embedded",
    show_default=True,
    help="What runs the chain.",
)
@click.option(
    "--validator",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="solana-test-validator to use. [default: the one on PATH]",
)
@click.option("--keep", is_flag=True, help="Leave the chain running at the end and print its endpoint.")
@json_option
def demo(
    recording: Path | None,
    symbol: str | None,
    trades: int | None,
    seed: int,
    engine: str,
    validator: Path | None,
    keep: bool,
    is_json: bool,
) -> None:
    """Match orders, settle every batch on a local chain, prove the result; exit code 1 if a proof fails."""
    from gdx_cli.demo.options import DemoOptions
    from gdx_cli.demo.progress import Progress
    from gdx_cli.demo.report import DemoReport
    from gdx_cli.demo.run import Demo

    options = DemoOptions(recording, symbol, trades, seed, engine, validator, keep)
    progress, report = Progress(is_quiet=is_json), DemoReport()
    failures = _run_stoppable(Demo(options, progress, report), progress)
    emit(report.as_json(), is_json=is_json, table=report.table)
    for failure in failures:
        click.echo(f"not proven: {failure}", err=True)
    if not report.is_proven:
        sys.exit(EXIT_FAILED)


def _run_stoppable(demo: Demo, progress: Progress) -> list[str]:
    """Run it; SIGINT and SIGTERM cancel it, so that the chain is stopped and its files are removed."""

    async def run() -> list[str]:
        task = asyncio.current_task()
        assert task is not None
        for number in STOPPING:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await demo.run()

    try:
        return asyncio.run(run())
    except (asyncio.CancelledError, KeyboardInterrupt):
        progress.close()
        click.echo("interrupted: the chain is stopped", err=True)
        sys.exit(EXIT_INTERRUPTED)
    finally:
        progress.close()
