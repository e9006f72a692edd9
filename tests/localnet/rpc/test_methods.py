"""The page of methods names every method there is, and says what is true of it, here and on a validator."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from gdx_localnet import EmbeddedChain, launch, start_in_thread
from gdx_localnet.rpc.dispatcher import METHODS
from gdx_localnet.subscriptions import READERS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "localnet-rpc.md"
METHOD_NOT_FOUND = -32601
OLD_NAMES = ("getConfirmedBlock", "getRecentBlockhash", "getFees", "getStakeActivation")


def table(heading: str) -> dict[str, str]:
    """Method → state, of the table under a heading."""
    section = re.split(r"^## ", PAGE.read_text(), flags=re.M)
    (text,) = [part for part in section if part.startswith(heading)]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, flags=re.M))
    assert set(rows.values()) <= {"supported", "empty", "error", "absent"}
    return rows


def code_of(url: str, method: str) -> int | None:
    """The code that a call without parameters is answered with; None for a result."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method}
    answer = httpx.post(url, json=request, timeout=30).json()
    return answer["error"]["code"] if "error" in answer else None


async def socket_code(url: str, method: str) -> int | None:
    params = ["all"] if method == "blockSubscribe" else [0] if method.endswith("Unsubscribe") else []
    async with websockets.connect(url) as socket:
        request = {"jsonrpc": "2.0", "id": "asked", "method": method, "params": params}
        await socket.send(json.dumps(request))
        while True:
            answer: Any = json.loads(await socket.recv())
            if answer.get("id") == "asked":
                return answer["error"]["code"] if "error" in answer else None


def test_the_page_lists_the_methods_that_are_here() -> None:
    EmbeddedChain().rpc("getHealth")
    there = {name for name, state in table("HTTP").items() if state != "absent"}
    assert there == {name for name in METHODS if not name.startswith("gdx_")}
    subscriptions = {name for name, state in table("WebSocket").items() if state != "absent"}
    assert subscriptions == set(READERS)


async def check(url: str, ws_url: str) -> None:
    codes = {name: code_of(url, name) for name in (*table("HTTP"), *OLD_NAMES)}
    assert [name for name, code in codes.items() if code == METHOD_NOT_FOUND] == list(OLD_NAMES)
    assert codes["getHighestSnapshotSlot"] == -32008
    for name, state in table("WebSocket").items():
        for method in (name, name.replace("Subscribe", "Unsubscribe")):
            code = await socket_code(ws_url, method)
            assert (code == METHOD_NOT_FOUND) == (state == "absent"), (method, code)


async def test_the_embedded_chain_has_what_the_page_says() -> None:
    served = start_in_thread(EmbeddedChain(slot_mode="manual"))
    try:
        await check(served.url, served.ws_url)
    finally:
        served.stop()


@pytest.mark.validator
async def test_a_validator_has_what_the_page_says() -> None:
    path = os.environ.get("GDX_VALIDATOR")
    if path is None:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    # One to be resumed begins at slot 0, as a validator does that somebody starts by hand.
    with launch("validator", validator=path, fixture="none", resume=True) as localnet:
        await check(localnet.url, localnet.ws_url)
