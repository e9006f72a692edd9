#!/usr/bin/env bash
# Writes idl/<program>.json and the oracle action table from the sources. Needs Rust; works from any directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
cargo build --quiet --locked -p gdx_idl_build
target=$(cargo metadata --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')
"$target/debug/gdx_idl_build" --action-table gdx_sdk/programs/action_table.json
if [ $# -eq 0 ]; then
  set -- collateral_vault ephemeral_vault funding_rate oracle position_mgmt
fi
"$target/debug/gdx_idl_build" idl "${@/#/programs/}"
