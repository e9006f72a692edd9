"""A JSON value that knows its path, so that every complaint can say where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.names import is_visible


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value, its path from the root (``$.types[3].name``) and the file it came from."""

    value: Any
    path: str
    source: str

    def fail(self, expected: str) -> NoReturn:
        """Raise IdlError: this value is not what was expected."""
        raise IdlError(self.path, self.value, f"expected {expected}", self.source)

    def get(self, key: str) -> Node | None:
        """The member, ``None`` when absent or null."""
        if not isinstance(self.value, dict):
            self.fail("an object")
        value = self.value.get(key)
        return None if value is None else Node(value, f"{self.path}.{key}", self.source)

    def need(self, key: str) -> Node:
        """The member; IdlError when there is none."""
        found = self.get(key)
        if found is None:
            Node(None, f"{self.path}.{key}", self.source).fail(f"a member {key!r}, which is missing")
        return found

    def elements(self) -> list[Node]:
        """The elements of an array."""
        if not isinstance(self.value, list):
            self.fail("an array")
        return [Node(value, f"{self.path}[{i}]", self.source) for i, value in enumerate(self.value)]

    def items(self, key: str) -> list[Node]:
        """The elements of an array member; none when it is absent."""
        found = self.get(key)
        return [] if found is None else found.elements()

    def text(self) -> str:
        """The value as a string."""
        if not isinstance(self.value, str):
            self.fail("a string")
        return self.value

    def name(self) -> str:
        """The value as a name: a string with something in it, safe inside a line of generated code."""
        text = self.text()
        if not text.strip():
            self.fail("a name that is not empty")
        if not text.isprintable() or any(character in text for character in "\"'\\"):
            self.fail("a name without quotes, backslashes, line breaks and control characters")
        return text

    def integer(self, low: int = 0, high: int = 2**64 - 1) -> int:
        """The value as an integer in a range."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            self.fail(f"an integer from {low} to {high}")
        return self.value

    def flag(self, key: str) -> bool:
        """A boolean member; false when absent."""
        found = self.get(key)
        if found is None:
            return False
        if not isinstance(found.value, bool):
            found.fail("true or false")
        return found.value

    def byte_string(self) -> bytes:
        """The value as bytes: an array of numbers 0 to 255."""
        return bytes(item.integer(0, 255) for item in self.elements())

    def docs(self) -> str:
        """The ``docs`` member, its lines joined; empty when nothing in it can be seen."""
        found = self.get("docs")
        if found is None:
            return ""
        lines = [found.text()] if isinstance(found.value, str) else [line.text() for line in found.elements()]
        text = "\n".join(lines)
        return text if is_visible(text) else ""

    def unique(self, key: str, name: Callable[[Node], str]) -> list[Node]:
        """The elements of an array member; IdlError when two have the same name."""
        seen: dict[str, str] = {}
        nodes = self.items(key)
        for node in nodes:
            if (text := name(node)) in seen:
                node.need("name").fail(f"a name that is not taken; {seen[text]} has it")
            seen[text] = node.path
        return nodes
