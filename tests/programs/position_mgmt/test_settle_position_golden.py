"""settle_position and pay_position: the golden vectors, to the atom, on the compiled program."""

from __future__ import annotations

from typing import Any

from tests.programs.harness.chain import Chain

from .exchange import Exchange
from .golden_market import cases
from .market import Market, Trader
from .winding import DAY, Winding

ON_CHAIN = {
    "accrued_insurance_atoms": "insurance_fund",
    "long_interest_e8": "total_long_interest",
    "short_interest_e8": "total_short_interest",
    "size_e8": "size",
    "collateral_atoms": "collateral",
}
IN_THE_POOL = ("locked_atoms", "insurance_atoms")


def numbers(case: dict[str, Any]) -> dict[str, int]:
    return {name: int(text) for name, text in case.items() if isinstance(text, str)}


def on_chain(values: dict[str, int]) -> dict[str, int]:
    """The account's fields of a naive market or position."""
    return {ON_CHAIN.get(name, name): value for name, value in values.items() if name not in IN_THE_POOL}


def fill_pool(market: Market, locked: int, insurance: int) -> None:
    """Real tokens: somebody's, locked past the books."""
    vault = market.exchange.vault
    if locked + insurance:
        giver = vault.user(deposited_atoms=locked + insurance)
        market.chain.send(vault.lock(giver, market.pool, locked + insurance))
    if insurance:
        market.chain.send(vault.fund_insurance(market.pool, insurance))


def compare(market: Market, expected: dict[str, Any], case: dict[str, Any]) -> None:
    """The market's account and pool are those of the vector."""
    values, books, pool = numbers(expected), market.read(), market.chain.read(market.pool)
    wanted = on_chain(values)
    assert {name: getattr(books, name) for name in wanted} == wanted, case
    assert [getattr(pool, name) for name in IN_THE_POOL] == [values[name] for name in IN_THE_POOL], case


def start(market: Market, price_e6: int) -> Winding:
    """Settling at that price: the oracle has been dead for three days."""
    winding = Winding(market)
    market.chain.rewrite(market.feed, twap_e9=price_e6 * 1_000)
    market.chain.advance(3 * DAY)
    market.chain.send(winding.start())
    return winding


def pay(winding: Winding, trader: Trader) -> int:
    """What a pay-out adds to the owner's free collateral."""
    free = winding.chain.read(trader.collateral).free_atoms
    winding.chain.send(winding.pay(trader))
    return int(winding.chain.read(trader.collateral).free_atoms - free)


def test_golden_settled_markets(exchange: Exchange, chain: Chain) -> None:
    for number, case in enumerate(cases("settled_markets")):
        market, begin = exchange.market(f"GOLDEN-{number}"), numbers(case["market"])
        traders = [market.trader(0) for _ in case["positions"]]
        for trader, position in zip(traders, case["positions"], strict=True):
            chain.rewrite(trader.position, **on_chain(numbers(position)))
        interest = {"total_open_interest": begin["long_interest_e8"]}
        chain.rewrite(market.key, **on_chain(begin), **interest)
        fill_pool(market, begin["locked_atoms"], begin["insurance_atoms"])
        winding = start(market, int(case["price_e6"]))
        for step in case["closed"]:
            trader = traders[int(step["who"])]
            event = chain.send(winding.settle(trader)).event("PositionSettled")
            assert event.worth_atoms == int(step["worth_atoms"]), case
            position, wanted = market.position(trader), on_chain(numbers(step["position"]))
            wanted.pop("worth_atoms", None)
            assert {name: getattr(position, name) for name in wanted} == wanted, case
            compare(market, step["market"], case)
        assert winding.read().imbalance_atoms == int(case["imbalance_atoms"]), case
        for step in case["paid"]:
            assert pay(winding, traders[int(step["who"])]) == int(step["paid_atoms"]), case
            compare(market, step["market"], case)
        settlement = winding.read()
        shared = (settlement.claims_atoms, settlement.payable_atoms, settlement.drawn_atoms)
        assert shared == tuple(int(case[f"{name}_atoms"]) for name in ("claims", "payable", "drawn")), case
        chain.send(winding.close())
    exchange.vault.check_ledger()


def test_golden_payouts(exchange: Exchange, chain: Chain) -> None:
    for number, case in enumerate(cases("settling")):
        market, locked = exchange.market(f"PAYOUT-{number}"), int(case["locked_atoms"])
        claims = [int(text) for text in case["collateral_atoms"]]
        traders = [market.trader(0) for _ in claims]
        for trader, claim in zip(traders, claims, strict=True):
            chain.rewrite(trader.position, collateral=claim)
        lacking, beyond = max(sum(claims) - locked, 0), max(locked - sum(claims), 0)
        books = {"collateral_sum_atoms": sum(claims), "long_shortfall_atoms": lacking}
        chain.rewrite(market.key, **books, accrued_fees_atoms=beyond)
        fill_pool(market, locked, 0)
        winding = start(market, 1)
        paid = [pay(winding, trader) for trader in traders]
        assert paid == [int(text) for text in case["payout_atoms"]], case
        chain.send(winding.close())
    exchange.vault.check_ledger()
