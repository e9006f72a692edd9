"""The asynchronous companion of a builder: accounts that other accounts name are read from the chain."""

from __future__ import annotations

from gdx_sdk.idlgen.addressing import FieldOrigin, Slot, to_look_up
from gdx_sdk.idlgen.render.instructions import Builder
from gdx_sdk.idlgen.render.text import Seq, call, docstring, spread


class Resolving:
    """Renders ``resolve_<instruction>`` and the TypedDicts of what it is given."""

    def __init__(self, builder: Builder) -> None:
        self.builder, self.module = builder, builder.module
        self.found = [slot for slot in builder.slots if slot.found is not None]
        self.order = to_look_up(builder.slots)
        self.name = f"resolve_{builder.name.rstrip('_')}"
        self.given = f"{builder.base}Given"
        self.module.own |= {self.name, self.given}

    @property
    def exports(self) -> list[str]:
        """The names it adds to the package."""
        return [self.given, self.name] if self.found else []

    def render(self) -> None:
        """Add the code to the module, when there is something to look up."""
        if not self.found:
            return
        for path in sorted(self.builder.groups, key=lambda path: -len(path)):
            if self._has_found(path):
                self.module.add(self._typed_dict(self._type(path), path))
        self.module.add(self._typed_dict(self.given, ()))
        self.module.add(self._function())

    def _has_found(self, path: tuple[str, ...]) -> bool:
        return any(slot.path[: len(path)] == path for slot in self.found)

    def _type(self, path: tuple[str, ...]) -> str:
        """The type of a group of given accounts."""
        if not path:
            return self.given
        return self.builder.groups[path] + ("Given" if self._has_found(path) else "")

    def _is_required(self, path: tuple[str, ...]) -> bool:
        slots = [slot for slot in self.builder.slots if slot.path[: len(path)] == path]
        return any(slot.is_required and slot.found is None for slot in slots)

    def _typed_dict(self, name: str, path: tuple[str, ...]) -> str:
        typed, pubkey = self.module.standard("typing", "TypedDict"), self.module.runtime("Pubkey")
        lines = [f"class {name}({typed}):"]
        lines += docstring(f"Accounts of ``{self.builder.name}`` before the chain is asked for the rest.", 4)
        lines.append("")
        for key in dict.fromkeys(
            s.path[len(path)] for s in self.builder.slots if s.path[: len(path)] == path
        ):
            here = (*path, key)
            if here in self.builder.groups:
                type_ = self._type(here)
            else:
                slot = next(slot for slot in self.builder.slots if slot.path == here)
                type_ = f"{pubkey} | None" if slot.kind == "optional" else pubkey
            required = self._is_required(here)
            lines.append(f"    {key}: {type_ if required else self.builder.optional(type_)}")
        return "\n".join(lines)

    def _function(self) -> str:
        module, builder = self.module, self.builder
        pubkey = module.runtime("Pubkey")
        parameters = [f"client: {module.runtime('AccountSource')}"]
        statements = self._statements()
        if any("args[" in line for line in statements):
            parameters.append(f"args: {builder.base}Args")
        parameters.append(f"accounts: {self.given}")
        if any("program_id" in line for line in statements):
            default = f" = {module.relative('..program_id', 'PROGRAM_ID')}" if module.own_program_id else ""
            parameters.append(f"program_id: {pubkey}{default}")
        result = f"{builder.base}Accounts"
        names = ", ".join(f"``{'.'.join(slot.path)}``" for slot in self.found)
        docs = (
            f"Complete the accounts of ``{builder.name}`` with what the chain knows: {names}.\n\n"
            "Accounts that are given stay as they are. Raises CodecError when an account that has to be read "
            "does not exist, is of another type or of another program."
        )
        lines = [spread(Seq(f"async def {self.name}(", parameters, ")"), 0, after=f" -> {result}:")]
        lines += [*docstring(docs, 4), *statements, *self._result()]
        return "\n".join(lines)

    def _statements(self) -> list[str]:
        builder = self.builder
        lines: list[str] = []
        for path in sorted(builder.groups, key=len):
            if self._has_found(path) or any(path == slot.path[:-1] for slot in self._read()):
                local, outer = builder.group_locals[path], builder.group(path[:-1])
                if self._is_required(path):
                    lines.append(f'    {local} = {outer}["{path[-1]}"]')
                else:
                    lines.append(f'    {local}: {self._type(path)} = {outer}.get("{path[-1]}", {{}})')
        kinds = self._kinds()
        self.module.relative_as("..", "accounts", "account_types")
        lookup = call(
            self.module.runtime("ChainLookup"), "client", *(f"account_types.{kind}" for kind in kinds)
        )
        lines.append(spread(lookup, 4, "chain = "))
        for slot in self.order:
            lines += self._find(slot)
        return lines

    def _read(self) -> set[Slot]:
        """The slots whose addresses the function looks at."""
        return {*self.order, *(need for slot in self.order for need in slot.needs)}

    def _kinds(self) -> list[str]:
        kinds: dict[str, None] = {}
        for slot in self.found:
            found = slot.found
            for origin in (found,) if isinstance(found, FieldOrigin) else found or ():
                kinds |= dict.fromkeys(origin.kinds) if isinstance(origin, FieldOrigin) else {}
        return sorted(kinds)

    def _find(self, slot: Slot) -> list[str]:
        builder = self.builder
        if slot.found is None:
            return builder.lookup(slot, self.found)
        given = f'{builder.group(slot.path[:-1])}.get("{slot.path[-1]}")'
        lines = [f"    {slot.local} = {given}", f"    if {slot.local} is None:"]
        if isinstance(slot.found, FieldOrigin):
            read = call(
                "await chain.key", builder.address(slot.found.slot, self.found), f'"{slot.found.path[0]}"'
            )
            return [*lines, spread(read, 8, f"{slot.local} = ")]
        derivation = builder.derivation(slot, slot.found, self.found)
        return [*lines, spread(derivation, 8, f"{slot.local} = ", "[0]")]

    def _result(self) -> list[str]:
        return spread(self._merged(()), 4, "return ").split("\n")

    def _merged(self, path: tuple[str, ...]) -> Seq:
        items: list[str | Seq] = [f"**{self.builder.group(path)}"]
        for key in dict.fromkeys(s.path[len(path)] for s in self.found if s.path[: len(path)] == path):
            here = (*path, key)
            if here in self.builder.groups:
                inner = self._merged(here)
                items.append(Seq(f'"{key}": {inner.open}', inner.items, inner.close))
            else:
                slot = next(slot for slot in self.found if slot.path == here)
                items.append(f'"{key}": {slot.local}')
        return Seq("{", items, "}")
