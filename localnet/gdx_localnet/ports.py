"""Ports in a row: RPC and WebSocket behind it, or as many as a validator needs."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection
from dataclasses import dataclass

from gdx_localnet.errors import EngineError, PortInUse

_FIRST_BLOCK, _LAST_PORT = 20_000, 60_000
"""Blocks begin below the ports that Linux gives to outgoing connections (32768 and above)."""


def bind_ports(host: str, rpc_port: int) -> tuple[socket.socket, socket.socket]:
    """Listening sockets on `rpc_port` and the port after it; 0 picks a free pair.

    Raises PortInUse.
    """
    if rpc_port:
        return _bind(host, rpc_port), _bind(host, rpc_port + 1)
    for _ in range(100):
        first = _bind(host, 0)
        try:
            return first, _bind(host, first.getsockname()[1] + 1)
        except (PortInUse, OverflowError):
            first.close()
    raise EngineError(f"no two free ports in a row found on {host}")


def _bind(host: str, port: int) -> socket.socket:
    # asyncio turns Nagle off only for sockets that say they are TCP; with it on, each answer waits 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, host) from error
        raise EngineError(f"cannot listen on port {port} of {host}: {error.strerror}") from error
    bound.setblocking(False)
    return bound


@dataclass(frozen=True, slots=True)
class PortBlock:
    """Ports in a row that `hold_block` gives to nobody else until `close`."""

    guard: socket.socket
    first: int
    count: int
    host: str

    def is_free(self) -> bool:
        """Whether nothing has taken any of them."""
        return all(is_free(self.host, port) for port in range(self.first, self.first + self.count))

    def close(self) -> None:
        """Give them back."""
        self.guard.close()


def hold_block(host: str, count: int, avoid: Collection[int] = ()) -> PortBlock:
    """`count` free ports in a row, none of `avoid`, held by a socket bound to the port before them.

    However many processes ask at once, each gets ports of its own: the kernel gives a port to one of them,
    and takes it back when that one ends. Raises EngineError.
    """
    for before in range(_FIRST_BLOCK, _LAST_PORT - count, count + 1):
        if any(port in avoid for port in range(before, before + count + 1)):
            continue
        guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        block = PortBlock(guard, before + 1, count, host)
        try:
            guard.bind((host, before))
        except OSError:
            block.close()
            continue
        if block.is_free():
            return block
        block.close()
    raise EngineError(f"no {count} free ports in a row found on {host}")


def is_free(host: str, port: int) -> bool:
    """Whether nothing is bound to a port, neither TCP nor UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
