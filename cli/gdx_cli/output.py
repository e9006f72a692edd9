"""What commands print: a table for people, one JSON object for machines; errors on stderr, exit codes."""

from __future__ import annotations

import dataclasses
import json
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED, EXIT_NO_CLUSTER = 0, 1, 2, 3, 4

_Function = TypeVar("_Function", bound=Callable[..., Any])


def json_option(function: _Function) -> _Function:
    """Adds `--json` to a command; its parameter is `is_json`."""
    return click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")(function)


def emit(result: Any, *, is_json: bool, table: Callable[[], str] | None = None) -> None:
    """Print `result`: as JSON, by `table`, or as an aligned list of its members."""
    if is_json:
        click.echo(json.dumps(plain(result), indent=2))
    else:
        click.echo(table() if table is not None else render(plain(result)))


def plain(value: Any) -> Any:
    """JSON's own types: dataclasses become objects, bytes hex, addresses and paths text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    return str(value)


def render(value: Any) -> str:
    """`value` as text: an aligned list of members, or a table for a list of objects."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            return columns(list(value[0]), [[_cell(item.get(name)) for name in value[0]] for item in value])
        return "\n".join(_cell(item) for item in value)
    if not isinstance(value, dict):
        return _cell(value)
    width = max((len(key) for key in value), default=0)
    return "\n".join(f"{key.ljust(width)}  {_cell(item)}".rstrip() for key, item in value.items())


def columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with left-aligned columns; numbers are aligned right."""
    widths = [max([len(header), *(len(row[i]) for row in rows)]) for i, header in enumerate(headers)]
    is_number = [all(_is_number(row[i]) for row in rows) and bool(rows) for i in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, is_number, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(headers), *(line(row) for row in rows)])


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value) or "-"
    return str(value)


def fail_with(error: BaseException, *, is_json: bool) -> int:
    """Report `error` on stderr, as a sentence or as a JSON object; returns the exit code."""
    code = exit_code_of(error)
    if os.environ.get("GDX_TRACEBACK"):
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    if is_json:
        click.echo(json.dumps({"error": error_object(error)}, indent=2), err=True)
    elif isinstance(error, click.ClickException):
        error.show()
    else:
        click.echo(f"error: {sentence_of(error)}", err=True)
    return code


def exit_code_of(error: BaseException) -> int:
    """0 ok, 1 failed, 2 usage, 3 refused by a program, 4 cannot reach the cluster."""
    if isinstance(error, click.UsageError):
        return EXIT_USAGE
    if isinstance(error, click.ClickException | click.Abort | KeyboardInterrupt):
        return EXIT_FAILED
    from gdx_sdk.errors import ProgramError, TransportError

    if isinstance(error, ProgramError):
        return EXIT_REFUSED
    return EXIT_NO_CLUSTER if isinstance(error, TransportError) else EXIT_FAILED


def error_object(error: BaseException) -> dict[str, Any]:
    """What a program that reads our JSON wants to know."""
    described: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": sentence_of(error),
        "exit_code": exit_code_of(error),
    }
    for name in ("program", "code", "name", "field", "method", "logs"):
        if (member := getattr(error, name, None)) is not None and not isinstance(error, click.ClickException):
            described[name] = plain(member)
    return described


def sentence_of(error: BaseException) -> str:
    """One clear sentence; a bug says that it is one and how to see more."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "interrupted"
    from gdx_sdk.errors import GdxError

    if isinstance(error, GdxError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("gdx_"):
        return f"{error.name} is not installed: pip install 'gdx[keepers,localnet,matcher,fast]'"
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return f"internal error: {type(error).__name__}: {error} (set GDX_TRACEBACK=1 to see where)"
