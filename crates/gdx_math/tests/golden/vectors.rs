//! Reading the vectors: every quantity is a decimal string.

use gdx_math::money::{Ledger, Position};
use serde_json::Value;

pub fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let json: Value = serde_json::from_str(&text).unwrap();
    json["cases"].as_array().unwrap().clone()
}

pub fn number<T: std::str::FromStr>(value: &Value, field: &str) -> T {
    parse(&value[field], field)
}

pub fn parse<T: std::str::FromStr>(value: &Value, what: &str) -> T {
    let text = value.as_str().unwrap_or_else(|| panic!("{what}: {value}"));
    text.parse().unwrap_or_else(|_| panic!("{what}: {text}"))
}

pub fn position(value: &Value) -> Position {
    Position {
        size_e8: number(value, "size_e8"),
        cost_atoms: number(value, "cost_atoms"),
        collateral_atoms: number(value, "collateral_atoms"),
        funding_index: number(value, "funding_index"),
        loss_index: number(value, "loss_index"),
    }
}

pub fn ledger(value: &Value) -> Ledger {
    Ledger {
        funding_index: number(value, "funding_index"),
        long_loss_index: number(value, "long_loss_index"),
        short_loss_index: number(value, "short_loss_index"),
        long_interest_e8: number(value, "long_interest_e8"),
        short_interest_e8: number(value, "short_interest_e8"),
        collateral_sum_atoms: number(value, "collateral_sum_atoms"),
        cost_sum_atoms: number(value, "cost_sum_atoms"),
        accrued_fees_atoms: number(value, "accrued_fees_atoms"),
        accrued_insurance_atoms: number(value, "accrued_insurance_atoms"),
        funding_pool_atoms: number(value, "funding_pool_atoms"),
        outstanding_loss_atoms: number(value, "outstanding_loss_atoms"),
        long_shortfall_atoms: number(value, "long_shortfall_atoms"),
        short_shortfall_atoms: number(value, "short_shortfall_atoms"),
    }
}
