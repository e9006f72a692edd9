"""Entry point of `gdx`.

`gdx --help` needs nothing but this file: the overview comes from the table below. Everything else, click
included, is imported when it is used, and every command lives in a module of its own.
"""

from __future__ import annotations

import os
import sys

SUMMARY = "Orders in, settled on Solana, proven: tools around the GDX programs."

OPTIONS = (
    ("--version", "Show the version and exit."),
    ("-h, --help", "Show this message and exit."),
)

# name: (module, attribute, line in the overview)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "batch": ("gdx_cli.commands.batch", "batch", "Settled batches of trades."),
    "config": ("gdx_cli.commands.config", "config", "Cluster and signer in use."),
    "demo": ("gdx_cli.commands.demo", "demo", "Orders in, settled on a local chain, proven."),
    "doctor": ("gdx_cli.commands.doctor", "doctor", "Check this installation and the cluster."),
    "errors": ("gdx_cli.commands.errors", "errors", "What error codes mean and what helps."),
    "idl": ("gdx_cli.commands.idl", "idl", "Anchor IDLs and clients generated from them."),
    "keeper": ("gdx_cli.commands.keeper", "keeper", "Relayer, liquidator, funding, oracle."),
    "localnet": ("gdx_cli.commands.localnet", "localnet", "A local chain with the programs."),
    "market": ("gdx_cli.commands.market", "market", "Markets."),
    "position": ("gdx_cli.commands.position", "position", "Positions."),
}


def overview() -> str:
    """The text of `gdx --help`, as click prints it at its full width."""
    options = "\n".join(f"  {flags.ljust(10)}  {text}" for flags, text in OPTIONS)
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name.ljust(width)}  {line}" for name, (_, _, line) in COMMANDS.items())
    return (
        f"Usage: gdx [OPTIONS] COMMAND [ARGS]...\n\n  {SUMMARY}\n\n"
        f"Options:\n{options}\n\nCommands:\n{commands}\n"
    )


def main() -> None:
    """Run the command line; exits with 0 ok, 1 failed, 2 usage, 3 refused by a program, 4 no cluster."""
    if sys.argv[1:] in (["--help"], ["-h"]) and "_GDX_COMPLETE" not in os.environ:
        sys.stdout.write(overview())
        return
    from gdx_cli.root import gdx

    gdx.main(prog_name="gdx")


if __name__ == "__main__":
    main()
