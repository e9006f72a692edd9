"""A chain in this process behind its own WebSocket, and a check that no test leaves a task behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

localnet = pytest.importorskip("gdx_localnet")


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Every task that a test started is over when it ends."""
    before = asyncio.all_tasks()
    yield
    for _ in range(100):  # the other side of a closed socket may need a moment
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"tasks left behind: {left}")


@pytest.fixture
def server() -> Iterator[Any]:
    """An embedded chain that opens a slot per write, served from a thread."""
    handle = localnet.start_in_thread(localnet.EmbeddedChain(seed=b"streams"))
    yield handle
    handle.stop()


@pytest.fixture
def chain_url(server: Any) -> str:
    """Its WebSocket."""
    return str(server.ws_url)
