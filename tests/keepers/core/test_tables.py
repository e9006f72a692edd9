"""Lookup tables: when one is used, extended, replaced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from gdx_keepers.chain import SdkChain
from gdx_keepers.core.client_sender import ClientSender
from gdx_keepers.core.metrics import Metrics
from gdx_keepers.core.tables import MAX_ADDRESSES, LookupTables, transaction_bytes
from gdx_keepers.errors import Transient
from gdx_localnet import EmbeddedChain
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from gdx_sdk.client import Client
from gdx_sdk.errors import DryRunRefusal
from gdx_sdk.tx import PACKET_BYTES
from tests.keepers.exchange_world import InProcess, key
from tests.keepers.keeper_fakes import MARKET, OTHER_MARKET, PROGRAM

PAYER = key("relayer")


class Bench:
    """A chain with a funded relayer and nothing else."""

    def __init__(self, folder: Path, slot_mode: str = "fast") -> None:
        self.chain = EmbeddedChain(seed=b"tables", slot_mode=slot_mode, verify_signatures=False)
        self.chain.airdrop(PAYER.pubkey(), 10**12)
        self.chain.advance_slots(3)
        self.client = Client(InProcess(self.chain))
        self.state_file = folder / "tables.json"
        self.looks = 0

    def tables(self, *, is_dry_run: bool = False) -> LookupTables:
        signer = PAYER.pubkey() if is_dry_run else PAYER
        sender = ClientSender(self.client, signer, metrics=Metrics(), job="relayer", priority_fee=0)

        async def sleep_ms(ms: int) -> None:
            assert ms > 0
            self.looks += 1

        return LookupTables(sender, SdkChain(self.client), self.state_file, sleep_ms=sleep_ms)


def keys(start: int, count: int) -> list[Pubkey]:
    return [Pubkey.from_bytes(n.to_bytes(32, "big")) for n in range(start, start + count)]


def instruction(accounts: Sequence[Pubkey]) -> Instruction:
    metas = [AccountMeta(PAYER.pubkey(), True, True), *(AccountMeta(one, False, True) for one in accounts)]
    return Instruction(PROGRAM, b"data", metas)


async def test_a_small_instruction_goes_without(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    small = instruction(keys(1, 20))
    assert transaction_bytes(PAYER.pubkey(), small) <= PACKET_BYTES
    assert await bench.tables().for_batch(MARKET, small, []) == ()
    assert not bench.state_file.exists()


async def test_a_large_one_gets_a_table_with_all_it_names_and_the_backlog(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    wanted, soon = keys(1, 45), keys(101, 30)
    (table,) = await bench.tables().for_batch(MARKET, instruction(wanted), soon)
    assert set(table.addresses) == {*wanted, *soon}
    (again,) = await bench.tables().for_batch(MARKET, instruction([*wanted[5:], *soon[:5]]), [])
    assert again == table, "another process finds the same table and adds nothing"
    (other,) = await bench.tables().for_batch(OTHER_MARKET, instruction(wanted), [])
    assert other.key != table.key


async def test_an_account_named_once_does_not_extend_a_table_that_the_batch_fits_with(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    regulars, record = keys(1, 45), keys(901, 2)
    (before,) = await bench.tables().for_batch(MARKET, instruction([*regulars, record[0]]), [])
    (after,) = await bench.tables().for_batch(MARKET, instruction([*regulars, record[1]]), [])
    assert after == before


async def test_a_full_table_is_replaced_by_a_fresh_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    tables = bench.tables()
    (first,) = await tables.for_batch(MARKET, instruction(keys(1, 45)), keys(101, 400))
    assert len(first.addresses) == MAX_ADDRESSES
    wanted = keys(1001, 45)
    (second,) = await tables.for_batch(MARKET, instruction(wanted), [])
    assert second.key != first.key
    assert list(second.addresses) == wanted
    assert json.loads(bench.state_file.read_text()) == {str(MARKET): str(second.key)}


async def test_a_remembered_table_that_was_never_created_is_made_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.state_file.write_text(json.dumps({str(MARKET): str(Pubkey.from_bytes(bytes([3] * 32)))}))
    (table,) = await bench.tables().for_batch(MARKET, instruction(keys(1, 45)), [])
    assert len(table.addresses) == 45


async def test_new_addresses_are_not_used_in_their_own_slot(tmp_path: Path) -> None:
    bench = Bench(tmp_path, slot_mode="manual")
    with pytest.raises(Transient, match="the chain does not leave slot"):
        await bench.tables().for_batch(MARKET, instruction(keys(1, 45)), [])
    assert bench.looks > 0
    bench.chain.advance_slots(1)
    (table,) = await bench.tables().for_batch(MARKET, instruction(keys(1, 45)), [])
    assert len(table.addresses) == 45


async def test_a_dry_run_fills_no_table(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(DryRunRefusal):
        await bench.tables(is_dry_run=True).for_batch(MARKET, instruction(keys(1, 45)), [])
    assert not bench.state_file.exists()
