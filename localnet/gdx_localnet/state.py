"""`up`, `down`, `status`: one detached local chain for each state directory."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gdx_localnet.clock import SlotMode
from gdx_localnet.engines import validator
from gdx_localnet.errors import AlreadyRunning, NotRunning
from gdx_localnet.handle import launch
from gdx_localnet.options import Engine

DEFAULT_RPC_PORT = 8899
_STOP_TIMEOUT_S = 10.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Status:
    """A chain that is up. `keys` maps each key's name to its file, `mints` each mint to its address."""

    pid: int
    born: str
    engine: str
    url: str
    ws_url: str
    rpc_port: int
    log_path: str
    started_ts: int
    keys: dict[str, str]
    mints: dict[str, str]


def default_state_dir() -> Path:
    """`$XDG_STATE_HOME/gdx/localnet`, or `.gdx/localnet` under the current directory."""
    home = os.environ.get("XDG_STATE_HOME")
    return Path(home) / "gdx" / "localnet" if home else Path.cwd() / ".gdx" / "localnet"


def up(
    engine: Engine | str | None = None,
    *,
    state_dir: Path | None = None,
    rpc_port: int = DEFAULT_RPC_PORT,
    slot_mode: SlotMode | str = SlotMode.CLOCK,
    **settings: Any,
) -> Status:
    """Start a chain that stays when this process ends. `settings` are LocalnetOptions' members.

    Raises AlreadyRunning when this state directory's chain is up, PortInUse, FixtureError, EngineError.
    """
    directory = state_dir if state_dir is not None else default_state_dir()
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        running = status(state_dir=directory)
        if running is not None:
            raise AlreadyRunning(running.pid, running.url)
        settings |= {"rpc_port": rpc_port, "slot_mode": slot_mode}
        handle = launch(engine, directory=directory, is_detached=True, **settings)
        started = Status(
            pid=handle.pid,
            born=_born(handle.pid),
            engine=handle.engine.value,
            url=handle.url,
            ws_url=handle.ws_url,
            rpc_port=handle.rpc_port,
            log_path=str(handle.log_path),
            started_ts=int(time.time()),
            keys=_write_keys(directory / "keys", handle.keys),
            mints={name: str(address) for name, address in handle.mints.items()},
        )
        _write(directory / "state.json", asdict(started))
        return started


def status(*, state_dir: Path | None = None) -> Status | None:
    """The chain of this state directory, or None when none is up (a stale record is removed)."""
    path = (state_dir if state_dir is not None else default_state_dir()) / "state.json"
    try:
        found = Status(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    if _born(found.pid) == found.born:
        return found
    path.unlink(missing_ok=True)
    return None


def down(*, state_dir: Path | None = None) -> Status:
    """Stop the chain of this state directory; what was stopped. Raises NotRunning."""
    directory = state_dir if state_dir is not None else default_state_dir()
    running = status(state_dir=directory)
    if running is None:
        raise NotRunning(f"no local chain of {directory} is up: nothing to stop")
    _end(running)
    (directory / "state.json").unlink(missing_ok=True)
    return running


def is_healthy(running: Status) -> bool:
    """Whether the chain answers."""
    host = running.url.removeprefix("http://").rpartition(":")[0]
    return bool(validator.ask(host, running.rpc_port, "getHealth") == "ok")


def _end(running: Status) -> None:
    for name, seconds in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _STOP_TIMEOUT_S)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, name)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if _born(running.pid) != running.born:
                return
            time.sleep(_POLL_S)


def _born(pid: int) -> str:
    """A token that differs when the process is gone or its id belongs to another by now; empty when gone."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # our own child may be waiting to be buried
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _born_without_proc(pid)
    return "" if fields[0] == "Z" else fields[19]


def _born_without_proc(pid: int) -> str:
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "alive"


def _write_keys(directory: Path, keys: dict[str, Any]) -> dict[str, str]:
    """Key files in the Solana CLI's form, readable by their owner only."""
    directory.mkdir(mode=0o700, exist_ok=True)
    paths = {}
    for name, keypair in keys.items():
        path = directory / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(list(bytes(keypair))))
        paths[name] = str(path)
    return paths


def _write(path: Path, body: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(body, indent=2))
    partial.replace(path)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One `up` at a time. The kernel lets the lock go with its process, however that ends."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
