"""`gdx localnet`."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gdx_cli.localnet import controls
from gdx_cli.localnet.flags import settings_of, state_dir_option, up_options
from gdx_cli.output import emit, json_option, render

POLL_S = 0.2


@click.group()
def localnet() -> None:
    """A local chain with the programs, funded keys and a mint."""


for _command in (controls.snapshot, controls.restore, controls.airdrop, controls.warp, controls.fault):
    localnet.add_command(_command)


@localnet.command()
@click.option("--detach", is_flag=True, help="Return once it answers, instead of staying in the foreground.")
@click.option("--log", "shows_log", is_flag=True, help="Stream its log to stderr (in the foreground).")
@up_options
@state_dir_option
@json_option
def up(detach: bool, shows_log: bool, is_json: bool, state_dir: Path | None, **given: Any) -> None:
    """Start a local chain; Ctrl-C stops it, or `gdx localnet down` when it is detached.

    Flags that solana-test-validator has mean the same here, and are passed on with --engine validator.

    \b
    Examples:
      gdx localnet up
      gdx localnet up --detach --slot-mode fast
      gdx localnet up --engine validator --log
      gdx localnet up --url mainnet-beta --clone EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v
      gdx localnet up --fault 429:method=sendTransaction,count=3
    """
    import gdx_localnet

    if detach and shows_log:
        raise click.UsageError("--log streams in the foreground: with --detach, use `gdx localnet logs -f`")
    settings = settings_of(given)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = gdx_localnet.up(settings.pop("engine"), state_dir=state_dir, **settings)
    try:
        emit(started, is_json=is_json, table=lambda: _describe(started))
        sys.stdout.flush()
        if not detach:
            _stay(state_dir, Path(started.log_path) if shows_log else None)
    except KeyboardInterrupt:
        gdx_localnet.down(state_dir=state_dir)
        click.echo("stopped", err=True)


def _stay(state_dir: Path | None, log_path: Path | None) -> None:
    """Until Ctrl-C, or until the chain ends by itself."""
    import gdx_localnet

    lines = iter(()) if log_path is None else _grow(log_path, is_from_start=True)
    while True:
        for line in lines:
            if line is None:
                break
            click.echo(line, nl=False, err=True)
        if gdx_localnet.status(state_dir=state_dir) is None:
            raise click.ClickException("the local chain has ended; see `gdx localnet logs`")
        time.sleep(POLL_S)


@localnet.command()
@state_dir_option
@json_option
def down(state_dir: Path | None, is_json: bool) -> None:
    """Stop the local chain and wait for its end; one that does not go is killed.

    \b
    Example:
      gdx localnet down
    """
    import gdx_localnet

    stopped = gdx_localnet.down(state_dir=state_dir)
    emit(
        {"stopped": True, "url": stopped.url, "pid": stopped.pid},
        is_json=is_json,
        table=lambda: f"stopped {stopped.url} (pid {stopped.pid})",
    )


@localnet.command()
@state_dir_option
@json_option
def status(state_dir: Path | None, is_json: bool) -> None:
    """Show the local chain; exit code 1 when none is up, 4 when it does not answer.

    \b
    Example:
      gdx localnet status --json
    """
    import gdx_localnet

    found = gdx_localnet.status(state_dir=state_dir)
    if found is None:
        emit({"is_up": False}, is_json=is_json, table=lambda: "no local chain is up")
        sys.exit(1)
    is_healthy = gdx_localnet.is_healthy(found)
    emit(
        {"is_up": True, "is_healthy": is_healthy, **dataclasses.asdict(found)},
        is_json=is_json,
        table=lambda: f"{_describe(found)}\nhealthy    {'yes' if is_healthy else 'no'}",
    )
    sys.exit(0 if is_healthy else 4)


@localnet.command()
@state_dir_option
@json_option
def reset(state_dir: Path | None, is_json: bool) -> None:
    """Begin again at genesis: a chain that is up is started anew, as it was and on the same port.

    \b
    Example:
      gdx localnet reset
    """
    import gdx_localnet

    started = gdx_localnet.reset(state_dir=state_dir)
    emit(
        {"is_up": started is not None, **({} if started is None else dataclasses.asdict(started))},
        is_json=is_json,
        table=lambda: "no local chain is up; its ledger is gone" if started is None else _describe(started),
    )


@localnet.command()
@click.option(
    "-n", "--lines", type=click.IntRange(1), default=50, show_default=True, help="Last lines to show."
)
@click.option("-f", "--follow", is_flag=True, help="Go on as it grows, until Ctrl-C.")
@state_dir_option
@json_option
def logs(lines: int, follow: bool, state_dir: Path | None, is_json: bool) -> None:
    """Print the end of the local chain's log.

    \b
    Examples:
      gdx localnet logs -n 200
      gdx localnet logs -f
    """
    import gdx_localnet
    from gdx_localnet.handle import LOG_FILE

    if follow and is_json:
        raise click.UsageError("--follow goes on for ever, --json prints one object: give one of them")
    folder = state_dir if state_dir is not None else gdx_localnet.default_state_dir()
    path = folder / LOG_FILE
    if not path.is_file():
        raise click.ClickException(f"{path}: no such log; no local chain was started here")
    tail = path.read_text(errors="replace").splitlines()[-lines:]
    emit({"log_path": path, "lines": tail}, is_json=is_json, table=lambda: "\n".join(tail))
    if follow:
        _follow(path)


def _follow(path: Path) -> None:
    try:
        for line in _grow(path, is_from_start=False):
            if line is None:
                sys.stdout.flush()
                time.sleep(POLL_S)
            else:
                click.echo(line, nl=False)
    except KeyboardInterrupt:
        return  # the way to end it


def _describe(started: Any) -> str:
    return render(
        {
            "engine": started.engine,
            "rpc": started.url,
            "websocket": started.ws_url,
            "pid": started.pid,
            "log": started.log_path,
            "keys": _keys(started.keys),
            "mints": ", ".join(f"{name} {address}" for name, address in started.mints.items()),
        }
    )


def _keys(files: dict[str, str]) -> str:
    """The names, and the folder that has a file for each."""
    folders = {str(Path(path).parent) for path in files.values()}
    return f"{', '.join(files)} in {', '.join(folders)}" if files else ""


def _grow(path: Path, *, is_from_start: bool) -> Iterator[str | None]:
    """Lines of a growing file; None whenever there is none yet."""
    with path.open(errors="replace") as file:
        if not is_from_start:
            file.seek(0, 2)
        while True:
            yield file.readline() or None
