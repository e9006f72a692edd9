"""Whatever happens on the socket, the reader's view becomes the chain's, in order, and it is told of gaps."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from gdx_localnet import EmbeddedChain, start_in_thread
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.accounts import RelayerBeat
from gdx_sdk.client import Client, HttpTransport
from gdx_sdk.errors import TransportError
from gdx_sdk.programs import PROGRAM_IDS
from gdx_sdk.streams import (
    AccountUpdate,
    Gap,
    Resynced,
    Stream,
    StreamOptions,
    Streams,
    TransactionLogs,
)
from gdx_sdk.testing import build_account
from tests.sdk.streams.chaos_proxy import GENTLE, HARSH, ChaosProxy
from tests.sdk.streams.scripted_socket import until

OWNER = PROGRAM_IDS["position_mgmt"]
OPTIONS = StreamOptions(
    request_timeout_s=3.0,
    close_timeout_s=0.2,
    reconcile_s=0.15,
    max_lag_slots=3,
    backoff_first_s=0.01,
    backoff_last_s=0.1,
)
SEEDS = tuple(range(int(os.environ.get("GDX_STREAM_SEEDS", "1"))))


class FlakyTransport(HttpTransport):
    """The chain's HTTP, which cannot be reached now and then."""

    def __init__(self, url: str, rng: random.Random) -> None:
        super().__init__(url)
        self.rng, self.is_calm = rng, True

    async def call(self, method: str, params: list[Any]) -> Any:
        if not self.is_calm and self.rng.random() < 0.1:
            raise TransportError(method, "flaky on purpose")
        return await super().call(method, params)


class Reader:
    """Keeps what a stream says, and checks the order in which it says it."""

    def __init__(self) -> None:
        self.states: dict[Pubkey, tuple[int, RelayerBeat | None]] = {}
        self.transactions: list[str] = []
        self.open_gap: Gap | None = None
        self.gaps = 0

    async def follow(self, stream: Stream[Any]) -> None:
        async for item in stream:
            self.hear(item)

    def hear(self, item: Any) -> None:
        if isinstance(item, Gap):
            assert self.open_gap is None, "a gap within a gap"
            self.open_gap, self.gaps = item, self.gaps + 1
            assert item.reason
        elif isinstance(item, Resynced):
            assert self.open_gap is not None
            assert item.from_slot == self.open_gap.from_slot <= item.to_slot
            self.open_gap = None
        elif isinstance(item, AccountUpdate):
            slot, before = self.states.get(item.address, (0, None))
            assert item.slot >= slot, "an older state after a newer one"
            assert item.account != before or item.address not in self.states, "the same state twice"
            self.states[item.address] = (item.slot, item.account)
        else:
            assert isinstance(item, TransactionLogs)
            assert item.signature not in self.transactions, "the same transaction twice"
            self.transactions.append(item.signature)

    def view(self) -> dict[Pubkey, RelayerBeat]:
        return {address: state for address, (_, state) in self.states.items() if state is not None}


