"""One module per instruction: its arguments, its accounts, and the function that builds it."""

from __future__ import annotations

from collections.abc import Sequence

from gdx_sdk.idlgen.addressing import CALLED, TAKEN, FieldOrigin, Origin, Slot, in_order, names_of
from gdx_sdk.idlgen.model import Account, AccountItem, Group, TypeExpr
from gdx_sdk.idlgen.names import numbered, pascal, safe, screaming
from gdx_sdk.idlgen.render.expressions import Source
from gdx_sdk.idlgen.render.text import WIDTH, Seq, call, docstring, hexed, spread
from gdx_sdk.idlgen.resolve import Call

# Addresses every Solana developer knows by name.
KNOWN = {
    "11111111111111111111111111111111": "SYSTEM_PROGRAM",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA": "TOKEN_PROGRAM",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb": "TOKEN_2022_PROGRAM",
    "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL": "ASSOCIATED_TOKEN_PROGRAM",
    "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s": "TOKEN_METADATA_PROGRAM",
    "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr": "MEMO_PROGRAM",
    "BPFLoaderUpgradeab1e11111111111111111111111": "UPGRADEABLE_LOADER",
    "SysvarRent111111111111111111111111111111111": "RENT_SYSVAR",
    "SysvarC1ock11111111111111111111111111111111": "CLOCK_SYSVAR",
    "Sysvar1nstructions1111111111111111111111111": "INSTRUCTIONS_SYSVAR",
}


