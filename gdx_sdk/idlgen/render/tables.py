"""The modules that are one table each: errors, constants, addresses, the program's id."""

from __future__ import annotations

from solders.pubkey import Pubkey

from gdx_sdk.idlgen.addressing import Finder, Parameter
from gdx_sdk.idlgen.concrete import Concrete
from gdx_sdk.idlgen.model import Array, Option, Primitive, Ref, TypeExpr, Vec
from gdx_sdk.idlgen.names import (
    ANNOTATIONS,
    BUILTINS,
    class_name,
    identifier,
    is_visible,
    pascal,
    safe,
    screaming,
    unique,
)
from gdx_sdk.idlgen.render.expressions import Source
from gdx_sdk.idlgen.render.instructions import KNOWN
from gdx_sdk.idlgen.render.text import Seq, docstring, flat, quoted, quoted_bytes, sentence, spread
from gdx_sdk.runtime import Some


def program_id(module: Source, address: str) -> None:
    """``program_id.py``."""
    pubkey, final = module.runtime("Pubkey"), module.standard("typing", "Final")
    module.add(f'PROGRAM_ID: {final} = {pubkey}.from_string("{address}")')


def errors(module: Source, program: Concrete) -> None:
    """``errors.py``: a class per code below one class per program."""
    source = program.program
    base = f"{pascal(source.name)}Error"
    names = unique([safe(class_name(error.name), BUILTINS, {base, "BY_CODE"}) for error in source.errors])
    module.own = {base, *names}
    parent, sequence = module.runtime("ProgramError"), module.standard("collections.abc", "Sequence")
    module.add(
        [
            f"class {base}({parent}):",
            f'    """An error that the program ``{source.name}`` answers with."""',
            "",
            "    code = -1",
            '    name = ""',
            '    sentence = ""',
            "",
            f"    def __init__(self, logs: {sequence}[str] = ()) -> None:",
            f'        super().__init__("{source.name}", self.code, self.name, self.sentence, logs)',
        ]
    )
    for name, error in zip(names, source.errors, strict=True):
        text = error.sentence if is_visible(error.sentence) else error.name
        lines = [f"class {name}({base}):", *docstring(text, 4), "", f"    code = {error.code}"]
        lines.append(f"    name = {quoted(error.name)}")
        module.add([*lines, *sentence("sentence = ", text, 4)])
    mapping, final = module.standard("collections.abc", "Mapping"), module.standard("typing", "Final")
    rows = [f"    {error.code}: {name}," for name, error in zip(names, source.errors, strict=True)]
    before = f"BY_CODE: {final}[{mapping}[int, type[{base}]]] = "
    module.add("\n".join([before + "{", *rows, "}"]) if rows else before + "{}")
    module.add(
        [
            f"def from_code(code: int, logs: {sequence}[str] = ()) -> {base} | None:",
            '    """The error of a code, ``None`` when the program has no such code."""',
            "    kind = BY_CODE.get(code)",
            "    return None if kind is None else kind(logs)",
        ]
    )


def constants(module: Source, program: Concrete) -> None:
    """``constants.py``: values as Python has them; expressions that are not values as their Rust text."""
    found = program.program.constants
    if not found:
        return
    names = unique([safe(identifier(constant.name), ANNOTATIONS, {"annotations"}) for constant in found])
    module.own = set(names)
    final = module.standard("typing", "Final")
    for name, constant in zip(names, found, strict=True):
        type_ = program.resolver.resolve(constant.type, {}, f"{constant.path}.type")
        if constant.value is None:
            docs = f"{constant.docs}\nThe Rust expression of the value, which is not evaluated here.".strip()
            text = "\n".join(sentence(f"{name}: {final}[str] = ", constant.source, 0))
        else:
            docs = constant.docs
            annotation = module.annotation(type_, "field")
            value = _literal(module, type_, constant.value.value)
            text = spread(value, 0, f"{name}: {final}[{annotation}] = ")
        module.add("\n".join([text, *docstring(docs)]))


def _literal(module: Source, type_: TypeExpr, value: object) -> str | Seq:
    match value:
        case bool() | float() | None:
            return repr(value)
        case int():
            return str(value)
        case str():
            return quoted(value)
        case bytes():
            return quoted_bytes(value)
        case Pubkey():
            return f'{module.runtime("Pubkey")}.from_string("{value}")'
        case Some(inner) if isinstance(type_, Option):
            return f"{module.runtime('Some')}({flat(_literal(module, type_.inner, inner))})"
        case tuple() if isinstance(type_, Array | Vec):
            return Seq("(", [_literal(module, type_.inner, item) for item in value], ")")
    raise TypeError(f"{value!r} is no constant")


def pdas(module: Source, finders: list[Finder]) -> None:
    """``pdas.py``: a ``find_`` function per address the program derives."""
    for finder in finders:
        module.own.add(finder.name)
    programs: dict[bytes, str] = {}
    for finder in finders:
        if isinstance(finder.program, bytes) and finder.program not in programs:
            address = str(Pubkey.from_bytes(finder.program))
            name = KNOWN.get(address) or f"{screaming(finder.account)}_PROGRAM"
            programs[finder.program] = name = safe(name, set(programs.values()))
            pubkey, final = module.runtime("Pubkey"), module.standard("typing", "Final")
            module.add(f'{name}: {final} = {pubkey}.from_string("{address}")')
    for finder in finders:
        module.add(_finder(module, finder, programs))


def _finder(module: Source, finder: Finder, programs: dict[bytes, str]) -> str:
    pubkey = module.runtime("Pubkey")
    parameters = [f"{p.name}: {module.annotation(p.type, 'argument')}" for p in finder.parameters]
    program = "program_id"
    if isinstance(finder.program, Parameter):
        program = finder.program.name
    elif isinstance(finder.program, bytes):
        parameters.append(f"program_id: {pubkey} = {programs[finder.program]}")
    elif module.own_program_id:
        parameters.append(f"program_id: {pubkey} = {module.relative('.program_id', 'PROGRAM_ID')}")
    else:
        parameters.append(f"program_id: {pubkey}")
    seeds = [quoted_bytes(seed) if isinstance(seed, bytes) else seed.name for seed in finder.seeds]
    docs = f"The address of ``{finder.account}`` and its bump, from the seeds ``{', '.join(seeds)}``."
    values = [_seed(module, seed) for seed in finder.seeds]
    body = Seq(f"{module.runtime('find_address')}(", [Seq("(", values, ")"), program], ")")
    lines = [spread(Seq(f"def {finder.name}(", parameters, ")"), 0, after=f" -> tuple[{pubkey}, int]:")]
    return "\n".join([*lines, *docstring(docs, 4), spread(body, 4, "return ")])


def _seed(module: Source, seed: bytes | Parameter) -> str:
    if isinstance(seed, bytes):
        return quoted_bytes(seed)
    match seed.type:
        case Primitive("pubkey"):
            return f"bytes({seed.name})"
        case Primitive("string"):
            return f"{seed.name}.encode()"
        case Primitive("bytes") | Vec(Primitive("u8")):
            return seed.name
        case Ref(item) if not item.is_unit_enum:
            return f"{seed.name}.encode()"
    codec = module.codec(seed.type)
    if module.annotation(seed.type, "argument") != module.annotation(seed.type, "field"):
        return f'{module.runtime("Layout")}(("{seed.name}", {codec})).encode({seed.name})'  # any sequence
    return f"{codec}.encode({seed.name})"
