"""A market's history verifies as it is, and no longer once anything in it is altered, wherever that is."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk import pdas
from gdx_sdk.accounts import GlobalConfig, PerpMarket, SettlementBatch
from gdx_sdk.batch import FileOutbox, HistoryReport, SealedBatch
from gdx_sdk.batch._stored import batch_to_json
from gdx_sdk.batch.sealed import seal_batch
from gdx_sdk.client import Client, verify_history
from gdx_sdk.errors import AccountNotFound, InputError, TransportError
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import ONE, USDT, InProcess, World, make_world

COUNT, TRADES = 5, 6


@dataclass
class Scene:
    """Five settled batches (V1, V1, a heartbeat, V2, V2) and the outbox they came from."""

    world: World
    batches: list[SealedBatch]
    folder: Path

    def copy(self, to: Path) -> Path:
        shutil.copytree(self.folder, to)
        return to


async def build(folder: Path) -> Scene:
    world = await make_world()
    alice, bob = await world.trader("alice", 10_000 * USDT), await world.trader("bob", 10_000 * USDT)
    desk = Desk(world, folder)

    def trades(count: int) -> list[Any]:
        return [world.trade(alice, bob, (-1) ** n * ONE) for n in range(count)]

    batches = [desk.put(trades(2)), desk.put(trades(1)), desk.put([])]
    await desk.drive(desk.relayer())
    batches += [desk.put(trades(2), version=2), desk.put(trades(1), version=2)]
    await desk.drive(desk.relayer())
    return Scene(world, batches, folder / "outbox")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return asyncio.run(build(tmp_path_factory.mktemp("history")))


@pytest.fixture
def outbox(scene: Scene, tmp_path: Path) -> Path:
    """A copy of the outbox, to be damaged."""
    return scene.copy(tmp_path / "outbox")


@pytest.fixture
def chain(scene: Scene) -> Iterator[Callable[[Pubkey, bytes | None], None]]:
    """Overwrites an account's data (None: closes it) until the test is over."""
    before: dict[Pubkey, Account | None] = {}

    def put(address: Pubkey, data: bytes | None) -> None:
        account = scene.world.account(address)
        before.setdefault(address, account)
        assert account is not None
        gone = Account(0, b"", Pubkey.default(), False, 0)
        now = gone if data is None else Account(account.lamports, data, account.owner, False, 0)
        scene.world.chain.set_account(address, now)

    yield put
    for address, account in before.items():
        assert account is not None
        scene.world.chain.set_account(address, account)


async def verify(scene: Scene, outbox: Path | None = None, **more: Any) -> HistoryReport:
    box = FileOutbox(outbox) if outbox is not None else None
    return await verify_history(scene.world.client, scene.world.market, outbox=box, **more)


def file_of(scene: Scene, outbox: Path, sequence: int) -> Path:
    return outbox / str(scene.world.market) / "settled" / f"{sequence:020d}.json"


def record_of(scene: Scene, sequence: int) -> tuple[Pubkey, SettlementBatch]:
    address = pdas.settlement_batch(scene.batches[sequence - 1].batch_id)
    account = scene.world.account(address)
    assert account is not None
    return address, SettlementBatch.decode(account.data)


HAS_CLOSED_MARKETS_OFFSET = 8 + 398  # in the configuration


def with_closed_markets(chain: Any) -> None:
    """What closing some other market writes into the configuration."""
    account = chain.account(pdas.config())
    data = bytearray(account.data)
    data[HAS_CLOSED_MARKETS_OFFSET] = 1
    assert GlobalConfig.decode(bytes(data)).has_closed_markets
    chain.set_account(pdas.config(), Account(account.lamports, bytes(data), account.owner, False, 0))


class ClosedBefore(InProcess):
    """Some market has been closed as soon as there is a configuration."""

    async def call(self, method: str, params: list[Any]) -> Any:
        if self.chain.account(pdas.config()) is not None:
            with_closed_markets(self.chain)
        return await super().call(method, params)


