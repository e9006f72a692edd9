use gdx_math::{
    band::OpeningBand,
    money::{
        charge_fee, charge_insurance, fill, move_collateral, net_fill, resolve_bankruptcy,
        settle_overdraft, touch, Ledger, Position, Side,
    },
};
use gdx_units::{Atoms, Bps, PriceE6, SizeE8};
use serde_json::Value;

use crate::vectors::{cases, ledger, number, position};

/// A market with what the vault holds of it.
struct World {
    positions: Vec<Position>,
    ledger: Ledger,
    locked_atoms: i64,
    insurance_atoms: i64,
}

#[test]
fn fills_json() {
    for case in cases("fills.json") {
        let start = &case["start"];
        let mut world = World {
            positions: start["positions"]
                .as_array()
                .unwrap()
                .iter()
                .map(position)
                .collect(),
            ledger: ledger(&start["market"]),
            locked_atoms: number(&start["market"], "locked_atoms"),
            insurance_atoms: number(&start["market"], "insurance_atoms"),
        };
        for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let name = format!("{} step {index}: {step}", case["name"]);
            world.run(step);
            assert_eq!(world.ledger, ledger(&step["market"]), "{name}");
            assert_eq!(
                world.locked_atoms,
                number::<i64>(&step["market"], "locked_atoms"),
                "{name}"
            );
            let insurance = number::<i64>(&step["market"], "insurance_atoms");
            assert_eq!(world.insurance_atoms, insurance, "{name}");
            if step["who"].is_string() {
                let who: usize = number(step, "who");
                assert_eq!(world.positions[who], position(&step["position"]), "{name}");
            }
        }
        assert_eq!(
            world.ledger.book_value(),
            Ok(Atoms(world.locked_atoms)),
            "{}",
            case["name"]
        );
    }
}

fn side(args: &Value, field: &str) -> Option<Side> {
    args[field].as_str().map(|name| {
        if name == "short" {
            Side::Short
        } else {
            Side::Long
        }
    })
}

impl World {
    fn run(&mut self, step: &Value) {
        let args = &step["args"];
        let op = step["op"].as_str().unwrap();
        if step["who"].is_string() {
            return self.run_position(number(step, "who"), op, args);
        }
        match op {
            "sweep_fees" => {
                let swept = self.ledger.accrued_fees_atoms.min(self.locked_atoms).max(0);
                self.ledger.accrued_fees_atoms -= swept;
                self.locked_atoms -= swept;
            }
            "resolve_bankruptcy" => {
                let bankrupt = side(args, "bankrupt_side").unwrap();
                let insurance = Atoms(self.insurance_atoms);
                let paid = resolve_bankruptcy(&mut self.ledger, bankrupt, insurance).unwrap();
                self.insurance_atoms -= paid.0;
                self.locked_atoms += paid.0;
            }
            "move_index" => self.ledger.funding_index += number::<i64>(args, "step"),
            _ => panic!("unknown operation {op}"),
        }
    }

    fn run_position(&mut self, who: usize, op: &str, args: &Value) {
        let (position, ledger) = (&mut self.positions[who], &mut self.ledger);
        let atoms = |field: &str| Atoms(number(args, field));
        match op {
            "add_collateral" => {
                move_collateral(position, ledger, atoms("amount")).unwrap();
                self.locked_atoms += atoms("amount").0;
            }
            "touch" => drop(touch(position, ledger).unwrap()),
            "fill" => {
                fill(position, ledger, SizeE8(number(args, "sd")), atoms("qd")).unwrap();
            }
            "net_fill" => {
                let reference = PriceE6(number(args, "ref_e6"));
                let band = OpeningBand::new(reference, Bps(number(args, "band_bps"))).unwrap();
                net_fill(
                    position,
                    ledger,
                    SizeE8(number(args, "sd")),
                    atoms("qd"),
                    band,
                )
                .unwrap();
            }
            "charge_fee" => charge_fee(position, ledger, atoms("amount")).unwrap(),
            "charge_insurance" => charge_insurance(position, ledger, atoms("amount")).unwrap(),
            "settle_overdraft" => {
                settle_overdraft(position, ledger, side(args, "closed_side")).unwrap();
            }
            _ => panic!("unknown operation {op}"),
        }
    }
}
