//! The withdrawal limiter against the golden vectors that the SDK and the compiled program are tested with.

use collateral_vault::state::{WithdrawLimit, WithdrawLimiter};
use serde_json::Value;

fn number<T: std::str::FromStr>(value: &Value, field: &str) -> T {
    let text = value[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {value}"));
    text.parse().unwrap_or_else(|_| panic!("{field}: {text}"))
}

fn outflow(limiter: &WithdrawLimiter) -> (i64, i64) {
    (limiter.window_start_ts, limiter.window_net_atoms)
}

fn expected(value: &Value) -> (i64, i64) {
    (
        number(value, "updated_ts"),
        number(value, "net_outflow_atoms"),
    )
}

#[test]
fn limiter_json() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/limiter.json"
    );
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in json["cases"].as_array().unwrap() {
        let limit = WithdrawLimit {
            limit_atoms: number(case, "limit_atoms"),
            user_minimum_atoms: 0,
            window_seconds: number(case, "window_s"),
        };
        let mut limiter = WithdrawLimiter {
            current: limit,
            window_start_ts: number(&case["start"], "updated_ts"),
            ..WithdrawLimiter::default()
        };
        for step in case["steps"].as_array().unwrap() {
            let (amount, now_ts) = (number(step, "amount_atoms"), number(step, "ts"));
            let mut after = limiter;
            let result = if step["op"] == "deposit" {
                after.count_deposit(amount, now_ts);
                Ok(())
            } else {
                after.count_withdrawal(amount, amount, now_ts)
            };
            assert_eq!(Some(result.is_ok()), step["is_allowed"].as_bool(), "{step}");
            // What is refused leaves the account as it was.
            if result.is_ok() {
                limiter = after;
            }
            assert_eq!(outflow(&limiter), expected(&step["after"]), "{step}");
        }
    }
}
