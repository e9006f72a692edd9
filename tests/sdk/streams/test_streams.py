"""Typed streams on the embedded chain, without anything going wrong, and each thing that can, one by one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gdx_localnet import EmbeddedChain
from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from gdx_sdk.accounts import RelayerBeat, UserPosition
from gdx_sdk.client import Client, RpcRefusal
from gdx_sdk.errors import CodecError, InputError, StreamOverflow, TransportError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.runtime import Account as AnyAccount
from gdx_sdk.streams import (
    AccountUpdate,
    Gap,
    Origin,
    Resynced,
    SignatureUpdate,
    SlotUpdate,
    StreamOptions,
    Streams,
)
from gdx_sdk.testing import FakeClock, FakeRpc, build_account
from tests.sdk.streams.chaos_proxy import ChaosProxy
from tests.sdk.streams.scripted_socket import Peer, endpoint, until

OWNER = PROGRAM_IDS["position_mgmt"]
ADDRESS = Pubkey(b"\x07" * 32)
PUSHED, READ = Origin.PUSHED, Origin.READ
NEVER = StreamOptions(reconcile_s=None)


@pytest.fixture
async def client(server: Any) -> AsyncIterator[Client]:
    async with Client(server.url) as connected:
        yield connected


@pytest.fixture
async def streams(client: Client, server: Any) -> AsyncIterator[Streams]:
    async with Streams(client, options=NEVER) as opened:
        assert opened.url == server.ws_url
        yield opened


def put(chain: EmbeddedChain, number: int, address: Pubkey = ADDRESS, owner: Pubkey = OWNER) -> RelayerBeat:
    beat = build_account(RelayerBeat, slot=number)
    chain.set_account(address, Account(10**9, beat.encode(), owner, False, 0))
    return beat


def close(chain: EmbeddedChain, address: Pubkey = ADDRESS) -> None:
    chain.set_account(address, Account(0, b"", Pubkey.default(), False, 0))


async def read_slowly(stream: Any, heard: list[int]) -> None:
    async for item in stream:
        heard.append(item.slot)
        await asyncio.sleep(0.02)


def payment(chain: EmbeddedChain) -> VersionedTransaction:
    payer = Keypair()
    chain.airdrop(payer.pubkey(), 10**10)
    step = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=ADDRESS, lamports=10**9))
    blockhash = Hash.from_string(chain.rpc("getLatestBlockhash")["value"]["blockhash"])
    return VersionedTransaction(MessageV0.try_compile(payer.pubkey(), [step], [], blockhash), [payer])


async def test_an_account_from_nothing_to_closed(server: Any, streams: Streams) -> None:
    async with streams.stream_account(RelayerBeat, ADDRESS) as stream:
        first = await anext(stream)
        assert (first.address, first.account, first.origin) == (ADDRESS, None, READ)
        one, two = put(server.chain, 1), put(server.chain, 2)
        close(server.chain)
        items = [await anext(stream) for _ in range(3)]
    assert [item.account for item in items] == [one, two, None]
    assert [item.origin for item in items] == [PUSHED] * 3
    slots = [first.slot, *(item.slot for item in items)]
    assert slots == sorted(set(slots))


async def test_a_program_tells_what_is_there_and_finds_what_is_gone(server: Any, client: Client) -> None:
    other = Pubkey(b"\x08" * 32)
    before = {ADDRESS: put(server.chain, 1), other: put(server.chain, 2, other)}
    put(server.chain, 3, Pubkey(b"\x09" * 32), owner=Pubkey(b"\x01" * 32))
    by_slot = [RelayerBeat.memcmp("slot", 7)]
    options = StreamOptions(reconcile_s=0.1)
    async with Streams(client, options=options) as streams, streams.stream_program(RelayerBeat) as stream:
        found = [await anext(stream) for _ in range(2)]
        assert {item.address: item.account for item in found} == before
        close(server.chain, other)
        gone = await anext(stream)
        assert (gone.address, gone.account, gone.origin) == (other, None, READ)
        async with streams.stream_program(RelayerBeat, by_slot) as only_sevens:
            seven = put(server.chain, 7)
            assert (await anext(only_sevens)).account == seven
            put(server.chain, 8)
            assert (await anext(only_sevens)).account is None, "it does not match any more"


async def test_two_states_in_one_slot_are_settled_by_a_read() -> None:
    from gdx_localnet import start_in_thread

    handle = start_in_thread(EmbeddedChain(slot_mode="manual", seed=b"streams"))
    try:
        async with (
            Client(handle.url) as client,
            Streams(client, options=NEVER) as streams,
            streams.stream_account(RelayerBeat, ADDRESS) as stream,
        ):
            assert (await anext(stream)).account is None
            for number in range(1, 6):
                last = put(handle.chain, number)
            item = await anext(stream)
            while item.account != last:
                item = await anext(stream)
            assert item.origin is READ
    finally:
        handle.stop()


async def test_a_signature_landed_or_yet_to_land(server: Any, streams: Streams) -> None:
    signature = str(server.chain.airdrop(ADDRESS, 10**9))
    async with streams.stream_signature(signature) as stream:
        (item,) = [one async for one in stream]
    assert isinstance(item, SignatureUpdate)
    assert (item.signature, item.error, item.origin) == (signature, None, READ)
    transaction = payment(server.chain)
    async with streams.stream_signature(str(transaction.signatures[0])) as stream:
        server.chain.submit(transaction, preflight=False)
        (item,) = [one async for one in stream]
    assert (item.error, item.origin) == (None, PUSHED)


async def test_slots_rise(server: Any, streams: Streams) -> None:
    async with streams.stream_slots() as stream:
        first = await anext(stream)
        server.chain.advance_slots(3)
        more = [await anext(stream) for _ in range(2)]
    assert (first.parent_slot, first.origin) == (None, READ)
    assert all(isinstance(item, SlotUpdate) and item.parent_slot is not None for item in more)
    slots = [first.slot, *(item.slot for item in more)]
    assert slots == sorted(set(slots))


async def test_the_gap_after_a_lost_socket_is_told_and_mended(server: Any, client: Client) -> None:
    proxy = ChaosProxy(server.ws_url, random.Random(1), ways=("abort",), probability=1)
    timer = FakeClock()
    async with (
        proxy.serving(),
        Streams(client, proxy.url, options=NEVER, timer=timer) as streams,
        streams.stream_account(RelayerBeat, ADDRESS) as stream,
    ):
        start = await anext(stream)
        proxy.is_calm = False
        put(server.chain, 1)
        gap = await anext(stream)
        assert isinstance(gap, Gap)
        assert (gap.from_slot, "closed the connection" in gap.reason) == (start.slot, True)
        assert not stream.is_synced
        two = put(server.chain, 2)
        proxy.is_calm = True
        items = [await anext(stream) for _ in range(2)]
        assert isinstance(items[0], AccountUpdate)
        assert (items[0].account, items[0].origin) == (two, READ)
        assert items[1] == Resynced(start.slot, items[0].slot)
        assert stream.is_synced
        three = put(server.chain, 3)
        assert (await anext(stream)).account == three
    assert timer.sleeps
    assert all(0.125 <= seconds <= 10 for seconds in timer.sleeps)


async def test_a_socket_that_falls_silent_is_found_out(server: Any, client: Client) -> None:
    proxy = ChaosProxy(server.ws_url, random.Random(1), ways=("stall",), probability=1)
    options = StreamOptions(reconcile_s=0.1, max_lag_slots=5, request_timeout_s=3, backoff_first_s=0.01)
    async with (
        proxy.serving(),
        Streams(client, proxy.url, options=options) as streams,
        streams.stream_account(RelayerBeat, ADDRESS) as stream,
    ):
        assert (await anext(stream)).account is None
        proxy.is_calm = False
        one = put(server.chain, 1)
        missed = await anext(stream)
        assert (missed.account, missed.origin) == (one, READ), "no push came, the comparison found it"
        server.chain.advance_slots(20)
        gap = await anext(stream)
        assert "is silent: " in gap.reason
        proxy.is_calm = True
        assert isinstance(await anext(stream), Resynced)


async def test_cancelling_a_wait_loses_nothing(server: Any, streams: Streams) -> None:
    async with streams.stream_account(RelayerBeat, ADDRESS) as stream:
        await anext(stream)
        wanted = []
        for number in range(1, 30):
            wanted.append(put(server.chain, number))
        heard: list[Any] = []
        while len(heard) < len(wanted):
            try:
                async with asyncio.timeout(random.Random(len(heard)).choice((0, 0.001))):
                    heard.append(await anext(stream))
            except TimeoutError:
                pass
        assert [item.account for item in heard] == wanted


async def test_a_reader_that_is_too_slow_gets_an_error_after_what_waited(server: Any, client: Client) -> None:
    options = StreamOptions(reconcile_s=None, max_queue=3)
    async with Streams(client, options=options) as streams:
        async with streams.stream_account(RelayerBeat, ADDRESS) as stream:
            for number in range(1, 40):
                put(server.chain, number)
                await asyncio.sleep(0)
            await until(lambda: len(stream) == 3)
            heard: list[int] = []
            with pytest.raises(StreamOverflow, match="3 notifications wait"):
                await read_slowly(stream, heard)
            assert 3 <= len(heard) < 40
            assert heard == sorted(set(heard))
            assert not stream.is_synced
        async with streams.stream_account(RelayerBeat, ADDRESS) as again:
            assert (await anext(again)).account.slot == 39


async def test_a_large_program_fits_through_a_small_queue(server: Any, client: Client) -> None:
    for number in range(1, 31):
        put(server.chain, number, Pubkey(bytes([number]) * 32))
    options = StreamOptions(reconcile_s=None, max_queue=4)
    async with Streams(client, options=options) as streams, streams.stream_program(RelayerBeat) as stream:
        assert len({(await anext(stream)).address for _ in range(30)}) == 30


@pytest.mark.parametrize(
    ("data", "owner", "message"),
    [
        (b"\x01" * 60, OWNER, "account .*: RelayerBeat.discriminator"),
        (build_account(RelayerBeat, slot=1).encode()[:-1], OWNER, "account .*: RelayerBeat.data"),
        (build_account(RelayerBeat, slot=1).encode(), Pubkey(b"\x01" * 32), "account .*: owner"),
    ],
)
async def test_what_is_not_such_an_account_is_an_error_that_names_it(
    server: Any, streams: Streams, data: bytes, owner: Pubkey, message: str
) -> None:
    async with streams.stream_account(RelayerBeat, ADDRESS) as stream:
        await anext(stream)
        server.chain.set_account(ADDRESS, Account(10**9, data, owner, False, 0))
        with pytest.raises(CodecError, match=message):
            await anext(stream)
    with pytest.raises(CodecError, match=message):
        await streams.stream_account(RelayerBeat, ADDRESS).__aenter__()


async def test_a_refusal_is_raised_and_not_tried_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(0)
        request = await peer.read()
        error = {"code": -32_601, "message": "Subscriptions unsupported for this network"}
        await peer.say({"jsonrpc": "2.0", "id": request["id"], "error": error})
        await peer.rest()

    async with endpoint(script) as (url, peers), Streams(Client(FakeRpc()), url) as streams:
        with pytest.raises(RpcRefusal, match="Subscriptions unsupported"):
            await streams.stream_account(RelayerBeat, ADDRESS).__aenter__()
    assert len(peers) == 1


async def test_reads_older_than_what_was_pushed_are_repeated() -> None:
    beat = build_account(RelayerBeat, slot=1)
    rpc = FakeRpc({ADDRESS: beat.encode()}, slot=100)
    pushed = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        if len(peers) == 1:
            encoded = rpc._account(str(ADDRESS))
            await peer.notify(1, 150, encoded | {"data": ["", "base64"]})
            await pushed.wait()
            await peer.say("nonsense")
        await peer.rest()

    timer = FakeClock()
    async with (
        endpoint(script) as (url, peers),
        Streams(Client(rpc), url, timer=timer) as streams,
        streams.stream_account(RelayerBeat, ADDRESS) as stream,
    ):
        assert [(await anext(stream)).slot for _ in range(2)] == [100, 150]
        pushed.set()
        assert isinstance(await anext(stream), Gap)
        await until(lambda: timer.sleeps.count(0.2) > 3)
        rpc.slot = 160
        update = await anext(stream)
        assert (update.slot, update.account) == (160, beat)
        assert await anext(stream) == Resynced(150, 160)


async def test_an_endpoint_that_stays_behind_keeps_the_gap_open() -> None:
    rpc = FakeRpc(slot=100)

    async def script(peer: Peer) -> None:
        await peer.grant(0)
        await peer.grant(1)
        await peer.notify(1, 150, None)
        await peer.rest()

    options = StreamOptions(reconcile_s=0.05)
    async with (
        endpoint(script) as (url, _),
        Streams(Client(rpc), url, timer=FakeClock(), options=options) as streams,
        streams.stream_account(RelayerBeat, ADDRESS) as stream,
    ):
        assert (await anext(stream)).slot == 100
        gap = await anext(stream)
        assert "answers for slot 100, but pushed 150" in gap.reason


async def test_misuse_is_refused(client: Client, streams: Streams) -> None:
    class Foreign(AnyAccount):
        __slots__ = ()

    stream = streams.stream_account(RelayerBeat, ADDRESS)
    with pytest.raises(InputError, match="must be entered first"):
        await anext(stream)
    async with stream:
        with pytest.raises(InputError, match="opened before"):
            await stream.__aenter__()
    with pytest.raises(InputError, match="Foreign does not say which program"):
        streams.stream_program(Foreign)
    with pytest.raises(InputError, match="must be confirmed or finalized"):
        streams.stream_logs(ADDRESS, commitment="processed")
    with pytest.raises(InputError, match="knows of no WebSocket"):
        Streams(Client(FakeRpc()))
    await streams.aclose()
    with pytest.raises(InputError, match="are closed"):
        await streams.stream_slots().__aenter__()
    with pytest.raises(TransportError, match="cannot be reached"):
        async with Streams(client, "ws://127.0.0.1:1") as lost:
            await lost.stream_slots().__aenter__()


async def test_closing_everything_ends_every_reader(client: Client) -> None:
    streams = Streams(client, options=NEVER)
    stream = await streams.stream_program(UserPosition).__aenter__()
    waiting = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0.01)
    await streams.aclose()
    assert await waiting is None


async def test_cancelling_while_opening_leaves_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.read()
        await peer.socket.wait_closed()

    async with endpoint(script) as (url, peers), Streams(Client(FakeRpc()), url) as streams:
        opening = asyncio.create_task(streams.stream_slots().__aenter__())
        await until(lambda: bool(peers and peers[0].asked))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
