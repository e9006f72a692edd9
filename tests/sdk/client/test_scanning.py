"""Scans for fields: from a body with msgspec, from a body without it, and from what another client parsed."""

from __future__ import annotations

import base64
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey

from gdx_sdk import Client
from gdx_sdk.accounts import POSITION_FIELDS, UserPosition, position_columns, position_state
from gdx_sdk.client import HttpTransport, RpcRefusal, scanning
from gdx_sdk.client.transport import unwrap
from gdx_sdk.errors import CodecError, InputError, RpcError
from gdx_sdk.math import MarketState, is_liquidatable, liquidatable_rows
from gdx_sdk.runtime.columns import Window, whole
from gdx_sdk.testing import FakeRpc
from tests.sdk.runtime.test_fast_decode import SEED, plausible


@pytest.fixture(params=["msgspec", "standard library"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    scanning._reader.cache_clear()
    if request.param == "standard library":
        monkeypatch.setitem(sys.modules, "msgspec", None)
    yield request.param
    scanning._reader.cache_clear()


@pytest.fixture
def chain() -> FakeRpc:
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    accounts = {Pubkey.from_bytes(rng.randbytes(32)): plausible(UserPosition, rng) for _ in range(30)}
    return FakeRpc(accounts)


class Http(HttpTransport):
    """Answers with the body that `FakeRpc`'s result makes; the real transport does the rest."""

    def __init__(self, fake: FakeRpc) -> None:
        super().__init__("http://chain.invalid")
        self.fake, self.calls = fake, list[dict[str, Any]]()
        self._http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        call = json.loads(request.content)
        self.calls.append(call)
        result = await self.fake.call(call["method"], call["params"])
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": call["id"], "result": result})


async def test_fields_come_as_columns(chain: FakeRpc, parser: str) -> None:
    transport = Http(chain)
    async with Client(transport) as client:
        whole = await client.scan(UserPosition)
        found = await client.scan(UserPosition, fields=POSITION_FIELDS)
    parsed = await Client(chain).scan(UserPosition, fields=POSITION_FIELDS)  # no bytes to see
    part = UserPosition.window(*POSITION_FIELDS)
    config = transport.calls[-1]["params"][1]
    assert config["dataSlice"] == {"offset": part.offset, "length": part.length}
    assert config["filters"] == [UserPosition.discriminator_filter().to_rpc()]
    assert parser in {"msgspec", "standard library"}
    for columns in (found, parsed):
        assert [columns.address(row) for row in range(len(columns))] == [address for address, _ in whole]
        money = position_columns(columns.table)
        assert [money.row(row) for row in range(len(columns))] == [position_state(p) for _, p in whole]


async def test_the_liquidation_list_is_what_one_by_one_says(chain: FakeRpc) -> None:
    rng = random.Random(SEED)
    for address in chain.accounts:
        size, entry = rng.randint(-(10**12), 10**12), rng.randint(4 * 10**10, 6 * 10**10)
        position = UserPosition.decode(plausible(UserPosition, rng))
        values = {name: getattr(position, name) for name in UserPosition.LAYOUT.names}
        values |= {
            "size": size,
            "cost_atoms": size * entry // 10**8,
            "collateral": abs(size) * 50,
            "funding_index": 0,
        }
        chain.accounts[address] = UserPosition(**values | {"loss_index": 0}).encode()
    market, price_e6 = MarketState(), 5 * 10**10
    client = Client(Http(chain))
    found = await client.scan(UserPosition, fields=POSITION_FIELDS)
    rows = liquidatable_rows(position_columns(found.table), market, price_e6, 250)
    one_by_one = [
        address
        for address, position in await client.scan(UserPosition)
        if is_liquidatable(position_state(position), market, price_e6, 250)
    ]
    assert 0 < len(one_by_one) < len(chain.accounts)
    assert [found.address(row) for row in rows] == one_by_one


async def test_no_account_is_an_empty_table() -> None:
    found = await Client(Http(FakeRpc({}))).scan(UserPosition, fields=["size"])
    assert (len(found), found.table["size"].tolist()) == (0, [])


async def test_an_unknown_field_is_refused_before_anybody_is_asked(chain: FakeRpc) -> None:
    transport = Http(chain)
    with pytest.raises(InputError, match="must be among owner"):
        await Client(transport).scan(UserPosition, fields=["sise"])
    assert transport.calls == []


def columns_of_body(part: Window, body: bytes) -> scanning.AccountColumns:
    with scanning.reading_accounts():
        result = unwrap(scanning.METHOD, body, "the endpoint answered", 1)
    return scanning.columns_of(part, result)


def entry(text: Any = "AAAA", key: Any = "k") -> dict[str, Any]:
    return {"pubkey": key, "account": {"data": [text, "base64"]}}


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (json.dumps({"id": 2, "result": []}).encode(), RpcError, "id 2, but the request's was 1"),
        (b"<html>", RpcError, "not JSON"),
        (b'{"jsonrpc":"2.0","id":1,"result":[', RpcError, "not JSON"),
        (b"\xff\xfe", RpcError, "not JSON"),
        (b"[]", RpcError, "not JSON-RPC"),
        (json.dumps({"error": {"code": -32010, "message": "excluded"}}).encode(), RpcRefusal, "excluded"),
        (
            json.dumps({"id": 1, "result": [], "error": {"code": 1, "message": "both"}}).encode(),
            RpcRefusal,
            "both",
        ),
        (json.dumps({"id": 1, "result": None}).encode(), RpcError, "shape"),
        (json.dumps({"id": 1, "result": 7}).encode(), RpcError, "shape"),
        (
            json.dumps({"id": 1, "result": [{"pubkey": "k"}]}).encode(),
            RpcError,
            "shape",
        ),
        (json.dumps({"id": 1, "result": [entry(None)]}).encode(), RpcError, "shape"),
        (json.dumps({"id": 1, "result": [entry(key=3)]}).encode(), RpcError, "shape"),
        (json.dumps({"id": 1, "result": [entry("AAA")]}).encode(), CodecError, "3 characters"),
        (json.dumps({"id": 1, "result": [entry("????????????")]}).encode(), CodecError, "UserPosition"),
    ],
)
def test_other_bodies_are_refused(body: bytes, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        columns_of_body(UserPosition.window("size"), body)


def test_whole_accounts_of_a_reply(chain: FakeRpc) -> None:
    datas = [bytes(data) for data in chain.accounts.values() if isinstance(data, bytes)]
    result = [
        entry(base64.b64encode(data).decode(), str(key))
        for key, data in zip(chain.accounts, datas, strict=True)
    ]
    found = columns_of_body(whole(UserPosition), json.dumps({"id": 1, "result": result}).encode())
    assert found.table["size"].tolist() == [account.size for account in UserPosition.decode_many(datas)]
