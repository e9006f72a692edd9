"""Writes a fixture of each account type whose present layout has none yet (`make layouts`).

A fixture is a promise: once released, accounts of that layout exist and must stay readable. `--replace`
writes those of the present layouts anew, which only makes sense before a layout's first release.
"""

from __future__ import annotations

import argparse

from . import fixtures, scene


def main() -> None:
    """Build the scene and keep what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replace", action="store_true", help="also write what is there already")
    replace: bool = parser.parse_args().replace
    for planted in scene.build():
        path = fixtures.path_of(planted)
        if replace or not path.exists():
            fixtures.write(planted)
            print(f"wrote {path}")
        else:
            print(f"kept {path}")


if __name__ == "__main__":
    main()
