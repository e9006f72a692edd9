"""Python source as the formatter would leave it: literals, docstrings, calls that wrap, imports."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from gdx_sdk import runtime
from gdx_sdk.idlgen.names import safe

WIDTH = 110
# Names that generated modules import from elsewhere; a type of an IDL that has one is imported as another.
FOREIGN = frozenset(runtime.__all__) | {
    *("ClassVar", "Final", "Iterable", "IntEnum", "Mapping", "NotRequired", "Sequence", "TypeAlias"),
    *("TYPE_CHECKING", "TypedDict"),
}
CLASS_CONSTANTS = frozenset(["DISCRIMINATOR", "LAYOUT", "OFFSETS", "PROGRAM_ID", "SIZE", "TAG", "VARIANTS"])
_DEFINITIONS = ("def ", "class ", "@", "async ")


def columns(text: str) -> int:
    """How wide the text is: a wide character takes two columns, an accent of its own none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def quoted(text: str) -> str:
    """A string literal in the quotes that need fewer escapes, double ones when equal."""
    return _requoted(repr(text))


def quoted_bytes(data: bytes) -> str:
    """A bytes literal."""
    return "b" + _requoted(repr(data)[1:])


def _requoted(literal: str) -> str:
    """Python's own literal with the formatter's choice of quotes."""
    body = literal[1:-1].replace(f"\\{literal[0]}", literal[0])
    single, double = body.count("'"), body.count('"')
    quote = "'" if double > single else '"'
    return quote + body.replace(quote, f"\\{quote}") + quote


def docstring(text: str, indent: int = 0) -> list[str]:
    """Lines of a docstring, wrapped, indented; the text's own line breaks are kept."""
    pad = " " * indent
    lines = _wrapped(_clean(text), WIDTH - indent)
    if not lines:
        return []
    if lines[0].startswith('"'):
        lines[0] = " " + lines[0]
    quotes = lines[0].endswith('"') and not lines[0].endswith('\\"')
    width = len(pad) + columns(lines[0])
    is_short = width + 6 + quotes <= WIDTH
    is_one_word = width + 3 > WIDTH and " " not in lines[0]
    if len(lines) == 1 and (is_short or is_one_word):
        return [f'{pad}"""{lines[0]}{" " if quotes else ""}"""']
    if len(lines) == 1:
        lines = _wrapped(_clean(text), WIDTH - indent - 6)
    first, *rest = lines
    if len(pad) + 3 + columns(first) > WIDTH:
        head, *more = _filled(first, WIDTH - indent - 3)
        first, rest = head, [*more, *rest]
    return [f'{pad}"""{first}', *(f"{pad}{line}".rstrip() for line in rest), f'{pad}"""']


def _clean(text: str) -> str:
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text.expandtabs(4))
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _wrapped(text: str, width: int) -> list[str]:
    result: list[str] = []
    for line in textwrap.dedent(text).strip("\n").splitlines():
        lead = re.match(r" *", line)
        hang = (lead[0] if lead else "")[:40]
        result += _filled(line.rstrip(), width, hang) or [""]
    if result:
        result[0] = result[0].lstrip()
    while result and not result[-1]:
        result.pop()
    return result


def _filled(line: str, width: int, hang: str = "") -> list[str]:
    """The line's words on as many lines as its columns need; a word too long for one stays whole."""
    lines: list[str] = []
    for gap, word in re.findall(r"( *)(\S+)", line):
        if lines and columns(lines[-1] + gap + word) <= width:
            lines[-1] += gap + word
        else:
            lines.append(hang + word if lines else gap + word)
    return lines


@dataclass(slots=True)
class Seq:
    """Something in brackets that goes on one line when it fits and one element per line when not."""

    open: str
    items: Sequence[str | Seq]
    close: str


def call(name: str, *items: str | Seq) -> Seq:
    """A call."""
    return Seq(f"{name}(", items, ")")


def hexed(data: bytes) -> Seq:
    """Bytes as an expression that shows them in hexadecimal."""
    return call("bytes.fromhex", f'"{data.hex()}"')


def flat(node: str | Seq) -> str:
    """The node on one line."""
    if isinstance(node, str):
        return node
    inner = ", ".join(flat(item) for item in node.items)
    if node.open == "(" and len(node.items) == 1:
        inner += ","
    return node.open + inner + node.close


def spread(node: str | Seq, indent: int = 0, before: str = "", after: str = "") -> str:
    """``before`` + node + ``after`` from column ``indent`` on, on as many lines as needed."""
    line = before + flat(node) + after
    if isinstance(node, str) or indent + columns(line) <= WIDTH or not node.items:
        return " " * indent + line
    pad = " " * indent
    lines = [f"{pad}{before}{node.open}"]
    lines += [spread(item, indent + 4, after=",") for item in node.items]
    return "\n".join([*lines, f"{pad}{node.close}{after}"])


