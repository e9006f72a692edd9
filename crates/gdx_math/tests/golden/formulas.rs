use gdx_math::{
    band::{OpeningBand, PriceRange},
    fees::{fee, notional, value},
    funding::{funding_index_step, funding_rate, premium},
    liquidation::{liquidation_fee, liquidation_size, Terms},
    margin::{
        entry_price, equity, initial_requirement, is_liquidatable, liquidation_price,
        maintenance_requirement,
    },
    money::{settling_payout, unpaid_funding, unpaid_loss},
    statistics::weighted_mean,
};
use gdx_units::{Atoms, Bps, Ppm, PriceE6, RateE9, SizeE8};

use crate::vectors::{cases, ledger, number, parse, position};

#[test]
fn fees_json() {
    for case in cases("fees.json") {
        let worth = notional(
            PriceE6(number(&case, "price_e6")),
            SizeE8(number(&case, "size_e8")),
        );
        assert_eq!(worth, Ok(Atoms(number(&case, "notional_atoms"))), "{case}");
        let charged = fee(worth.unwrap(), Ppm(number(&case, "ppm")));
        assert_eq!(charged, Ok(Atoms(number(&case, "fee_atoms"))), "{case}");
    }
}

#[test]
fn funding_json() {
    for case in cases("funding.json") {
        let index = PriceE6(number(&case, "index_price_e6"));
        let ahead = premium(PriceE6(number(&case, "mark_price_e6")), index).unwrap();
        assert_eq!(ahead, RateE9(number(&case, "premium_e9")), "{case}");
        let rate = funding_rate(ahead, RateE9(number(&case, "max_rate_e9")));
        assert_eq!(rate, RateE9(number(&case, "rate_e9")), "{case}");
        let step = funding_index_step(rate, index).unwrap();
        assert_eq!(step.0, number::<i64>(&case, "index_step"), "{case}");
    }
}

#[test]
fn premium_json() {
    for case in cases("premium.json") {
        let (mut sum, mut weight) = (0i64, 0u64);
        for sample in case["samples"].as_array().unwrap() {
            let seconds: u64 = parse(&sample[1], "seconds");
            sum += parse::<i64>(&sample[0], "premium") * seconds as i64;
            weight += seconds;
        }
        let mean = weighted_mean(sum, weight).map(|mean| mean.unwrap());
        let expected = case["premium_e9"]
            .as_str()
            .map(|_| number(&case, "premium_e9"));
        assert_eq!(mean, expected, "{case}");
    }
}

#[test]
fn margin_json() {
    for case in cases("margin.json") {
        let (position, ledger) = (position(&case["position"]), ledger(&case["market"]));
        let (price, size) = (PriceE6(number(&case, "price_e6")), SizeE8(position.size_e8));
        let maintenance = Bps(number(&case, "maintenance_ratio_bps"));
        let at_stake = notional(price, size).unwrap();
        let initial = Bps(number(&case, "initial_ratio_bps"));
        let computed = [
            ("value_atoms", value(size, price)),
            ("unpaid_funding_atoms", unpaid_funding(&position, &ledger)),
            ("unpaid_loss_atoms", unpaid_loss(&position, &ledger)),
            ("equity_atoms", equity(&position, &ledger, price)),
            (
                "initial_requirement_atoms",
                initial_requirement(at_stake, number(&case, "leverage"), initial),
            ),
            (
                "maintenance_requirement_atoms",
                maintenance_requirement(at_stake, maintenance),
            ),
        ];
        for (field, atoms) in computed {
            assert_eq!(atoms, Ok(Atoms(number(&case, field))), "{field} of {case}");
        }
        let is_due = is_liquidatable(&position, &ledger, price, maintenance).unwrap();
        assert_eq!(is_due, case["is_liquidatable"].as_bool().unwrap(), "{case}");
        let announced = liquidation_price(&position, maintenance).unwrap();
        assert_eq!(
            announced.0,
            number::<u64>(&case, "liquidation_price_e6"),
            "{case}"
        );
        assert_eq!(
            entry_price(&position).0,
            number::<u64>(&case, "entry_price_e6"),
            "{case}"
        );
    }
}

#[test]
fn liquidation_json() {
    for case in cases("liquidation.json") {
        let (position, ledger) = (position(&case["position"]), ledger(&case["market"]));
        let (price, rate) = (
            PriceE6(number(&case, "price_e6")),
            Ppm(number(&case, "fee_ppm")),
        );
        let terms = Terms {
            initial_ratio: Bps(number(&case, "initial_ratio_bps")),
            fee: rate,
            min_size: SizeE8(number(&case, "min_size_e8")),
        };
        let size = liquidation_size(&position, &ledger, price, terms).unwrap();
        assert_eq!(size, SizeE8(number(&case, "size_e8")), "{case}");
        let worth = notional(price, size).unwrap();
        assert_eq!(worth, Atoms(number(&case, "notional_atoms")), "{case}");
        let left = Atoms(number(&case, "collateral_after_close_atoms"));
        let equity = Atoms(number(&case, "equity_after_close_atoms"));
        let earned = liquidation_fee(worth, rate, left, equity);
        assert_eq!(earned, Ok(Atoms(number(&case, "fee_atoms"))), "{case}");
    }
}

#[test]
fn band_json() {
    for case in cases("band.json") {
        let low = PriceE6(number(&case, "low_e6"));
        let range = PriceRange {
            low,
            high: PriceE6(number(&case, "high_e6")),
        };
        let size = SizeE8(number(&case, "size_delta_e8"));
        let quote = Atoms(number(&case, "quote_delta_atoms"));
        let band = Bps(number(&case, "band_bps"));
        let deviation = range.deviation(size, quote).unwrap();
        assert_eq!(
            deviation.total,
            Atoms(number(&case, "deviation_atoms")),
            "{case}"
        );
        assert_eq!(
            deviation.lost,
            Atoms(number(&case, "slippage_loss_atoms")),
            "{case}"
        );
        let is_within = deviation.is_within(Atoms(number(&case, "turnover_atoms")), band);
        assert_eq!(
            is_within,
            case["is_within_band"].as_bool().unwrap(),
            "{case}"
        );
        let opened = OpeningBand::new(low, band)
            .unwrap()
            .opened_quote(size, quote);
        assert_eq!(
            opened,
            Ok(Atoms(number(&case, "net_fill_quote_atoms"))),
            "{case}"
        );
    }
}

#[test]
fn settling_json() {
    for case in cases("settling.json") {
        let read = |field: &str| -> Vec<i64> {
            case[field]
                .as_array()
                .unwrap()
                .iter()
                .map(|value| parse(value, field))
                .collect()
        };
        let collateral = read("collateral_atoms");
        let (sum, locked) = (
            Atoms(collateral.iter().sum()),
            Atoms(number(&case, "locked_atoms")),
        );
        for (held, expected) in collateral.iter().zip(read("payout_atoms")) {
            assert_eq!(
                settling_payout(Atoms(*held), sum, locked),
                Ok(Atoms(expected)),
                "{case}"
            );
        }
    }
}
