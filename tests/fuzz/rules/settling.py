"""Markets that end, by whoever may end them, step by step, and begin again."""

from __future__ import annotations

from functools import partial

from solders.pubkey import Pubkey

from tests.fuzz.model import config as config_model
from tests.fuzz.model import settling
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import MARKETS, World
from tests.programs.funding_rate.funding_world import MAX_RATE_E9, FundingWorld
from tests.programs.harness.codec import Call
from tests.programs.harness.vault_world import POSITION_AUTHORITY, collateral_of
from tests.programs.position_mgmt.exchange import CONFIG, PARAMS, SETTLING

from .prices import MARKET, publish_at
from .roles import ROLE, signer_of

DAY = 86_400


def call_of(world: World, market: int, name: str, **accounts: Pubkey | None) -> Call:
    """A call on a market and its settlement."""
    key = world.markets[market].key
    common = {"market": key, "settlement": settling.settlement_of(key)}
    return Call("position_mgmt", name, common | accounts)


def positions_in(world: World, market: int) -> list[Pubkey]:
    """Every position of a market, those of session wallets included."""
    key = world.markets[market].key
    found = [
        one
        for one, entry in world.accounts.items()
        if entry.kind == "UserPosition" and entry.fields["market"] == key
    ]
    return sorted(found, key=bytes)


@rule(
    4,
    market=MARKET,
    reason=Choice((0, 1, 1, 1, 2, 3, 4)),
    silence=Choice((0, 0, DAY - 1, DAY, DAY, 3 * DAY)),
    is_published=Choice((1, 1, 1, 0)),
    role=ROLE,
    is_due=Choice((0, 1, 1)),
)
def start_settling(
    world: World, market: int, reason: int, silence: int, is_published: int, role: int, is_due: int
) -> None:
    place, payer = world.markets[market], world.exchange.payer
    admin = signer_of(world, role) if reason == settling.DELISTING else None
    call = call_of(
        world,
        market,
        "start_settling",
        payer=payer,
        config=CONFIG,
        admin=admin,
        pool=place.pool,
        price_feed=place.feed,
    )
    call = Call(call.program, call.name, call.accounts, {"reason": reason})
    if reason == settling.DELISTING and is_due:
        propose(world, call, place.key)
    waited = world.chain.now_ts - world.fields(place.key)["last_batch_ts"]
    world.chain.advance(max(silence - waited, 0))
    if is_published:
        publish_at(world, market, world.fields(place.feed)["price_e6"])
    effect = partial(
        settling.start_settling,
        market_key=place.key,
        feed_key=place.feed,
        payer=payer,
        admin=admin,
        reason=reason,
        data=bytes(call.instruction.data),
    )
    world.submit(call, effect)


def propose(world: World, call: Call, market: Pubkey | None = None) -> None:
    """Names a change and lets the delay pass."""
    admin, change_hash = world.fields(CONFIG)["admin"], world.exchange.change_hash(call, market)
    effect = partial(config_model.propose_change, signer=admin, change_hash=change_hash)
    world.submit(world.exchange.propose_change(change_hash).but(admin=admin), effect)
    world.chain.advance(world.fields(CONFIG)["delay_seconds"])


def settling_one(world: World, market: int) -> int:
    """A market that is settling, if there is one; else the one that was meant."""
    order = [(market + step) % len(world.markets) for step in range(len(world.markets))]
    statuses = {one: world.fields(world.markets[one].key)["status"] for one in order}
    return next((one for one in order if statuses[one] == SETTLING), market)


@rule(3, market=MARKET, which=Whole(0, 11))
def settle_position(world: World, market: int, which: int) -> None:
    market = settling_one(world, market)
    found = positions_in(world, market)
    if found:
        _settle(world, market, found[which % len(found)])


def _settle(world: World, market: int, position: Pubkey) -> None:
    call = call_of(world, market, "settle_position", position=position)
    key = world.markets[market].key
    world.submit(call, partial(settling.settle_position, market_key=key, position_key=position))


@rule(3, market=MARKET, which=Whole(0, 11))
def pay_position(world: World, market: int, which: int) -> None:
    market = settling_one(world, market)
    found = positions_in(world, market)
    if found:
        _pay(world, market, found[which % len(found)])


def _pay(world: World, market: int, position: Pubkey) -> None:
    place, recipient = world.markets[market], world.fields(position)["parent_wallet"]
    call = call_of(
        world,
        market,
        "pay_position",
        position=position,
        recipient=recipient,
        collateral=collateral_of(recipient),
        pool=place.pool,
        vault_state=world.vault.state,
        authority=POSITION_AUTHORITY,
    )
    world.submit(call, partial(settling.pay_position, market_key=place.key, position_key=position))


@rule(1, market=MARKET)
def close_funding(world: World, market: int) -> None:
    call = FundingWorld(world.markets[market]).close_funding().but(admin=world.fields(CONFIG)["admin"])
    world.submit(call, partial(settling.close_funding, market_key=world.markets[market].key))


@rule(1, market=MARKET)
def close_market(world: World, market: int) -> None:
    """A market that could be closed begins again, or the run would be over for it."""
    place = world.markets[market]
    call = call_of(
        world,
        market,
        "close_market",
        config=CONFIG,
        pool=place.pool,
        funding=settling.funding_of(place.key),
        admin=world.fields(CONFIG)["admin"],
        settlement_payer=world.exchange.payer,
        vault_state=world.vault.state,
        authority=POSITION_AUTHORITY,
    )
    if world.submit(call, partial(settling.close_market, market_key=place.key)) is None:
        _begin_again(world, market)


def _begin_again(world: World, market: int) -> None:
    name, (_, _, terms) = list(MARKETS.items())[market]
    place, admin = world.markets[market], world.fields(CONFIG)["admin"]
    call = world.exchange.create_market(name, place.feed, params=dict(PARAMS) | terms).but(admin=admin)
    propose(world, call)
    args, data = call.args["args"], bytes(call.instruction.data)
    effect = partial(settling.create_market, admin=admin, feed_key=place.feed, args=args, data=data)
    world.submit(call, effect)
    funding = FundingWorld(place).create_funding().but(admin=admin)
    world.submit(funding, partial(settling.create_funding, market_key=place.key, rate_e9=MAX_RATE_E9))


@rule(8, market=MARKET, upto=Choice((1, 2, 3, 4, 4, 4)))
def wind_up(world: World, market: int, upto: int) -> None:
    """A market that is settling goes on, to its end perhaps."""
    market = settling_one(world, market)
    if world.fields(world.markets[market].key)["status"] != SETTLING:
        return
    for position in positions_in(world, market):
        if world.fields(position)["size"]:
            _settle(world, market, position)
    for position in positions_in(world, market)[: None if upto > 1 else 2]:
        _pay(world, market, position)
    if upto > 2 and settling.funding_of(world.markets[market].key) in world.accounts:
        close_funding(world, market)
    if upto > 3:
        close_market(world, market)


@rule(2, back=Whole(0, 40), wait=Choice((0, 0, DAY + 4_000)))
def prune_orphan(world: World, back: int, wait: int) -> None:
    """A record goes without its market, when it is a day older than it would have to be with it."""
    records = [key for key, entry in world.accounts.items() if entry.kind == "SettlementBatch"]
    if not records:
        return
    world.chain.advance(wait)
    record = records[back % len(records)]
    found = world.fields(record)
    call = world.markets[0].prune_batch(found["batch_id"], found["relayer"]).but(market=None)
    world.submit(call, partial(settling.prune_orphan, record=record))
