"""Which cluster and which signer: flags, then environment, then the Solana CLI's configuration file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

LOCALHOST_URL = "http://127.0.0.1:8899"
MONIKERS = {
    "l": LOCALHOST_URL,
    "localhost": LOCALHOST_URL,
    "d": "https://api.devnet.solana.com",
    "devnet": "https://api.devnet.solana.com",
    "t": "https://api.testnet.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "m": "https://api.mainnet-beta.solana.com",
    "mainnet-beta": "https://api.mainnet-beta.solana.com",
}
COMMITMENTS = ("processed", "confirmed", "finalized")

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Cluster:
    """What commands connect with, and where each figure came from."""

    url: str
    commitment: str
    keypair_path: str
    config_path: str
    url_source: str
    keypair_source: str


def cluster_options(function: _Function) -> _Function:
    """Adds `--url`, `--keypair`, `--commitment` and `--config`; the parameter is `cluster`."""

    def make(ctx: click.Context, param: click.Parameter, value: str | None) -> Cluster:
        del param
        given = ctx.meta.get("gdx.cluster", {})
        return resolve(given.get("url"), given.get("keypair"), given.get("commitment"), value)

    def keep(name: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
        def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
            del param
            ctx.meta.setdefault("gdx.cluster", {})[name] = value

        return callback

    eager: dict[str, Any] = {"is_eager": True, "expose_value": False}
    for option in (
        click.option(
            "-C",
            "--config",
            "cluster",
            metavar="FILE",
            help="Solana CLI configuration to take defaults from.",
            callback=make,
        ),
        click.option(
            "--commitment",
            type=click.Choice(COMMITMENTS),
            callback=keep("commitment"),
            help="How settled what is read must be.",
            **eager,
        ),
        click.option(
            "-k",
            "--keypair",
            metavar="FILE",
            envvar="GDX_KEYPAIR",
            callback=keep("keypair"),
            help="Signer's key file.",
            **eager,
        ),
        click.option(
            "-u",
            "--url",
            metavar="URL_OR_MONIKER",
            envvar="GDX_URL",
            callback=keep("url"),
            help="Cluster: a URL, or l(ocalhost), d(evnet), t(estnet), m(ainnet-beta).",
            **eager,
        ),
    ):
        function = option(function)
    return function


def resolve(
    url: str | None = None,
    keypair: str | None = None,
    commitment: str | None = None,
    config: str | None = None,
) -> Cluster:
    """Fill in what was not given from the configuration file at `config` (by default the Solana CLI's)."""
    path = Path(config) if config else default_config_path()
    stored = read_flat_yaml(path, must_exist=config is not None)
    stored_url, stored_keypair = stored.get("json_rpc_url"), stored.get("keypair_path")
    stored_commitment = stored.get("commitment", "")
    return Cluster(
        url=expand_url(url or stored_url or LOCALHOST_URL),
        commitment=commitment or (stored_commitment if stored_commitment in COMMITMENTS else "confirmed"),
        keypair_path=str(Path(keypair or stored_keypair or default_keypair_path()).expanduser()),
        config_path=str(path),
        url_source="given" if url else "configuration" if stored_url else "default",
        keypair_source="given" if keypair else "configuration" if stored_keypair else "default",
    )


def default_config_path() -> Path:
    """Where the Solana CLI keeps its configuration."""
    return Path.home() / ".config" / "solana" / "cli" / "config.yml"


def default_keypair_path() -> Path:
    """Where `solana-keygen new` puts a key."""
    return Path.home() / ".config" / "solana" / "id.json"


def expand_url(text: str) -> str:
    """A moniker's URL, or `text` itself when it is an http(s) URL."""
    url = MONIKERS.get(text, text)
    if not url.startswith(("http://", "https://")):
        known = ", ".join(MONIKERS)
        raise click.BadParameter(f"{text!r} is neither an http(s) URL nor one of {known}", param_hint="--url")
    return url


def read_flat_yaml(path: Path, *, must_exist: bool = False) -> dict[str, str]:
    """The `key: value` lines of the Solana CLI's file; nested keys are skipped. Empty when it is absent."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise click.BadParameter(f"{path}: no such file", param_hint="--config") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--config") from error
    values: dict[str, str] = {}
    for line in text.splitlines():
        if line[:1].isspace() or line.lstrip().startswith(("#", "---")) or ":" not in line:
            continue
        key, _, value = line.partition(":")
        values[key.strip()] = _scalar(value.strip())
    return values


def _scalar(text: str) -> str:
    if text[:1] in {'"', "'"} and text[-1:] == text[0] and len(text) > 1:
        return str(json.loads(text)) if text[0] == '"' else text[1:-1].replace("''", "'")
    bare = text.split(" #", 1)[0].rstrip()
    return "" if bare in {"~", "null"} else bare


def is_readable_file(path: str) -> bool:
    """Whether a file can be read by this user."""
    return os.access(path, os.R_OK) and Path(path).is_file()
