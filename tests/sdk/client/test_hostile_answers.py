"""Answers of no sense in every place of a sending call: typed errors, and what landed is not hidden."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.client import Client, LookupTables
from gdx_sdk.client.transport import retry_after_s
from gdx_sdk.errors import CodecError, ConfirmationTimeout, GdxError, RpcError, TransactionError
from gdx_sdk.events import events_in_transaction
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.testing import FakeClock, FakeRpc
from gdx_sdk.testing.rpc import Verdict
from gdx_sdk.tx import SignedTransaction, Signer, decode_failure
from tests.sdk.client.bad_endpoint import endpoint

ME = Signer(Keypair.from_seed(b"\x01" * 32))
POKE = Instruction(PROGRAM_IDS["oracle"], b"hi", [AccountMeta(ME.pubkey, True, True)])
KEY = "11111111111111111111111111111111"
INFINITE = float("inf")  # what JSON's 1e999 is


def context(value: Any) -> dict[str, Any]:
    return {"context": {"slot": 1}, "value": value}


def status(**parts: Any) -> dict[str, Any]:
    return context([{"slot": 1, "err": None, "confirmationStatus": "finalized"} | parts])


ERRORS = [5, [], {"InstructionError": 5}, {"InstructionError": ["a", {"Custom": 1}]}]
ERRORS += [
    {"InstructionError": [0, {"Custom": None}]},
    {"InstructionError": [0]},
    {"InstructionError": [0, 1, 2]},
]
NONSENSE: list[Any] = [None, 5, "x", True, [], [1], [{}], {}, context(5), context(None), context([[]])]
NONSENSE += [
    status(slot=INFINITE),
    status(confirmationStatus=["x"]),
    *(status(err=error) for error in ERRORS),
]
NONSENSE += [{"slot": INFINITE}, {"slot": 1, "meta": "x"}]
NONSENSE += [
    {"slot": 1, "meta": meta}
    for meta in ({"computeUnitsConsumed": "x"}, {"fee": [1]}, {"logMessages": 5}, {"logMessages": [5]})
]
NONSENSE += [
    context({"err": None} | parts)
    for parts in ({"logs": 5}, {"logs": [5]}, {"unitsConsumed": INFINITE}, {"returnData": {"data": ["!"]}})
]
NONSENSE += [context({"err": error}) for error in ERRORS]
NONSENSE += [
    context({"blockhash": "x", "lastValidBlockHeight": 1}),
    context({"blockhash": KEY, "lastValidBlockHeight": INFINITE}),
    context({"data": ["", "base64"], "owner": KEY, "lamports": INFINITE, "executable": False}),
    [{"prioritizationFee": INFINITE}],
    {"absoluteSlot": INFINITE, "blockHeight": 1_000_000},
]
METHODS = ["simulateTransaction", "getLatestBlockhash", "getRecentPrioritizationFees", "sendTransaction"]
METHODS += ["getSignatureStatuses", "getTransaction", "getEpochInfo", "requestAirdrop", "getAccountInfo"]
CALLS: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "simulate": lambda client: client.simulate([POKE], payer=ME.pubkey),
    "send": lambda client: client.send([POKE], [ME]),
    "airdrop": lambda client: client.airdrop(ME.pubkey, 5),
    "create a table": lambda client: LookupTables(client, ME).create([Pubkey.default()]),
}
VERDICTS = {
    "applied": Verdict(),
    "dropped": Verdict(is_dropped=True),
    "refused": Verdict({"InstructionError": [1, {"Custom": 6400}]}),
}


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("name", CALLS)
async def test_nonsense_is_a_typed_error_wherever_it_comes(name: str, verdict: str) -> None:
    failed = 0
    for method in METHODS:
        for nonsense in NONSENSE:
            rpc = FakeRpc(verdict=VERDICTS[verdict])
            rpc.on(method, lambda _, nonsense=nonsense: nonsense)
            try:
                await CALLS[name](Client(rpc, timer=FakeClock(), confirm_timeout_s=5))
            except GdxError:
                failed += 1
            except Exception as error:
                raise AssertionError(f"{method} answered {nonsense!r}") from error
    assert failed > 25


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_what_was_applied_is_no_failure_whatever_its_record_looks_like(nonsense: Any) -> None:
    rpc = FakeRpc()
    rpc.on("getTransaction", lambda _: nonsense)
    sent = await Client(rpc, timer=FakeClock()).send([POKE], [ME])
    assert list(rpc.sent) == [sent.signature]
    assert not sent.is_cost_known


@pytest.mark.parametrize(
    ("error", "said"),
    list(zip(ERRORS, ["5", "[]", "5", "'a'", "Custom None", "[0]", "[0, 1, 2]"], strict=True)),
)
def test_a_failure_of_another_shape_is_shown_as_it_is(error: Any, said: str) -> None:
    failure = decode_failure(error, ["Program log: a"])
    assert type(failure) is TransactionError
    assert said in str(failure)


async def test_an_airdrop_without_a_signature_is_not_waited_for() -> None:
    rpc = FakeRpc()
    rpc.on("requestAirdrop", lambda _: None)
    with pytest.raises(RpcError, match=r"requestAirdrop: .*shape"):
        await Client(rpc, timer=FakeClock()).airdrop(ME.pubkey, 5)
    assert rpc.count("getSignatureStatuses") == 0


async def test_a_silent_endpoint_does_not_stretch_the_wait_for_a_confirmation() -> None:
    """The call's own limit is longer than the time that was given for the confirmation."""

    async def answer(_: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    signed = SignedTransaction("5" * 87, b"", 1)
    async with (
        endpoint(answer) as url,
        Client(url, timeout_s=50, confirm_timeout_s=0.1, ws_url=None) as client,
    ):
        with pytest.raises(ConfirmationTimeout, match=r"not seen at confirmed after 0\.1 s") as failed:
            await client.confirm(signed)
    assert failed.value.signature == signed.signature
    assert failed.value.__cause__ is None  # the call was cut short, before its own limit made it fail


@pytest.mark.parametrize(
    "transaction",
    [
        *(None, 5, [], {}),
        {"meta": [], "transaction": ["!", "base64"]},
        {"meta": {"err": None, "loadedAddresses": [1]}, "transaction": ["AAAA", "base64"]},
        {"meta": {"err": None}, "transaction": ["A", "base64"]},
    ],
)
def test_a_transaction_that_is_none_is_a_codec_error(transaction: Any) -> None:
    with pytest.raises(CodecError, match="transaction"):
        events_in_transaction(transaction)


def test_a_date_beyond_every_calendar_is_no_wait() -> None:
    assert retry_after_s("Wed, 21 Oct 99999999999999999999 07:28:00 GMT") is None
