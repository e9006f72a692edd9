"""Admin, guardian and relayers of the position program, each in and out of turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from solders.pubkey import Pubkey

from tests.fuzz.model import config, positions
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import MARKETS, RELAYERS, World
from tests.programs.harness.codec import Call
from tests.programs.position_mgmt.exchange import CONFIG, PARAMS, PAUSE_ALL

from .prices import MARKET

RELAYER = Whole(0, RELAYERS - 1)
ROLE = Choice((0, 0, 0, 1, 1, 2))


def signer_of(world: World, role: int) -> Pubkey:
    """Admin, guardian or a stranger."""
    found = world.fields(CONFIG)
    return (found["admin"], found["guardian"], world.stranger)[role]


def _data(call: Call) -> bytes:
    return bytes(call.instruction.data)


@rule(2, bits=Choice((0, 0, 0, 1, 2, 4, 8, 16, 32, 6, PAUSE_ALL, 64)), role=ROLE)
def set_pause_bits(world: World, bits: int, role: int) -> None:
    signer = signer_of(world, role)
    effect = partial(config.set_pause_bits, signer=signer, bits=bits)
    world.submit(world.exchange.set_pause_bits(bits, signer), effect)


@rule(2, versions=Choice((0, 1, 2, 3, 3, 3, 4)), role=ROLE)
def set_allowed_versions(world: World, versions: int, role: int) -> None:
    signer = signer_of(world, role)
    call = world.exchange.set_allowed_versions(versions, signer)
    effect = partial(config.set_allowed_versions, signer=signer, versions=versions, data=_data(call))
    world.submit(call, effect)


@rule(3, market=MARKET)
def restore_trading(world: World, market: int) -> None:
    """The admin opens everything again."""
    set_pause_bits(world, 0, 0)
    set_allowed_versions(world, 3, 0)
    set_market_status(world, market, 0, 0)


@rule(1, market=MARKET, status=Choice((0, 0, 0, 1, 1, 2, 3, 4)), role=ROLE)
def set_market_status(world: World, market: int, status: int, role: int) -> None:
    signer, place = signer_of(world, role), world.markets[market]
    call = place.set_market_status(status).but(admin=signer)
    effect = partial(positions.set_market_status, market_key=place.key, signer=signer, status=status)
    world.submit(call, effect)


@rule(1, least=Choice((0, 1, 2, 2, 5, 18, 19)), role=ROLE)
def set_min_batch_size(world: World, least: int, role: int) -> None:
    signer = signer_of(world, role)
    call = world.exchange.set_min_batch_size(least).but(admin=signer)
    world.submit(call, partial(config.set_min_batch_size, signer=signer, least=least))


@rule(1, relayer=RELAYER, role=ROLE)
def revoke_relayer(world: World, relayer: int, role: int) -> None:
    signer, key = signer_of(world, role), world.relayers[relayer]
    effect = partial(config.revoke_relayer, signer=signer, relayer=key)
    world.submit(world.exchange.revoke_relayer(key, signer), effect)


@rule(1, relayer=RELAYER, role=ROLE)
def set_active_relayer(world: World, relayer: int, role: int) -> None:
    signer, key = signer_of(world, role), world.relayers[relayer]
    effect = partial(config.set_active_relayer, signer=signer, relayer=key)
    world.submit(world.exchange.set_active_relayer(key, signer), effect)


@rule(2, relayer=RELAYER)
def beat(world: World, relayer: int) -> None:
    key = world.relayers[relayer]
    world.submit(world.exchange.beat(key), partial(config.beat, signer=key))


@rule(2, relayer=RELAYER)
def take_over(world: World, relayer: int) -> None:
    key = world.relayers[relayer]
    world.submit(world.exchange.take_over(key), partial(config.take_over, signer=key))


@rule(2, which=Whole(0, 2), market=MARKET, relayer=RELAYER, terms=Whole(0, 8))
def propose_change(world: World, which: int, market: int, relayer: int, terms: int) -> None:
    """Names a change that needs the delay: a relayer's approval, a market's terms."""
    admin = signer_of(world, 0)
    call, key = _delayed(world, which, market, relayer, terms)[:2]
    change_hash = world.exchange.change_hash(call, key)
    effect = partial(config.propose_change, signer=admin, change_hash=change_hash)
    if world.submit(world.exchange.propose_change(change_hash).but(admin=admin), effect) is None:
        world.proposed = [which, market, relayer, terms]


@rule(
    3,
    is_as_proposed=Choice((1, 1, 1, 0)),
    wait=Choice((0, 901)),
    which=Whole(0, 2),
    market=MARKET,
    relayer=RELAYER,
    terms=Whole(0, 8),
)
def make_change(
    world: World, is_as_proposed: int, wait: int, which: int, market: int, relayer: int, terms: int
) -> None:
    """The change that was proposed last, too early perhaps, or one that was not."""
    world.chain.advance(wait)
    content = world.proposed if is_as_proposed and world.proposed else [which, market, relayer, terms]
    call, _, effect = _delayed(world, *content)
    world.submit(call, effect)


@rule(1, which=Whole(0, 2), market=MARKET, relayer=RELAYER, terms=Whole(0, 8))
def change_after_delay(world: World, which: int, market: int, relayer: int, terms: int) -> None:
    propose_change(world, which, market, relayer, terms)
    make_change(world, 1, 901, which, market, relayer, terms)


def _delayed(
    world: World, which: int, market: int, relayer: int, terms: int
) -> tuple[Call, Pubkey | None, Callable[..., None]]:
    """A delayed change: its call, the market that its hash names, and what it does."""
    admin = signer_of(world, 0)
    if which == 0:
        key = world.relayers[relayer]
        call = world.exchange.approve_relayer(key).but(admin=admin)
        return call, None, partial(config.approve_relayer, signer=admin, relayer=key, data=_data(call))
    place = world.markets[market]
    params = _params(market, terms)
    call = place.set_market_limits(**params).but(admin=admin)
    effect = partial(
        positions.set_market_limits, market_key=place.key, signer=admin, params=params, data=_data(call)
    )
    return call, place.key, effect


def _params(market: int, terms: int) -> dict[str, int]:
    """A market's first terms, with one thing changed."""
    params = dict(PARAMS) | list(MARKETS.values())[market][2]
    changes: list[dict[str, int]] = [
        {},
        {"taker_fee_ppm": 10_000, "maker_fee_ppm": -10_000},
        {"taker_fee_ppm": 0, "maker_fee_ppm": 0},
        {"max_leverage": 1, "initial_margin_ratio_bps": 10_000, "maintenance_margin_ratio_bps": 9_999},
        {"price_band_bps": 9_999, "max_slippage_per_hour_atoms": 2**62},
        {"max_position_size_e8": params["min_position_size_e8"]},
        {"liquidation_fee_ppm": 0},
        {"maker_fee_ppm": -501, "taker_fee_ppm": 500},
        {"price_band_bps": 1},
    ]
    return params | changes[terms]


@rule(1, other=Whole(0, 1), role=ROLE)
def propose_admin(world: World, other: int, role: int) -> None:
    signer, proposed = signer_of(world, role), world.admins[other]
    call = world.exchange.propose_admin(proposed).but(admin=signer)
    world.submit(call, partial(config.propose_admin, signer=signer, new_admin=proposed))


@rule(1, other=Whole(0, 1))
def accept_admin(world: World, other: int) -> None:
    signer = world.admins[other]
    effect = partial(config.accept_admin, signer=signer)
    world.submit(world.exchange.accept_admin(signer), effect)
