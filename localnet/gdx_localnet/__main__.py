"""`python -m gdx_localnet`: a local chain in the foreground, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path

from solders.pubkey import Pubkey

from gdx_localnet.clock import SlotMode
from gdx_localnet.engines.embedded import build_chain
from gdx_localnet.errors import LocalnetError, PortInUse
from gdx_localnet.fixture import ProgramFile
from gdx_localnet.options import Engine, LocalnetOptions
from gdx_localnet.server import ServerHandle, serve

_PARENT_POLL_S = 0.5


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gdx_localnet", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--rpc-port", type=int, default=8899, help="HTTP; WebSocket takes the next; 0: any")
    parser.add_argument("--slot-mode", type=SlotMode, default=SlotMode.CLOCK, choices=list(SlotMode))
    parser.add_argument("--slot-ms", type=int, default=400, help="length of a slot, milliseconds")
    parser.add_argument("--confirmed-lag", type=int, default=1, help="slots until confirmed (mode clock)")
    parser.add_argument("--finalized-lag", type=int, default=32, help="slots until finalized (mode clock)")
    parser.add_argument("--unix-ts", type=int, help="chain time at the start, unix seconds")
    parser.add_argument("--fixture", help='a TOML file, or "none" for an empty chain')
    parser.add_argument("--limit-ledger-size", type=int, default=100_000, help="transactions kept")
    for flag, names in (("--upgradeable-program", ("ADDRESS", "FILE", "AUTHORITY")), ("--account", _ACCOUNT)):
        parser.add_argument(flag, nargs=len(names), metavar=names, action="append", default=[])
    parser.add_argument("--bpf-program", nargs=2, metavar=_ACCOUNT, action="append", default=[])
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--exit-with-parent", action="store_true", help=argparse.SUPPRESS)
    return parser


_ACCOUNT = ("ADDRESS", "FILE")


def _options(parsed: argparse.Namespace) -> LocalnetOptions:
    programs = [
        ProgramFile(_pubkey(address), Path(path), None if authority == "none" else _pubkey(authority))
        for address, path, authority in parsed.upgradeable_program
    ]
    programs += [ProgramFile(_pubkey(address), Path(path), None) for address, path in parsed.bpf_program]
    return LocalnetOptions(
        engine=Engine.EMBEDDED,
        host=parsed.host,
        rpc_port=parsed.rpc_port,
        fixture=parsed.fixture,
        programs=tuple(programs),
        accounts=tuple((_pubkey(address), Path(path)) for address, path in parsed.account),
        slot_mode=parsed.slot_mode,
        slot_ms=parsed.slot_ms,
        confirmed_lag=parsed.confirmed_lag,
        finalized_lag=parsed.finalized_lag,
        unix_ts=parsed.unix_ts,
        history_limit=parsed.limit_ledger_size,
    )


def _pubkey(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError as error:
        raise LocalnetError(f"{text!r} is not a base58 address") from error


async def _run(options: LocalnetOptions, ready_fd: int | None, *, exit_with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    watcher = asyncio.ensure_future(_watch_parent(stop)) if exit_with_parent else None

    def on_ready(handle: ServerHandle) -> None:
        print(f"RPC {handle.url}   WebSocket {handle.ws_url}", flush=True)
        _report(ready_fd, {"rpc_port": handle.rpc_port})

    await serve(
        build_chain(options), host=options.host, rpc_port=options.rpc_port, stop=stop, on_ready=on_ready
    )
    if watcher is not None:
        watcher.cancel()


async def _watch_parent(stop: asyncio.Event) -> None:
    """Stop when the process that launched this one is gone, however it went."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a process that its parent ended
        await asyncio.sleep(_PARENT_POLL_S)
    stop.set()


def _report(ready_fd: int | None, body: dict[str, object]) -> None:
    if ready_fd is not None:
        with contextlib.suppress(OSError), os.fdopen(ready_fd, "w") as pipe:
            pipe.write(json.dumps(body) + "\n")


def main() -> int:
    """Run; the exit code is 0 after a stop, 1 when the chain could not start."""
    parsed = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    try:
        asyncio.run(_run(_options(parsed), parsed.ready_fd, exit_with_parent=parsed.exit_with_parent))
    except LocalnetError as error:
        body: dict[str, object] = {"error": type(error).__name__, "message": str(error)}
        if isinstance(error, PortInUse):
            body |= {"port": error.port, "host": parsed.host}
        _report(parsed.ready_fd, body)
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
