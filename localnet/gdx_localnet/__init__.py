"""A local Solana chain: LiteSVM behind JSON-RPC and WebSocket, or solana-test-validator.

In this process, without sockets        EmbeddedChain(...).rpc("getSlot")
In this process, served from a thread   start_in_thread(EmbeddedChain(...)) -> ServerHandle
In a process of its own                 launch("embedded" | "validator", ...) -> LocalnetHandle
Detached, found again later             up(...), status(), down()

Nothing heavy is imported before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdx_localnet.clock import SlotMode
    from gdx_localnet.controls import Controls
    from gdx_localnet.engines.embedded import apply_fixture, build_chain
    from gdx_localnet.errors import (
        AlreadyRunning,
        EngineError,
        FixtureError,
        LocalnetError,
        NotRunning,
        PortInUse,
    )
    from gdx_localnet.faults.rules import FaultKind, FaultRule, rule_from_text
    from gdx_localnet.fixture import Fixture, ProgramFile, named_keypair
    from gdx_localnet.handle import LocalnetHandle, launch
    from gdx_localnet.options import Engine, LocalnetOptions
    from gdx_localnet.rpc.faults import RpcFault
    from gdx_localnet.server import ServerHandle, serve, start_in_thread
    from gdx_localnet.state import Status, default_state_dir, down, is_healthy, reset, running, status, up
    from gdx_localnet.svm import EmbeddedChain

_HOME = {
    "AlreadyRunning": "errors",
    "Controls": "controls",
    "EmbeddedChain": "svm",
    "Engine": "options",
    "EngineError": "errors",
    "FaultKind": "faults.rules",
    "FaultRule": "faults.rules",
    "Fixture": "fixture",
    "FixtureError": "errors",
    "LocalnetError": "errors",
    "LocalnetHandle": "handle",
    "LocalnetOptions": "options",
    "NotRunning": "errors",
    "PortInUse": "errors",
    "ProgramFile": "fixture",
    "RpcFault": "rpc.faults",
    "ServerHandle": "server",
    "SlotMode": "clock",
    "Status": "state",
    "apply_fixture": "engines.embedded",
    "build_chain": "engines.embedded",
    "default_state_dir": "state",
    "down": "state",
    "is_healthy": "state",
    "launch": "handle",
    "named_keypair": "fixture",
    "reset": "state",
    "rule_from_text": "faults.rules",
    "running": "state",
    "serve": "server",
    "start_in_thread": "server",
    "status": "state",
    "up": "state",
}

__all__ = [
    "AlreadyRunning",
    "Controls",
    "EmbeddedChain",
    "Engine",
    "EngineError",
    "FaultKind",
    "FaultRule",
    "Fixture",
    "FixtureError",
    "LocalnetError",
    "LocalnetHandle",
    "LocalnetOptions",
    "NotRunning",
    "PortInUse",
    "ProgramFile",
    "RpcFault",
    "ServerHandle",
    "SlotMode",
    "Status",
    "apply_fixture",
    "build_chain",
    "default_state_dir",
    "down",
    "is_healthy",
    "launch",
    "named_keypair",
    "reset",
    "rule_from_text",
    "running",
    "serve",
    "start_in_thread",
    "status",
    "up",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
