//! Leaves and root of a batch's Merkle tree: an odd node moves up unchanged, the empty root is zeros.

use solana_sha256_hasher::hashv;

/// 32 bytes of sha256.
pub type Hash = [u8; 32];

/// What a leaf commits to.
#[derive(Clone, Copy, Debug)]
pub struct Fill<'a> {
    /// Unique and increasing within the batch.
    pub trade_id: u64,
    /// Market address.
    pub market: &'a [u8; 32],
    /// Position addresses.
    pub buyer: &'a [u8; 32],
    /// The other side.
    pub seller: &'a [u8; 32],
    /// 1e-6 USDT per base unit.
    pub price_e6: u64,
    /// 1e-8 base unit.
    pub size_e8: u64,
    /// Atoms, negative for a rebate.
    pub buyer_fee_atoms: i64,
    /// The same for the seller.
    pub seller_fee_atoms: i64,
    /// Unix milliseconds.
    pub executed_at_ms: i64,
}

/// `sha256(0x00 ‖ trade id ‖ market ‖ buyer ‖ seller ‖ price ‖ size ‖ buyer fee ‖ seller fee ‖ executed at)`.
pub fn leaf(fill: &Fill<'_>) -> Hash {
    hashv(&[
        &[0],
        &fill.trade_id.to_le_bytes(),
        fill.market,
        fill.buyer,
        fill.seller,
        &fill.price_e6.to_le_bytes(),
        &fill.size_e8.to_le_bytes(),
        &fill.buyer_fee_atoms.to_le_bytes(),
        &fill.seller_fee_atoms.to_le_bytes(),
        &fill.executed_at_ms.to_le_bytes(),
    ])
    .to_bytes()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hashv(&[&[1], left, right]).to_bytes()
}

/// Root over `leaves`, which are overwritten level by level.
pub fn merkle_root(leaves: &mut [Hash]) -> Hash {
    let mut count = leaves.len();
    while count > 1 {
        for pair in 0..count / 2 {
            leaves[pair] = node(&leaves[2 * pair], &leaves[2 * pair + 1]);
        }
        if count % 2 == 1 {
            leaves[count / 2] = leaves[count - 1];
        }
        count = count.div_ceil(2);
    }
    leaves.first().copied().unwrap_or([0; 32])
}

/// Whether `siblings`, from the leaf's level up and without a level where the node moved up alone, lead from the
/// leaf at `index` of `count` to `root`.
pub fn verify_proof(
    leaf: &Hash,
    index: usize,
    count: usize,
    siblings: &[Hash],
    root: &Hash,
) -> bool {
    if index >= count {
        return false;
    }
    let (mut hash, mut index, mut count) = (*leaf, index, count);
    let mut siblings = siblings.iter();
    while count > 1 {
        let is_alone = index == count - 1 && count % 2 == 1;
        if !is_alone {
            let Some(sibling) = siblings.next() else {
                return false;
            };
            hash = if index % 2 == 0 {
                node(&hash, sibling)
            } else {
                node(sibling, &hash)
            };
        }
        (index, count) = (index / 2, count.div_ceil(2));
    }
    siblings.next().is_none() && hash == *root
}
