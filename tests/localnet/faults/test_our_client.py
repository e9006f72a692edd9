"""Our own `Client` against a chain that misbehaves."""

from __future__ import annotations

import asyncio

import pytest
from gdx_keepers.core.backoff import Backoff
from gdx_localnet import start_in_thread
from gdx_localnet.faults.rules import rule_from_text
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from gdx_sdk.client import NO_RETRIES, Client
from gdx_sdk.errors import TransactionError, TransactionExpired, TransportError
from gdx_sdk.streams import Gap, Resynced, StreamOptions, Streams
from gdx_sdk.testing import FakeClock

SOL = 10**9


@pytest.fixture
def served(driver):
    handle = start_in_thread(driver.chain)
    yield driver, handle
    handle.stop()


def arm(handle, *texts):
    handle.chain.faults.set([rule_from_text(text) for text in texts])


def pay(driver, receiver):
    return transfer(TransferParams(from_pubkey=driver.payer.pubkey(), to_pubkey=receiver, lamports=SOL))


@pytest.mark.parametrize("fault", ["429", "503", "drop", "drop-answer"])
async def test_an_outage_is_a_transport_error_that_a_retry_outlasts(served, fault):
    _, handle = served
    arm(handle, f"{fault}:method=getSlot,count=3")
    backoff, failures = Backoff(first_ms=1, limit_ms=1), 0
    async with Client(handle.url, retry_policy=NO_RETRIES) as client:
        while True:
            try:
                slot = await client.rpc("getSlot")
                break
            except TransportError:
                failures += 1
                backoff.fail(failures)
    assert isinstance(slot, int)
    # httpx itself repeats nothing: each strike is one failure that the caller saw.
    assert (failures, backoff.failures, handle.chain.faults.described()[0]["struck"]) == (3, 3, 3)


@pytest.mark.parametrize("fault", ["429", "503", "drop", "drop-answer"])
async def test_a_transaction_sent_again_after_an_outage_lands_once(served, fault):
    driver, handle = served
    receiver = Pubkey.new_unique()
    async with Client(handle.url, timer=FakeClock(), retry_policy=NO_RETRIES) as client:
        signed = await client.sign([pay(driver, receiver)], [driver.payer], compute_unit_limit=1_000)
        arm(handle, f"{fault}:method=sendTransaction,count=1")
        with pytest.raises(TransportError):
            await client.broadcast(signed)
        status = await client.confirm(signed)
        assert status.error is None
        assert await client.get_balance(receiver) == SOL


@pytest.mark.parametrize("fault", ["429:retry-after-s=2", "503", "drop", "drop-answer"])
async def test_the_retry_policy_outlasts_an_outage_of_every_method(served, fault):
    driver, handle = served
    receiver = Pubkey.new_unique()
    kind, _, rest = fault.partition(":")
    methods = ("getLatestBlockhash", "simulateTransaction", "sendTransaction", "getSignatureStatuses")
    arm(handle, *(f"{kind}:method={method},count=2,{rest}" for method in methods))
    timer = FakeClock()
    async with Client(handle.url, timer=timer) as client:
        await client.send([pay(driver, receiver)], [driver.payer])
        assert await client.get_balance(receiver) == SOL
    assert [rule["struck"] for rule in handle.chain.faults.described()] == [2, 2, 2, 2]
    assert (max(timer.sleeps) >= 2) == (kind == "429")  # as long as Retry-After asked for


async def test_a_send_survives_slow_answers(served):
    driver, handle = served
    receiver = Pubkey.new_unique()
    arm(handle, "delay:delay-ms=30,probability=0.5,seed=3")
    async with Client(handle.url, retry_policy=NO_RETRIES) as client:
        sent = await client.send([pay(driver, receiver)], [driver.payer])
        assert sent.signature
        assert await client.get_balance(receiver) == SOL
    assert handle.chain.faults.described()[0]["struck"] > 0


async def test_a_stale_blockhash_is_told_as_expiry_and_the_next_send_lands(served):
    driver, handle = served
    receiver = Pubkey.new_unique()
    arm(handle, "stale-blockhash:count=1")
    async with Client(handle.url, timer=FakeClock(), retry_policy=NO_RETRIES) as client:
        with pytest.raises((TransactionExpired, TransactionError)):
            await client.send([pay(driver, receiver)], [driver.payer])
        assert await client.get_balance(receiver) == 0
        await client.send([pay(driver, receiver)], [driver.payer])
        assert await client.get_balance(receiver) == SOL


async def test_a_stream_outlasts_cut_sockets_and_loses_nothing(served):
    """The chain cuts the socket three times, instead of a notification; each transaction is told once."""
    driver, handle = served
    receiver = Pubkey.new_unique()
    options = StreamOptions(backoff_first_s=0.01, backoff_last_s=0.05, reconcile_s=0.5)
    told, gaps, resynced = [], 0, 0
    async with (
        Client(handle.url) as client,
        Streams(client, options=options) as streams,
        streams.stream_logs(receiver) as stream,
        asyncio.timeout(60),
    ):
        arm(handle, "disconnect:method=logsNotification,count=3")
        sent = [await client.send([pay(driver, receiver)], [driver.payer]) for _ in range(6)]
        while len(told) < len(sent) or resynced < gaps or gaps == 0:
            item = await anext(stream)
            if isinstance(item, Gap):
                gaps += 1
            elif isinstance(item, Resynced):
                resynced += 1
            else:
                told.append(item.signature)
    assert told == [one.signature for one in sent]
    assert handle.chain.faults.described()[0]["struck"] >= 1
    assert gaps == resynced >= 1
