use gdx_batch::{BatchError, Header};
use proptest::prelude::*;

use crate::bytes::{edge, fields, Fields};

fn malformed(rule: &'static str) -> Option<BatchError> {
    Some(BatchError::Malformed(rule))
}

proptest! {
    #[test]
    fn a_header_round_trips(fields in fields(), entries in prop::collection::vec(any::<u8>(), 0..40), is_heartbeat: bool) {
        let mut fields = fields;
        let mut entries = entries;
        if is_heartbeat {
            (fields.flags, fields.count, fields.delta_ms) = (fields.flags | 2, 0, 0);
            fields.root = [0; 32];
            entries.clear();
        }
        let data = fields.encode(&entries);
        prop_assert_eq!(Header::version_of(&data), Ok(fields.version));
        let header = Header::read(&data).unwrap();
        prop_assert_eq!((header.version, header.flags, header.relayer_epoch), (fields.version, fields.flags, fields.epoch));
        prop_assert_eq!((header.sequence, header.trade_count), (fields.sequence, fields.count));
        prop_assert_eq!((*header.previous_id, *header.merkle_root), (fields.previous, fields.root));
        prop_assert_eq!((header.executed_from_ms, header.executed_to_delta_ms), (fields.from_ms, fields.delta_ms));
        prop_assert_eq!((header.payload, header.entries), (&data[80..], &entries[..]));
        prop_assert_eq!(header.is_heartbeat(), is_heartbeat);
        prop_assert_eq!(header.is_exempt_from_min_size(), fields.flags != 0);
        let end = u128::from(fields.from_ms) + u128::from(fields.delta_ms);
        prop_assert_eq!(u128::from(header.executed_to_ms()), end.min(u128::from(u64::MAX)));
    }

    #[test]
    fn header_rules_are_the_listed_ones(
        fields in fields(), version: u8, flags: u8, sequence in edge(), has_previous: bool, count in 0u16..3, has_root: bool,
        delta_ms in 0u32..3, tail in 0usize..2, cut in 0usize..120,
    ) {
        let previous = if has_previous { fields.previous } else { [0; 32] };
        let root = if has_root { [1; 32] } else { [0; 32] };
        let data = Fields { version, flags, sequence, previous, root, count, delta_ms, ..fields }.encode(&vec![0; tail]);
        let data = &data[..cut.min(data.len())];
        let is_heartbeat = flags & 2 != 0;
        let expected = if data.is_empty() {
            malformed("the batch is empty")
        } else if version != 1 && version != 2 {
            Some(BatchError::UnknownVersion)
        } else if data.len() < 92 {
            malformed("the header is cut short")
        } else if flags > 3 {
            malformed("only flag bits 0 and 1 exist")
        } else if sequence == 0 {
            malformed("the first sequence is 1")
        } else if (sequence == 1) != (previous == [0; 32]) {
            malformed("the previous id must be zeros for sequence 1 and only then")
        } else if is_heartbeat != (count == 0) {
            malformed("the trade count must be 0 in a heartbeat and only there")
        } else if is_heartbeat && (has_root || delta_ms != 0) {
            malformed("root and duration of a heartbeat must be 0")
        } else if is_heartbeat && data.len() > 92 {
            malformed("a heartbeat has no entries")
        } else {
            None
        };
        prop_assert_eq!(Header::read(data).err(), expected);
    }

    #[test]
    fn the_id_binds_everything_but_flags_and_epoch(
        fields in fields(), entries in prop::collection::vec(any::<u8>(), 1..40), place: usize, bit in 0u8..8, market: [u8; 32],
    ) {
        let data = fields.encode(&entries);
        let id = Header::read(&data).unwrap().batch_id(&market);
        let mut changed = data.clone();
        let place = place % data.len();
        changed[place] ^= 1 << bit;
        if let Ok(header) = Header::read(&changed) {
            prop_assert_eq!(header.batch_id(&market) == id, (1..6).contains(&place));
        }
        let mut other = market;
        other[place % 32] ^= 1 << bit;
        prop_assert_ne!(Header::read(&data).unwrap().batch_id(&other), id);
    }
}
