"""`gdx idl`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gdx_cli.arguments import address
from gdx_cli.cluster import Cluster, cluster_options
from gdx_cli.output import EXIT_FAILED, EXIT_OK, emit, json_option
from gdx_cli.reading import ask

if TYPE_CHECKING:
    from gdx_sdk.idlgen import IdlDiff, ReleaseCheck

_FILE: Any = click.Path(exists=True, dir_okay=False, path_type=Path)
_Function = TypeVar("_Function", bound=Callable[..., Any])


@click.group()
def idl() -> None:
    """Anchor IDLs and clients generated from them."""


@idl.command()
@click.argument(
    "idls",
    metavar="IDL...",
    nargs=-1,
    required=True,
    type=_FILE,
)
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Packages are written below this folder, one per program.",
)
@click.option(
    "--program-id",
    "program_ids",
    metavar="NAME=ADDRESS",
    multiple=True,
    help="Address of a legacy IDL's program that names none. Repeatable.",
)
@json_option
def generate(idls: tuple[Path, ...], directory: Path, program_ids: tuple[str, ...], is_json: bool) -> None:
    """Write a typed Python package for each IDL (Anchor spec 0.1.0 or the legacy dialect)."""
    from gdx_sdk import idlgen

    written = idlgen.generate(idls, directory, program_ids=dict(map(_pair, program_ids)))
    emit(
        {"packages": written},
        is_json=is_json,
        table=lambda: "\n".join(
            f"{item.program}: {len(item.files)} files in {item.directory}" for item in written
        ),
    )


@idl.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@json_option
def diff(old: Path, new: Path, is_json: bool) -> int:
    """Show what changed from OLD to NEW; exit code 1 when a change breaks clients."""
    from gdx_sdk import idlgen

    found = idlgen.diff_idls(old, new)
    emit(_described(found), is_json=is_json, table=lambda: _listed(found))
    return EXIT_FAILED if found.is_breaking else EXIT_OK


def _released_option(function: _Function) -> _Function:
    return click.option(
        "--released",
        metavar="DIR",
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of released IDLs.",
    )(function)


@idl.command()
@click.argument("idls", metavar="IDL...", nargs=-1, required=True, type=_FILE)
@_released_option
@json_option
def check(idls: tuple[Path, ...], released: Path, is_json: bool) -> int:
    """Compare each IDL with the one released; exit code 1 when a change breaks clients."""
    from gdx_sdk import idlgen

    checks = idlgen.check_released(idls, released)
    for one in checks:
        if one.diff is None:
            click.echo(f"NOT COMPARED: {one.program} has never been released in {released}", err=True)
    described = [{"version": one.version} | _described(one.diff) for one in checks if one.diff]
    never = [one.program for one in checks if one.diff is None]
    emit(
        {"programs": described, "never_released": never},
        is_json=is_json,
        table=lambda: "\n".join(map(_checked, checks)),
    )
    return EXIT_FAILED if any(one.diff and one.diff.is_breaking for one in checks) else EXIT_OK


@idl.command()
@click.argument("idls", metavar="IDL...", nargs=-1, required=True, type=_FILE)
@_released_option
@click.option("--allow-breaking", is_flag=True, help="Release although clients of the last release break.")
@json_option
def release(idls: tuple[Path, ...], released: Path, allow_breaking: bool, is_json: bool) -> None:
    """Copy each IDL into the folder of released ones, under its own version."""
    from gdx_sdk import idlgen

    checks = idlgen.release(idls, released, allow_breaking=allow_breaking)
    programs = [one.program for one in checks]
    emit({"released": programs}, is_json=is_json, table=lambda: "\n".join(f"released {p}" for p in programs))


@idl.command()
@click.argument("idls", metavar="IDL...", nargs=-1, required=True, type=_FILE)
@click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Files of the same names are written to this folder.",
)
@json_option
def legacy(idls: tuple[Path, ...], directory: Path, is_json: bool) -> None:
    """Write spec 0.1.0 IDLs in the legacy dialect, for tools that read nothing newer."""
    from gdx_sdk import idlgen

    written = idlgen.write_legacy_idls(idls, directory)
    emit({"files": written}, is_json=is_json, table=lambda: "\n".join(f"wrote {path}" for path in written))


def _described(found: IdlDiff) -> dict[str, Any]:
    by_severity = {s: found.of(s) for s in ("breaking", "migration", "safe")}
    return {"program": found.program, "is_breaking": found.is_breaking} | by_severity


def _listed(found: IdlDiff) -> str:
    lines = [f"{change.severity}: {change.path}: {change.sentence}" for change in found.changes]
    return "\n".join(lines) or f"{found.program}: no change"


def _checked(one: ReleaseCheck) -> str:
    if one.diff is None:
        return f"{one.program}: never released"
    verdict = "BREAKS CLIENTS" if one.diff.is_breaking else "compatible"
    lines = [f"{one.program}: {verdict} (released: {one.version})"]
    return "\n".join([*lines, *(f"  {line}" for line in _listed(one.diff).splitlines() if one.diff.changes)])


@idl.command()
@click.argument("program")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the IDL to this file instead of printing it.",
)
@cluster_options
@json_option
def fetch(program: str, output: Path | None, cluster: Cluster, is_json: bool) -> None:
    """Read the IDL that PROGRAM (an address, or a name of ours) publishes on chain, as it is there.

    Both conventions are known: the Program Metadata program's account and Anchor's own IDL account.
    """
    from gdx_sdk import idlgen
    from gdx_sdk.programs import PROGRAM_IDS

    program_id = PROGRAM_IDS.get(program) or address(program, "PROGRAM")
    found = ask(cluster, lambda client: idlgen.fetch_idl(client, program_id))
    stated = found.document.get("address")
    if stated is not None and stated != str(program_id):
        click.echo(f"warning: the IDL says that it is of {stated}", err=True)
    if output is not None:
        found.save(output)
    described = {
        "program": found.program_id,
        "address": found.address,
        "origin": found.origin,
        "file": output,
        "idl": None if output else found.document,
    }
    where = f"{found.origin} account {found.address}"
    emit(
        described,
        is_json=is_json,
        table=lambda: f"wrote {output} from the {where}" if output else found.text,
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, address = text.partition("=")
    if not (name and sign and address):
        raise click.BadParameter(f"{text!r} is not NAME=ADDRESS", param_hint="--program-id")
    return name, address
