"""The health pages, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from gdx_keepers.core import health as module
from gdx_keepers.core.health import Health, HealthServer
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.errors import Fatal


class Dependency:
    """Something that may be down or hang."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs = False

    async def check(self) -> None:
        if self.hangs:
            await asyncio.sleep(60)
        if self.error is not None:
            raise self.error


@pytest.fixture
async def served() -> AsyncIterator[tuple[str, Health, Metrics]]:
    health, metrics = Health(), Metrics()
    server = HealthServer(health, metrics, "127.0.0.1", 0)
    await server.start()
    yield f"http://127.0.0.1:{server.port}", health, metrics
    await server.stop()


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(url)


async def test_each_dependency_is_named_and_its_reason_given(served: tuple[str, Health, Metrics]) -> None:
    url, health, _ = served
    rpc, outbox = Dependency(), Dependency()
    health.add_readiness("rpc", rpc.check)
    health.add_readiness("outbox", outbox.check)
    answer = await get(f"{url}/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ok": True, "dependencies": {"rpc": "ok", "outbox": "ok"}},
    )
    rpc.error = ConnectionError("refused")
    answer = await get(f"{url}/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"] == {"rpc": "ConnectionError: refused", "outbox": "ok"}
    rpc.error = None
    assert (await get(f"{url}/readyz")).status_code == 200, "the answer follows the dependency, both ways"


async def test_readiness_does_not_touch_liveness_but_liveness_counts_for_both(
    served: tuple[str, Health, Metrics],
) -> None:
    url, health, _ = served
    loop, rpc = Dependency(), Dependency()
    health.add_liveness("loop", loop.check)
    health.add_readiness("rpc", rpc.check)
    rpc.error = Fatal("away")
    assert (await get(f"{url}/livez")).status_code == 200
    loop.error, rpc.error = Fatal("stuck"), None
    assert (await get(f"{url}/livez")).status_code == 503
    assert (await get(f"{url}/readyz")).status_code == 503


async def test_a_dependency_that_hangs_is_not_ready(
    served: tuple[str, Health, Metrics], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, health, _ = served
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.05)
    stuck = Dependency()
    stuck.hangs = True
    health.add_readiness("rpc", stuck.check)
    answer = await get(f"{url}/readyz")
    assert answer.status_code == 503
    assert "no answer within" in answer.json()["dependencies"]["rpc"]


async def test_metrics_are_prometheus_text(served: tuple[str, Health, Metrics]) -> None:
    url, _, metrics = served
    metrics.runs.labels("relayer", "done").inc()
    text = (await get(f"{url}/metrics")).text
    assert 'gdx_keeper_runs_total{job="relayer",outcome="done"} 1.0' in text


async def test_other_pages_and_methods_are_refused(served: tuple[str, Health, Metrics]) -> None:
    url, _, _ = served
    assert (await get(f"{url}/")).status_code == 404
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{url}/readyz", content=json.dumps({}))).status_code == 405


async def test_a_port_in_use_is_named(served: tuple[str, Health, Metrics]) -> None:
    url, health, metrics = served
    port = int(url.rsplit(":", 1)[1])
    with pytest.raises(Fatal, match=f"127.0.0.1:{port}"):
        await HealthServer(health, metrics, "127.0.0.1", port).start()


async def test_garbage_does_not_bring_the_server_down(served: tuple[str, Health, Metrics]) -> None:
    url, _, _ = served
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(b"\xff\x00 nonsense\r\n\r\n")
    await reader.read()
    writer.close()
    assert (await get(f"{url}/livez")).status_code == 200
