"""HTTP transport: every way an endpoint can fail is a typed error."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from solana.rpc.async_api import AsyncClient
from solders.pubkey import Pubkey

from gdx_sdk.accounts import Collateral
from gdx_sdk.client import NO_RETRIES, Client, HttpTransport, RpcRefusal
from gdx_sdk.client.transport import retry_after_s
from gdx_sdk.errors import InputError, RpcError, TransportError
from gdx_sdk.testing import FakeRpc
from tests.sdk.client.bad_endpoint import endpoint, http, result


async def test_a_result_comes_back() -> None:
    async def answer(body: bytes) -> bytes:
        call = json.loads(body)
        return http(
            json.dumps(
                {"jsonrpc": "2.0", "id": call["id"], "result": [call["method"], call["params"]]}
            ).encode()
        )

    async with endpoint(answer) as url, Client(url) as client:
        assert await client.rpc("getX", [1]) == ["getX", [1]]
        assert await client.rpc("getY") == ["getY", []]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (http(b"<html>"), RpcError, "not JSON"),
        (http(b"[1]"), RpcError, "not JSON-RPC"),
        (http(b"oops", "500 Internal Server Error"), TransportError, "HTTP 500"),
        (http(b"slow down", "429 Too Many Requests"), TransportError, "HTTP 429"),
        (http(b'{"error":{"code":-32602,"message":"bad","data":{"a":1}}}'), RpcRefusal, "bad"),
        (http(b'{"error":"strange"}'), RpcRefusal, "strange"),
        (b"", TransportError, "cannot be reached"),
        (http(b'{"jsonrpc":"2.0","id":2,"result":1}'), RpcError, "with id 2, but the request's was 1"),
        (http(b'{"jsonrpc":"2.0","result":1}'), RpcError, "with id None"),
        (http(b'{"jsonrpc":"2.0","id":1}'), RpcError, "not JSON-RPC"),
        (http(b"null"), RpcError, "not JSON-RPC"),
        (http(b'{"jsonrpc":"2.0","id":1,"res'), RpcError, "not JSON"),
        (http(b"[" * 100_000), RpcError, "not JSON"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{", TransportError, "cannot be reached"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
            TransportError,
            "reached",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", TransportError, "cannot be reached"),
    ],
)
async def test_what_is_no_result_is_a_typed_error(reply: bytes, kind: type[RpcError], words: str) -> None:
    async def answer(_: bytes) -> bytes:
        return reply

    async with endpoint(answer) as url, Client(url, retry_policy=NO_RETRIES) as client:
        with pytest.raises(kind, match=words) as failed:
            await client.rpc("getX")
    assert type(failed.value) is kind
    assert failed.value.method == "getX"


async def test_silence_ends_with_the_timeout() -> None:
    async def answer(_: bytes) -> bytes:
        await asyncio.sleep(30)
        return b""

    async with endpoint(answer) as url, Client(url, timeout_s=0.05, retry_policy=NO_RETRIES) as client:
        with pytest.raises(TransportError, match=r"did not answer in 0\.05 s"):
            await client.rpc("getX")


async def test_nobody_there_is_a_transport_error() -> None:
    async with endpoint(None) as url:  # type: ignore[arg-type]
        pass
    async with Client(url, retry_policy=NO_RETRIES) as client:
        with pytest.raises(TransportError, match="cannot be reached"):
            await client.get_slot()
    async with Client("not a url", retry_policy=NO_RETRIES) as client:
        with pytest.raises(TransportError, match="cannot be reached"):
            await client.get_slot()


def test_what_is_no_endpoint_is_refused() -> None:
    with pytest.raises(TypeError, match="URL, an AsyncClient or an RpcTransport, not int"):
        Client(5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="processed, confirmed, finalized"):
        Client(FakeRpc(), commitment="max")


async def test_closing_twice_is_fine() -> None:
    transport = HttpTransport("http://127.0.0.1:9")
    await transport.aclose()
    await transport.aclose()


async def test_an_answer_that_drips_ends_with_the_timeout() -> None:
    async def answer(_: bytes) -> bytes:
        return b""

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1_000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with (
        endpoint(answer, after=drip) as url,
        Client(url, timeout_s=0.2, retry_policy=NO_RETRIES) as client,
    ):
        with pytest.raises(TransportError, match=r"did not answer in 0\.2 s"):
            await client.rpc("getX")


async def test_a_body_without_end_is_given_up() -> None:
    async def answer(_: bytes) -> bytes:
        body = gzip.compress(bytes(4_000_000))
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async with endpoint(answer) as url:
        transport = HttpTransport(url, max_answer_bytes=1_000_000)
        with pytest.raises(RpcError, match="answered more than 1000000 bytes"):
            await transport.call("getX", [])
        await transport.aclose()


ADDRESS = Pubkey.from_bytes(bytes([7]) * 32)
SIGNATURE = "5" * 87
CALLS = {
    "get_account_info": lambda client: client.get_account_info(ADDRESS),
    "get_multiple_accounts": lambda client: client.get_multiple_accounts([ADDRESS]),
    "fetch": lambda client: client.fetch(Collateral, ADDRESS),
    "fetch_optional": lambda client: client.fetch_optional(Collateral, ADDRESS),
    "fetch_multiple": lambda client: client.fetch_multiple(Collateral, [ADDRESS]),
    "scan": lambda client: client.scan(Collateral),
    "scan_data": lambda client: client.scan_data(ADDRESS),
    "get_balance": lambda client: client.get_balance(ADDRESS),
    "get_token_balance": lambda client: client.get_token_balance(ADDRESS),
    "get_minimum_balance": lambda client: client.get_minimum_balance(1),
    "get_slot": lambda client: client.get_slot(),
    "get_block_height": lambda client: client.get_block_height(),
    "get_clock": lambda client: client.get_clock(),
    "get_time": lambda client: client.get_time(),
    "get_latest_blockhash": lambda client: client.get_latest_blockhash(),
    "get_statuses": lambda client: client.get_statuses([SIGNATURE]),
    "get_transaction": lambda client: client.get_transaction(SIGNATURE),
}
NONSENSE = ["5", '"x"', "true", "[]", "[1]", "{}", '{"value":5}', '{"context":{},"value":[[]]}', "[{}]"]


def test_every_reading_call_is_asked() -> None:
    reads = {name for name in dir(Client) if name.startswith(("get_", "fetch", "scan"))}
    assert reads == set(CALLS)


async def outcome(call: Awaitable[Any]) -> tuple[Exception | None, Any]:
    try:
        return None, await call
    except Exception as error:
        return error, None


@pytest.mark.parametrize("name", CALLS)
async def test_a_result_of_another_shape_is_an_error_that_names_the_call(name: str) -> None:
    texts = [*NONSENSE, "null"]
    coming = iter(texts)

    async def answer(body: bytes) -> bytes:
        return result(body, next(coming))

    async with endpoint(answer) as url, Client(url, retry_policy=NO_RETRIES) as client:
        outcomes = [(text, *(await outcome(CALLS[name](client)))) for text in texts]
    refused = 0
    for text, failed, found in outcomes:
        if failed is None:  # an honest answer of the method
            integers = ("get_minimum_balance", "get_slot", "get_block_height", "get_balance")
            honest = (name in integers and text in ("5", '{"value":5}')) or found in (None, [])
            assert honest, (name, text, found)
        else:
            assert type(failed) is RpcError, (name, text, failed)
            assert "get" in failed.method
            assert "has not this method's shape" in failed.reason
            assert failed.__cause__ is not None
            refused += 1
    assert refused >= 7


NO_ANSWERS = [
    http(b"<html><body>Sign in</body></html>"),
    http(b"<html>500</html>", "500 Internal Server Error"),
    http(b"<html>403</html>", "403 Forbidden"),
    http(b"no", "503 Service Unavailable"),
    http(b'{"jsonrpc":"2.0","id":77,"result":null}'),
    http(b"null"),
    http(b""),
    b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"jsonrpc":"2.0","id":1,"result":',
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!",
    b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"res',
    b"",
]


@pytest.mark.parametrize("name", CALLS)
async def test_no_call_takes_a_broken_answer_for_one(name: str) -> None:
    answers = iter(NO_ANSWERS)

    async def answer(_: bytes) -> bytes:
        return next(answers)

    async with endpoint(answer) as url, Client(url, retry_policy=NO_RETRIES) as client:
        for reply in NO_ANSWERS:
            with pytest.raises(RpcError) as failed:
                await CALLS[name](client)
            assert type(failed.value) in (RpcError, TransportError), reply
            assert "get" in failed.value.method
            assert url in failed.value.reason
    assert next(answers, None) is None


WRONG_IDS = [http(b'{"jsonrpc":"2.0","id":"1","result":5}'), http(b'{"jsonrpc":"2.0","id":2,"result":5}')]


@pytest.mark.parametrize("reply", [*NO_ANSWERS, *WRONG_IDS, http(b"\xff\xfe"), http(b'{"error":"strange"}')])
async def test_solana_pys_client_is_read_as_closely(reply: bytes) -> None:
    """Its own reading takes any id, and answers nonsense with its parser's errors."""

    async def answer(_: bytes) -> bytes:
        return reply

    async with endpoint(answer) as url, AsyncClient(url) as plain:
        with pytest.raises(RpcError, match="getSlot: ") as failed:
            await Client(plain).get_slot()
    assert type(failed.value) in (RpcError, RpcRefusal, TransportError)
    assert isinstance(failed.value, RpcRefusal) or url in failed.value.reason


