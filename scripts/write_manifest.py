"""Writes gdx_sdk/programs/manifest.json: what was built, from which sources, by which toolchain.

Bytes are comparable only when the toolchain's fingerprint is the same; the sources' fingerprint tells
whether the committed programs belong to the sources beside them. `--sources` only prints that one.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    "Cargo.toml",
    "Cargo.lock",
    "programs/*/Cargo.toml",
    "programs/*/src/**/*.rs",
    "crates/*/Cargo.toml",
    "crates/*/src/**/*.rs",
]
OUT = ROOT / "gdx_sdk" / "programs"


def source_fingerprint() -> str:
    """sha256 over names and contents of every file that the programs are built from."""
    digest = hashlib.sha256()
    files = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("crates/gdx_idl_build/"):
            continue
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()


def toolchain(builder: Path) -> dict[str, str]:
    """Version lines of the tool, and a fingerprint over them and, for a script, over the files beside it."""
    version = subprocess.run(
        [builder, "build-sbf", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    compiler = compiler_version(builder)
    digest = hashlib.sha256(f"{version}\n{compiler}\n".encode())
    if builder.read_bytes().startswith(b"#!"):
        for path in sorted(builder.resolve().parent.iterdir()):
            if path.is_file() and path.suffix != ".md":
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return {"tool": version, "rustc": compiler, "fingerprint": digest.hexdigest()}


def compiler_version(builder: Path) -> str:
    """`rustc -vV` of the system when the tool is a script that runs it; nothing for the official tool."""
    if not builder.read_bytes().startswith(b"#!"):
        return ""
    return subprocess.run(
        ["/usr/bin/rustc", "-vV"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main(arguments: list[str]) -> int:
    """Write the manifest for the programs named after the build tool."""
    if arguments == ["--sources"]:
        print(source_fingerprint())
        return 0
    builder, programs = Path(arguments[0]), arguments[1:]
    built = {}
    for program in programs:
        content = (OUT / f"{program}.so").read_bytes()
        built[program] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    manifest = {"programs": built, "sources": source_fingerprint(), "toolchain": toolchain(builder)}
    (OUT / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
