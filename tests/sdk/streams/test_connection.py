"""The bare connection: ids are matched, refusals typed, nonsense ends it, and nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.client import RpcRefusal
from gdx_sdk.errors import InputError, RpcError, StreamOverflow, TransportError
from gdx_sdk.streams import (
    Connection,
    StreamOptions,
    account_request,
    logs_request,
    program_request,
    root_request,
    signature_request,
    slot_request,
)
from tests.chain_lane import Lane
from tests.sdk.streams.scripted_socket import Peer, endpoint, notification, until

ADDRESS = Pubkey(b"\x07" * 32)
ACCOUNT = account_request(ADDRESS)
QUICK = StreamOptions(request_timeout_s=0.5, close_timeout_s=0.2)


async def test_each_subscription_gets_its_own_notifications() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(4)
        await peer.grant(9)
        for slot in (1, 2):
            await peer.notify(9, slot, {"signature": "b", "logs": [], "err": None}, "logs")
            await peer.notify(4, slot + 10, None)
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url) as connection:
        account = await connection.subscribe(ACCOUNT)
        logs = await connection.subscribe(logs_request(ADDRESS))
        assert [(await account.get()).slot for _ in range(2)] == [11, 12]
        assert [(await logs.get()).value["signature"] for _ in range(2)] == ["b", "b"]
        assert connection.latest_slot == 12
    methods = [(asked["method"], asked["params"][0]) for asked in peers[0].asked]
    assert methods == [("accountSubscribe", str(ADDRESS)), ("logsSubscribe", {"mentions": [str(ADDRESS)]})]


async def test_answers_may_come_in_any_order() -> None:
    async def script(peer: Peer) -> None:
        first, second = await peer.read(), await peer.read()
        await peer.say([{"jsonrpc": "2.0", "id": second["id"], "result": 2}])
        await peer.say({"jsonrpc": "2.0", "id": first["id"], "result": 1})
        await peer.notify(1, 1, "first")
        await peer.notify(2, 1, "second")
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        subscriptions = await asyncio.gather(connection.subscribe(ACCOUNT), connection.subscribe(ACCOUNT))
        assert [(await one.get()).value for one in subscriptions] == ["first", "second"]


async def test_a_notification_before_the_answer_is_kept() -> None:
    async def script(peer: Peer) -> None:
        request = await peer.read()
        await peer.notify(5, 1, "early")
        await peer.say({"jsonrpc": "2.0", "id": request["id"], "result": 5})
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        assert (await (await connection.subscribe(ACCOUNT)).get()).value == "early"


async def test_a_flood_of_unknown_notifications_ends_the_connection() -> None:
    async def script(peer: Peer) -> None:
        await peer.read()
        for slot in range(2_000):
            await peer.notify(5, slot, "whose?")

    async with endpoint(script) as (url, _), Connection(url) as connection:
        with pytest.raises(RpcError, match="unknown subscriptions"):
            await connection.subscribe(ACCOUNT)


async def test_a_refusal_has_its_code_and_data_and_others_live_on() -> None:
    async def script(peer: Peer) -> None:
        request = await peer.read()
        error = {"code": -32_602, "message": "Invalid Request: Invalid pubkey provided", "data": {"x": 1}}
        await peer.say({"jsonrpc": "2.0", "id": request["id"], "error": error})
        await peer.grant(1)
        await peer.notify(1, 3, None)
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        with pytest.raises(RpcRefusal, match="accountSubscribe: Invalid Request") as caught:
            await connection.subscribe(ACCOUNT)
        assert (caught.value.code, caught.value.data) == (-32_602, {"x": 1})
        assert (await (await connection.subscribe(ACCOUNT)).get()).slot == 3


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("<html>502 Bad Gateway</html>", "is not JSON: '<html>502"),
        (b"\xff\xfe\x00", "is not JSON"),
        ('{"jsonrpc":"2.0","method":"accountNotif', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("null", "is not JSON-RPC"),
        ('{"jsonrpc":"2.0","id":"one","result":1}', "is not JSON-RPC"),
        ('{"jsonrpc":"2.0","id":true,"result":1}', "is not JSON-RPC"),
        ('{"jsonrpc":"2.0","id":1}', "is not JSON-RPC"),
        ('{"jsonrpc":"2.0","id":77,"result":1}', "answered request 77, which nobody sent"),
        ('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}', "Parse error"),
        ('{"jsonrpc":"2.0","method":"surprise","params":{}}', "is not JSON-RPC"),
        ('{"jsonrpc":"2.0","method":"accountNotification","params":{"subscription":1}}', "is not JSON-RPC"),
        (notification(1, 2, "x", "logs"), "a logs notification for the subscription to account"),
        (notification(1, 2, "x") | {"params": {"result": {"slot": "7"}, "subscription": 1}}, "not JSON-RPC"),
    ],
)
async def test_nonsense_ends_the_connection_and_is_quoted(said: Any, message: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.notify(1, 1, "good")
        await peer.say(said)
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        subscription = await connection.subscribe(ACCOUNT)
        assert (await subscription.get()).value == "good"
        with pytest.raises(RpcError, match=message):
            await subscription.get()
        assert not connection.is_open
        with pytest.raises(RpcError, match=message):
            await connection.subscribe(ACCOUNT)


async def test_a_subscription_that_is_no_number_is_nonsense() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(True)
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        with pytest.raises(RpcError, match="answered True instead of a number"):
            await connection.subscribe(ACCOUNT)


async def test_no_answer_is_an_error_in_time_and_a_late_one_is_given_back() -> None:
    is_late = asyncio.Event()

    async def script(peer: Peer) -> None:
        request = await peer.read()
        await is_late.wait()
        await peer.say({"jsonrpc": "2.0", "id": request["id"], "result": 8})
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url, options=QUICK) as connection:
        with pytest.raises(TransportError, match=r"accountSubscribe: .* did not answer in 0\.5 s"):
            await connection.subscribe(ACCOUNT)
        is_late.set()
        await until(lambda: len(peers[0].asked) == 2)
        assert (peers[0].asked[1]["method"], peers[0].asked[1]["params"]) == ("accountUnsubscribe", [8])


async def test_a_cancelled_subscription_is_given_back() -> None:
    may_answer = asyncio.Event()

    async def script(peer: Peer) -> None:
        request = await peer.read()
        await may_answer.wait()
        await peer.say({"jsonrpc": "2.0", "id": request["id"], "result": 8})
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url) as connection:
        asking = asyncio.create_task(connection.subscribe(ACCOUNT))
        await until(lambda: bool(peers and peers[0].asked))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        may_answer.set()
        await until(lambda: len(peers[0].asked) == 2)
        assert peers[0].asked[1]["method"] == "accountUnsubscribe"


@pytest.mark.parametrize("is_clean", [True, False])
async def test_a_lost_connection_is_told_after_what_was_received(is_clean: bool) -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.notify(1, 1, "last word")
        if is_clean:
            await peer.socket.close(1001, "restarting")
        else:
            await asyncio.sleep(0.05)
            peer.socket.transport.abort()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        subscription = await connection.subscribe(ACCOUNT)
        pending = asyncio.create_task(connection.subscribe(ACCOUNT))
        assert (await subscription.get()).value == "last word"
        for waiting in (subscription.get(), pending):
            with pytest.raises(TransportError, match="closed the connection"):
                await waiting


async def test_a_peer_that_answers_no_ping_is_gone() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        peer.socket.transport.pause_reading()  # alive as a TCP peer, and deaf
        await is_told.wait()
        peer.socket.transport.abort()

    is_told = asyncio.Event()
    options = StreamOptions(ping_interval_s=0.1, ping_timeout_s=0.2, close_timeout_s=0.2)
    async with endpoint(script) as (url, _), Connection(url, options=options) as connection:
        subscription = await connection.subscribe(ACCOUNT)
        with pytest.raises(TransportError, match="keepalive ping timeout"):
            await asyncio.wait_for(subscription.get(), 10)
        is_told.set()


async def test_a_full_queue_is_an_error_after_what_waited() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.grant(2)
        for slot in range(4):
            await peer.notify(1, slot, slot)
        await peer.notify(2, 9, "others go on")
        await peer.rest()

    async with endpoint(script) as (url, _), Connection(url) as connection:
        slow = await connection.subscribe(ACCOUNT, max_queue=3)
        other = await connection.subscribe(ACCOUNT)
        assert (await other.get()).value == "others go on"
        assert [one.value for one in await slow.get_all()] == [0, 1, 2]
        for _ in range(2):
            with pytest.raises(StreamOverflow, match=f"account {ADDRESS}: 3 notifications wait"):
                await slow.get()


async def test_unsubscribing_ends_the_iteration_and_is_said_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.notify(1, 1, "one")
        await peer.grant(True)
        await peer.notify(1, 2, "too late")
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url) as connection:
        subscription = await connection.subscribe(ACCOUNT)
        await until(lambda: len(subscription) == 1)
        await subscription.unsubscribe()
        await subscription.unsubscribe()
        assert [one.value async for one in subscription] == ["one"]
        assert [asked["method"] for asked in peers[0].asked] == ["accountSubscribe", "accountUnsubscribe"]
        assert connection.is_open


async def test_what_is_asked_for_twice_may_have_one_id() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.grant(1)
        await peer.notify(1, 1, "for both")
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url) as connection:
        first, second = [await connection.subscribe(ACCOUNT) for _ in range(2)]
        assert [(await one.get()).value for one in (first, second)] == ["for both"] * 2
        await first.unsubscribe()
        assert [one async for one in first] == []
        second.drop()
        await until(lambda: len(peers[0].asked) == 3)
    assert [asked["method"] for asked in peers[0].asked] == [*["accountSubscribe"] * 2, "accountUnsubscribe"]


async def test_an_id_that_is_asked_for_again_meanwhile_is_not_given_back() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        again = await peer.read()
        await until(lambda: is_dropped.is_set())
        await peer.say({"jsonrpc": "2.0", "id": again["id"], "result": 1})
        await peer.notify(1, 1, "for the second")
        await peer.rest()

    is_dropped = asyncio.Event()
    async with endpoint(script) as (url, peers), Connection(url) as connection:
        first = await connection.subscribe(ACCOUNT)
        second = asyncio.create_task(connection.subscribe(ACCOUNT))
        await until(lambda: len(peers[0].asked) == 2)
        first.drop()
        is_dropped.set()
        assert (await (await second).get()).value == "for the second"
    assert [asked["method"] for asked in peers[0].asked] == ["accountSubscribe"] * 2


@pytest.mark.chain
async def test_a_chain_tells_both_who_ask_for_the_same(lane: Lane) -> None:
    with lane.start(slot_mode="clock", slot_ms=50) as chain:
        async with Connection(chain.ws_url) as connection:
            first, second = [await connection.subscribe(slot_request()) for _ in range(2)]
            told = [{(await one.get()).slot for _ in range(4)} for one in (first, second)]
            assert told[0] & told[1]
            await first.unsubscribe()
            waiting = len(second)
            assert [(await second.get()).slot for _ in range(waiting + 3)]


async def test_a_signature_is_told_once_and_is_over() -> None:
    async def script(peer: Peer) -> None:
        await peer.grant(1)
        await peer.notify(1, 5, "receivedSignature", "signature")
        await peer.notify(1, 6, {"err": None}, "signature")
        await peer.rest()

    async with endpoint(script) as (url, peers), Connection(url) as connection:
        async with await connection.subscribe(signature_request("abc")) as subscription:
            values = [one.value async for one in subscription]
        assert values == ["receivedSignature", {"err": None}]
        assert [asked["method"] for asked in peers[0].asked] == ["signatureSubscribe"]


async def test_every_kind_is_taken_by_the_embedded_chain(chain_url: str) -> None:
    async with Connection(chain_url) as connection:
        for request in (
            ACCOUNT,
            program_request(ADDRESS, [165]),
            logs_request(),
            signature_request("1" * 64),
            slot_request(),
            root_request(),
        ):
            await (await connection.subscribe(request)).unsubscribe()
        with pytest.raises(RpcRefusal, match="Invalid signature"):
            await connection.subscribe(signature_request("x"))


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "http://127.0.0.1:1", "nonsense", "ws://"])
async def test_an_endpoint_that_is_not_there_is_named(url: str) -> None:
    connection = Connection(url)
    with pytest.raises(TransportError, match=f"{url} cannot be reached"):
        await connection.open()
    await connection.aclose()


async def test_a_connection_must_be_open_and_opens_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.rest()

    async with endpoint(script) as (url, _):
        connection = Connection(url)
        with pytest.raises(InputError, match="is not open"):
            await connection.subscribe(ACCOUNT)
        async with connection:
            with pytest.raises(InputError, match="opened before"):
                await connection.open()
        await connection.aclose()
        with pytest.raises(TransportError, match="is closed"):
            await connection.subscribe(ACCOUNT)


def test_limits_must_be_positive() -> None:
    with pytest.raises(InputError, match="max_queue = 0"):
        StreamOptions(max_queue=0)
