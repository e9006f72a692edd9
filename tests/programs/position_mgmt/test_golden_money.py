"""The golden fees, margins, liquidations, releases, shortfalls and bands, on the compiled program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from solders.pubkey import Pubkey

from tests.golden import naive_batch, naive_money
from tests.programs.harness.chain import Chain
from tests.programs.harness.failures import describe
from tests.programs.harness.golden import cases, numbers
from tests.programs.harness.tokens import amount_of, set_amount

from .batch_bytes import raw
from .golden_market import planted
from .market import Market, Trader

POOL_INSURED = ("insurance_atoms", "total_insured_atoms", "total_locked_atoms")
INDICES = ("funding_index", "long_loss_index", "short_loss_index")


def set_price(market: Market, price_e6: int) -> None:
    """A price of now with its averages, past the publishers."""
    average_e9 = min(price_e6 * 1_000, 2**64 - 1)
    averages = {"ema_e9": average_e9, "twap_e9": average_e9}
    market.chain.rewrite(market.feed, price_e6=price_e6, **averages)


def plant(market: Market, trader: Trader, case: dict[str, Any], **fields: int) -> dict[str, int]:
    """The case's position and market indices, with an equal opposite position in the sums."""
    p, m, chain = numbers(case["position"]), numbers(case["market"]), market.chain
    money = {"size": p["size_e8"], "cost_atoms": p["cost_atoms"], "collateral": p["collateral_atoms"]}
    chain.rewrite(
        trader.position, funding_index=p["funding_index"], loss_index=p["loss_index"], slippage_ts=0, **money
    )
    interest = abs(p["size_e8"])
    sums = {"collateral_sum_atoms": p["collateral_atoms"], "cost_sum_atoms": 0, "funding_pool_atoms": 0}
    sides = dict.fromkeys(("total_long_interest", "total_short_interest", "total_open_interest"), interest)
    sums |= {"outstanding_loss_atoms": 0, "accrued_fees_atoms": 0, "insurance_fund": 0, "mark_price_e6": 0}
    chain.rewrite(market.key, **{name: m[name] for name in INDICES}, **sums, **sides, **fields)
    set_price(market, int(case["price_e6"]))
    return p | {f"market_{name}": m[name] for name in INDICES}


@contextmanager
def put_back(chain: Chain, *keys: Pubkey) -> Iterator[None]:
    """Whatever happens to these accounts is undone."""
    kept = {key: chain.account(key) for key in keys}
    yield
    for key, account in kept.items():
        assert account is not None
        chain.svm.set_account(key, account)


