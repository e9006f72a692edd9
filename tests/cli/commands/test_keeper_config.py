"""`gdx keeper` without a chain: configurations, plugins, and an endpoint that is dead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands.keepers import KeeperProcess, get, with_plugin, write_config
from tests.cli.conftest import DEAD_URL, Invoke
from tests.keepers.exchange_world import SYMBOL, key


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A sound configuration whose endpoint does not answer."""
    return write_config(tmp_path, DEAD_URL, relayer=key("relayer"), publisher=key("publisher0"))


def test_a_dead_cluster_is_backed_off_from_and_shows_in_readiness(config: Path) -> None:
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


def test_the_file_is_checked_and_its_jobs_listed(invoke: Invoke, config: Path) -> None:
    listed = json.loads(invoke("keeper", "list", "--config", str(config), "--json").stdout)
    assert listed["url"] == DEAD_URL
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
    invoke: Invoke, config: Path, old: str, new: str, words: str
) -> None:
    config.write_text(config.read_text().replace(old, new))
    done = invoke("keeper", "run", "--config", str(config), "--job", "oracle")
    assert done.exit_code == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_job_and_an_absent_file_are_named(invoke: Invoke, config: Path) -> None:
    unknown = invoke("keeper", "run", "--config", str(config), "--job", "banker")
    assert unknown.exit_code == 1
    assert "no job is named 'banker'; the file has relayer, oracle" in unknown.stderr
    absent = invoke("keeper", "list", "--config", str(config.parent / "none.toml"))
    assert absent.exit_code == 1
    assert "none.toml" in absent.stderr


@pytest.mark.usefixtures("installed_plugin")
def test_a_plugins_keeper_that_refuses_its_options_is_named(config: Path) -> None:
    with_plugin(config, "{ volume = 11 }")
    keeper = KeeperProcess(config, "--job", "slots")
    keeper.process.communicate(timeout=60)
    assert keeper.process.returncode == 1
    log = keeper.log_path.read_text()
    assert "job slots: keeper 'slots' does not take its options" in log
    assert "volume" in log
    assert "Traceback" not in log


def test_a_keeper_that_no_plugin_offers_is_named(invoke: Invoke, config: Path) -> None:
    with_plugin(config, "{}")
    done = invoke("keeper", "run", "--config", str(config), "--job", "slots")
    assert done.exit_code == 1
    assert "keeper = 'slots': is not offered by any plugin" in done.stderr
