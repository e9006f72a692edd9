"""`gdx localnet snapshot | restore | airdrop | warp | fault`, on a chain that is up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gdx_cli.root import gdx
from gdx_localnet import Status, down, up
from gdx_localnet.asking import call

from gdx_sdk.errors import TransportError

BOB = "2zoE3CBy6PJYUvNFNbBhZBSaS67WSuLQ9EADqosmk9KQ"
FIXTURE = '[[keys]]\nname = "alice"\nlamports = 5_000_000_000\n'


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state directory of a chain in mode fast."""
    folder = tmp_path_factory.mktemp("localnet")
    (folder / "fixture.toml").write_text(FIXTURE)
    up("embedded", state_dir=folder, rpc_port=0, slot_mode="fast", fixture=folder / "fixture.toml")
    yield folder
    down(state_dir=folder)


@pytest.fixture
def chain(state: Path) -> Status:
    from gdx_localnet import running

    return running(state_dir=state)


def gdx_localnet(state: Path, *args: str) -> Result:
    return CliRunner().invoke(gdx, ["localnet", *args, "--state-dir", str(state)])


def answer(state: Path, *args: str) -> dict[str, object]:
    done = gdx_localnet(state, *args, "--json")
    assert done.exit_code == 0, done.stderr
    body: dict[str, object] = json.loads(done.stdout)
    return body


def test_snapshot_and_restore(state: Path, chain: Status, tmp_path: Path) -> None:
    before = call(chain.url, "getBalance", BOB)["value"]
    saved = answer(state, "snapshot", str(tmp_path / "s"))
    answer(state, "airdrop", "2.5", "alice")
    assert call(chain.url, "getBalance", BOB)["value"] == before + 2_500_000_000
    assert answer(state, "restore", str(tmp_path / "s"))["accounts"] == saved["accounts"]
    assert call(chain.url, "getBalance", BOB)["value"] == before
    (tmp_path / "s").write_bytes((tmp_path / "s").read_bytes()[:-1])
    damaged = gdx_localnet(state, "restore", str(tmp_path / "s"))
    assert damaged.exit_code == 1
    assert "is damaged: its content does not have the checksum in its head" in damaged.stderr


def test_airdrop_to_a_name_or_an_address(state: Path) -> None:
    assert answer(state, "airdrop", "0.000000001", "alice")["recipient"] == BOB
    done = gdx_localnet(state, "airdrop", "1", BOB)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"1 SOL to {BOB}")


@pytest.mark.parametrize("sol", ["0", "x", "1e-10", "nan", "inf", "99999999999"])
def test_amounts_that_are_none(state: Path, sol: str) -> None:
    assert gdx_localnet(state, "airdrop", sol, BOB).exit_code == 2


def test_a_recipient_that_is_none(state: Path) -> None:
    done = gdx_localnet(state, "airdrop", "1", "nobody")
    assert (done.exit_code, "'nobody' is not a base58 address" in done.stderr) == (2, True)


def test_warp(state: Path, chain: Status) -> None:
    slot = call(chain.url, "gdx_getClock")["slot"]
    assert answer(state, "warp", "+150")["slot"] == slot + 150
    assert answer(state, "warp", str(slot + 200), "--unix-ts", "1800000000") == {
        "slot": slot + 200,
        "unixTimestamp": 1_800_000_000,
        "slotMode": "fast",
    }
    back = gdx_localnet(state, "warp", str(slot))
    assert (back.exit_code, "must be from the open slot" in back.stderr) == (1, True)
    assert gdx_localnet(state, "warp").exit_code == 2
    assert gdx_localnet(state, "warp", "soon").exit_code == 2


def test_faults(state: Path, chain: Status) -> None:
    assert gdx_localnet(state, "fault", "list").stdout == "no faults in force\n"
    body = answer(
        state, "fault", "set", "503:method=getSlot,count=3", "delay:delay-ms=1,probability=0.5,seed=9"
    )
    assert [entry["kind"] for entry in body["faults"]] == ["503", "delay"]  # type: ignore[attr-defined]
    with pytest.raises(TransportError, match="HTTP 503"):
        call(chain.url, "getSlot")
    shown = gdx_localnet(state, "fault", "list").stdout.splitlines()
    assert shown[0].split() == ["id", "kind", "methods", "count", "probability", "seed", "seen", "struck"]
    assert shown[1].split()[1:5] == ["503", "getSlot", "3", "1"]
    kept = answer(state, "fault", "set", "--keep", "drop:method=getHealth")["faults"]
    assert len(kept) == 3  # type: ignore[arg-type]
    first = kept[0]["id"]  # type: ignore[index]
    assert answer(state, "fault", "clear", str(first)) == {"cleared": 1}
    assert gdx_localnet(state, "fault", "clear", str(first)).exit_code == 1
    assert gdx_localnet(state, "fault", "clear").stdout == "2 cleared\n"
    assert gdx_localnet(state, "fault", "set", "boom").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [("snapshot", "s"), ("restore", "s"), ("warp", "+1"), ("fault", "list"), ("airdrop", "1", BOB)],
)
def test_without_a_chain_each_says_so(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = gdx_localnet(tmp_path, *command)
    assert done.exit_code == 1
    assert "start one with `gdx localnet up`" in done.stderr


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("warp", "+1"), "cannot move to another slot once it runs"),
        (("warp", "--unix-ts", "5"), "cannot set its clock"),
        (("snapshot", "s"), "cannot write a snapshot"),
        (("restore", "s"), "cannot restore a snapshot"),
        (("fault", "set", "drop"), "cannot inject faults"),
    ],
)
def test_what_a_validator_cannot_do_is_refused(
    state: Path, chain: Status, tmp_path: Path, command: tuple[str, ...], sentence: str
) -> None:
    # As if the chain that is up were a validator's: the refusal comes before any request.
    record = json.loads((state / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps({**record, "engine": "validator"}))
    done = gdx_localnet(tmp_path, *command)
    assert done.exit_code == 1
    assert f"solana-test-validator {sentence}" in done.stderr
    assert call(chain.url, "gdx_listFaults") == []