class Builder:
    """Renders one instruction."""

    def __init__(self, module: Source, call_: Call, slots: list[Slot]) -> None:
        self.module, self.call, self.slots = module, call_, slots
        self.name, self.base = call_.function, call_.base
        self.groups: dict[tuple[str, ...], str] = {}
        self.group_locals: dict[tuple[str, ...], str] = {}
        self._name_groups(call_.source.accounts, ())
        module.own = {self.name, f"{self.base}Args", f"{self.base}Accounts", *self.groups.values()}
        self.all_given = not any(slot.is_required for slot in slots)

    @property
    def exports(self) -> list[str]:
        """The names the instruction adds to the package."""
        names = [self.name]
        names += [f"{self.base}Args"] if self.call.args else []
        names += [f"{self.base}Accounts"] if self.slots else []
        names += [f"decode_{self.name.rstrip('_')}_return"] if self.call.returns is not None else []
        return names

    def _name_groups(self, items: tuple[AccountItem, ...], path: tuple[str, ...]) -> None:
        for item, own_name in zip(items, names_of(items), strict=True):
            if isinstance(item, Group):
                here = (*path, own_name)
                if not any(slot.path[: len(here)] == here for slot in self.slots):
                    continue  # a group without accounts adds nothing to give
                name = "".join(pascal(part) for part in here) + "Group"
                self.groups[here] = numbered(name, set(self.groups.values()))
                taken = {slot.local for slot in self.slots} | set(self.group_locals.values())
                self.group_locals[here] = safe(here[-1], TAKEN, CALLED, taken)
                self._name_groups(item.items, here)

    def render(self) -> None:
        """Add the instruction's code to the module."""
        if self.name.startswith("test"):
            self.module.notes.append("# ruff: noqa: PT028 (the program calls it so; this is no test)")
        final = self.module.standard("typing", "Final")
        self.module.add(spread(hexed(self.call.source.discriminator), 0, f"DISCRIMINATOR: {final} = "))
        self._constants()
        if self.call.args:
            self._arguments()
        if self.slots:
            for path, name in sorted(self.groups.items(), key=lambda pair: -len(pair[0])):
                self.module.add(self._accounts(name, path))
            self.module.add(self._accounts(f"{self.base}Accounts", ()))
        self.module.add(self._function())
        if self.call.returns is not None:
            self._returns(self.call.returns)

    def _constants(self) -> None:
        for name, address in dict(
            self._constant(slot) for slot in self.slots if slot.kind == "fixed"
        ).items():
            pubkey, final = self.module.runtime("Pubkey"), self.module.standard("typing", "Final")
            self.module.add(f'{name}: {final} = {pubkey}.from_string("{address}")')

    def _constant(self, slot: Slot) -> tuple[str, str]:
        address = slot.account.address or ""
        return KNOWN.get(address) or screaming(slot.local), address

    def _arguments(self) -> None:
        typed = self.module.standard("typing", "TypedDict")
        lines = [f"class {self.base}Args({typed}):", f'    """Arguments of ``{self.name}``."""', ""]
        for member in self.call.args:
            lines.append(f"    {member.name}: {self.module.annotation(member.type, 'argument')}")
            lines += docstring(member.docs, 4)
        self.module.add(lines)
        rows = [Seq("(", [f'"{m.name}"', self.module.codec(m.type)], ")") for m in self.call.args]
        layout = self.module.runtime("Layout")
        before = f"_ARGS: {self.module.standard('typing', 'Final')} = "
        if len(rows) > 1:
            body = [spread(row, 4, after=",") for row in rows]
            self.module.add("\n".join([f"{before}{layout}(", *body, ")"]))
        else:
            self.module.add(spread(call(layout, *rows), 0, before))

    def _accounts(self, name: str, path: tuple[str, ...]) -> str:
        typed, pubkey = self.module.standard("typing", "TypedDict"), self.module.runtime("Pubkey")
        what = f"Accounts of ``{self.name}``" + (f" under ``{'.'.join(path)}``." if path else ".")
        lines = [f"class {name}({typed}):", *docstring(what, 4), ""]
        seen: set[str] = set()
        for slot in self.slots:
            if slot.path[: len(path)] != path or slot.path[len(path)] in seen:
                continue
            key = slot.path[len(path)]
            seen.add(key)
            if len(slot.path) > len(path) + 1:
                inner = (*path, key)
                type_, needed = self.groups[inner], self._is_group_required(inner)
                lines.append(f"    {key}: {type_ if needed else self.optional(type_)}")
                continue
            type_ = f"{pubkey} | None" if slot.kind == "optional" else pubkey
            lines.append(f"    {key}: {type_ if slot.is_required else self.optional(type_)}")
            lines += docstring(self._account_docs(slot), 4)
        return "\n".join(lines)

    def optional(self, type_: str) -> str:
        return f"{self.module.standard('typing', 'NotRequired')}[{type_}]"

    def _is_group_required(self, path: tuple[str, ...]) -> bool:
        return any(slot.is_required for slot in self.slots if slot.path[: len(path)] == path)

    def _account_docs(self, slot: Slot) -> str:
        docs = slot.account.docs
        note = {
            "given": "",
            "optional": "Optional.",
            "fixed": f"``{slot.account.address}`` when not given.",
            "program": "This program when not given.",
            "derived": f"Derived by ``{slot.finder.name if slot.finder else ''}`` when not given.",
        }[slot.kind]
        return f"{docs}\n{note}" if docs and note else docs or note

    def _function(self) -> str:
        module = self.module
        pubkey, instruction = module.runtime("Pubkey"), module.runtime("Instruction")
        meta, sequence = module.runtime("AccountMeta"), module.standard("collections.abc", "Sequence")
        parameters = [f"args: {self.base}Args"] if self.call.args else []
        if self.slots:
            absent = " | None = None" if self.all_given and module.own_program_id else ""
            parameters.append(f"accounts: {self.base}Accounts{absent}")
        if module.own_program_id:
            parameters.append(f"program_id: {pubkey} = {module.relative('..program_id', 'PROGRAM_ID')}")
        else:
            parameters.append(f"program_id: {pubkey}")
        parameters.append(f"remaining_accounts: {sequence}[{meta}] = ()")
        docs = self.call.source.docs or f"Build the instruction ``{self.call.source.name}``."
        lines = [spread(Seq(f"def {self.name}(", parameters, ")"), 0, after=f" -> {instruction}:")]
        lines += docstring(docs, 4)
        if self.slots and self.all_given and module.own_program_id:
            lines += ["    if accounts is None:", "        accounts = {}"]
        lines += self._lookups()
        lines += self._keys()
        lines += self._data()
        return "\n".join(lines)

    def _lookups(self) -> list[str]:
        lines = self.group_lines()
        for slot in in_order(self.slots):
            lines += self.lookup(slot)
        return lines

    def group_lines(self) -> list[str]:
        """Statements that take the groups of accounts apart."""
        lines: list[str] = []
        for path in sorted(self.groups, key=len):
            local, outer = self.group_locals[path], self.group(path[:-1])
            if self._is_group_required(path):
                lines.append(f'    {local} = {outer}["{path[-1]}"]')
            else:
                lines.append(f'    {local}: {self.groups[path]} = {outer}.get("{path[-1]}", {{}})')
        return lines

    def lookup(self, slot: Slot, found: Sequence[Slot] = ()) -> list[str]:
        """Statements that give a slot's variable the address that was given, or else the one it has."""
        given = f'{self.group(slot.path[:-1])}.get("{slot.path[-1]}"'
        if slot.kind == "derived":
            derivation = self.derivation(slot, slot.origins, found)
            lines = [f"    {slot.local} = {given})", f"    if {slot.local} is None:"]
            return [*lines, spread(derivation, 8, f"{slot.local} = ", "[0]")]
        default = "program_id" if slot.kind == "program" else self._constant(slot)[0]
        return [f"    {slot.local} = {given}, {default})"]

    def group(self, path: tuple[str, ...]) -> str:
        """The expression of a group of accounts."""
        return self.group_locals[path] if path else "accounts"

    def address(self, slot: Slot, found: Sequence[Slot] = ()) -> str:
        """The expression of an account's address; ``found`` are slots that have a variable as well."""
        if slot.kind in ("fixed", "derived", "program") or slot in found:
            return slot.local
        return f'{self.group(slot.path[:-1])}["{slot.path[-1]}"]'

    def derivation(self, slot: Slot, origins: tuple[Origin, ...], found: Sequence[Slot] = ()) -> Seq:
        """The call that derives a slot's address."""
        assert slot.finder is not None
        self.module.relative("..", "pdas")
        values = [self.value(origin, found) for origin in origins]
        if slot.finder.program is None:
            values.append("program_id")
        return call(f"pdas.{slot.finder.name}", *values)

    def value(self, origin: Origin, found: Sequence[Slot]) -> str:
        """The expression of a seed's value."""
        if isinstance(origin, Slot):
            return self.address(origin, found)
        if isinstance(origin, FieldOrigin):
            return f'await chain.field({self.address(origin.slot, found)}, "{".".join(origin.path)}")'
        return f'args["{origin[0]}"]' + "".join(f".{part}" for part in origin[1:])

    def _keys(self) -> list[str]:
        lines = [self._entry(slot) for slot in self.slots]
        if not lines:
            return ["    keys = list(remaining_accounts)"]
        return ["    keys = [", *lines, "        *remaining_accounts,", "    ]"]

    def _entry(self, slot: Slot) -> str:
        """One account's meta. Flags by position build it twice as fast; the comment says what they are."""
        account: Account = slot.account
        flags = [f"is_signer={account.is_signer}", f"is_writable={account.is_writable}"]
        if slot.kind == "optional":
            given = f'{self.group(slot.path[:-1])}.get("{slot.path[-1]}")'
            return spread(
                call(self.module.runtime("optional_account"), given, "program_id", *flags), 8, after=","
            )
        meta, address = self.module.runtime("AccountMeta"), self.address(slot)
        said = ["signer"] if account.is_signer else []
        said += ["writable"] if account.is_writable else []
        line = f"        {meta}({address}, {account.is_signer}, {account.is_writable}),"
        line += f"  # {', '.join(said)}" if said else ""
        return line if len(line) <= WIDTH else spread(call(meta, address, *flags), 8, after=",")

    def _data(self) -> list[str]:
        values = [f'args["{member.name}"]' for member in self.call.args]
        if not values:
            return [f"    return {self.module.runtime('Instruction')}(program_id, DISCRIMINATOR, keys)"]
        data = spread(call("_ARGS.encode", *values), 4, "data = DISCRIMINATOR + ")
        return [data, f"    return {self.module.runtime('Instruction')}(program_id, data, keys)"]

    def _returns(self, type_: TypeExpr) -> None:
        result = self.module.annotation(type_, "result")
        self.module.add(
            f"""def decode_{self.name.rstrip("_")}_return(data: bytes) -> {result}:
    \"""What the instruction returned, from the transaction's return data; CodecError when malformed.\"""
    return {self.module.codec(type_)}.decode(data)"""
        )
