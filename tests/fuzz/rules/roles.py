"""Admin, guardian and relayers of the position program, each in and out of turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from solders.pubkey import Pubkey

from tests.fuzz.model import config, positions
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import MARKETS, RELAYERS, World
from tests.programs.harness.codec import Call
from tests.programs.harness.tokens import USDT
from tests.programs.position_mgmt.exchange import CONFIG, PARAMS, PAUSE_ALL

from .prices import MARKET

RELAYER = Whole(0, RELAYERS - 1)
ROLE = Choice((0, 0, 0, 1, 1, 2))
STATUS, TERMS, APPROVAL, ACTIVATION, GUARDIAN, DELAY, COMMON = range(7)
WHICH = Choice(
    (STATUS, TERMS, TERMS, APPROVAL, APPROVAL, APPROVAL, ACTIVATION, GUARDIAN, DELAY, COMMON, COMMON)
)
LIMITS: tuple[dict[str, int], ...] = (
    {"slippage_floor_atoms": 50 * USDT},
    {"slippage_floor_atoms": 60 * USDT, "insurance_share_bps": 3_000},
    {"slippage_floor_atoms": 10**17 + 1},
    {"slippage_share_bps": 10_001},
    {"insurance_share_bps": 2_000},
    {"takeover_slots": 0},
    {"release_delay_slots": 9},
    {"batch_retention_seconds": 59},
    {"takeover_slots": 101, "release_delay_slots": 11, "batch_retention_seconds": 3_601},
)


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
    change_after_delay(world, STATUS, market, 0, 0)


@rule(1, market=MARKET, status=Choice((0, 0, 0, 1, 1, 2, 3, 4)), role=ROLE, is_due=Choice((0, 1, 1)))
def set_market_status(world: World, market: int, status: int, role: int, is_due: int) -> None:
    signer, place = signer_of(world, role), world.markets[market]
    if is_due:
        propose_change(world, STATUS, market, 0, status)
        world.chain.advance(world.fields(CONFIG)["delay_seconds"])
    call = place.set_market_status(status).but(admin=signer)
    effect = partial(
        positions.set_market_status, market_key=place.key, signer=signer, status=status, data=_data(call)
    )
    world.submit(call, effect)


@rule(
    1,
    market=MARKET,
    version=Choice((0, 1, 1, 2, 2, 3)),
    batches=Choice((0, 1, 2, 5, 10_000, 10_001)),
    role=ROLE,
    is_new=Choice((0, 0, 1)),
)
def set_canary(world: World, market: int, version: int, batches: int, role: int, is_new: int) -> None:
    """A version for one market, which the mask may have lost right before."""
    if is_new and version in (1, 2):
        set_allowed_versions(world, 3 - version, 0)
    signer, place = signer_of(world, role), world.markets[market]
    effect = partial(config.set_canary, signer=signer, market_key=place.key, version=version, batches=batches)
    world.submit(world.exchange.set_canary(place.key, version, batches, signer), effect)


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


@rule(3, relayer=RELAYER, role=ROLE)
def set_active_relayer(world: World, relayer: int, role: int) -> None:
    signer, key = signer_of(world, role), world.relayers[relayer]
    call = world.exchange.set_active_relayer(key, signer)
    effect = partial(config.set_active_relayer, signer=signer, relayer=key, data=_data(call))
    world.submit(call, effect)


@rule(2, relayer=RELAYER)
def beat(world: World, relayer: int) -> None:
    key = world.relayers[relayer]
    world.submit(world.exchange.beat(key), partial(config.beat, signer=key))


@rule(2, relayer=RELAYER)
def take_over(world: World, relayer: int) -> None:
    key = world.relayers[relayer]
    world.submit(world.exchange.take_over(key), partial(config.take_over, signer=key))


@rule(2, which=WHICH, market=MARKET, relayer=RELAYER, terms=Whole(0, 8))
def propose_change(world: World, which: int, market: int, relayer: int, terms: int) -> None:
    """Names a change that needs the delay."""
    admin = signer_of(world, 0)
    call, key = _delayed(world, which, market, relayer, terms)[:2]
    change_hash = world.exchange.change_hash(call, key)
    effect = partial(config.propose_change, signer=admin, change_hash=change_hash)
    if world.submit(world.exchange.propose_change(change_hash).but(admin=admin), effect) is None:
        world.proposed = [which, market, relayer, terms]


@rule(
    3,
    is_as_proposed=Choice((1, 1, 1, 0)),
    wait=Choice((0, 1)),
    which=WHICH,
    market=MARKET,
    relayer=RELAYER,
    terms=Whole(0, 8),
)
def make_change(
    world: World, is_as_proposed: int, wait: int, which: int, market: int, relayer: int, terms: int
) -> None:
    """The change that was proposed last, too early perhaps, or one that was not."""
    world.chain.advance(wait and world.fields(CONFIG)["delay_seconds"] + wait)
    content = world.proposed if is_as_proposed and world.proposed else [which, market, relayer, terms]
    call, _, effect = _delayed(world, *content)
    world.submit(call, effect)


@rule(3, which=WHICH, market=MARKET, relayer=RELAYER, terms=Whole(0, 8))
def change_after_delay(world: World, which: int, market: int, relayer: int, terms: int) -> None:
    propose_change(world, which, market, relayer, terms)
    make_change(world, 1, 1, which, market, relayer, terms)


def _delayed(
    world: World, which: int, market: int, relayer: int, terms: int
) -> tuple[Call, Pubkey | None, Callable[..., None]]:
    """A delayed change: its call, the market that its hash names, and what it does."""
    admin = signer_of(world, 0)
    if which >= APPROVAL:
        call, effect = _delayed_role(world, which, admin, market, relayer, terms)
        return call, None, partial(effect, signer=admin, data=_data(call))
    place = world.markets[market]
    if which == STATUS:
        call = place.set_market_status(terms).but(admin=admin)
        return (
            call,
            place.key,
            partial(
                positions.set_market_status,
                market_key=place.key,
                signer=admin,
                status=terms,
                data=_data(call),
            ),
        )
    params = _params(market, terms)
    call = place.set_market_limits(**params).but(admin=admin)
    effect = partial(
        positions.set_market_limits, market_key=place.key, signer=admin, params=params, data=_data(call)
    )
    return call, place.key, effect


def _delayed_role(
    world: World, which: int, admin: Pubkey, market: int, relayer: int, terms: int
) -> tuple[Call, Callable[..., None]]:
    """A delayed change of the configuration: its call, and what it does."""
    exchange, key = world.exchange, world.relayers[relayer]
    if which == APPROVAL:
        return exchange.approve_relayer(key).but(admin=admin), partial(config.approve_relayer, relayer=key)
    if which == ACTIVATION:
        return exchange.set_active_relayer(key, admin), partial(config.set_active_relayer, relayer=key)
    if which == GUARDIAN:
        guardian = world.users[market].owner
        call = exchange.set_guardian(guardian).but(admin=admin)
        return call, partial(config.set_guardian, guardian=guardian)
    if which == DELAY:
        seconds = world.fields(CONFIG)["delay_seconds"] + terms
        call = exchange.raise_delay(seconds).but(admin=admin)
        return call, partial(config.raise_delay, seconds=seconds)
    limits = {name: world.fields(CONFIG)[name] for name in config.RANGES} | LIMITS[terms]
    call = exchange.set_config_limits(**limits).but(admin=admin)
    return call, partial(config.set_config_limits, limits=limits)


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
