"""The engine's belief of positions against the naive money model, batch by batch, in both versions."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from gdx_matcher import commands as c
from gdx_matcher import events as e
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.positions import believed_account, trade_nets
from gdx_matcher.risk import Risk

from gdx_sdk.units import Side

MARKET = MarketConfig(
    0, "BTC-PERP", maker_fee_ppm=-100, taker_fee_ppm=500, initial_margin_bps=1_000, net_band_bps=200
)
ACCOUNTS = 5
NAIVE_FILE = Path(__file__).parents[1] / "golden" / "naive_money.py"
BTC = 10**8


@pytest.fixture(scope="module")
def naive() -> ModuleType:
    spec = importlib.util.spec_from_file_location("naive_money", NAIVE_FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def risk_of(engine: Engine) -> Risk:
    assert engine.risk is not None
    return engine.risk


def new_engine(accounts: int = ACCOUNTS, atoms: int = 10**12, leverage: int = 10) -> Engine:
    engine = Engine([MARKET], risk=Risk())
    for account in range(accounts):
        engine.apply(c.RegisterAccount(account, 0, bytes([account + 1]) * 32, leverage), 0)
        if atoms:
            engine.apply(c.ChangeCollateral(account, 0, atoms), 0)
    return engine


class NaiveChain:
    """The chain's side of the story, told by the naive model."""

    def __init__(self, model: ModuleType, atoms: int) -> None:
        self.model, self.market = model, model.new_market()
        self.positions = [model.new_position() for _ in range(ACCOUNTS)]
        for account in range(ACCOUNTS):
            self.add(account, atoms)

    def add(self, account: int, atoms: int) -> None:
        position = self.positions[account]
        self.model.touch(position, self.market)
        self.model.add_collateral(position, self.market, atoms)
        self.model.settle_overdraft(position, self.market, self.model.side_of(position["size_e8"]))

    def settle(self, version: int, trades: list[e.TradeExecuted], reference: int) -> None:
        model, market = self.model, self.market
        held = {}
        for account in trade_nets(trades):
            position = self.positions[account]
            held[account] = model.side_of(position["size_e8"])
            model.touch(position, market)
        for trade in trades if version == 1 else ():
            notional = model.notional(trade.price_e6, trade.size_e8)
            sign = 1 if trade.taker_side is Side.BUY else -1
            for account, direction, ppm in (
                (trade.taker_account, sign, MARKET.taker_fee_ppm),
                (trade.maker_account, -sign, MARKET.maker_fee_ppm),
            ):
                position = self.positions[account]
                model.fill(position, market, direction * trade.size_e8, direction * notional)
                model.charge_fee(position, market, model.fee(notional, ppm))
                if position["size_e8"]:
                    held[account] = model.side_of(position["size_e8"])
        for account, net in trade_nets(trades).items() if version == 2 else ():
            position = self.positions[account]
            model.net_fill(position, market, net[0], net[1], reference, MARKET.net_band_bps)
            model.charge_fee(position, market, net[2])
        for account, side in held.items():
            model.settle_overdraft(self.positions[account], market, side)


def agree(engine: Engine, chain: NaiveChain, note: str) -> None:
    for account in range(ACCOUNTS):
        settled = risk_of(engine).holdings[account, 0].settled
        for field, value in chain.positions[account].items():
            assert getattr(settled, field) == value, f"{note}: account {account} {field}"
    market = risk_of(engine).markets[0]
    for field, value in chain.market.items():
        assert getattr(market, field) == value, f"{note}: market {field}"


@pytest.mark.parametrize("seed", range(6))
def test_belief_follows_the_chain_through_batches_funding_and_deposits(naive: ModuleType, seed: int) -> None:
    rng = random.Random(seed)
    engine, chain = new_engine(), NaiveChain(naive, 10**12)
    price, index, pending, sequence, order_id = 50_000_000_000, 0, list[e.TradeExecuted](), 0, 0
    for step in range(400):
        note = f"seed {seed}, step {step}"
        draw = rng.random()
        if draw < 0.8:
            order_id += 1
            price += rng.randint(-100_000_000, 100_000_000)
            side = rng.choice((Side.BUY, Side.SELL))
            order = c.PlaceOrder(order_id, rng.randrange(ACCOUNTS), 0, side, price, rng.randint(1, 3 * BTC))
            events = engine.apply(order, step)
            pending += [event for event in events if isinstance(event, e.TradeExecuted)]
        elif draw < 0.9 and pending:
            sequence += 1
            count, version = rng.randint(1, len(pending)), rng.choice((1, 2))
            batch, pending = pending[:count], pending[count:]
            reference = price + rng.randint(-500_000_000, 500_000_000)
            engine.apply(c.ConfirmBatch(0, sequence, version, batch[-1].trade_id, reference, step), step)
            chain.settle(version, batch, reference)
        elif draw < 0.95:
            index += rng.randint(-5_000_000_000, 5_000_000_000)
            engine.apply(c.SetIndices(0, index), step)
            chain.market["funding_index"] = index
        else:
            account, atoms = rng.randrange(ACCOUNTS), rng.randint(1, 10**9)
            engine.apply(c.ChangeCollateral(account, 0, atoms, step), step)
            chain.add(account, atoms)
        agree(engine, chain, note)
    assert sequence > 10
    live = risk_of(engine)
    assert sum(holding.size_e8 for holding in live.holdings.values()) == 0
    longs = sum(max(holding.size_e8, 0) for holding in live.holdings.values())
    assert live.interest_e8[0] == longs


