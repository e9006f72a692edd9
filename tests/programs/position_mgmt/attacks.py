"""Attacks that several instructions have in common."""

from __future__ import annotations

from solders.pubkey import Pubkey

from tests.programs.harness.chain import Chain
from tests.programs.harness.codec import Call

from .exchange import CONFIG, Exchange


def twin(chain: Chain, key: Pubkey) -> Pubkey:
    """The same account at another address: right owner, right type, right content."""
    account = chain.account(key)
    assert account is not None
    return chain.put(Pubkey.new_unique(), bytes(account.data), account.owner)


def refuses_durable_nonce(chain: Chain, call: Call, authority: Pubkey) -> None:
    """The call fails behind a durable nonce of `authority`, and not because of a second nonce-free step."""
    chain.refused(chain.nonce_first(authority), call, error="DurableNonceRefused")


def refuses_other_config(chain: Chain, call: Call) -> None:
    """A configuration at another address, as content and type would have it."""
    chain.refused(call.but(config=twin(chain, CONFIG)), error="ConstraintAddress")


def refuses_old_config(chain: Chain, call: Call, error: str) -> None:
    """A configuration as short as layout 1; the present one is put back."""
    account = chain.account(CONFIG)
    assert account is not None
    chain.put(CONFIG, bytes(account.data)[:480], account.owner)
    chain.refused(call, error=error)
    chain.put(CONFIG, bytes(account.data), account.owner)


def refuses_everyone_but_admin(exchange: Exchange, call: Call) -> None:
    """Guardian, relayer and strangers are no admin."""
    for person in (exchange.guardian, exchange.relayer, exchange.chain.person()):
        exchange.chain.refused(call.but(admin=person), error="NotAdmin")


def refuses_strangers(exchange: Exchange, call: Call) -> None:
    """Relayer and strangers are neither admin nor guardian."""
    for person in (exchange.relayer, exchange.chain.person()):
        exchange.chain.refused(call.but(signer=person), error="NotAdminOrGuardian")


def with_error(error: str, account: str) -> dict[str, str]:
    """Expectation for `refuses_wrong_accounts`: every impostor of `account` fails with `error`."""
    return {f"{account}__{attack}": error for attack in ("forged", "other_type", "zeros", "missing")}


VAULT_ADDRESS = with_error("ConstraintAddress", "vault_state")
