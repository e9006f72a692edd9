"""What can go wrong around a local chain.

GdxError
└── LocalnetError
    ├── PortInUse        the RPC or WebSocket port is taken
    ├── AlreadyRunning   a chain of this state directory is up
    ├── NotRunning       no chain of this state directory is up
    ├── EngineError      an engine is missing, died or did not become healthy
    └── FixtureError     a fixture file breaks a rule
"""

from __future__ import annotations

from gdx_sdk.errors import GdxError


class LocalnetError(GdxError):
    """Root of the local chain's errors."""


class PortInUse(LocalnetError):
    """The RPC port or the WebSocket port behind it is taken."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port, self.host = port, host
        super().__init__(
            f"port {port} on {host} is in use: stop the program that listens there, "
            "or choose another with --rpc-port (the WebSocket takes the port after it)"
        )


class AlreadyRunning(LocalnetError):
    """A chain of this state directory is already up."""

    def __init__(self, pid: int, url: str) -> None:
        self.pid, self.url = pid, url
        super().__init__(f"a local chain already runs at {url} (pid {pid}): use it, or stop it with `down`")


class NotRunning(LocalnetError):
    """No chain of this state directory is up."""


class EngineError(LocalnetError):
    """An engine is missing, died early or did not become healthy."""


class FixtureError(LocalnetError):
    """A fixture file breaks a rule; the message names the file, the key, the value and the rule."""
