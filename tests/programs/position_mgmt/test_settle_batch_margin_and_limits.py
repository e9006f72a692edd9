"""settle_batch: band, slippage caps, margin, position and open interest limits; the log names the entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gdx_sdk.batch import SealedBatch, net_entries
from gdx_sdk.units import Side
from tests.programs.harness.chain import Chain
from tests.programs.harness.tokens import USDT

from .batch_bytes import names, with_nets
from .exchange import CONFIG
from .market import ONE, V1, V2, Market, Trader
from .oracle_faults import FAULTS

VERSIONS = pytest.mark.parametrize("version", [V1, V2])
PRICE = 50_000 * 10**6
NO_CAP = 2**63


@pytest.fixture
def lenient(market: Market, chain: Chain) -> Market:
    """A market whose slippage caps never bind."""
    chain.rewrite(CONFIG, slippage_floor_atoms=NO_CAP)
    chain.rewrite(market.key, max_slippage_per_hour_atoms=NO_CAP)
    return market


def place_of(batch: SealedBatch, trade: int, *traders: Trader) -> set[str]:
    """How the log may name a trade, or the entries of these traders."""
    if batch.version == V1:
        return {f"trade {trade}"}
    keys = list(batch.positions)
    return {f"entry {keys.index(trader.position)}" for trader in traders}


def refused_at(market: Market, batch: SealedBatch, error: str, places: set[str]) -> None:
    logs = market.chain.refused(market.settle(batch), error=error)
    assert any(names(logs, place) for place in places), (places, logs)


@VERSIONS
@pytest.mark.parametrize("side", list(Side))
def test_the_band_ends_exactly_where_it_ends(
    lenient: Market, alice: Trader, bob: Trader, version: int, side: Side
) -> None:
    """|quote − size · price| ≤ 2 % of the quote: 50,000 / 0.98 above and 50,000 / 1.02 below."""
    market = lenient
    above, below = PRICE * 100 // 98, -(-PRICE * 100 // 102)
    for price in (above + 1, below - 1):
        batch = market.seal(version, market.trade(alice, bob, price_e6=price, side=side))
        refused_at(market, batch, "PriceOutOfBand", place_of(batch, 0, alice, bob))
    for price in (above, below):
        market.settled(version, market.trade(alice, bob, ONE // 2, price_e6=price, side=side))
    market.check_books()


@VERSIONS
def test_any_trade_of_the_batch_may_leave_the_band(
    lenient: Market, alice: Trader, bob: Trader, version: int
) -> None:
    market, carol, dave = lenient, lenient.trader(), lenient.trader()
    trades = [market.trade(alice, bob, 1_000), market.trade(carol, dave, 1_000, price_e6=2 * PRICE)]
    batch = market.seal(version, *trades)
    refused_at(market, batch, "PriceOutOfBand", place_of(batch, 1, carol, dave))


@VERSIONS
def test_inside_the_minutes_range_nothing_strays_from_the_oracle(
    lenient: Market, alice: Trader, bob: Trader, version: int
) -> None:
    """The band is that of the minutes; a position's loss is what it gave away at the present price."""
    market = lenient
    market.set_price(PRICE * 108 // 100)
    market.settled(version, market.trade(alice, bob, ONE // 10, price_e6=PRICE * 104 // 100))
    assert market.read().slippage_used_atoms == 0
    assert market.position(bob).slippage_used_atoms == 200 * USDT


@VERSIONS
def test_a_batch_may_not_choose_the_minute_of_its_prices(
    market: Market, alice: Trader, bob: Trader, version: int
) -> None:
    """Bought at the hour's high and sold at its low, batch by batch: nothing strays, money moves."""
    market.set_price(PRICE * 101 // 100)
    high, low, size = PRICE * 101 // 100, PRICE, ONE // 10
    market.settled(version, market.trade(alice, bob, size, price_e6=high))
    market.settled(version, market.trade(bob, alice, size, price_e6=low))
    market.settled(version, market.trade(alice, bob, size, price_e6=high))
    assert market.read().slippage_used_atoms == 0
    again = market.seal(version, market.trade(bob, alice, size, price_e6=low))
    refused_at(market, again, "PositionSlippageExceeded", place_of(again, 0, alice))


@VERSIONS
def test_slippage_is_counted_for_the_market_and_for_who_lost(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    market.settled(version, market.trade(alice, bob, price_e6=PRICE + 30 * 10**6))
    now = market.read()
    assert (now.slippage_used_atoms, now.slippage_ts) == (60 * USDT, chain.now_ts)
    fee = 25_015_000  # 50,030 at 500 ppm: whoever adds risk pays it out of the same allowance
    assert market.position(alice).slippage_used_atoms == 30 * USDT + fee
    assert market.position(bob).slippage_used_atoms == 0


@VERSIONS
def test_a_fee_counts_where_risk_is_added_and_never_keeps_anybody_in(
    market: Market, alice: Trader, bob: Trader, version: int
) -> None:
    market.settled(version, market.trade(alice, bob))
    assert market.position(alice).slippage_used_atoms == 25 * USDT
    market.settled(version, market.trade(alice, bob, ONE // 2, side=Side.SELL))
    market.settled(version, market.trade(alice, bob, ONE // 2, side=Side.SELL))
    assert (market.position(alice).size, market.position(alice).slippage_used_atoms) == (0, 25 * USDT)


@VERSIONS
def test_nobody_loses_more_than_there_is(market: Market, bob: Trader, version: int) -> None:
    """An empty position that trades to and fro would leave its fees to insurance, a poor one its losses."""
    empty, poor = market.trader(0), market.trader(40 * USDT)
    for trades in (
        [market.trade(empty, bob), market.trade(empty, bob, side=Side.SELL)],
        [market.trade(bob, empty), market.trade(bob, empty, side=Side.SELL, price_e6=PRICE + 20 * 10**6)],
        [market.trade(poor, bob), market.trade(poor, bob, side=Side.SELL, price_e6=PRICE - 10**6)],
    ):
        batch = market.seal(version, *trades)
        loser = poor if poor.position in batch.positions else empty
        places = place_of(batch, 0, loser) | place_of(batch, 1, loser)
        refused_at(market, batch, "PositionSlippageExceeded", places)
    trades = [market.trade(poor, bob, ONE // 2), market.trade(poor, bob, ONE // 2, side=Side.SELL)]
    market.settled(version, *trades)
    assert market.position(poor).collateral == 15 * USDT


@VERSIONS
def test_the_positions_cap_is_a_share_of_its_equity(
    market: Market, alice: Trader, bob: Trader, version: int
) -> None:
    """One percent of about 9,900, what is left after the trade itself, less the fee of about 25."""
    cap = 73 * USDT
    batch = market.seal(version, market.trade(alice, bob, price_e6=PRICE + cap + 2 * USDT))
    refused_at(market, batch, "PositionSlippageExceeded", place_of(batch, 0, alice))
    market.settled(version, market.trade(alice, bob, price_e6=PRICE + cap))


@VERSIONS
def test_the_positions_cap_has_a_floor_and_decays(
    market: Market, chain: Chain, bob: Trader, version: int
) -> None:
    poor, size = market.trader(1_000 * USDT), ONE // 10
    market.settled(version, market.trade(bob, poor, size, side=Side.SELL, price_e6=PRICE + 300 * 10**6))
    market.settled(version, market.trade(bob, poor, size, price_e6=PRICE - 200 * 10**6))
    assert market.position(poor).slippage_used_atoms == 50 * USDT
    batch = market.seal(version, market.trade(poor, bob, 1_000, price_e6=PRICE + 10**6))
    refused_at(market, batch, "PositionSlippageExceeded", place_of(batch, 0, poor))
    chain.advance(1_799)
    market.set_price(PRICE)
    market.settled(version, market.trade(bob, poor, size, side=Side.SELL, price_e6=PRICE + 250 * 10**6))
    assert market.position(poor).slippage_used_atoms == 50 * USDT
    chain.advance(3_599)
    market.set_price(PRICE)
    market.settled(version, market.trade(bob, poor, size, price_e6=PRICE - 500 * 10**6))


@VERSIONS
def test_the_markets_cap_bounds_all_of_an_hour(market: Market, chain: Chain, version: int) -> None:
    chain.send(market.set_market_limits(max_slippage_per_hour_atoms=120 * USDT))
    people = [market.trader(40_000 * USDT) for _ in range(4)]
    strayed = PRICE + 30 * 10**6
    market.settled(version, market.trade(people[0], people[1], price_e6=strayed))
    first = market.trade(people[2], people[3], price_e6=strayed)
    second = market.trade(people[0], people[1], 10**6, price_e6=strayed)
    chain.refused(market.settle(market.seal(version, first, second)), error="MarketSlippageExceeded")
    market.settled(version, market.trade(people[2], people[3], price_e6=strayed))
    assert market.read().slippage_used_atoms == 120 * USDT
    last = market.settle(market.seal(version, market.trade(people[0], people[1], 10**6, price_e6=strayed)))
    chain.refused(last, error="MarketSlippageExceeded")
    chain.advance(1_799)
    market.set_price(PRICE)
    market.settled(version, market.trade(people[0], people[1], price_e6=strayed))
    assert market.read().slippage_used_atoms == 120 * USDT


def test_a_claimed_turnover_costs_its_fees_and_does_not_widen_the_caps(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    """V2's turnover is the relayer's word; both rates are due on it, and the taker's fee counts as a loss."""
    batch = market.seal(V2, market.trade(alice, bob, ONE // 2, price_e6=PRICE * 110 // 100))
    nets = [replace(entry, turnover_atoms=2**61) for entry in net_entries(batch.trades)]
    chain.refused(market.settle(batch), error="PriceOutOfBand")
    claimed = with_nets(batch, nets)
    refused_at(market, claimed, "PositionSlippageExceeded", place_of(batch, 0, alice))
    modest = market.seal(V2, market.trade(alice, bob, ONE // 100, price_e6=PRICE * 110 // 100))
    nets = [replace(entry, turnover_atoms=2_500 * USDT) for entry in net_entries(modest.trades)]
    chain.refused(market.settle(with_nets(modest, nets)), error="BatchNotBalanced")
    fees = {alice.position: 1_250_000, bob.position: -250_000}
    nets = [replace(entry, fee_atoms=fees[entry.position]) for entry in nets]
    chain.send(market.settle(with_nets(modest, nets)))
    assert market.position(alice).slippage_used_atoms == 51_250_000
    assert market.position(alice).entry_price == PRICE * 102 // 100


@VERSIONS
def test_adding_risk_needs_the_initial_margin(market: Market, chain: Chain, version: int) -> None:
    """Equity after the fee against a tenth of the notional, by leverage, or a twentieth, by the ratio."""
    bob = market.trader(200_000 * USDT)
    for leverage, requirement in ((10, 5_000), (20, 2_500), (1, 50_000)):
        enough = requirement * USDT + 25 * USDT
        for collateral, is_enough in ((enough - 1, False), (enough, True)):
            trader = market.trader(collateral, leverage=leverage)
            batch = market.seal(version, market.trade(trader, bob))
            if is_enough:
                chain.send(market.settle(batch))
            else:
                refused_at(market, batch, "InsufficientMargin", place_of(batch, 0, trader))


@VERSIONS
@pytest.mark.parametrize(
    ("index", "side", "enough"),
    [
        (49_000, Side.BUY, 4_900 + 1_000 + 25),  # the index is worse for a long
        (49_000, Side.SELL, 5_000 + 25),
        (51_000, Side.BUY, 5_000 + 25),
        (51_000, Side.SELL, 5_100 + 1_000 + 25),  # and for a short
    ],
)
def test_margin_is_measured_at_the_worse_of_mark_and_index(
    lenient: Market, alice: Trader, bob: Trader, version: int, index: int, side: Side, enough: int
) -> None:
    market = lenient
    market.settled(version, market.trade(alice, bob))
    market.set_price(index * 10**6)
    rich = market.trader(100_000 * USDT)
    poor = market.trader(enough * USDT - 1)
    batch = market.seal(version, market.trade(poor, rich, price_e6=PRICE, side=side))
    refused_at(market, batch, "InsufficientMargin", place_of(batch, 0, poor))
    market.settled(version, market.trade(market.trader(enough * USDT), rich, price_e6=PRICE, side=side))


@VERSIONS
def test_reducing_needs_no_margin(market: Market, bob: Trader, version: int) -> None:
    trader = market.trader(5_025 * USDT)
    market.settled(version, market.trade(trader, bob))
    market.jump_to(PRICE * 88 // 100)
    more = market.seal(version, market.trade(trader, bob, 1))
    refused_at(market, more, "InsufficientMargin", place_of(more, 0, trader))
    market.settled(version, market.trade(bob, trader, ONE // 2))
    flip = market.seal(version, market.trade(bob, trader, ONE))
    refused_at(market, flip, "InsufficientMargin", place_of(flip, 0, trader))
    market.settled(version, market.trade(bob, trader, ONE // 2))
    assert market.position(trader).size == 0
    market.check_books()


def test_v1_names_the_last_trade_of_the_position_that_lacks_margin(market: Market, chain: Chain) -> None:
    poor, rich, other = market.trader(100 * USDT), market.trader(), market.trader()
    trades = [
        market.trade(rich, other, 1_000),
        market.trade(poor, rich, ONE // 2),
        market.trade(other, rich, 1_000),
        market.trade(poor, other, 1_000),
        market.trade(rich, other, 1_000),
    ]
    logs = chain.refused(market.settle(market.seal(V1, *trades)), error="InsufficientMargin")
    assert names(logs, "trade 3")


@VERSIONS
def test_a_position_stays_within_the_markets_limit(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    chain.send(market.set_market_limits(max_position_size_e8=ONE // 10))
    for side in Side:
        batch = market.seal(version, market.trade(alice, bob, ONE // 10 + 1, side=side))
        refused_at(market, batch, "PositionTooLarge", place_of(batch, 0, alice, bob))
    market.settled(version, market.trade(alice, bob, ONE // 10))
    chain.send(market.set_market_limits(max_position_size_e8=ONE // 100))
    market.settled(version, market.trade(bob, alice, ONE // 20))
    more = market.seal(version, market.trade(alice, bob, 1))
    refused_at(market, more, "PositionTooLarge", place_of(more, 0, alice, bob))


@VERSIONS
def test_open_interest_stays_within_the_markets_limit(market: Market, chain: Chain, version: int) -> None:
    limits = {"max_position_size_e8": ONE, "max_open_interest_e8": ONE}
    chain.send(market.set_market_limits(**limits))
    people = [market.trader() for _ in range(4)]
    trades = [market.trade(people[0], people[1], ONE // 2), market.trade(people[2], people[3], ONE // 2 + 1)]
    batch = market.seal(version, *trades)
    refused_at(market, batch, "OpenInterestTooLarge", place_of(batch, 1, *people))
    market.settled(version, market.trade(people[0], people[1], ONE // 2))
    market.settled(version, market.trade(people[2], people[3], ONE // 2))
    more = market.seal(version, market.trade(people[0], people[3], 1))
    refused_at(market, more, "OpenInterestTooLarge", place_of(more, 0, people[0], people[3]))
    # A change of hands is no growth, also above a limit that was lowered.
    chain.send(market.set_market_limits(max_open_interest_e8=ONE // 2, max_position_size_e8=ONE // 2))
    market.settled(version, market.trade(people[1], people[0], ONE // 4))
    assert market.read().total_open_interest == 3 * ONE // 4


@VERSIONS
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_price_stops_risk_and_only_no_price_stops_reductions(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int, fault: str
) -> None:
    market.settled(version, market.trade(alice, bob))
    reduction = market.trade(bob, alice, ONE // 2)
    more = market.trade(alice, bob, 1_000)
    FAULTS[fault](market)
    batch = market.seal(version, more)
    if fault == "non_positive":
        chain.refused(market.settle(batch), error="OracleNotUsable")
        chain.refused(market.settle(market.seal(version, reduction)), error="OracleNotUsable")
        return
    refused_at(market, batch, "OracleNotUsable", place_of(batch, 0, alice, bob))
    market.settled(version, reduction)


@VERSIONS
def test_silent_publishers_stop_risk_but_let_people_out(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int
) -> None:
    market.settled(version, market.trade(alice, bob))
    chain.advance(10**6)
    chain.refused(market.settle(market.seal(version, market.trade(alice, bob, 1))), error="OracleNotUsable")
    market.settled(version, market.trade(bob, alice))
    assert market.position(alice).size == market.position(bob).size == 0
