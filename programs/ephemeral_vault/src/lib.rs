//! Fast deposits.
use anchor_lang::prelude::*;

declare_id!("BB2BdtPBdgZk5SozvPfdSBpXJUbtJwPQBxjYW7xWtEUq");
