"""Running the command line in this process and as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gdx_cli.root import gdx

Invoke = Callable[..., Result]
RunProcess = Callable[..., subprocess.CompletedProcess[str]]

DEAD_URL = "http://127.0.0.1:9"  # the discard port: nothing listens there


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, and no setting of the caller's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("GDX_URL", "GDX_KEYPAIR", "GDX_TRACEBACK", "GDX_ENGINE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def invoke(home: Path) -> Invoke:
    """Run a command in this process."""
    assert home.is_dir()

    def run(*args: str, **options: object) -> Result:
        return CliRunner().invoke(gdx, list(args), **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def run_process(home: Path) -> RunProcess:
    """Run `gdx` as a user does."""

    def run(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [sys.executable, "-m", "gdx_cli.main", *args]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=home,
            env={**os.environ, "HOME": str(home), **(env or {})},
            timeout=120,
        )

    return run
