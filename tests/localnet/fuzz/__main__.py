"""A long run: `python -m tests.localnet.fuzz --requests 100000`."""

from __future__ import annotations

import secrets
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from .drive import run
from .world import open_world


def main() -> int:
    parser = ArgumentParser(
        prog="python -m tests.localnet.fuzz", description="Random and mutated requests to a local chain."
    )
    parser.add_argument("--requests", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--seed", type=int, default=None, help="a new one each time unless given")
    options = parser.parse_args()
    if options.requests < 1:
        parser.error(f"--requests {options.requests}: must be at least 1")
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gdx-rpc-fuzz-") as name:
        world = open_world(Path(name))
        try:
            report = run(world, seed, options.requests, Path(name), _tell)
        except AssertionError as broken:  # Broken among them
            print(f"{broken}\nlog of the chain:\n{world.log()[-5_000:]}", file=sys.stderr)
            return 1
        finally:
            world.handle.stop()
    print("\n".join(report.lines()))
    return 0


def _tell(requests: int) -> None:
    """A sign of life on the way."""
    if requests % 20_000 < 400:
        print(f"{requests:,} requests", flush=True)


if __name__ == "__main__":
    sys.exit(main())
