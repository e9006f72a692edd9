"""Random IDLs of spec 0.1.0: every type constructor, and names that generated code could trip over."""

from __future__ import annotations

import keyword
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

ADDRESS = "7ALdXZ8KnJ2C4VRY3RcRQi2ZETRoNKr97snq7nJiz89g"
FIXED = ["bool", "pubkey", "f32", "f64"] + [f"{s}{n}" for s in "ui" for n in (8, 16, 32, 64, 128, 256)]
DYNAMIC = ["string", "bytes"]
_WORDS = """
    self cls type match case data args accounts keys program_id PROGRAM_ID Pubkey pubkey Struct
    Layout Codec Event Account account decode encode read write fetch memcmp value values name names
    mro l O I bool int str bytes float tuple list dict object None True Exception ValueError
    property super print U8 u8 BOOL PUBKEY array vec option Option Some coption COption dataclass
    ClassVar Final Mapping Sequence TypedDict NotRequired IntEnum AnyEvent decode_event
    BY_DISCRIMINATOR BY_CODE NAMES DISCRIMINATOR SIZE LAYOUT OFFSETS TAG VARIANTS annotations
    __init__ __class__ __dict__ __slots__ _private _ __ x0 camelCase PascalCase SCREAMING_CASE
    HTTPServer2Go ünïcode naïve 名前 types errors constants events instructions pdas item_0
    remaining_accounts lazy_exports lazy_functions ShapeKind Shape shape ShapeEmpty TYPE_CHECKING from_code
    find_address Instruction AccountMeta Protocol Self window decode_at OrderKind Order ﬁ fi
"""
WORDS = sorted({*_WORDS.split(), *keyword.kwlist, *keyword.softkwlist} - {"__debug__"})
DOCS = [
    *('"quoted"', "back\\slash \\", "'''", '"""', "naïve 🦀", "{braces} %s", "tab\there", "", 'ends with "'),
    *(
        "\\N{DASH}",
        "# comment",
        "line\u2028separator",
        "a" * 130,
        "名前 です " * 20,
        "\x00\x1b",
        "trailing  ",
        "r'raw'",
        "\r\n",
    ),
]


def names(count: int) -> st.SearchStrategy[list[str]]:
    """Different names, as Rust has them."""
    return st.lists(st.sampled_from(WORDS), min_size=count, max_size=count, unique=True)


def different_names(count: int) -> st.SearchStrategy[list[str]]:
    """Names that differ in more than their spelling."""
    return st.lists(st.sampled_from(WORDS), min_size=count, max_size=count, unique_by=_spelling)


def _spelling(name: str) -> str:
    return name.replace("_", "").lower()


@st.composite
def docs(draw: DrawFn) -> dict[str, Any]:
    """Nothing, or a member with some lines."""
    lines = draw(st.lists(st.sampled_from(DOCS), max_size=3))
    return {"docs": lines} if lines else {}


class Known:
    """The types that a type may use: those defined before it."""

    def __init__(self) -> None:
        self.fixed: list[str] = []
        self.any: list[str] = []
        self.memory: list[str] = []
        self.generic: list[str] = []


@st.composite
def types(draw: DrawFn, known: Known, depth: int = 0, fixed: bool = False) -> Any:
    """A type expression."""
    kinds = ["fixed", "fixed", "array"] + ([] if fixed else ["dynamic", "vec", "option", "coption"])
    kinds += ["defined"] * (2 if known.fixed or (known.any and not fixed) else 0)
    kinds += ["generic"] * (1 if known.generic and not fixed else 0)
    kind = draw(st.sampled_from(kinds if depth < 3 else ["fixed"]))
    if kind == "fixed":
        return draw(st.sampled_from(FIXED))
    if kind == "dynamic":
        return draw(st.sampled_from(DYNAMIC))
    if kind == "coption":
        return {kind: draw(types(known, depth + 1, True))}
    if kind == "array":
        return {"array": [draw(types(known, depth + 1, fixed)), draw(st.integers(0, 4))]}
    if kind == "defined":
        pool = known.fixed if fixed or not known.any else known.any
        return {"defined": {"name": draw(st.sampled_from(pool))}}
    if kind == "generic":
        inner = draw(types(known, depth + 1))
        arguments = [
            {"kind": "type", "type": inner},
            {"kind": "const", "value": str(draw(st.integers(0, 3)))},
        ]
        return {"defined": {"name": draw(st.sampled_from(known.generic)), "generics": arguments}}
    return {kind: draw(types(known, depth + 1))}


