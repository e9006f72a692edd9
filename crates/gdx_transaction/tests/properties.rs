//! What holds for every content of the instructions sysvar.
//!
//! | function | properties |
//! |---|---|
//! | `lib::starts_with_durable_nonce` | `only_the_first_instruction_decides`, `no_bytes_make_it_panic` |

use gdx_transaction::starts_with_durable_nonce;
use proptest::prelude::*;

/// Program, number of accounts, data.
type Instruction = ([u8; 32], usize, Vec<u8>);

fn instruction() -> impl Strategy<Value = Instruction> {
    let program = prop_oneof![Just([0; 32]), any::<[u8; 32]>()];
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(any::<u8>(), 0..4)
            .prop_map(|rest| [&[4, 0, 0, 0], &rest[..]].concat()),
    ];
    (program, 0usize..5, data)
}

/// The sysvar as the runtime writes it: count, offsets, instructions, index of the running one.
fn sysvar(instructions: &[Instruction]) -> Vec<u8> {
    let mut data = (instructions.len() as u16).to_le_bytes().to_vec();
    let mut offset = 2 + 2 * instructions.len();
    let bodies: Vec<Vec<u8>> = instructions
        .iter()
        .map(|(program, accounts, bytes)| {
            let mut body = (*accounts as u16).to_le_bytes().to_vec();
            body.extend(vec![9; accounts * 33]);
            body.extend(program);
            body.extend((bytes.len() as u16).to_le_bytes());
            body.extend(bytes);
            body
        })
        .collect();
    for body in &bodies {
        data.extend((offset as u16).to_le_bytes());
        offset += body.len();
    }
    data.extend(bodies.concat());
    data.extend([0, 0]);
    data
}

proptest! {
    #[test]
    fn only_the_first_instruction_decides(instructions in prop::collection::vec(instruction(), 1..5)) {
        let (program, _, data) = &instructions[0];
        let expected = *program == [0; 32] && data.starts_with(&[4, 0, 0, 0]);
        prop_assert_eq!(starts_with_durable_nonce(&sysvar(&instructions)), Some(expected));
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), instructions in prop::collection::vec(instruction(), 1..4),
        cut in 0usize..400, place in 0usize..400, value: u8,
    ) {
        let _ = starts_with_durable_nonce(&bytes);
        let mut changed = sysvar(&instructions);
        changed.truncate(cut.max(1));
        let place = place % changed.len();
        changed[place] = value;
        let _ = starts_with_durable_nonce(&changed);
    }
}
