"""close_market: nothing is left behind, every lamport of rent is back, and a later market starts clean."""

from __future__ import annotations

from hashlib import sha256

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.batch import chain_start, verify_chain
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.chain import Chain
from tests.programs.harness.hostile import refuses_wrong_accounts
from tests.programs.harness.tokens import USDT

from .attacks import VAULT_ADDRESS, refuses_other_config, twin
from .exchange import ACTIVE, SETTLING, Exchange
from .market import ONE, V1, V2, Market, Trader, batch_address
from .test_pay_position import insure
from .winding import DAY, Winding


@pytest.fixture
def winding(market: Market, alice: Trader, bob: Trader) -> Winding:
    """A market that traded, was settled and has paid everybody."""
    market.settled(V1, market.trade(alice, bob))
    winding = Winding(market)
    winding.begin()
    winding.settle_all(alice, bob)
    market.chain.send(winding.pay(alice), winding.pay(bob))
    return winding


def lamports(chain: Chain, key: Pubkey) -> int:
    account = chain.account(key)
    return account.lamports if account else 0


def recreated(market: Market) -> Market:
    """Another market of the same symbol."""
    exchange = market.exchange
    market.chain.send(exchange.create_market(market.symbol, market.feed))
    return Market(exchange, market.symbol, market.publishing)


def test_closes_all_and_returns_the_rent(winding: Winding, market: Market, chain: Chain) -> None:
    exchange, vault = market.exchange, market.exchange.vault
    insure(market, 33 * USDT)
    keys = (market.key, market.pool, winding.address)
    rents = [lamports(chain, key) for key in keys]
    admin, payer = lamports(chain, exchange.admin), lamports(chain, winding.payer)
    fees, locked, books = vault.read().fees_atoms, market.locked_atoms(), market.read()
    paid = winding.read().paid_atoms
    assert locked > 0  # fees, and dust
    event = chain.send(winding.close()).event("MarketClosed")
    assert [chain.account(key) for key in keys] == [None, None, None]
    assert lamports(chain, exchange.admin) == admin + rents[0] + rents[1]
    assert lamports(chain, winding.payer) == payer + rents[2]
    assert vault.read().fees_atoms == fees + locked + 33 * USDT
    assert (vault.read().locked_atoms, vault.read().insurance_atoms) == (0, 0)
    vault.check_ledger()
    assert (event.market, event.market_index) == (market.key, books.market_index)
    assert (event.last_batch_sequence, event.swept_atoms) == (1, locked + 33 * USDT)
    assert event.paid_atoms == paid
    assert event.head.sequence == books.event_sequence + 1
    assert exchange.read().has_closed_markets == 1


def test_a_market_without_positions(market: Market, chain: Chain) -> None:
    event = Winding(market).finish().event("MarketClosed")
    assert (event.swept_atoms, event.paid_atoms) == (0, 0)
    assert chain.account(market.key) is None


def test_positions_closed_by_their_owners_count_too(market: Market, chain: Chain) -> None:
    trader = market.trader(0)
    assert market.read().position_count == 1
    winding = Winding(market)
    winding.begin()
    chain.refused(winding.close(), error="PositionsLeft")
    chain.send(market.close_position(trader))
    chain.send(winding.close())


def test_refuses_while_positions_are_left(market: Market, alice: Trader, bob: Trader, chain: Chain) -> None:
    market.settled(V1, market.trade(alice, bob))
    winding = Winding(market)
    winding.begin()
    chain.refused(winding.close(), error="PositionsLeft")
    winding.settle_all(alice, bob)
    chain.send(winding.pay(alice))
    chain.refused(winding.close(), error="PositionsLeft")
    chain.send(winding.pay(bob))
    chain.send(winding.close())


def test_a_market_whose_positions_were_never_counted_stays(market: Market, chain: Chain) -> None:
    """Of layout 1; its users get their money all the same."""
    chain.rewrite(market.key, layout_version=1, position_count=0)
    alice = market.trader()
    assert market.read().position_count == 0
    winding = Winding(market)
    winding.begin()
    chain.send(winding.pay(alice))
    chain.refused(winding.close(), error="PositionsNotCounted")


def test_refuses_while_the_funding_account_exists(winding: Winding, market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, status=ACTIVE)
    funding = FundingWorld(market).create()
    chain.rewrite(market.key, status=SETTLING)
    chain.refused(winding.close(), error="FundingNotClosed")
    chain.send(funding.close_funding())
    chain.fund(funding.address, 1)  # lamports sent there do no harm
    chain.send(winding.close())


