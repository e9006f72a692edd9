"""Calls that must fail and change nothing: no signature, another's signature, another's accounts, replays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from solders.pubkey import Pubkey

from tests.fuzz.model import vault
from tests.fuzz.steps import Whole, rule
from tests.fuzz.world import USERS, World
from tests.programs.funding_rate.funding_world import FundingWorld
from tests.programs.harness.codec import Call
from tests.programs.harness.session_world import SessionWorld
from tests.programs.harness.vault_world import User
from tests.programs.position_mgmt.exchange import CONFIG
from tests.programs.position_mgmt.market import Market, Trader

from .people import USER
from .prices import MARKET
from .trading import batch_call


@dataclass(frozen=True)
class Scene:
    """Whose accounts an attack is about: a user's, and those of others that it would rather use."""

    world: World
    user: User
    other: User
    market: Market
    elsewhere: Market

    @property
    def one(self) -> Trader:
        return self.market.as_trader(self.user)

    @property
    def session(self) -> SessionWorld:
        return next(one for one in self.world.sessions if one.user == self.user)

    def has(self, *keys: Pubkey) -> bool:
        return all(key in self.world.accounts for key in keys)


Attack = Callable[[Scene], tuple[Call, str] | None]
ATTACKS: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Registers an attack: a call, and the error that stops it; None where it does not apply."""
    ATTACKS[function.__name__] = function
    return function


@rule(14, which=Whole(0, 200), user=USER, step=Whole(1, USERS - 1), market=MARKET)
def hostile_call(world: World, which: int, user: int, step: int, market: int) -> None:
    names = list(ATTACKS)
    users, markets = world.users, world.markets
    scene = Scene(
        world,
        users[user],
        users[(user + step) % len(users)],
        markets[market],
        markets[(market + 1) % len(markets)],
    )
    found = ATTACKS[names[which % len(names)]](scene)
    if found:
        world.refused(*found)


def for_position(name: str, build: Callable[[Scene], Call], error: str) -> None:
    """An attack on a position that has to be there."""

    def apply(scene: Scene) -> tuple[Call, str] | None:
        return (build(scene), error) if scene.has(scene.one.position) else None

    ATTACKS[name] = apply


@attack
def withdraw_of_another(scene: Scene) -> tuple[Call, str]:
    call = scene.world.vault.withdraw(scene.user, 1).but(owner=scene.other.owner)
    return call, "NotCollateralOwner"


@attack
def withdraw_unsigned(scene: Scene) -> tuple[Call, str]:
    return scene.world.vault.withdraw(scene.user, 1).without_signature_of("owner"), "AccountNotSigner"


@attack
def deposit_unsigned(scene: Scene) -> tuple[Call, str]:
    call = scene.world.vault.deposit(scene.user, 1)
    return call.without_signature_of("token_authority"), "AccountNotSigner"


@attack
def deposit_of_another(scene: Scene) -> tuple[Call, str] | None:
    """Unless deposits are paused, the token program says that the signer is not the owner."""
    if scene.world.fields(vault.STATE)["pause_bits"] & vault.PAUSE_DEPOSIT:
        return None
    call = scene.world.vault.deposit(scene.user, 1).but(token_authority=scene.other.owner)
    return call, "token.OwnerMismatch"


@attack
def deposit_into_own_pocket(scene: Scene) -> tuple[Call, str]:
    call = scene.world.vault.deposit(scene.user, 1).but(vault_token=scene.other.token)
    return call, "WrongVaultToken"


@attack
def withdraw_vault_of_another_mint(scene: Scene) -> tuple[Call, str]:
    call = scene.world.vault.withdraw(scene.user, 1).but(vault_token=scene.other.token)
    return call, "WrongVaultToken"


def _pool_moves(scene: Scene) -> list[Call]:
    world, pool = scene.world.vault, scene.market.pool
    return [
        world.lock(scene.user, pool, 1),
        world.release(scene.user, pool, 1),
        world.sweep_fees(pool, 1),
        world.fund_insurance(pool, 1),
        world.draw_insurance(pool, 1),
    ]


for _place, _name in enumerate(("lock", "release", "sweep_fees", "fund_insurance", "draw_insurance")):

    def _unsigned(scene: Scene, place: int = _place) -> tuple[Call, str]:
        return _pool_moves(scene)[place].without_signature_of("position_authority"), "AccountNotSigner"

    def _by_stranger(scene: Scene, place: int = _place) -> tuple[Call, str]:
        return _pool_moves(scene)[place].but(position_authority=scene.user.owner), "NotPositionAuthority"

    ATTACKS |= {f"{_name}_unsigned": _unsigned, f"{_name}_by_user": _by_stranger}


@attack
def fees_to_a_user(scene: Scene) -> tuple[Call, str]:
    admin = scene.world.fields(vault.STATE)["admin"]
    return scene.world.vault.withdraw_fees(scene.user.token, 1).but(admin=admin), "WrongFeeRecipient"


@attack
def fees_by_a_user(scene: Scene) -> tuple[Call, str]:
    call = scene.world.vault.withdraw_fees(scene.world.fee_token, 1).but(admin=scene.user.owner)
    return call, "NotAdmin"


@attack
def limit_by_guardian(scene: Scene) -> tuple[Call, str]:
    terms = {"limit_atoms": 0, "user_minimum_atoms": 0, "window_seconds": 60}
    call = scene.world.vault.set_withdraw_limit(terms)
    return call.but(admin=scene.world.fields(vault.STATE)["guardian"]), "NotAdmin"


def for_session(name: str, build: Callable[[Scene], Call], error: str) -> None:
    """An attack on an ephemeral vault that has to be there."""

    def apply(scene: Scene) -> tuple[Call, str] | None:
        return (build(scene), error) if scene.has(scene.session.address) else None

    ATTACKS[name] = apply


for_session(
    "fast_deposit_by_stranger",
    lambda scene: scene.session.fast_deposit(1).but(session_key=scene.other.owner),
    "NotSessionKey",
)
for_session(
    "fast_deposit_by_the_user",
    lambda scene: scene.session.fast_deposit(1).but(session_key=scene.user.owner),
    "NotSessionKey",
)
for_session(
    "fast_deposit_unsigned",
    lambda scene: scene.session.fast_deposit(1).without_signature_of("session_key"),
    "AccountNotSigner",
)
for_session(
    "approve_of_another", lambda scene: scene.session.approve(1).but(user_wallet=scene.other.owner), "NotUser"
)
for_session(
    "revoke_of_another", lambda scene: scene.session.revoke().but(user_wallet=scene.other.owner), "NotUser"
)
for_session(
    "close_of_another", lambda scene: scene.session.close().but(user_wallet=scene.other.owner), "NotUser"
)


@attack
def fast_deposit_to_another(scene: Scene) -> tuple[Call, str] | None:
    session = scene.session
    if (
        not scene.has(session.address)
        or scene.world.fields(session.session)["user_token"] != scene.user.token
    ):
        return None
    return session.fast_deposit(1).but(collateral=scene.other.collateral), "WrongCollateral"


@attack
def fast_deposit_from_another_token(scene: Scene) -> tuple[Call, str] | None:
    session = scene.session
    if not scene.has(session.address):
        return None
    return session.fast_deposit(1).but(user_token=scene.other.token), "WrongTokenAccount"


@attack
def limits_of_a_feed_by_a_publisher(scene: Scene) -> tuple[Call, str]:
    feed = scene.market.publishing
    return feed.set_limits().but(authority=feed.publishers[0]), "NotFeedAuthority"


@attack
def publishers_by_a_user(scene: Scene) -> tuple[Call, str]:
    feed = scene.market.publishing
    call = feed.set_publishers([scene.user.owner, *feed.publishers[:2]]).but(authority=scene.user.owner)
    return call, "NotFeedAuthority"


@attack
def price_unsigned(scene: Scene) -> tuple[Call, str]:
    feed = scene.market.publishing
    return feed.publish_price(feed.publishers[0]).without_signature_of("publisher"), "AccountNotSigner"


@attack
def price_by_a_user(scene: Scene) -> tuple[Call, str]:
    return scene.market.publishing.publish_price(scene.user.owner), "NotPublisher"


for_position(
    "close_of_another",
    lambda scene: scene.market.close_position(scene.one).but(owner=scene.other.owner),
    "WrongOwner",
)
for_position(
    "close_in_another_market",
    lambda scene: scene.market.close_position(scene.one).but(market=scene.elsewhere.key),
    "WrongMarket",
)
for_position(
    "collateral_of_another",
    lambda scene: scene.market.add_collateral(scene.one, 1).but(collateral=scene.other.collateral),
    "WrongCollateral",
)
for_position(
    "collateral_to_another_pool",
    lambda scene: scene.market.add_collateral(scene.one, 1).but(pool=scene.elsewhere.pool),
    "WrongPool",
)
for_position(
    "collateral_to_another_market",
    lambda scene: scene.elsewhere.add_collateral(scene.one, 1),
    "WrongMarket",
)
for_position(
    "release_of_another",
    lambda scene: scene.market.request_release(scene.one, 1).but(owner=scene.other.owner),
    "WrongOwner",
)
for_position(
    "release_unsigned",
    lambda scene: scene.market.request_release(scene.one, 1).without_signature_of("owner"),
    "AccountNotSigner",
)
for_position(
    "release_at_another_price",
    lambda scene: scene.market.request_release(scene.one, 1).but(price_feed=scene.elsewhere.feed),
    "WrongPriceFeed",
)
for_position(
    "release_to_another",
    lambda scene: scene.market.execute_release(scene.one).but(collateral=scene.other.collateral),
    "WrongCollateral",
)
for_position(
    "release_from_another_pool",
    lambda scene: scene.market.execute_release(scene.one).but(pool=scene.elsewhere.pool),
    "WrongPool",
)


def for_two_positions(name: str, build: Callable[[Scene, Trader], Call], error: str) -> None:
    """An attack on a position with the help of another user's."""

    def apply(scene: Scene) -> tuple[Call, str] | None:
        other = scene.market.as_trader(scene.other)
        return (build(scene, other), error) if scene.has(scene.one.position, other.position) else None

    ATTACKS[name] = apply


