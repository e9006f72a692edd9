"""Runs every benchmark beside this file, one after the other: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Exit code 1 when one of them fails."""
    failed = 0
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        print(f"== {path.stem}", flush=True)
        failed |= subprocess.run([sys.executable, str(path)]).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
