"""Calls that fail are tried again: how often, how long, on which endpoint, and which calls never are."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.client import (
    NO_RETRIES,
    Client,
    Endpoint,
    FeePolicy,
    RetryingTransport,
    RetryPolicy,
    RpcRefusal,
)
from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.testing import FakeClock, FakeRpc
from tests.sdk.client.bad_endpoint import endpoint, http, result

BUSY = TransportError("getSlot", "busy", may_have_arrived=False)
LOST = TransportError("getSlot", "connection lost")
ADDRESS = Pubkey.from_bytes(bytes([7]) * 32)


class Nodes:
    """Some fake nodes behind a client, with a clock that only waiting moves."""

    def __init__(self, count: int, **policy: Any) -> None:
        self.rpcs = [FakeRpc(slot=1_000) for _ in range(count)]
        self.timer, self.told = FakeClock(), list[tuple[str, str]]()
        endpoints = [Endpoint(rpc, f"node {place}") for place, rpc in enumerate(self.rpcs)]
        self.transport = RetryingTransport(
            endpoints,
            RetryPolicy(**policy),
            self.timer,
            lambda method, name, _: self.told.append((method, name)),
            random.Random(1),
        )
        self.client = Client(self.transport, timer=self.timer)

    def asked(self, method: str) -> list[int]:
        """How often each node was asked."""
        return [rpc.count(method) for rpc in self.rpcs]


async def test_a_busy_endpoint_is_asked_again_with_growing_waits() -> None:
    nodes = Nodes(1)
    nodes.rpcs[0].fail_next("getSlot", BUSY, BUSY, BUSY)
    assert await nodes.client.get_slot() == 1_000
    first, second, third = nodes.timer.sleeps
    assert 0.125 <= first <= 0.25 <= second <= 0.5 <= third <= 1.0
    assert nodes.transport.retries == {"getSlot": 3}
    assert nodes.told == [("getSlot", "node 0")] * 3


async def test_after_the_last_try_its_error_is_raised() -> None:
    nodes = Nodes(1, attempts=3)
    nodes.rpcs[0].fail_next("getSlot", LOST, BUSY, LOST, BUSY)
    with pytest.raises(TransportError) as failed:
        await nodes.client.get_slot()
    assert failed.value is LOST
    assert nodes.asked("getSlot") == [3]


async def test_the_last_error_tells_whether_any_try_may_have_arrived() -> None:
    nodes = Nodes(1, attempts=2)
    nodes.rpcs[0].fail_next("sendTransaction", LOST, BUSY, BUSY, BUSY)
    with pytest.raises(TransportError, match="an earlier try may have arrived") as failed:
        await nodes.client.rpc("sendTransaction", ["AA=="])
    assert failed.value.may_have_arrived
    assert failed.value.__cause__ is BUSY
    with pytest.raises(TransportError) as failed:
        await nodes.client.rpc("sendTransaction", ["AA=="])
    assert not failed.value.may_have_arrived


async def test_no_try_starts_after_the_total_time() -> None:
    nodes = Nodes(1, attempts=100, first_wait_s=4.0, max_wait_s=4.0, total_timeout_s=10.0)
    nodes.rpcs[0].fail_next("getSlot", *[BUSY] * 100)
    with pytest.raises(TransportError):
        await nodes.client.get_slot()
    assert nodes.timer.now_s() <= 10.0
    assert 3 <= nodes.asked("getSlot")[0] <= 6


@pytest.mark.parametrize(("asked_s", "slept"), [(3.0, [3.0]), (0.0, [0.0])])
async def test_what_the_endpoint_asks_for_is_waited(asked_s: float, slept: list[float]) -> None:
    nodes = Nodes(1)
    nodes.rpcs[0].fail_next("getSlot", TransportError("getSlot", "429", retry_after_s=asked_s))
    await nodes.client.get_slot()
    assert nodes.timer.sleeps == slept


async def test_an_endpoint_that_asks_for_too_long_is_not_waited_for() -> None:
    nodes = Nodes(1)
    nodes.rpcs[0].fail_next("getSlot", TransportError("getSlot", "429", retry_after_s=3_600))
    with pytest.raises(TransportError, match="429"):
        await nodes.client.get_slot()
    assert nodes.timer.sleeps == []


async def test_what_may_have_been_done_is_repeated_only_where_that_is_harmless() -> None:
    nodes = Nodes(1)
    rpc = nodes.rpcs[0]
    rpc.fail_next("requestAirdrop", LOST)
    with pytest.raises(TransportError):
        await nodes.client.rpc("requestAirdrop", [str(ADDRESS), 5])
    assert nodes.asked("requestAirdrop") == [1]
    rpc.fail_next("requestAirdrop", BUSY)  # it did nothing: asking again is safe
    await nodes.client.rpc("requestAirdrop", [str(ADDRESS), 5])
    assert nodes.asked("requestAirdrop") == [3]
    for method in ("sendTransaction", "simulateTransaction", "isBlockhashValid", "minimumLedgerSlot"):
        rpc.on(method, lambda _: "done")
        rpc.fail_next(method, LOST)
        assert await nodes.client.rpc(method) == "done"


async def test_a_refusal_is_no_failure() -> None:
    nodes = Nodes(2)
    with pytest.raises(RpcRefusal, match="Method not found"):
        await nodes.client.rpc("getNothing")
    nodes.rpcs[0].fail_next("getSlot", RpcError("getSlot", "that is not JSON"))
    with pytest.raises(RpcError, match="not JSON"):
        await nodes.client.get_slot()
    assert nodes.told == []


async def test_the_next_endpoint_is_asked_at_once_and_kept() -> None:
    nodes = Nodes(3)
    nodes.rpcs[0].fail_next("getSlot", LOST)
    for _ in range(4):
        await nodes.client.get_slot()
    assert nodes.asked("getSlot") == [1, 4, 0]
    assert nodes.timer.sleeps == [0.0]


async def test_an_endpoint_that_failed_is_passed_over_until_it_has_cooled_down() -> None:
    nodes = Nodes(2, cooldown_s=10.0)
    nodes.rpcs[0].fail_next("getSlot", LOST)
    await nodes.client.get_slot()
    nodes.rpcs[1].fail_next("getSlot", LOST, LOST)
    await nodes.client.get_slot()  # both have failed: the one that failed first may be asked first
    assert nodes.asked("getSlot") == [2, 2]
    nodes.timer.advance(11)
    await nodes.client.get_slot()
    assert nodes.asked("getSlot") == [3, 2]


async def test_no_read_goes_back_in_time() -> None:
    nodes = Nodes(2)
    ahead, behind = nodes.rpcs
    behind.slot = 900

    def balance(rpc: FakeRpc) -> Callable[[list[Any]], Any]:
        def answer(params: list[Any]) -> Any:
            if rpc.slot < params[1].get("minContextSlot", 0):
                raise RpcRefusal("getBalance", "Minimum context slot has not been reached", -32016, None)
            return {"context": {"slot": rpc.slot}, "value": rpc.slot}

        return answer

    for rpc in nodes.rpcs:
        rpc.on("getBalance", balance(rpc))
    assert await nodes.client.get_balance(ADDRESS) == 1_000
    ahead.fail_next("getBalance", LOST)
    assert await nodes.client.get_balance(ADDRESS) == 1_000  # the other one was asked, and is behind
    assert nodes.asked("getBalance") == [3, 1]
    assert await nodes.client.get_balance(ADDRESS, commitment="finalized") == 1_000  # a slot of its own


async def test_one_endpoint_is_not_asked_for_a_slot() -> None:
    nodes = Nodes(1)
    for _ in range(2):
        await nodes.client.get_account_info(ADDRESS)
    assert "minContextSlot" not in nodes.rpcs[0].calls[-1][1][1]


async def test_over_http_a_429_is_waited_out() -> None:
    seen = 0

    async def answer(body: bytes) -> bytes:
        nonlocal seen
        seen += 1
        return http(b"slow", "429 Too Many Requests", retry_after="0") if seen < 3 else result(body, "77")

    async with endpoint(answer) as url, Client(url) as client:
        assert await client.get_slot() == 77
    assert seen == 3


async def test_over_http_a_dead_node_is_left_for_a_living_one() -> None:
    async def answer(body: bytes) -> bytes:
        return result(body, "78")

    async with endpoint(answer) as dead:
        pass
    async with endpoint(answer) as url, Client([dead, url]) as client:
        assert [await client.get_slot() for _ in range(2)] == [78, 78]
        assert isinstance(client.transport, RetryingTransport)
        assert client.transport.retries == {"getSlot": 1}


async def test_no_retries_means_none() -> None:
    async def answer(_: bytes) -> bytes:
        return http(b"", "503 Service Unavailable")

    async with endpoint(answer) as url, Client(url, retry_policy=NO_RETRIES) as client:
        with pytest.raises(TransportError, match="HTTP 503"):
            await client.get_slot()


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match=r"endpoint = \[\]: must be one URL, or several that differ"):
        Client([])
    with pytest.raises(InputError, match="must be one URL"):
        Client(["http://a", "http://a"])
    with pytest.raises(InputError, match="attempts = 0: must be at least 1"):
        RetryPolicy(attempts=0)
    with pytest.raises(InputError, match=r"cooldown_s = -1: must not be negative"):
        RetryPolicy(cooldown_s=-1)
    with pytest.raises(InputError, match="percentile = 101: must be 0 to 100"):
        FeePolicy(percentile=101)
    with pytest.raises(InputError, match="floor_microlamports = 5: must be 0 to cap_microlamports = 4"):
        FeePolicy(floor_microlamports=5, cap_microlamports=4)


def test_a_fee_is_a_percentile_within_bounds() -> None:
    recent = [0, 10, 20, 1_000]
    assert FeePolicy().price(recent) == 1_000
    assert FeePolicy(percentile=50).price(recent) == 20
    assert FeePolicy(percentile=0).price(recent) == 0
    assert FeePolicy(percentile=100, cap_microlamports=500).price(recent) == 500
    assert FeePolicy(percentile=0, floor_microlamports=3).price(recent) == 3
    assert FeePolicy().price([]) == 0
