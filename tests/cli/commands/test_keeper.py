"""`gdx keeper`: a real process against a served chain, stopped by a signal."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError

import pytest
from solders.keypair import Keypair

from gdx_sdk.batch import FileOutbox
from tests.chain_lane import AnyChain, Lane
from tests.cli.conftest import DEAD_URL, Invoke
from tests.keepers.desk import Desk
from tests.keepers.exchange_world import ONE, SYMBOL, USDT, World, make_world, served, world_chain

CONFIG = """
[cluster]
url = "{url}"
priority_fee = 0

[signer]
keypair_path = "relayer.json"

[telemetry]
listen = "127.0.0.1:0"

[[job]]
kind = "relayer"
markets = ["SOL-PERP"]
outbox_path = "outbox"
state_path = "state"
relayer_epoch = 1
poll_ms = 50

[[job]]
kind = "oracle"
symbols = ["SOL-PERP"]
source = "static"
prices = {{ SOL-PERP = "101.5" }}
poll_ms = 50
signer = {{ keypair_path = "publisher.json" }}
"""


def write_key(path: Path, key: Keypair) -> None:
    path.write_text(json.dumps(list(bytes(key))))


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
def scene(tmp_path: Path, lane: Lane) -> Iterator[tuple[World, str, Path]]:
    """Three batches wait in an outbox; a configuration names chain, outbox and keys."""
    with world_chain(lane) as chain:
        world = asyncio.run(build(tmp_path, chain))
        with served(world.chain) as url:
            write_key(tmp_path / "relayer.json", world.relayer)
            write_key(tmp_path / "publisher.json", world.publishers[0])
            config = tmp_path / "keepers.toml"
            config.write_text(CONFIG.format(url=url))
            yield world, url, config


@pytest.fixture(autouse=True)
def no_keeper_outlives_its_test() -> Iterator[None]:
    """A test that fails midway leaves no process behind."""
    yield
    while KeeperProcess.started:
        KeeperProcess.started.pop().kill()


class KeeperProcess:
    """`gdx keeper run` with its log."""

    started: ClassVar[list[subprocess.Popen[str]]] = []

    def __init__(self, config: Path, *args: str) -> None:
        command = [sys.executable, "-m", "gdx_cli.main", "keeper", "run", "--config", str(config), *args]
        self.log_path = config.parent / "keeper.log"
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.started.append(self.process)

    def logged(self, event: str, **members: object) -> dict[str, object] | None:
        """The first line of the log with this event and these members."""
        for line in self.log_path.read_text().splitlines():
            found: dict[str, object] = json.loads(line) if line.startswith("{") else {}
            if found.get("event") == event and all(found.get(name) == item for name, item in members.items()):
                return found
        return None

    def wait_for(self, event: str, **members: object) -> dict[str, object]:
        """The same, once it is there."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if (found := self.logged(event, **members)) is not None:
                return found
            assert self.process.poll() is None, self.log_path.read_text()
            time.sleep(0.05)
        raise AssertionError(f"no {event}: {self.log_path.read_text()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and standard output after the signal."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def test_it_settles_publishes_answers_for_its_health_and_sums_up(scene: tuple[World, str, Path]) -> None:
    world, _, config = scene
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


def test_only_the_named_job_runs_and_a_dry_run_signs_nothing(scene: tuple[World, str, Path]) -> None:
    world, _, config = scene
    keeper = KeeperProcess(config, "--job", "relayer", "--dry-run")
    keeper.wait_for("would settle", sequence=1)
    code, out = keeper.stop(signal.SIGINT)
    assert code == 0
    assert "oracle" not in out
    assert len(FileOutbox(config.parent / "outbox").pending(world.market)) == 3
    assert not list((config.parent / "state" / "flights").rglob("*.json"))


def test_two_relayers_do_not_share_a_state_folder(scene: tuple[World, str, Path]) -> None:
    _, _, config = scene
    keeper = KeeperProcess(config, "--job", "relayer")
    keeper.wait_for("started")
    command = [sys.executable, "-m", "gdx_cli.main", "keeper", "run", "--config", str(config)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "another relayer process" in second.stderr
    assert keeper.stop()[0] == 0


def test_a_fatal_error_of_the_last_job_ends_it_with_the_reason(scene: tuple[World, str, Path]) -> None:
    _, _, config = scene
    write_key(config.parent / "publisher.json", Keypair())
    keeper = KeeperProcess(config, "--job", "oracle", "--json")
    out, _ = keeper.process.communicate(timeout=60)
    assert keeper.process.returncode == 1
    assert "is not a publisher of the feed" in json.loads(out)["jobs"][0]["stopped_because"]


def test_a_dead_cluster_is_backed_off_from_and_shows_in_readiness(scene: tuple[World, str, Path]) -> None:
    _, url, config = scene
    config.write_text(config.read_text().replace(url, DEAD_URL))
    keeper = KeeperProcess(config)
    port = keeper.wait_for("listening")["port"]
    keeper.wait_for("backing off", job="relayer")
    status, body = get(f"http://127.0.0.1:{port}/readyz")
    dependencies = json.loads(body)["dependencies"]
    assert status == 503
    assert "cannot be reached" in dependencies["rpc"]
    assert get(f"http://127.0.0.1:{port}/livez")[0] == 200
    config_drain = keeper.stop()
    assert config_drain[0] == 0


def test_the_file_is_checked_and_its_jobs_listed(invoke: Invoke, scene: tuple[World, str, Path]) -> None:
    _, url, config = scene
    listed = json.loads(invoke("keeper", "list", "--config", str(config), "--json").stdout)
    assert listed["url"] == url
    assert [(job["job"], job["symbols"]) for job in listed["jobs"]] == [
        ("relayer", [SYMBOL]),
        ("oracle", [SYMBOL]),
    ]
    assert "relayer" in invoke("keeper", "list", "--config", str(config)).stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "oracle"', 'kind = "oracle"\nspeed = 1', "unknown field `speed`"),
        ('prices = { SOL-PERP = "101.5" }', "", "prices lacks SOL-PERP"),
        ('keypair_path = "publisher.json"', 'keypair_path = "nobody.json"', "nobody.json: cannot be read"),
        ('prices = { SOL-PERP = "101.5" }', 'prices = { SOL-PERP = "cheap" }', "prices.SOL-PERP = 'cheap'"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(
    invoke: Invoke, scene: tuple[World, str, Path], old: str, new: str, words: str
) -> None:
    _, _, config = scene
    config.write_text(config.read_text().replace(old, new))
    done = invoke("keeper", "run", "--config", str(config), "--job", "oracle")
    assert done.exit_code == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_job_and_an_absent_file_are_named(invoke: Invoke, scene: tuple[World, str, Path]) -> None:
    _, _, config = scene
    unknown = invoke("keeper", "run", "--config", str(config), "--job", "banker")
    assert unknown.exit_code == 1
    assert "no job is named 'banker'; the file has relayer, oracle" in unknown.stderr
    absent = invoke("keeper", "list", "--config", str(config.parent / "none.toml"))
    assert absent.exit_code == 1
    assert "none.toml" in absent.stderr


PLUGIN = """
from gdx_keepers.core.job import Job

from gdx_sdk import plugins


class Slots(Job):
    kind = "slots"

    def __init__(self, name, metrics, log, *, client, sender, greeting):
        super().__init__(name, metrics, log)
        self.client, self.sender, self.greeting = client, sender, greeting

    async def observe(self, now):
        return await self.client.rpc("getSlot")

    def is_due(self, state, now):
        return True

    def plan(self, state, now):
        return [state]

    async def act(self, action, now):
        self.log.info("slot seen", greeting=self.greeting, signer=str(self.sender.pubkey))
        return True


@plugins.hookimpl
def register_keepers(registry):
    registry.add("slots", Slots)
"""


@pytest.fixture
def installed_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution of somebody else's, with a keeper behind an entry point."""
    site = tmp_path / "site"
    about = site / "slots_keeper-1.dist-info"
    about.mkdir(parents=True)
    (site / "slots_keeper.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: slots-keeper\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[gdx]\nslots = slots_keeper\n")
    monkeypatch.setenv("PYTHONPATH", str(site))


def with_plugin(config: Path, options: str) -> None:
    job = f'\n[[job]]\nkind = "plugin"\nkeeper = "slots"\npoll_ms = 50\noptions = {options}\n'
    config.write_text(config.read_text() + job)


@pytest.mark.usefixtures("installed_plugin")
def test_a_plugins_keeper_runs_like_ours_with_its_options(
    invoke: Invoke, scene: tuple[World, str, Path]
) -> None:
    world, _, config = scene
    with_plugin(config, '{ greeting = "hello" }')
    keeper = KeeperProcess(config, "--job", "slots", "--json")
    seen = keeper.wait_for("slot seen", greeting="hello")
    assert seen["signer"] == str(world.relayer.pubkey())
    code, out = keeper.stop()
    assert (code, json.loads(out)["jobs"][0]["job"]) == (0, "slots")
    listed = json.loads(invoke("keeper", "list", "--config", str(config), "--json").stdout)["jobs"][2]
    assert (listed["job"], listed["kind"], listed["symbols"]) == ("slots", "plugin", [])


@pytest.mark.usefixtures("installed_plugin")
def test_a_plugins_keeper_that_refuses_its_options_is_named(scene: tuple[World, str, Path]) -> None:
    _, _, config = scene
    with_plugin(config, "{ volume = 11 }")
    keeper = KeeperProcess(config, "--job", "slots")
    keeper.process.communicate(timeout=60)
    assert keeper.process.returncode == 1
    log = keeper.log_path.read_text()
    assert "job slots: keeper 'slots' does not take its options" in log
    assert "volume" in log
    assert "Traceback" not in log


def test_a_keeper_that_no_plugin_offers_is_named(invoke: Invoke, scene: tuple[World, str, Path]) -> None:
    _, _, config = scene
    with_plugin(config, "{}")
    done = invoke("keeper", "run", "--config", str(config), "--job", "slots")
    assert done.exit_code == 1
    assert "keeper = 'slots': is not offered by any plugin" in done.stderr
