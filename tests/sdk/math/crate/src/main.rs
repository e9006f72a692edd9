//! Reads `function argument …` per line and answers with the result, or with `ERR` and the error.

use std::io::{BufRead, Write};

use gdx_math::{
    band::*, fees::*, funding::*, liquidation::*, margin::*, money::*, net_outflow::NetOutflow,
    statistics::*, MathError,
};
use gdx_units::*;

type Answer = Result<String, MathError>;

/// The arguments of one question; functions of a position and a ledger begin with their fields.
struct Arguments(Vec<i128>);

impl Arguments {
    fn i(&self, at: usize) -> i64 {
        self.0[at] as i64
    }

    fn u(&self, at: usize) -> u64 {
        self.0[at] as u64
    }

    fn bps(&self, at: usize) -> Bps {
        Bps(self.0[at] as u16)
    }

    fn side(&self, at: usize) -> Option<Side> {
        Side::of(self.i(at))
    }

    fn position(&self) -> Position {
        Position {
            size_e8: self.i(0),
            cost_atoms: self.i(1),
            collateral_atoms: self.i(2),
            funding_index: self.i(3),
            loss_index: self.i(4),
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger {
            funding_index: self.i(5),
            long_loss_index: self.i(6),
            short_loss_index: self.i(7),
            long_interest_e8: self.i(8),
            short_interest_e8: self.i(9),
            collateral_sum_atoms: self.i(10),
            cost_sum_atoms: self.i(11),
            accrued_fees_atoms: self.i(12),
            accrued_insurance_atoms: self.i(13),
            funding_pool_atoms: self.i(14),
            outstanding_loss_atoms: self.i(15),
            long_shortfall_atoms: self.i(16),
            short_shortfall_atoms: self.i(17),
        }
    }
}

fn shown(p: &Position, l: &Ledger) -> String {
    let fields = [
        p.size_e8,
        p.cost_atoms,
        p.collateral_atoms,
        p.funding_index,
        p.loss_index,
        l.funding_index,
        l.long_loss_index,
        l.short_loss_index,
        l.long_interest_e8,
        l.short_interest_e8,
        l.collateral_sum_atoms,
        l.cost_sum_atoms,
        l.accrued_fees_atoms,
        l.accrued_insurance_atoms,
        l.funding_pool_atoms,
        l.outstanding_loss_atoms,
        l.long_shortfall_atoms,
        l.short_shortfall_atoms,
    ];
    fields.map(|field| field.to_string()).join(" ")
}

fn outflow(n: NetOutflow) -> String {
    format!("{} {}", n.net_atoms, n.updated_ts)
}

fn plain(function: &str, a: &Arguments) -> Answer {
    let outflow_at = || {
        let start = NetOutflow {
            net_atoms: a.i(0),
            updated_ts: a.i(1),
        };
        start.decayed(a.i(2), a.u(3))
    };
    Ok(match function {
        "notional" => notional(PriceE6(a.u(0)), SizeE8(a.i(1)))?.0.to_string(),
        "value" => value(SizeE8(a.i(0)), PriceE6(a.u(1)))?.0.to_string(),
        "fee" => fee(Atoms(a.i(0)), Ppm(a.i(1) as i32))?.0.to_string(),
        "premium" => premium(PriceE6(a.u(0)), PriceE6(a.u(1)))?.0.to_string(),
        "rate" => funding_rate(RateE9(a.i(0)), RateE9(a.i(1))).0.to_string(),
        "step" => funding_index_step(RateE9(a.i(0)), PriceE6(a.u(1)))?
            .0
            .to_string(),
        "initial" => initial_requirement(Atoms(a.i(0)), a.u(1) as u16, a.bps(2))?
            .0
            .to_string(),
        "maintenance" => maintenance_requirement(Atoms(a.i(0)), a.bps(1))?
            .0
            .to_string(),
        "liquidation_fee" => {
            let rate = Ppm(a.i(1) as i32);
            liquidation_fee(Atoms(a.i(0)), rate, Atoms(a.i(2)), Atoms(a.i(3)))?
                .0
                .to_string()
        }
        "average" => ema_e6(a.u(0), a.u(1), a.u(2), a.u(3))?.to_string(),
        "payout" => settling_payout(Atoms(a.i(0)), Atoms(a.i(1)), Atoms(a.i(2)))?
            .0
            .to_string(),
        "deviation" => {
            let range = PriceRange {
                low: PriceE6(a.u(2)),
                high: PriceE6(a.u(3)),
            };
            let found = range.deviation(SizeE8(a.i(0)), Atoms(a.i(1)))?;
            format!("{} {}", found.total.0, found.lost.0)
        }
        "within" => {
            let deviation = Deviation {
                total: Atoms(a.i(0)),
                lost: Atoms(0),
            };
            deviation.is_within(Atoms(a.i(1)), a.bps(2)).to_string()
        }
        "opened" => {
            let band = OpeningBand::new(PriceE6(a.u(2)), a.bps(3))?;
            band.opened_quote(SizeE8(a.i(0)), Atoms(a.i(1)))?
                .0
                .to_string()
        }
        "decayed" => outflow(outflow_at()),
        "deposited" => outflow(outflow_at().deposited(a.u(4))),
        "withdrawn" => outflow(outflow_at().withdrawn(a.u(4))),
        _ => return on_position(function, a),
    })
}

fn on_position(function: &str, a: &Arguments) -> Answer {
    let p = a.position();
    if function == "liquidation_price" {
        return Ok(liquidation_price(&p, a.bps(5))?.0.to_string());
    }
    if function == "entry_price" {
        return Ok(entry_price(&p).0.to_string());
    }
    let l = a.ledger();
    Ok(match function {
        "equity" => equity(&p, &l, PriceE6(a.u(18)))?.0.to_string(),
        "unpaid_funding" => unpaid_funding(&p, &l)?.0.to_string(),
        "unpaid_loss" => unpaid_loss(&p, &l)?.0.to_string(),
        "is_liquidatable" => is_liquidatable(&p, &l, PriceE6(a.u(18)), a.bps(19))?.to_string(),
        "liquidation_size" => {
            let terms = Terms {
                initial_ratio: a.bps(19),
                fee: Ppm(a.i(20) as i32),
                min_size: SizeE8(a.i(21)),
            };
            liquidation_size(&p, &l, PriceE6(a.u(18)), terms)?
                .0
                .to_string()
        }
        _ => return changed(function, a, p, l),
    })
}

fn changed(function: &str, a: &Arguments, mut p: Position, mut l: Ledger) -> Answer {
    let amount = |at: usize| Atoms(a.i(at));
    let mut more = Vec::new();
    match function {
        "touch" => drop(touch(&mut p, &mut l)?),
        "fill" => drop(fill(&mut p, &mut l, SizeE8(a.i(18)), amount(19))?),
        "net_fill" => {
            let band = OpeningBand::new(PriceE6(a.u(20)), a.bps(21))?;
            net_fill(&mut p, &mut l, SizeE8(a.i(18)), amount(19), band)?;
        }
        "charge_fee" => charge_fee(&mut p, &mut l, amount(18))?,
        "charge_insurance" => charge_insurance(&mut p, &mut l, amount(18))?,
        "settle_overdraft" => settle_overdraft(&mut p, &mut l, a.side(18))?,
        "add_collateral" => move_collateral(&mut p, &mut l, amount(18))?,
        "resolve_bankruptcy" => {
            let side = a.side(18).expect("a side");
            more.push(resolve_bankruptcy(&mut l, side, amount(19))?.0);
        }
        "cover_from_accrued" => drop(cover_from_accrued(&mut l, a.side(18).expect("a side"))?),
        "open_payouts" => {
            let found = open_payouts(&mut l, amount(18), amount(19))?;
            more.extend([found.claims.0, found.payable.0, found.drawn.0]);
        }
        "settle" => {
            let side = Side::of(p.size_e8);
            touch(&mut p, &mut l)?;
            more.push(close_at(&mut p, &mut l, PriceE6(a.u(18)))?.0);
            settle_overdraft(&mut p, &mut l, side)?;
        }
        "pay" => {
            let payouts = Payouts {
                claims: amount(18),
                payable: amount(19),
                drawn: Atoms(0),
            };
            more.push(pay_out(&mut p, &mut l, &payouts)?.0);
        }
        _ => panic!("no function {function}"),
    }
    let more: String = more.iter().map(|value| format!(" {value}")).collect();
    Ok(shown(&p, &l) + &more)
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let function = words.next().unwrap_or_default();
        let arguments = Arguments(
            words
                .map(|word| word.parse().expect("an integer"))
                .collect(),
        );
        match plain(function, &arguments) {
            Ok(answer) => writeln!(out, "{answer}")?,
            Err(error) => writeln!(out, "ERR {error:?}")?,
        }
    }
    Ok(())
}
