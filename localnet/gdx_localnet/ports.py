"""Two ports in a row: RPC, and WebSocket behind it."""

from __future__ import annotations

import errno
import socket

from gdx_localnet.errors import EngineError, PortInUse


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
