"""Launching a local chain in a process of its own, and holding on to it."""

from __future__ import annotations

import dataclasses
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_localnet.clone import materialize
from gdx_localnet.controls import Controls
from gdx_localnet.engines.process import spawn, stop
from gdx_localnet.fixture import Fixture
from gdx_localnet.options import Engine, LocalnetOptions

LOG_FILE = "localnet.log"
"""In a chain's directory: what it printed."""


@dataclasses.dataclass(slots=True)
class LocalnetHandle:
    """A running local chain. Use it as a context manager, or call `stop`.

    url, ws_url   endpoints
    keys, mints   the fixture's key pairs and mint addresses by name
    engine_pid    the process that runs the chain (a validator's own, for engine validator)
    """

    engine: Engine
    host: str
    rpc_port: int
    log_path: Path
    keys: dict[str, Keypair]
    mints: dict[str, Pubkey]
    process: subprocess.Popen[bytes]
    engine_pid: int
    _directory: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """HTTP endpoint."""
        return f"http://{self.host}:{self.rpc_port}"

    @property
    def ws_url(self) -> str:
        """WebSocket endpoint."""
        return f"ws://{self.host}:{self.rpc_port + 1}"

    @property
    def controls(self) -> Controls:
        """What can be done to the chain from outside."""
        return Controls(self.url, self.engine)

    @property
    def pid(self) -> int:
        """Process id to signal; with engine validator, of the process that looks after it."""
        return self.process.pid

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Stop the chain and, when it was launched without a directory, forget its files."""
        stop(self.process)
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def launch(
    engine: Engine | str | None = None,
    *,
    directory: Path | None = None,
    is_detached: bool = False,
    **settings: Any,
) -> LocalnetHandle:
    """Start a local chain in a process of its own; returns once it answers.

    engine       embedded or validator; None takes GDX_ENGINE, or embedded
    directory    where log, ledger and genesis files go (default: a temporary one, gone after `stop`)
    is_detached  the chain outlives this process
    settings     the other members of LocalnetOptions

    What is to be cloned is copied first: when its cluster is away, nothing was started. Raises PortInUse,
    FixtureError, EngineError, gdx_sdk.errors.TransportError.
    """
    if engine is not None:
        settings["engine"] = engine
    options = LocalnetOptions(**settings)
    temporary = tempfile.TemporaryDirectory(prefix="gdx-localnet-") if directory is None else None
    directory = Path(temporary.name) if temporary is not None else Path(str(directory)).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        options = materialize(options, directory / "cloned")
        return _launch(options, options.read_fixture(), directory, temporary, is_detached)
    except BaseException:
        if temporary is not None:
            temporary.cleanup()
        raise


def _launch(
    options: LocalnetOptions,
    fixture: Fixture,
    directory: Path,
    temporary: tempfile.TemporaryDirectory[str] | None,
    is_detached: bool,
) -> LocalnetHandle:
    log_path = directory / LOG_FILE
    with log_path.open("wb") as log:
        started = spawn(options, directory, log, is_detached=is_detached)
    return LocalnetHandle(
        options.engine,
        options.connect_host,
        started.rpc_port,
        log_path,
        dict(fixture.keys),
        dict(fixture.mints),
        started.process,
        started.engine_pid,
        temporary,
    )