@st.composite
def members(draw: DrawFn, known: Known, fixed: bool = False) -> list[Any]:
    """The fields of a struct or variant: named, bare types, or none."""
    count = draw(st.integers(0, 4))
    given = [draw(types(known, 0, fixed)) for _ in range(count)]
    if draw(st.booleans()):
        return given
    return [
        {"name": name, "type": type_} | draw(docs())
        for name, type_ in zip(draw(names(count)), given, strict=True)
    ]


@st.composite
def definitions(draw: DrawFn, name: str, known: Known) -> dict[str, Any]:
    """A type, which is then known."""
    kind = draw(st.sampled_from(["struct", "fixed", "enum", "unit enum", "alias", "memory", "generic"]))
    definition: dict[str, Any] = {"name": name} | draw(docs())
    if kind == "alias":
        type_ = {"kind": "type", "alias": draw(types(known, 1))}
        known.any.append(name)
    elif kind == "generic":
        parameters = [{"kind": "type", "name": "T"}, {"kind": "const", "name": "N", "type": "usize"}]
        bare: list[Any] = [{"generic": "T"}, {"array": ["u16", {"generic": "N"}]}, {"vec": {"generic": "T"}}]
        type_ = {"kind": "struct", "fields": draw(st.permutations(bare))}
        definition["generics"] = parameters
        known.generic.append(name)
    elif "enum" in kind:
        variants = draw(names(draw(st.integers(1, 4))))
        type_ = {"kind": "enum", "variants": [{"name": v} | draw(docs()) for v in variants]}
        if kind == "enum":
            for variant in type_["variants"]:
                variant["fields"] = draw(members(known))
        (known.any if kind == "enum" else known.fixed).append(name)
    elif kind == "memory":
        type_ = {"kind": "struct", "fields": draw(memory_members(known))}
        definition |= {"serialization": "bytemuck", "repr": {"kind": "c", "packed": draw(st.booleans())}}
        known.memory.append(name)
    else:
        type_ = {"kind": "struct", "fields": draw(members(known, kind == "fixed"))}
        (known.fixed if kind == "fixed" else known.any).append(name)
    return definition | {"type": type_}


@st.composite
def memory_members(draw: DrawFn, known: Known) -> list[Any]:
    """Fields of a zero-copy struct: numbers, keys, arrays of them, structs of its kind."""
    fields = []
    for name in draw(names(draw(st.integers(1, 4)))):
        simple = ["u8", "i16", "u32", "i64", "u128", "pubkey", "bool", "f64"]
        type_: Any = draw(st.sampled_from(simple))
        if known.memory and draw(st.booleans()):
            type_ = {"defined": {"name": draw(st.sampled_from(known.memory))}}
        if draw(st.booleans()):
            type_ = {"array": [type_, draw(st.integers(1, 3))]}
        fields.append({"name": name, "type": type_})
    return fields


@st.composite
def discriminators(draw: DrawFn, count: int) -> list[list[int]]:
    """Different in their first byte, of any length."""
    firsts = draw(st.lists(st.integers(0, 254), min_size=count, max_size=count, unique=True))
    rest = st.lists(st.integers(0, 254), max_size=9) | st.just([7] * 60)
    return [[first, *draw(rest)] for first in firsts]


