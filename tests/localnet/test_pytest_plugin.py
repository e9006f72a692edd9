"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = """
from gdx_localnet.asking import call

def test_it_answers(gdx_localnet):
    assert call(gdx_localnet.url, "getHealth") == "ok"
    address = str(gdx_localnet.keys["alice"].pubkey())
    config = {"commitment": "processed"}
    assert call(gdx_localnet.url, "getBalance", address, config)["value"] == 5_000_000_000
    open("engine", "w").write(f"{gdx_localnet.engine} {gdx_localnet.engine_pid} {gdx_localnet.url}")

def test_it_is_the_same_for_the_session(gdx_localnet):
    assert gdx_localnet.url in open("engine").read()
"""
OURS, XPROCESS = "gdx_localnet.pytest_plugin", "xprocess.pytest_xprocess"
BOTH = (OURS, XPROCESS)
CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def gdx_localnet_options(request):
    return {"fixture": request.config.rootpath / "fixture.toml", **SETTINGS}
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run the tests above; what came of it."""
    monkeypatch.delenv("GDX_ENGINE", raising=False)
    pytester.makefile(".toml", fixture='[[keys]]\nname = "alice"\nlamports = 5_000_000_000')
    pytester.makeini("[pytest]\n")

    def run(*args: str, plugins: tuple[str, ...] | None = BOTH, settings: str = "{}") -> pytest.RunResult:
        pytester.makepyfile(conftest=f"SETTINGS = {settings}\n{CONFTEST}", test_chain=TESTS)
        named: list[str] = []
        if plugins is not None:  # spare the import of every other plugin of this environment
            monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            named = [word for plugin in plugins for word in ("-p", plugin)]
        return pytester.runpytest_subprocess("-q", *named, *args, timeout=250)

    return run


def engine_of(pytester: pytest.Pytester) -> tuple[str, int]:
    engine, pid, _ = (pytester.path / "engine").read_text().split()
    return engine, int(pid)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_session_has_one_chain_and_leaves_nothing(run, pytester) -> None:
    run(plugins=None).assert_outcomes(passed=2)
    engine, pid = engine_of(pytester)
    assert (engine, runs(pid)) == ("embedded", False)
    assert list((pytester.path / ".pytest_cache/d/.xprocess").iterdir()) == []


def test_a_chain_that_does_not_start_is_told_at_once(run) -> None:
    result = run(settings='{"fixture": "/nowhere.toml"}')
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*FixtureError: fixture /nowhere.toml: No such file or directory"])


def test_one_that_dies_is_told_with_its_log(run, pytester) -> None:
    broken = pytester.path / "broken"
    broken.write_text("#!/bin/sh\necho it broke\nexit 3\n")
    broken.chmod(0o755)
    result = run(f"--gdx-validator={broken}")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*EngineError: solana-test-validator ended with code 3*"])


def test_a_missing_plugin_is_named(run) -> None:
    result = run(plugins=(OURS,))
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*needs the plugin xprocess: pip install 'gdx[[]pytest]'*"])


def test_an_unknown_engine_is_a_usage_error(run) -> None:
    assert run("--gdx-engine", "steam").ret == pytest.ExitCode.USAGE_ERROR


def test_nothing_heavy_is_imported_with_the_plugin() -> None:
    code = (
        "import sys, gdx_localnet.pytest_plugin; heavy = {'solders', 'uvicorn', 'httpx', 'psutil'};"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.validator
def test_a_real_validator(run, pytester) -> None:
    if "GDX_VALIDATOR" not in os.environ:
        pytest.skip("GDX_VALIDATOR names no solana-test-validator")
    run(f"--gdx-validator={os.environ['GDX_VALIDATOR']}").assert_outcomes(passed=2)
    engine, pid = engine_of(pytester)
    assert (engine, runs(pid)) == ("validator", False)
