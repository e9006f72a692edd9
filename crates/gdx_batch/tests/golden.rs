//! The batch formats against the golden vectors that the Python SDK is tested with as well.

use gdx_batch::{leaf, merkle_root, verify_proof, Fill, Hash, Header, Nets, Trades};
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let json: Value = serde_json::from_str(&text).unwrap();
    json["cases"].as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} of {value}"))
}

fn number<T: std::str::FromStr>(value: &Value, field: &str) -> T {
    text(value, field)
        .parse()
        .unwrap_or_else(|_| panic!("{field} of {value}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn hash(hex: &str) -> Hash {
    bytes(hex).try_into().unwrap()
}

fn hashes(value: &Value) -> Vec<Hash> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|hex| hash(hex.as_str().unwrap()))
        .collect()
}

#[test]
fn roots_and_proofs_of_merkle_json() {
    for case in cases("merkle.json") {
        let leaves = hashes(&case["leaves"]);
        let root = merkle_root(&mut leaves.clone());
        assert_eq!(root, hash(text(&case, "root")));
        for (index, proof) in case["proofs"].as_array().unwrap().iter().enumerate() {
            let siblings = hashes(proof);
            assert!(verify_proof(
                &leaves[index],
                index,
                leaves.len(),
                &siblings,
                &root
            ));
            assert!(!verify_proof(
                &[7; 32],
                index,
                leaves.len(),
                &siblings,
                &root
            ));
        }
    }
}

fn fill<'a>(trade: &Value, market: &'a Hash, taker: &'a Hash, maker: &'a Hash) -> Fill<'a> {
    let is_selling = text(trade, "taker_side") == "sell";
    let (taker_fee, maker_fee) = (
        number(trade, "taker_fee_atoms"),
        number(trade, "maker_fee_atoms"),
    );
    let (buyer, seller) = if is_selling {
        (maker, taker)
    } else {
        (taker, maker)
    };
    let (buyer_fee_atoms, seller_fee_atoms) = if is_selling {
        (maker_fee, taker_fee)
    } else {
        (taker_fee, maker_fee)
    };
    Fill {
        trade_id: number(trade, "trade_id"),
        market,
        buyer,
        seller,
        price_e6: number(trade, "price_e6"),
        size_e8: number(trade, "size_e8"),
        buyer_fee_atoms,
        seller_fee_atoms,
        executed_at_ms: number(trade, "executed_at_ms"),
    }
}

fn check_header(case: &Value, header: &Header<'_>) {
    assert_eq!(u64::from(header.version), case["version"].as_u64().unwrap());
    assert_eq!(header.sequence, number::<u64>(case, "sequence"));
    assert_eq!(*header.previous_id, hash(text(case, "previous_id")));
    assert_eq!(header.relayer_epoch, number::<u32>(case, "relayer_epoch"));
    let market = hash(text(case, "market"));
    assert_eq!(header.batch_id(&market), hash(text(case, "batch_id")));
    let trades = case["trades"].as_array().unwrap();
    let mut leaves: Vec<Hash> = trades
        .iter()
        .map(|trade| {
            let (taker, maker) = (hash(text(trade, "taker")), hash(text(trade, "maker")));
            let hashed = leaf(&fill(trade, &market, &taker, &maker));
            assert_eq!(hashed, hash(text(trade, "leaf")));
            hashed
        })
        .collect();
    assert_eq!(merkle_root(&mut leaves), *header.merkle_root);
}

