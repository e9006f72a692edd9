"""A long run: `python -m tests.fuzz --minutes 10`."""

from __future__ import annotations

import secrets
import sys
from argparse import ArgumentParser

from .drive import Failure, run, shrink, write
from .world import World


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.fuzz", description="Random steps on the compiled programs.")
    parser.add_argument("--minutes", type=int, default=10, help="how long (10)")
    parser.add_argument("--seed", type=int, default=None, help="first seed; a new one each time unless given")
    options = parser.parse_args()
    if options.minutes < 1:
        parser.error(f"--minutes {options.minutes}: must be at least 1")
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    print(f"base seed {seed}", flush=True)
    world = World()
    report = run(world, seed, seconds=options.minutes * 60, tell=_tell)
    print("\n".join(report.lines()))
    if report.failure is None:
        return 0
    return _keep(world, report.failure)


def _keep(world: World, failure: Failure) -> int:
    print(f"seed {failure.seed}, step {len(failure.steps)}: {failure.sign}", file=sys.stderr, flush=True)
    whole = write(failure)
    print(f"kept as {whole}; looking for fewer steps", file=sys.stderr, flush=True)
    smallest = write(shrink(world, failure))
    if smallest != whole:
        whole.unlink()
    print(f"the fewest that do the same are in {smallest}", file=sys.stderr)
    return 1


def _tell(steps: int) -> None:
    """A sign of life on the way."""
    if steps % 20_000 == 0:
        print(f"{steps} steps", flush=True)


if __name__ == "__main__":
    sys.exit(main())
