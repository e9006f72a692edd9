"""Clients that send rubbish, say nothing or never read: refused clearly, bounded, others served."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import websockets
from gdx_localnet import connections, launch, start_in_thread
from gdx_localnet.connections import most_connections
from solders.account import Account
from solders.pubkey import Pubkey

MIB = 2**20
LONG = os.environ.get("GDX_EXHAUSTIVE") == "1"
"""`make hostile`: ten thousand sockets, a hundred thousand transactions."""


@pytest.fixture
def server(chain):
    handle = start_in_thread(chain)
    yield handle
    handle.stop()


def is_healthy(url: str) -> bool:
    body = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    return httpx.post(url, json=body, timeout=60).json()["result"] == "ok"


def opened(server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.rpc_port))
    connection.settimeout(30)
    return connection


def everything(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def test_a_request_that_trickles_in_is_given_up(server, monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.2)
    slow = opened(server)
    slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-")
    answer = everything(slow)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert answer.endswith(b"the request did not come in within 0 s\n")
    assert is_healthy(server.url)


def test_a_body_that_trickles_in_is_given_up(server, monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.2)
    slow = opened(server)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    slow.sendall(head)
    assert everything(slow).startswith(b"HTTP/1.1 408 ")
    assert is_healthy(server.url)


def test_a_connection_without_a_request_is_closed(server, monkeypatch):
    monkeypatch.setattr(connections, "IDLE_TIMEOUT_S", 0.2)
    assert everything(opened(server)) == b""


def test_a_connection_that_asks_now_and_then_stays(server, monkeypatch):
    monkeypatch.setattr(connections, "IDLE_TIMEOUT_S", 0.2)
    with httpx.Client() as client:
        for _ in range(2):
            assert client.get(server.url + "/health").text == "ok"
            time.sleep(0.4)  # longer than the patched timeout: what counts is that there was a request


def test_an_endless_head_is_refused(server):
    endless = opened(server)
    endless.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
    with contextlib.suppress(OSError):
        for number in range(20_000):
            endless.sendall(b"x-%d: %s\r\n" % (number, b"a" * 100))
    assert everything(endless)[:60].startswith((b"HTTP/1.1 431 ", b""))
    assert is_healthy(server.url)


def test_a_head_too_large_is_told(server):
    large = opened(server)
    large.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nx: " + b"a" * 65_600)
    assert everything(large).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_one_connection_too_many_is_refused_clearly(chain, monkeypatch):
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    handle = start_in_thread(chain)
    try:
        held = [opened(handle) for _ in range(5)]
        for connection in held:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
        refused = everything(opened(handle))
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert refused.endswith(b"too many connections: 5 are open\n")
        with pytest.raises(websockets.InvalidStatus, match="503"):
            asyncio.run(_connect(handle.ws_url))
        held.pop().close()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            again = opened(handle)
            again.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            if again.recv(4_096).startswith(b"HTTP/1.1 200"):
                return
        raise AssertionError("no room after a connection was closed")
    finally:
        handle.stop()


async def _connect(url: str) -> None:
    async with websockets.connect(url):
        raise AssertionError("connected")


def test_connections_leave_files_for_everything_else(monkeypatch):
    limits = {"soft": 256}
    monkeypatch.setattr(connections.resource, "getrlimit", lambda which: (limits["soft"], 10**6))
    assert most_connections() == 128
    limits["soft"] = 10**6
    assert most_connections() == connections.MAX_CONNECTIONS


def test_a_client_that_never_reads_its_answer_is_cut(server, chain, monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT_S", 0.3)
    address = Pubkey.new_unique()
    chain.set_account(address, Account(10**12, bytes(10 * MIB), Pubkey.default(), False, 0))
    mute = socket.socket()
    mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    mute.connect(("127.0.0.1", server.rpc_port))
    params = [str(address), {"encoding": "base64"}]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getAccountInfo", "params": params}).encode()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    mute.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert is_healthy(server.url)
    time.sleep(1)  # past the patched deadline; the answer is 14 MiB, the socket holds a few
    mute.settimeout(30)
    assert len(everything(mute)) < 14 * MIB
    assert is_healthy(server.url)


def test_an_account_of_10_mib_is_served_in_every_encoding(chain):
    address = Pubkey.new_unique()
    data = bytes(range(256)) * (10 * MIB // 256)
    chain.set_account(address, Account(10**12, data, Pubkey.default(), False, 0))
    config = {"encoding": "base64"}
    value = chain.rpc("getAccountInfo", [str(address), config])["value"]
    assert base64.b64decode(value["data"][0]) == data
    packed = chain.rpc("getAccountInfo", [str(address), {"encoding": "base64+zstd"}])["value"]["data"][0]
    assert len(packed) < len(data)
    config = {**config, "dataSlice": {"offset": 10 * MIB - 4, "length": 9}}
    cut = chain.rpc("getAccountInfo", [str(address), config])
    assert base64.b64decode(cut["value"]["data"][0]) == data[-4:]
    with pytest.raises(Exception, match="should be less than 128 bytes"):
        chain.rpc("getAccountInfo", [str(address), {"encoding": "base58"}])


# ── the longer lane ─────────────────────────────────────────────────────────────────────────────


def resident_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))) * 1024


@pytest.mark.skipif(not LONG, reason="thousands of sockets: make hostile")
def test_ten_thousand_idle_sockets_cost_little():
    """5,000 HTTP keep-alive connections, 5,000 subscribed WebSockets; others are served meanwhile."""
    half = min(5_000, (most_connections() - 200) // 2)
    with launch("embedded", slot_mode="fast", fixture="none") as localnet:
        assert is_healthy(localnet.url)
        before = resident_bytes(localnet.pid)
        asyncio.run(_hold(localnet, half))
        grown = resident_bytes(localnet.pid) - before
        print(f"{2 * half} sockets: {grown // MIB} MiB")
        assert grown < 2 * half * 64 * 1024
        assert is_healthy(localnet.url)
        assert "Traceback" not in localnet.log_path.read_text()


async def _hold(localnet, half: int) -> None:
    streams = []
    for _ in range(half):
        reader, writer = await asyncio.open_connection("127.0.0.1", localnet.rpc_port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        streams.append(writer)
    sockets = []
    for _ in range(half):
        connected = await websockets.connect(localnet.ws_url, compression=None, ping_interval=None)
        await connected.send('{"jsonrpc":"2.0","id":1,"method":"rootSubscribe"}')
        assert json.loads(await connected.recv())["id"] == 1
        sockets.append(connected)
    assert await asyncio.to_thread(is_healthy, localnet.url)
    for writer in streams:
        writer.close()
    await asyncio.gather(*(connected.close() for connected in sockets))


@pytest.mark.skipif(not LONG, reason="minutes: make hostile")
def test_memory_stays_bounded_under_what_hostile_clients_send():
    """Bodies too large, accounts of 10 MiB, subscribers that never read, over and over."""
    with launch("embedded", slot_mode="fast", fixture="none") as localnet:
        with httpx.Client(timeout=60) as http:
            address = str(Pubkey.new_unique())
            _hostile_round(localnet, http, address)
            before = resident_bytes(localnet.pid)
            for _ in range(20):
                _hostile_round(localnet, http, address)
            grown = resident_bytes(localnet.pid) - before
        print(f"20 rounds: {grown // MIB} MiB")
        assert grown < 96 * MIB
        assert is_healthy(localnet.url)
        assert "Traceback" not in localnet.log_path.read_text()


def _hostile_round(localnet, http: httpx.Client, address: str) -> None:
    def ask(method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return http.post(localnet.url, json=body).json()

    json_type = {"content-type": "application/json"}
    with contextlib.suppress(httpx.HTTPError):
        http.post(localnet.url, content=b"[" * 5_000_000, headers=json_type)
    too_long = base64.b64encode(bytes(1_233)).decode()
    assert ask("sendTransaction", too_long, {"encoding": "base64"})["error"]["code"] == -32602
    mute = [socket.create_connection(("127.0.0.1", localnet.rpc_port + 1)) for _ in range(5)]
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    upgrade += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    subscribe = b'{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["%s",{"encoding":"base64"}]}'
    frame = subscribe % address.encode()
    for connection in mute:
        connection.sendall(upgrade)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 101")
        # A masked text frame, its mask zero.
        connection.sendall(b"\x81\xfe" + len(frame).to_bytes(2, "big") + bytes(4) + frame)
    # The RPC takes no account of 10 MiB in one body: a program's own transactions, or a file, make those.
    for size in (30_000, 36_000):
        data = [base64.b64encode(bytes(size)).decode(), "base64"]
        assert ask("gdx_setAccount", address, {"lamports": 10**12, "data": data})["result"] is None
    for connection in mute:
        connection.close()


@pytest.mark.skipif(not LONG, reason="minutes: make hostile")
def test_memory_stays_bounded_under_100_000_transactions():
    """With 5,000 kept, 80,000 more than the first 20,000 take no more memory."""
    ran = subprocess.run([sys.executable, "-c", _TRANSACTIONS], capture_output=True, text=True, check=True)
    after_20k, after_100k, kept, blocks = (int(word) for word in ran.stdout.split())
    print(f"{after_20k // MIB} MiB after 20,000 transactions, {after_100k // MIB} MiB after 100,000")
    assert (kept, blocks) == (5_000, 5_000)
    assert after_100k - after_20k < 32 * MIB


_TRANSACTIONS = """
from pathlib import Path
from gdx_localnet import EmbeddedChain
from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) * 1024

chain = EmbeddedChain(seed=b"memory", history_limit=5_000)
chain.listen(lambda event: None)
payer, receiver = Keypair(), Keypair().pubkey()
chain.airdrop(payer.pubkey(), 10**15)
sizes = []
for number in range(100_000):
    give = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=receiver, lamports=10**6 + number))
    message = Message.new_with_blockhash([give], payer.pubkey(), chain.blockhashes.latest)
    chain.submit(VersionedTransaction(message, [payer]), preflight=True)
    if number in (19_999, 99_999):
        sizes.append(resident())
print(*sizes, len(chain.ledger.by_signature), len(chain.ledger.blocks))
"""
