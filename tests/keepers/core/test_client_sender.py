"""The production sender over a fake endpoint: dry mode above all."""

from __future__ import annotations

import pytest
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.metrics import Metrics
from solders.instruction import Instruction
from solders.keypair import Keypair

from gdx_sdk.client import Client
from gdx_sdk.errors import DryRunRefusal, ProgramError, RpcError, TransportError
from gdx_sdk.testing import FakeClock, FakeRpc
from gdx_sdk.tx import SignedTransaction
from tests.keepers.keeper_fakes import PROGRAM

KEY = Keypair.from_seed(bytes([5] * 32))
REFUSED = {"InstructionError": [1, {"Custom": 6202}]}
LOGS = (
    "Program DmcJg89j1VAE9q23t1TZwAjfv4hQsVJrdf3V3Mky5Wrh invoke [1]",
    "Program DmcJg89j1VAE9q23t1TZwAjfv4hQsVJrdf3V3Mky5Wrh failed: custom program error: 0x183a",
)


def make(rpc: FakeRpc, *, dry: bool = False) -> tuple[ClientSender, Metrics]:
    metrics = Metrics()
    client = Client(rpc, timer=FakeClock(), dry_run=dry)
    return ClientSender(client, KEY.pubkey() if dry else KEY, metrics=metrics, job="job"), metrics


def memo() -> Instruction:
    return Instruction(PROGRAM, b"hello", [])


async def test_signed_bytes_land_and_are_reported() -> None:
    rpc = FakeRpc()
    sender, metrics = make(rpc)
    signed = await sender.sign([memo()], compute_units=1_000)
    assert await sender.outcomes([signed.signature]) == [None]
    await sender.broadcast(signed)
    await sender.broadcast(signed)
    (outcome,) = await sender.outcomes([signed.signature])
    assert outcome is not None
    assert (outcome.error, outcome.is_finalized) == (None, True)
    assert rpc.sent[signed.signature].times_sent == 2
    assert metrics.value("gdx_keeper_transactions_total", job="job", outcome="sent") == 2


async def test_a_failure_on_chain_is_a_typed_refusal_with_its_log() -> None:
    rpc = FakeRpc()
    rpc.verdict.error, rpc.verdict.logs = REFUSED, LOGS
    sender, _ = make(rpc)
    signed = await sender.sign([memo()], compute_units=1_000)
    await sender.broadcast(signed)
    (outcome,) = await sender.outcomes([signed.signature])
    assert outcome is not None
    assert isinstance(outcome.error, ProgramError)
    assert (outcome.error.program, outcome.error.name) == ("oracle", "NotPublisher")
    trial = await sender.simulate([memo()])
    assert isinstance(trial.error, ProgramError)


async def test_a_failure_without_its_log_is_not_yet_final() -> None:
    rpc = FakeRpc()
    rpc.verdict.error = REFUSED
    rpc.on("getTransaction", lambda params: None)
    sender, _ = make(rpc)
    signed = await sender.sign([memo()], compute_units=1_000)
    await sender.broadcast(signed)
    (outcome,) = await sender.outcomes([signed.signature])
    assert outcome is not None
    assert not outcome.is_finalized


@pytest.mark.parametrize("meta", ["x", [1], {"logMessages": 5}, {"logMessages": [5]}])
async def test_a_record_of_another_shape_is_the_endpoints_fault(meta: object) -> None:
    rpc = FakeRpc()
    rpc.verdict.error = REFUSED
    rpc.on("getTransaction", lambda params: {"slot": 1, "meta": meta})
    sender, _ = make(rpc)
    signed = await sender.sign([memo()], compute_units=1_000)
    await sender.broadcast(signed)
    with pytest.raises(RpcError, match=f"getTransaction of {signed.signature}"):
        await sender.outcomes([signed.signature])


async def test_send_waits_until_applied_or_raises_the_refusal() -> None:
    rpc = FakeRpc()
    sender, _ = make(rpc)
    sent = await sender.send([memo()])
    assert sent is not None
    assert sent.signature in rpc.sent
    rpc.verdict.error, rpc.verdict.logs = REFUSED, LOGS
    with pytest.raises(ProgramError):
        await sender.send([memo()])


async def test_a_dry_sender_owns_no_key_and_sends_nothing() -> None:
    rpc = FakeRpc()
    sender, _ = make(rpc, dry=True)
    assert sender.is_dry_run
    assert sender.pubkey == KEY.pubkey()
    assert await sender.send([memo()]) is None
    with pytest.raises(DryRunRefusal):
        await sender.sign([memo()], compute_units=1_000)
    with pytest.raises(DryRunRefusal):
        await sender.broadcast(SignedTransaction("s", b"raw", 1))
    assert {method for method, _ in rpc.calls} == {"simulateTransaction"}
    assert rpc.sent == {}


@pytest.mark.parametrize("has_dry_client", [True, False])
async def test_either_a_public_key_or_a_dry_client_makes_it_dry(has_dry_client: bool) -> None:
    client = Client(FakeRpc(), timer=FakeClock(), dry_run=has_dry_client)
    sender = ClientSender(client, KEY if has_dry_client else KEY.pubkey(), metrics=Metrics(), job="job")
    assert sender.is_dry_run
    held = [getattr(sender, name, None) for name in vars(sender)]
    assert not any(isinstance(item, Keypair) or hasattr(item, "keypair") for item in held)


async def test_a_dry_send_raises_what_the_trial_run_refused() -> None:
    rpc = FakeRpc()
    rpc.verdict.error, rpc.verdict.logs = REFUSED, LOGS
    sender, _ = make(rpc, dry=True)
    with pytest.raises(ProgramError, match="NotPublisher"):
        await sender.send([memo()])


async def test_an_unreachable_endpoint_is_a_transport_error() -> None:
    rpc = FakeRpc()
    sender, _ = make(rpc)
    rpc.fail_next("simulateTransaction", TransportError("simulateTransaction", "refused"))
    with pytest.raises(TransportError):
        await sender.simulate([memo()])
