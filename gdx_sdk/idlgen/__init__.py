"""Generate typed Python clients from Anchor IDLs: parse → model → concrete types → render.

``generate`` writes one package per program. It reads both dialects (spec 0.1.0 and the legacy one of
Anchor up to 0.29); the same IDL always gives the same files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gdx_sdk.errors import InputError
from gdx_sdk.idlgen.diff.changes import IdlChange, IdlDiff
from gdx_sdk.idlgen.errors import IdlError
from gdx_sdk.idlgen.files import write_atomically
from gdx_sdk.idlgen.onchain import PublishedIdl, fetch_idl
from gdx_sdk.idlgen.released import ReleaseCheck, check_released, release

__all__ = [
    "GeneratedPackage",
    "IdlChange",
    "IdlDiff",
    "IdlError",
    "PublishedIdl",
    "ReleaseCheck",
    "check_released",
    "diff_idls",
    "fetch_idl",
    "generate",
    "release",
    "write_legacy_idls",
]


@dataclass(frozen=True, slots=True)
class GeneratedPackage:
    """A package that was written: the program's name, its folder, and its files relative to that."""

    program: str
    directory: Path
    files: tuple[str, ...]


def generate(
    idl_paths: Iterable[str | Path], out_dir: str | Path, *, program_ids: Mapping[str, str] | None = None
) -> list[GeneratedPackage]:
    """Write ``out_dir/<program_snake>/`` for each IDL and return what was written, in order.

    Files of an earlier run that the program no longer needs are removed; files that were not generated
    are left alone. ``program_ids`` gives addresses (program name → base58) to legacy IDLs without one;
    clients of a program without an address take it as a parameter. Nothing is written when an IDL is
    broken: IdlError names the JSON path and what was expected there. InputError for an address that is none
    or of a program that is not among the IDLs, OSError when a file cannot be written.
    """
    from gdx_sdk.idlgen.concrete import concrete
    from gdx_sdk.idlgen.names import snake
    from gdx_sdk.idlgen.parse import parse_file
    from gdx_sdk.idlgen.render.package import Package

    given_ids = _checked_ids(program_ids or {})
    rendered: dict[str, tuple[str, dict[str, str]]] = {}
    for path in [Path(path) for path in idl_paths]:
        program = parse_file(path)
        given = given_ids.pop(program.name, None)
        program = replace(program, address=given) if given else program
        folder = snake(program.name)
        if folder in rendered:
            raise IdlError(
                "$.metadata.name", program.name, "expected a program of its own per IDL", path.name
            )
        try:
            rendered[folder] = (program.name, Package(concrete(program)).render())
        except IdlError as error:
            raise IdlError(error.path, error.value, error.expected, error.source or path.name) from None
    if given_ids:
        known = ", ".join(name for name, _ in rendered.values())
        raise InputError("program_ids", ", ".join(given_ids), f"must be the names of programs given: {known}")
    return [_write(Path(out_dir) / folder, name, files) for folder, (name, files) in rendered.items()]


def diff_idls(old: str | Path, new: str | Path) -> IdlDiff:
    """Compare two IDL files of a program, in either dialect: what breaks clients made from the old one.

    A JSON path of a change stands in the old document when something is gone, else in the new one.
    IdlError when one of them is broken.
    """
    from gdx_sdk.idlgen.diff import diff_programs
    from gdx_sdk.idlgen.parse import parse_file

    return diff_programs(parse_file(Path(old)), parse_file(Path(new)))


def write_legacy_idls(idl_paths: Iterable[str | Path], out_dir: str | Path) -> list[Path]:
    """Write each spec 0.1.0 IDL to ``out_dir`` in the legacy dialect; IdlError for what that cannot say."""
    from gdx_sdk.idlgen.legacy_dialect import legacy_idl

    made = {Path(out_dir) / Path(path).name: legacy_idl(path) for path in idl_paths}
    Path(out_dir).mkdir(parents=True, exist_ok=True)
    for path, document in made.items():
        write_atomically(path, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    return list(made)


def _checked_ids(program_ids: Mapping[str, str]) -> dict[str, str]:
    from solders.pubkey import Pubkey

    for name, address in program_ids.items():
        try:
            Pubkey.from_string(address)
        except ValueError:
            raise InputError(f"program_ids: {name}", address, "must be an address in base58") from None
    return dict(program_ids)


def _write(directory: Path, program: str, files: dict[str, str]) -> GeneratedPackage:
    from gdx_sdk.idlgen.render.package import MARK

    for old in sorted(directory.rglob("*.py")):
        if str(old.relative_to(directory)) not in files and old.read_text(encoding="utf-8").startswith(MARK):
            old.unlink()
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    return GeneratedPackage(program, directory, tuple(sorted(files)))
