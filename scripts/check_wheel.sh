#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment away from the sources and runs the demo from there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir "$work" .
.venv/bin/python -m venv "$work/venv"
wheel=$(ls "$work"/gdx-*.whl)
"$work/venv/bin/python" -m pip install --quiet -c requirements.lock "$wheel[keepers,localnet,matcher,fast]"
cd "$work"
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
print("wheel: demo proven with", report["trades"], "trades")
P
