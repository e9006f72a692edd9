"""One lookup table per market that holds its busy positions, so that a full batch fits into one transaction.

A batch that fits without a table goes without one, and one that fits with the table as it is leaves the table
alone: a batch's own record is named once and never again. Otherwise every account it names that the table
lacks is appended, with the accounts of the batches behind it; a full table is replaced by a fresh one, and
closed as soon as the chain lets it be: whoever trades from many positions must not use up the relayer's SOL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from solders.address_lookup_table_account import AddressLookupTable, AddressLookupTableAccount
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from gdx_keepers.core.files import read_json, write_json
from gdx_keepers.core.sender import Sender
from gdx_keepers.errors import Transient
from gdx_sdk.errors import ChainError, DryRunRefusal
from gdx_sdk.tx import (
    MAX_COMPUTE_UNITS,
    PACKET_BYTES,
    close_lookup_table,
    compile_message,
    create_lookup_table,
    deactivate_lookup_table,
    extend_lookup_table,
    transaction_size,
    with_budget,
)

MAX_ADDRESSES = 256
ADDRESSES_PER_EXTEND = 20
WARM_UP_LOOKS = 50
WARM_UP_MS = 100
RETIRED = "retired"  # in the state file, beside the markets' addresses
NEVER_SLOT = 2**64 - 1
CLOSABLE_AFTER_SLOTS = 513  # the chain's memory of slot hashes, for which transactions may still name a table


class TableChain(Protocol):
    """What the tables read of the chain."""

    async def account_data(self, address: Pubkey) -> bytes | None:
        """An account's bytes; None when there is no such account."""

    async def chain_time(self) -> tuple[int, int]:
        """Slot and unix seconds of the chain's clock account."""


class NoTables:
    """Every batch has to fit as it is."""

    async def for_batch(
        self, market: Pubkey, instruction: Instruction, backlog: Sequence[Pubkey]
    ) -> Sequence[AddressLookupTableAccount]:
        """No table."""
        del market, instruction, backlog
        return ()


