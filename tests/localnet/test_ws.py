"""Subscriptions: what is pushed, when, and to whom."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket

import pytest
import websockets
from gdx_localnet import EmbeddedChain, start_in_thread
from gdx_localnet.ws import SubscriptionHub, _Client, _Waiting
from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

SOL = 10**9
OWNER = Pubkey(bytes([9] * 32))


class Socket:
    """A WebSocket client that keeps answers and notifications apart."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.count = 0

    async def ask(self, method, *params):
        self.count += 1
        request = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": list(params)}
        await self.connection.send(json.dumps(request))
        answer = await self.next()
        assert answer["id"] == self.count
        return answer.get("result", answer.get("error"))

    async def next(self):
        return json.loads(await asyncio.wait_for(self.connection.recv(), 5))

    async def notified(self):
        message = await self.next()
        params = message["params"]
        return message["method"], params["subscription"], params["result"]

    async def is_silent(self):
        """Whether nothing is waiting: a request is answered before anything else arrives."""
        return (await self.ask("accountUnsubscribe", 10**9))["message"] == "Invalid subscription id."


@pytest.fixture
def server(driver):
    handle = start_in_thread(driver.chain)
    yield handle
    handle.stop()


@pytest.fixture
async def client(server):
    async with websockets.connect(server.ws_url) as connection:
        yield Socket(connection)


async def test_slots_are_told(client, driver):
    identifier = await client.ask("slotSubscribe")
    driver.chain.advance_slots(1)
    slot = driver.chain.open_slot
    body = {"slot": slot, "parent": slot - 1, "root": slot - 1}
    assert await client.notified() == ("slotNotification", identifier, body)
    assert await client.ask("slotUnsubscribe", identifier) is True
    driver.chain.advance_slots(1)
    assert await client.is_silent()


async def test_roots_are_told(client, driver):
    identifier = await client.ask("rootSubscribe")
    driver.chain.advance_slots(1)
    assert await client.notified() == ("rootNotification", identifier, driver.chain.open_slot - 1)


async def test_a_signature_is_told_once(client, driver):
    tx = driver.sign([driver.pay()])
    signature = str(tx.signatures[0])
    identifier = await client.ask("signatureSubscribe", str(signature), {"commitment": "confirmed"})
    driver.send(tx)
    method, number, result = await client.notified()
    assert (method, number, result["value"]) == ("signatureNotification", identifier, {"err": None})
    assert result["context"]["slot"] == driver.chain.rpc("getSlot")
    assert (await client.ask("signatureUnsubscribe", identifier))["code"] == -32602


async def test_a_signature_that_landed_before_is_told_at_once(client, driver):
    signature = driver.send(driver.sign([driver.pay(10**15)]), skipPreflight=True)
    await client.ask("signatureSubscribe", signature)
    _, _, result = await client.notified()
    assert result["value"] == {"err": {"InstructionError": [0, {"Custom": 1}]}}


async def test_the_first_subscriber_of_all_hears_what_landed_before_and_is_confirmed_later():
    chain = EmbeddedChain(slot_mode="clock", slot_ms=3_600_000, confirmed_lag=1, finalized_lag=2)
    receiver = Keypair().pubkey()
    handle = start_in_thread(chain)
    try:
        chain.advance_slots(3)
        signature = chain.airdrop(receiver, SOL)
        async with websockets.connect(handle.ws_url) as connection:
            client = Socket(connection)
            await client.ask("signatureSubscribe", str(signature), {"commitment": "confirmed"})
            await client.ask("accountSubscribe", str(receiver), {"commitment": "confirmed"})
            assert await client.is_silent(), "it is processed only"
            chain.advance_slots(1)
            told = [(await client.notified())[0] for _ in range(2)]
    finally:
        handle.stop()
    assert told == ["signatureNotification", "accountNotification"]


async def test_receipt_is_told_first_to_who_asks(client, driver):
    tx = driver.sign([driver.pay()])
    await client.ask("signatureSubscribe", str(tx.signatures[0]), {"enableReceivedNotification": True})
    driver.send(tx)
    assert (await client.notified())[2]["value"] == "receivedSignature"
    assert (await client.notified())[2]["value"] == {"err": None}


async def test_accounts_are_told_in_the_encoding_asked_for(client, driver):
    plain = await client.ask("accountSubscribe", str(driver.receiver), {"encoding": "base64"})
    old = await client.ask("accountSubscribe", str(driver.receiver))
    driver.run(driver.pay())
    got = {}
    for _ in range(2):
        _, number, result = await client.notified()
        got[number] = result["value"]
    assert got[plain]["data"] == ["", "base64"]
    assert got[old]["data"] == ""
    assert got[plain]["lamports"] == got[old]["lamports"] == SOL


