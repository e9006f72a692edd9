#!/usr/bin/env bash
# Rebuilds the programs from a copy of the sources in another directory and compares with what is committed:
# byte for byte when the toolchain is the one that built those, by the programs' tests otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z -- Cargo.toml Cargo.lock crates programs scripts | tar --null -T - -cf - | tar -C "$copy" -xf -
mkdir -p "$copy/gdx_sdk/programs"
env -u CARGO_TARGET_DIR "$copy/scripts/build_programs.sh"
of() { python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); print(m["toolchain"]["fingerprint"] if sys.argv[2] == "toolchain" else m[sys.argv[2]])' "$1/gdx_sdk/programs/manifest.json" "$2"; }
if [ "$(of "$copy" sources)" != "$(of . sources)" ]; then
  echo "the committed programs were built from other sources: run make programs" >&2
  exit 1
fi
if [ "$(of "$copy" toolchain)" = "$(of . toolchain)" ]; then
  for program in gdx_sdk/programs/*.so; do cmp "$program" "$copy/gdx_sdk/programs/$(basename "$program")"; done
  echo "five programs rebuilt in another directory: byte-equal to the committed ones"
else
  echo "ANOTHER TOOLCHAIN than the one that built the committed programs: bytes not compared, testing the new build"
  GDX_PROGRAMS="$copy/gdx_sdk/programs" .venv/bin/python -m pytest -q -n 2 tests/programs
fi