class Writer:
    """Writes to a few accounts at random, and knows what the chain holds."""

    def __init__(self, chain: EmbeddedChain, rng: random.Random) -> None:
        self.chain, self.rng = chain, rng
        self.addresses = [Pubkey(rng.randbytes(32)) for _ in range(5)]
        self.truth: dict[Pubkey, RelayerBeat] = {}
        self.paid: list[str] = []
        self.number = 0
        for address in self.addresses:
            self.write(address)

    def write(self, address: Pubkey) -> None:
        self.number += 1
        beat = build_account(RelayerBeat, slot=self.number)
        self.chain.set_account(address, Account(10**9, beat.encode(), OWNER, False, 0))
        self.truth[address] = beat

    def close(self, address: Pubkey) -> None:
        self.chain.set_account(address, Account(0, b"", Pubkey.default(), False, 0))
        self.truth.pop(address, None)

    def step(self) -> None:
        address = self.rng.choice(self.addresses)
        if self.rng.random() < 0.05:
            self.close(address)
        else:
            self.write(address)
        if self.chain.slot_mode == "manual" and self.rng.random() < 0.4:
            self.chain.advance_slots(1)

    def pay(self, address: Pubkey) -> None:
        self.number += 1
        self.paid.append(str(self.chain.airdrop(address, 10**6 + self.number)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ways", [GENTLE, HARSH, GENTLE + HARSH], ids=["gentle", "harsh", "all"])
async def test_the_view_becomes_the_chains(seed: int, ways: tuple[str, ...]) -> None:
    print("seed", seed)
    rng = random.Random(f"{seed} {ways}")
    mode = rng.choice(("fast", "manual"))  # manual: several writes share a slot
    handle = start_in_thread(EmbeddedChain(slot_mode=mode, seed=b"chaos"))
    try:
        writer, transport = Writer(handle.chain, rng), FlakyTransport(handle.url, rng)
        proxy = ChaosProxy(handle.ws_url, rng, ways=ways, probability=0.15)
        async with proxy.serving(), Client(transport) as client:
            await _follow_through_chaos(client, proxy, transport, writer, rng)
    finally:
        handle.stop()


async def _follow_through_chaos(
    client: Client, proxy: ChaosProxy, transport: FlakyTransport, writer: Writer, rng: random.Random
) -> None:
    one, all_of_them = Reader(), Reader()
    watched = writer.addresses[0]
    async with (
        Streams(client, proxy.url, options=OPTIONS, rng=rng) as streams,
        streams.stream_account(RelayerBeat, watched) as account,
        streams.stream_program(RelayerBeat) as program,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(one.follow(account)), group.create_task(all_of_them.follow(program))]
        proxy.is_calm = transport.is_calm = False
        for _ in range(120):
            writer.step()
            await asyncio.sleep(rng.choice((0, 0, 0.005, 0.02)))
        proxy.is_calm = transport.is_calm = True
        handle_slots(writer)
        await until(lambda: all_of_them.view() == writer.truth and all_of_them.open_gap is None)
        await until(lambda: one.view().get(watched) == writer.truth.get(watched))
        await until(lambda: account.is_synced and program.is_synced)
        for task in tasks:
            task.cancel()
    assert sum(proxy.done.values()) > 0, "nothing went wrong: no test"
    if proxy.done.keys() & {"close", "abort", "truncate"}:
        assert one.gaps > 0
        assert all_of_them.gaps > 0


def handle_slots(writer: Writer) -> None:
    """Let the chain move on, so that a socket that has stalled is found out."""
    if writer.chain.slot_mode == "manual":
        writer.chain.advance_slots(10)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_transaction_is_told_once(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(f"logs {seed}")
    handle = start_in_thread(EmbeddedChain(seed=b"chaos"))
    try:
        writer, transport = Writer(handle.chain, rng), FlakyTransport(handle.url, rng)
        address, reader = Pubkey(rng.randbytes(32)), Reader()
        proxy = ChaosProxy(handle.ws_url, rng, ways=GENTLE + HARSH, probability=0.15)
        for _ in range(3):
            writer.pay(address)
        before = set(writer.paid)
        async with (
            proxy.serving(),
            Client(transport) as client,
            Streams(client, proxy.url, options=OPTIONS, rng=rng) as streams,
            streams.stream_logs(address) as logs,
        ):
            task = asyncio.create_task(reader.follow(logs))
            proxy.is_calm = transport.is_calm = False
            for _ in range(60):
                writer.pay(address)
                await asyncio.sleep(rng.choice((0, 0.005, 0.02)))
            proxy.is_calm = transport.is_calm = True
            await until(lambda: task.done() or set(reader.transactions) == set(writer.paid) - before)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert set(reader.transactions) == set(writer.paid) - before
    finally:
        handle.stop()
