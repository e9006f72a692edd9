"""A short run of the RPC fuzzer, what its checks refuse, and everything that it ever found."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

import pytest
from gdx_localnet import EmbeddedChain
from gdx_localnet.rpc.dispatcher import METHODS, answer
from gdx_localnet.subscriptions import READERS, UNSUBSCRIBES

from .checks import Broken, check_answer, check_http
from .drive import FINDS, run
from .requests import READS, SUBSCRIPTIONS, WRITES
from .world import open_world

FIXED_SEED, FIXED_REQUESTS = 20_261_129, 1_000
LEFT_OUT = {"gdx_setFaults", "gdx_snapshot"}
"""They would strike the fuzzer's own requests, and write files."""


@pytest.mark.parametrize("seed", [FIXED_SEED, None], ids=["fixed", "new"])
def test_random_requests(seed: int | None, tmp_path: Path) -> None:
    """From a fixed seed, and from another each time (GDX_FUZZ_SEED repeats one)."""
    chosen = seed if seed is not None else int(os.environ.get("GDX_FUZZ_SEED") or secrets.randbelow(10**9))
    print(f"seed {chosen}")
    world = open_world(tmp_path)
    try:
        report = run(world, chosen, FIXED_REQUESTS, tmp_path, lambda count: None)
    finally:
        world.handle.stop()
    assert report.requests >= FIXED_REQUESTS
    assert {"answered", "-32602", "-32601", "-32600", "-32700"} <= report.kinds.keys()


def test_every_method_is_fuzzed() -> None:
    EmbeddedChain().rpc("getHealth")
    assert READS.keys() | WRITES.keys() | LEFT_OUT == METHODS.keys()
    missed = (READERS.keys() | UNSUBSCRIBES.keys()) - SUBSCRIPTIONS.keys()
    assert not missed


def test_what_was_found_is_mended() -> None:
    chain = EmbeddedChain(slot_mode="manual", unix_ts=1_700_000_000)
    for path in sorted(FINDS.glob("*.json")):
        raw = base64.b64decode(json.loads(path.read_text())["request_base64"])
        check_answer(raw.decode(), answer(chain, raw).decode())


@pytest.mark.parametrize(
    ("request_text", "answer_text"),
    [
        ('{"jsonrpc":"2.0","id":1,"method":"getSlot"}', '{"jsonrpc":"2.0","result":1,"id":2}'),
        ('{"jsonrpc":"2.0","id":1,"method":"getSlot"}', ""),
        ('{"jsonrpc":"2.0","id":1,"method":"getSlot"}', '{"jsonrpc":"2.0","result":NaN,"id":1}'),
        ('{"jsonrpc":"2.0","id":1,"method":"getSlot","x":1}', '{"jsonrpc":"2.0","result":1,"id":1}'),
        (
            '{"jsonrpc":"2.0","id":1,"method":"getSlot"}',
            '{"jsonrpc":"2.0","error":{"code":-32603,"message":"Internal error"},"id":1}',
        ),
        ('[{"jsonrpc":"2.0","id":1,"method":"getSlot"}]', "[]"),
        ('{"jsonrpc":"2.0","id":1', '{"jsonrpc":"2.0","result":1,"id":1}'),
        ('{"jsonrpc":"2.0","method":"getSlot"}', '{"jsonrpc":"2.0","result":1,"id":null}'),
    ],
)
def test_wrong_answers_are_noticed(request_text: str, answer_text: str) -> None:
    with pytest.raises((Broken, ValueError)):
        check_answer(request_text, answer_text)


def test_wrong_statuses_are_noticed() -> None:
    with pytest.raises(Broken):
        check_http(b"\xff", 200, b"{}")
    with pytest.raises(Broken):
        check_http(b" " * 60_000, 200, b"{}")
    with pytest.raises(Broken):
        check_http(b"{}", 500, b"Internal Server Error")
