"""Fixtures for pytest: a local chain of either engine, for a session of tests.

Installed by `pip install 'gdx[pytest]'` and found by pytest itself. Nothing is imported before a test asks
for the chain.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gdx_localnet import LocalnetHandle, LocalnetOptions
    from gdx_localnet.engines.process import Started

_TIMEOUT_S = 120
_NEEDED = (("xprocess", "pip install 'gdx[pytest]'"), ("cacheprovider", "it keeps the process's files"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a test run."""
    group = parser.getgroup("gdx", "local Solana chain of GDX")
    group.addoption(
        "--gdx-engine",
        choices=("embedded", "validator"),
        help="What runs the chain of the fixture gdx_localnet. [default: $GDX_ENGINE or embedded]",
    )
    group.addoption(
        "--gdx-validator",
        metavar="PATH",
        help="solana-test-validator to use; implies --gdx-engine validator."
        " [default: $GDX_VALIDATOR or the one on PATH]",
    )


@pytest.fixture(scope="session")
def gdx_localnet_options() -> Mapping[str, Any]:
    """Members of LocalnetOptions for `gdx_localnet`; override it in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def gdx_localnet(
    request: pytest.FixtureRequest, gdx_localnet_options: Mapping[str, Any]
) -> Iterator[LocalnetHandle]:
    """A chain for the whole session (one per worker of pytest-xdist): url, ws_url, keys, mints, controls.

    pytest-xprocess looks after its process; it ends with the session, however that ends.
    """
    for plugin, remedy in _NEEDED:
        # by its entry point, or by `-p` with the name of its module
        if not any(map(request.config.pluginmanager.hasplugin, (plugin, f"{plugin}.pytest_{plugin}"))):
            raise pytest.UsageError(f"the fixture gdx_localnet needs the plugin {plugin}: {remedy}")
    xprocess = request.getfixturevalue("xprocess")
    name = f"gdx_localnet-{os.getpid()}"  # another run in the same folder has a chain of its own
    info = xprocess.getinfo(name)
    try:
        yield _start(xprocess, name, _options(request.config, gdx_localnet_options))
    finally:
        xprocess.getinfo(name).terminate()
        shutil.rmtree(str(info.controldir), ignore_errors=True)


def _options(config: pytest.Config, settings: Mapping[str, Any]) -> LocalnetOptions:
    """What the fixture asks for; the command line wins."""
    from gdx_localnet import LocalnetOptions

    chosen = dict(settings)
    engine, validator = config.getoption("--gdx-engine"), config.getoption("--gdx-validator")
    if engine is None and validator is not None:
        engine = "validator"
    chosen |= {
        key: value for key, value in (("engine", engine), ("validator", validator)) if value is not None
    }
    return LocalnetOptions(**chosen)


def _start(xprocess: Any, name: str, options: LocalnetOptions) -> LocalnetHandle:
    from xprocess import ProcessStarter

    from gdx_localnet import LocalnetHandle
    from gdx_localnet.clone import materialize
    from gdx_localnet.engines.process import EXIT_WITH_PARENT, ReadyPipe, command

    folder = Path(str(xprocess.getinfo(name).controldir))
    log_path = folder / "xprocess.log"
    options = materialize(options, folder / "cloned")
    fixture = options.read_fixture()
    pipe = ReadyPipe()
    found: list[Started] = []

    class Chain(ProcessStarter):  # type: ignore[misc] # xprocess comes without types
        args = [*command(options, folder), *pipe.arguments, EXIT_WITH_PARENT, str(os.getpid())]  # noqa: RUF012
        popen_kwargs = {"pass_fds": (pipe.writer,), "stdin": subprocess.DEVNULL}  # noqa: RUF012
        timeout = _TIMEOUT_S
        terminate_on_interrupt = True

        def startup_check(self) -> bool:
            """Wait for the chain's word instead of reading its log."""
            found.append(pipe.started(self.process.resources[-1].popen, log_path))
            return True

    try:
        xprocess.ensure(name, Chain, persist_logs=False)
    finally:
        pipe.close_writer()
    return LocalnetHandle(
        options.engine,
        options.connect_host,
        found[0].rpc_port,
        log_path,
        dict(fixture.keys),
        dict(fixture.mints),
        found[0].process,
        found[0].engine_pid,
    )
