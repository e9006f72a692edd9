"""The command group, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from gdx_cli.main import COMMANDS, SUMMARY
from gdx_cli.output import EXIT_USAGE, fail_with


class Root(click.Group):
    """Imports a command's module when the command is named; turns every error into its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in alphabetical order."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing a single command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def main(  # type: ignore[override]  # never returns: standalone mode is the only one
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Run and exit with the code that the outcome deserves."""
        extra.pop("standalone_mode", None)
        given = list(sys.argv[1:] if args is None else args)
        is_json = "--json" in given[: given.index("--")] if "--" in given else "--json" in given
        try:
            code = super().main(given, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(EXIT_USAGE)
        except BrokenPipeError:
            _discard_stdout()
            sys.exit(1)
        except (Exception, KeyboardInterrupt) as error:
            sys.exit(fail_with(error, is_json=is_json))
        sys.exit(code if isinstance(code, int) else 0)


def _discard_stdout() -> None:
    """The reader is gone (`gdx … | head`): keep Python from complaining while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version  # 40 ms that no other command needs

        click.echo(f"gdx {version('gdx')}")
        ctx.exit()


@click.group(name="gdx", cls=Root, help=SUMMARY, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def gdx() -> None:
    """Overridden by the group's help text."""
