"""Copying from another cluster: from the embedded chain here, from a validator where there is one."""

from __future__ import annotations

import os
import socket

import pytest
from gdx_localnet import (
    EmbeddedChain,
    EngineError,
    FixtureError,
    LocalnetOptions,
    build_chain,
    features,
    launch,
    start_in_thread,
    status,
    up,
)
from gdx_localnet import clone as cloning
from gdx_localnet.faults.rules import rule_from_text
from gdx_localnet.programs import code_address_of, list_programs, load_upgradeable
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM
from solders.system_program import TransferParams, transfer

from gdx_sdk.errors import TransportError
from tests.localnet.conftest import Driver

PROGRAM, AUTHORITY, HOLDER = (Pubkey(bytes([n] * 32)) for n in (11, 12, 13))


@pytest.fixture
def source(chain: EmbeddedChain, memo_elf):
    """A chain with a program deployed in slot 5,000 and an account, served."""
    chain.advance_slots(5_000)
    load_upgradeable(chain, PROGRAM, memo_elf, AUTHORITY)
    chain.set_account(HOLDER, Account(77, b"held", SYSTEM, False, 2**64 - 1))
    code_address = code_address_of(chain.accounts.get(PROGRAM))
    code = chain.accounts.get(code_address)
    later = code.data[:4] + (5_000).to_bytes(8, "little") + code.data[12:]
    chain.set_account(code_address, Account(code.lamports, later, code.owner, False, code.rent_epoch))
    handle = start_in_thread(chain)
    yield handle
    handle.stop()


def options(url, **settings):
    return LocalnetOptions(engine="embedded", fixture="none", url=url, **settings)


def test_an_account_and_a_program_arrive(source):
    missing = Pubkey.new_unique()
    chain = build_chain(
        options(source.url, clone=(HOLDER,), maybe_clone=(missing,), clone_upgradeable_programs=(PROGRAM,))
    )
    assert chain.accounts.get(HOLDER) == source.chain.accounts.get(HOLDER)
    assert chain.accounts.get(missing) is None
    found = {info.program_id: info for info in list_programs(chain)}[PROGRAM]
    assert (found.authority, found.deployed_slot) == (AUTHORITY, 0)


def test_clones_go_into_files_that_start_the_chain_later(source, tmp_path):
    asked = options(source.url, clone=(HOLDER,), clone_upgradeable_programs=(PROGRAM,))
    resolved = cloning.materialize(asked, tmp_path / "cloned")
    assert (resolved.clones, resolved.account_dirs) == ((), (tmp_path / "cloned",))
    source.stop()
    chain = build_chain(resolved)
    assert chain.accounts.balance(HOLDER) == 77
    assert PROGRAM in {info.program_id for info in list_programs(chain)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clone": (Pubkey(bytes([99] * 32)),)}, "there is no such account at http"),
        ({"clone": (PROGRAM,)}, "use clone-upgradeable-program"),
        ({"clone_upgradeable_programs": (HOLDER,)}, "is no program of the upgradeable loader"),
    ],
)
def test_what_cannot_be_cloned_is_named(source, settings, message):
    with pytest.raises(FixtureError, match=message):
        cloning.fetch(options(source.url, **settings))


TABLE, LISTED = Pubkey(bytes([14] * 32)), Pubkey(bytes([15] * 32))
TABLES = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


def table_account(addresses) -> Account:
    """A lookup table, extended in slot 4,000."""
    head = (1).to_bytes(4, "little") + b"\xff" * 8 + (4_000).to_bytes(8, "little") + b"\0\1" + bytes(32 + 2)
    return Account(10**7, head + b"".join(map(bytes, addresses)), TABLES, False, 2**64 - 1)


@pytest.mark.parametrize("by", ["build_chain", "materialize"])
def test_a_table_comes_with_what_it_lists(source, tmp_path, by):
    missing = Pubkey.new_unique()
    source.chain.set_account(LISTED, Account(78, b"listed", SYSTEM, False, 2**64 - 1))
    source.chain.set_account(TABLE, table_account([LISTED, missing, PROGRAM, CLOCK, SYSTEM, LISTED]))
    asked = options(source.url, deep_clone_tables=(TABLE,))
    if by == "materialize":
        asked = LocalnetOptions.from_json(cloning.materialize(asked, tmp_path / "cloned").to_json())
        source.stop()
    chain = build_chain(asked)
    assert chain.accounts.get(LISTED) == source.chain.accounts.get(LISTED)
    assert chain.accounts.get(missing) is None
    assert PROGRAM in {info.program_id for info in list_programs(chain)}
    copied, original = (one.accounts.get(TABLE).data for one in (chain, source.chain))
    assert (copied[:12], copied[12:20], copied[20:]) == (original[:12], bytes(8), original[20:])
    driver = Driver(chain)
    found = AddressLookupTableAccount(TABLE, [LISTED, missing, PROGRAM, CLOCK, SYSTEM, LISTED])
    receiver = transfer(TransferParams(from_pubkey=driver.payer.pubkey(), to_pubkey=LISTED, lamports=10**9))
    driver.send(driver.sign([receiver], tables=[found]))  # a table from a later slot would list nothing yet
    assert chain.accounts.balance(LISTED) == 78 + 10**9


def test_what_is_no_table_is_named(source):
    with pytest.raises(FixtureError, match=f"deep-clone-address-lookup-table {HOLDER}: is no lookup table"):
        cloning.fetch(options(source.url, deep_clone_tables=(HOLDER,)))


