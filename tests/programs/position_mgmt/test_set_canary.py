"""set_canary: one market tries a batch version for its next sequences; the guardian only shortens it."""

from __future__ import annotations

import pytest
from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config, refuses_strangers
from .batch_bytes import raw
from .exchange import CONFIG, HALTED, PAUSE, REDUCE_ONLY, SETTLING, Exchange
from .market import V1, V2, Market, Trader

NONE = (0, Pubkey.default(), 0, 0)
WAYS = pytest.mark.parametrize(("live", "canary"), [(V1, V2), (V2, V1)])


def canary_of(exchange: Exchange) -> tuple[int, Pubkey, int, int]:
    config = exchange.read()
    return config.canary_version, config.canary_market, config.canary_remaining, config.canary_last_sequence


def settles(market: Market, version: int, taker: Trader, maker: Trader) -> None:
    market.settled(version, market.trade(taker, maker, 1_000))


def refuses(market: Market, version: int, taker: Trader, maker: Trader) -> None:
    call = market.settle(market.seal(version, market.trade(taker, maker, 1_000)))
    market.chain.refused(call, error="BatchVersionNotAllowed")


@pytest.fixture
def first_only(bare: Exchange) -> Exchange:
    """Only V1 was ever live, and changes wait for a day."""
    return bare.create(delay_seconds=86_400, allowed_batch_versions=V1)


def test_a_version_never_live_at_once_and_without_becoming_live(first_only: Exchange, chain: Chain) -> None:
    feed = first_only.feed("BTC-PERP", 50_000 * 10**6)
    chain.send(first_only.wait_for(first_only.create_market("BTC-PERP", feed.address)))
    market = Market(first_only, "BTC-PERP", feed)
    feed.publish(50_000 * 10**6, confidence_e6=0)
    alice, bob = market.trader(), market.trader()
    event = chain.send(first_only.set_canary(market.key, V2, 2)).event("CanarySet")
    assert (event.signer, event.version, event.market) == (first_only.admin, V2, market.key)
    assert (event.batches, event.last_sequence) == (2, 2)
    assert event.head.sequence == first_only.read().event_sequence
    for _ in range(2):
        settles(market, V2, alice, bob)
    refuses(market, V2, alice, bob)
    settles(market, V1, alice, bob)
    config = first_only.read()
    assert (config.allowed_batch_versions, config.ever_live_versions) == (V1, V1)
    chain.refused(first_only.set_allowed_versions(3), error="ChangeNotProposed")


@WAYS
def test_covers_the_next_sequences_of_one_market(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain, live: int, canary: int
) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(live))
    settles(market, live, alice, bob)
    refuses(market, canary, alice, bob)
    chain.send(exchange.set_canary(market.key, canary, 3))
    assert canary_of(exchange) == (canary, market.key, 3, 4)
    settles(market, canary, alice, bob)
    settles(market, live, alice, bob)
    carol, dave = other_market.trader(), other_market.trader()
    refuses(other_market, canary, carol, dave)
    settles(other_market, live, carol, dave)
    chain.send(market.settle(market.heartbeat(canary)))
    assert market.read().last_batch_sequence == 4
    refuses(market, canary, alice, bob)
    chain.refused(market.settle(market.heartbeat(canary)), error="BatchVersionNotAllowed")
    settles(market, live, alice, bob)
    assert canary_of(exchange) == (canary, market.key, 3, 4), "settling writes nothing to the configuration"
    assert market.position(alice).size == 4_000


@WAYS
def test_a_settled_canary_batch_is_known_and_an_earlier_sequence_is_not_its(
    market: Market, alice: Trader, bob: Trader, chain: Chain, live: int, canary: int
) -> None:
    exchange = market.exchange
    first, _ = market.settled(canary, market.trade(alice, bob, 1_000))
    chain.send(exchange.set_allowed_versions(live))
    chain.send(exchange.set_canary(market.key, canary, 1))
    batch, _ = market.settled(canary, market.trade(alice, bob, 1_000))
    before = market.read()
    chain.advance(1)
    chain.send(market.settle(batch))
    assert market.read() == before
    chain.refused(market.settle(first), error="BatchVersionNotAllowed")


def test_a_market_that_begins_again_has_no_old_canary(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    for _ in range(3):
        settles(market, V1, alice, bob)
    chain.send(exchange.set_canary(market.key, V2, 2))
    chain.rewrite(market.key, last_batch_sequence=0, last_batch_id=bytes(32))
    refuses(market, V2, alice, bob)
    settles(market, V1, alice, bob)


@pytest.mark.parametrize("signer", ["admin", "guardian"])
def test_zero_ends_it_whatever_market_is_named(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain, signer: str
) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 5))
    settles(market, V2, alice, bob)
    chain.rewrite(other_market.key, status=SETTLING)
    call = exchange.set_canary(other_market.key, 0, 0, getattr(exchange, signer))
    event = chain.send(call).event("CanarySet")
    assert canary_of(exchange) == NONE
    assert (event.version, event.market, event.batches, event.last_sequence) == NONE
    assert event.signer == getattr(exchange, signer)
    refuses(market, V2, alice, bob)
    chain.advance(1)
    chain.send(call)
    assert canary_of(exchange) == NONE