#[test]
fn trades_of_batch_v1_json() {
    for case in cases("batch_v1.json")
        .iter()
        .chain(&cases("batch_ids.json"))
    {
        let data = bytes(text(case, "data"));
        let header = Header::read(&data).unwrap();
        check_header(case, &header);
        if header.version != 1 {
            continue;
        }
        let positions = hashes(&case["positions"]);
        let mut entries = Trades::new(&header, positions.len());
        for trade in case["trades"].as_array().unwrap() {
            let entry = entries.read_next().unwrap().unwrap();
            assert_eq!(entry.trade_id, number::<u64>(trade, "trade_id"));
            assert_eq!(
                positions[usize::from(entry.taker)],
                hash(text(trade, "taker"))
            );
            assert_eq!(
                positions[usize::from(entry.maker)],
                hash(text(trade, "maker"))
            );
            assert_eq!(entry.is_taker_selling, text(trade, "taker_side") == "sell");
            assert_eq!(entry.price_e6, number::<u64>(trade, "price_e6"));
            assert_eq!(entry.size_e8, number::<i64>(trade, "size_e8"));
            assert_eq!(entry.executed_at_ms, number::<u64>(trade, "executed_at_ms"));
        }
        assert_eq!(entries.read_next(), Ok(None));
    }
}

#[test]
fn nets_of_batch_v2_json() {
    for case in cases("batch_v2.json") {
        let data = bytes(text(&case, "data"));
        let header = Header::read(&data).unwrap();
        check_header(&case, &header);
        let mut entries = Nets::new(&header);
        for position in hashes(&case["positions"]) {
            let entry = entries.read_next().unwrap();
            let (mut size, mut quote, mut fee, mut turnover, mut fills) =
                (0i64, 0i64, 0i64, 0i64, 0u64);
            for trade in case["trades"].as_array().unwrap() {
                let notional = (number::<u128>(trade, "price_e6")
                    * number::<u128>(trade, "size_e8")
                    / 100_000_000) as i64;
                for (party, sells_as) in [("taker", "sell"), ("maker", "buy")] {
                    if hash(text(trade, party)) != position {
                        continue;
                    }
                    let sign = if text(trade, "taker_side") == sells_as {
                        -1
                    } else {
                        1
                    };
                    size += sign * number::<i64>(trade, "size_e8");
                    quote += sign * notional;
                    fee += number::<i64>(trade, &format!("{party}_fee_atoms"));
                    turnover += notional;
                    fills += 1;
                }
            }
            let read = (
                entry.size_delta_e8,
                entry.quote_delta_atoms,
                entry.fee_atoms,
            );
            assert_eq!(read, (size, quote, fee));
            assert_eq!((entry.turnover_atoms, entry.fill_count), (turnover, fills));
        }
        assert_eq!(entries.finish(), Ok(()));
    }
}

#[test]
fn everything_in_batch_refused_json_is_refused() {
    for case in cases("batch_refused.json") {
        let data = bytes(text(&case, "data"));
        let positions = hashes(&case["positions"]);
        let is_ascending = positions.windows(2).all(|pair| pair[0] < pair[1]);
        let is_accepted = is_ascending && is_readable(&data, positions.len());
        assert!(!is_accepted, "{}", text(&case, "why"));
    }
}

fn is_readable(data: &[u8], positions: usize) -> bool {
    let Ok(header) = Header::read(data) else {
        return false;
    };
    if header.version == 2 {
        return is_readable_and_balanced(&header, positions);
    }
    let mut used = vec![false; positions];
    let mut trades = Trades::new(&header, positions);
    loop {
        match trades.read_next() {
            Ok(Some(trade)) => {
                used[usize::from(trade.taker)] = true;
                used[usize::from(trade.maker)] = true;
            }
            Ok(None) => return used.iter().all(|used| *used),
            Err(_) => return false,
        }
    }
}

/// Sizes and quotes of a V2 batch sum to 0, its fees to at least 0.
fn is_readable_and_balanced(header: &Header<'_>, positions: usize) -> bool {
    let mut entries = Nets::new(header);
    let (mut size, mut quote, mut fee) = (0i128, 0i128, 0i128);
    for _ in 0..positions {
        let Ok(entry) = entries.read_next() else {
            return false;
        };
        size += i128::from(entry.size_delta_e8);
        quote += i128::from(entry.quote_delta_atoms);
        fee += i128::from(entry.fee_atoms);
    }
    entries.finish().is_ok() && size == 0 && quote == 0 && fee >= 0
}
