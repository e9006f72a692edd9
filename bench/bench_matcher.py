"""Matcher figures as JSON: operations per second, and each as a ratio to a plain loop run in the same job.

Median of several runs by processor time, garbage collector off while measuring. Absolute figures of a shared
machine mean little from run to run; the ratio does. Usage: ``python bench/bench_matcher.py [operations]``.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from gdx_matcher import commands as c
from gdx_matcher.engine import Engine
from gdx_matcher.market import MarketConfig
from gdx_matcher.risk import Risk
from gdx_matcher.shard import Shard

from gdx_sdk.units import Side

RUNS = 7
ACCOUNTS = 40
GROUP = 256
PRICE_E6 = 50_000_000_000
MARKET = MarketConfig(0, "BTC-PERP", bytes([1]) * 32, taker_fee_ppm=500, batch_version=2)


def flow(count: int) -> list[c.Command]:
    """Places and cancels near one price, about one order in eight trades; the same for every run."""
    rng, live = random.Random(1), list[int]()
    commands: list[c.Command] = []
    for order_id in range(1, count + 1):
        if live and rng.random() < 0.45:
            place = rng.randrange(len(live))
            live[place], live[-1] = live[-1], live[place]
            commands.append(c.CancelOrder(live.pop()))
            continue
        side = Side(rng.randrange(2))
        distance = (int(rng.expovariate(1 / 20)) - 2) * -side.sign
        price = PRICE_E6 + distance * 1_000_000
        account, size = rng.randrange(ACCOUNTS), rng.randint(1, 100) * 1_000
        commands.append(c.PlaceOrder(order_id, account, 0, side, price, size))
        live.append(order_id)
    return commands


def funding() -> list[tuple[c.Command, int]]:
    """Registers and funds the accounts."""
    pairs: list[tuple[c.Command, int]] = []
    for account in range(ACCOUNTS):
        pairs.append((c.RegisterAccount(account, 0, bytes([account + 1]) * 32, 10), 0))
        pairs.append((c.ChangeCollateral(account, 0, 10**15), 0))
    return pairs


def run_loop(commands: list[c.Command]) -> None:
    """The yardstick: one call per command that stores it in a dict and appends to a list."""
    seen, order = dict[int, c.Command](), list[int]()

    def note(command: c.Command, now_ms: int) -> None:
        seen[id(command)] = command
        order.append(now_ms)

    for command in commands:
        note(command, 1)


def run_engine(commands: list[c.Command]) -> Engine:
    """Books only, one command per call."""
    engine = Engine([MARKET])
    apply = engine.apply
    for command in commands:
        apply(command, 1)
    return engine


def run_engine_with_risk(commands: list[c.Command]) -> None:
    """With positions and margin."""
    engine = Engine([MARKET], risk=Risk())
    for command, now_ms in funding():
        engine.apply(command, now_ms)
    apply = engine.apply
    for command in commands:
        apply(command, 1)


def run_shard(commands: list[c.Command]) -> None:
    """The durable path: log, one fsync per group, margin, batches with Merkle roots, outbox."""
    with tempfile.TemporaryDirectory() as directory:
        shard = Shard(directory, [MARKET])
        shard.submit_many(funding())
        for start in range(0, len(commands), GROUP):
            shard.submit_many([(command, start) for command in commands[start : start + GROUP]])
        shard.close()


def measure(run: Callable[[list[c.Command]], object], commands: list[c.Command], runs: int = RUNS) -> float:
    """Median operations per second of processor time."""
    rates = []
    for _ in range(runs):
        gc.collect()
        started = time.process_time()
        run(commands)
        rates.append(len(commands) / (time.process_time() - started))
    return statistics.median(rates)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    commands = flow(count)
    trades = run_engine(commands).books[0].next_trade_id - 1
    gc.disable()
    loop = measure(run_loop, commands)
    figures: dict[str, object] = {"operations": count, "trades": trades, "runs": RUNS, "gc": "disabled"}
    figures["simple_loop_per_second"] = round(loop)
    paths = {"engine": run_engine, "engine_with_risk": run_engine_with_risk, "shard": run_shard}
    for name, run in paths.items():
        rate = measure(run, commands)
        figures[name] = {"per_second": round(rate), "simple_loops_per_operation": round(loop / rate, 1)}
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