def naive_states(case: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    return numbers(case["position"]), numbers(case["market"])


def test_golden_fees(market: Market, alice: Trader) -> None:
    """Each as a V1 batch of one trade: notional and fee show in what both positions are worth."""
    chain, feed = market.chain, market.feed
    keys = sorted([bytes([1]) * 32, bytes([2]) * 32])
    own = market.key
    for number, case in enumerate(cases("fees")):
        c = numbers(case)
        size = abs(c["size_e8"])
        if size == 0 or c["price_e6"] == 0:
            continue
        rates = (c["ppm"], 0) if c["ppm"] >= 0 else (300, c["ppm"])
        fees = tuple(naive_money.fee(c["notional_atoms"], rate) for rate in rates)
        at_ms = 1_767_225_600_000
        trade = naive_batch.NaiveTrade(1, keys[0], keys[1], False, c["price_e6"], size, *fees, at_ms)
        out, _ = naive_batch.encode(1, bytes(own), 1, bytes(32), [trade], epoch=1, flags=1)
        golden = {
            "data": out.data.hex(),
            "market": bytes(own).hex(),
            "positions": [key.hex() for key in keys],
        }
        golden |= {"trades": [{"price_e6": str(c["price_e6"])}], "version": 1, "flags": 1}
        golden |= {"taker_fee_ppm": str(rates[0]), "maker_fee_ppm": str(rates[1])}
        with put_back(chain, own, feed, alice.position):
            planted(market, alice, golden)
            chain.rewrite(own, mark_price_e6=0, total_open_interest=0)
            set_price(market, c["price_e6"])
            failure, logs = chain.attempt(raw(market, out.data, [Pubkey.from_bytes(key) for key in keys]))
            if c["notional_atoms"] >= 2**59 or size > 2**60:
                # More than any collateral here carries, or than a position may be: refused by name, no panic.
                assert failure is None or failure.raiser == "position_mgmt", (number, describe(failure))
                continue
            assert failure is None, (case, describe(failure), logs)
            buyer, seller = (chain.read(Pubkey.from_bytes(key)) for key in keys)
            assert (2**60 - buyer.collateral, buyer.cost_atoms) == (fees[0], c["notional_atoms"]), case
            assert (2**60 - seller.collateral, -seller.cost_atoms) == (fees[1], c["notional_atoms"]), case
        assert c["fee_atoms"] in fees, case


def test_golden_margins(market: Market, alice: Trader, bob: Trader) -> None:
    """A touch, the entry and liquidation price after it, and whether a liquidator may come."""
    chain = market.chain
    watched = (market.key, market.feed, alice.position, bob.position)
    for case in cases("margin"):
        p, m = naive_states(case)
        with put_back(chain, *watched):
            ratio = int(case["maintenance_ratio_bps"])
            plant(market, alice, case, maintenance_margin_ratio=ratio, initial_margin_ratio=ratio * 2)
            failure, _ = chain.attempt(market.liquidate(bob, alice))
            name = describe(failure) if failure else "ok"
            if int(case["price_e6"]) == 0:
                assert name == "position_mgmt.OracleNotUsable", case
            elif p["size_e8"] == 0 or not case["is_liquidatable"]:
                assert name == "position_mgmt.PositionHealthy", case
            else:
                assert name != "position_mgmt.PositionHealthy", case
        with put_back(chain, *watched):
            plant(market, alice, case, maintenance_margin_ratio=ratio)
            failure, _ = chain.attempt(market.request_release(alice, 0))
            naive_money.touch(p, m)
            naive_money.settle_overdraft(p, m, None)
            if failure:
                # Loss that nobody is owed any more cannot be paid out of nothing.
                assert describe(failure) == "position_mgmt.MathOverflow", case
                continue
            found = chain.read(alice.position)
            assert (found.collateral, found.cost_atoms) == (p["collateral_atoms"], p["cost_atoms"]), case
            assert found.entry_price == naive_money.entry_price(p), case
            assert found.liquidation_price == naive_money.liquidation_price(p, ratio), case


def test_golden_releases(market: Market, alice: Trader) -> None:
    errors = {
        "margin": "position_mgmt.InsufficientMargin",
        "collateral": "position_mgmt.AmountAboveCollateral",
    }
    for case in cases("release"):
        with put_back(market.chain, market.key, market.feed, alice.position):
            plant(market, alice, case, initial_margin_ratio=int(case["initial_ratio_bps"]))
            market.chain.rewrite(alice.position, leverage=int(case["leverage"]))
            failure, _ = market.chain.attempt(market.request_release(alice, int(case["amount_atoms"])))
            found = describe(failure) if failure else None
            assert found == errors.get(case["outcome"]), case
            if failure is None:
                after = market.chain.read(alice.position)
                assert after.collateral == int(case["touched"]["collateral_atoms"]), case


def test_golden_liquidations(market: Market, alice: Trader, bob: Trader) -> None:
    chain, seen = market.chain, Counter[str]()
    for case in cases("liquidation"):
        c, (p, m) = numbers(case), naive_states(case)
        terms = {"initial_margin_ratio": c["initial_ratio_bps"], "liquidation_fee_ppm": c["fee_ppm"]}
        terms |= {"min_position_size_e8": c["min_size_e8"], "maintenance_margin_ratio": 9_999}
        with put_back(chain, market.key, market.feed, alice.position, bob.position):
            plant(market, alice, case, **terms, max_position_size_e8=2**63 - 1)
            chain.rewrite(bob.position, collateral=2**60, leverage=20)
            held = min(p["collateral_atoms"] + 2**60, 2**63 - 1)
            chain.rewrite(market.key, collateral_sum_atoms=held)
            failure, _ = chain.attempt(market.liquidate(bob, alice))
            if failure is None:
                seen["ok"] += 1
                after = chain.read(alice.position)
                assert abs(p["size_e8"]) - abs(after.size) == c["size_e8"], case
                naive_money.touch(p, m)
                sign = 1 if p["size_e8"] > 0 else -1
                naive_money.fill(p, m, -sign * c["size_e8"], -sign * c["notional_atoms"])
                room = p["collateral_atoms"], naive_money.equity(p, m, c["price_e6"])
                fee = naive_money.liquidation_fee(c["notional_atoms"], c["fee_ppm"], *room)
                assert after.collateral == max(p["collateral_atoms"] - fee, 0), case
            else:
                name = describe(failure).removeprefix("position_mgmt.")
                seen[name] += 1
                is_none = c["size_e8"] == 0 or name != "PositionHealthy"
                assert failure.raiser == "position_mgmt", (case, name)
                assert is_none, (case, name)
    assert seen["ok"] >= 25, seen
    print(seen)


def test_golden_shortfalls(market: Market) -> None:
    chain, token = market.chain, market.exchange.vault.token
    for case in cases("shortfall"):
        m, after = numbers(case["market"]), numbers(case["after"])
        with put_back(chain, market.key, market.pool, market.exchange.vault.state, token):
            vault = market.exchange.vault.read()
            locked, insurance = market.locked_atoms(), m["insurance_atoms"]
            interest = dict.fromkeys(
                ("total_long_interest", "total_short_interest", "total_open_interest"), m["long_interest_e8"]
            )
            same = ("long_shortfall_atoms", "short_shortfall_atoms", "outstanding_loss_atoms", *INDICES)
            owed = m["long_shortfall_atoms"] + m["short_shortfall_atoms"] + m["outstanding_loss_atoms"]
            # Collateral that nobody holds makes the books worth what the pool has.
            books = locked + owed - m["accrued_insurance_atoms"]
            chain.rewrite(
                market.key,
                **{name: m[name] for name in same},
                insurance_fund=m["accrued_insurance_atoms"],
                collateral_sum_atoms=min(books, 2**63 - 1),
                cost_sum_atoms=min(books, 2**63 - 1) - books,
                **interest,
            )
            pool = chain.read(market.pool)
            insured = {name: getattr(pool, name) + insurance for name in POOL_INSURED}
            chain.rewrite(market.pool, **insured)
            chain.rewrite(market.exchange.vault.state, insurance_atoms=vault.insurance_atoms + insurance)
            set_amount(chain, token, amount_of(chain, token) + insurance)
            is_short = case["bankrupt_side"] == "short"
            failure, _ = chain.attempt(market.resolve_bankruptcy(is_short_bankrupt=is_short))
            if failure is not None:
                assert describe(failure) == "position_mgmt.MathOverflow", (case, describe(failure))
                assert max(m.values()) >= 2**60, case
                continue
            found = market.read()
            assert {name: getattr(found, name) for name in same} == {name: after[name] for name in same}, case
            assert found.insurance_fund == after["accrued_insurance_atoms"], case
            assert chain.read(market.pool).insurance_atoms == after["insurance_atoms"], case
