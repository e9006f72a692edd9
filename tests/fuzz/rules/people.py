"""Money of users outside markets: deposits, withdrawals, sessions; and the vault's roles."""

from __future__ import annotations

from functools import partial

from tests.fuzz.model import sessions, vault
from tests.fuzz.steps import Choice, Scaled, Whole, rule
from tests.fuzz.world import USERS, World
from tests.programs.harness.tokens import USDT, set_amount, set_delegation

USER = Whole(0, USERS - 1)
SHARE = Choice((0, 1, 1, 4, 8, 15, 16, 16, 16, 17))
NUDGE = Choice((0, 0, 0, 0, 1, -1))
AMOUNT = Scaled(44)


def share_of(total: int, share: int, nudge: int) -> int:
    """Sixteenths of a total, an atom more or less."""
    return max(total * share // 16 + nudge, 0)


@rule(8, user=USER, amount=AMOUNT)
def deposit(world: World, user: int, amount: int) -> None:
    person = world.users[user]
    call = world.vault.deposit(person, amount)
    effect = partial(
        vault.deposit, owner=person.owner, token=person.token, authority=person.owner, amount=amount
    )
    world.submit(call, effect)


@rule(8, user=USER, share=SHARE, nudge=NUDGE)
def withdraw(world: World, user: int, share: int, nudge: int) -> None:
    person = world.users[user]
    amount = share_of(world.fields(person.collateral)["free_atoms"], share, nudge)
    effect = partial(vault.withdraw, owner=person.owner, token=person.token, amount=amount)
    world.submit(world.vault.withdraw(person, amount), effect)


@rule(1, user=USER)
def open_account_again(world: World, user: int) -> None:
    owner = world.users[user].owner
    world.submit(world.vault.open_account(owner), partial(vault.open_account, owner=owner))


@rule(1, amount=Scaled(30))
def donate(world: World, amount: int) -> None:
    """Tokens that nobody asked for."""
    account = world.accounts[vault.TOKEN_ACCOUNT]
    account.fields["amount"] += amount
    account.packed = account.pack()
    set_amount(world.chain, vault.TOKEN_ACCOUNT, account.fields["amount"])
    world.donated_atoms += amount
    world.moved()


@rule(3, user=USER, lifetime=Choice((60, 3_600, 3_600, 86_400, 0, 31 * 86_400)))
def create_session(world: World, user: int, lifetime: int) -> None:
    session, expiry = world.sessions[user], world.chain.now_ts + lifetime
    call = session.create_call(expiry_ts=expiry)
    owner, key = session.user.owner, session.session_key
    world.submit(call, partial(sessions.create, user=owner, session_key=key, expiry_ts=expiry))


@rule(5, user=USER, amount=Scaled(40), surprise=Choice((0, 0, 0, 0, 1)), is_eager=Choice((1, 1, 1, 0)))
def approve_session(world: World, user: int, amount: int, surprise: int, is_eager: int) -> None:
    session = world.sessions[user]
    if is_eager and session.address not in world.accounts:
        create_session(world, user, 86_400)
    used = world.accounts[session.address].fields["used_amount"] if session.address in world.accounts else 0
    person = session.user
    effect = partial(
        sessions.approve,
        user=person.owner,
        token=person.token,
        remaining=amount,
        expected_used=used + surprise,
    )
    world.submit(session.approve(amount, used + surprise), effect)


@rule(6, user=USER, share=SHARE, nudge=NUDGE)
def fast_deposit(world: World, user: int, share: int, nudge: int) -> None:
    session = world.sessions[user]
    person = session.user
    is_there = session.address in world.accounts
    available = world.fields(session.address)["available_amount"] if is_there else USDT
    amount = share_of(available, share, nudge)
    effect = partial(
        sessions.fast_deposit,
        user=person.owner,
        token=person.token,
        signer=session.session_key,
        amount=amount,
    )
    world.submit(session.fast_deposit(amount), effect)


@rule(2, user=USER)
def revoke_session(world: World, user: int) -> None:
    session = world.sessions[user]
    effect = partial(sessions.revoke, user=session.user.owner, token=session.user.token)
    world.submit(session.revoke(), effect)


@rule(2, user=USER)
def close_session(world: World, user: int) -> None:
    session = world.sessions[user]
    world.submit(session.close(), partial(sessions.close, user=session.user.owner))


@rule(1, user=USER)
def undelegate(world: World, user: int) -> None:
    """The owner takes the delegation back with the token program's own instruction."""
    token = world.users[user].token
    set_delegation(world.chain, token, None, 0)
    world.accounts[token].fields.update(delegate=None, delegated=0)
    world.accounts[token].packed = world.accounts[token].pack()
    world.moved()


@rule(
    2, limit=Choice((0, 10_000, 20_000, 10**6)), least=Choice((0, 100)), window=Choice((3_600, 60, 86_400, 0))
)
def set_withdraw_limit(world: World, limit: int, least: int, window: int) -> None:
    terms = {"limit_atoms": limit * USDT, "user_minimum_atoms": least * USDT, "window_seconds": window}
    admin = world.fields(vault.STATE)["admin"]
    call = world.vault.set_withdraw_limit(terms).but(admin=admin)
    world.submit(call, partial(vault.set_withdraw_limit, admin=admin, limit=terms))


@rule(2, bits=Choice((0, 0, 0, 1, 2, 4, 7, 8)), role=Whole(0, 3))
def pause_vault(world: World, bits: int, role: int) -> None:
    state = world.fields(vault.STATE)
    signer = [state["admin"], state["admin"], state["guardian"], world.stranger][role]
    world.submit(
        world.vault.set_vault_pause(bits, signer), partial(vault.set_pause, signer=signer, bits=bits)
    )


@rule(2)
def reopen_vault(world: World) -> None:
    pause_vault(world, 0, 0)


@rule(2, share=SHARE, nudge=NUDGE)
def withdraw_fees(world: World, share: int, nudge: int) -> None:
    state = world.fields(vault.STATE)
    amount = share_of(state["fees_atoms"], share, nudge)
    call = world.vault.withdraw_fees(world.fee_token, amount).but(admin=state["admin"])
    effect = partial(vault.withdraw_fees, admin=state["admin"], token=world.fee_token, amount=amount)
    world.submit(call, effect)


@rule(1, other=Whole(0, 1))
def propose_vault_admin(world: World, other: int) -> None:
    admin, proposed = world.fields(vault.STATE)["admin"], world.admins[other]
    call = world.vault.propose_admin(proposed).but(admin=admin)
    world.submit(call, partial(vault.propose_admin, admin=admin, new_admin=proposed))


@rule(1, other=Whole(0, 1))
def accept_vault_admin(world: World, other: int) -> None:
    signer = world.admins[other]
    world.submit(
        world.vault.accept_admin(signer),
        lambda tx: vault.accept_admin(tx.edit(vault.STATE), signer, tx.now_ts),
    )
