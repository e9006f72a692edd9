"""`gdx errors`."""

from __future__ import annotations

import click

from gdx_cli.output import columns, emit, json_option


@click.group()
def errors() -> None:
    """What error codes mean and what helps."""


@errors.command()
@click.argument("code")
@json_option
def explain(code: str, is_json: bool) -> None:
    """Explain the error CODE: a number (6401), hexadecimal as in logs (0x1901), or its name."""
    from gdx_sdk.errors import InputError
    from gdx_sdk.errors.registry import explain as look_up

    try:
        entry = look_up(code)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="CODE") from error
    members = {
        "code": entry.code,
        "hex": f"{entry.code:#x}",
        "program": entry.program,
        "name": entry.name,
        "sentence": entry.sentence,
        "cause": entry.cause,
        "fix": entry.fix,
        "is_retryable": entry.is_retryable,
    }
    emit(members, is_json=is_json)


@errors.command(name="list")
@click.option("--program", help="Only this program's.")
@json_option
def list_errors(program: str | None, is_json: bool) -> None:
    """List every error of the programs."""
    from gdx_sdk.errors.registry import all_errors

    known = sorted({entry.program for entry in all_errors()})
    if program is not None and program not in known:
        raise click.BadParameter(f"{program!r} is none of {', '.join(known)}", param_hint="--program")
    found = [entry for entry in all_errors() if program in (None, entry.program)]
    rows = [[str(entry.code), entry.program, entry.name, entry.sentence] for entry in found]
    emit(found, is_json=is_json, table=lambda: columns(["code", "program", "name", "sentence"], rows))