for_two_positions(
    "liquidate_for_another",
    lambda scene, other: scene.market.liquidate(other, scene.one).but(liquidator=scene.world.stranger),
    "WrongOwner",
)
for_two_positions(
    "liquidate_unsigned",
    lambda scene, other: scene.market.liquidate(other, scene.one).without_signature_of("liquidator"),
    "AccountNotSigner",
)
for_two_positions(
    "liquidate_at_another_price",
    lambda scene, other: scene.market.liquidate(other, scene.one).but(price_feed=scene.elsewhere.feed),
    "WrongPriceFeed",
)
for_two_positions(
    "liquidate_in_another_market",
    lambda scene, other: scene.elsewhere.liquidate(other, scene.one),
    "WrongMarket",
)


@attack
def bankruptcy_from_another_pool(scene: Scene) -> tuple[Call, str]:
    call = scene.market.resolve_bankruptcy(is_short_bankrupt=False)
    return call.but(pool=scene.elsewhere.pool), "WrongPool"


@attack
def sweep_another_pool(scene: Scene) -> tuple[Call, str]:
    return scene.market.sweep_fees().but(pool=scene.elsewhere.pool), "WrongPool"


@attack
def funding_unsigned(scene: Scene) -> tuple[Call, str]:
    return scene.market.set_funding(10**6).without_signature_of("funding_authority"), "AccountNotSigner"