@pytest.mark.parametrize("from_outbox", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3])
async def test_another_markets_end_does_not_break_this_ones_history(
    tmp_path: Path, from_outbox: bool, count: int
) -> None:
    world = await make_world()
    alice, bob = await world.trader("alice", 10_000 * USDT), await world.trader("bob", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    for _ in range(count):
        desk.put([world.trade(alice, bob, ONE)])
    await desk.drive(desk.relayer())
    with_closed_markets(world.chain)
    outbox = FileOutbox(tmp_path / "outbox") if from_outbox else None
    report = await verify_history(world.client, world.market, outbox=outbox)
    assert report.is_proven, report.failures
    assert (report.first, report.last, report.batch_count) == (1, count, count)


@pytest.mark.parametrize("from_outbox", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3])
async def test_a_market_created_after_another_was_closed(
    tmp_path: Path, from_outbox: bool, count: int
) -> None:
    world = await make_world(ClosedBefore)
    alice, bob = await world.trader("alice", 10_000 * USDT), await world.trader("bob", 10_000 * USDT)
    desk = Desk(world, tmp_path)
    market = await world.client.fetch(PerpMarket, world.market)
    desk.sequence, desk.previous_id = market.last_batch_sequence, bytes(market.last_batch_id)
    assert desk.sequence == 1
    for _ in range(count):
        desk.put([world.trade(alice, bob, ONE)])
    await desk.drive(desk.relayer())
    outbox = FileOutbox(tmp_path / "outbox") if from_outbox else None
    report = await verify_history(world.client, world.market, outbox=outbox)
    assert report.is_proven, report.failures
    assert (report.first, report.last, report.batch_count) == (2, 1 + count, count)
    if count > 1:
        part = await verify_history(world.client, world.market, outbox=outbox, first=3)
        assert (part.is_proven, part.first, part.batch_count) == (True, 3, count - 1)


async def test_a_missing_first_batch_is_said_whatever_was_closed(tmp_path: Path) -> None:
    for transport in (InProcess, ClosedBefore):
        folder = tmp_path / transport.__name__
        world = await make_world(transport)
        alice, bob = await world.trader("alice", 10_000 * USDT), await world.trader("bob", 10_000 * USDT)
        desk = Desk(world, folder)
        market = await world.client.fetch(PerpMarket, world.market)
        start = desk.sequence, desk.previous_id = market.last_batch_sequence, bytes(market.last_batch_id)
        for _ in range(3):
            desk.put([world.trade(alice, bob, ONE)])
        await desk.drive(desk.relayer())
        with_closed_markets(world.chain)
        first = start[0] + 1
        (folder / "outbox" / str(world.market) / "settled" / f"{first:020d}.json").unlink()
        report = await verify_history(world.client, world.market, outbox=FileOutbox(folder / "outbox"))
        assert [one.check for one in report.failures] == ["sequence"], report.failures


async def test_an_untouched_history_is_proven(scene: Scene) -> None:
    told: list[tuple[int, int | None]] = []
    report = await verify(scene, scene.folder, on_progress=lambda *progress: told.append(progress))
    assert report.is_proven, report.failures
    assert (report.source, report.first, report.last, report.unproven) == ("outbox", 1, COUNT, [])
    assert (report.batch_count, report.record_count, report.transaction_count) == (COUNT,) * 3
    assert (report.trade_count, report.verified_trade_count) == (TRADES, TRADES)
    assert told == [(COUNT, COUNT)]


async def test_the_chain_alone_proves_all_but_the_trades_of_v2(scene: Scene) -> None:
    report = await verify(scene)
    assert report.is_proven, report.failures
    assert (report.source, report.batch_count, report.record_count) == ("chain", COUNT, COUNT)
    assert (report.trade_count, report.verified_trade_count) == (TRADES, 3)
    assert [(one.sequence, one.check) for one in report.unproven] == [(4, "trades"), (5, "trades")]


