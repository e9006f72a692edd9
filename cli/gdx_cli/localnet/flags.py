"""Flags of `gdx localnet up`, named as solana-test-validator names them, and the options they make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gdx_cli.arguments import address
from gdx_cli.cluster import expand_url

if TYPE_CHECKING:
    from gdx_localnet import ProgramFile
    from solders.pubkey import Pubkey

_Function = TypeVar("_Function", bound=Callable[..., Any])

_EMBEDDED_ONLY = ("slot_mode", "confirmed_lag", "finalized_lag", "unix_ts", "faults")

state_dir_option = click.option(
    "-l",
    "--state-dir",
    "--ledger",
    "state_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the chain's state, keys and log are kept. [default: .gdx/localnet]",
)

_FLAGS = (
    click.option(
        "--engine", type=click.Choice(["embedded", "validator"]), help="[default: $GDX_ENGINE or embedded]"
    ),
    click.option(
        "--validator",
        metavar="PATH",
        help="solana-test-validator. [default: $GDX_VALIDATOR or the one on PATH]",
    ),
    click.option(
        "--rpc-port",
        type=click.IntRange(0, 65_534),
        default=8899,
        show_default=True,
        help="WebSocket takes the next one. 0: any.",
    ),
    click.option("--bind-address", metavar="HOST", help="[default: 127.0.0.1]"),
    click.option("--fixture", metavar="FILE", help='A TOML file instead of the usual one, or "none".'),
    click.option("--mint", metavar="PUBKEY", help="Gets 500,000,000 SOL at genesis."),
    click.option(
        "--account",
        "accounts",
        nargs=2,
        multiple=True,
        metavar="ADDRESS DUMP.JSON",
        help='Load an account; "-" for the address in the file.',
    ),
    click.option(
        "--account-dir",
        "account_dirs",
        multiple=True,
        metavar="DIRECTORY",
        type=click.Path(path_type=Path),
        help="Load every account file in it.",
    ),
    click.option(
        "--bpf-program",
        "final_programs",
        nargs=2,
        multiple=True,
        metavar="ADDRESS_OR_KEYPAIR PROGRAM.SO",
        help="Load a program that cannot be upgraded.",
    ),
    click.option(
        "--upgradeable-program",
        "programs",
        nargs=3,
        multiple=True,
        metavar="ADDRESS_OR_KEYPAIR PROGRAM.SO UPGRADE_AUTHORITY",
        help='Load a program; authority "none" makes it final.',
    ),
    click.option("-u", "--url", metavar="URL_OR_MONIKER", help="Cluster to clone from."),
    click.option("-c", "--clone", multiple=True, metavar="ADDRESS", help="Copy an account from --url."),
    click.option("--maybe-clone", multiple=True, metavar="ADDRESS", help="The same, if it is there."),
    click.option(
        "--clone-upgradeable-program",
        "clone_upgradeable_programs",
        multiple=True,
        metavar="ADDRESS",
        help="Copy a program and its code from --url.",
    ),
    click.option(
        "--deep-clone-address-lookup-table",
        "deep_clone_tables",
        multiple=True,
        metavar="ADDRESS",
        help="Copy a lookup table and every account it lists from --url.",
    ),
    click.option(
        "--clone-feature-set", is_flag=True, default=None, help="Have the features active at --url."
    ),
    click.option(
        "--deactivate-feature",
        "deactivate_features",
        multiple=True,
        metavar="FEATURE_PUBKEY",
        help="Be without that feature.",
    ),
    click.option(
        "--slot-mode",
        type=click.Choice(["clock", "fast", "manual"]),
        help="When slots open: on time, behind each transaction, when told. [default: clock; embedded only]",
    ),
    click.option("--slot-ms", type=click.IntRange(1), help="Length of a slot. [default: 400]"),
    click.option(
        "--ticks-per-slot", type=click.IntRange(2), help="The same in ticks of 6.25 ms. [default: 64]"
    ),
    click.option("--slots-per-epoch", type=click.IntRange(32), help="[default: 432,000]"),
    click.option("-w", "--warp-slot", type=click.IntRange(1), help="Slot to start at."),
    click.option(
        "--confirmed-lag", type=click.IntRange(0), help="Slots until confirmed. [default: 1; embedded only]"
    ),
    click.option(
        "--finalized-lag", type=click.IntRange(0), help="Slots until finalized. [default: 32; embedded only]"
    ),
    click.option(
        "--unix-ts", type=click.IntRange(0), help="Chain time at the start, unix seconds. [embedded only]"
    ),
    click.option(
        "--limit-ledger-size",
        type=click.IntRange(1),
        metavar="COUNT",
        help="Transactions kept (a validator: shreds). [default: 100,000 (10,000)]",
    ),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="KIND[:NAME=VALUE,...]",
        help="Have requests fail; see `gdx localnet fault set --help`. [embedded only]",
    ),
    click.option(
        "-r",
        "--reset/--no-reset",
        default=True,
        show_default=True,
        help="Begin at genesis, or go on from where the last --no-reset run stopped.",
    ),
)


def up_options(function: _Function) -> _Function:
    """Adds the flags to `up`."""
    for option in reversed(_FLAGS):
        function = option(function)
    return function


def settings_of(given: dict[str, Any]) -> dict[str, Any]:
    """LocalnetOptions' members out of the flags' values; click.UsageError for what does not fit."""
    from gdx_localnet import Engine
    from gdx_localnet.options import default_engine

    values = {name: value for name, value in given.items() if value not in (None, ())}
    if values.get("validator"):
        values.setdefault("engine", "validator")
    values["engine"] = Engine(values["engine"]) if "engine" in values else default_engine()
    if values["engine"] is Engine.VALIDATOR:
        _check_for_validator(values)
    if "slot_ms" in values and "ticks_per_slot" in values:
        raise click.UsageError("--slot-ms and --ticks-per-slot say the same: give one of them")
    values["resume"] = not values.pop("reset")
    for name, read in _READERS.items():
        if name in values:
            values[name] = read(values[name])
    final = values.pop("final_programs", ())
    if final or "programs" in values:
        values["programs"] = (*values.get("programs", ()), *final)
    return values


def _check_for_validator(values: dict[str, Any]) -> None:
    for name in _EMBEDDED_ONLY:
        if name in values and values[name] != "clock":
            flag = "--fault" if name == "faults" else "--" + name.replace("_", "-")
            reason = "solana-test-validator keeps its own time and answers as it does"
            raise click.UsageError(f"{flag}: {reason}; use --engine embedded")


def key_or_file(text: str, hint: str) -> Pubkey:
    """A base58 address, or the address of the key pair in a file."""
    import json

    from solders.keypair import Keypair
    from solders.pubkey import Pubkey

    try:
        return Pubkey.from_string(text)
    except ValueError:
        pass
    try:
        return Keypair.from_bytes(bytes(json.loads(Path(text).read_text()))).pubkey()
    except (OSError, ValueError, TypeError) as error:
        raise click.BadParameter(
            f"{text!r} is neither a base58 address nor a key file", param_hint=hint
        ) from error


def _addresses(hint: str) -> Callable[[tuple[str, ...]], tuple[Pubkey, ...]]:
    return lambda texts: tuple(address(text, hint) for text in texts)


def _accounts(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[Pubkey | None, Path], ...]:
    from gdx_localnet import account_files

    return tuple(
        (None if text == "-" else address(text, "--account"), account_files.find(path))
        for text, path in pairs
    )


def _programs(triples: tuple[tuple[str, str, str], ...]) -> tuple[ProgramFile, ...]:
    from gdx_localnet import ProgramFile

    hint = "--upgradeable-program"
    return tuple(
        ProgramFile(
            key_or_file(text, hint), Path(path), None if authority == "none" else key_or_file(authority, hint)
        )
        for text, path, authority in triples
    )


def _final_programs(pairs: tuple[tuple[str, str], ...]) -> tuple[ProgramFile, ...]:
    from gdx_localnet import ProgramFile
    from solders.system_program import ID as NOBODY

    return tuple(ProgramFile(key_or_file(text, "--bpf-program"), Path(path), NOBODY) for text, path in pairs)


def read_faults(texts: tuple[str, ...]) -> tuple[Any, ...]:
    """Rules out of `KIND[:NAME=VALUE,…]`."""
    from gdx_localnet import LocalnetError, rule_from_text

    try:
        return tuple(rule_from_text(text) for text in texts)
    except LocalnetError as error:
        raise click.UsageError(str(error)) from error


_READERS: dict[str, Callable[[Any], Any]] = {
    "url": expand_url,
    "mint": lambda text: key_or_file(text, "--mint"),
    "clone": _addresses("--clone"),
    "maybe_clone": _addresses("--maybe-clone"),
    "clone_upgradeable_programs": _addresses("--clone-upgradeable-program"),
    "deep_clone_tables": _addresses("--deep-clone-address-lookup-table"),
    "deactivate_features": _addresses("--deactivate-feature"),
    "accounts": _accounts,
    "programs": _programs,
    "final_programs": _final_programs,
    "faults": read_faults,
}
