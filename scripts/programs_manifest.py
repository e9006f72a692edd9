"""Write manifest.json beside built programs: address, size, hash, and the toolchain that built them.

usage: programs_manifest.py ROOT OUT
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

SYSTEM_RUSTC = Path("/usr/bin/rustc")


def toolchain_fingerprint() -> str:
    """Hash of what decides the bytes: the build tool's version and files, and the system's compiler."""
    digest = hashlib.sha256()
    digest.update(subprocess.run(["cargo-build-sbf", "--version"], capture_output=True, check=True).stdout)
    if folder := os.environ.get("GDX_SBF"):
        for path in sorted(path for path in Path(folder).iterdir() if path.is_file()):
            digest.update(path.name.encode() + path.read_bytes())
    if SYSTEM_RUSTC.exists():
        digest.update(subprocess.run([SYSTEM_RUSTC, "-vV"], capture_output=True, check=True).stdout)
    return digest.hexdigest()


def address(root: Path, program: str) -> str:
    """The address that the program's source declares."""
    source = (root / "programs" / program / "src/lib.rs").read_text()
    match = re.search(r'declare_id!\("(\w+)"\)', source)
    if match is None:
        raise SystemExit(f"programs/{program}/src/lib.rs declares no id")
    return match[1]


def main() -> None:
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    programs = {}
    for path in sorted(out.glob("*.so")):
        content = path.read_bytes()
        programs[path.stem] = {
            "address": address(root, path.stem),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    manifest = {"toolchain": toolchain_fingerprint(), "programs": programs}
    temporary = out / "manifest.json.tmp"
    temporary.write_text(json.dumps(manifest, indent=2) + "\n")
    temporary.replace(out / "manifest.json")


if __name__ == "__main__":
    main()
