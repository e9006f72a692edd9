"""A keeper's configuration, its process, and a keeper that somebody else wrote."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import ClassVar
from urllib.error import HTTPError

from solders.keypair import Keypair

CONFIG = """
[cluster]
url = "{url}"
priority_fee = 0

[signer]
keypair_path = "relayer.json"

[telemetry]
listen = "127.0.0.1:0"

[[job]]
kind = "relayer"
markets = ["SOL-PERP"]
outbox_path = "outbox"
state_path = "state"
relayer_epoch = 1
poll_ms = 50

[[job]]
kind = "oracle"
symbols = ["SOL-PERP"]
source = "static"
prices = {{ SOL-PERP = "101.5" }}
poll_ms = 50
signer = {{ keypair_path = "publisher.json" }}
"""


def write_key(path: Path, key: Keypair) -> None:
    path.write_text(json.dumps(list(bytes(key))))


def write_config(folder: Path, url: str, *, relayer: Keypair, publisher: Keypair) -> Path:
    """The configuration in `folder`, with the key files that it names."""
    write_key(folder / "relayer.json", relayer)
    write_key(folder / "publisher.json", publisher)
    config = folder / "keepers.toml"
    config.write_text(CONFIG.format(url=url))
    return config


class KeeperProcess:
    """`gdx keeper run` with its log."""

    started: ClassVar[list[subprocess.Popen[str]]] = []

    def __init__(self, config: Path, *args: str) -> None:
        command = [sys.executable, "-m", "gdx_cli.main", "keeper", "run", "--config", str(config), *args]
        self.log_path = config.parent / "keeper.log"
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.started.append(self.process)

    def logged(self, event: str, **members: object) -> dict[str, object] | None:
        """The first line of the log with this event and these members."""
        for line in self.log_path.read_text().splitlines():
            found: dict[str, object] = json.loads(line) if line.startswith("{") else {}
            if found.get("event") == event and all(found.get(name) == item for name, item in members.items()):
                return found
        return None

    def wait_for(self, event: str, **members: object) -> dict[str, object]:
        """The same, once it is there."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if (found := self.logged(event, **members)) is not None:
                return found
            assert self.process.poll() is None, self.log_path.read_text()
            time.sleep(0.05)
        raise AssertionError(f"no {event}: {self.log_path.read_text()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and standard output after the signal."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


PLUGIN = """
from gdx_keepers.core.job import Job

from gdx_sdk import plugins


class Slots(Job):
    kind = "slots"

    def __init__(self, name, metrics, log, *, client, sender, greeting):
        super().__init__(name, metrics, log)
        self.client, self.sender, self.greeting = client, sender, greeting

    async def observe(self, now):
        return await self.client.rpc("getSlot")

    def is_due(self, state, now):
        return True

    def plan(self, state, now):
        return [state]

    async def act(self, action, now):
        self.log.info("slot seen", greeting=self.greeting, signer=str(self.sender.pubkey))
        return True


@plugins.hookimpl
def register_keepers(registry):
    registry.add("slots", Slots)
"""


def with_plugin(config: Path, options: str) -> None:
    job = f'\n[[job]]\nkind = "plugin"\nkeeper = "slots"\npoll_ms = 50\noptions = {options}\n'
    config.write_text(config.read_text() + job)
