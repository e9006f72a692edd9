"""A chain in this process behind its own WebSocket, and a check that no test leaves a task behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

PATIENCE_SECONDS = 30

localnet = pytest.importorskip("gdx_localnet")


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Every task that a test started is over when it ends."""
    before = asyncio.all_tasks()
    yield
    left: set[asyncio.Task[Any]] = set()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):  # the other side of a closed socket needs its time
            while left := asyncio.all_tasks() - before - {asyncio.current_task()}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"tasks left behind: {left}") from None


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
