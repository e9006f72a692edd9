//! What the instructions sysvar says about the running transaction.
//!
//! An admin's signature must expire with its blockhash: a transaction behind a durable nonce could be
//! signed today and land at any time. The runtime demands that such a transaction starts with the
//! system program's `AdvanceNonceAccount`, so one look at the first instruction decides.

/// Index of `AdvanceNonceAccount` in the system program's instructions, as its data starts.
const ADVANCE_NONCE: [u8; 4] = 4u32.to_le_bytes();
/// The system program's address is all zeros.
const SYSTEM_PROGRAM: [u8; 32] = [0; 32];
/// A flag byte and an address.
const ACCOUNT_META_LEN: usize = 33;

/// True when the first instruction advances a durable nonce. `data` is the instructions sysvar's.
///
/// `None` when the data is not laid out like that sysvar.
#[must_use]
pub fn starts_with_durable_nonce(data: &[u8]) -> Option<bool> {
    // u16 count, then one u16 offset per instruction.
    let first = usize::from(read_u16(data, 2)?);
    let account_count = usize::from(read_u16(data, first)?);
    let program_at = first + 2 + account_count * ACCOUNT_META_LEN;
    let program = data.get(program_at..program_at + 32)?;
    let data_len = usize::from(read_u16(data, program_at + 32)?);
    let instruction = data.get(program_at + 34..program_at + 34 + data_len)?;
    Some(program == SYSTEM_PROGRAM && instruction.starts_with(&ADVANCE_NONCE))
}

fn read_u16(data: &[u8], at: usize) -> Option<u16> {
    let bytes = data.get(at..at + 2)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sysvar's bytes for one instruction.
    fn sysvar(program: [u8; 32], account_count: u16, instruction: &[u8]) -> Vec<u8> {
        let mut data = vec![1, 0, 4, 0];
        data.extend(account_count.to_le_bytes());
        data.extend(vec![7; usize::from(account_count) * ACCOUNT_META_LEN]);
        data.extend(program);
        data.extend((instruction.len() as u16).to_le_bytes());
        data.extend(instruction);
        data.extend([0, 0]);
        data
    }

    #[test]
    fn only_the_system_programs_advance_counts() {
        let cases = [
            (SYSTEM_PROGRAM, vec![4, 0, 0, 0], true),
            (SYSTEM_PROGRAM, vec![2, 0, 0, 0, 4], false),
            (SYSTEM_PROGRAM, vec![], false),
            ([1; 32], vec![4, 0, 0, 0], false),
        ];
        for (program, instruction, expected) in cases {
            for account_count in [0, 1, 3] {
                let data = sysvar(program, account_count, &instruction);
                assert_eq!(starts_with_durable_nonce(&data), Some(expected));
            }
        }
    }

    #[test]
    fn short_data_is_no_answer() {
        let data = sysvar(SYSTEM_PROGRAM, 3, &[4, 0, 0, 0]);
        for len in 0..data.len() - 2 {
            assert_eq!(
                starts_with_durable_nonce(&data[..len]),
                None,
                "length {len}"
            );
        }
    }
}