@pytest.mark.parametrize("from_outbox", [True, False])
@pytest.mark.parametrize(("first", "last"), [(1, 2), (2, 4), (3, 3), (5, None), (4, 5)])
async def test_a_part_of_it(scene: Scene, from_outbox: bool, first: int, last: int | None) -> None:
    report = await verify(scene, scene.folder if from_outbox else None, first=first, last=last)
    assert report.is_proven, report.failures
    assert report.batch_count == (last or COUNT) - first + 1


@pytest.mark.parametrize(("first", "last"), [(6, None), (3, 2), (1, 6)])
async def test_a_range_that_is_not_there_is_refused(scene: Scene, first: int, last: int | None) -> None:
    with pytest.raises(InputError, match="must be within the market's batches 1 to 5"):
        await verify(scene, first=first, last=last)
    with pytest.raises(AccountNotFound):
        await verify_history(scene.world.client, pdas.market("NO-SUCH"))


async def test_a_market_without_batches_has_nothing_to_prove() -> None:
    world = await make_world()
    report = await verify_history(world.client, world.market)
    assert (report.is_proven, report.batch_count, report.first, report.last) == (True, 0, 1, 0)


def forged(scene: Scene, sequence: int, **changes: Any) -> SealedBatch:
    """The batch with its first trade altered, sealed anew without a flaw."""
    batch = scene.batches[sequence - 1]
    trades = [replace(batch.trades[0], **changes), *batch.trades[1:]]
    return seal_batch(batch.version, batch.market, sequence, batch.previous_id, trades, flush=True)


@pytest.mark.parametrize("sequence", [1, 2, 4, 5])
@pytest.mark.parametrize("field", ["price_e6", "size_e8", "taker_fee_atoms", "trade_id"])
async def test_a_forged_trade_is_found(scene: Scene, outbox: Path, sequence: int, field: str) -> None:
    value = getattr(scene.batches[sequence - 1].trades[0], field)
    forgery = forged(scene, sequence, **{field: value + (1 if field != "trade_id" else -1)})
    file = file_of(scene, outbox, sequence)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"batch": batch_to_json(forgery)}))
    report = await verify(scene, outbox)
    found = {(one.sequence, one.check) for one in report.failures}
    assert {
        (sequence, "event"),
        (sequence, "transaction"),
        (sequence, "trades"),
    } <= found
    last = (5, "market") if sequence == COUNT else (sequence + 1, "chain")
    assert last in found


async def test_an_altered_file_that_no_longer_hashes_is_found(scene: Scene, outbox: Path) -> None:
    file = file_of(scene, outbox, 2)
    content = json.loads(file.read_text())
    content["batch"]["trades"][0][4] += 1
    file.write_text(json.dumps(content))
    report = await verify(scene, outbox)
    assert [(one.sequence, one.check) for one in report.failures] == [(2, "file"), (3, "sequence")]
    assert "hashes to" in report.failures[0].message


@pytest.mark.parametrize("text", ["", "{", "[]", '{"batch": null}', "\0" * 500])
async def test_a_damaged_file_is_found(scene: Scene, outbox: Path, text: str) -> None:
    file_of(scene, outbox, 3).write_text(text)
    report = await verify(scene, outbox)
    assert [(one.sequence, one.check) for one in report.failures] == [(3, "file"), (4, "sequence")]


@pytest.mark.parametrize(
    ("lost", "checks"), [([1], [2]), ([3], [4]), ([2, 3], [4]), ([5], [5]), ([1, 2, 3, 4, 5], [5])]
)
async def test_a_missing_batch_is_found(
    scene: Scene, outbox: Path, lost: list[int], checks: list[int]
) -> None:
    for sequence in lost:
        file_of(scene, outbox, sequence).unlink()
    report = await verify(scene, outbox)
    assert [(one.sequence, one.check) for one in report.failures] == [(n, "sequence") for n in checks]


async def test_files_that_were_exchanged_are_found(scene: Scene, outbox: Path) -> None:
    one, two = file_of(scene, outbox, 1), file_of(scene, outbox, 2)
    first, second = one.read_text(), two.read_text()
    one.write_text(second)
    two.write_text(first)
    report = await verify(scene, outbox)
    assert {(found.sequence, found.check) for found in report.failures} >= {(1, "file"), (2, "file")}