@attack
def funding_by_a_user(scene: Scene) -> tuple[Call, str]:
    return scene.market.set_funding(10**6).but(funding_authority=scene.user.owner), "ConstraintSeeds"


@attack
def funding_of_another_market(scene: Scene) -> tuple[Call, str] | None:
    call = FundingWorld(scene.market).update_funding()
    if not scene.has(FundingWorld(scene.market).address):
        return None
    return call.but(market=scene.elsewhere.key, feed=scene.elsewhere.feed), "WrongMarket"


@attack
def funding_at_another_price(scene: Scene) -> tuple[Call, str] | None:
    if not scene.has(FundingWorld(scene.market).address):
        return None
    return FundingWorld(scene.market).update_funding().but(feed=scene.elsewhere.feed), "WrongFeed"


@attack
def rent_of_a_record(scene: Scene) -> tuple[Call, str] | None:
    found = [entry.fields for entry in scene.world.accounts.values() if entry.kind == "SettlementBatch"]
    mine = [
        one for one in found if one["market_index"] == scene.world.fields(scene.market.key)["market_index"]
    ]
    if not mine:
        return None
    return scene.market.prune_batch(mine[0]["batch_id"], scene.user.owner), "WrongBatchRelayer"


@attack
def batch_by_a_user(scene: Scene) -> tuple[Call, str] | None:
    """A stolen batch: the last one that settled, under another's signature."""
    config = scene.world.fields(CONFIG)
    if not scene.world.sent or config["pause_bits"]:
        return None
    market, data, keys = scene.world.sent[-1]
    if not config["allowed_batch_versions"] & data[0]:
        return None
    call = batch_call(scene.world, scene.world.markets[market], data, keys)
    return call.but(relayer=scene.user.owner), "WrongRelayer"


