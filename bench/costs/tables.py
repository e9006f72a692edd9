"""Lookup tables made by the lookup table program itself, and transactions that use them."""

from __future__ import annotations

from collections.abc import Sequence

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from gdx_sdk.tx import (
    compile_message,
    create_lookup_table,
    decode_lookup_table,
    extend_lookup_table,
    with_budget,
)
from tests.programs.harness.chain import SOL, Chain
from tests.programs.harness.codec import Call, event_authority
from tests.programs.position_mgmt.exchange import CONFIG
from tests.programs.position_mgmt.market import Market

ADDRESSES_PER_TABLE = 256
ADDRESSES_PER_EXTEND = 20


def shared_keys(market: Market) -> list[Pubkey]:
    """What every batch of a market names besides its record and its positions."""
    return [CONFIG, market.key, market.feed, Pubkey.default(), event_authority("position_mgmt")]


def make_table(chain: Chain, authority: Keypair, keys: Sequence[Pubkey]) -> AddressLookupTableAccount:
    """A table of up to 256 `keys`, warm; one slot passes."""
    assert len(keys) <= ADDRESSES_PER_TABLE
    me, slot = authority.pubkey(), chain.slot
    chain.fund(me, SOL)
    chain.svm.set_slot_hashes([(slot - 1, Hash.default())])
    create, address = create_lookup_table(me, me, slot - 1)
    chain.send(create)
    for start in range(0, len(keys), ADDRESSES_PER_EXTEND):
        chain.send(extend_lookup_table(address, me, me, keys[start : start + ADDRESSES_PER_EXTEND]))
    chain.set_clock(slot=slot + 1)
    table = decode_lookup_table(address, chain.data(address))
    assert table.addresses == list(keys)
    return table


def budgeted(call: Call) -> list[Instruction]:
    """With the two budget instructions that a relayer sends."""
    return with_budget([call.instruction], compute_unit_limit=400_000, priority_fee_microlamports=1)


def send_v0(chain: Chain, call: Call, payer: Pubkey, tables: Sequence[AddressLookupTableAccount]) -> int:
    """Settle in one v0 transaction; returns its compute units."""
    blockhash = chain.svm.latest_blockhash()
    message = compile_message(budgeted(call), payer, lookup_tables=tables, blockhash=blockhash)
    result = chain.svm.send_transaction(VersionedTransaction.populate(message, [Signature.new_unique()]))
    assert not hasattr(result, "err"), result
    return int(result.compute_units_consumed())