async def test_solana_pys_client_tells_when_the_node_is_busy() -> None:
    async def answer(_: bytes) -> bytes:
        return http(b"slow down", "429 Too Many Requests", retry_after="7")

    async with endpoint(answer) as url, AsyncClient(url) as plain:
        with pytest.raises(TransportError, match="429") as failed:
            await Client(plain).get_slot()
    assert (failed.value.may_have_arrived, failed.value.retry_after_s) == (False, 7)


async def test_solana_pys_client_does_not_outlive_the_timeout() -> None:
    async def answer(_: bytes) -> bytes:
        await asyncio.sleep(30)
        return b""

    async with endpoint(answer) as url, AsyncClient(url, timeout=20) as plain:
        with pytest.raises(TransportError, match=r"did not answer in 0\.03 s"):
            await Client(plain, timeout_s=0.03).get_slot()


@pytest.mark.parametrize("name", CALLS)
async def test_no_call_outlives_its_timeout(name: str) -> None:
    async def answer(_: bytes) -> bytes:
        await asyncio.sleep(30)
        return b""

    async with endpoint(answer) as url, Client(url, timeout_s=0.03, retry_policy=NO_RETRIES) as client:
        with pytest.raises(TransportError, match=r"did not answer in 0\.03 s") as failed:
            await CALLS[name](client)
    assert failed.value.__cause__ is not None


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after_s("1.5") == 1.5
    assert retry_after_s("-3") == 0
    assert retry_after_s(None) is retry_after_s("soon") is None
    soon = datetime.now(UTC) + timedelta(seconds=90)
    for text in (format_datetime(soon, usegmt=True), format_datetime(soon).replace("+0000", "-0000")):
        waited = retry_after_s(text)
        assert waited is not None
        assert 80 < waited <= 90
    assert retry_after_s(format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)) == 0
