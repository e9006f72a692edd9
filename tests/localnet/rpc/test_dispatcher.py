"""Requests that are not right, and batches: the answers a validator gives."""

from __future__ import annotations

import json

import pytest
from gdx_localnet.rpc.dispatcher import answer
from gdx_localnet.rpc.params import debug_text

PARSE = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": None}
INVALID = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid request"}, "id": None}
UNSUPPORTED = {"error": {"code": -32600, "message": "Unsupported JSON-RPC protocol version"}, "id": 1}
HEALTH = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}


def ask(chain, body):
    return json.loads(answer(chain, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize("body", [b"{bad", b"", b'"x"', b"5", b"[1]", b"[" * 100_000])
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


def with_params(text):
    return b'{"jsonrpc":"2.0","id":1,"method":"getBalance","params":' + text.encode() + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"getHealth"}',
        b'{"jsonrpc":"2.0","id":1,"method":"getHealth"} x',
        b'{"jsonrpc":"2.0","id":1,"method":"getHealth"}\0',
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"getHealth"}',
        *(with_params(text) for text in ("[NaN]", "[-Infinity]", "[1e999]", "[" + "9" * 400 + "]")),
        with_params('["\\ud800"]'),
        with_params("[" * 127 + "]" * 127),
        with_params("[" * 20_000 + "]" * 20_000),
        *(json.dumps({**HEALTH, "id": bad}).encode() for bad in (1.5, -1, 2**64, True, {}, [], [[]])),
        b'{"jsonrpc":"2.0","id":-0,"method":"getHealth"}',
        json.dumps([HEALTH, {**HEALTH, "id": 1.5}]).encode(),
        json.dumps([[HEALTH]]).encode(),
    ],
)
def test_json_is_read_as_strictly_as_by_a_validator(chain, body):
    assert ask(chain, body) == PARSE


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"{}", INVALID),
        (b'{"foo":1}', INVALID),
        (b'[{"foo":1}]', [INVALID]),
        ({**HEALTH, "extra": 1}, {**INVALID, "id": 1}),
        (b'{"jsonrpc":"2.0","id":1,"method":"getHealth","method":"getSlot"}', {**INVALID, "id": 1}),
        ({**HEALTH, "jsonrpc": 2}, {**INVALID, "id": 1}),
        ({**HEALTH, "jsonrpc": None}, UNSUPPORTED),
        ({"id": 1, "method": "getHealth"}, UNSUPPORTED),
        ({**HEALTH, "id": "é\u2028"}, {"jsonrpc": "2.0", "result": "ok", "id": "é\u2028"}),
        ({**HEALTH, "id": 2**64 - 1}, {"jsonrpc": "2.0", "result": "ok", "id": 2**64 - 1}),
        ({**HEALTH, "id": None}, {"jsonrpc": "2.0", "result": "ok", "id": None}),
        ({**HEALTH, "params": None}, {"jsonrpc": "2.0", "result": "ok", "id": 1}),
    ],
)
def test_what_has_an_id_is_answered_with_it(chain, body, wanted):
    assert ask(chain, body) == wanted


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("getHealth", [1], "Invalid parameters: No parameters were expected"),
        ("getHealth", {"a": 1}, "Invalid parameters: No parameters were expected"),
        ("nope", {"a": 1}, "Method not found"),
        ("getBalance", {"a": 1}, "`params` should be an array"),
        ("getSlotLeaders", [], "Invalid params: invalid length 0, expected a tuple of size 2."),
        ("getSlotLeaders", ["x"], 'Invalid params: invalid type: string "x", expected u64.'),
        ("getSlotLeaders", [1, 2, 3], "Invalid params: invalid length 3, expected fewer elements in array."),
        ("getSlotLeaders", [0, 5001], "Invalid limit; max 5000"),
        (
            "getSlotLeaders",
            [10**12, 1],
            "Invalid slot range: leader schedule for epoch 2314814 is unavailable",
        ),
        ("getSlot", [5], "Invalid params: invalid type: integer `5`, expected struct RpcContextConfig."),
        (
            "getSlot",
            [1e20],
            "Invalid params: invalid type: floating point `1e+20`, expected struct RpcContextConfig.",
        ),
        ("getBlockTime", [-1], "Invalid params: invalid value: integer `-1`, expected u64."),
        (
            "getBlock",
            [1, 5],
            "Invalid params: data did not match any variant of untagged enum RpcEncodingConfigWrapper.",
        ),
        ("getBlock", [10**12], "Block not available for slot 1000000000000"),
        (
            "getTokenSupply",
            ["1" * 32, {"commitment": 5}],
            "Invalid params: invalid type: integer `5`, expected string or map.",
        ),
        (
            "getAccountInfo",
            ["1" * 32, {"encoding": {}}],
            "Invalid params: invalid value: map, expected map with a single key.",
        ),
        ("getBlockProduction", [{"range": {}}], "Invalid params: missing field `firstSlot`."),
        (
            "getBlockProduction",
            [{"range": {"firstSlot": 10**9}}],
            "lastSlot, 2, cannot be less than firstSlot, 1000000000",
        ),
        ("getRecentPerformanceSamples", [721], "Invalid limit; max 720"),
        (
            "getLargestAccounts",
            [{"filter": "x"}],
            "Invalid params: unknown variant `x`, expected `circulating` or `nonCirculating`.",
        ),
        ("getVoteAccounts", [{"votePubkey": "x"}], "Invalid param: WrongSize"),
        ("getInflationReward", [["1" * 32]], "Block not available for slot 432000"),
        (
            "sendTransaction",
            ["AA", {"preflightCommitment": "bad"}],
            "Invalid params: unknown variant `bad`, expected one of `processed`, `confirmed`, `finalized`.",
        ),
        (
            "sendTransaction",
            ["AA", {"maxRetries": -1}],
            "Invalid params: invalid value: integer `-1`, expected usize.",
        ),
        ("simulateTransaction", ["AA", {"accounts": {}}], "Invalid params: missing field `addresses`."),
    ],
)
def test_parameters_are_refused_in_a_validators_words(manual, method, params, message):
    manual.chain.advance_slots(1)
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    assert ask(manual.chain, body)["error"]["message"] == message


def test_values_are_shown_as_a_validator_shows_them():
    value = {"b": [], "a": {"q": "é\n\"\\'\u0001", "x": None, "t": True, "f": 1.5}}
    assert debug_text(value, is_inner=False) == (
        '{"a": Object {"f": Number(1.5), '
        '"q": String("é\\n\\"\\\\\'\\u{1}"), "t": Bool(true), "x": Null}, "b": Array []}'
    )
