"""The tables of the programs' worked examples, computed by the compiled programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gdx_sdk.accounts import PriceFeed
from gdx_sdk.units import Side, format_price, format_quote, format_size
from gdx_sdk.validity import OracleAction, feed_validity, is_allowed
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call
from tests.programs.harness.oracle_world import FeedWorld
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.tokens import USDT, amount_of
from tests.programs.harness.vault_world import VaultWorld
from tests.programs.position_mgmt.exchange import Exchange
from tests.programs.position_mgmt.market import ONE, V1, Market, Trader

THOUSAND = 10**9  # 1,000 USDT in atoms; 1,000 USDT in 1e-6


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, numbers on the right."""
    rules = ["---", *["---:"] * (len(head) - 1)]
    lines = [head, rules, *[[str(cell) for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def new_market() -> Market:
    """A market at 50,000 USDT in a world of its own."""
    chain = Chain()
    exchange = Exchange(chain, VaultWorld(chain).create()).create()
    return exchange.market("BTC-PERP", 50 * THOUSAND)


def collateral_vault() -> list[str]:
    """Where the money is after each step."""
    market = new_market()
    chain, vault = market.chain, market.exchange.vault
    users = [vault.user(tokens_atoms=THOUSAND) for _ in range(2)]
    alice, bob = (market.as_trader(user) for user in users)
    rows: list[list[object]] = []

    def after(title: str, *steps: Call) -> None:
        for step in steps:
            chain.send(step)
        state, pool = chain.read(vault.state), chain.read(market.pool)
        tokens = amount_of(chain, vault.token)
        amounts = (state.free_atoms, pool.locked_atoms, pool.insurance_atoms, state.fees_atoms, tokens)
        rows.append([title, *map(format_quote, amounts)])

    after("Alice and Bob deposit 1,000 each", *[vault.deposit(user, THOUSAND) for user in users])
    for trader in (alice, bob):
        chain.send(market.open_position(trader.owner))
    added = [market.add_collateral(trader, 600 * USDT) for trader in (alice, bob)]
    after("each puts 600 behind a position", *added)
    market.settled(V1, market.trade(alice, bob, ONE // 100))
    after("Alice buys 0.01 BTC of Bob at 50,000")
    after("anyone sweeps the fees", market.sweep_fees())
    chain.send(market.request_release(alice, 100 * USDT))
    chain.set_clock(slot=chain.slot + 10)
    after("Alice takes 100 off her position", market.execute_release(alice))
    after("Alice withdraws 500", vault.withdraw(alice.user, 500 * USDT))
    recipient = vault.token_account(vault.fee_recipient)
    after("the fees are paid out", vault.withdraw_fees(recipient, 200_000))
    return [table(["after", "free", "locked", "insurance", "fees", "tokens"], rows)]


def ephemeral_vault() -> list[str]:
    """The allowance after each step."""
    chain = Chain()
    session = SessionWorld(VaultWorld(chain).create()).create()
    rows: list[list[object]] = []

    def after(title: str, step: Call | None = None) -> None:
        if step is not None:
            chain.send(step)
        deposited = chain.read(session.user.collateral).free_atoms
        rows.append([title, *map(format_quote, (*session.amounts(), deposited))])

    after("create")
    after("approve(remaining 100, expected used 0)", session.approve(100 * USDT, 0))
    after("fast_deposit(30)", session.fast_deposit(30 * USDT))
    chain.refused(session.approve(50 * USDT, 0), error="UsedAmountChanged")
    after("approve(remaining 50, expected used 30)", session.approve(50 * USDT, 30 * USDT))
    after("fast_deposit(50)", session.fast_deposit(50 * USDT))
    chain.refused(session.fast_deposit(1), error="AllowanceExceeded")
    after("revoke", session.revoke())
    return [table(["after", "approved", "used", "available", "deposited"], rows)]


def oracle() -> list[str]:
    """The aggregate of three and of five publishers, and what an older price is good for."""
    rows: list[list[object]] = []
    feeds = []
    for prices in ((60_000, 60_030, 60_090), (60_000, 60_030, 60_040, 60_090, 75_000)):
        feed = FeedWorld(Chain(), publisher_count=len(prices)).create()
        state = feed.publish(*[price * 10**6 for price in prices], confidence_e6=10 * 10**6)
        said = ", ".join(f"{price:,}" for price in prices)
        rows.append([said, format_price(state.price_e6), format_price(state.confidence_e6)])
        feeds.append(feed)
    feed = feeds[0]
    published = PriceFeed.decode(feed.chain.data(feed.address))
    ages: list[list[object]] = []
    for age in (0, 10, 11, 60, 61):
        validity = feed_validity(published, published.publish_ts + age)
        names = ", ".join(sorted(str(bit.name) for bit in validity)) or "none"
        allowed = ["yes" if is_allowed(action, validity) else "no" for action in OracleAction]
        ages.append([age, names, *allowed])
    actions = [action.value.replace("_", " ") for action in OracleAction]
    return [
        table(["publishers say", "price", "confidence"], rows),
        table(["seconds old", "bits", *actions], ages),
    ]


def funding_rate() -> list[str]:
    """Rate, index and what is paid, for several premiums that lasted the whole hour."""
    rows: list[list[object]] = []
    for premium_e9 in (0, 200_000, 3_000_000, -3_000_000, 20_000_000):
        market = new_market()
        funding = FundingWorld(market).create()
        long, short = market.trader(20 * THOUSAND), market.trader(20 * THOUSAND)
        market.settled(V1, market.trade(long, short))
        funding.next_hour()
        market.chain.send(funding.update_funding())
        before = market.read().funding_index
        funding.advance_to(market.chain.now_ts + 600)
        funding.sample(premium_e9)
        counted = funding.read().last_premium_e9
        funding.next_hour()
        market.chain.send(funding.update_funding())
        after = market.read()
        step = after.funding_index - before
        figures = (counted, after.funding_rate, step)
        rows.append([*[f"{figure:,}" for figure in figures], *paid(market, (long, short))])
    head = ["premium, 1e-9", "rate, 1e-9 per hour", "index moves by", "long of 1 pays", "short of 1 pays"]
    return [table(head, rows)]


def paid(market: Market, traders: Sequence[Trader]) -> list[str]:
    """What the next touch takes of each position."""
    found = []
    for trader in traders:
        before = market.position(trader).collateral
        market.chain.send(market.request_release(trader, 1))
        found.append(format_quote(before - market.position(trader).collateral))
    return found


def position_mgmt() -> list[str]:
    """Two positions through an increase, a reduction and a flip; then a liquidation."""
    market = new_market()
    alice, bob = (market.trader(10 * THOUSAND) for _ in range(2))
    rows: list[list[object]] = []

    def trade(title: str, size_e8: int, price_e6: int, side: Side) -> None:
        market.jump_to(price_e6)
        market.settled(V1, market.trade(alice, bob, size_e8, side=side))
        for name, trader in (("Alice", alice), ("Bob", bob)):
            row = market.position(trader)
            amounts = (format_size(row.size), format_quote(row.cost_atoms), format_quote(row.collateral))
            rows.append([title, name, *amounts, format_price(row.liquidation_price)])
        market.check_books()

    trade("buys 1 at 50,000", ONE, 50 * THOUSAND, Side.BUY)
    trade("sells 0.4 at 52,000", 4 * ONE // 10, 52 * THOUSAND, Side.SELL)
    trade("sells 1 at 51,000", ONE, 51 * THOUSAND, Side.SELL)
    fills = table(["Alice", "position of", "size", "cost", "collateral", "liquidated at"], rows)
    return [fills, liquidation()]


def liquidation() -> str:
    """A long of 1 BTC that is taken over in part."""
    market = new_market()
    carol, dave = market.trader(5_100 * USDT), market.trader(100 * THOUSAND)
    market.jump_to(50 * THOUSAND)
    market.settled(V1, market.trade(carol, dave))
    market.jump_to(46 * THOUSAND)
    rows: list[list[object]] = []

    def row(title: str) -> None:
        state = market.position(carol)
        amounts = (format_size(state.size), format_quote(state.cost_atoms), format_quote(state.collateral))
        rows.append([title, *amounts])

    row("before")
    event = market.chain.send(market.liquidate(dave, carol)).event("PositionLiquidated")
    row("after")
    fees = (event.liquidator_fee_atoms, event.insurance_fee_atoms)
    rows.append(["fee to the liquidator, to insurance", *map(format_quote, fees), ""])
    return table(["Carol", "size", "cost", "collateral"], rows)


EXAMPLES: dict[str, Callable[[], list[str]]] = {
    "collateral_vault": collateral_vault,
    "ephemeral_vault": ephemeral_vault,
    "oracle": oracle,
    "funding_rate": funding_rate,
    "position_mgmt": position_mgmt,
}
