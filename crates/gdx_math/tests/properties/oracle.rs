use gdx_math::oracle::{action_table_json, Action, ValidityBits};
use proptest::prelude::*;
use serde_json::Value;

fn bits() -> impl Strategy<Value = ValidityBits> {
    any::<u8>().prop_map(ValidityBits)
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(&Action::NAMED[..]).prop_map(|(_, action)| action)
}

proptest! {
    #[test]
    fn validity_bits_are_sets(one in bits(), two in bits(), condition: bool) {
        let both = one | two;
        prop_assert!((0..8).all(|bit| (both.0 >> bit) & 1 == ((one.0 >> bit) | (two.0 >> bit)) & 1));
        prop_assert_eq!(one.intersects(two), (0..8).any(|bit| (one.0 >> bit) & (two.0 >> bit) & 1 == 1));
        prop_assert_eq!(one.without(two) | two, both);
        prop_assert!(!one.without(two).intersects(two));
        prop_assert_eq!(one.with(two, condition), if condition { both } else { one });
    }

    #[test]
    fn another_bit_never_allows_more(action in action(), one in bits(), two in bits()) {
        prop_assert!(action.is_allowed(ValidityBits::VALID));
        prop_assert!(!action.is_allowed(one | two) || action.is_allowed(one));
        prop_assert_eq!(action.is_allowed(one), (0..8).all(|bit| {
            (one.0 >> bit) & 1 == 0 || (action.blocking_bits().0 >> bit) & 1 == 0
        }));
        prop_assert_eq!(action.blocking_bits().without(ValidityBits::ALL), ValidityBits::VALID);
    }

    #[test]
    fn the_exported_table_is_the_programs_own(place in 0..Action::NAMED.len(), validity in bits()) {
        let table: Value = serde_json::from_str(&action_table_json()).unwrap();
        let (name, action) = Action::NAMED[place];
        prop_assert_eq!(table["actions"][name].as_u64(), Some(u64::from(action.blocking_bits().0)));
        let blocked = ValidityBits::NAMED.iter().any(|(name, bit)| {
            prop_bit(&table, name) == bit.0 && bit.intersects(validity) && bit.intersects(action.blocking_bits())
        });
        prop_assert_eq!(action.is_allowed(validity), !blocked);
        prop_assert_eq!(table["bits"].as_object().unwrap().len(), ValidityBits::NAMED.len());
    }
}

fn prop_bit(table: &Value, name: &str) -> u8 {
    table["bits"][name].as_u64().unwrap().try_into().unwrap()
}

/// The rules of the protocol, bit by bit: (action, what blocks it).
#[test]
fn each_action_is_blocked_by_exactly_its_bits() {
    type Bits = ValidityBits;
    let hard = Bits::NON_POSITIVE | Bits::TOO_VOLATILE | Bits::TOO_OLD;
    let expected = [
        (Action::SettleReduction, Bits::NON_POSITIVE),
        (Action::AddRisk, ValidityBits(0b111_1111)),
        (
            Action::ReleaseCollateral,
            hard | Bits::TOO_UNCERTAIN | Bits::STALE,
        ),
        (Action::Liquidate, hard | Bits::TOO_FEW_PUBLISHERS),
        (Action::UpdateFunding, hard | Bits::TOO_UNCERTAIN),
        (Action::StartSettling, Bits::ALL.without(Bits::STALE)),
    ];
    for (action, blocking) in expected {
        assert_eq!(action.blocking_bits(), blocking, "{action:?}");
    }
    let masks: Vec<u8> = Bits::NAMED.iter().map(|(_, bit)| bit.0).collect();
    assert_eq!(masks, [1, 2, 4, 8, 16, 32, 64]);
}
