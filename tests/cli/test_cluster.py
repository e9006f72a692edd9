"""Cluster and signer as Solana users expect them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gdx_cli.cluster import MONIKERS, expand_url, read_flat_yaml, resolve

from tests.cli.conftest import Invoke

CONFIG = """---
# written by solana config set
json_rpc_url: "https://rpc.example.org/?key=a:b#c"
websocket_url: ''
keypair_path: /keys/main.json  # the main key
address_labels:
  "11111111111111111111111111111111": System Program
commitment: finalized
"""


def write_config(folder: Path, text: str = CONFIG) -> Path:
    path = folder / ".config" / "solana" / "cli" / "config.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def show(invoke: Invoke, *args: str) -> dict[str, object]:
    done = invoke("config", "show", "--json", *args)
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_without_any_configuration_it_is_the_local_chain(invoke: Invoke, home: Path) -> None:
    shown = show(invoke)
    assert (shown["url"], shown["url_source"]) == ("http://127.0.0.1:8899", "default")
    assert shown["keypair_path"] == str(home / ".config/solana/id.json")
    assert shown["commitment"] == "confirmed"


def test_defaults_come_from_the_solana_cli(invoke: Invoke, home: Path) -> None:
    write_config(home)
    shown = show(invoke)
    assert (shown["url"], shown["url_source"]) == ("https://rpc.example.org/?key=a:b#c", "configuration")
    assert (shown["keypair_path"], shown["keypair_source"]) == ("/keys/main.json", "configuration")
    assert shown["commitment"] == "finalized"


def test_flags_win_over_environment_over_configuration(
    invoke: Invoke, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(home)
    monkeypatch.setenv("GDX_URL", "d")
    assert show(invoke)["url"] == MONIKERS["devnet"]
    assert show(invoke, "-u", "t")["url"] == MONIKERS["testnet"]
    assert show(invoke, "-k", "~/other.json")["keypair_path"] == str(home / "other.json")
    assert show(invoke, "--commitment", "processed")["commitment"] == "processed"


def test_another_configuration_file(invoke: Invoke, home: Path) -> None:
    other = home / "other.yml"
    other.write_text("json_rpc_url: http://localhost:1\n")
    assert show(invoke, "-C", str(other))["url"] == "http://localhost:1"
    missing = invoke("config", "show", "-C", str(home / "none.yml"))
    assert missing.exit_code == 2
    assert "no such file" in missing.stderr


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("l", "http://127.0.0.1:8899"),
        ("localhost", "http://127.0.0.1:8899"),
        ("d", "https://api.devnet.solana.com"),
        ("t", "https://api.testnet.solana.com"),
        ("m", "https://api.mainnet-beta.solana.com"),
        ("mainnet-beta", "https://api.mainnet-beta.solana.com"),
        ("http://host:9", "http://host:9"),
    ],
)
def test_monikers(given: str, url: str) -> None:
    assert expand_url(given) == url


def test_nonsense_as_a_url_is_wrong_usage(invoke: Invoke) -> None:
    done = invoke("config", "show", "-u", "mars")
    assert done.exit_code == 2
    assert "'mars' is neither an http(s) URL nor one of l, localhost" in done.stderr


def test_the_flat_reader_takes_what_the_solana_cli_writes(tmp_path: Path) -> None:
    values = read_flat_yaml(write_config(tmp_path))
    assert values["json_rpc_url"] == "https://rpc.example.org/?key=a:b#c"
    assert values["websocket_url"] == ""
    assert values["keypair_path"] == "/keys/main.json"
    assert "11111111111111111111111111111111" not in "".join(values)
    assert read_flat_yaml(tmp_path / "none") == {}


def test_a_null_in_the_file_counts_as_absent(home: Path) -> None:
    path = home / "c.yml"
    path.write_text("json_rpc_url: ~\nkeypair_path: null\n")
    assert resolve(config=str(path)).url_source == "default"