@attack
def batch_unsigned(scene: Scene) -> tuple[Call, str] | None:
    if not scene.world.sent:
        return None
    market, data, keys = scene.world.sent[-1]
    call = batch_call(scene.world, scene.world.markets[market], data, keys)
    return call.without_signature_of("relayer"), "AccountNotSigner"


@rule(2, which=Whole(0, 4), market=MARKET)
def nonce_first(world: World, which: int, market: int) -> None:
    """An admin's signed call that lay in a drawer, behind a durable nonce."""
    config, state = world.fields(CONFIG), world.fields(vault.STATE)
    feed = world.markets[market].publishing
    authority = world.fields(feed.address)["authority"]
    calls = [
        world.exchange.set_pause_bits(0, config["admin"]),
        world.markets[market].set_market_limits().but(admin=config["admin"]),
        world.vault.set_vault_pause(0, state["admin"]),
        FundingWorld(world.markets[market]).set_max_rate(1).but(admin=config["admin"]),
        feed.set_limits().but(authority=authority),
    ]
    if which == 3 and FundingWorld(world.markets[market]).address not in world.accounts:
        return
    signer = [config["admin"], config["admin"], state["admin"], config["admin"], authority][which]
    world.refused(calls[which], "DurableNonceRefused", behind=world.chain.nonce_first(signer))


def for_admin(name: str, build: Callable[[World], Call], error: str, account: str = "admin") -> None:
    """What only an admin may, by a user; but users may become guardian."""

    def apply(scene: Scene) -> tuple[Call, str] | None:
        if scene.user.owner == scene.world.fields(CONFIG)["guardian"]:
            return None
        return build(scene.world).but(**{account: scene.user.owner}), error

    ATTACKS[name] = apply


for_admin("guardian_by_user", lambda world: world.vault.set_guardian(world.stranger), "NotAdmin")
for_admin("recipient_by_user", lambda world: world.vault.set_fee_recipient(world.stranger), "NotAdmin")
for_admin("renewal_by_user", lambda world: world.vault.execute_pause_renewal(), "NotAdmin")
for_admin("delay_by_user", lambda world: world.vault.raise_delay(2**31), "NotAdmin")
for_admin("change_by_user", lambda world: world.exchange.propose_change(bytes(32)), "NotAdmin")
for_admin("relayer_by_user", lambda world: world.exchange.approve_relayer(world.stranger), "NotAdmin")
for_admin("terms_by_user", lambda world: world.markets[0].set_market_limits(), "NotAdmin")
for_admin("status_by_user", lambda world: world.markets[1].set_market_status(2), "NotAdmin")
for_admin("pause_by_user", lambda world: world.exchange.set_pause_bits(63), "NotAdminOrGuardian", "signer")
for_admin("beat_by_user", lambda world: world.exchange.beat(), "WrongRelayer", "active_relayer")


@attack
def rate_by_user(scene: Scene) -> tuple[Call, str] | None:
    funding = FundingWorld(scene.market)
    if not scene.has(funding.address):
        return None
    return funding.set_max_rate(1).but(admin=scene.user.owner), "NotAdmin"


@attack
def configuration_again(scene: Scene) -> tuple[Call, str]:
    return scene.world.exchange.create_config(), "system.AccountAlreadyInUse"


@attack
def vault_again(scene: Scene) -> tuple[Call, str]:
    return scene.world.vault.create_vault(), "system.AccountAlreadyInUse"


@attack
def configuration_by_a_user(scene: Scene) -> tuple[Call, str]:
    call = scene.world.exchange.create_config().but(upgrade_authority=scene.user.owner)
    return call, "system.AccountAlreadyInUse"
