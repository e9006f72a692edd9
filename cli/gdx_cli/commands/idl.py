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
@json_option
def generate(idls: tuple[Path, ...], directory: Path, is_json: bool) -> None:
    """Write a typed Python package for each IDL (Anchor spec 0.1.0 or the legacy dialect)."""
    from gdx_sdk.idlgen import generate as generate_package

    written = [generate_package(path, directory) for path in idls]
    emit({"packages": written}, is_json=is_json, table=lambda: "\n".join(f"wrote {path}" for path in written))
