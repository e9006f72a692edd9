"""Options: what they refuse, how they travel, what the embedded chain makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gdx_localnet import EngineError, Fixture, LocalnetOptions, ProgramFile, account_files, build_chain
from gdx_localnet.faults.rules import rule_from_text
from gdx_localnet.ports import bind_ports
from solders.account import Account
from solders.pubkey import Pubkey

KEY = Pubkey(bytes([4] * 32))


def test_they_travel_as_json(tmp_path):
    options = LocalnetOptions(
        engine="embedded",
        rpc_port=12,
        fixture=tmp_path / "f.toml",
        programs=(ProgramFile(KEY, tmp_path / "p.so", None), ProgramFile(KEY, tmp_path / "q.so", KEY)),
        accounts=((KEY, tmp_path / "a.json"), (None, tmp_path / "b.json")),
        account_dirs=(tmp_path,),
        clone=(KEY,),
        url="http://127.0.0.1:1",
        mint=KEY,
        slot_mode="manual",
        faults=(rule_from_text("429:count=3"),),
    )
    again = LocalnetOptions.from_json(json.loads(json.dumps(options.to_json())))
    assert again.to_json() == options.to_json()
    assert (again.programs, again.accounts, again.faults, again.clone) == (
        options.programs,
        options.accounts,
        options.faults,
        options.clone,
    )


def test_relative_paths_become_absolute():
    options = LocalnetOptions(engine="embedded", accounts=((None, Path("a.json")),))
    assert options.to_json()["accounts"] == [[None, str(Path.cwd() / "a.json")]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "steam"}, "engine = 'steam': must be one of"),
        ({"slot_ms": 0}, "slot_ms = 0: must be at least 1"),
        ({"ticks_per_slot": 1}, "ticks_per_slot = 1: must be at least 2"),
        ({"slots_per_epoch": 31}, "slots_per_epoch = 31: must be at least 32"),
        ({"rpc_port": 65_535}, "rpc_port = 65535"),
        ({"clone": (KEY,)}, "name a cluster with url"),
        ({"engine": "validator", "faults": (rule_from_text("drop"),)}, "faults: solana-test-validator"),
        ({"engine": "validator", "bind_address": "0.0.0.0"}, "bind_address = '0.0.0.0'"),
    ],
)
def test_bad_options_are_named(settings, message):
    with pytest.raises(EngineError, match=message):
        LocalnetOptions(**{"engine": "embedded", **settings})


def build(**settings):
    return build_chain(LocalnetOptions(engine="embedded", fixture="none", **settings))


def test_an_address_of_another_machine_is_named():
    with pytest.raises(EngineError, match=r"cannot listen on port 0 of 192\.0\.2\.1: "):
        bind_ports("192.0.2.1", 0)


def test_a_mint_gets_its_fortune():
    assert build(mint=KEY).accounts.balance(KEY) == 500_000_000 * 10**9


def test_epochs_and_slots_have_the_length_that_was_asked_for():
    chain = build(slots_per_epoch=50, warp_slot=777, ticks_per_slot=10, slot_mode="manual")
    info = chain.rpc("getEpochInfo", [{"commitment": "processed"}])
    assert (info["absoluteSlot"], info["epoch"], info["slotIndex"], info["slotsInEpoch"]) == (777, 15, 27, 50)
    assert chain.rpc("getEpochSchedule")["slotsPerEpoch"] == 50
    chain.sync_sysvars()
    assert chain.svm.get_clock().epoch == 15
    assert chain.slot_ms == 62
    assert LocalnetOptions(engine="embedded", slot_ms=400).slot_length_ticks == 64


def test_faults_are_in_force_from_the_start():
    assert build(faults=(rule_from_text("503"),)).rpc("gdx_listFaults")[0]["kind"] == "503"


def test_a_folder_of_accounts_is_loaded(tmp_path):
    account = Account(77, b"data", KEY, False, 2**64 - 1)
    account_files.write(tmp_path, KEY, account)
    assert build(account_dirs=(tmp_path,)).accounts.get(KEY) == account


def test_a_program_without_its_code_is_named(chain):
    from gdx_localnet import FixtureError, apply_fixture
    from gdx_localnet.programs import UPGRADEABLE_LOADER

    state = (2).to_bytes(4, "little") + bytes(KEY)
    program = Account(1, state, UPGRADEABLE_LOADER, True, 0)
    with pytest.raises(FixtureError, match=f"is a program without its code \\({KEY}\\)"):
        apply_fixture(chain, Fixture(accounts=((Pubkey.new_unique(), program),)))
