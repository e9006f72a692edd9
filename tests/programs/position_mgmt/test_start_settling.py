"""start_settling: the admin after the delay; anyone after a silent day, a stuck loss, a used-up index."""

from __future__ import annotations

import pytest

from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts

from .attacks import refuses_durable_nonce, refuses_other_config
from .exchange import HALTED, PAUSE_ALL, REDUCE_ONLY, SETTLING, Exchange
from .market import ONE, V1, Market, Trader
from .oracle_faults import FAULTS, only_stale
from .winding import DAY, DELISTING, SILENCE, STUCK_LOSS, USED_UP_INDEX, Winding

PRICE_E6 = 50_000 * 10**6
ALARM, MAX_INDEX = 2**61, 2**62


@pytest.fixture
def winding(market: Market, alice: Trader, bob: Trader) -> Winding:
    """A market in which Alice is long one unit and Bob is short."""
    market.settled(V1, market.trade(alice, bob))
    return Winding(market)


def test_anyone_may_after_a_silent_day(winding: Winding, market: Market, chain: Chain) -> None:
    before, payer = market.read(), chain.account(winding.payer)
    event = winding.begin().event("SettlingStarted")
    after, settlement = market.read(), winding.read()
    assert (after.status, after.is_active) == (SETTLING, 0)
    assert (settlement.market, settlement.payer) == (market.key, winding.payer)
    assert (settlement.price_e6, settlement.started_ts) == (PRICE_E6, chain.now_ts)
    assert (settlement.reason, settlement.open_interest_e8, settlement.is_paying) == (SILENCE, ONE, 0)
    assert (settlement.layout_version, settlement.imbalance_atoms) == (1, 0)
    assert (event.market, event.settlement, event.reason) == (market.key, winding.address, SILENCE)
    assert (event.price_e6, event.open_interest_e8, event.position_count) == (PRICE_E6, ONE, 2)
    assert event.head.sequence == after.event_sequence == before.event_sequence + 1
    account, paid = chain.account(winding.address), chain.account(winding.payer)
    assert payer is not None
    assert account is not None
    assert paid is not None
    assert payer.lamports - paid.lamports == account.lamports
    winding.check_books()


def test_a_second_short_of_a_day_is_not_silent(winding: Winding, chain: Chain) -> None:
    winding.fall_silent()
    chain.set_clock(ts=chain.now_ts - 1)
    chain.refused(winding.start(), error="MarketNotSilent")
    chain.advance(1)
    chain.send(winding.start())


def test_a_heartbeat_breaks_the_silence(winding: Winding, market: Market, chain: Chain) -> None:
    winding.fall_silent()
    chain.send(market.settle(market.heartbeat()))
    chain.refused(winding.start(), error="MarketNotSilent")


def test_the_price_is_the_hourly_average(winding: Winding, market: Market, chain: Chain) -> None:
    winding.fall_silent()
    chain.advance(360)
    market.publishing.publish(50_900 * 10**6, confidence_e6=0)
    assert chain.read(market.feed).twap_e9 == 50_090 * 10**9
    event = chain.send(winding.start()).event("SettlingStarted")
    assert event.price_e6 == 50_090 * 10**6


def test_an_average_that_the_price_ran_away_from_is_refused(
    winding: Winding, market: Market, chain: Chain
) -> None:
    """Nobody picks the moment of a crash: the average has to be within the market's band of 2 %."""
    winding.fall_silent()
    chain.advance(360)
    market.publishing.publish(45_000 * 10**6, confidence_e6=0)
    chain.refused(winding.start(), error="AverageTooFar")
    for _ in range(10):
        chain.advance(600)
        market.publishing.publish(45_000 * 10**6, confidence_e6=0)
    event = chain.send(winding.start()).event("SettlingStarted")
    assert 45_000 * 10**6 <= event.price_e6 <= 45_900 * 10**6


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"only_stale"}))
def test_refuses_an_oracle_that_may_not_be_used(
    winding: Winding, market: Market, chain: Chain, fault: str
) -> None:
    winding.fall_silent()
    FAULTS[fault](market)
    chain.refused(winding.start(), error="OracleNotUsable")