OLD_CODE_AGAIN = Pubkey.from_string("TestFeature21111111111111111111111111111111")
"""Lets code of SBPF v0 run although another feature ends that. Without it no program of today runs."""


def test_the_features_of_a_cluster_are_taken(tmp_path):
    known = features.known_features()
    first = EmbeddedChain(active_features=known, deactivate_features=known[:3])
    handle = start_in_thread(first)
    try:
        asked = options(handle.url, clone_feature_set=True, deactivate_features=(known[5],))
        resolved = LocalnetOptions.from_json(cloning.materialize(asked, tmp_path / "cloned").to_json())
        assert (resolved.clone_feature_set, set(resolved.active_features)) == (False, set(known[3:]))
        direct = build_chain(asked)
    finally:
        handle.stop()
    for chain in (direct, build_chain(resolved)):
        active = {key for key in known if features.is_active(chain.accounts.get(key))}
        assert active == {*known[3:5], *known[6:]}


def test_features_change_what_the_runtime_does():
    known = features.known_features()
    assert len(known) > len(LiteSVM.mainnet_feature_set().active)
    EmbeddedChain(active_features=known)
    with pytest.raises(EngineError, match="the runtime's own programs do not run with them"):
        EmbeddedChain(active_features=known, deactivate_features=[OLD_CODE_AGAIN])


def test_an_unknown_feature_is_said(caplog):
    EmbeddedChain(deactivate_features=[HOLDER])
    assert f"deactivate-feature {HOLDER}: the runtime knows no such feature" in caplog.text


def test_features_need_a_cluster():
    with pytest.raises(EngineError, match="there is nothing to copy from: name a cluster with url"):
        options(None, clone_feature_set=True)


def test_a_passing_outage_is_outlasted(source, monkeypatch):
    monkeypatch.setattr("gdx_localnet.asking._FIRST_PAUSE_S", 0.001)
    source.chain.faults.set(
        [
            rule_from_text("503:count=1"),
            rule_from_text("429:count=1,retry-after-s=0"),
            rule_from_text("drop:count=1"),
        ]
    )
    assert len(cloning.fetch(options(source.url, clone=(HOLDER,)))) == 1
    assert [fault["struck"] for fault in source.chain.faults.described()] == [1, 1, 1]


def test_a_cluster_that_is_away_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("gdx_localnet.asking._FIRST_PAUSE_S", 0.001)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(TransportError, match=rf"{url} cannot be reached: .* \(4 tries\)"):
        up("embedded", state_dir=tmp_path, rpc_port=0, fixture="none", clone=(HOLDER,), url=url)
    assert status(state_dir=tmp_path) is None
    assert not (tmp_path / "localnet.log").exists()


def test_an_answer_that_is_no_cluster_is_named(chain):
    from gdx_localnet.asking import call

    from gdx_sdk.errors import RpcError

    handle = start_in_thread(chain)
    with pytest.raises(RpcError, match="HTTP 413, and not JSON"):
        call(handle.url, "nope" * 20_000)
    handle.stop()


@pytest.mark.validator
@pytest.mark.parametrize("from_engine", ["embedded", "validator"])
@pytest.mark.parametrize("to_engine", ["embedded", "validator"])
def test_between_the_engines(tmp_path, memo_elf, from_engine, to_engine):
    if "GDX_VALIDATOR" not in os.environ:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    from gdx_localnet import ProgramFile
    from gdx_localnet.asking import call

    (tmp_path / "memo.so").write_bytes(memo_elf)
    programs = (ProgramFile(PROGRAM, tmp_path / "memo.so", AUTHORITY),)
    with launch(from_engine, fixture="none", programs=programs, mint=HOLDER) as first:
        settings = {"url": first.url, "clone": (HOLDER,), "clone_upgradeable_programs": (PROGRAM,)}
        with launch(to_engine, fixture="none", **settings) as second:
            config = {"encoding": "base64", "commitment": "processed"}
            for address in (HOLDER, PROGRAM, code_address_of_program()):
                copies = [
                    call(handle.url, "getAccountInfo", str(address), config)["value"]
                    for handle in (first, second)
                ]
                assert copies[0] is not None
                assert {**copies[0], "rentEpoch": 0} == {**copies[1], "rentEpoch": 0}


def code_address_of_program() -> Pubkey:
    from gdx_localnet.programs import programdata_address

    return programdata_address(PROGRAM)


@pytest.mark.validator
def test_features_and_tables_reach_a_validator(source):
    if "GDX_VALIDATOR" not in os.environ:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    from gdx_localnet.asking import call

    active = sorted(LiteSVM.mainnet_feature_set().active, key=bytes)
    kept, asked_for, without = active[0], active[1], active[2]
    source.chain.set_account(without, Account(0, b"", SYSTEM))
    source.chain.set_account(LISTED, Account(78, b"listed", SYSTEM, False, 2**64 - 1))
    source.chain.set_account(TABLE, table_account([LISTED, PROGRAM, SYSTEM]))
    settings = {"clone_feature_set": True, "deactivate_features": (asked_for,), "deep_clone_tables": (TABLE,)}
    with launch("validator", fixture="none", url=source.url, **settings) as handle:
        addresses = [str(key) for key in (kept, asked_for, without, LISTED, PROGRAM, TABLE)]
        config = {"encoding": "base64", "commitment": "processed"}
        found = call(handle.url, "getMultipleAccounts", addresses, config)["value"]
    assert [account is not None for account in found] == [True, False, False, True, True, True]
