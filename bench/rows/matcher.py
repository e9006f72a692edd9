"""The matcher against litebook, one call per order or cancel; and what risk and durability add to it."""

from __future__ import annotations

import random
import struct
import tempfile
from typing import Any

from gdx_matcher import commands as c
from gdx_matcher.engine import Engine
from gdx_matcher.events import TradeExecuted
from gdx_matcher.market import MarketConfig
from gdx_matcher.risk import Risk
from gdx_matcher.shard import Shard

from bench.frame import Job, Local, bench
from gdx_sdk.units import Side

OPERATIONS = 20_000
ACCOUNTS = 40
GROUP = 256
TICK_E6, LOT_E8 = 1_000_000, 1_000
PRICE_TICKS = 50_000
MARKET = MarketConfig(0, "BTC-PERP", bytes([1]) * 32, taker_fee_ppm=500, batch_version=2)
FLOW = struct.Struct("<BQBQQ")  # is a cancel, order number, side, price in ticks, size in lots

Flow = list[tuple[int, int, int, int, int]]


def orders_and_cancels(count: int) -> Flow:
    """Places and cancels near one price, about one order in eight trades; the same for every run."""
    rng, live, flow = random.Random(1), list[int](), Flow()
    for number in range(1, count + 1):
        if live and rng.random() < 0.45:
            place = rng.randrange(len(live))
            live[place], live[-1] = live[-1], live[place]
            flow.append((1, live.pop(), 0, 0, 0))
            continue
        side = Side(rng.randrange(2))
        distance = (int(rng.expovariate(1 / 20)) - 2) * -side.sign
        flow.append((0, number, side, PRICE_TICKS + distance, rng.randint(1, 100)))
        live.append(number)
    return flow


def commands_of(flow: Flow) -> list[c.Command]:
    """The same flow as commands, the accounts in turns."""
    return [
        c.CancelOrder(number)
        if is_cancel
        else c.PlaceOrder(number, number % ACCOUNTS, 0, Side(side), ticks * TICK_E6, lots * LOT_E8)
        for is_cancel, number, side, ticks, lots in flow
    ]


def match(flow: Flow) -> list[Any]:
    """Build each command and apply it; every event that came of it. Each order has its own account."""
    engine, sides = Engine([MARKET]), (Side.BUY, Side.SELL)
    apply, place, cancel = engine.apply, c.PlaceOrder, c.CancelOrder
    events: list[Any] = []
    for is_cancel, number, side, ticks, lots in flow:
        if is_cancel:
            events += apply(cancel(number), 1)
        else:
            order = place(number, number, 0, sides[side], ticks * TICK_E6, lots * LOT_E8)
            events += apply(order, 1)
    return events


def trades_of(events: list[Any]) -> list[list[int]]:
    """Trades as (the two orders, the older first, lots): what litebook tells as well."""
    return [
        [*sorted((event.maker_order_id, event.taker_order_id)), event.size_e8 // LOT_E8]
        for event in events
        if isinstance(event, TradeExecuted)
    ]


def yardstick(commands: list[c.Command]) -> int:
    """One call per command that stores it in a dict and appends to a list."""
    seen, order = dict[int, c.Command](), list[int]()

    def note(command: c.Command, now_ms: int) -> None:
        seen[id(command)] = command
        order.append(now_ms)

    for command in commands:
        note(command, 1)
    return len(order)


def funding() -> list[tuple[c.Command, int]]:
    """Registers and funds the accounts."""
    pairs: list[tuple[c.Command, int]] = []
    for account in range(ACCOUNTS):
        pairs.append((c.RegisterAccount(account, 0, bytes([account + 1]) * 32, 10), 0))
        pairs.append((c.ChangeCollateral(account, 0, 10**15), 0))
    return pairs


def with_risk(commands: list[c.Command]) -> int:
    """Positions and margin too."""
    engine = Engine([MARKET], risk=Risk())
    for command, now_ms in funding():
        engine.apply(command, now_ms)
    for command in commands:
        engine.apply(command, 1)
    return len(commands)


def durably(commands: list[c.Command]) -> int:
    """The whole path: log, one fsync per group, margin, batches with Merkle roots, outbox."""
    with tempfile.TemporaryDirectory() as directory:
        shard = Shard(directory, [MARKET])
        shard.submit_many(funding())
        for start in range(0, len(commands), GROUP):
            shard.submit_many([(command, start) for command in commands[start : start + GROUP]])
        shard.close()
    return len(commands)


@bench("Matcher", needs=("peers",))
def run(job: Job) -> None:
    """litebook makes the same trades; the yardstick makes none, it is what any loop in Python costs."""
    flow = orders_and_cancels(OPERATIONS)
    (job.folder / "flow.bin").write_bytes(b"".join(FLOW.pack(*step) for step in flow))
    job.compare(
        "orders and cancels, one per call, pure Python",
        items=OPERATIONS,
        ours=Local("Engine.apply", lambda: match(flow), trades_of),
        peer=job.peer("peers", "book", "trades"),
        min_ratio=1.5,
        binds="a call, a record and its events per order, in Python",
    )
    commands = commands_of(flow)
    loop = Local("a loop that stores each command", lambda: yardstick(commands))
    for name, work in (("with margin and positions", with_risk), ("log, fsync per 256, batches", durably)):
        job.compare(
            f"the same {name}",
            items=OPERATIONS,
            ours=Local(name, lambda work=work: work(commands)),  # type: ignore[misc]
            peer=loop,
        )
