"""What the vault's admin announces, and longer delays of vault and feeds."""

from __future__ import annotations

from functools import partial

from tests.fuzz.model import feed, vault
from tests.fuzz.steps import Choice, Whole, rule
from tests.fuzz.world import World

MARKET = Whole(0, 2)


@rule(1)
def propose_pause_renewal(world: World) -> None:
    admin = world.fields(vault.STATE)["admin"]
    call = world.vault.propose_pause_renewal().but(admin=admin)
    world.submit(call, partial(vault.propose_pause_renewal, admin=admin))


@rule(2)
def execute_pause_renewal(world: World) -> None:
    admin = world.fields(vault.STATE)["admin"]
    call = world.vault.execute_pause_renewal().but(admin=admin)
    world.submit(call, partial(vault.execute_pause_renewal, admin=admin))


@rule(1, other=Whole(0, 2))
def set_vault_guardian(world: World, other: int) -> None:
    admin = world.fields(vault.STATE)["admin"]
    key = [world.vault.guardian, world.users[0].owner, world.users[1].owner][other]
    call = world.vault.set_guardian(key).but(admin=admin)
    world.submit(call, partial(vault.set_role, admin=admin, role=vault.GUARDIAN, key=key))


@rule(1, other=Choice((0, 0, 0, 1)))
def set_fee_recipient(world: World, other: int) -> None:
    admin = world.fields(vault.STATE)["admin"]
    key = [world.vault.fee_recipient, world.admins[0]][other]
    call = world.vault.set_fee_recipient(key).but(admin=admin)
    world.submit(call, partial(vault.set_role, admin=admin, role=vault.FEE_RECIPIENT, key=key))


@rule(1, more=Choice((-1, 0, 1, 1, 2, 2**31)))
def raise_vault_delay(world: World, more: int) -> None:
    state = world.fields(vault.STATE)
    seconds = state["delay_seconds"] + more
    call = world.vault.raise_delay(seconds).but(admin=state["admin"])
    world.submit(call, partial(vault.raise_delay, admin=state["admin"], seconds=seconds))


@rule(1, market=MARKET, more=Choice((-1, 0, 1, 1, 2, 2**31)))
def raise_feed_delay(world: World, market: int, more: int) -> None:
    publishing = world.markets[market].publishing
    state = world.fields(publishing.address)
    seconds = state["delay_seconds"] + more
    call = publishing.raise_delay(seconds).but(authority=state["authority"])
    effect = partial(feed.raise_delay, key=publishing.address, signer=state["authority"], seconds=seconds)
    world.submit(call, effect)
