//! What holds for every batch, and for every sequence of bytes.
//!
//! | function | properties |
//! |---|---|
//! | `header::version_of` | `no_bytes_make_a_reader_panic`, `a_header_round_trips` |
//! | `header::read` | `a_header_round_trips`, `header_rules_are_the_listed_ones` |
//! | `header::is_heartbeat` | `a_header_round_trips` |
//! | `header::is_exempt_from_min_size` | `a_header_round_trips` |
//! | `header::executed_to_ms` | `a_header_round_trips` |
//! | `header::batch_id` | `the_id_binds_everything_but_flags_and_epoch` |
//! | `merkle::leaf` | `a_leaf_binds_every_field` |
//! | `merkle::merkle_root` | `proofs_lead_to_the_root_from_their_place_only` |
//! | `merkle::verify_proof` | `proofs_lead_to_the_root_from_their_place_only` |
//! | `nets::new` | `nets_round_trip` |
//! | `nets::read_next` | `nets_round_trip`, `no_bytes_make_a_reader_panic` |
//! | `nets::finish` | `nets_round_trip` |
//! | `reader::new` | `varints_round_trip` |
//! | `reader::byte` | `varints_round_trip` |
//! | `reader::varint` | `varints_round_trip`, `what_a_reader_accepts_is_the_shortest_form` |
//! | `reader::amount` | `varints_round_trip` |
//! | `reader::signed` | `varints_round_trip` |
//! | `reader::end` | `varints_round_trip` |
//! | `trades::new` | `trades_round_trip` |
//! | `trades::read_next` | `trades_round_trip`, `no_bytes_make_a_reader_panic` |

mod bytes;
mod entries;
mod header;
mod merkle;
