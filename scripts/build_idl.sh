#!/usr/bin/env bash
# Writes idl/<program>.json for the five programs and idl/action_table.json from their sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --locked -p gdx_idl_build
builder=${CARGO_TARGET_DIR:-target}/debug/gdx_idl_build
"$builder" idl programs/collateral_vault programs/ephemeral_vault programs/oracle programs/funding_rate programs/position_mgmt
"$builder" --action-table idl/action_table.json