async def test_program_accounts_are_filtered(client, driver):
    config = {"encoding": "base64", "filters": [{"dataSize": 3}]}
    identifier = await client.ask("programSubscribe", str(OWNER), config)
    long, fitting = Pubkey.new_unique(), Pubkey.new_unique()
    driver.chain.set_account(long, Account(SOL, b"abcd", OWNER, False, 0))
    driver.chain.set_account(fitting, Account(SOL, b"abc", OWNER, False, 0))
    method, number, result = await client.notified()
    assert (method, number) == ("programNotification", identifier)
    assert result["value"]["pubkey"] == str(fitting)
    assert result["value"]["account"]["data"] == ["YWJj", "base64"]
    assert await client.is_silent()


async def test_logs_of_all_and_of_one_address(client, driver):
    everything = await client.ask("logsSubscribe", "all")
    mention = await client.ask("logsSubscribe", {"mentions": [str(driver.receiver)]})
    signature = driver.send(driver.sign([driver.pay()]))
    numbers = set()
    for _ in range(2):
        method, number, result = await client.notified()
        assert method == "logsNotification"
        assert result["value"]["signature"] == signature
        assert result["value"]["logs"][0].endswith("invoke [1]")
        numbers.add(number)
    assert numbers == {everything, mention}
    driver.chain.airdrop(Pubkey.new_unique(), SOL)
    assert (await client.notified())[1] == everything
    assert await client.is_silent()


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("nope", [], -32601, "Method not found"),
        ("getSlot", [], -32601, "Method not found"),
        ("accountSubscribe", [], -32602, "`params` should have at least 1 argument(s)"),
        ("accountSubscribe", ["x"], -32602, "Invalid Request: Invalid pubkey provided"),
        ("signatureSubscribe", ["x"], -32602, "Invalid Request: Invalid signature provided"),
        ("logsSubscribe", [{"mentions": []}], -32602, "Invalid Request: Only 1 address supported"),
        ("accountUnsubscribe", [], -32602, "Invalid params: invalid length 0, expected a tuple of size 1."),
        ("slotUnsubscribe", [99], -32602, "Invalid subscription id."),
    ],
)
async def test_bad_requests(client, method, params, code, message):
    error = await client.ask(method, *params)
    assert (error["code"], error["message"]) == (code, message)


async def test_nonsense_is_a_parse_error_and_the_socket_lives(client):
    await client.connection.send("{bad")
    assert (await client.next())["error"] == {"code": -32700, "message": "Parse error"}
    assert isinstance(await client.ask("slotSubscribe"), int)


async def test_commitments_come_one_after_another():
    chain = EmbeddedChain(slot_mode="clock", slot_ms=3_600_000, confirmed_lag=1, finalized_lag=2)
    handle = start_in_thread(chain)
    try:
        async with websockets.connect(handle.ws_url) as connection:
            client = Socket(connection)
            address = Keypair().pubkey()
            ids = {}
            for commitment in ("processed", "confirmed", "finalized"):
                config = {"commitment": commitment, "encoding": "base64"}
                ids[commitment] = await client.ask("accountSubscribe", str(address), config)
            chain.airdrop(address, SOL)
            assert (await client.notified())[1] == ids["processed"]
            assert await client.is_silent()
            chain.advance_slots(1)
            assert (await client.notified())[1] == ids["confirmed"]
            chain.advance_slots(1)
            assert (await client.notified())[1] == ids["finalized"]
    finally:
        handle.stop()


async def test_a_closed_socket_leaves_nothing_behind(server, driver):
    async with websockets.connect(server.ws_url) as connection:
        await Socket(connection).ask("slotSubscribe")
        assert len(driver.chain._listeners) == 1
    for _ in range(200):
        if not driver.chain._listeners:
            break
        await asyncio.sleep(0.01)
    assert not driver.chain._listeners