@pytest.mark.parametrize(
    ("signature", "words"),
    [("of another batch", "does not settle batch 2"), ("not a signature", "getTransaction")],
)
async def test_a_wrong_transaction_is_found(scene: Scene, outbox: Path, signature: str, words: str) -> None:
    other = json.loads(file_of(scene, outbox, 1).read_text())["signature"]
    file = file_of(scene, outbox, 2)
    content = json.loads(file.read_text())
    content["signature"] = other if signature == "of another batch" else signature
    file.write_text(json.dumps(content))
    report = await verify(scene, outbox)
    assert {(one.sequence, one.check) for one in report.failures} == {(2, "transaction")}
    assert any(words in one.message for one in report.failures)


@pytest.mark.parametrize("from_outbox", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        {"merkle_root": b"\x07" * 32},
        {"trade_count": 9},
        {"sequence": 8},
        {"status": 2},
        {"batch_id": bytes(32)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_an_altered_record_is_found(
    scene: Scene,
    chain: Callable[[Pubkey, bytes | None], None],
    change: dict[str, Any],
    from_outbox: bool,
) -> None:
    address, record = record_of(scene, 4)
    chain(address, replace(record, **change).encode())
    report = await verify(scene, scene.folder if from_outbox else None)
    assert [(one.sequence, one.check) for one in report.failures] == [(4, "record")]
    assert next(iter(change)) in report.failures[0].message


@pytest.mark.parametrize("from_outbox", [True, False])
async def test_a_market_that_ends_elsewhere_is_found(
    scene: Scene, chain: Callable[[Pubkey, bytes | None], None], from_outbox: bool
) -> None:
    account = scene.world.account(scene.world.market)
    assert account is not None
    market = PerpMarket.decode(account.data)
    chain(scene.world.market, replace(market, last_batch_id=b"\x05" * 32).encode())
    report = await verify(scene, scene.folder if from_outbox else None)
    assert [(one.sequence, one.check) for one in report.failures] == [(5, "market")]
    chain(scene.world.market, replace(market, last_batch_sequence=6).encode())
    report = await verify(scene, scene.folder if from_outbox else None)
    assert [(one.sequence, one.check) for one in report.failures] == [(6, "sequence")]


class Forgetful(InProcess):
    """A node that keeps no old transactions."""

    async def call(self, method: str, params: list[Any]) -> Any:
        if method == "getTransaction":
            return None
        return [] if method == "getSignaturesForAddress" else await super().call(method, params)


async def test_without_history_the_records_prove_it_and_without_either_nothing_does(
    scene: Scene, chain: Callable[[Pubkey, bytes | None], None]
) -> None:
    client, box = Client(Forgetful(scene.world.chain)), FileOutbox(scene.folder)
    report = await verify_history(client, scene.world.market, outbox=box)
    assert report.is_proven
    assert (report.record_count, report.transaction_count, len(report.unproven)) == (COUNT, 0, COUNT)
    address, _ = record_of(scene, 2)
    chain(address, None)
    report = await verify_history(client, scene.world.market, outbox=box)
    assert [(one.sequence, one.check) for one in report.failures] == [(2, "record")]
    assert (await verify(scene, scene.folder)).is_proven, "pruned, but its transaction tells"
    nothing = await verify_history(client, scene.world.market)
    assert [(one.sequence, one.check) for one in nothing.failures] == [(COUNT, "sequence")]


async def test_an_endpoint_that_fails_is_no_verdict(scene: Scene) -> None:
    class Failing(InProcess):
        async def call(self, method: str, params: list[Any]) -> Any:
            if method == "getTransaction":
                raise TransportError(method, "gone")
            return await super().call(method, params)

    with pytest.raises(TransportError, match="gone"):
        await verify_history(Client(Failing(scene.world.chain)), scene.world.market)
