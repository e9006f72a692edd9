"""The SDK's maths against the golden vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gdx_sdk import math
from gdx_sdk.errors import InputError
from gdx_sdk.math import LiquidationTerms, MarketState, NetOutflow, PositionState
from gdx_sdk.units import Side

LoadGolden = Callable[[str], list[dict[str, Any]]]
SIDES = {"long": Side.BUY, "short": Side.SELL, None: None}


def _ints(case: dict[str, Any]) -> dict[str, int]:
    named = ("op", "outcome", "bankrupt_side")
    return {name: int(text) for name, text in case.items() if isinstance(text, str) and name not in named}


def _states(case: dict[str, Any]) -> tuple[PositionState, MarketState]:
    return PositionState(**_ints(case["position"])), MarketState(**_ints(case["market"]))


def test_fees(load_golden: LoadGolden) -> None:
    for case in load_golden("fees.json"):
        c = _ints(case)
        assert math.notional_atoms(c["price_e6"], c["size_e8"]) == c["notional_atoms"], case
        assert math.notional_atoms(c["price_e6"], -c["size_e8"]) == c["notional_atoms"], case
        assert math.fee_atoms(c["notional_atoms"], c["ppm"]) == c["fee_atoms"], case


def test_margin(load_golden: LoadGolden) -> None:
    for case in load_golden("margin.json"):
        (position, market), c = _states(case), _ints(case)
        notional = math.notional_atoms(c["price_e6"], position.size_e8)
        found = {
            "value_atoms": math.value_atoms(position.size_e8, c["price_e6"]),
            "unpaid_funding_atoms": math.unpaid_funding_atoms(position, market),
            "unpaid_loss_atoms": math.unpaid_loss_atoms(position, market),
            "equity_atoms": math.equity_atoms(position, market, c["price_e6"]),
            "initial_requirement_atoms": math.initial_requirement_atoms(
                notional, c["leverage"], c["initial_ratio_bps"]
            ),
            "maintenance_requirement_atoms": math.maintenance_requirement_atoms(
                notional, c["maintenance_ratio_bps"]
            ),
            "entry_price_e6": position.entry_price_e6,
            "liquidation_price_e6": math.liquidation_price_e6(position, c["maintenance_ratio_bps"]),
        }
        assert found == {name: c[name] for name in found}, case
        is_due = math.is_liquidatable(position, market, c["price_e6"], c["maintenance_ratio_bps"])
        assert is_due is case["is_liquidatable"], case


def test_liquidation(load_golden: LoadGolden) -> None:
    for case in load_golden("liquidation.json"):
        (position, market), c = _states(case), _ints(case)
        terms = LiquidationTerms(c["initial_ratio_bps"], c["fee_ppm"], c["min_size_e8"])
        assert math.liquidation_size_e8(position, market, c["price_e6"], terms) == c["size_e8"], case
        room = c["collateral_after_close_atoms"], c["equity_after_close_atoms"]
        fee = math.liquidation_fee_atoms(c["notional_atoms"], c["fee_ppm"], *room)
        assert fee == c["fee_atoms"], case


def test_funding(load_golden: LoadGolden) -> None:
    for case in load_golden("funding.json"):
        c = _ints(case)
        assert math.premium_e9(c["mark_price_e6"], c["index_price_e6"]) == c["premium_e9"], case
        assert math.funding_rate_e9(c["premium_e9"], c["max_rate_e9"]) == c["rate_e9"], case
        assert math.funding_index_step(c["rate_e9"], c["index_price_e6"]) == c["index_step"], case


def test_premium(load_golden: LoadGolden) -> None:
    for case in load_golden("premium.json"):
        samples = [(int(premium), int(seconds)) for premium, seconds in case["samples"]]
        expected = None if case["premium_e9"] is None else int(case["premium_e9"])
        assert math.weighted_premium_e9(samples) == expected, case


def test_band(load_golden: LoadGolden) -> None:
    for case in load_golden("band.json"):
        c = _ints(case)
        entry = c["size_delta_e8"], c["quote_delta_atoms"]
        assert math.deviation_atoms(*entry, c["low_e6"], c["high_e6"]) == c["deviation_atoms"], case
        within = math.is_within_band(c["deviation_atoms"], c["turnover_atoms"], c["band_bps"])
        assert within is case["is_within_band"], case
        assert math.slippage_loss_atoms(*entry, c["low_e6"], c["high_e6"]) == c["slippage_loss_atoms"], case
        opened = math.net_fill_quote_atoms(*entry, c["low_e6"], c["band_bps"])
        assert opened == c["net_fill_quote_atoms"], case


def test_settling(load_golden: LoadGolden) -> None:
    for case in load_golden("settling.json"):
        shares, locked = [int(text) for text in case["collateral_atoms"]], int(case["locked_atoms"])
        payouts = [math.settling_payout_atoms(share, sum(shares), locked) for share in shares]
        assert payouts == [int(text) for text in case["payout_atoms"]], case
        assert sum(payouts) <= max(locked, 0)


def test_shortfalls(load_golden: LoadGolden) -> None:
    for case in load_golden("shortfall.json"):
        side = SIDES[case["bankrupt_side"]]
        assert side is not None
        market = math.cover_from_accrued(MarketState(**_ints(case["market"])), side)
        assert math.resolve_bankruptcy(market, side) == MarketState(**_ints(case["after"])), case


def test_releases(load_golden: LoadGolden) -> None:
    for case in load_golden("release.json"):
        (position, market), c = _states(case), _ints(case)
        market = replace(market, locked_atoms=2**63 - 1)
        position, market = math.touch(position, market)
        position, market = math.settle_overdraft(position, market, closed_side=None)
        assert position == PositionState(**_ints(case["touched"])), case
        assert _release_outcome(position, market, c) == case["outcome"], case


def _release_outcome(position: PositionState, market: MarketState, c: dict[str, int]) -> str:
    try:
        rest, books = math.release_collateral(position, market, c["amount_atoms"])
    except InputError:
        return "collateral"
    prices = {"mark_price_e6": c["price_e6"], "index_price_e6": c["price_e6"]}
    terms = {"leverage": c["leverage"], "initial_ratio_bps": c["initial_ratio_bps"]}
    if position.size_e8 and c["amount_atoms"] and not math.can_add_risk(rest, books, **prices, **terms):
        return "margin"
    return "ok"


def test_oracle_prices(load_golden: LoadGolden) -> None:
    for case in load_golden("oracle.json"):
        c = _ints(case)
        quotes = [(int(price), int(confidence)) for price, confidence in case["quotes"]]
        assert math.aggregate_quotes_e6(quotes) == (c["price_e6"], c["confidence_e6"]), case
        average = math.average_e9(
            c["previous_average_e9"], c["price_e6"] * 1_000, c["elapsed_s"], c["period_s"]
        )
        assert average == c["average_e9"], case
    with pytest.raises(InputError, match="quotes"):
        math.aggregate_quotes_e6([])
    with pytest.raises(InputError, match="elapsed_s"):
        math.average_e9(1, 1, -1, 300)


def test_net_outflow(load_golden: LoadGolden) -> None:
    for case in load_golden("limiter.json"):
        limit, window_s = int(case["limit_atoms"]), int(case["window_s"])
        state = NetOutflow(**_ints(case["start"]))
        for number, step in enumerate(case["steps"]):
            c, where = _ints(step), f"step {number} of {case}"
            if step["op"] == "deposit":
                after: NetOutflow | None = state.deposited(c["amount_atoms"], c["ts"], window_s)
            else:
                after = state.withdrawn(c["amount_atoms"], c["ts"], window_s, limit)
            assert (after is not None) is step["is_allowed"], where
            state = after or state
            assert state == NetOutflow(**_ints(step["after"])), where
    with pytest.raises(InputError, match="window_s"):
        NetOutflow(0).at(0, 0)


def test_settled_markets(load_golden: LoadGolden) -> None:
    for case in load_golden("settled_markets.json"):
        c, market = _ints(case), MarketState(**_ints(case["market"]))
        positions = [PositionState(**_ints(position)) for position in case["positions"]]
        worth_of_all = 0
        for step in case["closed"]:
            who = int(step["who"])
            positions[who], market, worth = math.settle_position(positions[who], market, c["price_e6"])
            worth_of_all += worth
            assert worth == int(step["worth_atoms"]), case
            assert positions[who] == PositionState(**_ints(step["position"])), case
            assert market == MarketState(**_ints(step["market"])), case
        assert market.book_value_atoms - market.locked_atoms == worth_of_all == c["imbalance_atoms"], case
        market, payouts = math.open_payouts(market)
        assert payouts == math.Payouts(c["claims_atoms"], c["payable_atoms"], c["drawn_atoms"]), case
        assert market == MarketState(**_ints(case["opened_market"])), case
        for step in case["paid"]:
            who = int(step["who"])
            positions[who], market, paid = math.pay_position(positions[who], market, payouts)
            assert paid == int(step["paid_atoms"]), case
            assert market == MarketState(**_ints(step["market"])), case
            assert market.book_value_atoms == market.locked_atoms, case


def test_fill_sequences(load_golden: LoadGolden) -> None:
    for case in load_golden("fills.json"):
        market = MarketState(**_ints(case["start"]["market"]))
        positions = [PositionState(**_ints(position)) for position in case["start"]["positions"]]
        for number, step in enumerate(case["steps"]):
            where = f"{case['name']}, step {number}: {step['op']} {step['args']}"
            if step["who"] is None:
                market = _run_on_market(market, step)
            else:
                who = int(step["who"])
                positions[who], market = _run_on_position(positions[who], market, step)
                assert positions[who] == PositionState(**_ints(step["position"])), where
            assert market == MarketState(**_ints(step["market"])), where
        assert market.book_value_atoms == market.locked_atoms, case["name"]


def _run_on_market(market: MarketState, step: dict[str, Any]) -> MarketState:
    if step["op"] == "move_index":
        values = _ints(step["market"])
        return MarketState(**values)
    if step["op"] == "sweep_fees":
        return math.sweep_fees(market)[0]
    assert step["op"] == "resolve_bankruptcy", step["op"]
    side = SIDES[step["args"]["bankrupt_side"]]
    assert side is not None
    return math.resolve_bankruptcy(market, side)


def _run_on_position(
    position: PositionState, market: MarketState, step: dict[str, Any]
) -> tuple[PositionState, MarketState]:
    op, args = step["op"], _ints(step["args"]) if step["op"] != "settle_overdraft" else {}
    if op == "settle_overdraft":
        return math.settle_overdraft(position, market, closed_side=SIDES[step["args"]["closed_side"]])
    if op == "fill":
        return math.fill(position, market, args["sd"], args["qd"])
    if op == "net_fill":
        band = {"ref_price_e6": args["ref_e6"], "band_bps": args["band_bps"]}
        return math.net_fill(position, market, args["sd"], args["qd"], **band)
    if op == "touch":
        return math.touch(position, market)
    single: dict[str, Callable[..., tuple[PositionState, MarketState]]] = {
        "add_collateral": math.add_collateral,
        "charge_fee": math.charge_fee,
        "charge_insurance": math.charge_insurance,
    }
    return single[op](position, market, args["amount"])
