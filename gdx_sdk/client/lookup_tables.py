"""Lookup tables on chain: created, filled and usable when returned."""

from __future__ import annotations

from collections.abc import Sequence

from solders.address_lookup_table_account import ID as ADDRESS_LOOKUP_TABLE_ID
from solders.address_lookup_table_account import AddressLookupTable, AddressLookupTableAccount
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from gdx_sdk.client.client import Client
from gdx_sdk.errors import AccountNotFound, CodecError, ConfirmationTimeout, InputError
from gdx_sdk.tx.lookup_tables import (
    MAX_ADDRESSES_PER_EXTEND,
    close_lookup_table,
    create_lookup_table,
    deactivate_lookup_table,
    decode_lookup_table,
    extend_lookup_table,
    room_in,
)
from gdx_sdk.tx.transaction import Signer

WARM_UP_POLL_S = 0.1
WARM_UP_LIMIT_S = 30.0


class LookupTables:
    """Creates, extends and closes lookup tables that `authority` owns and pays for."""

    def __init__(self, client: Client, authority: Signer | Keypair) -> None:
        self._client, self._authority = client, Signer.of(authority)
        self._known: dict[Pubkey, AddressLookupTableAccount] = {}

    async def create(self, addresses: Sequence[Pubkey] = ()) -> AddressLookupTableAccount:
        """A new table that holds `addresses` (at most 256), ready to use in the next transaction."""
        _check_room(AddressLookupTableAccount(Pubkey.default(), []), list(dict.fromkeys(addresses)))
        slot = (await self._client.get_clock()).slot
        me = self._authority.pubkey
        # The present slot is not among the slots that are over, and only those can name a table.
        instruction, address = create_lookup_table(me, me, max(slot - 1, 0))
        await self._client.send([instruction], [self._authority])
        table = AddressLookupTableAccount(address, [])
        return await self.extend(table, addresses) if addresses else table

    async def extend(
        self, table: AddressLookupTableAccount, addresses: Sequence[Pubkey]
    ) -> AddressLookupTableAccount:
        """Append those of `addresses` that the table lacks and wait until they count.

        20 to a transaction. `InputError`, and nothing sent, when the table has no room for all of them.
        """
        known = set(table.addresses)
        missing = [key for key in dict.fromkeys(addresses) if key not in known]
        _check_room(table, missing)
        me = self._authority.pubkey
        for start in range(0, len(missing), MAX_ADDRESSES_PER_EXTEND):
            part = missing[start : start + MAX_ADDRESSES_PER_EXTEND]
            await self._client.send([extend_lookup_table(table.key, me, me, part)], [self._authority])
        return await self._warm(table.key) if missing else table

    async def deactivate(self, address: Pubkey) -> None:
        """Take the table out of use; about 512 slots later it can be closed."""
        self._known.pop(address, None)
        await self._client.send([deactivate_lookup_table(address, self._authority.pubkey)], [self._authority])

    async def close(self, address: Pubkey, *, recipient: Pubkey | None = None) -> None:
        """Close a table deactivated long enough ago; its rent goes to `recipient`, by default the authority.

        Before that the table program's refusal is raised.
        """
        me = self._authority.pubkey
        await self._client.send([close_lookup_table(address, me, recipient or me)], [self._authority])

    async def fetch(self, address: Pubkey, *, is_fresh: bool = False) -> AddressLookupTableAccount:
        """The table at `address`, from memory when it was read before; `is_fresh` asks the chain anyway.

        A remembered table stays right while the table is in use, since addresses are only ever appended.
        Raises `AccountNotFound` when there is none, `CodecError` when the account is no lookup table.
        """
        if is_fresh or address not in self._known:
            self._known.pop(address, None)
            self._known[address] = decode_lookup_table(address, await self._data(address))
        return self._known[address]

    async def _warm(self, address: Pubkey) -> AddressLookupTableAccount:
        """Addresses count from the slot after the one they were appended in, in trial runs as well."""
        timer = self._client.timer
        started = timer.now_s()
        data = await self._data(address)
        table = decode_lookup_table(address, data)
        extended_slot = AddressLookupTable.deserialize(data).meta.last_extended_slot
        while (await self._client.get_clock()).slot <= extended_slot:
            if timer.now_s() - started > WARM_UP_LIMIT_S:
                raise ConfirmationTimeout("getAccountInfo", f"the chain does not leave slot {extended_slot}")
            await timer.sleep_s(WARM_UP_POLL_S)
        self._known[address] = table
        return table

    async def _data(self, address: Pubkey) -> bytes:
        account = (await self._client.get_account_info(address)).value
        if account is None:
            raise AccountNotFound("lookup table", address)
        if account.owner != ADDRESS_LOOKUP_TABLE_ID:
            rule = f"must be the program {ADDRESS_LOOKUP_TABLE_ID}"
            raise CodecError(f"lookup table {address}: owner", str(account.owner), rule)
        return account.data


def _check_room(table: AddressLookupTableAccount, missing: Sequence[Pubkey]) -> None:
    if len(missing) > room_in(table):
        raise InputError("addresses", len(missing), f"lookup table {table.key} has room for {room_in(table)}")