def test_refuses_a_market_that_is_not_settling(winding: Winding, market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, status=ACTIVE)
    chain.refused(winding.close(), error="MarketNotSettling")


def test_refuses_books_that_the_pool_does_not_back(winding: Winding, market: Market, chain: Chain) -> None:
    chain.rewrite(market.key, accrued_fees_atoms=market.read().accrued_fees_atoms + 1)
    chain.refused(winding.close(), error="MarketNotBacked")


def test_the_rent_goes_to_nobody_else(winding: Winding, chain: Chain) -> None:
    call, stranger = winding.close(), chain.person()
    chain.refused(call.but(admin=stranger), error="WrongRentRecipient")
    chain.refused(call.but(settlement_payer=stranger), error="WrongRentRecipient")


def test_admin_and_payer_may_be_the_same(market: Market, chain: Chain) -> None:
    winding = Winding(market)
    winding.payer = market.exchange.admin
    rent = lamports(chain, market.key) + lamports(chain, market.pool)
    before = lamports(chain, winding.payer)
    winding.finish()
    assert lamports(chain, winding.payer) == before + rent


def test_a_market_closes_once(winding: Winding, market: Market, chain: Chain) -> None:
    call = winding.close()
    chain.send(call)
    chain.refused(call, error="AccountOwnedByWrongProgram")
    chain.fund(market.key, 10**9)
    chain.refused(call, error="AccountOwnedByWrongProgram")


