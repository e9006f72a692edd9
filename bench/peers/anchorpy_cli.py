"""A command line as users of anchorpy write it, and as anchorpy's own is: click, and anchorpy at the top."""

from __future__ import annotations

from pathlib import Path

import click
from anchorpy import Idl


@click.group()
def cli() -> None:
    """Tools around a program."""


@cli.command()
@click.argument("idl", type=click.Path(path_type=Path, exists=True))
@click.argument("code", type=int)
def explain(idl: Path, code: int) -> None:
    """Explain the error CODE of the program whose legacy IDL is in the file IDL."""
    for error in Idl.from_json(idl.read_text()).errors or ():
        if error.code == code:
            click.echo(f"code      {code}\nname      {error.name}\nsentence  {error.msg}")
            return
    raise click.ClickException(f"no error {code}")


if __name__ == "__main__":
    cli()