@pytest.mark.parametrize("seed", range(4))
def test_both_versions_leave_the_same_size_and_value(seed: int) -> None:
    rng = random.Random(seed)
    orders = [
        c.PlaceOrder(
            n, rng.randrange(ACCOUNTS), 0, Side(rng.randrange(2)), 10**9 + rng.randint(-50, 50) * 10**6, BTC
        )
        for n in range(1, 300)
    ]
    values = []
    for version in (1, 2):
        engine = new_engine()
        for order in orders:
            engine.apply(order, 1)
        live = [(holding.size_e8, holding.value_atoms) for holding in risk_of(engine).holdings.values()]
        engine.apply(c.ConfirmBatch(0, 1, version, 10**9, 10**9, 1), 2)
        holdings = risk_of(engine).holdings.values()
        settled = [
            (one.settled.size_e8, one.settled.collateral_atoms - one.settled.cost_atoms) for one in holdings
        ]
        assert settled == live, f"seed {seed}, version {version}"
        assert not any(holding.pending_size_e8 or holding.pending_value_atoms for holding in holdings)
        values.append(settled)
    assert values[0] == values[1]


def traded_engine() -> Engine:
    """Account 0 is long one whole coin from account 1 at 100 USDT, settled; account 2 is flat."""
    engine = new_engine(accounts=3, atoms=50_000_000)
    engine.apply(c.PlaceOrder(1, 1, 0, Side.SELL, 100_000_000, BTC), 1)
    engine.apply(c.PlaceOrder(2, 0, 0, Side.BUY, 100_000_000, BTC), 1)
    engine.apply(c.ConfirmBatch(0, 1, 1, 1, 100_000_000, 77), 2)
    return engine


