"""Requests that are not right, and batches: the answers a validator gives."""

from __future__ import annotations

import json
import random

import pytest
from gdx_localnet.rpc.dispatcher import METHODS, answer


def ask(chain, body):
    return json.loads(answer(chain, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize("body", [b"{bad", b"", b'"x"', b"5", b"\xff\xfe", b"[1]", b"[" * 100_000])
def test_what_is_not_a_request_is_a_parse_error(chain, body):
    assert ask(chain, body) == {
        "jsonrpc": "2.0",
        "error": {"code": -32700, "message": "Parse error"},
        "id": None,
    }


@pytest.mark.parametrize(
    ("request_body", "code", "message"),
    [
        ({"jsonrpc": "2.0", "id": 1, "method": "nope"}, -32601, "Method not found"),
        ({"jsonrpc": "2.0", "id": 1}, -32600, "Invalid request"),
        ({"jsonrpc": "1.0", "id": 1, "method": "getSlot"}, -32600, "Invalid request"),
        ({"id": 1, "method": "getSlot"}, -32600, "Unsupported JSON-RPC protocol version"),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, -32600, "Invalid request"),
        ({"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": "x"}, -32600, "Invalid request"),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": {}},
            -32602,
            "`params` should be an array",
        ),
    ],
)
def test_malformed_requests(chain, request_body, code, message):
    given = ask(chain, request_body)
    assert (given["error"]["code"], given["error"]["message"], given["id"]) == (code, message, 1)


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("getBalance", [], "`params` should have at least 1 argument(s)"),
        ("getBalance", ["x"], "Invalid param: WrongSize"),
        ("getBalance", ["0OIl"], "Invalid param: Invalid"),
        ("getBalance", [5], "Invalid params: invalid type: integer `5`, expected a string."),
        ("getBalance", ["1" * 32, {}, 1], "Invalid parameters: Expected from 1 to 2 parameters."),
        ("getMinimumBalanceForRentExemption", ["a"], 'invalid type: string "a", expected usize.'),
        (
            "getAccountInfo",
            ["1" * 32, {"encoding": "bad"}],
            "Invalid params: unknown variant `bad`, expected",
        ),
        ("getAccountInfo", ["1" * 32, {"dataSlice": 3}], "invalid type: integer `3`"),
        ("getAccountInfo", ["1" * 32, {"dataSlice": {"offset": 3}}], "missing field `length`"),
        ("getMultipleAccounts", [["1" * 32] * 101], "Too many inputs provided; max 100"),
        ("getSignaturesForAddress", ["1" * 32, {"limit": 1001}], "Invalid limit; max 1000"),
        ("getTransaction", ["1" * 64, {"commitment": "processed"}], "does not support commitment below"),
        ("getSlot", [{"minContextSlot": -1}], "integer `-1`"),
        ("gdx_setClock", ["now"], "expected i64"),
        ("gdx_warp", [0], "must be from the open slot"),
        ("gdx_advanceSlots", [0], "count = 0"),
        ("gdx_restore", ["/nowhere/at/all"], "does not exist"),
    ],
)
def test_bad_parameters(chain, method, params, message):
    error = ask(chain, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})["error"]
    assert error["code"] == -32602
    assert message in error["message"]


def test_a_context_slot_of_the_future_is_refused(chain):
    params = [{"minContextSlot": 10**9}]
    error = ask(chain, {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": params})["error"]
    assert error == {
        "code": -32016,
        "message": "Minimum context slot has not been reached",
        "data": {"contextSlot": chain.rpc("getSlot")},
    }


def test_a_batch_is_answered_in_order(chain):
    batch = [{"jsonrpc": "2.0", "id": name, "method": name} for name in ("getHealth", "nope", "getSlot")]
    given = ask(chain, batch)
    assert [member["id"] for member in given] == ["getHealth", "nope", "getSlot"]
    assert given[0]["result"] == "ok"
    assert given[1]["error"]["code"] == -32601


def test_nothing_is_said_to_notifications_and_empty_batches(chain):
    assert answer(chain, b"[]") == b""
    assert answer(chain, b'{"jsonrpc":"2.0","method":"getSlot"}') == b""


def test_mutated_requests_never_break_the_chain(driver):
    seed = 20_250_101
    rng = random.Random(seed)
    driver.run(driver.pay())
    pieces = [
        *(None, True, -1, 0, 1.5, 2**64, 10**400, "", "x", "1" * 32, "1" * 64, str(driver.receiver), [], {}),
        *("base64", "jsonParsed", {"encoding": "base64"}, {"commitment": 3}, {"filters": [{"memcmp": {}}]}),
        *(
            {"dataSlice": {"offset": 1, "length": 2**63}},
            {"mint": "x"},
            {"programId": "1" * 32},
            [[]],
            [None],
        ),
        *({"accounts": {"addresses": [1]}, "encoding": "base64"}, {"mentions": [""]}, "A" * 1644, "\ud800"),
    ]
    methods = sorted(METHODS)
    for round_number in range(4_000):
        params = [rng.choice(pieces) for _ in range(rng.randrange(5))]
        method = rng.choice(methods)
        if method in ("gdx_snapshot", "gdx_expireBlockhash", "gdx_setAccount"):
            continue
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        if rng.random() < 0.1:
            at = rng.randrange(len(body))
            body = body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
        given = answer(driver.chain, body)
        error = json.loads(given).get("error", {}) if given else {}
        assert error.get("code") != -32603, f"seed {seed}, round {round_number}: {method} {params}"
    assert driver.chain.rpc("getHealth") == "ok"