@st.composite
def places(draw: DrawFn, siblings: list[str], args: list[Any]) -> dict[str, Any]:
    """A fixed address, or seeds: constants, accounts beside it, arguments; of another program at times."""
    if draw(st.integers(0, 3)) == 0:
        return {"address": draw(st.sampled_from(["11111111111111111111111111111111", ADDRESS]))}
    seeds: list[Any] = [{"kind": "const", "value": list(b"seed")}]
    seeds += [{"kind": "account", "path": name} for name in siblings[:2]]
    seeds += [{"kind": "arg", "path": arg["name"]} for arg in args[:2]]
    pda: dict[str, Any] = {"seeds": draw(st.permutations(seeds))}
    if draw(st.integers(0, 3)) == 0:
        pda["program"] = {"kind": "const", "value": [7] * 32}
    return {"pda": pda}


@st.composite
def slots(draw: DrawFn, args: list[Any], depth: int = 0) -> list[Any]:
    """Accounts of an instruction, in groups at times."""
    made: list[Any] = []
    for name in draw(names(draw(st.integers(0, 4)))):
        if depth < 2 and draw(st.integers(0, 5)) == 0:
            made.append({"name": name, "accounts": draw(slots(args, depth + 1))})
            continue
        flags: dict[str, Any] = {f: True for f in ("signer", "writable", "optional") if draw(st.booleans())}
        if draw(st.booleans()):
            flags |= draw(places([slot["name"] for slot in made if "accounts" not in slot], args))
        made.append({"name": name} | flags | draw(docs()))
    return made


@st.composite
def programs(draw: DrawFn) -> dict[str, Any]:
    """A whole IDL."""
    known = Known()
    type_names = draw(different_names(draw(st.integers(3, 9))))
    defined = [draw(definitions(name, known)) for name in type_names]
    taggable = [t for t in defined if "generics" not in t and t["type"]["kind"] == "struct"]
    accounts = draw(st.lists(st.sampled_from(taggable), max_size=3, unique_by=id)) if taggable else []
    borsh = [t for t in taggable if "serialization" not in t and t["name"] != "AnyEvent"]  # that is renamed
    events = draw(st.lists(st.sampled_from(borsh), max_size=2, unique_by=id)) if borsh else []
    calls = draw(different_names(draw(st.integers(1, 3))))
    tags = [draw(discriminators(len(part))) for part in (accounts, events, calls)]
    errors = draw(names(draw(st.integers(0, 3))))
    constants = draw(names(draw(st.integers(0, 3))))
    return {
        "address": ADDRESS,
        "metadata": {"name": "anything", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [
            draw(instructions(name, tag, known)) for name, tag in zip(calls, tags[2], strict=True)
        ],
        "accounts": [{"name": t["name"], "discriminator": d} for t, d in zip(accounts, tags[0], strict=True)],
        "events": [{"name": t["name"], "discriminator": d} for t, d in zip(events, tags[1], strict=True)],
        "errors": [
            {"code": 6000 + number, "name": name, "msg": draw(st.sampled_from(DOCS))}
            for number, name in enumerate(errors)
        ],
        "constants": [
            {"name": name, "type": "string", "value": '"a\\"b"'} | draw(docs()) for name in constants
        ],
        "types": draw(st.permutations(defined)),
    }


@st.composite
def instructions(draw: DrawFn, name: str, tag: list[int], known: Known) -> dict[str, Any]:
    """An instruction, which may return something."""
    args = draw(arguments(known))
    returns = {"returns": draw(types(known))} if draw(st.booleans()) else {}
    call = {"name": name, "discriminator": tag, "accounts": draw(slots(args)), "args": args}
    return call | returns | draw(docs())


@st.composite
def arguments(draw: DrawFn, known: Known) -> list[Any]:
    """Named arguments."""
    return [
        {"name": name, "type": draw(types(known))} | draw(docs())
        for name in draw(names(draw(st.integers(0, 4))))
    ]
