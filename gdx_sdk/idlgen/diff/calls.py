"""Changes of instructions: their discriminators, arguments, return values and accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.diff.changes import Changes
from gdx_sdk.idlgen.diff.records import compare_discriminators
from gdx_sdk.idlgen.model import Account, AccountItem, Group
from gdx_sdk.idlgen.resolve import Call
from gdx_sdk.idlgen.spelling import spell


def compare_instructions(old: Concrete, new: Concrete, found: Changes) -> None:
    """Instructions keep what clients send; new ones may come."""
    by_name = {call.source.name: call for call in new.calls}
    by_bytes = {call.source.discriminator: call for call in new.calls}
    known, renamed = {call.source.name for call in old.calls}, set[str]()
    for call in old.calls:
        name = call.source.name
        same, heir = by_name.get(name), by_bytes.get(call.source.discriminator)
        if same is not None:
            _compare(call, same, found)
        elif heir is not None and heir.source.name not in known:
            renamed.add(heir.source.name)
            sentence = f"instruction {name} is now called {heir.source.name}"
            found.broken("instruction-renamed", f"{heir.source.path}.name", sentence)
        else:
            found.gone("instruction-removed", call.source.path, f"instruction {name} is gone")
    for call in new.calls:
        if call.source.name not in known | renamed:
            sentence = f"instruction {call.source.name} is new"
            found.safe("instruction-added", call.source.path, sentence)


def _compare(old: Call, new: Call, found: Changes) -> None:
    what = f"instruction {old.source.name}"
    tags = old.source.discriminator, new.source.discriminator
    compare_discriminators(what, new.source.path, *tags, found)
    _compare_args(what, old, new, found)
    was, now = (None if call.returns is None else spell(call.returns) for call in (old, new))
    if was != now:
        sentence = f"{what} returned {was or 'nothing'} and now returns {now or 'nothing'}"
        found.broken("returns-changed", f"{new.source.path}.returns", sentence)
    _compare_accounts(what, _flat(old.source.accounts), _flat(new.source.accounts), found)


def _compare_args(what: str, old: Call, new: Call, found: Changes) -> None:
    was, now = [arg.name for arg in old.args], [arg.name for arg in new.args]
    for rank, (arg, source) in enumerate(zip(old.args, old.source.args, strict=True)):
        name = arg.name
        if name not in now and rank < len(now) and now[rank] not in was:
            sentence = f"{what}: the argument {name} is now called {now[rank]}"
            found.broken("argument-renamed", f"{new.source.args[rank].path}.name", sentence)
        elif name not in now:
            found.gone("argument-removed", source.path, f"{what} loses the argument {name}")
    renamed = {new_name for old_name, new_name in zip(was, now, strict=False) if old_name not in now}
    for arg, source in zip(new.args, new.source.args, strict=True):
        if arg.name not in was:
            if arg.name not in renamed:
                sentence = f"{what} has the new argument {arg.name}, which old clients do not send"
                found.broken("argument-added", source.path, sentence)
            continue
        before = old.args[was.index(arg.name)]
        if spell(before.type) != spell(arg.type):
            sentence = (
                f"{what}: the argument {arg.name} was of type {spell(before.type)} and is now "
                f"{spell(arg.type)}"
            )
            found.broken("argument-retyped", f"{source.path}.type", sentence)
        if [n for n in was if n in now].index(arg.name) != [n for n in now if n in was].index(arg.name):
            found.broken("argument-moved", source.path, f"{what}: the argument {arg.name} has another place")


def _flat(items: Sequence[AccountItem], prefix: str = "") -> dict[str, Account]:
    """Accounts by ``group.name``, in order."""
    return dict(_walk(items, prefix))


def _walk(items: Sequence[AccountItem], prefix: str) -> Iterator[tuple[str, Account]]:
    for item in items:
        if isinstance(item, Group):
            yield from _walk(item.items, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name, item


def _compare_accounts(what: str, old: dict[str, Account], new: dict[str, Account], found: Changes) -> None:
    was, now = list(old), list(new)
    renamed: set[str] = set()
    for rank, name in enumerate(was):
        if name in new:
            _compare_account(f"{what}: the account {name}", old[name], new[name], found)
        elif rank < len(now) and now[rank] not in old:
            renamed.add(now[rank])
            sentence = f"{what}: the account {name} is now called {now[rank]}"
            found.broken("account-slot-renamed", f"{new[now[rank]].path}.name", sentence)
        else:
            found.gone("account-slot-removed", old[name].path, f"{what} no longer takes the account {name}")
    kept_old, kept_new = [n for n in was if n in new], [n for n in now if n in old]
    for before, after in zip(kept_old, kept_new, strict=True):
        if before != after:
            sentence = f"{what}: the account {after} has another place"
            found.broken("account-slot-moved", new[after].path, sentence)
    last = max((rank for rank, name in enumerate(now) if name in old or name in renamed), default=-1)
    for rank, name in enumerate(now):
        if name not in old and name not in renamed:
            _report_new_account(what, name, new[name], rank > last, found)


def _report_new_account(what: str, name: str, account: Account, is_last: bool, found: Changes) -> None:
    if account.is_optional and is_last:
        found.conditional(
            "optional-account-added",
            account.path,
            f"{what} takes the optional account {name} at the end: old clients go on working when the "
            "program is built with Anchor's allow-missing-optionals and they pass no remaining accounts",
        )
        return
    kind = "optional" if account.is_optional else "required"
    sentence = f"{what} takes the {kind} account {name}, which old clients do not send"
    found.broken("account-slot-added", account.path, sentence)


def _compare_account(what: str, old: Account, new: Account, found: Changes) -> None:
    _compare_flags(what, old, new, found)
    if old.address != new.address:
        path = f"{new.path}.address"
        if new.address is None:
            found.safe("account-slot-address", path, f"{what} is no longer fixed to {old.address}")
        else:
            sentence = f"{what} was {_place(old)} and must now be {new.address}"
            found.broken("account-slot-address", path, sentence)
    if old.pda != new.pda:
        found.broken(
            "pda-changed", f"{new.path}.pda", f"{what} is derived from other seeds or another program"
        )
    if old.relations != new.relations:
        was, now = (", ".join(relations) or "nothing" for relations in (old.relations, new.relations))
        sentence = f"{what} was related to {was} and is now related to {now}; its address is given as before"
        found.safe("relations-changed", f"{new.path}.relations", sentence)


def _place(account: Account) -> str:
    return account.address or "any address"


def _compare_flags(what: str, old: Account, new: Account, found: Changes) -> None:
    for flag, was, now in (
        ("writable", old.is_writable, new.is_writable),
        ("signer", old.is_signer, new.is_signer),
        ("required", not old.is_optional, not new.is_optional),
    ):
        if now and not was:
            found.broken(f"account-slot-{flag}", new.path, f"{what} is now {flag}")
        elif was and not now:
            found.safe(f"account-slot-{flag}", new.path, f"{what} need no longer be {flag}")