class LookupTables:
    """The tables of one relayer; `state_file` remembers their addresses, the chain what is in them."""

    def __init__(
        self,
        sender: Sender,
        chain: TableChain,
        state_file: Path | str,
        *,
        sleep_ms: Callable[[int], Awaitable[None]],
    ) -> None:
        self._sender, self._chain, self._sleep_ms = sender, chain, sleep_ms
        self._state_file = Path(state_file)

    async def for_batch(
        self, market: Pubkey, instruction: Instruction, backlog: Sequence[Pubkey]
    ) -> Sequence[AddressLookupTableAccount]:
        """Nothing when `instruction` fits as it is, otherwise the market's table with all it names in it."""
        if transaction_bytes(self._sender.pubkey, instruction) <= PACKET_BYTES:
            return ()
        if self._sender.is_dry_run:
            raise DryRunRefusal("filling the lookup table that the batch needs")
        wanted = [meta.pubkey for meta in instruction.accounts if not meta.is_signer]
        opened = await self._remembered_table(market)
        if opened is not None and self._fits(instruction, *opened):
            address, table = opened
        else:
            address, table = await self._with_room(market, opened, wanted)
            table = await self._filled(address, table, wanted, backlog)
        await self._wait_until_warm(table)
        return (AddressLookupTableAccount(address, table.addresses),)

    def _fits(self, instruction: Instruction, address: Pubkey, table: AddressLookupTable) -> bool:
        account = AddressLookupTableAccount(address, table.addresses)
        return transaction_bytes(self._sender.pubkey, instruction, [account]) <= PACKET_BYTES

    async def _filled(
        self, address: Pubkey, table: AddressLookupTable, wanted: Sequence[Pubkey], backlog: Sequence[Pubkey]
    ) -> AddressLookupTable:
        """The table with all that is wanted in it, and as much of the backlog as it can take."""
        missing = [key for key in dict.fromkeys(wanted) if key not in set(table.addresses)]
        if not missing:
            return table
        known = {*table.addresses, *missing}
        room = MAX_ADDRESSES - len(table.addresses) - len(missing)
        soon = [key for key in dict.fromkeys(backlog) if key not in known][: max(room, 0)]
        return await self._extend(address, [*missing, *soon])

    async def _remembered_table(self, market: Pubkey) -> tuple[Pubkey, AddressLookupTable] | None:
        """The market's table; None when there is none."""
        remembered = self._remembered().get(str(market))
        if remembered is None:
            return None
        address = Pubkey.from_string(remembered)
        table = await self._read(address)
        return None if table is None else (address, table)

    async def _with_room(
        self, market: Pubkey, opened: tuple[Pubkey, AddressLookupTable] | None, wanted: Sequence[Pubkey]
    ) -> tuple[Pubkey, AddressLookupTable]:
        """The table, or a new one when there is none or it cannot take what is wanted."""
        if opened is not None:
            addresses = opened[1].addresses
            if len(addresses) + len(set(wanted) - set(addresses)) <= MAX_ADDRESSES:
                return opened
        return await self._create(market)

    async def _create(self, market: Pubkey) -> tuple[Pubkey, AddressLookupTable]:
        slot, _ = await self._chain.chain_time()
        await self._reclaim(slot)
        recent_slot = max(slot - 1, 0)  # the present slot is not in the slot hashes yet
        me = self._sender.pubkey
        instruction, address = create_lookup_table(me, me, recent_slot)
        while str(address) in self._known():  # another market's: the slot makes the address
            recent_slot -= 1
            instruction, address = create_lookup_table(me, me, recent_slot)
        self._remember(market, address)  # before it exists: a crash then leaves no table nobody knows of
        await self._sender.send([instruction])
        table = await self._read(address)
        if table is None:
            raise Transient(f"lookup table {address} was created but cannot be read yet")
        return address, table

    async def _reclaim(self, slot: int) -> None:
        """A step further with each table that was replaced: deactivated, later closed; nothing is urgent."""
        me = self._sender.pubkey
        for text in self._retired():
            address = Pubkey.from_string(text)
            with contextlib.suppress(ChainError):
                table = await self._read(address)
                if table is not None and table.meta.deactivation_slot == NEVER_SLOT:
                    await self._sender.send([deactivate_lookup_table(address, me)])
                elif table is not None and slot > table.meta.deactivation_slot + CLOSABLE_AFTER_SLOTS:
                    await self._sender.send([close_lookup_table(address, me, me)])
                elif table is None:
                    self._write({RETIRED: [one for one in self._retired() if one != text]})

    async def _extend(self, address: Pubkey, keys: Sequence[Pubkey]) -> AddressLookupTable:
        me = self._sender.pubkey
        for start in range(0, len(keys), ADDRESSES_PER_EXTEND):
            chunk = keys[start : start + ADDRESSES_PER_EXTEND]
            await self._sender.send([extend_lookup_table(address, me, me, chunk)])
        table = await self._read(address)
        if table is None or not set(keys) <= set(table.addresses):
            raise Transient(f"lookup table {address} was extended but cannot be read yet")
        return table

    async def _wait_until_warm(self, table: AddressLookupTable) -> None:
        """Addresses count from the slot after the one they were appended in."""
        for _ in range(WARM_UP_LOOKS):
            slot, _ts = await self._chain.chain_time()
            if slot > table.meta.last_extended_slot:
                return
            await self._sleep_ms(WARM_UP_MS)
        raise Transient(f"the chain does not leave slot {table.meta.last_extended_slot}")

    async def _read(self, address: Pubkey) -> AddressLookupTable | None:
        data = await self._chain.account_data(address)
        return AddressLookupTable.deserialize(data) if data else None

    def _remembered(self) -> dict[str, Any]:
        return read_json(self._state_file) or {}

    def _retired(self) -> list[str]:
        return list(self._remembered().get(RETIRED, []))

    def _known(self) -> set[str]:
        tables = self._remembered()
        return {*tables.pop(RETIRED, []), *tables.values()}

    def _remember(self, market: Pubkey, address: Pubkey) -> None:
        replaced = self._remembered().get(str(market))
        retired = [*self._retired(), *([replaced] if replaced is not None else [])]
        self._write({str(market): str(address), **({RETIRED: retired} if retired else {})})

    def _write(self, changes: dict[str, Any]) -> None:
        write_json(self._state_file, {**self._remembered(), **changes})


def transaction_bytes(
    payer: Pubkey, instruction: Instruction, tables: Sequence[AddressLookupTableAccount] = ()
) -> int:
    """Size of a v0 transaction with one signature and budget instructions."""
    budgeted = with_budget([instruction], compute_unit_limit=MAX_COMPUTE_UNITS, priority_fee_microlamports=1)
    return transaction_size(compile_message(budgeted, payer, lookup_tables=tables))
