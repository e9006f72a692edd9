"""Names: from Rust's and TypeScript's spelling to Python's, clear of what they would collide with."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*")

ANNOTATIONS = frozenset(["bool", "bytes", "float", "int", "str", "tuple"])  # built-in types that code names
# Names a generated class already uses (methods of the runtime's bases) or that its annotations need.
MEMBERS = frozenset(
    {
        "decode",
        "encode",
        "read",
        "write",
        "fetch",
        "fetch_multiple",
        "decode_at",
        "decode_many",
        "memcmp",
        "dtype",
        "columns",
        "window",
    }
    | {"discriminator_filter", "numpy_type", "from_raw", "to_raw", "self", "cls", "mro"}
    | ANNOTATIONS
)
# Names of Python that a module's own definitions must not take away from the rest of the module.
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
AMBIGUOUS = frozenset(["l", "O", "I"])  # look like digits: linters refuse them


def identifier(name: str) -> str:
    """The name as Python sees it (NFKC), every character that it does not allow replaced by an underscore."""
    text = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
    text = re.sub(r"^__+", "_", text)  # two leading underscores would be mangled inside a class
    return text if text.isidentifier() else f"_{text}"


def snake(name: str) -> str:
    """``snake_case``, as Anchor spells instructions and fields (``placeOrderV2`` → ``place_order_v2``)."""
    if not any(c.isupper() for c in name):
        return identifier(name)
    lead = name[: len(name) - len(name.lstrip("_"))]
    words = [word for part in re.split(r"\W|_", name) for word in _words(part) if word]
    return identifier(lead + "_".join(words).lower())


def _words(part: str) -> list[str]:
    """The words of a name in camel case; one of other letters than ASCII's is left whole."""
    return (_WORD.findall(part) if part.isascii() else []) or [part]


def pascal(name: str) -> str:
    """``PascalCase`` for classes; a name that starts with a capital and has no underscore stays as it is."""
    if "::" in name:
        return identifier("".join(pascal(part) for part in name.split("::") if part))
    if name[:1].isupper() and "_" not in name:
        return identifier(name)
    return identifier("".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]", name)))


def is_visible(text: str) -> bool:
    """A reader would see something of it."""
    return any(character.isprintable() and not character.isspace() for character in text)


def screaming(name: str) -> str:
    """``SCREAMING_SNAKE_CASE`` for members of enums."""
    return identifier(snake(name).upper())


def safe(name: str, *taken: frozenset[str] | set[str]) -> str:
    """The name, with a trailing underscore when it is a keyword, ambiguous or in one of ``taken``."""
    while keyword.iskeyword(name) or name in AMBIGUOUS or any(name in names for names in taken):
        name += "_"
    return name


def field_name(name: str) -> str:
    """The Python name of a field or argument."""
    return safe(snake(name), MEMBERS)


def class_name(name: str) -> str:
    """The Python name of a struct, enum, account, event or error."""
    return safe(pascal(name), BUILTINS)


def numbered(name: str, taken: set[str]) -> str:
    """The name, or with the first number behind it that makes it another; it is taken from then on."""
    number, found = 2, name
    while found in taken:
        number, found = number + 1, f"{name.rstrip('_')}_{number}"
    taken.add(found)
    return found


def unique(names: list[str]) -> list[str]:
    """The names, later ones with underscores appended until no two are equal."""
    seen: set[str] = set()
    result = []
    for name in names:
        while name in seen:
            name += "_"
        seen.add(name)
        result.append(name)
    return result
