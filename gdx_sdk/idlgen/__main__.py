"""``python -m gdx_sdk.idlgen IDL… -o DIR``: the generator without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gdx_sdk.idlgen import IdlError, generate


def main() -> int:
    """Generate, print what was written; 1 when an IDL is refused."""
    parser = argparse.ArgumentParser(prog="python -m gdx_sdk.idlgen", description=generate.__doc__)
    parser.add_argument("idls", metavar="IDL", nargs="+", type=Path)
    parser.add_argument("-o", "--output", metavar="DIR", required=True, type=Path)
    options = parser.parse_args()
    try:
        packages = generate(options.idls, options.output)
    except (IdlError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for package in packages:
        print(f"wrote {package.directory} ({len(package.files)} files)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
