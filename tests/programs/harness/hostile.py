"""The same attacks on every instruction's accounts.

Unsigned, read-only, forged, of another type, missing; one account in the place of two; closed and paid into
again, closed and opened again without its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from solders.account import Account
from solders.pubkey import Pubkey

from gdx_sdk.programs import PROGRAM_IDS, name_of

from .chain import UPGRADEABLE_LOADER, Chain
from .codec import SYSTEM, Call, event_authority, idl
from .tokens import TOKEN, TOKEN_2022

SYSVAR_OWNER = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
ANY = "any refusal"
"""Expected of an attack whose error says nothing: which account is looked at first is not a rule."""
_OURS = frozenset(PROGRAM_IDS.values())
_TOKENS = frozenset((TOKEN, TOKEN_2022))
Attack: TypeAlias = tuple[str, str, Call, str]


def refuses_wrong_accounts(chain: Chain, call: Call, **expected: str | None) -> None:
    """Attack each account of a valid call in each way that fits it, then run the call itself.

    `expected` names the error of an attack, as `account__attack`, where it is not the usual one of Anchor;
    None leaves an attack out that does no harm on purpose.
    """
    unused, wrong = set(expected), []
    for name, attack, changed, usual in _every_attack(chain, call):
        label = f"{name}__{attack}"
        unused.discard(label)
        error = expected.get(label, usual)
        if error is None:
            continue
        try:
            _refused(chain, changed, error)
        except AssertionError as failure:
            wrong.append(f"{label}: {failure}")
    assert not unused, f"no such attacks: {sorted(unused)}"
    assert not wrong, "\n".join(wrong)
    chain.send(call)


def _every_attack(chain: Chain, call: Call) -> Iterator[Attack]:
    """Every attack that fits the call: account, kind, the changed call and the error to expect.

    Some change the chain for as long as the iterator stands still, so it has to be used up.
    """
    yield from _attacks(chain, call)
    yield from _one_for_two(chain, call)
    yield from _closed(chain, call)


def _refused(chain: Chain, call: Call, error: str) -> None:
    if error != ANY:
        chain.refused(call, error=error)
        return
    failure, _ = chain.attempt(call)
    assert failure is not None, f"{call.name} succeeded"


def _one_for_two(chain: Chain, call: Call) -> Iterator[Attack]:
    """One account in the place of two that are written: what is counted twice must not be there once."""
    names = [entry["name"] for entry in call.entries if entry.get("writable")]
    written = {name: call.address_of(name) for name in names if _is_state(chain, call.address_of(name))}
    for first, address in written.items():
        for second in written:
            if first != second and written[second] != address:
                yield second, f"same_as_{first}", call.but(**{second: address}), ANY


def _closed(chain: Chain, call: Call) -> Iterator[Attack]:
    """Closed and paid into again; closed and allocated again by its program, without content."""
    for entry in call.entries:
        name, address = entry["name"], call.address_of(entry["name"])
        account = chain.account(address)
        if account is None or not _is_state(chain, address):
            continue
        for attack, size, owner in (
            ("closed", 0, SYSTEM),
            ("hollow", len(account.data), account.owner),
            ("stunted", 8, account.owner),
        ):
            data = bytes(account.data)[:8] if attack == "stunted" else bytes(size)
            chain.svm.set_account(address, Account(account.lamports, data, owner, False, account.rent_epoch))
            yield name, attack, call, ANY
            chain.svm.set_account(address, account)


def _is_state(chain: Chain, address: Pubkey) -> bool:
    account = chain.account(address)
    return account is not None and account.owner in _OURS | _TOKENS


def _attacks(chain: Chain, call: Call) -> Iterator[Attack]:
    creates = any(
        chain.account(call.address_of(entry["name"])) is None and "pda" in entry for entry in call.entries
    )
    addresses = [call.address_of(entry["name"]) for entry in call.entries]
    for entry in call.entries:
        name, address = entry["name"], call.address_of(entry["name"])
        if entry.get("optional") and address == PROGRAM_IDS[call.program]:
            continue
        is_alone = addresses.count(address) == 1
        account = chain.account(address)
        is_state = account is not None and account.owner in _OURS | _TOKENS
        if entry.get("signer"):
            yield name, "unsigned", call.without_signature_of(name), "AccountNotSigner"
        if entry.get("writable") and is_alone and (is_state or entry.get("signer")):
            pays = creates and entry.get("signer")
            usual = "runtime.PrivilegeEscalation" if pays else "ConstraintMut"
            yield name, "read_only", call.with_read_only(name), usual
        yield from _impostors(chain, call, entry, account, is_state)


def _impostors(
    chain: Chain, call: Call, entry: dict[str, Any], account: Any, is_state: bool
) -> Iterator[Attack]:
    name = entry["name"]
    if name == "event_authority":
        other = event_authority("oracle" if call.program != "oracle" else "funding_rate")
        yield name, "other", call.but(event_authority=other), "ConstraintAddress"
    elif name == "program":
        yield name, "other", call.but(program=SYSTEM), "runtime.MissingAccount"
    elif account is not None and account.executable:
        yield name, "other", call.but(**{name: UPGRADEABLE_LOADER}), "InvalidProgramId"
    elif name == "instructions":
        forged = chain.put(Pubkey.new_unique(), bytes(100), SYSVAR_OWNER)
        yield name, "forged", call.but(instructions=forged), "ConstraintAddress"
    elif is_state and not entry.get("signer"):
        data = bytes(account.data)
        forged = chain.put(Pubkey.new_unique(), data, Pubkey.new_unique())
        yield name, "forged", call.but(**{name: forged}), "AccountOwnedByWrongProgram"
        if account.owner in _OURS:
            other = chain.put(Pubkey.new_unique(), bytes([data[0] ^ 1]) + data[1:], account.owner)
            yield name, "other_type", call.but(**{name: other}), "AccountDiscriminatorMismatch"
            zeros = chain.put(Pubkey.new_unique(), bytes(len(data)), account.owner)
            yield name, "zeros", call.but(**{name: zeros}), "AccountDiscriminatorMismatch"
        usual = "AccountOwnedByWrongProgram" if _is_zero_copy(account) else "AccountNotInitialized"
        yield name, "missing", call.but(**{name: Pubkey.new_unique()}), usual
    elif "pda" in entry and not entry.get("signer"):
        yield name, "wrong_address", call.but(**{name: Pubkey.new_unique()}), "ConstraintSeeds"


def _is_zero_copy(account: Any) -> bool:
    """Whether Anchor loads the account in place, which checks the owner before anything else."""
    if account.owner not in _OURS:
        return False
    source = idl(name_of(account.owner))
    return source.accounts[bytes(account.data[:8])] in source.zero_copy


def refuses_durable_nonce(chain: Chain, call: Call, signer: Pubkey) -> None:
    """A valid admin call is refused behind a durable nonce of its signer, and goes through without."""
    chain.refused(chain.nonce_first(signer), call, error="DurableNonceRefused")
    chain.send(call)