def test_a_stale_price_is_no_hindrance(winding: Winding, market: Market, chain: Chain) -> None:
    winding.fall_silent()
    only_stale(market)
    chain.send(winding.start())


def test_a_dead_oracle_holds_nobody_longer_than_three_days(
    winding: Winding, market: Market, chain: Chain
) -> None:
    last_ts = market.read().last_batch_ts
    chain.set_clock(ts=last_ts + 3 * DAY - 1)
    chain.refused(winding.start(), error="OracleNotUsable")
    chain.advance(1)
    assert chain.send(winding.start()).event("SettlingStarted").price_e6 == PRICE_E6


def test_no_average_is_no_price(winding: Winding, market: Market, chain: Chain) -> None:
    chain.set_clock(ts=market.read().last_batch_ts + 3 * DAY)
    chain.rewrite(market.feed, twap_e9=999)
    chain.refused(winding.start(), error="OracleNotUsable")


def test_without_open_interest_any_price_will_do(market: Market, chain: Chain) -> None:
    winding = Winding(market)
    chain.advance(DAY)
    chain.rewrite(market.feed, twap_e9=0, price_e6=0)
    chain.send(winding.start())
    assert winding.read().price_e6 == 0


@pytest.mark.parametrize("status", [REDUCE_ONLY, HALTED])
def test_neither_pause_nor_halt_takes_the_way_out(
    winding: Winding, market: Market, chain: Chain, status: int
) -> None:
    chain.send(market.exchange.set_pause_bits(PAUSE_ALL))
    chain.rewrite(market.key, status=status, is_active=0)
    winding.begin()


def test_the_admin_delists_after_the_delay(delayed: Exchange, chain: Chain) -> None:
    feed = delayed.feed("BTC-PERP", PRICE_E6)
    creation = delayed.create_market("BTC-PERP", feed.address)
    chain.send(delayed.propose_change(delayed.change_hash(creation)))
    chain.advance(DAY)
    feed.publish(PRICE_E6, confidence_e6=0)
    chain.send(creation)
    market = Market(delayed, "BTC-PERP", feed)
    winding = Winding(market)
    call = winding.start(DELISTING, admin=delayed.admin)
    chain.refused(call, error="ChangeNotProposed")
    chain.send(delayed.propose_change(delayed.change_hash(call, market.key)))
    chain.refused(call, error="DelayNotPassed")
    chain.advance(DAY)
    refuses_durable_nonce(chain, call, delayed.admin)
    chain.send(call)
    assert delayed.read().pending_change_hash == bytes(32)
    assert winding.read().reason == DELISTING


def test_only_the_admin_delists(winding: Winding, market: Market, chain: Chain) -> None:
    exchange = market.exchange
    for person in (None, exchange.guardian, exchange.relayer, winding.payer, chain.person()):
        chain.refused(winding.start(DELISTING, admin=person), error="NotAdmin")
    call = winding.start(DELISTING, admin=exchange.admin)
    chain.refused(call.without_signature_of("admin"), error="AccountNotSigner")
    refuses_durable_nonce(chain, call, exchange.admin)
    chain.send(call)


def test_the_others_need_no_signature_but_the_payers(winding: Winding, chain: Chain) -> None:
    """Behind a durable nonce too: a user may prepare the way out."""
    winding.fall_silent()
    chain.send(chain.nonce_first(winding.payer), winding.start())


