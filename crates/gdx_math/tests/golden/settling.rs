use gdx_math::money::{
    close_at, open_payouts, pay_out, settle_overdraft, touch, Payouts, Position, Side,
};
use gdx_units::{Atoms, PriceE6};
use serde_json::Value;

use crate::vectors::{cases, ledger, number, position};

fn steps<'a>(case: &'a Value, field: &str) -> &'a Vec<Value> {
    case[field].as_array().unwrap()
}

#[test]
fn settled_markets_json() {
    for case in cases("settled_markets.json") {
        let mut books = ledger(&case["market"]);
        let mut positions: Vec<Position> = steps(&case, "positions").iter().map(position).collect();
        let atoms = |value: &Value, field: &str| Atoms(number(value, field));
        let mut locked = atoms(&case["market"], "locked_atoms");
        for step in steps(&case, "closed") {
            let held = &mut positions[number::<usize>(step, "who")];
            let side = Side::of(held.size_e8);
            touch(held, &mut books).unwrap();
            let worth = close_at(held, &mut books, PriceE6(number(&case, "price_e6"))).unwrap();
            settle_overdraft(held, &mut books, side).unwrap();
            assert_eq!(worth, atoms(step, "worth_atoms"), "{case}");
            assert_eq!(*held, position(&step["position"]), "{case}");
            assert_eq!(books, ledger(&step["market"]), "{case}");
        }
        let imbalance = atoms(&case, "imbalance_atoms");
        let expected = locked.checked_add(imbalance).unwrap();
        assert_eq!(books.book_value(), Ok(expected), "{case}");

        let insurance = atoms(&case["market"], "insurance_atoms");
        let payouts = open_payouts(&mut books, locked, insurance).unwrap();
        let shared = Payouts {
            claims: atoms(&case, "claims_atoms"),
            payable: atoms(&case, "payable_atoms"),
            drawn: atoms(&case, "drawn_atoms"),
        };
        assert_eq!(payouts, shared, "{case}");
        assert_eq!(books, ledger(&case["opened_market"]), "{case}");
        locked = locked.checked_add(payouts.drawn).unwrap();
        for step in steps(&case, "paid") {
            let held = &mut positions[number::<usize>(step, "who")];
            let paid = pay_out(held, &mut books, &payouts).unwrap();
            locked = locked.checked_sub(paid).unwrap();
            assert_eq!(paid, atoms(step, "paid_atoms"), "{case}");
            assert_eq!(books, ledger(&step["market"]), "{case}");
            assert_eq!(books.book_value(), Ok(locked), "{case}");
        }
    }
}