def test_a_trade_settled_by_hand() -> None:
    engine = traded_engine()
    long, short = (risk_of(engine).holdings[account, 0] for account in (0, 1))
    # Notional 100 USDT: the taker pays 500 ppm = 0.05, the maker gets 100 ppm = 0.01.
    assert believed_account(long, 500) == {
        "size": BTC,
        "entry_price": 100_000_000,
        "collateral": 49_950_000,
        "leverage": 10,
        "liquidation_price": -(-(100_000_000 - 49_950_000) * 10_000 // 9_500),
        "realized_pnl": 0,
        "funding_index": 0,
        "accumulated_funding": 0,
        "cost_atoms": 100_000_000,
        "loss_index": 0,
        "requested_release_atoms": 0,
    }
    assert (short.settled.size_e8, short.settled.cost_atoms) == (-BTC, -100_000_000)
    assert short.settled.collateral_atoms == 50_010_000
    assert long.updated_ts == 77


def test_funding_is_paid_at_the_next_touch_and_counted() -> None:
    engine = traded_engine()
    engine.apply(c.SetIndices(0, 20_000_000_000), 3)  # 2 USDT per coin
    long = risk_of(engine).holdings[0, 0]
    assert long.settled.collateral_atoms == 49_950_000, "nothing moves before the touch"
    assert long.free_value_atoms(risk_of(engine).markets[0]) == 49_950_000 - 100_000_000 - 2_000_000
    engine.apply(c.ChangeCollateral(0, 0, 1_000_000, 88), 4)
    assert long.settled.collateral_atoms == 49_950_000 - 2_000_000 + 1_000_000
    assert (long.accumulated_funding_atoms, long.settled.funding_index) == (2_000_000, 20_000_000_000)


def test_a_liquidation_hands_the_position_over() -> None:
    engine = traded_engine()
    [*events] = engine.apply(c.LiquidatePosition(0, 2, 0, -BTC // 2, 60_000_000, 300_000, 100_000, 99), 5)
    assert events == []
    victim, taker = (risk_of(engine).holdings[account, 0] for account in (0, 2))
    assert (victim.settled.size_e8, victim.settled.cost_atoms) == (BTC // 2, 50_000_000)
    assert victim.settled.collateral_atoms == 49_950_000 + 30_000_000 - 50_000_000 - 300_000
    assert victim.realized_pnl_atoms == -20_000_000
    assert (taker.settled.size_e8, taker.settled.cost_atoms) == (BTC // 2, 30_000_000)
    assert taker.settled.collateral_atoms == 50_000_000 + 200_000
    assert risk_of(engine).interest_e8[0] == BTC
    assert risk_of(engine).markets[0].accrued_insurance_atoms == 100_000


def test_a_busted_trade_never_happened() -> None:
    engine = traded_engine()
    before = engine.state_hash()
    size = risk_of(engine).holdings[0, 0].size_e8
    engine.apply(c.PlaceOrder(3, 1, 0, Side.SELL, 100_000_000, BTC // 10), 6)
    [_, trade] = engine.apply(c.PlaceOrder(4, 0, 0, Side.BUY, 100_000_000, BTC // 10), 6)
    assert isinstance(trade, e.TradeExecuted)
    assert risk_of(engine).holdings[0, 0].size_e8 == size + BTC // 10
    [busted] = engine.apply(c.BustTrade(0, trade.trade_id, 6_415), 6)
    assert isinstance(busted, e.TradeBusted)
    assert (busted.maker_account, busted.taker_account, busted.error_code) == (1, 0, 6_415)
    for account in (0, 1):
        holding = risk_of(engine).holdings[account, 0]
        assert (holding.pending_size_e8, holding.pending_value_atoms) == (0, 0)
    assert before != engine.state_hash(), "but its id is used up"
    [rejected] = engine.apply(c.BustTrade(0, trade.trade_id, 6_415), 6)
    assert isinstance(rejected, e.CommandRejected)
    assert rejected.reason is e.RejectReason.UNKNOWN_TRADE


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.ChangeCollateral(9, 0, 5), "UNKNOWN_ACCOUNT"),
        (c.ChangeCollateral(0, 7, 5), "UNKNOWN_MARKET"),
        (c.ChangeCollateral(0, 0, -(10**9)), "POSITION_MISMATCH"),
        (c.RegisterAccount(0, 0, bytes(32)), "ALREADY_REGISTERED"),
        (c.RegisterAccount(9, 0, bytes(32), 0), "BAD_VALUE"),
        (c.SetLeverage(0, 0, 0), "BAD_VALUE"),
        (c.SetLeverage(9, 0, 1), "UNKNOWN_ACCOUNT"),
        (c.LiquidatePosition(0, 2, 0, BTC, 1, 0), "POSITION_MISMATCH"),
        (c.LiquidatePosition(0, 2, 0, -2 * BTC, 1, 0), "POSITION_MISMATCH"),
        (c.LiquidatePosition(0, 9, 0, -BTC, 1, 0), "UNKNOWN_ACCOUNT"),
        (c.SetPosition(9, 0, 1, 1, 1), "UNKNOWN_ACCOUNT"),
        (c.RequestRelease(9, 0, 1), "UNKNOWN_ACCOUNT"),
        (c.SetIndices(7, 1), "UNKNOWN_MARKET"),
        (c.BustTrade(7, 1), "UNKNOWN_MARKET"),
        (c.ConfirmBatch(7, 1, 1, 1), "UNKNOWN_MARKET"),
    ],
    ids=str,
)
def test_news_that_contradicts_what_is_known_changes_nothing(command: c.Command, reason: str) -> None:
    engine = traded_engine()
    before = engine.state_hash()
    [rejected] = engine.apply(command, 2)
    assert isinstance(rejected, e.CommandRejected)
    assert rejected.reason.name == reason
    assert engine.state_hash() == before


def test_a_position_with_a_past_can_be_taken_over_from_the_chain() -> None:
    engine = new_engine(accounts=1)
    engine.apply(c.SetPosition(0, 0, 2 * BTC, 150_000_000, 40_000_000, 7, 8, 9, -10), 0)
    believed = believed_account(risk_of(engine).holdings[0, 0], 500)
    assert (believed["size"], believed["entry_price"]) == (2 * BTC, 75_000_000)
    assert (believed["realized_pnl"], believed["accumulated_funding"]) == (9, -10)
    assert risk_of(engine).interest_e8[0] == 2 * BTC