def sentence(before: str, text: str, indent: int) -> list[str]:
    """``before`` and a string literal, split over lines in parentheses when it is too long."""
    pad = " " * indent
    whole = f"{pad}{before}{quoted(text)}"
    if columns(whole) <= WIDTH:
        return [whole]
    parts, current = [], ""
    room = (WIDTH - indent - 8) // (1 if text.isascii() else 2)
    for word in re.findall(rf"\S{{1,{room}}}\s*|\s+", text):
        if current and columns(quoted(current + word)) > WIDTH - indent - 4:
            parts.append(current)
            current = ""
        current += word
    return [f"{pad}{before}(", *(f"{pad}    {quoted(part)}" for part in [*parts, current]), f"{pad})"]


def union(before: str, names: Sequence[str], separator: str = " | ") -> str:
    """A union of types, one per line when it does not fit."""
    line = before + separator.join(names)
    if columns(line) <= WIDTH:
        return line
    inner = "    " + separator.join(names)
    lines = (
        [inner] if columns(inner) <= WIDTH else [f"    {names[0]}", *(f"    | {name}" for name in names[1:])]
    )
    return "\n".join([f"{before}(", *lines, ")"])


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key that sorts numbers inside names by value."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", name)]


def member_key(name: str) -> tuple[int, list[tuple[int, int | str]]]:
    """The order of ``__all__``: constants, classes, the rest."""
    rank = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    return rank, natural(name)


def import_key(name: str) -> tuple[int, list[tuple[int, int | str]], list[tuple[int, int | str]]]:
    """The order of names in an import: as ``__all__``, but capitals count only between equals."""
    return member_key(name)[0], natural(name.lower()), natural(name)


@dataclass
class Module:
    """A module in the making: imports collected as they are needed, then blocks of code."""

    header: str
    docs: str
    own: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Names that mean something else inside the module's classes: its fields."""
    notes: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    _standard: dict[str, dict[str, str]] = field(default_factory=dict)
    _runtime: dict[str, str] = field(default_factory=dict)
    _relative: dict[str, dict[str, str]] = field(default_factory=dict)

    def standard(self, module: str, name: str) -> str:
        """Import a name of the standard library; under another name when the module has one like it."""
        alias = safe(name, self.own, self.hidden)
        self._standard.setdefault(module, {})[name] = alias
        return alias

    def runtime(self, name: str) -> str:
        """Import a name of the runtime; under another name when the module has one like it."""
        alias = safe(name, self.own, self.hidden)
        self._runtime[name] = alias
        return alias

    def relative(self, module: str, name: str) -> str:
        """Import a name of the same package, ``module`` with its dots."""
        self._relative.setdefault(module, {})[name] = name
        return name

    def relative_type(self, module: str, name: str) -> str:
        """Import a type of the same package; under another name when the module has one like it."""
        is_taken = name in self.own or name in FOREIGN or name in CLASS_CONSTANTS
        alias = safe(f"{name}Type", self.own) if is_taken else name
        self._relative.setdefault(module, {})[name] = alias
        return alias

    def relative_as(self, module: str, name: str, alias: str) -> None:
        """Import a name of the same package under another one."""
        self._relative.setdefault(module, {})[name] = alias

    def export(self, module: str, name: str) -> None:
        """Import a name to pass it on under the same name."""
        self._relative.setdefault(module, {})[name] = name

    def add(self, block: str | list[str]) -> None:
        """Append a block of code."""
        self.blocks.append(block if isinstance(block, str) else "\n".join(block))

    def import_lines(self, width: int = WIDTH) -> list[str]:
        """The imports from the same package."""
        order = sorted(self._relative, key=lambda m: (-len(m) + len(m.lstrip(".")), natural(m.lstrip("."))))
        return "\n".join(_import(module, self._relative[module], width) for module in order).split("\n")

    def render(self) -> str:
        """The module's source."""
        parts = [self.header, *self.notes, *docstring(self.docs), ""]
        parts += ["from __future__ import annotations", ""]
        if self._standard:
            parts += [*(_import(module, names) for module, names in sorted(self._standard.items())), ""]
        if self._runtime:
            parts += [_import("gdx_sdk.runtime", self._runtime), ""]
        if self._relative:
            parts += [*self.import_lines(), ""]
        text = "\n".join(parts)
        previous = ""
        for index, block in enumerate(self.blocks):
            is_def = block.startswith(_DEFINITIONS)
            if index == 0:
                text += "\n\n" if is_def else "\n"
            else:
                apart = is_def or previous.startswith(_DEFINITIONS)
                text += "\n\n" if apart else "" if _is_line(block) and _is_line(previous) else "\n"
            text += block + "\n"
            previous = block
        return text if self.blocks else text.rstrip("\n") + "\n"


def _is_line(block: str) -> bool:
    return "\n" not in block


def _import(module: str, names: dict[str, str], width: int = WIDTH) -> str:
    """Import statements of one module: the plain names together, each renamed one on its own."""
    plain = sorted((name for name in names if names[name] == name), key=import_key)
    renamed = {name: [f"{name} as {alias}"] for name, alias in names.items() if alias != name}
    statements = renamed | ({plain[0]: plain} if plain else {})
    return "\n".join(
        _statement(module, statements[name], width) for name in sorted(statements, key=import_key)
    )


def _statement(module: str, items: list[str], width: int) -> str:
    line = f"from {module} import {', '.join(items)}"
    if columns(line) <= width:
        return line
    return "\n".join([f"from {module} import (", *(f"    {item}," for item in items), ")"])
