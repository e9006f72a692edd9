"""Developer controls."""

from __future__ import annotations

import base64

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


def test_a_broken_snapshot_is_named(driver, tmp_path):
    path = tmp_path / "s"
    path.write_bytes(b"nonsense")
    fault = driver.fault("gdx_restore", str(path))
    assert str(path) in fault.message
    assert driver.chain.rpc("getHealth") == "ok"


def test_programs_are_listed(driver, memo_elf):
    program, authority = Pubkey.new_unique(), Pubkey.new_unique()
    elf = [base64.b64encode(memo_elf).decode(), "base64"]
    driver.chain.rpc("gdx_loadProgram", [str(program), elf, str(authority)])
    listed = {entry["address"]: entry for entry in driver.chain.rpc("gdx_listPrograms")}
    assert listed[str(program)]["authority"] == str(authority)
    assert listed[str(program)]["bytes"] == len(memo_elf)
    assert "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA" in listed
