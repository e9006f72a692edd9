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
    state = json.loads(bench.state_file.read_text())
    assert state == {str(MARKET): str(second.key), "retired": [str(first.key)]}


async def test_replaced_tables_are_closed_and_their_rent_comes_back(tmp_path: Path) -> None:
    """Somebody trades from ever other positions: what the relayer has in tables stays bounded."""
    bench = Bench(tmp_path)
    tables, made = bench.tables(), []
    for n in range(1, 6):
        (table,) = await tables.for_batch(
            MARKET, instruction(keys(1_000 * n, 45)), keys(1_000 * n + 100, 400)
        )
        made.append(table.key)
        bench.chain.advance_slots(600)
    assert len(set(made)) == 5
    exists = [(await bench.client.get_account_info(one)).value is not None for one in made]
    assert exists == [False, False, True, True, True], "one is deactivated, one is full, one is in use"
    state = json.loads(bench.state_file.read_text())
    assert state["retired"] == [str(one) for one in made[1:4]]


async def test_two_markets_in_the_same_slot_have_tables_of_their_own(tmp_path: Path) -> None:
    """The address of a table follows from authority and slot alone."""
    bench = Bench(tmp_path)
    slot = bench.chain.rpc("getSlot", [])

    class AtOnce(SdkChain):
        """The first look, by which the address is chosen, is both markets' in one slot."""

        async def chain_time(self) -> tuple[int, int]:
            if is_first.pop("look", False):
                return slot, 0
            return await super().chain_time()

    made = []
    for market in (MARKET, OTHER_MARKET):
        is_first = {"look": True}
        tables = bench.tables()
        tables._chain = AtOnce(bench.client)
        (table,) = await tables.for_batch(market, instruction(keys(1, 45)), [])
        made.append(table.key)
    assert made[0] != made[1]


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
