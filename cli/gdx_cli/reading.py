"""One connection for one command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from gdx_cli.cluster import Cluster

if TYPE_CHECKING:
    from gdx_sdk.client import Client

Result = TypeVar("Result")

TIMEOUT_S = 15.0


def ask(cluster: Cluster, question: Callable[[Client], Awaitable[Result]]) -> Result:
    """Run `question` with a client of `cluster`; raises what the client raises."""
    import asyncio

    async def run() -> Result:
        from gdx_sdk.client import Client

        async with Client(cluster.url, commitment=cluster.commitment, timeout_s=TIMEOUT_S) as client:
            return await question(client)

    coroutine: Coroutine[Any, Any, Result] = run()
    return asyncio.run(coroutine)
