//! Position accounts that come with a batch.

use std::cell::RefMut;

use anchor_lang::{prelude::*, Discriminator};

use crate::{error::PositionError, state::UserPosition};

/// As an array, which is compared as one word.
const DISCRIMINATOR: [u8; 8] = match UserPosition::DISCRIMINATOR.first_chunk() {
    Some(discriminator) => *discriminator,
    None => unreachable!(),
};

/// Walks the accounts once, in strictly ascending order of their keys, so that none comes twice.
pub struct PositionAccounts<'a, 'info> {
    market_key: &'a Pubkey,
    previous: Option<&'a Pubkey>,
    infos: std::slice::Iter<'a, AccountInfo<'info>>,
}

impl<'a, 'info> PositionAccounts<'a, 'info> {
    pub fn new(infos: &'a [AccountInfo<'info>], market_key: &'a Pubkey) -> Self {
        Self {
            market_key,
            previous: None,
            infos: infos.iter(),
        }
    }

    /// The next account, borrowed; `None` after the last.
    ///
    /// # Errors
    /// `BadPositionAccounts`.
    #[inline(always)]
    pub fn load_next(&mut self) -> Result<Option<RefMut<'a, UserPosition>>> {
        let Some(info) = self.infos.next() else {
            return Ok(None);
        };
        let is_ascending = self.previous.is_none_or(|previous| previous < info.key);
        self.previous = Some(info.key);
        if !(is_ascending && info.is_writable && *info.owner == crate::ID) {
            return err!(PositionError::BadPositionAccounts);
        }
        // Borrowed already: the configuration, the market or another account of this instruction.
        let Ok(data) = info.try_borrow_mut_data() else {
            return err!(PositionError::BadPositionAccounts);
        };
        if data.len() != UserPosition::SPACE || data.first_chunk() != Some(&DISCRIMINATOR) {
            return err!(PositionError::BadPositionAccounts);
        }
        let position: RefMut<'a, UserPosition> =
            RefMut::map(data, |data| bytemuck::from_bytes_mut(&mut data[8..]));
        if position.market != *self.market_key {
            return err!(PositionError::BadPositionAccounts);
        }
        Ok(Some(position))
    }
}
