"""The fuzz can fail: it finds a model that is wrong in one line, and accounts wrong in one field."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any

import pytest

from tests.golden import naive_money

from . import drive
from .invariants import Broken
from .machine import shared_world
from .model import config, feed, funding, money, sessions, vault
from .steps import take
from .world import Difference, World

SEED, MOST_STEPS = 7, 8_000


def _fee_rounded_down(notional_atoms: int, ppm: int) -> int:
    return floor(notional_atoms * ppm / naive_money.Fraction(10**6))


def _touch_without_pool(p: dict[str, int], m: dict[str, int]) -> None:
    before = m["funding_pool_atoms"]
    _TOUCH(p, m)
    m["funding_pool_atoms"] = before


def _no_overdraft(_p: dict[str, int], _m: dict[str, int], _side: str | None) -> None:
    """Leaves negative collateral as it is."""


def _everything(_money: Any, *_rest: Any) -> int:
    return int(abs(_money["size_e8"]))


def _beat_only(tx: Any, signer: Any) -> None:
    _TAKE_OVER(tx, signer)
    tx.edit(config.CONFIG)["relayer_epoch"] -= 1


def _never_full(_limiter: Any, _now_ts: int) -> int:
    return 0


_TOUCH, _TAKE_OVER = naive_money.touch, config.take_over
WRONG: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "fees round down": (naive_money, "fee", _fee_rounded_down),
    "funding leaves the pool alone": (naive_money, "touch", _touch_without_pool),
    "an overdraft stays": (naive_money, "settle_overdraft", _no_overdraft),
    "a liquidation takes everything": (naive_money, "liquidation_size", _everything),
    "a take-over keeps the epoch": (config, "take_over", _beat_only),
    "no withdrawal is too large": (vault, "net_outflow", _never_full),
    "any margin will do": (money, "require_initial_margin", lambda *_: None),
    "anybody may wait": (config, "consume_change", lambda *_: None),
    "an hour pays nothing": (funding, "_settle_hour", lambda *_: (0, 0)),
    "a session never ends": (sessions, "_require_active", lambda *_: None),
    "no price is old": (feed, "_has_quorum", lambda *_: True),
    "a fill is at the wrong price": (naive_money, "entry_price", lambda _: 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_finds_a_wrong_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, function, wrong = WRONG[name]
    monkeypatch.setattr(owner, function, wrong)
    report = drive.run(shared_world(), SEED, steps=MOST_STEPS)
    assert report.failure is not None, f"not found in {MOST_STEPS} steps"


@pytest.fixture
def traded() -> World:
    """An exchange in the middle of things: positions are open, funding has been paid, a record is there."""
    world = shared_world()
    world.begin()
    for market in range(3):
        for version in (1, 2):
            trades = [[0, 1, 0, 0, 300, 0, 0], [2, 3, 1, 0, 300, 0, 0]]
            arguments = {"market": market, "version": version, "trades": trades, "flush": 1, "age_ms": 0}
            take(world, "settle_trades", arguments | {"healing": 2})
    return world


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("UserPosition", "collateral"),
        ("UserPosition", "realized_pnl"),
        ("UserPosition", "slippage_ts"),
        ("PerpMarket", "mark_price_e6"),
        ("PerpMarket", "event_sequence"),
        ("MarketPool", "locked_atoms"),
        ("Collateral", "free_atoms"),
        ("VaultState", "fees_atoms"),
        ("SettlementBatch", "trade_count"),
        ("GlobalConfig", "relayer_epoch"),
        ("PriceFeed", "ema_e9"),
        ("FundingState", "last_sample_ts"),
        ("token", "amount"),
    ],
)
def test_finds_a_changed_account(traded: World, kind: str, field: str) -> None:
    """One more in any field of any account that the model did not expect."""
    key = next(key for key, entry in traded.accounts.items() if entry.kind == kind)
    entry = traded.accounts[key].clone()
    entry.fields[field] += 1
    traded.chain.put(key, entry.pack(), traded.chain.account(key).owner)
    with pytest.raises(Difference, match="differs"):
        traded.check()


def test_finds_an_account_too_many_and_one_too_few(traded: World) -> None:
    key = next(key for key, entry in traded.accounts.items() if entry.kind == "SettlementBatch")
    entry = traded.accounts.pop(key)
    with pytest.raises(Difference, match="is not expected"):
        traded.check()
    traded.accounts[key] = entry
    traded.chain.fund(key, 0)
    with pytest.raises(Difference, match="is missing"):
        traded.check()


@pytest.mark.parametrize(
    ("kind", "changes", "rule"),
    [
        ("token", {"amount": -1}, "the vault holds what it owes"),
        ("Collateral", {"free_atoms": 1}, "free is the sum"),
        ("MarketPool", {"insurance_atoms": 1}, "insurance is the sum"),
        ("UserPosition", {"size": 1}, "sizes sum to zero"),
        ("PerpMarket", {"total_long_interest": 1}, "both sides are the open interest"),
        ("UserPosition", {"cost_atoms": 1}, "cost_sum_atoms is the sum"),
        ("PerpMarket", {"accrued_fees_atoms": 1}, "the pool holds what the books say"),
        ("PerpMarket", {"accrued_fees_atoms": 10**9, "funding_pool_atoms": -(10**9)}, "funding is solvent"),
        ("PerpMarket", {"accrued_fees_atoms": 1, "outstanding_loss_atoms": 1}, "every loss is carried"),
    ],
)
def test_finds_a_broken_invariant(traded: World, kind: str, changes: dict[str, int], rule: str) -> None:
    """Chain and model agree, and yet something is wrong."""
    wanted = vault.TOKEN_ACCOUNT if kind == "token" else None
    key = next(key for key, one in traded.accounts.items() if one.kind == kind and wanted in (None, key))
    entry = traded.accounts[key]
    for field, change in changes.items():
        entry.fields[field] += change
    entry.packed = entry.pack()
    traded.chain.put(key, entry.packed, traded.chain.account(key).owner)
    with pytest.raises(Broken, match=rule):
        traded.check()


def test_a_failure_is_shrunk_kept_and_replayed(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = shared_world()
    with monkeypatch.context() as patched:
        patched.setattr(vault, "set_pause", lambda *_args, **_kwargs: None)
        found = drive.run(world, SEED, steps=MOST_STEPS).failure
        assert found is not None
        smallest = drive.shrink(world, found)
        assert len(smallest.steps) == 1
        kept = drive.read(drive.write(smallest, tmp_path))
        assert kept == smallest
        assert drive.replay(world, kept.steps) == found.sign
    assert drive.replay(world, smallest.steps) is None
