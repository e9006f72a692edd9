"""The door: overview, lazy commands, help of every command, exit codes, errors as sentences and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from gdx_cli import main as main_module
from gdx_cli.main import COMMANDS, overview
from gdx_cli.output import exit_code_of, fail_with
from gdx_cli.root import gdx

from gdx_sdk.errors import (
    AccountNotFound,
    InputError,
    ProgramError,
    RpcError,
    TransactionExpired,
    TransportError,
)
from tests.cli.conftest import DEAD_URL, Invoke, RunProcess

REFUSED = ProgramError("position_mgmt", 6452, "BatchVersionNotAllowed", "the version is not allowed", ["log"])


def commands_of(noun: str) -> Iterator[tuple[str, click.Command]]:
    """A noun's command and its sub-commands, each with its full name."""
    command = gdx.get_command(click.Context(gdx), noun)
    assert command is not None
    yield noun, command
    if isinstance(command, click.Group):
        for name, sub_command in command.commands.items():
            yield f"{noun} {name}", sub_command


def test_the_quick_overview_is_what_click_prints() -> None:
    assert overview() == CliRunner().invoke(gdx, ["--help"], terminal_width=200).output


def test_commands_are_in_alphabetical_order() -> None:
    assert list(COMMANDS) == sorted(COMMANDS)


def test_the_overview_imports_neither_click_nor_anything_of_ours() -> None:
    script = (
        "import sys; before = set(sys.modules); sys.argv = ['gdx', '--help']\n"
        "from gdx_cli.main import main; main()\n"
        "ours = {'gdx_cli', 'gdx_cli.main', '__future__'}\n"
        "print(sorted(set(sys.modules) - before - ours), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == overview()
    assert done.stderr.strip() == "[]"


def test_a_command_imports_no_other_and_nothing_heavy() -> None:
    script = (
        "import sys; from gdx_cli.root import gdx\n"
        "try: gdx.main(['config', 'show'])\n"
        "except SystemExit: pass\n"
        "heavy = 'solders numpy httpx structlog msgspec gdx_localnet gdx_keepers asyncio'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_explaining_an_error_loads_no_package_metadata() -> None:
    script = (
        "import sys; from gdx_cli.root import gdx\n"
        "try: gdx.main(['errors', 'explain', '6000'])\n"
        "except SystemExit: pass\n"
        "heavy = 'solders numpy httpx msgspec asyncio importlib.metadata importlib.resources email'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "AmountIsZero" in done.stdout
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("noun", COMMANDS)
def test_every_command_has_help(noun: str) -> None:
    for name, command in commands_of(noun):
        assert command.help, name
        assert command.help.splitlines()[0].endswith("."), name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts[0]} has no help"
        shown = CliRunner().invoke(gdx, [*name.split(), "--help"])
        assert shown.exit_code == 0, name
        assert shown.output.startswith("Usage: "), name


@pytest.mark.parametrize("noun", COMMANDS)
def test_every_command_can_print_json(noun: str) -> None:
    for name, command in commands_of(noun):
        if not isinstance(command, click.Group):
            assert any("--json" in parameter.opts for parameter in command.params), name


def test_version(invoke: Invoke) -> None:
    done = invoke("--version")
    assert done.exit_code == 0
    assert done.output.startswith("gdx 0.")


@pytest.mark.parametrize(
    "args", [["nope"], ["localnet", "nope"], ["config", "show", "--nope"], ["errors", "explain"], []]
)
def test_wrong_usage_is_exit_code_2(invoke: Invoke, args: list[str]) -> None:
    assert invoke(*args).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (REFUSED, 3),
        (TransportError("getSlot", "refused"), 4),
        (RpcError("getSlot", "no such method", -32601), 1),
        (TransactionExpired("too late"), 1),
        (InputError("size", "0", "must be positive"), 1),
        (AccountNotFound("PerpMarket", "x"), 1),
        (click.UsageError("bad flag"), 2),
        (click.ClickException("failed"), 1),
        (KeyboardInterrupt(), 1),
        (ZeroDivisionError("bug"), 1),
    ],
)
def test_each_error_has_its_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error) == code
    assert fail_with(error, is_json=False) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert fail_with(error, is_json=True) == code
    described = json.loads(capsys.readouterr().err)["error"]
    assert described["exit_code"] == code
    assert described["message"]


def test_a_refusal_is_described_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(REFUSED, is_json=True)
    described = json.loads(capsys.readouterr().err)["error"]
    assert (described["program"], described["code"], described["name"]) == (
        "position_mgmt",
        6452,
        "BatchVersionNotAllowed",
    )
    assert described["logs"] == ["log"]


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(("error", "code"), [(REFUSED, 3), (TransportError("getSlot", "refused"), 4)])
def test_the_group_exits_with_the_error_s_code(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    from gdx_cli.commands.config import config

    monkeypatch.setitem(config.commands, "show", click.Command("show", callback=raising(error)))
    done = invoke("config", "show")
    assert done.exit_code == code
    assert done.stderr == f"error: {error}\n"
    assert done.stdout == ""


def test_a_dead_endpoint_is_exit_code_4_with_one_sentence(run_process: RunProcess) -> None:
    done = run_process("market", "show", "SOL-PERP", "-u", DEAD_URL)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert DEAD_URL in done.stderr
    as_json = run_process("market", "show", "SOL-PERP", "-u", DEAD_URL, "--json")
    assert as_json.returncode == 4
    assert json.loads(as_json.stderr)["error"]["kind"] == "TransportError"


def test_real_processes_exit_with_0_and_2(run_process: RunProcess) -> None:
    assert run_process("--help").returncode == 0
    assert run_process("config", "show").returncode == 0
    wrong = run_process("config", "sow")
    assert wrong.returncode == 2
    assert "No such command 'sow'" in wrong.stderr


def test_a_traceback_is_shown_on_request_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        raise ZeroDivisionError("a bug")
    except ZeroDivisionError as error:
        fail_with(error, is_json=False)
        assert "internal error: ZeroDivisionError: a bug" in capsys.readouterr().err
        monkeypatch.setenv("GDX_TRACEBACK", "1")
        fail_with(error, is_json=False)
        assert "Traceback" in capsys.readouterr().err


def test_a_closed_pipe_is_no_traceback(home: Path) -> None:
    script = f"{sys.executable} -m gdx_cli.main errors list | head -n 1"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, cwd=home)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_completion_is_not_short_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_GDX_COMPLETE", "bash_source")
    monkeypatch.setattr(sys, "argv", ["gdx", "--help"])
    with pytest.raises(SystemExit):
        main_module.main()
