"""HTTP: verbs, content types, limits, ports."""

from __future__ import annotations

import concurrent.futures
import json
import socket

import httpx
import pytest
from gdx_localnet import EmbeddedChain, PortInUse, start_in_thread


@pytest.fixture
def server(chain):
    handle = start_in_thread(chain)
    yield handle
    handle.stop()


def request(method, *params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


def test_a_post_is_answered(server):
    response = httpx.post(server.url, json=request("getHealth"))
    assert response.json() == {"jsonrpc": "2.0", "result": "ok", "id": 1}
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["access-control-allow-origin"] == "*"


def test_the_other_verbs(server):
    assert httpx.get(server.url + "/health").text == "ok"
    assert httpx.get(server.url).status_code == 405
    options = httpx.options(server.url)
    assert options.status_code == 200
    assert options.headers["access-control-allow-methods"] == "OPTIONS, POST"


def test_another_content_type_is_refused(server):
    response = httpx.post(server.url, content=b"{}", headers={"content-type": "text/plain"})
    assert response.status_code == 415
    assert "application/json is required" in response.text


@pytest.mark.parametrize("size", [50 * 1024 + 1, 5_000_000])
def test_a_huge_body_is_refused_and_the_chain_lives_on(server, size):
    headers = {"content-type": "application/json"}
    try:
        response = httpx.post(server.url, content=b"a" * size, headers=headers)
        assert (response.status_code, response.text) == (413, "request body size exceeds allowed maximum")
    except (httpx.WriteError, httpx.RemoteProtocolError):
        assert size > 1_000_000  # it may hang up while megabytes are still coming in
    assert httpx.post(server.url, json=request("getHealth")).json()["result"] == "ok"


def test_the_largest_body_is_read(server):
    body = json.dumps(request("getHealth")).ljust(50 * 1024).encode()
    response = httpx.post(server.url, content=body, headers={"content-type": "application/json"})
    assert response.json()["result"] == "ok"


def test_a_port_in_use_is_named(server):
    with pytest.raises(PortInUse, match=f"port {server.rpc_port} on 127.0.0.1 is in use"):
        start_in_thread(EmbeddedChain(), rpc_port=server.rpc_port)
    with pytest.raises(PortInUse, match=f"port {server.rpc_port + 1}"):
        start_in_thread(EmbeddedChain(), rpc_port=server.rpc_port + 1)


def test_websocket_on_the_port_after(server):
    assert server.ws_url == f"ws://127.0.0.1:{server.rpc_port + 1}"
    socket.create_connection(("127.0.0.1", server.rpc_port + 1)).close()


def test_stopping_frees_the_ports_and_keeps_the_chain(chain):
    handle = start_in_thread(chain)
    handle.stop()
    again = start_in_thread(chain, rpc_port=handle.rpc_port)
    assert httpx.post(again.url, json=request("getHealth")).json()["result"] == "ok"
    again.stop()
    assert chain.rpc("getHealth") == "ok"


def test_many_clients_at_once(server, driver):
    def send(number):
        tx = driver.sign([driver.pay(10**9 + number)])
        import base64

        text = base64.b64encode(bytes(tx)).decode()
        body = request("sendTransaction", text, {"encoding": "base64"})
        return http.post(server.url, json=body).json()["result"]

    with httpx.Client() as http, concurrent.futures.ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(send, range(64)))
    statuses = driver.chain.rpc("getSignatureStatuses", [signatures])["value"]
    assert [status["err"] for status in statuses] == [None] * 64
    assert len({status["slot"] for status in statuses}) == 64


def test_a_half_sent_request_blocks_nobody(server):
    half = socket.create_connection(("127.0.0.1", server.rpc_port))
    half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert httpx.post(server.url, json=request("getHealth")).json()["result"] == "ok"
    half.close()
    assert httpx.post(server.url, json=request("getHealth")).json()["result"] == "ok"
