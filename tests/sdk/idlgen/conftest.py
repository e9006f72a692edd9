"""Generated packages to test, and a naive reading of IDLs to compare them with."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from gdx_sdk.idlgen import generate
from gdx_sdk.idlgen.names import snake
from gdx_sdk.runtime import Some
from gdx_sdk.runtime.records import TaggedUnion

ROOT = Path(__file__).resolve().parents[3]
IDLS = Path(__file__).parent / "idls"
_count = 0


def load(paths: list[Path], root: Path) -> list[ModuleType]:
    """Generate clients below a package of their own and import them."""
    global _count
    _count += 1
    parent = f"generated_for_test_{_count}"
    directory = root / parent
    directory.mkdir()
    (directory / "__init__.py").write_text("")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    packages = generate(paths, directory)
    importlib.invalidate_caches()
    return [importlib.import_module(f"{parent}.{package.directory.name}") for package in packages]


def check_clean(out: Path) -> None:
    """The clients in the package `out` are as the formatter leaves them, without lint, strictly typed."""
    config = ["--config", str(ROOT / "pyproject.toml")]
    for tool in (["ruff", "format", *config, "--check"], ["ruff", "check", *config], ["mypy", "--strict"]):
        command = [sys.executable, "-m", *tool, str(out)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=out.parent, check=False)
        assert done.returncode == 0, f"{tool}: {done.stdout[-3000:]}{done.stderr[-1000:]}"


def builder_modules(client: ModuleType, idl: dict[str, Any]) -> dict[str, ModuleType]:
    """The IDL's name of each instruction → the module of its builder, whose own name may differ from it."""
    as_said = snake if "version" in idl else str  # the legacy dialect has camelCase
    said = {as_said(entry["name"]): entry["name"] for entry in idl["instructions"]}
    package = client.instructions
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return {said[package.NAMES[module.DISCRIMINATOR]]: module for module in modules}


@pytest.fixture(scope="session")
def generated_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("generated")
    yield root
    sys.path[:] = [entry for entry in sys.path if entry != str(root)]


@pytest.fixture(scope="session")
def features(generated_root: Path) -> ModuleType:
    """The client of our own IDL that uses every feature of spec 0.1.0."""
    return load([IDLS / "features.json"], generated_root)[0]


@pytest.fixture(scope="session")
def legacy(generated_root: Path) -> ModuleType:
    """The client of our own IDL in the legacy dialect."""
    return load([IDLS / "legacy.json"], generated_root)[0]


@pytest.fixture
def build(generated_root: Path, tmp_path: Path) -> Callable[[dict[str, Any]], ModuleType]:
    """Generate and import a client from an IDL given as a dict."""

    def make(idl: dict[str, Any]) -> ModuleType:
        path = tmp_path / "idl.json"
        path.write_text(json.dumps(idl))
        return load([path], generated_root)[0]

    return make


@pytest.fixture(scope="session")
def third_party() -> Path:
    """The folder of real IDLs and account dumps."""
    root = os.environ.get("GDX_TEST_DATA")
    if not root or not (Path(root) / "idls").is_dir():
        pytest.skip("real IDLs are not here: set GDX_TEST_DATA to the folder that holds idls/")
    return Path(root) / "idls"


@pytest.fixture(scope="session")
def third_party_clients(third_party: Path, generated_root: Path) -> dict[str, ModuleType]:
    """A client of every real IDL, by the IDL's file name."""
    paths = sorted(third_party.glob("*.json"))
    return dict(zip([path.stem for path in paths], load(paths, generated_root), strict=True))


