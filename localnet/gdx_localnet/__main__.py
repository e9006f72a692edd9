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
import tempfile
from pathlib import Path

from solders.pubkey import Pubkey

from gdx_localnet.clock import SlotMode
from gdx_localnet.engines import validator
from gdx_localnet.engines.embedded import build_chain
from gdx_localnet.engines.process import stop as end_process
from gdx_localnet.errors import EngineError, LocalnetError, PortInUse
from gdx_localnet.fixture import ProgramFile
from gdx_localnet.options import Engine, LocalnetOptions, default_engine
from gdx_localnet.server import ServerHandle, serve

_PARENT_POLL_S = 0.5
_CHILD_POLL_S = 0.2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gdx_localnet", description=__doc__)
    parser.add_argument(
        "--engine", choices=list(Engine), type=Engine, help="default: GDX_ENGINE, or embedded"
    )
    parser.add_argument("--validator", metavar="PATH", help="default: solana-test-validator on PATH")
    parser.add_argument("--directory", type=Path, help="where a validator keeps its ledger")
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
        engine=parsed.engine if parsed.engine is not None else default_engine(),
        validator=parsed.validator,
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


async def _run(options: LocalnetOptions, parsed: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    watcher = asyncio.ensure_future(_watch_parent(stop)) if parsed.exit_with_parent else None
    runner = _run_embedded if options.engine is Engine.EMBEDDED else _run_validator
    await runner(options, stop, parsed)
    if watcher is not None:
        watcher.cancel()


async def _run_embedded(options: LocalnetOptions, stop: asyncio.Event, parsed: argparse.Namespace) -> None:
    def on_ready(handle: ServerHandle) -> None:
        _announce(options.host, handle.rpc_port, os.getpid(), parsed.ready_fd)

    chain = build_chain(options)
    await serve(chain, host=options.host, rpc_port=options.rpc_port, stop=stop, on_ready=on_ready)


async def _run_validator(options: LocalnetOptions, stop: asyncio.Event, parsed: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="gdx-validator-") as temporary:
        directory = parsed.directory if parsed.directory is not None else Path(temporary)
        running = validator.start(options, options.read_fixture(), directory)
        try:
            _announce(options.host, running.rpc_port, running.process.pid, parsed.ready_fd)
            while not stop.is_set() and running.process.poll() is None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _CHILD_POLL_S)
        finally:
            end_process(running.process)
    if not stop.is_set():
        raise EngineError(f"the validator ended with code {running.process.returncode}")


def _announce(host: str, rpc_port: int, engine_pid: int, ready_fd: int | None) -> None:
    print(f"RPC http://{host}:{rpc_port}   WebSocket ws://{host}:{rpc_port + 1}", flush=True)
    _report(ready_fd, {"rpc_port": rpc_port, "engine_pid": engine_pid})


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
        asyncio.run(_run(_options(parsed), parsed))
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
