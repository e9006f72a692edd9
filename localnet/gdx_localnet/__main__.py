"""`python -m gdx_localnet DIRECTORY`: runs the chain that `DIRECTORY/options.json` describes.

Until SIGINT or SIGTERM. `gdx localnet up` and `launch` start it; the first line it prints names its
endpoints.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gdx_localnet import snapshot
from gdx_localnet.engines.process import EXIT_WITH_PARENT, read_options
from gdx_localnet.engines.process import stop as end_process
from gdx_localnet.errors import EngineError, LocalnetError, PortInUse
from gdx_localnet.options import Engine, LocalnetOptions
from gdx_sdk.errors import GdxError

if TYPE_CHECKING:
    from gdx_localnet.svm import EmbeddedChain

_PARENT_POLL_S = 0.5
_CHILD_POLL_S = 0.2
_LEDGER_FILE = "ledger.snapshot"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gdx_localnet", description=__doc__)
    parser.add_argument("directory", type=Path, help="holds options.json; takes ledger and genesis files")
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument(EXIT_WITH_PARENT, type=int, metavar="PID", help=argparse.SUPPRESS)
    return parser


async def _run(options: LocalnetOptions, parsed: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    watcher = (
        asyncio.ensure_future(_watch_parent(parsed.exit_with_parent, stop))
        if parsed.exit_with_parent
        else None
    )
    runner = _run_embedded if options.engine is Engine.EMBEDDED else _run_validator
    await runner(options, stop, parsed)
    if watcher is not None:
        watcher.cancel()


GC_THRESHOLDS = (100_000, 20, 20)
"""Ten thousand accounts in an answer are thirty thousand objects, none of them garbage before it is sent."""


async def _run_embedded(options: LocalnetOptions, stop: asyncio.Event, parsed: argparse.Namespace) -> None:
    from gdx_localnet.engines.embedded import build_chain
    from gdx_localnet.server import ServerHandle, serve

    def on_ready(handle: ServerHandle) -> None:
        _announce(options, handle.rpc_port, os.getpid(), parsed.ready_fd)

    chain = build_chain(options)
    ledger: Path = parsed.directory / _LEDGER_FILE
    if options.resume:
        _resume(chain, ledger)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    await serve(chain, host=options.bind_address, rpc_port=options.rpc_port, stop=stop, on_ready=on_ready)
    if options.resume:
        snapshot.save(chain, ledger)


def _resume(chain: EmbeddedChain, ledger: Path) -> None:
    if ledger.exists():
        snapshot.restore(chain, ledger)


async def _run_validator(options: LocalnetOptions, stop: asyncio.Event, parsed: argparse.Namespace) -> None:
    from gdx_localnet.engines import validator

    running = validator.start(options, options.read_fixture(), parsed.directory)
    try:
        _announce(options, running.rpc_port, running.process.pid, parsed.ready_fd)
        while not stop.is_set() and running.process.poll() is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _CHILD_POLL_S)
    finally:
        end_process(running.process)
    if not stop.is_set():
        raise EngineError(f"the validator ended with code {running.process.returncode}")


def _announce(options: LocalnetOptions, rpc_port: int, engine_pid: int, ready_fd: int | None) -> None:
    host = options.connect_host
    print(f"RPC http://{host}:{rpc_port}   WebSocket ws://{host}:{rpc_port + 1}", flush=True)
    _report(ready_fd, {"rpc_port": rpc_port, "engine_pid": engine_pid})


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    """Stop when the process that launched this one is gone, however and however early it went."""
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
        asyncio.run(_run(read_options(parsed.directory), parsed))
    except GdxError as error:
        kind = type(error).__name__ if isinstance(error, LocalnetError) else "EngineError"
        body: dict[str, object] = {"error": kind, "message": str(error)}
        if isinstance(error, PortInUse):
            body |= {"port": error.port, "host": error.host}
        _report(parsed.ready_fd, body)
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