NUMBERS = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}
WIDE = {f"{sign}{bits}": (bits // 8, sign == "i") for sign in "ui" for bits in (128, 256)}


class Naive:
    """Makes random Borsh bytes and the plain value they stand for, straight from an IDL's JSON.

    It knows nothing of the generator: no layouts, no offsets, no classes. Inside a bytemuck type, fields are
    aligned as `repr(C)` does.
    """

    def __init__(self, idl: dict[str, Any], seed: int) -> None:
        self.random = random.Random(seed)
        self.types = {t["name"]: t for t in [*idl.get("types", []), *idl.get("accounts", [])] if "type" in t}
        self.depth = 0
        self.in_memory = False

    def tagged(self, entry: dict[str, Any]) -> tuple[Any, bytes]:
        """An account's or event's fields."""
        if "fields" in entry:
            return self.record(entry["fields"], {})
        definition = self.types[entry["name"]]
        self.in_memory = definition.get("serialization", "borsh") != "borsh"
        made = self.struct(definition, {})
        self.in_memory = False
        return made

    def make(self, type_: Any, env: dict[str, Any] | None = None) -> tuple[Any, bytes]:
        env = env or {}
        if isinstance(type_, str):
            return self.primitive(type_)
        ((kind, inner),) = type_.items()
        if kind == "generic":
            return self.make(env[inner], env)
        if kind in ("option", "coption"):
            return self.option(kind, inner, env)
        if kind in ("vec", "array"):
            return self.sequence(kind, inner, env)
        assert kind in ("defined", "definedWithTypeArgs"), kind
        return self.defined(inner, env)

    def primitive(self, name: str) -> tuple[Any, bytes]:
        rng = self.random
        if name in NUMBERS:
            data = rng.randbytes(struct.calcsize(NUMBERS[name]))
            return struct.unpack("<" + NUMBERS[name], data)[0], data
        if name in WIDE:
            size, signed = WIDE[name]
            data = rng.randbytes(size)
            return int.from_bytes(data, "little", signed=signed), data
        if name in ("f32", "f64"):
            code = {"f32": "<f", "f64": "<d"}[name]
            data = struct.pack(code, rng.uniform(-1e6, 1e6))
            return struct.unpack(code, data)[0], data
        if name == "bool":
            value = rng.random() < 0.5
            return value, bytes([value])
        if name in ("pubkey", "publicKey"):
            data = rng.randbytes(32)
            return data, data
        data = (
            "naïve 🦀"[: rng.randrange(8)].encode() if name == "string" else rng.randbytes(rng.randrange(9))
        )
        return (data.decode() if name == "string" else data), struct.pack("<I", len(data)) + data

    def option(self, kind: str, inner: Any, env: dict[str, Any]) -> tuple[Any, bytes]:
        tags = (b"\0", b"\1") if kind == "option" else (b"\0\0\0\0", b"\1\0\0\0")
        value, data = self.make(inner, env)
        if self.random.random() < 0.4:
            return None, tags[0] + (bytes(len(data)) if kind == "coption" else b"")
        nested = self.may_be_none(inner)
        return (("some", value) if nested else value), tags[1] + data

    def may_be_none(self, type_: Any) -> bool:
        """An option, also by an alias."""
        if not isinstance(type_, dict):
            return False
        if "defined" not in type_:
            return "option" in type_ or "coption" in type_
        given = type_["defined"]
        body = self.types[given if isinstance(given, str) else given["name"]]["type"]
        return body["kind"] in ("type", "alias") and self.may_be_none(body.get("alias", body.get("value")))

    def sequence(self, kind: str, inner: Any, env: dict[str, Any]) -> tuple[Any, bytes]:
        item, count = (inner, None) if kind == "vec" else inner
        if isinstance(count, dict):
            count = env[count["generic"]]
        prefix = b""
        if count is None:
            self.depth += 1
            count = self.random.randrange(4) if self.depth < 6 else 0
            prefix = struct.pack("<I", count)
        made = [self.make(item, env) for _ in range(int(count))]
        if kind == "vec":
            self.depth -= 1
        if kind == "vec" and made and not any(data for _, data in made):
            made, prefix = [], bytes(4)  # Borsh refuses vectors of what takes no space
        values = tuple(value for value, _ in made)
        return (bytes(values) if self.is_byte(item, env) else values), prefix + b"".join(
            data for _, data in made
        )

    def is_byte(self, type_: Any, env: dict[str, Any]) -> bool:
        """`u8`, also as a parameter's argument or by an alias."""
        if isinstance(type_, dict) and "generic" in type_:
            return self.is_byte(env[type_["generic"]], env)
        if isinstance(type_, dict) and "defined" in type_ and isinstance(type_["defined"], dict):
            body = self.types[type_["defined"]["name"]]["type"]
            return body["kind"] == "type" and self.is_byte(body["alias"], {})
        return type_ == "u8"

    def defined(self, inner: Any, env: dict[str, Any]) -> tuple[Any, bytes]:
        name, given = (inner, []) if isinstance(inner, str) else (inner["name"], inner.get("generics"))
        if given is None:
            given = inner.get("args", [])
        definition = self.types[name]
        names = [p if isinstance(p, str) else p["name"] for p in definition.get("generics", [])]
        args = [self.argument(argument, env) for argument in given]
        env = dict(zip(names, args, strict=True))
        body = definition["type"]
        if body["kind"] in ("type", "alias"):
            return self.make(body.get("alias", body.get("value")), env)
        if body["kind"] == "struct":
            return self.struct(definition, env)
        if self.in_memory:
            tag, size = self.random.randrange(len(body["variants"])), self.extent(name)[0]
            return tag, tag.to_bytes(size, "little")
        variants = body["variants"]
        tag = self.random.randrange(len(variants))
        value, data = self.record(variants[tag].get("fields", []), env)
        has_data = any(variant.get("fields") for variant in variants)
        return ((tag, value) if has_data else tag), bytes([tag]) + data

    def argument(self, argument: dict[str, Any], env: dict[str, Any]) -> Any:
        if "value" in argument:
            return int(argument["value"])
        type_ = argument["type"]
        return (
            env[type_["generic"]]
            if isinstance(type_, dict) and "generic" in type_
            else self.closed(type_, env)
        )

    def closed(self, type_: Any, env: dict[str, Any]) -> Any:
        """The type with the parameters of where it stands filled in."""
        if isinstance(type_, dict):
            if "generic" in type_:
                return env[type_["generic"]]
            return {key: self.closed(value, env) for key, value in type_.items()}
        return [self.closed(item, env) for item in type_] if isinstance(type_, list) else type_

    def struct(self, definition: dict[str, Any], env: dict[str, Any]) -> tuple[Any, bytes]:
        """A struct's values and bytes, with the padding that memory has."""
        members = definition["type"].get("fields", [])
        if not self.in_memory:
            return self.record(members, env)
        packed, data, values = definition.get("repr", {}).get("packed", False), b"", []
        for member in members:
            value, part = self.make(member["type"], env)
            at = len(data) if packed else aligned(len(data), self.alignment(member["type"]))
            data = data.ljust(at, b"\0") + part
            values.append(value)
        return tuple(values), data.ljust(self.extent(definition["name"])[0], b"\0")

    def alignment(self, type_: Any) -> int:
        return self.size_and_alignment(type_)[1]

    def size_and_alignment(self, type_: Any) -> tuple[int, int]:
        """Of a type in memory, where no integer is aligned to more than eight bytes."""
        if isinstance(type_, dict) and "array" in type_:
            size, align = self.size_and_alignment(type_["array"][0])
            return size * int(type_["array"][1]), align
        if isinstance(type_, dict):
            return self.extent(type_["defined"]["name"])
        size = {"pubkey": 32, "bool": 1}.get(type_) or int(type_[1:]) // 8
        return size, 1 if type_ in ("pubkey", "bool") else min(size, 8)

    def extent(self, name: str) -> tuple[int, int]:
        """Size and alignment of a type of the IDL's own."""
        definition = self.types[name]
        shape = definition.get("repr", {})
        if definition["type"]["kind"] == "enum":
            return (4, 4) if shape.get("kind") == "c" else (1, 1)
        end, widest = 0, 1
        for field in definition["type"].get("fields", []):
            size, align = self.size_and_alignment(field["type"])
            align = 1 if shape.get("packed") else align
            end, widest = aligned(end, align) + size, max(widest, align)
        widest = max(widest, shape.get("align") or 1)
        return aligned(end, widest), widest

    def record(self, members: list[Any], env: dict[str, Any]) -> tuple[tuple[Any, ...], bytes]:
        types = [m["type"] if isinstance(m, dict) and "name" in m and "type" in m else m for m in members]
        made = [self.make(type_, env) for type_ in types]
        return tuple(value for value, _ in made), b"".join(data for _, data in made)


def aligned(at: int, align: int) -> int:
    """The next multiple."""
    return at + -at % align


def plain(value: Any) -> Any:
    """A generated value as the naive reading has it: tuples in field order, tags as numbers."""
    if isinstance(value, Some):
        return ("some", plain(value.value))
    if isinstance(value, Pubkey):
        return bytes(value)
    if isinstance(value, IntEnum):
        return int(value)
    if is_dataclass(value) and not isinstance(value, type):
        record = tuple(plain(getattr(value, field.name)) for field in fields(value))
        return (value.TAG, record) if isinstance(value, TaggedUnion) else record
    return tuple(plain(item) for item in value) if isinstance(value, tuple) else value


@pytest.fixture(scope="session")
def naive() -> type[Naive]:
    return Naive


@pytest.fixture(scope="session")
def as_plain() -> Callable[[Any], Any]:
    return plain


@pytest.fixture(scope="session")
def idls() -> Path:
    """Our own small IDLs."""
    return IDLS
