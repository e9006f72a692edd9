"""Faults as a client meets them, over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import websockets
from gdx_localnet import start_in_thread
from gdx_localnet.faults.rules import rule_from_text
from solders.keypair import Keypair
from solders.pubkey import Pubkey

SOL = 10**9


@pytest.fixture
def server(chain):
    handle = start_in_thread(chain)
    yield handle
    handle.stop()


@pytest.fixture
def http(server):
    with httpx.Client(base_url=server.url, timeout=10) as client:
        yield client


def body(method, *params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


def ask(http, method, *params):
    return http.post("/", json=body(method, *params)).json()["result"]


def arm(server, *texts):
    server.chain.faults.set([rule_from_text(text) for text in texts])


def test_set_listed_and_cleared_over_rpc(http):
    assert ask(http, "gdx_setFaults", [{"kind": "503", "methods": ["getSlot"], "seed": 1}])[0]["id"] == 1
    assert http.post("/", json=body("getSlot")).status_code == 503
    assert ask(http, "gdx_setFaults", [{"kind": "drop", "methods": ["getHealth"]}], {"keep": True})
    listed = ask(http, "gdx_listFaults")
    assert [(entry["kind"], entry["struck"]) for entry in listed] == [("503", 1), ("drop", 0)]
    assert ask(http, "gdx_clearFaults", [listed[0]["id"]]) == {"cleared": 1}
    assert isinstance(ask(http, "getSlot"), int)
    assert ask(http, "gdx_clearFaults") == {"cleared": 1}
    refusal = http.post("/", json=body("gdx_setFaults", [{"kind": "boom"}])).json()["error"]
    assert (refusal["code"], refusal["message"].startswith("fault kind = 'boom'")) == (-32602, True)


def test_429_carries_retry_after(server, http):
    arm(server, "429:method=getSlot,count=1,retry-after-s=7")
    refused = http.post("/", json=body("getSlot"))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert http.post("/", json=body("getSlot")).status_code == 200


def test_a_batch_suffers_with_its_members(server, http):
    arm(server, "503:method=getSlot")
    assert http.post("/", json=[body("getHealth"), body("getSlot")]).status_code == 503
    assert http.post("/", json=[body("getHealth")]).status_code == 200


def airdrop(http, receiver):
    return ask(http, "requestAirdrop", receiver, SOL)


def test_a_dropped_request_has_no_effect(server, http):
    receiver = str(Pubkey.new_unique())
    arm(server, "drop:method=requestAirdrop,count=1")
    with pytest.raises(httpx.RemoteProtocolError):
        airdrop(http, receiver)
    assert ask(http, "getBalance", receiver)["value"] == 0
    airdrop(http, receiver)
    assert ask(http, "getBalance", receiver)["value"] == SOL


def test_a_dropped_answer_had_its_effect(server, http):
    receiver = str(Pubkey.new_unique())
    arm(server, "drop-answer:method=requestAirdrop,count=1")
    with pytest.raises(httpx.RemoteProtocolError):
        airdrop(http, receiver)
    assert ask(http, "getBalance", receiver)["value"] == SOL


def test_a_delay_delays(server, http):
    arm(server, "delay:method=getSlot,delay-ms=60000")
    with pytest.raises(httpx.ReadTimeout):
        http.post("/", json=body("getSlot"), timeout=0.2)
    assert ask(http, "getHealth") == "ok"


def test_a_stale_blockhash_is_refused(server, http, driver):
    fresh = ask(http, "getLatestBlockhash")["value"]
    arm(server, "stale-blockhash:count=1")
    stale = ask(http, "getLatestBlockhash")["value"]
    assert stale["blockhash"] != fresh["blockhash"]
    assert stale["lastValidBlockHeight"] < ask(http, "getBlockHeight") + 150
    assert not ask(http, "isBlockhashValid", stale["blockhash"])["value"]
    assert ask(http, "getLatestBlockhash")["value"]["blockhash"] == str(driver.blockhash())


def test_a_body_that_is_not_json_is_nobodys_method(server, http):
    arm(server, "503")
    answer = http.post("/", content=b"{", headers={"content-type": "application/json"})
    assert answer.json()["error"]["code"] == -32700


def test_a_huge_body_is_still_refused(server, http):
    arm(server, "delay:method=getSlot")
    headers = {"content-type": "application/json"}
    assert http.post("/", content=b"a" * 60_000, headers=headers).status_code == 413


async def subscribed(connection, address):
    await connection.send(json.dumps(body("accountSubscribe", address)))
    assert "result" in json.loads(await connection.recv())


async def test_a_socket_is_cut_at_a_notification(server, driver):
    receiver = Keypair().pubkey()
    async with websockets.connect(server.ws_url) as connection:
        await subscribed(connection, str(receiver))
        arm(server, "disconnect:method=accountNotification,count=1")
        driver.chain.airdrop(receiver, SOL)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await asyncio.wait_for(connection.recv(), 10)
        assert closed.value.rcvd is None  # no closing handshake
    async with websockets.connect(server.ws_url) as connection:
        await subscribed(connection, str(receiver))
        driver.chain.airdrop(receiver, SOL)
        assert json.loads(await asyncio.wait_for(connection.recv(), 10))["method"] == "accountNotification"


async def test_a_notification_is_lost(server, driver):
    receiver = Keypair().pubkey()
    async with websockets.connect(server.ws_url) as connection:
        await subscribed(connection, str(receiver))
        arm(server, "drop:method=accountNotification,count=1")
        driver.chain.airdrop(receiver, SOL)
        driver.chain.airdrop(receiver, SOL)
        told = json.loads(await asyncio.wait_for(connection.recv(), 10))
        assert told["params"]["result"]["value"]["lamports"] == 2 * SOL


async def test_a_request_over_a_socket_is_cut(server):
    arm(server, "disconnect:method=slotSubscribe")
    async with websockets.connect(server.ws_url) as connection:
        await connection.send(json.dumps(body("slotSubscribe")))
        with pytest.raises(websockets.ConnectionClosedError):
            await asyncio.wait_for(connection.recv(), 10)
