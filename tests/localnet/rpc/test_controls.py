"""Developer controls."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

SOL = 10**9


def test_the_clock_is_set_and_held(driver):
    rpc = driver.chain.rpc
    assert rpc("gdx_setClock", [1_600_000_000])["unixTimestamp"] == 1_600_000_000
    driver.run(driver.pay())
    assert rpc("gdx_getClock")["unixTimestamp"] == 1_600_000_000
    slot = rpc("gdx_getClock")["slot"] + 100
    assert rpc("gdx_setClock", [1_600_000_500, slot]) == {
        "slot": slot,
        "unixTimestamp": 1_600_000_500,
        "slotMode": "fast",
    }
    assert driver.chain.svm.get_clock().unix_timestamp == 1_600_000_500


def test_slots_advance_and_warp(manual):
    rpc = manual.chain.rpc
    assert rpc("gdx_advanceSlots") == {"slot": 2, "unixTimestamp": 1_700_000_000, "slotMode": "manual"}
    assert rpc("gdx_advanceSlots", [10])["slot"] == 12
    assert rpc("gdx_warp", [500])["slot"] == 500
    assert rpc("gdx_warp", [500])["slot"] == 500


def test_blockhashes_expire_on_demand(driver):
    old = str(driver.blockhash())
    new = driver.chain.rpc("gdx_expireBlockhash")
    assert new == str(driver.blockhash())
    assert not driver.chain.rpc("isBlockhashValid", [old])["value"]
    driver.run(driver.pay())


def test_an_account_is_set(driver):
    address, owner = Pubkey.new_unique(), Pubkey.new_unique()
    body = {"lamports": 5, "owner": str(owner), "data": [base64.b64encode(b"abc").decode(), "base64"]}
    driver.chain.rpc("gdx_setAccount", [str(address), body])
    account = driver.chain.account(address)
    assert (account.lamports, account.owner, account.data) == (5, owner, b"abc")
    driver.chain.rpc("gdx_setAccount", [str(address), {"lamports": 0}])
    assert driver.chain.account(address) is None


def test_a_snapshot_brings_everything_back(driver, memo_elf, tmp_path):
    rpc, path = driver.chain.rpc, str(tmp_path / "snapshot")
    program = Pubkey.new_unique()
    rpc("gdx_loadProgram", [str(program), [base64.b64encode(memo_elf).decode(), "base64"]])
    rpc("gdx_setClock", [1_650_000_000])
    driver.run(driver.pay())
    saved = driver.chain.accounts.census()
    count = rpc("gdx_snapshot", [path])["accounts"]
    later = Pubkey.new_unique()
    driver.chain.set_account(later, Account(SOL, b"", Pubkey.default(), False, 0))
    driver.run(driver.pay(2 * SOL))
    rpc("gdx_setClock", [1_660_000_000])
    slot = driver.chain.open_slot
    assert rpc("gdx_restore", [path])["accounts"] == count
    assert driver.chain.account(later) is None
    assert driver.chain.accounts.balance(driver.receiver) == SOL
    assert driver.chain.open_slot > slot
    assert rpc("gdx_getClock")["unixTimestamp"] == 1_650_000_000
    sysvars = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
    restored = driver.chain.accounts.census()
    assert {k for k, a in saved.items() if a.owner != sysvars and restored.get(k) != a} == set()


def test_a_snapshot_starts_another_chain(driver, tmp_path):
    from gdx_localnet import EmbeddedChain

    driver.run(driver.pay())
    driver.chain.rpc("gdx_snapshot", [str(tmp_path / "s")])
    other = EmbeddedChain(slot_mode="manual")
    other.rpc("gdx_restore", [str(tmp_path / "s")])
    assert other.accounts.balance(driver.receiver) == SOL


@pytest.fixture
def saved(driver, tmp_path):
    """A snapshot of a chain that went on afterwards."""
    driver.run(driver.pay())
    driver.chain.rpc("gdx_snapshot", [str(tmp_path / "s")])
    driver.run(driver.pay(2 * SOL))
    return tmp_path / "s"


def repacked(path, **changes):
    """The snapshot with another body, its checksum right."""
    head, _, packed = path.read_bytes().partition(b"\n")
    body = json.dumps({**json.loads(gzip.decompress(packed)), **changes})
    packed = gzip.compress(body.encode())
    head = {**json.loads(head), "sha256": hashlib.sha256(packed).hexdigest()}
    path.write_bytes(json.dumps(head).encode() + b"\n" + packed)


def refused(driver, path):
    """The sentence with which a restore is refused; nothing on the chain has changed."""
    before = driver.chain.accounts.census()
    fault = driver.fault("gdx_restore", str(path))
    assert driver.chain.accounts.census() == before
    assert str(path) in fault.message
    driver.run(driver.pay())
    return fault.message


def test_a_snapshot_cut_or_changed_anywhere_is_refused(driver, saved):
    whole = saved.read_bytes()
    rng = random.Random(5)
    for _ in range(20):
        at = rng.randrange(len(whole))
        saved.write_bytes(whole[:at])
        refused(driver, saved)
        saved.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :])
        refused(driver, saved)


def test_snapshots_of_other_kinds_are_named(driver, saved, tmp_path):
    assert "does not exist" in refused(driver, tmp_path / "none")
    assert "cannot be read" in refused(driver, tmp_path)
    (tmp_path / "n").write_bytes(b"nonsense")
    assert "is not a snapshot of a local chain" in refused(driver, tmp_path / "n")
    later = saved.read_bytes().replace(b'"version": 2', b'"version": 3')
    (tmp_path / "later").write_bytes(later)
    assert "has version 3; this release reads version 2" in refused(driver, tmp_path / "later")


@pytest.mark.parametrize(
    "changes", [{"slot": "x"}, {"unix_ms": -1}, {"accounts": 3}, {"accounts": [["x", 1, "y", False, 0, "!"]]}]
)
def test_a_snapshot_of_nonsense_is_refused(driver, saved, changes):
    repacked(saved, **changes)
    assert "is not well formed" in refused(driver, saved)


def test_a_snapshot_with_a_program_that_does_not_load_changes_nothing(driver, saved):
    loader = "BPFLoaderUpgradeab1e11111111111111111111111"
    program = [str(Pubkey.new_unique()), 5, loader, True, 0, base64.b64encode(bytes([2, 0, 0, 0])).decode()]
    repacked(saved, accounts=[program])
    assert "the chain does not take it" in refused(driver, saved)


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(driver, saved, tmp_path):
    old = saved.read_bytes()
    fault = driver.fault("gdx_snapshot", str(tmp_path / "none" / "s"))
    assert "cannot be written" in fault.message
    assert saved.read_bytes() == old
    assert {path.name for path in tmp_path.iterdir()} == {"s"}


def test_times_that_no_chain_can_have_are_refused(driver):
    for unix_ts in (-1, 2**40, 2**64):
        assert "unix_ts" in driver.fault("gdx_setClock", unix_ts).message


def test_programs_are_listed(driver, memo_elf):
    program, authority = Pubkey.new_unique(), Pubkey.new_unique()
    elf = [base64.b64encode(memo_elf).decode(), "base64"]
    driver.chain.rpc("gdx_loadProgram", [str(program), elf, str(authority)])
    listed = {entry["address"]: entry for entry in driver.chain.rpc("gdx_listPrograms")}
    assert listed[str(program)]["authority"] == str(authority)
    assert listed[str(program)]["bytes"] == len(memo_elf)
    assert "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA" in listed


@pytest.mark.parametrize("address", ["1" * 32, "ComputeBudget111111111111111111111111111111"])
def test_built_in_programs_stay(driver, address):
    """Found by the fuzzer: an account written over the system program ended every later transfer."""
    for method, params in (
        ("gdx_setAccount", [address, {"lamports": 1}]),
        ("gdx_loadProgram", [address, ["AAAA", "base64"]]),
    ):
        fault = driver.fault(method, *params)
        assert (fault.code, fault.message) == (
            -32602,
            f"address {address}: a built-in program cannot be replaced",
        )
    assert driver.run(driver.pay())["meta"]["err"] is None


@pytest.mark.parametrize("method", ["gdx_snapshot", "gdx_restore"])
@pytest.mark.parametrize("path", ["", "\0", "a\0b"])
def test_a_path_that_no_file_has_is_refused(driver, method, path):
    """Found by the fuzzer: an internal error."""
    fault = driver.fault(method, path)
    assert fault.code == -32602
    assert fault.message == f"path {path!r}: must name a file, and hold no NUL character"
