use gdx_batch::{Header, NetEntry, Nets, Reader, TradeEntry, Trades};
use proptest::prelude::*;

use crate::bytes::{edge, fields, varint, zigzag, Fields};

/// Steps from trade to trade: taker, maker step, side, price, size, id step, time step.
type Step = (u8, u8, bool, u64, u64, u64, u16);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0u8..128,
        1u8..128,
        any::<bool>(),
        edge(),
        edge(),
        1u64..1 << 50,
        any::<u16>(),
    );
    prop::collection::vec(step, 1..12)
}

/// The trades that the steps make, and their bytes.
fn trades(steps: &[Step], from_ms: u64) -> (Vec<TradeEntry>, Vec<u8>) {
    let (mut made, mut bytes) = (Vec::new(), Vec::new());
    let (mut price, mut id, mut at_ms) = (0i64, 0u64, from_ms);
    for &(taker, apart, is_taker_selling, next, size, id_step, time_step) in steps {
        let (maker, next) = ((taker + apart) % 128, (next >> 1).max(1) as i64);
        let size_e8 = (size >> 1).max(1) as i64;
        bytes.extend([taker | u8::from(is_taker_selling) << 7, maker]);
        bytes.extend(varint(zigzag(next - price)));
        bytes.extend(varint(size_e8 as u64));
        bytes.extend(varint(id_step));
        bytes.extend(varint(u64::from(time_step)));
        (price, id, at_ms) = (next, id + id_step, at_ms + u64::from(time_step));
        made.push(TradeEntry {
            trade_id: id,
            taker,
            maker,
            is_taker_selling,
            price_e6: price as u64,
            size_e8,
            executed_at_ms: at_ms,
        });
    }
    (made, bytes)
}

fn net() -> impl Strategy<Value = NetEntry> {
    (
        any::<i64>(),
        any::<i64>(),
        any::<i64>(),
        0i64..,
        1u64..1_000,
    )
        .prop_map(|fields| NetEntry {
            size_delta_e8: fields.0,
            quote_delta_atoms: fields.1,
            fee_atoms: fields.2,
            turnover_atoms: fields.3,
            fill_count: fields.4,
        })
}

fn drain(data: &[u8], positions: usize) {
    let _ = Header::version_of(data);
    let Ok(header) = Header::read(data) else {
        return;
    };
    let _ = header.batch_id(&[0; 32]);
    let mut entries = Trades::new(&header, positions);
    while let Ok(Some(trade)) = entries.read_next() {
        assert!(trade.size_e8 > 0 && trade.taker != trade.maker);
        assert!(i64::try_from(trade.price_e6).is_ok_and(|price| price > 0));
        assert!(usize::from(trade.taker.max(trade.maker)) < positions);
    }
    let mut nets = Nets::new(&header);
    while nets.read_next().is_ok() {}
    let _ = nets.finish();
}

proptest! {
    #[test]
    fn trades_round_trip(fields in fields(), steps in steps(), from_ms in 0u64..1 << 60, positions in 0usize..200) {
        let (expected, bytes) = trades(&steps, from_ms);
        let delta_ms = (expected.last().unwrap().executed_at_ms - from_ms) as u32;
        let count = expected.len() as u16;
        let data = Fields { from_ms, delta_ms, count, ..fields }.encode(&bytes);
        let header = Header::read(&data).unwrap();
        let mut entries = Trades::new(&header, positions);
        for trade in &expected {
            let is_known = usize::from(trade.taker.max(trade.maker)) < positions;
            let found = entries.read_next();
            if !is_known {
                prop_assert!(found.is_err());
                return Ok(());
            }
            prop_assert_eq!(found, Ok(Some(*trade)));
        }
        prop_assert_eq!(entries.read_next(), Ok(None));
        // A window that closes a millisecond early refuses the last trade.
        if delta_ms > 0 {
            let data = Fields { from_ms, delta_ms: delta_ms - 1, count, ..fields }.encode(&bytes);
            let header = Header::read(&data).unwrap();
            let mut entries = Trades::new(&header, 128);
            prop_assert!((0..count).any(|_| entries.read_next().is_err()));
        }
    }

    #[test]
    fn nets_round_trip(fields in fields(), nets in prop::collection::vec(net(), 1..12), by in -1i64..=1) {
        let bytes: Vec<u8> = nets.iter().flat_map(|net| {
            let signed = [net.size_delta_e8, net.quote_delta_atoms, net.fee_atoms].map(|value| varint(zigzag(value)));
            [signed.concat(), varint(net.turnover_atoms as u64), varint(net.fill_count)].concat()
        }).collect();
        let fills: u64 = nets.iter().map(|net| net.fill_count).sum();
        let count = (i64::try_from(fills / 2).unwrap() + by).max(1) as u16;
        let data = Fields { version: 2, count, ..fields }.encode(&bytes);
        let header = Header::read(&data).unwrap();
        let mut entries = Nets::new(&header);
        let mut left = 2 * u64::from(count);
        for net in &nets {
            let found = entries.read_next();
            if net.fill_count > left {
                prop_assert!(found.is_err());
                return Ok(());
            }
            left -= net.fill_count;
            prop_assert_eq!(found, Ok(*net));
        }
        prop_assert_eq!(entries.finish().is_ok(), left == 0);
        prop_assert!(Nets::new(&header).finish().is_err());
    }

    #[test]
    fn varints_round_trip(value in edge(), tail in prop::collection::vec(any::<u8>(), 0..12)) {
        let bytes = [varint(value), tail.clone()].concat();
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.varint(), Ok(value));
        prop_assert_eq!(reader.end().is_ok(), tail.is_empty());
        prop_assert_eq!(reader.byte().ok(), tail.first().copied());
        prop_assert_eq!(Reader::new(&bytes).amount().ok(), i64::try_from(value).ok());
        let signed = value as i64;
        prop_assert_eq!(Reader::new(&[varint(zigzag(signed)), tail].concat()).signed(), Ok(signed));
    }

    #[test]
    fn what_a_reader_accepts_is_the_shortest_form(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x80), Just(0)], 0..14)) {
        let mut reader = Reader::new(&bytes);
        if let Ok(value) = reader.varint() {
            prop_assert!(bytes.starts_with(&varint(value)));
            prop_assert_eq!(reader.end().is_ok(), bytes.len() == varint(value).len());
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), fields in fields(), steps in steps(), positions in 0usize..130,
        place: usize, value: u8, cut: usize,
    ) {
        drain(&bytes, positions);
        let behind = fields.encode(&bytes);
        drain(&behind, positions);
        let mut changed = fields.encode(&trades(&steps, fields.from_ms >> 1).1);
        let place = place % changed.len();
        changed[place] = value;
        drain(&changed, positions);
        drain(&changed[..cut % changed.len()], positions);
    }
}