def test_a_stuck_loss(winding: Winding, market: Market, chain: Chain) -> None:
    call = winding.start(STUCK_LOSS)
    chain.refused(call, error="LossNotStuck")
    shortfall = market.read().collateral_sum_atoms
    books = market.read()
    # A loss while somebody is open to carry it is resolved instead.
    chain.rewrite(
        market.key,
        long_shortfall_atoms=shortfall,
        collateral_sum_atoms=books.collateral_sum_atoms + shortfall,
    )
    chain.refused(call, error="LossNotStuck")
    chain.rewrite(market.key, short_loss_index=MAX_INDEX)
    chain.send(call)
    assert winding.read().reason == STUCK_LOSS


def test_a_loss_that_nobody_is_open_to_carry(market: Market, chain: Chain) -> None:
    alice, bob, carol = market.trader(5_100 * 10**6), market.trader(), market.trader()
    market.settled(V1, market.trade(alice, bob))
    market.jump_to(42_000 * 10**6)
    market.settled(V1, market.trade(bob, alice))
    assert market.read().total_open_interest == 0
    chain.refused(market.resolve_bankruptcy(is_short_bankrupt=False), error="NobodyToCarryLoss")
    winding = Winding(market)
    chain.send(winding.start(STUCK_LOSS))
    for trader in (alice, bob, carol):
        chain.send(winding.pay(trader))
    chain.send(winding.close())


def test_insurance_that_covers_it_leaves_no_stuck_loss(market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, long_shortfall_atoms=5, collateral_sum_atoms=5)
    chain.rewrite(market.pool, insurance_atoms=5)
    chain.refused(Winding(market).start(STUCK_LOSS), error="LossNotStuck")


@pytest.mark.parametrize("index", ["funding_index", "long_loss_index", "short_loss_index"])
def test_a_used_up_index(winding: Winding, market: Market, chain: Chain, index: str) -> None:
    call = winding.start(USED_UP_INDEX)
    chain.rewrite(market.key, **{index: ALARM - 1})
    chain.refused(call, error="IndexNotNearlyUsedUp")
    chain.rewrite(market.key, **{index: ALARM})
    chain.send(call)
    assert winding.read().reason == USED_UP_INDEX


def test_no_funding_moves_an_index_out_of_its_range(market: Market, chain: Chain) -> None:
    for index in (MAX_INDEX + 1, -MAX_INDEX - 1, -(2**63)):
        chain.advance(1)
        chain.refused(market.set_funding(index), error="MathOverflow")
    chain.send(market.set_funding(-MAX_INDEX))


@pytest.mark.parametrize("reason", [4, 255])
def test_refuses_a_reason_that_does_not_exist(winding: Winding, chain: Chain, reason: int) -> None:
    winding.fall_silent()
    chain.refused(winding.start(reason), error="BadSettlingReason")


def test_a_market_settles_once(winding: Winding, chain: Chain) -> None:
    winding.begin()
    chain.refused(winding.start(), error="system.AccountAlreadyInUse")


def test_a_settling_market_is_refused_for_its_status_too(
    winding: Winding, market: Market, chain: Chain
) -> None:
    winding.fall_silent()
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(winding.start(), error="MarketNotActive")


def test_lamports_sent_ahead_do_not_block_it(winding: Winding, chain: Chain) -> None:
    winding.fall_silent()
    chain.fund(winding.address, 1)
    chain.send(winding.start())


def test_refuses_books_that_the_pool_does_not_back(winding: Winding, market: Market, chain: Chain) -> None:
    winding.fall_silent()
    chain.rewrite(market.key, collateral_sum_atoms=market.read().collateral_sum_atoms + 1)
    chain.refused(winding.start(), error="MarketNotBacked")


def test_refusals(winding: Winding, other_market: Market, chain: Chain) -> None:
    winding.fall_silent()
    call = winding.start()
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(price_feed=other_market.feed), error="WrongPriceFeed")
    chain.refused(call.but(market=other_market.key), error="ConstraintSeeds")
    chain.refused(call.but(settlement=Winding(other_market).address), error="ConstraintSeeds")
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call, program__other=None)  # named for the absent admin
