"""Commands that read the chain, against the compiled programs behind a real port."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair

from gdx_sdk.batch import SealedBatch
from tests.chain_lane import AnyChain, Lane
from tests.cli.conftest import DEAD_URL, Invoke
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import ONE, PRICE_E6, SYMBOL, USDT, World, make_world, served, world_chain


class Scene:
    """A market with one settled batch between Alice and Bob, behind `url`."""

    def __init__(self, url: str, world: World, alice: Keypair, batch: SealedBatch, outbox: Path) -> None:
        self.url, self.world, self.alice, self.batch, self.outbox = url, world, alice, batch, outbox


pytestmark = pytest.mark.chain


async def build(folder: Path, chain: AnyChain | None) -> tuple[World, Keypair, SealedBatch]:
    world = await make_world(chain=chain)
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 1_000 * USDT)
    desk = Desk(world, folder)
    batch = desk.put([world.trade(alice, bob, 2 * ONE)])
    await desk.drive(desk.relayer())
    return world, alice, batch


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, lane: Lane) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    with world_chain(lane) as chain:
        world, alice, batch = asyncio.run(build(folder, chain))
        with served(world.chain) as url:
            yield Scene(url, world, alice, batch, folder / "outbox")


def read(invoke: Invoke, scene: Scene, *args: str) -> Any:
    done = invoke(*args, "-u", scene.url, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_market_is_found_by_symbol_and_by_address(invoke: Invoke, scene: Scene) -> None:
    shown = read(invoke, scene, "market", "show", SYMBOL)
    assert shown["address"] == str(scene.world.market)
    assert shown["symbol"] == SYMBOL
    assert shown["status"] == "active"
    assert shown["open_interest_e8"] == 2 * ONE
    assert shown["index_price_e6"] == PRICE_E6
    assert shown["price_faults"] == []
    assert shown["last_batch_id"] == scene.batch.batch_id.hex()
    assert read(invoke, scene, "market", "show", shown["address"]) == shown


def test_the_market_s_table_speaks_in_decimals(invoke: Invoke, scene: Scene) -> None:
    text = invoke("market", "show", SYMBOL, "-u", scene.url).stdout
    lines = dict(line.split(None, 1) for line in text.splitlines() if len(line.split(None, 1)) == 2)
    assert lines["index_price"] == "100"
    assert lines["open_interest"] == "2"


def test_markets_are_listed(invoke: Invoke, scene: Scene) -> None:
    assert [item["symbol"] for item in read(invoke, scene, "market", "list")["markets"]] == [SYMBOL]
    assert SYMBOL in invoke("market", "list", "-u", scene.url).stdout


def test_a_position_is_found_by_address_and_by_owner(invoke: Invoke, scene: Scene) -> None:
    owner, address = str(scene.alice.pubkey()), str(scene.world.position(scene.alice))
    shown = read(invoke, scene, "position", "show", owner, "--market", SYMBOL)
    assert shown["address"] == address
    assert (shown["owner"], shown["size_e8"], shown["symbol"]) == (owner, 2 * ONE, SYMBOL)
    assert shown["equity_atoms"] == shown["collateral_atoms"]
    assert shown["is_liquidatable"] is False
    assert read(invoke, scene, "position", "show", address) == shown
    assert "size" in invoke("position", "show", address, "-u", scene.url).stdout


def test_positions_are_listed_and_filtered(invoke: Invoke, scene: Scene) -> None:
    everyone = read(invoke, scene, "position", "list")["positions"]
    assert sorted(item["size_e8"] for item in everyone) == [-2 * ONE, 2 * ONE]
    mine = read(invoke, scene, "position", "list", "--owner", str(scene.alice.pubkey()), "--market", SYMBOL)[
        "positions"
    ]
    assert [item["size_e8"] for item in mine] == [2 * ONE]
    assert "SOL-PERP" in invoke("position", "list", "-u", scene.url).stdout


def test_a_batch_is_found_by_id_by_market_and_by_sequence(invoke: Invoke, scene: Scene) -> None:
    batch_id = scene.batch.batch_id.hex()
    shown = read(invoke, scene, "batch", "show", batch_id)
    assert shown["merkle_root"] == scene.batch.root.hex()
    assert (shown["sequence"], shown["trade_count"], shown["status"]) == (1, 1, "confirmed")
    assert read(invoke, scene, "batch", "show", "--market", SYMBOL) == shown
    assert read(invoke, scene, "batch", "show", "--market", SYMBOL, "--sequence", "1") == shown
    listed = read(invoke, scene, "batch", "list", "--market", SYMBOL)["batches"]
    assert listed == [shown]
    assert batch_id in invoke("batch", "list", "--market", SYMBOL, "-u", scene.url).stdout


def test_a_history_is_verified_from_the_chain_and_from_an_outbox(invoke: Invoke, scene: Scene) -> None:
    for source, more in (("chain", ()), ("outbox", ("--outbox", str(scene.outbox)))):
        shown = read(invoke, scene, "batch", "verify", "--market", SYMBOL, *more)
        assert (shown["source"], shown["is_proven"], shown["failures"]) == (source, True, [])
        assert (shown["batch_count"], shown["verified_trade_count"]) == (1, 1)
        text = invoke("batch", "verify", "-m", SYMBOL, "-u", scene.url, *more).stdout
        assert "1 verified of 1" in text
        assert text.splitlines()[-1].split() == ["result", "proven"]


def test_a_tampered_outbox_is_exit_code_1_and_says_where(
    invoke: Invoke, scene: Scene, tmp_path: Path
) -> None:
    shutil.copytree(scene.outbox, tmp_path / "outbox")
    (file,) = (tmp_path / "outbox" / str(scene.world.market) / "settled").iterdir()
    file.write_text("{}")
    args = ("batch", "verify", "-m", SYMBOL, "--outbox", str(tmp_path / "outbox"), "-u", scene.url)
    done = invoke(*args)
    assert done.exit_code == 1
    assert "does not hold:" in done.stdout
    assert "outbox file" in done.stdout
    machine = invoke(*args, "--json")
    assert machine.exit_code == 1
    found = json.loads(machine.stdout)
    assert found["is_proven"] is False
    assert [(one["sequence"], one["check"]) for one in found["failures"]] == [(1, "file"), (1, "sequence")]
    assert invoke("batch", "verify", "-m", SYMBOL, "--first", "9", "-u", scene.url).exit_code == 1
    assert invoke("batch", "verify", "-m", SYMBOL, "--outbox", "/nowhere", "-u", scene.url).exit_code == 2
    assert invoke("batch", "verify", "-m", SYMBOL, "-u", DEAD_URL).exit_code == 4


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("market", "show", "NO-SUCH"), "no PerpMarket account at"),
        (("position", "show", "11111111111111111111111111111111"), "11111111111111111111111111111111"),
        (("batch", "show", "00" * 32), "no SettlementBatch account at"),
        (("batch", "show", "--market", SYMBOL, "--sequence", "9"), "has no batch 9"),
    ],
)
def test_what_is_not_there_is_one_sentence_and_exit_code_1(
    invoke: Invoke, scene: Scene, args: tuple[str, ...], words: str
) -> None:
    done = invoke(*args, "-u", scene.url)
    assert done.exit_code == 1
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "args",
    [
        ("market", "show", "x" * 40),
        ("position", "show", "not-an-address"),
        ("position", "list", "--owner", "nobody"),
        ("batch", "show", "zz"),
        ("batch", "show", "00"),
        ("batch", "show"),
        ("batch", "show", "00" * 32, "--market", SYMBOL),
        ("batch", "show", "00" * 32, "--sequence", "1"),
    ],
)
def test_wrong_arguments_are_exit_code_2(invoke: Invoke, scene: Scene, args: tuple[str, ...]) -> None:
    done = invoke(*args, "-u", scene.url)
    assert done.exit_code == 2, done.stderr


def test_the_doctor_sees_the_cluster(invoke: Invoke, scene: Scene) -> None:
    done = invoke("doctor", "-u", scene.url, "--json")
    found = {item["check"]: item for item in json.loads(done.stdout)["findings"]}
    assert found["cluster"]["is_ok"]
    assert found["python"]["is_ok"]
    dead = json.loads(invoke("doctor", "-u", "http://127.0.0.1:9", "--json").stdout)
    assert not {item["check"]: item for item in dead["findings"]}["cluster"]["is_ok"]
