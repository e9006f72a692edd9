"""`gdx keeper`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gdx_cli.output import EXIT_FAILED, EXIT_OK, columns, emit, json_option, render

_CONFIG = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="Keepers' configuration (TOML).",
)


@click.group()
def keeper() -> None:
    """Relayer, liquidator, funding, oracle."""


@keeper.command()
@_CONFIG
@click.option("--job", metavar="NAME", help="Run only this job of the file.")
@click.option("--dry-run", is_flag=True, help="Observe, plan and simulate; nothing can be signed.")
@json_option
def run(config_path: Path, job: str | None, dry_run: bool, is_json: bool) -> None:
    """Run keepers until SIGTERM or Ctrl-C, then print a summary; logs go to stderr."""
    import asyncio

    from gdx_keepers.assembly import run_keepers
    from gdx_keepers.core.config import load_config

    summaries = asyncio.run(run_keepers(load_config(config_path), only=job, is_dry_run=dry_run))
    rows = [
        [s.job, str(s.runs), str(s.actions), str(s.errors), "yes" if s.drained else "no", s.stopped_because]
        for s in summaries
    ]
    headers = ["job", "runs", "actions", "errors", "drained", "stopped because"]
    emit({"jobs": summaries}, is_json=is_json, table=lambda: columns(headers, rows))
    sys.exit(EXIT_FAILED if any(summary.stopped_because for summary in summaries) else EXIT_OK)


@keeper.command(name="list")
@_CONFIG
@json_option
def list_jobs(config_path: Path, is_json: bool) -> None:
    """Check a configuration file and list its jobs."""
    from gdx_keepers.core.config import load_config

    config = load_config(config_path)
    jobs = [
        {
            "job": job.job_name,
            "kind": job.kind,
            "symbols": job.traded_symbols,
            "poll_ms": job.poll_ms,
            "has_own_signer": job.signer is not None,
        }
        for job in config.job
    ]
    emit({"url": config.cluster.url, "jobs": jobs}, is_json=is_json, table=lambda: render(jobs))
