//! Funding.
use anchor_lang::prelude::*;

declare_id!("7pesakUdHrG2Ui7knwwVtjRkRuCtoDUKVQ2S2ZEMFCkd");
