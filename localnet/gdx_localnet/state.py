"""`up`, `down`, `status`, `reset`: one detached local chain for each state directory."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gdx_localnet import asking
from gdx_localnet.clock import SlotMode
from gdx_localnet.controls import Controls
from gdx_localnet.engines.process import read_options
from gdx_localnet.errors import AlreadyRunning, EngineError, NotRunning
from gdx_localnet.files import write_atomically
from gdx_localnet.handle import launch
from gdx_localnet.options import Engine

DEFAULT_RPC_PORT = 8899
PID_FILE = "localnet.pid"
_STATE_FILE = "state.json"
_STOP_TIMEOUT_S = 15.0
_KILL_TIMEOUT_S = 5.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Status:
    """A chain that is up.

    pid, born            the process to signal, and what tells it from a later one of the same id
    engine_pid           the validator's process, or the same as pid
    keys, mints          each key's name and file, each mint's name and address
    """

    pid: int
    born: str
    engine_pid: int
    engine_born: str
    engine: str
    url: str
    ws_url: str
    rpc_port: int
    log_path: str
    started_ts: int
    keys: dict[str, str]
    mints: dict[str, str]

    @property
    def controls(self) -> Controls:
        """What can be done to the chain from outside."""
        return Controls(self.url, self.engine)


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

    Raises AlreadyRunning when this state directory's chain is up, PortInUse, FixtureError, EngineError, and
    gdx_sdk.errors.TransportError when a cluster to clone from is away.
    """
    directory = state_dir if state_dir is not None else default_state_dir()
    with _locked(directory):
        _check_free(directory)
        return _start(directory, {**settings, "engine": engine, "rpc_port": rpc_port, "slot_mode": slot_mode})


def _start(directory: Path, settings: dict[str, Any]) -> Status:
    handle = launch(directory=directory, is_detached=True, **settings)
    started = Status(
        pid=handle.pid,
        born=_born(handle.pid),
        engine_pid=handle.engine_pid,
        engine_born=_born(handle.engine_pid),
        engine=handle.engine.value,
        url=handle.url,
        ws_url=handle.ws_url,
        rpc_port=handle.rpc_port,
        log_path=str(handle.log_path),
        started_ts=int(time.time()),
        keys=_write_keys(directory / "keys", handle.keys),
        mints={name: str(address) for name, address in handle.mints.items()},
    )
    write_atomically(directory / PID_FILE, f"{started.pid}\n".encode())
    write_atomically(directory / _STATE_FILE, json.dumps(asdict(started), indent=2).encode())
    return started


def _check_free(directory: Path) -> None:
    running = status(state_dir=directory)
    if running is not None:
        raise AlreadyRunning(running.pid, running.url)


def status(*, state_dir: Path | None = None) -> Status | None:
    """The chain of this state directory, or None when none is up."""
    path = (state_dir if state_dir is not None else default_state_dir()) / _STATE_FILE
    try:
        found = Status(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if _is_alive(found) else None


def running(*, state_dir: Path | None = None) -> Status:
    """The chain of this state directory. Raises NotRunning when none is up."""
    directory = state_dir if state_dir is not None else default_state_dir()
    found = status(state_dir=directory)
    if found is None:
        raise NotRunning(f"no local chain of {directory} is up: start one with `gdx localnet up`")
    return found


def down(*, state_dir: Path | None = None) -> Status:
    """Stop the chain of this state directory and wait for its end; what was stopped.

    It is asked first, and killed when it does not go. Raises NotRunning, EngineError when it can't be ended.
    """
    directory = state_dir if state_dir is not None else default_state_dir()
    found = status(state_dir=directory)
    if found is None:
        raise NotRunning(f"no local chain of {directory} is up: nothing to stop")
    _end(found)
    for name in (_STATE_FILE, PID_FILE):
        (directory / name).unlink(missing_ok=True)
    return found


def reset(*, state_dir: Path | None = None) -> Status | None:
    """Begin again from genesis: a chain that is up is stopped and started as it was, on the same port.

    When none is up, what the last one left behind goes; None then. Raises what `up` raises.
    """
    directory = state_dir if state_dir is not None else default_state_dir()
    found = status(state_dir=directory)
    if found is not None:
        down(state_dir=directory)
    if not directory.is_dir():
        return None
    with _locked(directory):
        _check_free(directory)
        (directory / "ledger.snapshot").unlink(missing_ok=True)
        shutil.rmtree(directory / "ledger", ignore_errors=True)
        if found is None:
            return None
        options = dataclasses.replace(read_options(directory), rpc_port=found.rpc_port)
        members = (field.name for field in dataclasses.fields(options))
        return _start(directory, {name: getattr(options, name) for name in members})


def is_healthy(running: Status) -> bool:
    """Whether the chain answers."""
    return asking.is_healthy(running.url)


def _is_alive(found: Status) -> bool:
    return bool(found.born) and _born(found.pid) == found.born


def _end(found: Status) -> None:
    """End the process and, should it have gone without its validator, that one too."""
    processes = dict.fromkeys(((found.pid, found.born), (found.engine_pid, found.engine_born)))
    for name, seconds in ((signal.SIGTERM, _STOP_TIMEOUT_S), (signal.SIGKILL, _KILL_TIMEOUT_S)):
        for pid, born in processes:
            if _born(pid) == born and (name is signal.SIGKILL or pid == found.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, name)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(_born(pid) != born for pid, born in processes):
                return
            time.sleep(_POLL_S)
    raise EngineError(f"the local chain (pid {found.pid}) did not end, not even when it was killed")


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
        write_atomically(path, json.dumps(list(bytes(keypair))).encode(), mode=0o600)
        paths[name] = str(path)
    return paths


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One `up` at a time. The kernel lets the lock go with its process, however that ends.

    Raises EngineError when the directory cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise EngineError(f"state directory {directory}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
