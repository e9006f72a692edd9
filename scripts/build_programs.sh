#!/usr/bin/env bash
# Builds the five programs into gdx_sdk/programs/ and writes their manifest. Works from any directory.
#
# GDX_SBF  folder that holds cargo-build-sbf, put first on PATH; without it the one on PATH is used.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
if [ -n "${GDX_SBF:-}" ]; then
  PATH=$GDX_SBF:$PATH
fi
builder=$(command -v cargo-build-sbf) || {
  echo "build_programs: no cargo-build-sbf on PATH; install Solana's tools or set GDX_SBF to the folder that holds one" >&2
  exit 1
}
programs=(collateral_vault ephemeral_vault funding_rate oracle position_mgmt)
built=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$built" "$log"' EXIT
# Features are unified over everything that is built together: one call per program, so that each is built as it is
# when built alone, with an entry point of its own only.
for program in "${programs[@]}"; do
  "$builder" build-sbf --manifest-path "programs/$program/Cargo.toml" --sbf-out-dir "$built" -- --locked 2>&1 | tee -a "$log"
done
if grep -q 'stack frame over 4096 bytes' "$log"; then
  echo "build_programs: a stack frame is over 4096 bytes and would fault (see above)" >&2
  exit 1
fi
for program in "${programs[@]}"; do
  cp "$built/$program.so" "gdx_sdk/programs/$program.so"
done
python3 scripts/write_manifest.py "$builder" "${programs[@]}"
