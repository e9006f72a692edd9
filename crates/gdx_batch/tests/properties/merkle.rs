use gdx_batch::{leaf, merkle_root, verify_proof, Fill, Hash};
use proptest::prelude::*;

/// Siblings from the leaf's level up, found by building every level.
fn proof(leaves: &[Hash], mut index: usize) -> Vec<Hash> {
    let (mut level, mut siblings) = (leaves.to_vec(), Vec::new());
    while level.len() > 1 {
        if let Some(sibling) = level.get(index ^ 1) {
            siblings.push(*sibling);
        }
        level = level
            .chunks(2)
            .map(|pair| merkle_root(&mut pair.to_vec()))
            .collect();
        index /= 2;
    }
    siblings
}

proptest! {
    #[test]
    fn proofs_lead_to_the_root_from_their_place_only(
        leaves in prop::collection::vec(any::<Hash>(), 0..40), place: usize, other: usize, count: usize, spoiled: usize,
    ) {
        let root = merkle_root(&mut leaves.clone());
        if leaves.is_empty() {
            prop_assert_eq!(root, [0; 32]);
            prop_assert!(!verify_proof(&root, 0, 0, &[], &root));
            return Ok(());
        }
        let (index, other) = (place % leaves.len(), other % leaves.len());
        let siblings = proof(&leaves, index);
        prop_assert!(verify_proof(&leaves[index], index, leaves.len(), &siblings, &root));
        prop_assert!(!verify_proof(&leaves[index], leaves.len(), leaves.len(), &siblings, &root));
        if other != index {
            prop_assert!(!verify_proof(&leaves[index], other, leaves.len(), &siblings, &root));
            prop_assert!(!verify_proof(&leaves[other], index, leaves.len(), &siblings, &root));
        }
        prop_assert!(!verify_proof(&leaves[index], index, leaves.len(), &[&siblings[..], &[root]].concat(), &root));
        if !siblings.is_empty() {
            prop_assert!(!verify_proof(&leaves[index], index, leaves.len(), &siblings[1..], &root));
            let mut wrong = siblings.clone();
            let spoiled = spoiled % wrong.len();
            wrong[spoiled][0] ^= 1;
            prop_assert!(!verify_proof(&leaves[index], index, leaves.len(), &wrong, &root));
        }
        // A claimed count is only a number: no size of it panics or takes long.
        let _ = verify_proof(&leaves[index], place, count, &siblings, &root);
    }

    #[test]
    fn a_leaf_binds_every_field(numbers in any::<[u64; 3]>(), signed in any::<[i64; 3]>(), keys in any::<[Hash; 3]>(), field in 0usize..9, bit in 0u32..63) {
        let hash = |numbers: [u64; 3], signed: [i64; 3], keys: [Hash; 3]| {
            leaf(&Fill {
                trade_id: numbers[0],
                market: &keys[0],
                buyer: &keys[1],
                seller: &keys[2],
                price_e6: numbers[1],
                size_e8: numbers[2],
                buyer_fee_atoms: signed[0],
                seller_fee_atoms: signed[1],
                executed_at_ms: signed[2],
            })
        };
        let (mut other_numbers, mut other_signed, mut other_keys) = (numbers, signed, keys);
        match field / 3 {
            0 => other_numbers[field % 3] ^= 1 << bit,
            1 => other_signed[field % 3] ^= 1 << bit,
            _ => other_keys[field % 3][(bit % 32) as usize] ^= 1,
        }
        prop_assert_eq!(hash(numbers, signed, keys), hash(numbers, signed, keys));
        prop_assert_ne!(hash(numbers, signed, keys), hash(other_numbers, other_signed, other_keys));
    }
}
