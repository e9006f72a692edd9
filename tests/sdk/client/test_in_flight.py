"""Money in flight: no failing call hides whether a transaction landed, and none makes it land twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair

from gdx_sdk.client import Client, Endpoint, RetryingTransport, RetryPolicy, RpcRefusal
from gdx_sdk.errors import (
    ConfirmationTimeout,
    InputError,
    ProgramError,
    RpcError,
    TransactionExpired,
    TransportError,
)
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing import FakeClock, FakeRpc
from gdx_sdk.testing.rpc import Verdict
from gdx_sdk.tx import MAX_COMPUTE_UNITS, Signer

ME = Signer(Keypair.from_seed(b"\x01" * 32))
POKE = Instruction(
    PROGRAM_IDS["position_mgmt"], b"hi", [AccountMeta(ME.pubkey, is_signer=True, is_writable=True)]
)
REFUSED = {"InstructionError": [1, {"Custom": 6400}]}


@pytest.fixture
def rpc() -> FakeRpc:
    return FakeRpc()


@pytest.fixture
def connect(rpc: FakeRpc) -> Callable[..., Client]:
    return lambda **options: Client(rpc, timer=FakeClock(), **options)


async def send(client: Client, **options: Any) -> Any:
    return await client.send([POKE], [ME], **({"compute_unit_limit": 1_000, "priority_fee": 0} | options))


async def test_equal_payments_at_the_highest_limit_are_two(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    client = connect()
    for _ in range(3):
        await send(client, compute_unit_limit=MAX_COMPUTE_UNITS)
    assert len(rpc.sent) == 3


@pytest.mark.parametrize(
    "error", [TransportError("sendTransaction", "lost"), RpcError("sendTransaction", "not JSON")]
)
async def test_what_may_have_arrived_is_waited_for(
    rpc: FakeRpc, connect: Callable[..., Client], error: RpcError
) -> None:
    rpc.fail_next("sendTransaction", error)
    sent = await send(connect())
    assert list(rpc.sent) == [sent.signature]
    assert rpc.count("sendTransaction") == 2


@pytest.mark.parametrize(
    "error",
    [
        TransportError("sendTransaction", "nobody there", may_have_arrived=False),
        RpcRefusal("sendTransaction", "bad signature", -32003, None),
    ],
)
async def test_what_was_not_sent_is_told_at_once(
    rpc: FakeRpc, connect: Callable[..., Client], error: RpcError
) -> None:
    rpc.fail_next("sendTransaction", error)
    with pytest.raises(type(error)) as failed:
        await send(connect())
    assert failed.value is error
    assert (rpc.sent, rpc.count("getSignatureStatuses"), error.signature) == ({}, 0, "")


class AnswerLost:
    """Takes the first transaction and does not say so; `then` is what it says of the next."""

    def __init__(self, rpc: FakeRpc, then: RpcError | None = None) -> None:
        self.rpc, self.then, self.times = rpc, then, 0

    async def call(self, method: str, params: list[Any]) -> Any:
        if method != "sendTransaction":
            return await self.rpc.call(method, params)
        self.times += 1
        if self.times == 2 and self.then is not None:
            raise self.then
        result = await self.rpc.call(method, params)
        if self.times == 1:
            raise TransportError(method, "read timed out")
        return result

    async def aclose(self) -> None:
        """Nothing to close."""


ALREADY = RpcRefusal("sendTransaction", "already processed", -32002, {"err": "AlreadyProcessed", "logs": []})
SPENT = RpcRefusal("sendTransaction", "simulation failed", -32002, {"err": REFUSED, "logs": []})
QUOTA = RpcRefusal("sendTransaction", "credits used up", -32029, None)
BEHIND = RpcRefusal("sendTransaction", "node is behind", -32005, None)


@pytest.mark.parametrize("then", [ALREADY, SPENT, QUOTA, BEHIND])
@pytest.mark.parametrize("is_other_endpoint", [False, True])
async def test_a_refusal_of_the_second_try_says_nothing_of_the_first(
    rpc: FakeRpc, then: RpcRefusal, is_other_endpoint: bool
) -> None:
    """Whoever takes it for a refusal pays again: each signing makes another transaction."""
    timer, other = FakeClock(), FakeRpc()
    endpoints = [Endpoint(AnswerLost(rpc, None if is_other_endpoint else then), "a")]
    if is_other_endpoint:
        other.fail_next("sendTransaction", then)
        endpoints.append(Endpoint(other, "b"))
        other.sent = rpc.sent  # of one cluster
    client = Client(RetryingTransport(endpoints, RetryPolicy(), timer), timer=timer)
    sent = await send(client)
    assert list(rpc.sent) == [sent.signature]


@pytest.mark.parametrize("then", [SPENT, QUOTA])
async def test_when_neither_try_landed_the_refusal_is_the_cause_in_the_end(
    rpc: FakeRpc, then: RpcRefusal
) -> None:
    rpc.fail_next("sendTransaction", TransportError("sendTransaction", "read timed out"), then)
    rpc.fail_next("sendTransaction", *[QUOTA] * 200)
    timer = FakeClock()
    client = Client(RetryingTransport([Endpoint(rpc, "a")], RetryPolicy(), timer), timer=timer)
    with pytest.raises(ConfirmationTimeout) as failed:
        await send(client)
    assert failed.value.signature
    assert rpc.sent == {}


async def test_what_is_there_already_is_no_refusal(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    client = connect()
    signed = await client.sign([POKE], [ME], compute_unit_limit=1_000)
    await client.broadcast(signed)
    rpc.fail_next("sendTransaction", ALREADY)
    await client.broadcast(signed)
    assert (await client.confirm(signed)).error is None


async def test_an_endpoint_that_fails_meanwhile_is_asked_again(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.fail_next("getSignatureStatuses", *[TransportError("getSignatureStatuses", "busy")] * 3)
    assert (await send(connect())).slot == rpc.slot


async def test_a_timeout_names_the_transaction_and_its_cause(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    lost = TransportError("getSignatureStatuses", "lost")
    rpc.fail_next("getSignatureStatuses", *[lost] * 1_000)
    with pytest.raises(ConfirmationTimeout) as failed:
        await send(connect(confirm_timeout_s=5))
    assert failed.value.__cause__ is lost
    assert [failed.value.signature] == list(rpc.sent)


async def test_nonsense_of_a_status_names_the_transaction(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.on("getSignatureStatuses", lambda _: "nonsense")
    with pytest.raises(RpcError, match="not this method's shape") as failed:
        await send(connect())
    assert [failed.value.signature] == list(rpc.sent)


async def test_only_a_node_that_came_as_far_may_say_that_it_expired(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(is_dropped=True)
    client = connect(confirm_timeout_s=10)
    signed = await client.sign([POKE], [ME], compute_unit_limit=1_000)
    rpc.block_height = signed.last_valid_block_height + 1
    behind = {"context": {"slot": rpc.slot - 1}, "value": [None]}
    rpc.on("getSignatureStatuses", lambda _: behind)
    with pytest.raises(ConfirmationTimeout):
        await client.confirm(signed)
    behind["context"] = {"slot": rpc.slot}
    with pytest.raises(TransactionExpired) as expired:
        await client.confirm(signed)
    assert expired.value.signature == signed.signature


async def test_a_height_that_cannot_be_read_is_the_cause_in_the_end(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(is_dropped=True)
    rpc.on("getEpochInfo", lambda _: [])
    with pytest.raises(ConfirmationTimeout) as failed:
        await send(connect(confirm_timeout_s=5))
    assert isinstance(failed.value.__cause__, RpcError)
    assert failed.value.__cause__.method == "getEpochInfo"


async def test_an_applied_transaction_is_no_failure_when_its_cost_is_not_shown(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    shown: list[Any] = [None, RpcRefusal("getTransaction", "no history", -32011, None)]

    def record(params: list[Any]) -> Any:
        answer = shown.pop(0) if shown else rpc._on_getTransaction(params)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rpc.on("getTransaction", record)
    sent = await send(connect())
    assert (sent.slot, sent.fee_lamports, sent.is_cost_known) == (1_000, 0, False)
    shown += [None, None]  # shown a little later
    sent = await send(connect(), compute_unit_limit=2_000)
    assert (sent.fee_lamports, sent.is_cost_known) == (5_000, True)
    shown += [None] * 50
    assert not (await send(connect(), compute_unit_limit=3_000)).is_cost_known


async def test_a_refusal_without_its_logs_names_the_program_and_why_there_are_none(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(error=REFUSED)
    gone = RpcError("getTransaction", "no history")
    rpc.fail_next("getTransaction", gone)
    with pytest.raises(ProgramError, match="position_mgmt refused: 6400 NotAdmin") as refused:
        await send(connect())
    assert refused.value.__cause__ is gone
    assert [refused.value.signature] == list(rpc.sent)


@pytest.mark.parametrize("fee", [-1, 2**64, True, 1.5, "high", None])
async def test_a_fee_that_is_none_is_refused(connect: Callable[..., Client], fee: Any) -> None:
    with pytest.raises(InputError, match=r"priority_fee = .*microlamports"):
        await send(connect(), priority_fee=fee)


@pytest.mark.parametrize("limit", [0, -5, MAX_COMPUTE_UNITS + 1, True, 7.0, "auto", None])
async def test_a_limit_that_is_none_is_refused(connect: Callable[..., Client], limit: Any) -> None:
    with pytest.raises(InputError, match=r"compute_unit_limit = .*must be 1 to"):
        await send(connect(), compute_unit_limit=limit)
