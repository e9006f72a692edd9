use gdx_math::{
    margin::covers_initial,
    money::{
        cover_from_accrued, move_collateral, resolve_bankruptcy, settle_overdraft, touch, Side,
    },
    net_outflow::NetOutflow,
    statistics::{aggregate, ema_e6, Quote},
};
use gdx_units::{Atoms, Bps, PriceE6};

use crate::vectors::{cases, ledger, number, parse, position};

#[test]
fn shortfall_json() {
    for case in cases("shortfall.json") {
        let bankrupt = if case["bankrupt_side"] == "short" {
            Side::Short
        } else {
            Side::Long
        };
        let mut books = ledger(&case["market"]);
        let insurance: i64 = number(&case["market"], "insurance_atoms");
        cover_from_accrued(&mut books, bankrupt).unwrap();
        let insured = resolve_bankruptcy(&mut books, bankrupt, Atoms(insurance)).unwrap();
        assert_eq!(books, ledger(&case["after"]), "{case}");
        let left: i64 = number(&case["after"], "insurance_atoms");
        assert_eq!(insurance - insured.0, left, "{case}");
    }
}

#[test]
fn release_json() {
    for case in cases("release.json") {
        let (mut held, mut books) = (position(&case["position"]), ledger(&case["market"]));
        touch(&mut held, &mut books).unwrap();
        settle_overdraft(&mut held, &mut books, None).unwrap();
        assert_eq!(held, position(&case["touched"]), "{case}");
        let (price, amount) = (
            PriceE6(number(&case, "price_e6")),
            number::<i64>(&case, "amount_atoms"),
        );
        let (leverage, ratio) = (
            number(&case, "leverage"),
            Bps(number(&case, "initial_ratio_bps")),
        );
        let mut rest = held;
        move_collateral(&mut rest, &mut books, Atoms(-amount)).unwrap();
        let is_free = held.size_e8 == 0 || amount == 0;
        let found = if rest.collateral_atoms < 0 {
            "collateral"
        } else if is_free || covers_initial(&rest, price, leverage, ratio).unwrap() {
            "ok"
        } else {
            "margin"
        };
        assert_eq!(found, case["outcome"].as_str().unwrap(), "{case}");
    }
}

#[test]
fn oracle_json() {
    for case in cases("oracle.json") {
        let published = case["quotes"].as_array().unwrap().iter();
        let mut quotes: Vec<Quote> = published
            .map(|quote| Quote {
                price_e6: parse(&quote[0], "price"),
                confidence_e6: parse(&quote[1], "confidence"),
            })
            .collect();
        let expected = Quote {
            price_e6: number(&case, "price_e6"),
            confidence_e6: number(&case, "confidence_e6"),
        };
        assert_eq!(aggregate(&mut quotes), Some(expected), "{case}");
        let average = ema_e6(
            number(&case, "previous_average_e9"),
            expected.price_e6 * 1_000,
            number(&case, "elapsed_s"),
            number(&case, "period_s"),
        );
        assert_eq!(average, Ok(number(&case, "average_e9")), "{case}");
    }
}

#[test]
fn limiter_json() {
    let outflow = |value: &serde_json::Value| NetOutflow {
        net_atoms: number(value, "net_outflow_atoms"),
        updated_ts: number(value, "updated_ts"),
    };
    for case in cases("limiter.json") {
        let (limit, window_s) = (
            number::<u64>(&case, "limit_atoms"),
            number(&case, "window_s"),
        );
        let mut stored = outflow(&case["start"]);
        for step in case["steps"].as_array().unwrap() {
            let (now, amount) = (
                stored.decayed(number(step, "ts"), window_s),
                number(step, "amount_atoms"),
            );
            let is_deposit = step["op"] == "deposit";
            let after = if is_deposit {
                now.deposited(amount)
            } else {
                now.withdrawn(amount)
            };
            let is_allowed = is_deposit || limit == 0 || after.is_within(limit);
            assert_eq!(step["is_allowed"], is_allowed, "{step}");
            if is_allowed {
                stored = after;
            }
            assert_eq!(stored, outflow(&step["after"]), "{step}");
        }
    }
}
