"""`gdx localnet`."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gdx_cli.output import emit, json_option, render

POLL_S = 0.5

_STATE_DIR = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the chain's state, keys and log are kept. [default: .gdx/localnet]",
)


@click.group()
def localnet() -> None:
    """A local chain with the programs, funded keys and a mint."""


@localnet.command()
@click.option("--detach", is_flag=True, help="Return once it answers, instead of staying in the foreground.")
@click.option(
    "--engine", type=click.Choice(["embedded", "validator"]), help="[default: $GDX_ENGINE or embedded]"
)
@click.option("--validator", metavar="PATH", help="solana-test-validator to use. [default: the one on PATH]")
@click.option("--rpc-port", type=click.IntRange(0, 65_534), default=8899, show_default=True, help="0: any.")
@click.option("--slot-ms", type=click.IntRange(1), default=400, show_default=True, help="Length of a slot.")
@click.option("--fixture", metavar="FILE", help='A TOML file instead of the usual one, or "none".')
@_STATE_DIR
@json_option
def up(detach: bool, is_json: bool, state_dir: Path | None, **given: Any) -> None:
    """Start a local chain; Ctrl-C stops it, or `gdx localnet down` when it is detached."""
    import gdx_localnet

    settings = {name: value for name, value in given.items() if value is not None}
    if settings.get("validator") and settings.get("engine") != "validator":
        settings["engine"] = "validator"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = gdx_localnet.up(settings.pop("engine", None), state_dir=state_dir, **settings)
    try:
        emit(started, is_json=is_json, table=lambda: _describe(started))
        sys.stdout.flush()
        while not detach:
            time.sleep(POLL_S)
            if gdx_localnet.status(state_dir=state_dir) is None:
                raise click.ClickException("the local chain has ended; see `gdx localnet logs`")
    except KeyboardInterrupt:
        gdx_localnet.down(state_dir=state_dir)
        click.echo("stopped", err=True)


@localnet.command()
@_STATE_DIR
@json_option
def down(state_dir: Path | None, is_json: bool) -> None:
    """Stop the local chain."""
    import gdx_localnet

    stopped = gdx_localnet.down(state_dir=state_dir)
    emit(
        {"stopped": True, "url": stopped.url, "pid": stopped.pid},
        is_json=is_json,
        table=lambda: f"stopped {stopped.url} (pid {stopped.pid})",
    )


@localnet.command()
@_STATE_DIR
@json_option
def status(state_dir: Path | None, is_json: bool) -> None:
    """Show the local chain; exit code 1 when none is up or it does not answer."""
    import gdx_localnet

    running = gdx_localnet.status(state_dir=state_dir)
    if running is None:
        emit({"is_up": False}, is_json=is_json, table=lambda: "no local chain is up")
        sys.exit(1)
    is_healthy = gdx_localnet.is_healthy(running)
    members = {field: getattr(running, field) for field in running.__dataclass_fields__}
    emit(
        {"is_up": True, "is_healthy": is_healthy, **members},
        is_json=is_json,
        table=lambda: f"{_describe(running)}\nhealthy    {'yes' if is_healthy else 'no'}",
    )
    sys.exit(0 if is_healthy else 1)


@localnet.command()
@click.option(
    "-n", "--lines", type=click.IntRange(1), default=50, show_default=True, help="Last lines to show."
)
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows, until Ctrl-C.")
@_STATE_DIR
@json_option
def logs(lines: int, follow: bool, state_dir: Path | None, is_json: bool) -> None:
    """Print the end of the local chain's log."""
    import gdx_localnet

    folder = state_dir if state_dir is not None else gdx_localnet.default_state_dir()
    path = folder / "localnet.log"
    if not path.is_file():
        raise click.ClickException(f"{path}: no such log; no local chain was started here")
    tail = path.read_text(errors="replace").splitlines()[-lines:]
    emit({"log_path": path, "lines": tail}, is_json=is_json, table=lambda: "\n".join(tail))
    if follow and not is_json:
        for line in _grow(path):
            click.echo(line, nl=False)


def _describe(started: Any) -> str:
    return render(
        {
            "engine": started.engine,
            "rpc": started.url,
            "websocket": started.ws_url,
            "pid": started.pid,
            "log": started.log_path,
            "keys": ", ".join(f"{name} {path}" for name, path in started.keys.items()),
            "mints": ", ".join(f"{name} {address}" for name, address in started.mints.items()),
        }
    )


def _grow(path: Path) -> Iterator[str]:
    with path.open(errors="replace") as file:
        file.seek(0, 2)
        while True:
            line = file.readline()
            if line:
                yield line
            else:
                time.sleep(0.2)
