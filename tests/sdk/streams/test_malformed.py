"""Streams told or shown what makes no sense: a gap that is said and mended, or else an error."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.accounts import RelayerBeat
from gdx_sdk.client import Client
from gdx_sdk.errors import RpcError
from gdx_sdk.streams import AccountUpdate, Gap, Resynced, StreamOptions, Streams, TransactionLogs
from gdx_sdk.testing import FakeClock, FakeRpc, build_account
from tests.sdk.streams.scripted_socket import Peer, endpoint, notification

ADDRESS = Pubkey(b"\x07" * 32)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("program", {"account": None}),
        ("program", {"pubkey": "x", "account": None}),
        ("logs", {"err": None}),
        ("logs", {"err": None, "signature": 5}),
        ("logs", {"err": None, "signature": "5", "logs": 5}),
        ("logs", {"err": None, "signature": "5", "logs": [5]}),
        ("account", {"data": "not base64", "owner": 1}),
        ("slot", {"parent": 1}),
        ("slot", {"parent": 1, "root": float("inf"), "slot": 2_000}),
    ],
)
async def test_a_notification_without_its_parts_is_a_gap(kind: str, value: Any) -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        if len(peers) == 1:
            await peer.notify(1, 2_000, value, kind)
        await peer.rest()

    rpc = FakeRpc(slot=2_000)
    rpc.on("getSignaturesForAddress", lambda _: [])
    async with (
        endpoint(script) as (url, peers),
        Streams(Client(rpc), url, options=StreamOptions(backoff_first_s=0.01)) as streams,
    ):
        made = {
            "program": streams.stream_program(RelayerBeat),
            "logs": streams.stream_logs(ADDRESS),
            "account": streams.stream_account(RelayerBeat, ADDRESS),
            "slot": streams.stream_slots(),
        }[kind]
        async with made as stream:
            kinds = []
            async for item in stream:
                kinds.append(type(item))
                if isinstance(item, Resynced):
                    break
        assert kinds[-2:] == [Gap, Resynced]


async def test_nothing_is_lost_that_came_with_a_malformed_notification() -> None:
    one, two = build_account(RelayerBeat, slot=1), build_account(RelayerBeat, slot=2)
    is_read = asyncio.Event()
    rpc = FakeRpc({ADDRESS: one.encode()}, slot=100)

    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        if len(peers) == 1:
            await is_read.wait()
            rpc.slot, rpc.accounts[ADDRESS] = 160, two.encode()
            good = notification(1, 150, rpc._account(str(ADDRESS)))
            await peer.say([good, notification(1, 155, {"data": None})])
        await peer.rest()

    async with (
        endpoint(script) as (url, peers),
        Streams(Client(rpc), url, timer=FakeClock()) as streams,
        streams.stream_account(RelayerBeat, ADDRESS) as stream,
    ):
        items = [await anext(stream)]
        is_read.set()
        while not isinstance(items[-1], Resynced):
            items.append(await anext(stream))
    states = [item.account for item in items if isinstance(item, AccountUpdate)]
    assert states == [one, two]
    assert sum(isinstance(item, Gap) for item in items) == 1


async def test_no_transaction_is_lost_that_was_told_with_a_malformed_one() -> None:
    listed: list[Any] = []
    rpc = FakeRpc(slot=100)
    rpc.on("getSignaturesForAddress", lambda _: listed)
    rpc.on("getTransaction", lambda _: {"slot": 150, "meta": {"err": None, "logMessages": ["read"]}})
    is_read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        if len(peers) == 1:
            await is_read.wait()
            good = notification(1, 150, {"signature": "5", "err": None, "logs": ["pushed"]}, "logs")
            await peer.say([good, notification(1, 155, {"err": None}, "logs")])
        await peer.rest()

    async with (
        endpoint(script) as (url, peers),
        Streams(Client(rpc), url, timer=FakeClock()) as streams,
        streams.stream_logs(ADDRESS) as stream,
    ):
        listed.append({"signature": "5", "slot": 150})
        is_read.set()
        items: list[Any] = []
        while not items or not isinstance(items[-1], Resynced):
            items.append(await anext(stream))
    assert [item.signature for item in items if isinstance(item, TransactionLogs)] == ["5"]
    assert sum(isinstance(item, Gap) for item in items) == 1


@pytest.mark.parametrize(
    "listed",
    [
        [{"slot": 1}],
        [{"signature": "5"}],
        [{"signature": 5, "slot": 1}],
        [{"signature": "5", "slot": float("inf")}],
        [{"signature": ["5"], "slot": 1}],
    ],
)
async def test_a_listing_of_another_shape_is_an_error(listed: Any) -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        await peer.rest()

    rpc = FakeRpc()
    rpc.on("getSignaturesForAddress", lambda _: listed)
    async with endpoint(script) as (url, _), Streams(Client(rpc), url) as streams:
        with pytest.raises(RpcError, match=r"getSignaturesForAddress: .*shape"):
            await streams.stream_logs(ADDRESS).__aenter__()


@pytest.mark.parametrize("meta", ["x", [1], {"logMessages": 5}, {"logMessages": [5]}])
async def test_a_missed_transaction_of_another_shape_is_read_again(meta: Any) -> None:
    is_open = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        if len(peers) == 1:
            await is_open.wait()
            await peer.socket.close()
        else:
            await peer.rest()

    listed: list[Any] = []
    metas = [meta, {"logMessages": ["at last"], "err": None}]
    rpc = FakeRpc()
    rpc.on("getSignaturesForAddress", lambda _: listed)
    rpc.on("getTransaction", lambda _: {"slot": 1, "meta": metas.pop(0)})
    async with (
        endpoint(script) as (url, peers),
        Streams(Client(rpc), url, timer=FakeClock()) as streams,
        streams.stream_logs(ADDRESS) as stream,
    ):
        listed.append({"signature": "5", "slot": 1})
        is_open.set()
        items = [await anext(stream) for _ in range(3)]
    assert [type(item) for item in items] == [Gap, TransactionLogs, Resynced]
    assert isinstance(items[1], TransactionLogs)
    assert items[1].logs == ("at last",)


async def test_a_reply_that_is_no_list_is_an_error() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        await peer.rest()

    rpc = FakeRpc()
    rpc.on("getSignaturesForAddress", lambda _: {"value": []})
    rpc.on("getProgramAccounts", lambda _: [])
    async with endpoint(script) as (url, _), Streams(Client(rpc), url) as streams:
        for stream in (streams.stream_program(RelayerBeat), streams.stream_logs(ADDRESS)):
            with pytest.raises(RpcError, match=r"get(ProgramAccounts|SignaturesForAddress): the re"):
                await stream.__aenter__()
            await streams._connection.aclose()  # type: ignore[union-attr]
