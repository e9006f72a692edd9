"""settle_batch: an account that is no position, in a position's place and in the right order of keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain, program_data
from tests.programs.harness.codec import SYSTEM, Call, event_authority

from .exchange import BEAT, CONFIG, PROGRAM
from .market import V1, V2, Market, Trader, batch_address


def another_programs_position(market: Market) -> Pubkey:
    """A position's bytes under another owner."""
    data = market.chain.data(market.trader().position)
    return market.chain.put(Pubkey.new_unique(), data, Pubkey.new_unique())


def shorter_position(market: Market) -> Pubkey:
    account = market.chain.account(market.trader().position)
    assert account is not None
    return market.chain.put(Pubkey.new_unique(), bytes(account.data)[:-1], account.owner)


OTHERS: dict[str, Callable[[Market, Call], Pubkey]] = {
    "config": lambda market, call: CONFIG,
    "market": lambda market, call: market.key,
    "feed": lambda market, call: market.feed,
    "the batch's own record": lambda market, call: call.address_of("batch"),
    "a settled batch's record": lambda market, call: batch_address(market.read().last_batch_id),
    "relayer": lambda market, call: market.exchange.relayer,
    "fee payer": lambda market, call: market.chain.payer.pubkey(),
    "beat": lambda market, call: BEAT,
    "pool": lambda market, call: market.pool,
    "event authority": lambda market, call: event_authority(PROGRAM),
    "system program": lambda market, call: SYSTEM,
    "program data": lambda market, call: program_data(PROGRAM),
    "another program's position": lambda market, call: another_programs_position(market),
    "a shorter position": lambda market, call: shorter_position(market),
}


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("name", OTHERS)
def test_refuses_what_is_no_position(
    market: Market, alice: Trader, bob: Trader, chain: Chain, name: str, version: int
) -> None:
    market.settled(version, market.trade(alice, bob, 1_000))
    call = market.settle(market.seal(version, market.trade(alice, bob, 1_000)))
    low, high = call.remaining
    other = AccountMeta(OTHERS[name](market, call), False, True)
    in_order = (other, high) if other.pubkey < high.pubkey else (low, other)
    chain.refused(replace(call, remaining=in_order), error="BadPositionAccounts")
    beside = tuple(sorted((low, high, other), key=lambda meta: bytes(meta.pubkey)))
    chain.refused(replace(call, remaining=beside), error="BadPositionAccounts")
    chain.send(call)
