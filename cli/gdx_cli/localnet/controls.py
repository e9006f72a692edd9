"""Commands on a chain that is up: snapshot, restore, airdrop, warp, fault."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gdx_cli.arguments import address
from gdx_cli.localnet.flags import read_faults, state_dir_option
from gdx_cli.output import columns, emit, json_option

if TYPE_CHECKING:
    from gdx_localnet import Status
    from solders.pubkey import Pubkey

LAMPORTS_PER_SOL = 10**9
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_FILE
@state_dir_option
@json_option
def snapshot(file: Path, state_dir: Path | None, is_json: bool) -> None:
    """Write every account, the slot and the time of the local chain to FILE.

    \b
    Example:
      gdx localnet snapshot before-upgrade.snapshot
    """
    count = _running(state_dir).controls.snapshot(file)
    emit({"file": file, "accounts": count}, is_json=is_json, table=lambda: f"{count} accounts in {file}")


@click.command()
@_FILE
@state_dir_option
@json_option
def restore(file: Path, state_dir: Path | None, is_json: bool) -> None:
    """Put back what `gdx localnet snapshot` wrote; every other account goes.

    A damaged file is refused, and the chain stays as it is.

    \b
    Example:
      gdx localnet restore before-upgrade.snapshot
    """
    count = _running(state_dir).controls.restore(file)
    emit({"file": file, "accounts": count}, is_json=is_json, table=lambda: f"{count} accounts from {file}")


@click.command()
@click.argument("sol", metavar="SOL")
@click.argument("recipient", metavar="ADDRESS_OR_KEY")
@state_dir_option
@json_option
def airdrop(sol: str, recipient: str, state_dir: Path | None, is_json: bool) -> None:
    """Give SOL to an address or to one of the chain's named keys, and wait until it is confirmed.

    \b
    Examples:
      gdx localnet airdrop 2.5 alice
      gdx localnet airdrop 10 2zoE3CBy6PJYUvNFNbBhZBSaS67WSuLQ9EADqosmk9KQ
    """
    lamports = _lamports(sol)
    chain = _running(state_dir)
    receiver = _recipient(chain, recipient)
    signature = chain.controls.airdrop(receiver, lamports)
    emit(
        {"signature": signature, "recipient": receiver, "lamports": lamports},
        is_json=is_json,
        table=lambda: f"{sol} SOL to {receiver}\n{signature}",
    )


@click.command()
@click.argument("slot", metavar="[SLOT|+SLOTS]", required=False)
@click.option("--unix-ts", type=click.IntRange(0), help="Set chain time, unix seconds, after the slot.")
@state_dir_option
@json_option
def warp(slot: str | None, unix_ts: int | None, state_dir: Path | None, is_json: bool) -> None:
    """Move the local chain forward to SLOT, or by +SLOTS; time goes along, or where --unix-ts says.

    The embedded engine only: a validator keeps its own time.

    \b
    Examples:
      gdx localnet warp +150
      gdx localnet warp 5000
      gdx localnet warp --unix-ts 1800000000
    """
    if slot is None and unix_ts is None:
        raise click.UsageError("give a SLOT, +SLOTS or --unix-ts")
    count = None if slot is None else _slot(slot)
    controls = _running(state_dir).controls
    clock: dict[str, Any] = {}
    if slot is not None and count is not None:
        clock = controls.advance(count) if slot.startswith("+") else controls.warp(count)
    if unix_ts is not None:
        clock = controls.set_clock(unix_ts)
    emit(clock, is_json=is_json, table=lambda: f"slot {clock['slot']}, unix time {clock['unixTimestamp']}")


@click.group()
def fault() -> None:
    """Have requests to the local chain go wrong, for tests of resilience (embedded engine only)."""


@fault.command("set")
@click.argument("faults", nargs=-1, required=True, metavar="KIND[:NAME=VALUE,...]...")
@click.option("--keep", is_flag=True, help="Leave those in force that are, instead of replacing them.")
@state_dir_option
@json_option
def set_faults(faults: tuple[str, ...], keep: bool, state_dir: Path | None, is_json: bool) -> None:
    """Put faults in force.

    \b
    Kinds:
      drop             cut the connection before the request is read; lose a WebSocket message
      drop-answer      do what was asked, then cut the connection
      delay            wait delay-ms (1000) first
      429              answer HTTP 429 with Retry-After of retry-after-s (1)
      503              answer HTTP 503
      stale-blockhash  give getLatestBlockhash one that has expired
      disconnect       cut the WebSocket without a closing handshake
    \b
    Names:
      method           a JSON-RPC method or notification, may be repeated [default: all]
      count            how many times [default: until cleared]
      probability      from 0 to 1 [default: 1], repeatable by a seed
      seed, delay-ms, retry-after-s
    \b
    Examples:
      gdx localnet fault set 429:method=sendTransaction,count=3,retry-after-s=2
      gdx localnet fault set drop:probability=0.1,seed=7 delay:delay-ms=200
      gdx localnet fault set disconnect:method=accountNotification,count=1
    """
    listed = _running(state_dir).controls.set_faults(read_faults(faults), keep=keep)
    _emit_faults(listed, is_json)


@fault.command("list")
@state_dir_option
@json_option
def list_faults(state_dir: Path | None, is_json: bool) -> None:
    """Show the faults in force and how often each struck.

    \b
    Example:
      gdx localnet fault list --json
    """
    _emit_faults(_running(state_dir).controls.faults(), is_json)


@fault.command("clear")
@click.argument("ids", nargs=-1, type=click.IntRange(1), metavar="[ID]...")
@state_dir_option
@json_option
def clear_faults(ids: tuple[int, ...], state_dir: Path | None, is_json: bool) -> None:
    """Take faults out of force, all of them or those with these IDs.

    \b
    Examples:
      gdx localnet fault clear
      gdx localnet fault clear 2
    """
    count = _running(state_dir).controls.clear_faults(ids or None)
    emit({"cleared": count}, is_json=is_json, table=lambda: f"{count} cleared")


def _emit_faults(listed: list[dict[str, Any]], is_json: bool) -> None:
    emit({"faults": listed}, is_json=is_json, table=lambda: _fault_table(listed))


def _fault_table(listed: list[dict[str, Any]]) -> str:
    if not listed:
        return "no faults in force"
    headers = ["id", "kind", "methods", "count", "probability", "seed", "seen", "struck"]
    return columns(headers, [[_cell(entry[name]) for name in headers] for entry in listed])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "all"
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _running(state_dir: Path | None) -> Status:
    import gdx_localnet

    return gdx_localnet.running(state_dir=state_dir)


def _recipient(chain: Status, text: str) -> Pubkey:
    from gdx_localnet import named_keypair

    return named_keypair(text).pubkey() if text in chain.keys else address(text, "ADDRESS_OR_KEY")


def _lamports(text: str) -> int:
    try:
        lamports = Decimal(text) * LAMPORTS_PER_SOL
        whole = int(lamports)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not a decimal number", param_hint="SOL") from error
    if whole != lamports or not 0 < whole < 2**64:
        rule = "must be above 0, with at most 9 decimals, and fit 64 bits of lamports"
        raise click.BadParameter(f"{text!r} {rule}", param_hint="SOL")
    return whole


def _slot(text: str) -> int:
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise click.BadParameter(f"{text!r} is neither a slot nor +SLOTS", param_hint="SLOT")
    return int(digits)