def test_the_guardian_only_shortens(
    market: Market, other_market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    exchange, guardian = market.exchange, market.exchange.guardian
    chain.send(exchange.set_allowed_versions(V1))
    chain.refused(exchange.set_canary(market.key, V2, 1, guardian), error="GuardianMayOnlyRestrict")
    chain.send(exchange.set_canary(market.key, V2, 5))
    settles(market, V2, alice, bob)
    chain.refused(exchange.set_canary(market.key, V2, 5, guardian), error="GuardianMayOnlyRestrict")
    chain.refused(exchange.set_canary(other_market.key, V2, 1, guardian), error="GuardianMayOnlyRestrict")
    chain.refused(exchange.set_canary(market.key, V1, 1, guardian), error="GuardianMayOnlyRestrict")
    chain.send(exchange.set_canary(market.key, V2, 4, guardian))
    assert canary_of(exchange) == (V2, market.key, 4, 5)
    chain.send(exchange.set_canary(market.key, V2, 1, guardian))
    settles(market, V2, alice, bob)
    refuses(market, V2, alice, bob)


def test_the_admin_replaces_it(market: Market, other_market: Market, chain: Chain) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 1))
    chain.send(exchange.set_canary(other_market.key, V2, 10_000))
    assert canary_of(exchange) == (V2, other_market.key, 10_000, 10_000)


def test_pauses_win(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 5))
    call = market.settle(market.seal(V2, market.trade(alice, bob, 1_000)))
    chain.send(exchange.set_pause_bits(PAUSE["settle"]))
    chain.refused(call, error="SettlePaused")
    chain.send(exchange.set_pause_bits(PAUSE["add_risk"]))
    chain.refused(call, error="AddRiskPaused")
    chain.send(exchange.set_pause_bits(0))
    chain.refused(call.but(relayer=exchange.guardian), error="WrongRelayer")
    chain.rewrite(market.key, status=HALTED)
    chain.refused(call, error="MarketNotActive")
    chain.rewrite(market.key, status=0)
    chain.send(call)


def test_short_data_of_a_canary_version_is_malformed(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 5))
    data = market.seal(V2, market.trade(alice, bob)).encode(1)[:50]
    chain.refused(raw(market, data, []), error="BatchMalformed")


@pytest.mark.parametrize("mask", [0, 3])
def test_ends_when_no_version_is_live_or_its_own_is(
    market: Market, alice: Trader, bob: Trader, chain: Chain, mask: int
) -> None:
    """A canary that outlasted its version's rise would undo a later narrowing."""
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 5))
    receipt = chain.send(exchange.set_allowed_versions(mask))
    changed, ended = receipt.event("ConfigChanged"), receipt.event("CanarySet")
    assert (ended.version, ended.market, ended.batches, ended.last_sequence) == NONE
    assert (ended.head.sequence, ended.signer) == (changed.head.sequence + 1, exchange.admin)
    assert canary_of(exchange) == NONE
    chain.send(exchange.set_allowed_versions(V1))
    refuses(market, V2, alice, bob)


def test_stays_through_other_changes_of_the_mask(market: Market, chain: Chain) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(market.key, V2, 5))
    receipt = chain.send(exchange.set_allowed_versions(V1, exchange.guardian))
    assert [name for name, _ in receipt.events] == ["ConfigChanged"]
    assert canary_of(exchange) == (V2, market.key, 5, 5)


@pytest.mark.parametrize("version", [0, 3, 4, 128, 255])
def test_refuses_versions_that_do_not_exist(market: Market, chain: Chain, version: int) -> None:
    chain.refused(market.exchange.set_canary(market.key, version, 1), error="InvalidBatchVersion")


def test_refuses_what_is_no_canary(market: Market, chain: Chain) -> None:
    exchange = market.exchange
    chain.refused(exchange.set_canary(market.key, V2, 1), error="VersionAlreadyAllowed")
    chain.send(exchange.set_allowed_versions(V1))
    chain.refused(exchange.set_canary(market.key, V1, 1), error="VersionAlreadyAllowed")
    for batches in (10_001, 2**32 - 1):
        chain.refused(exchange.set_canary(market.key, V2, batches), error="CanaryTooLong")
    chain.rewrite(market.key, last_batch_sequence=2**64 - 1)
    chain.refused(exchange.set_canary(market.key, V2, 1), error="MathOverflow")


@pytest.mark.parametrize(("status", "is_taken"), [(REDUCE_ONLY, True), (HALTED, False), (SETTLING, False)])
def test_refuses_a_market_that_stands_still(
    market: Market, chain: Chain, status: int, is_taken: bool
) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.rewrite(market.key, status=status)
    call = exchange.set_canary(market.key, V2, 1)
    if is_taken:
        chain.send(call)
    else:
        chain.refused(call, error="MarketNotActive")


def test_refusals(market: Market, chain: Chain) -> None:
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    call = exchange.set_canary(market.key, V2, 1)
    refuses_strangers(exchange, call)
    refuses_durable_nonce(chain, call, exchange.admin)
    refuses_other_config(chain, call)
    chain.refused(call.but(market=CONFIG), error="AccountDiscriminatorMismatch")
    refuses_wrong_accounts(chain, call)
