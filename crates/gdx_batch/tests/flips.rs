//! One bit changed, or bytes cut off: this crate refuses what the naive decoder refuses, for the same reason.

use gdx_batch::{BatchError, Header, Nets, Trades};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/batch_flips.json"
    );
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    json["cases"].as_array().unwrap().clone()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// Each sentence of this crate, and what the vectors call it.
const KINDS: [(&str, &str); 18] = [
    ("the batch is empty", "header"),
    ("the header is cut short", "header"),
    ("only flag bits 0 and 1 exist", "flags"),
    ("the first sequence is 1", "sequence"),
    (
        "the previous id must be zeros for sequence 1 and only then",
        "previous",
    ),
    (
        "the trade count must be 0 in a heartbeat and only there",
        "count",
    ),
    ("root and duration of a heartbeat must be 0", "heartbeat"),
    ("a heartbeat has no entries", "heartbeat"),
    ("the entries are cut short", "cut"),
    ("a varint must be in its shortest form", "long"),
    ("a varint must fit in u64", "large"),
    ("an amount must fit in i64", "amount"),
    ("taker and maker must index two of the positions", "parties"),
    ("a price must be positive and fit in i64", "price"),
    ("a size must be positive", "size"),
    ("trade ids must increase", "id"),
    ("a trade id or time does not fit in u64", "overflow"),
    ("a trade lies after the batch's last time", "window"),
];
const MORE_KINDS: [(&str, &str); 3] = [
    ("every position account must be used", "unused"),
    ("the fill counts must sum to twice the trade count", "fills"),
    ("no bytes may follow the last entry", "tail"),
];

fn kind_of(data: &[u8], positions: usize) -> &'static str {
    let found = Header::read(data).and_then(|header| {
        if header.version == 1 {
            read_trades(&header, positions)
        } else {
            read_nets(&header, positions)
        }
    });
    match found {
        Ok(kind) => kind,
        Err(BatchError::UnknownVersion) => "version",
        Err(BatchError::Malformed(rule)) => {
            let known = KINDS
                .iter()
                .chain(&MORE_KINDS)
                .find(|(sentence, _)| *sentence == rule);
            known.unwrap_or_else(|| panic!("no kind for: {rule}")).1
        }
    }
}

fn read_trades(header: &Header<'_>, positions: usize) -> gdx_batch::Result<&'static str> {
    let mut used = vec![false; positions];
    let mut trades = Trades::new(header, positions);
    while let Some(trade) = trades.read_next()? {
        used[usize::from(trade.taker)] = true;
        used[usize::from(trade.maker)] = true;
    }
    Ok(if used.contains(&false) {
        "unused"
    } else {
        "ok"
    })
}

/// The sums are the books' matter on chain; here they are added up.
fn read_nets(header: &Header<'_>, positions: usize) -> gdx_batch::Result<&'static str> {
    let mut entries = Nets::new(header);
    let mut sums = [0i128; 3];
    for _ in 0..positions {
        let net = entries.read_next()?;
        let amounts = [net.size_delta_e8, net.quote_delta_atoms, net.fee_atoms];
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum += i128::from(amount);
        }
    }
    entries.finish()?;
    let is_balanced = sums[0] == 0 && sums[1] == 0 && sums[2] >= 0;
    Ok(if is_balanced { "ok" } else { "balance" })
}

#[test]
fn every_flipped_bit_and_every_length_of_batch_flips_json() {
    for case in cases() {
        let data = bytes(case["data"].as_str().unwrap());
        let positions = case["positions"].as_array().unwrap().len();
        let expected = |letters: &str, at: usize| {
            let letter = &case[letters].as_str().unwrap()[at..=at];
            case["letters"][letter].as_str().unwrap().to_owned()
        };
        assert_eq!(case["bits"].as_str().unwrap().len(), 8 * data.len());
        for at in 0..8 * data.len() {
            let mut flipped = data.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(
                kind_of(&flipped, positions),
                expected("bits", at),
                "bit {at} of {case}"
            );
        }
        for length in 0..data.len() {
            assert_eq!(
                kind_of(&data[..length], positions),
                expected("cuts", length),
                "{length} bytes of {case}"
            );
        }
        assert_eq!(kind_of(&data, positions), "ok");
    }
}
