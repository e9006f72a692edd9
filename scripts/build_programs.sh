#!/usr/bin/env bash
# Builds the five programs into OUT (default gdx_sdk/programs) and writes OUT/manifest.json.
#   usage: build_programs.sh [OUT]
# Needs `cargo build-sbf`; GDX_SBF=folder puts one first on PATH.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-$root/gdx_sdk/programs}
[ -z "${GDX_SBF:-}" ] || export PATH="$GDX_SBF:$PATH"
command -v cargo-build-sbf >/dev/null || {
  echo "cargo-build-sbf is not on PATH: install Solana's tools, or name a folder that has it in GDX_SBF" >&2
  exit 1
}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mkdir -p "$out"
for program in collateral_vault ephemeral_vault oracle funding_rate position_mgmt; do
  cargo-build-sbf --manifest-path "$root/programs/$program/Cargo.toml" --sbf-out-dir "$build" -- --locked
done
mv "$build"/*.so "$out/"
python3 "$root/scripts/programs_manifest.py" "$root" "$out"
