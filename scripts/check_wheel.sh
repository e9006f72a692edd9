#!/usr/bin/env bash
# Builds the sdist and from it the wheel, installs that into an empty environment away from the sources, and runs
# there what the README shows: the twenty lines, type-checked and run, and the demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; exit 1; }
.venv/bin/python -m venv "$work/venv"
wheel=$(ls "$work"/dist/gdx-*.whl)
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c requirements.lock "$wheel[keepers,localnet,matcher,fast]" mypy
sed -n '/^```python$/,/^```$/{/^```/!p}' README.md >"$work/quick_start.py"
cd "$work"
venv/bin/python quick_start.py | tee quick_start.txt
grep -qx '250.5 USDT free' quick_start.txt
venv/bin/python -m mypy --strict quick_start.py
# The generator is for any Anchor project: here one that has nothing but the wheel.
mkdir shop
cp "$root/tests/sdk/idlgen/idls/features.json" shop/
(cd shop && ../venv/bin/gdx idl generate features.json -o clients && touch clients/__init__.py && ../venv/bin/python -m mypy --strict clients)
(cd shop && ../venv/bin/python -c "from clients.features import accounts, instructions, PROGRAM_ID; print('a generated client of', PROGRAM_ID)")
venv/bin/gdx demo --json --trades 60 >demo.json
venv/bin/python - "$root" <<'P'
import json
import pathlib
import sys

import gdx_sdk

source = pathlib.Path(gdx_sdk.__file__).resolve()
assert not source.is_relative_to(sys.argv[1]), f"imported from the sources: {source}"
report = json.loads(pathlib.Path("demo.json").read_text())
assert report["proofs"] and all(report["proofs"].values()), report["proofs"]
print("sdist and wheel: quick start ran, demo proven with", report["trades"], "trades")
P