def test_a_later_market_starts_clean(winding: Winding, market: Market, alice: Trader, chain: Chain) -> None:
    old = market.read()
    chain.send(winding.close())
    new = recreated(market)
    books = new.read()
    assert books.market_index == old.market_index + 1
    assert books.event_sequence - 1 == books.position_count == 0
    start = b"gdx/market" + bytes(market.key) + books.market_index.to_bytes(4, "little")
    assert (books.last_batch_sequence, books.last_batch_id) == (1, sha256(start).digest())
    money = (books.collateral_sum_atoms, books.accrued_fees_atoms, books.funding_index, books.long_loss_index)
    assert money == (0, 0, 0, 0)
    assert new.locked_atoms() == 0
    chain.send(new.open_position(alice.owner))
    chain.send(new.add_collateral(alice, 5_000 * USDT))
    carol = new.trader()
    batch, _ = new.settled(V2, new.trade(alice, carol, ONE // 10))
    begun = chain_start(market.key, books.market_index, has_closed_markets=True)
    assert verify_chain([batch], after=begun) == (2, batch.batch_id)
    new.check_books()


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("is_pruned", [False, True])
def test_no_batch_of_the_old_market_is_of_the_new_one(
    market: Market, alice: Trader, bob: Trader, chain: Chain, version: int, is_pruned: bool
) -> None:
    """Neither as the next one nor as a known one, whether its record still exists or not."""
    old = [market.settled(version, market.trade(alice, bob, ONE // 10))[0] for _ in range(3)]
    winding = Winding(market)
    winding.finish(alice, bob)
    if is_pruned:
        chain.advance(3_601)
        for batch in old:
            chain.send(market.prune_batch(batch.batch_id).but(market=None))
    new = recreated(market)
    for trader in (alice, bob):
        chain.send(new.open_position(trader.owner))
        chain.send(new.add_collateral(trader, 5_000 * USDT))
    new.set_price(50_000 * 10**6)
    replayed = [market.settle(batch) for batch in old]
    chain.refused(replayed[0], error="BatchTooOld")
    chain.refused(replayed[1], error="BatchPreviousMismatch")
    chain.refused(replayed[2], error="BatchOutOfOrder")
    for _ in range(2):
        new.settled(version, new.trade(alice, bob, ONE // 10))
    for call in replayed:
        chain.refused(call, error="BatchTooOld")
    assert new.read().last_batch_sequence == 3


def test_an_old_record_is_not_known_to_a_later_market(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    """As if the same batch had been settled by an earlier market: only the record's index tells."""
    batch, _ = market.settled(V1, market.trade(alice, bob, ONE // 10))
    market.settled(V1, market.trade(alice, bob, ONE // 10))
    call = market.settle(batch)
    chain.send(call)
    record = batch_address(batch.batch_id)
    chain.rewrite(record, market_index=chain.read(record).market_index + 1)
    chain.refused(call, error="BatchConflict")


def test_a_first_market_follows_zeros(market: Market, other_market: Market) -> None:
    """While no market was closed, chains start as they always did."""
    for one in (market, other_market):
        books = one.read()
        start = chain_start(one.key, books.market_index, has_closed_markets=False)
        assert (books.last_batch_sequence, books.last_batch_id) == start == (0, bytes(32))


def test_a_canary_ends_with_its_market(winding: Winding, market: Market, chain: Chain) -> None:
    """Else it would cover a later market's first batches."""
    exchange = market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.rewrite(market.key, status=ACTIVE)
    chain.send(exchange.set_canary(market.key, V2, 50))
    chain.rewrite(market.key, status=SETTLING)
    assert exchange.read().canary_market == market.key
    chain.send(winding.close())
    config = exchange.read()
    assert (config.canary_market, config.canary_version) == (Pubkey.default(), 0)
    assert (config.canary_remaining, config.canary_last_sequence) == (0, 0)


def test_a_canary_of_another_market_goes_on(winding: Winding, other_market: Market, chain: Chain) -> None:
    exchange = other_market.exchange
    chain.send(exchange.set_allowed_versions(V1))
    chain.send(exchange.set_canary(other_market.key, V2, 50))
    chain.send(winding.close())
    config = exchange.read()
    assert (config.canary_market, config.canary_version, config.canary_remaining) == (
        other_market.key,
        V2,
        50,
    )


def test_an_old_position_cannot_come_back(winding: Winding, market: Market, alice: Trader) -> None:
    chain = market.chain
    chain.send(winding.close())
    new = recreated(market)
    chain.refused(new.add_collateral(alice, USDT), error="AccountOwnedByWrongProgram")
    chain.send(new.open_position(alice.owner))
    position = new.position(alice)
    assert (position.realized_pnl, position.requested_release_atoms, position.collateral) == (0, 0, 0)
    # The settlement is gone too: the new market does not settle at the old price.
    chain.refused(winding.settle(alice), error="AccountOwnedByWrongProgram")


def test_other_markets_go_on(winding: Winding, other_market: Market, chain: Chain) -> None:
    carol, dave = other_market.trader(), other_market.trader()
    chain.send(winding.close())
    other_market.settled(V1, other_market.trade(carol, dave))
    other_market.check_books()


def test_refusals(winding: Winding, market: Market, other_market: Market, chain: Chain) -> None:
    other = Winding(other_market)
    other.begin()
    call = winding.close()
    chain.refused(call.but(pool=other_market.pool), error="WrongPool")
    chain.refused(call.but(market=other_market.key), error="WrongPool")
    chain.refused(call.but(settlement=other.address), error="WrongSettlement")
    chain.refused(call.but(funding=other.close().address_of("funding")), error="ConstraintSeeds")
    chain.refused(call.but(market=twin(chain, market.key)), error="WrongSettlement")
    chain.refused(call.but(authority=chain.person()), error="ConstraintAddress")
    refuses_other_config(chain, call)
    refuses_wrong_accounts(chain, call, **VAULT_ADDRESS)


def test_every_other_instruction_is_refused_while_settling(
    market: Market, alice: Trader, bob: Trader, chain: Chain
) -> None:
    market.settled(V1, market.trade(alice, bob))
    chain.send(market.request_release(alice, USDT))
    chain.advance(60)
    batch = market.seal(V1, market.trade(alice, bob))
    stranger = market.exchange.vault.user(deposited_atoms=USDT)
    Winding(market).begin()
    refused = [
        market.open_position(stranger.owner),
        market.add_collateral(alice, USDT),
        market.request_release(alice, USDT),
        market.execute_release(alice),
        market.settle(batch),
        market.settle(market.heartbeat()),
        market.liquidate(alice, bob),
        market.resolve_bankruptcy(is_short_bankrupt=False),
        market.sweep_fees(),
        market.set_market_limits(),
        market.set_market_status(ACTIVE),
        market.set_funding(5),
    ]
    for call in refused:
        chain.refused(call, error="MarketNotActive")


def test_a_market_of_the_same_exchange_cannot_be_opened_twice(winding: Winding, market: Market) -> None:
    """While the old one is there, settled or not."""
    exchange: Exchange = market.exchange
    call = exchange.create_market(market.symbol, market.feed)
    market.chain.refused(call, error="system.AccountAlreadyInUse")
    market.chain.send(winding.close())
    market.chain.send(call)


def test_a_day_after_a_later_market_may_be_settled_again(winding: Winding, market: Market) -> None:
    market.chain.send(winding.close())
    again = Winding(recreated(market))
    market.chain.advance(DAY)
    again.finish()
