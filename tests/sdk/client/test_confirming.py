"""Confirmation is heard of over a WebSocket and polled for; without a socket polls alone do it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from websockets.asyncio.server import ServerConnection, serve

from gdx_sdk.client import Client, watch
from gdx_sdk.client.watch import WATCHED_POLL_S
from gdx_sdk.errors import TransactionError
from gdx_sdk.testing import FakeRpc
from gdx_sdk.testing.rpc import Verdict
from gdx_sdk.tx import SignedTransaction, Signer

localnet = pytest.importorskip("gdx_localnet")

ME = Signer(Keypair.from_seed(b"\x01" * 32))


class Socket:
    """A WebSocket endpoint that says what the test wants said of each signature."""

    def __init__(self, *, answers: bool = True) -> None:
        self.answers, self.subscribed, self.closed = answers, list[str](), 0
        self.url = ""
        self._clients: list[ServerConnection] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Socket]:
        async with serve(self._serve, "127.0.0.1", 0) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self

    async def say(self, value: Any) -> None:
        """Notify of subscription 1."""
        result = {"context": {"slot": 5}, "value": value}
        body = {"method": "signatureNotification", "params": {"subscription": 1, "result": result}}
        await self._clients[-1].send(json.dumps(body))

    async def _serve(self, client: ServerConnection) -> None:
        self._clients.append(client)
        async for text in client:
            call = json.loads(text)
            if call["method"] == "signatureSubscribe":
                self.subscribed.append(call["params"][0])
                if not self.answers:
                    continue
            await client.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": 1}))
        self.closed += 1


class Polls:
    """A fake chain on which a transaction lands when the test says so, and how often it was asked for."""

    def __init__(self, ws_url: str | None) -> None:
        self.rpc = FakeRpc(verdict=Verdict(is_dropped=True))
        self.client = Client(self.rpc, ws_url=ws_url)

    async def sent(self) -> SignedTransaction:
        pay = transfer(TransferParams(from_pubkey=ME.pubkey, to_pubkey=Pubkey.default(), lamports=1))
        signed = await self.client.sign([pay], [ME], compute_unit_limit=1_000)
        await self.client.broadcast(signed)
        return signed

    def land(self, signed: SignedTransaction, error: Any = None) -> None:
        record = self.rpc.sent[signed.signature]
        record.is_visible, record.error = True, error

    @property
    def count(self) -> int:
        return self.rpc.count("getSignatureStatuses")


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for is a test's own list
        await asyncio.sleep(0.005)


async def test_the_sockets_word_ends_the_wait() -> None:
    async with Socket().running() as socket:
        polls = Polls(socket.url)
        signed = await polls.sent()
        waiting = asyncio.create_task(polls.client.confirm(signed))
        await until(lambda: socket.subscribed)
        asked = polls.count
        polls.land(signed)
        await socket.say({"err": None})
        assert (await waiting).is_finalized
        assert socket.subscribed == [signed.signature]
        assert polls.count <= asked + 1 < 12
        await polls.client.aclose()
        await until(lambda: socket.closed)


async def test_the_sockets_word_of_a_failure_is_read_from_the_chain() -> None:
    async with Socket().running() as socket:
        polls = Polls(socket.url)
        signed = await polls.sent()
        waiting = asyncio.create_task(polls.client.confirm(signed))
        await until(lambda: socket.subscribed)
        polls.land(signed, "AccountInUse")
        await socket.say({"err": "AccountInUse"})
        with pytest.raises(TransactionError, match="AccountInUse"):
            await waiting
        await polls.client.aclose()


async def test_a_word_too_soon_is_followed_by_polls() -> None:
    async with Socket().running() as socket:
        polls = Polls(socket.url)
        signed = await polls.sent()
        waiting = asyncio.create_task(polls.client.confirm(signed))
        await until(lambda: socket.subscribed)
        asked = polls.count
        await socket.say({"err": None})  # the endpoint that is polled lags behind the one that spoke
        await until(lambda: polls.count > asked + 3)
        polls.land(signed)
        assert (await waiting).is_finalized
        assert len(socket.subscribed) == 1
        await polls.client.aclose()


@pytest.mark.parametrize("way", ["nobody", "silent", "gone"])
async def test_without_a_socket_polls_do_it(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdx_sdk.client.watch.SOCKET_TIMEOUT_S", 0.1)
    async with Socket(answers=way != "silent").running() as socket:
        polls = Polls("ws://127.0.0.1:9" if way == "nobody" else socket.url)
        signed = await polls.sent()
        waiting = asyncio.create_task(polls.client.confirm(signed))
        await until(lambda: socket.subscribed or way == "nobody")
        if way == "gone":
            await socket._clients[0].close()
        asked = polls.count
        await until(lambda: polls.count > asked + 2)
        polls.land(signed)
        assert (await waiting).is_finalized
        await polls.client.aclose()


async def test_a_silent_subscription_is_polled_beside() -> None:
    async with Socket().running() as socket:
        polls = Polls(socket.url)
        signed = await polls.sent()
        waiting = asyncio.create_task(polls.client.confirm(signed))
        await until(lambda: socket.subscribed)
        polls.land(signed)  # and nobody says so
        async with asyncio.timeout(WATCHED_POLL_S * 20):
            assert (await waiting).is_finalized
        await polls.client.aclose()


async def test_on_a_chain_with_slow_slots_both_ends_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SUBSCRIBE_FROM_S", 0.0)
    served = localnet.start_in_thread(localnet.EmbeddedChain(slot_mode="clock", slot_ms=300))
    try:
        async with Client(served.url) as client:
            me, friend = Signer(Keypair()), Pubkey.new_unique()
            await client.airdrop(me.pubkey, 10**9)
            pay = transfer(TransferParams(from_pubkey=me.pubkey, to_pubkey=friend, lamports=10**6))
            for _ in range(2):
                await client.send([pay], [me])
            assert client._watch is not None
            assert client._watch._connection is not None
            assert client._watch._connection.is_open
            assert await client.get_balance(friend) == 2 * 10**6
    finally:
        served.stop()
