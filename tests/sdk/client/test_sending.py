"""Sending on a fake chain: landed, refused, dropped, expired, repeated, dry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.client import Client
from gdx_sdk.client.sender import limit_with_margin
from gdx_sdk.errors import (
    ConfirmationTimeout,
    DryRunRefusal,
    InputError,
    ProgramError,
    RpcError,
    TransactionError,
    TransactionExpired,
    TransportError,
)
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing import FakeClock, FakeRpc
from gdx_sdk.testing.rpc import Verdict
from gdx_sdk.tx import Signer

PROGRAM = PROGRAM_IDS["position_mgmt"]
ME = Signer(Keypair.from_seed(b"\x01" * 32))
REFUSED = {"InstructionError": [2, {"Custom": 6400}]}
LOGS = (f"Program {PROGRAM} invoke [1]", f"Program {PROGRAM} failed: custom program error: 0x1900")


def poke(payload: bytes = b"hi") -> Instruction:
    return Instruction(PROGRAM, payload, [AccountMeta(ME.pubkey, is_signer=True, is_writable=True)])


@pytest.fixture
def rpc() -> FakeRpc:
    return FakeRpc()


@pytest.fixture
def connect(rpc: FakeRpc) -> Callable[..., Client]:
    return lambda **options: Client(rpc, timer=FakeClock(), **options)


async def test_a_transaction_is_tried_signed_sent_and_confirmed(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(compute_units=40_000, logs=("Program log: done",))
    sent = await connect().send([poke()], [ME])
    assert (sent.slot, sent.compute_units, sent.fee_lamports) == (1_000, 40_000, 5_000)
    assert sent.logs == ("Program log: done",)
    landed = rpc.sent[sent.signature].transaction
    landed.verify_and_hash_message()
    assert landed.message.account_keys[0] == ME.pubkey
    limit = int.from_bytes(landed.message.instructions[0].data[1:], "little")
    assert limit == limit_with_margin(40_000) == 45_000


async def test_a_refusal_in_the_trial_run_signs_nothing(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    rpc.verdict = Verdict(error=REFUSED, logs=LOGS)
    with pytest.raises(
        ProgramError, match="position_mgmt refused: 6400 NotAdmin: the signer is not"
    ) as refused:
        await connect().send([poke()], [ME])
    assert refused.value.logs == LOGS
    assert rpc.sent == {}


async def test_a_refusal_after_landing_is_raised_with_its_logs(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(error=REFUSED, logs=LOGS)
    with pytest.raises(ProgramError) as refused:
        await connect().send([poke()], [ME], compute_unit_limit=50_000)
    assert (refused.value.code, refused.value.logs) == (6400, LOGS)
    assert len(rpc.sent) == 1


async def test_equal_instructions_become_different_transactions(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    client = connect()
    for _ in range(4):
        await client.send([poke()], [ME], compute_unit_limit=50_000, priority_fee=0)
    assert len(rpc.sent) == 4


async def test_a_dropped_transaction_is_sent_again_until_it_lands(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    rpc.verdict = Verdict(is_dropped=True)
    client = connect()
    signed = await client.sign([poke()], [ME], compute_unit_limit=1_000)
    await client.broadcast(signed)

    def statuses(params: list[Any]) -> Any:
        record = rpc.sent[signed.signature]
        record.is_visible = record.times_sent >= 3
        return rpc._on_getSignatureStatuses(params)

    rpc.on("getSignatureStatuses", statuses)
    status = await client.confirm(signed)
    assert status.is_finalized
    assert rpc.sent[signed.signature].times_sent == 3


async def test_a_dead_blockhash_is_an_expiry(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    rpc.verdict = Verdict(is_dropped=True)
    client = connect()
    signed = await client.sign([poke()], [ME], compute_unit_limit=1_000)
    await client.broadcast(signed)
    rpc.block_height = signed.last_valid_block_height + 1
    with pytest.raises(TransactionExpired, match=f"block height {signed.last_valid_block_height}"):
        await client.confirm(signed)


async def test_silence_is_a_timeout_and_no_expiry(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    rpc.verdict = Verdict(is_dropped=True)
    with pytest.raises(ConfirmationTimeout, match="not seen at confirmed after 60 s"):
        await connect(confirm_timeout_s=60).send([poke()], [ME])


async def test_repeating_may_fail_without_harm(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    client = connect()
    signed = await client.sign([poke()], [ME], compute_unit_limit=1_000)
    rpc.fail_next("sendTransaction", TransportError("sendTransaction", "down"))
    with pytest.raises(TransportError):
        await client.broadcast(signed)
    rpc.fail_next("sendTransaction", TransportError("sendTransaction", "still down"))
    assert (await client.confirm(signed)).is_finalized
    assert rpc.count("sendTransaction") == 3


async def test_in_a_dry_run_nothing_is_signed_or_sent(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    rpc.verdict = Verdict(compute_units=7)
    client = connect(dry_run=True)
    sent = await client.send([poke()], [ME], compute_unit_limit=1_000)
    assert (sent.is_dry_run, sent.signature, sent.compute_units) == (True, "", 7)
    with pytest.raises(DryRunRefusal, match="signing"):
        await client.sign([poke()], [ME], compute_unit_limit=1_000)
    wet = await connect().sign([poke()], [ME], compute_unit_limit=1_000)
    with pytest.raises(DryRunRefusal, match="sending"):
        await client.broadcast(wet)
    with pytest.raises(DryRunRefusal, match="airdrop"):
        await client.airdrop(ME.pubkey, 1)
    rpc.verdict = Verdict(error=REFUSED, logs=LOGS)
    with pytest.raises(ProgramError):
        await client.send([poke()], [ME])
    assert rpc.sent == {}
    assert rpc.count("sendTransaction") == rpc.count("requestAirdrop") == 0


async def test_the_priority_fee_follows_recent_ones(rpc: FakeRpc, connect: Callable[..., Client]) -> None:
    rpc.priority_fees = [0, 10, 20, 1_000]
    client = connect()
    for _ in range(3):
        sent = await client.send([poke()], [ME])
    price = rpc.sent[sent.signature].transaction.message.instructions[1].data
    assert int.from_bytes(price[1:], "little") == 1_000
    assert rpc.count("getRecentPrioritizationFees") == 1
    await client.send([poke()], [ME], priority_fee=5)
    assert rpc.count("getRecentPrioritizationFees") == 1


async def test_signers_must_be_those_asked_for(connect: Callable[..., Client]) -> None:
    other = Keypair()
    with pytest.raises(InputError, match=f"must include {ME.pubkey}"):
        await connect().sign([poke()], [other], payer=ME.pubkey, compute_unit_limit=1)
    with pytest.raises(InputError, match="not asked for"):
        await connect().sign([poke()], [ME, other], compute_unit_limit=1)
    with pytest.raises(InputError, match="without a payer"):
        await connect().send([poke()], [])
    with pytest.raises(InputError, match="at least one"):
        await connect().send([], [ME])


async def test_a_transaction_over_the_packet_is_refused_before_sending(
    rpc: FakeRpc, connect: Callable[..., Client]
) -> None:
    with pytest.raises(TransactionError, match="a packet holds 1232"):
        await connect().send([poke(bytes(1_300))], [ME], compute_unit_limit=1_000)
    assert rpc.sent == {}


async def test_an_airdrop_is_waited_for(connect: Callable[..., Client]) -> None:
    client = connect()
    key = Pubkey.new_unique()
    await client.airdrop(key, 5)
    assert await client.get_balance(key) == 5


async def test_an_endpoint_that_refuses_is_an_rpc_error(connect: Callable[..., Client]) -> None:
    with pytest.raises(RpcError, match="Method not found") as refused:
        await connect().rpc("getUnknown")
    assert refused.value.code == -32601
