"""`gdx keeper run`: a real process against a served chain, stopped by a signal."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from solders.keypair import Keypair

from gdx_sdk.batch import FileOutbox
from tests.chain_lane import AnyChain, Lane
from tests.cli.commands.keepers import KeeperProcess, get, with_plugin, write_config, write_key
from tests.cli.conftest import Invoke
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import ONE, USDT, World, make_world, served, world_chain

pytestmark = pytest.mark.chain


async def build(folder: Path, chain: AnyChain | None) -> World:
    world = await make_world(chain=chain)
    alice, bob = await world.trader("alice", 1_000 * USDT), await world.trader("bob", 1_000 * USDT)
    desk = Desk(world, folder)
    for _ in range(3):
        desk.put([world.trade(alice, bob, ONE)])
    world.chain.set_time(world.now_ts + 1)
    return world


@pytest.fixture
def scene(tmp_path: Path, lane: Lane) -> Iterator[tuple[World, Path]]:
    """Three batches wait in an outbox; a configuration names chain, outbox and keys."""
    with world_chain(lane) as chain:
        world = asyncio.run(build(tmp_path, chain))
        with served(world.chain) as url:
            config = write_config(tmp_path, url, relayer=world.relayer, publisher=world.publishers[0])
            yield world, config


def test_it_settles_publishes_answers_for_its_health_and_sums_up(scene: tuple[World, Path]) -> None:
    world, config = scene
    keeper = KeeperProcess(config, "--json")
    port = keeper.wait_for("listening")["port"]
    keeper.wait_for("done", job="oracle")
    deadline = time.monotonic() + 30
    while FileOutbox(config.parent / "outbox").pending(world.market) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert get(f"http://127.0.0.1:{port}/livez")[0] == 200
    status, body = get(f"http://127.0.0.1:{port}/readyz")
    assert (status, json.loads(body)["ok"]) == (200, True), body
    metrics = get(f"http://127.0.0.1:{port}/metrics")[1].decode()
    assert 'gdx_relayer_settled_sequence{market="SOL-PERP"} 3.0' in metrics
    code, out = keeper.stop()
    assert code == 0
    jobs = {item["job"]: item for item in json.loads(out)["jobs"]}
    assert jobs["relayer"]["drained"]
    assert jobs["relayer"]["errors"] == 0
    assert jobs["oracle"]["actions"] >= 1
    assert FileOutbox(config.parent / "outbox").pending(world.market) == []


def test_only_the_named_job_runs_and_a_dry_run_signs_nothing(scene: tuple[World, Path]) -> None:
    world, config = scene
    keeper = KeeperProcess(config, "--job", "relayer", "--dry-run")
    keeper.wait_for("would settle", sequence=1)
    code, out = keeper.stop(signal.SIGINT)
    assert code == 0
    assert "oracle" not in out
    assert len(FileOutbox(config.parent / "outbox").pending(world.market)) == 3
    assert not list((config.parent / "state" / "flights").rglob("*.json"))


def test_two_relayers_do_not_share_a_state_folder(scene: tuple[World, Path]) -> None:
    _, config = scene
    keeper = KeeperProcess(config, "--job", "relayer")
    keeper.wait_for("started")
    command = [sys.executable, "-m", "gdx_cli.main", "keeper", "run", "--config", str(config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another relayer process" in second.stderr
    assert keeper.stop()[0] == 0


def test_a_fatal_error_of_the_last_job_ends_it_with_the_reason(scene: tuple[World, Path]) -> None:
    _, config = scene
    write_key(config.parent / "publisher.json", Keypair())
    keeper = KeeperProcess(config, "--job", "oracle", "--json")
    out, _ = keeper.process.communicate(timeout=60)
    assert keeper.process.returncode == 1
    assert "is not a publisher of the feed" in json.loads(out)["jobs"][0]["stopped_because"]


@pytest.mark.usefixtures("installed_plugin")
def test_a_plugins_keeper_runs_like_ours_with_its_options(invoke: Invoke, scene: tuple[World, Path]) -> None:
    world, config = scene
    with_plugin(config, '{ greeting = "hello" }')
    keeper = KeeperProcess(config, "--job", "slots", "--json")
    seen = keeper.wait_for("slot seen", greeting="hello")
    assert seen["signer"] == str(world.relayer.pubkey())
    code, out = keeper.stop()
    assert (code, json.loads(out)["jobs"][0]["job"]) == (0, "slots")
    listed = json.loads(invoke("keeper", "list", "--config", str(config), "--json").stdout)["jobs"][2]
    assert (listed["job"], listed["kind"], listed["symbols"]) == ("slots", "plugin", [])
