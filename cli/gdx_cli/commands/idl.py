"""`gdx idl`."""

from __future__ import annotations

from pathlib import Path

import click

from gdx_cli.output import emit, json_option


@click.group()
def idl() -> None:
    """Anchor IDLs and clients generated from them."""


@idl.command()
@click.argument(
    "idls",
    metavar="IDL...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
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


def _pair(text: str) -> tuple[str, str]:
    name, sign, address = text.partition("=")
    if not (name and sign and address):
        raise click.BadParameter(f"{text!r} is not NAME=ADDRESS", param_hint="--program-id")
    return name, address