async def test_a_client_that_does_not_read_is_dropped_and_others_go_on(server, driver, monkeypatch):
    monkeypatch.setattr("gdx_localnet.ws.MAX_QUEUED_BYTES", 200_000)
    account = Account(SOL, bytes(50_000), OWNER, False, 0)
    deaf = socket.create_connection(("127.0.0.1", server.rpc_port + 1))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    key = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    deaf.sendall(key + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    deaf.recv(1_024)
    config = {"encoding": "base64"}
    request = {"jsonrpc": "2.0", "id": 1, "method": "programSubscribe", "params": [str(OWNER), config]}
    body = json.dumps(request).encode()
    deaf.sendall(bytes([0x81, 0xFE]) + len(body).to_bytes(2, "big") + bytes(4) + body)
    async with websockets.connect(server.ws_url, max_size=None) as connection:
        client = Socket(connection)
        await client.ask("slotSubscribe")
        for _ in range(300):
            driver.chain.set_account(Pubkey.new_unique(), account)
            assert (await client.notified())[0] == "slotNotification"
            if not _subscriptions(driver):
                break
            await asyncio.sleep(0)
        assert not _subscriptions(driver)
        assert (await client.ask("nope"))["code"] == -32601
    with contextlib.suppress(OSError):
        deaf.close()


def _subscriptions(driver):
    (listener,) = driver.chain._listeners
    return [key for key in listener.__self__._by_key if key[0] == "program"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"MAX_QUEUED_BYTES": 100}, "over 100 bytes waiting"),
        ({"MAX_QUEUED_MESSAGES": 3}, "over 3 messages waiting"),
    ],
)
async def test_what_waits_for_one_client_is_bounded(limits, reason, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setattr(f"gdx_localnet.ws.{name}", value)
    waiting = _Waiting()
    client = _Client(_send_nothing, waiting)
    for _ in range(10):
        client.push("x" * 30)
    assert client.ended.is_set()
    assert client.farewell == (1008, f"slow client: {reason}")
    assert (client.queued_bytes, waiting.size) == (0, 0)


async def test_what_waits_for_all_clients_is_bounded(driver, monkeypatch):
    monkeypatch.setattr("gdx_localnet.ws.MAX_QUEUED_BYTES_IN_ALL", 100)
    hub = SubscriptionHub(driver.chain, asyncio.get_running_loop())
    greedy, modest = (_Client(_send_nothing, hub._waiting) for _ in range(2))
    task = asyncio.current_task()
    hub._clients = {modest: task, greedy: task}
    hub._push(greedy, "x" * 90)
    hub._push(modest, "x" * 20)
    assert greedy.ended.is_set()
    assert greedy.farewell[1].startswith("slow client: over 100 bytes waiting for all clients")
    assert not modest.ended.is_set()
    assert hub._waiting.size == 20


async def _send_nothing(message):
    del message


async def test_slot_updates_are_told_in_order(client, driver):
    identifier = await client.ask("slotsUpdatesSubscribe")
    driver.send(driver.sign([driver.pay()]))
    slot = driver.chain.open_slot - 1
    told = [await client.notified() for _ in range(5)]
    assert {(method, subscription) for method, subscription, _ in told} == {
        ("slotsUpdatesNotification", identifier)
    }
    updates = [update for _, _, update in told]
    assert all(update.pop("timestamp") > 1_600_000_000_000 for update in updates)
    stats = {
        "numTransactionEntries": 1,
        "numSuccessfulTransactions": 1,
        "numFailedTransactions": 0,
        "maxTransactionsPerEntry": 1,
    }
    assert updates == [
        {"type": "frozen", "slot": slot, "stats": stats},
        {"type": "completed", "slot": slot},
        {"type": "createdBank", "slot": slot + 1, "parent": slot},
        {"type": "optimisticConfirmation", "slot": slot},
        {"type": "root", "slot": slot},
    ]
    assert await client.ask("slotsUpdatesUnsubscribe", identifier) is True


async def test_a_batch_is_answered_as_one(client):
    calls = [{"jsonrpc": "2.0", "id": name, "method": name} for name in ("slotSubscribe", "nope")]
    await client.connection.send(json.dumps(calls))
    answers = await client.next()
    assert [answer["id"] for answer in answers] == ["slotSubscribe", "nope"]
    assert answers[1]["error"]["code"] == -32601


async def test_what_is_not_utf8_closes_the_socket(client):
    await client.connection.send(b"\xff\xfe")
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await client.next()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1007, "a message is not UTF-8")


async def test_the_same_subscription_again_is_one(client, driver):
    address = str(driver.receiver)
    filters = {"filters": [{"dataSize": 0}]}
    first = await client.ask("accountSubscribe", address, {"encoding": "base64"})
    assert await client.ask("accountSubscribe", address, {"encoding": "base64"}) == first
    assert await client.ask("accountSubscribe", address, {"encoding": "base58"}) != first
    program = await client.ask("programSubscribe", str(Pubkey.default()), filters)
    assert await client.ask("programSubscribe", str(Pubkey.default()), filters) == program
    assert await client.ask("programSubscribe", str(OWNER), filters) != program
    assert await client.ask("programSubscribe", str(Pubkey.default())) != program
    assert await client.ask("accountUnsubscribe", first) is True
    gone = await client.ask("accountUnsubscribe", first)
    assert gone["message"] == "Invalid subscription id."
    assert await client.ask("accountSubscribe", address, {"encoding": "base64"}) != first
