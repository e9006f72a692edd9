//! What holds for every input of every public function, the edges of its types included.
//!
//! One row per public function, with the properties that prove it; a contract test compares this table with the
//! sources, so a new function needs a row, and a property that calls it.
//!
//! | function | properties |
//! |---|---|
//! | `integer::fits` | `fits_keeps_the_value` |
//! | `integer::mul_div` | `mul_div_is_exact`, `mul_div_grows_with_its_factors` |
//! | `integer::mul_div_signed` | `mul_div_signed_is_exact` |
//! | `integer::mul_mul_div` | `mul_mul_div_is_exact` |
//! | `integer::with_sign` | `sign_and_magnitude_round_trip` |
//! | `fees::notional` | `notional_is_exact_and_the_same_for_both_sides`, `notional_grows_with_price_and_size` |
//! | `fees::value` | `value_never_favours_the_holder` |
//! | `fees::notional_and_value` | `both_at_once_are_each_alone` |
//! | `fees::fee` | `fee_never_favours_the_trader`, `splitting_a_trade_never_saves_fees` |
//! | `fees::is_possible_net_fee` | `net_fee_bounds_are_exact`, `every_sum_of_fees_is_possible` |
//! | `fees::fee_beyond_net` | `fee_beyond_the_net_is_a_part_of_the_fee` |
//! | `band::deviation` | `deviation_is_exact`, `a_trade_inside_the_range_does_not_stray` |
//! | `band::is_within` | `band_comparison_is_exact` |
//! | `band::new` | `opened_quote_is_exact` |
//! | `band::opened_quote` | `opened_quote_is_exact`, `a_quote_of_the_wrong_sign_opens_at_the_nearest_end`, `opening_twice_changes_nothing` |
//! | `band::opened_quote_near` | `worth_is_exact_and_so_is_what_is_lost` |
//! | `band::of` | `worth_is_exact_and_so_is_what_is_lost` |
//! | `band::lost` | `worth_is_exact_and_so_is_what_is_lost` |
//! | `band::mark_sample` | `mark_sample_stays_in_the_band` |
//! | `funding::premium` | `premium_is_exact` |
//! | `funding::funding_rate` | `rate_is_clamped_and_grows_with_the_premium` |
//! | `funding::funding_index_step` | `index_step_is_exact_and_odd` |
//! | `limiter::decayed` | `forgetting_is_exact_and_never_early`, `forgetting_in_two_steps_forgets_less` |
//! | `limiter::withdrawn` | `a_withdrawal_is_counted_on_top_of_what_is_left`, `no_withdrawal_passes_the_limit` |
//! | `net_outflow::decayed` | `net_outflow_fades_exactly_and_against_who_withdraws` |
//! | `net_outflow::deposited` | `net_outflow_counts_both_ways_up_to_the_ends` |
//! | `net_outflow::withdrawn` | `net_outflow_counts_both_ways_up_to_the_ends` |
//! | `net_outflow::is_within` | `net_outflow_counts_both_ways_up_to_the_ends` |
//! | `statistics::aggregate` | `median_ignores_order_and_one_liar`, `confidence_covers_every_input` |
//! | `statistics::ema_e6` | `average_is_exact_and_between` |
//! | `statistics::relative_e9` | `relative_distance_is_exact` |
//! | `statistics::weighted_mean` | `mean_is_exact_and_between` |
//! | `margin::equity` | `equity_is_what_a_touch_leaves`, `equity_never_favours_the_holder` |
//! | `margin::touched_equity` | `equity_is_what_a_touch_leaves` |
//! | `margin::initial_requirement` | `requirements_cover_the_exact_share` |
//! | `margin::maintenance_requirement` | `requirements_cover_the_exact_share` |
//! | `margin::adds_risk` | `risk_is_more_size_or_the_other_side` |
//! | `margin::covers_initial` | `margin_checks_compare_equity_with_requirements` |
//! | `margin::is_liquidatable` | `margin_checks_compare_equity_with_requirements` |
//! | `margin::liquidation_price` | `liquidation_is_announced_at_the_first_price_that_suffices`, `no_announced_price_is_outside_i64`, `large_positions_have_a_liquidation_price` |
//! | `margin::entry_price` | `entry_price_is_exact` |
//! | `liquidation::liquidation_size` | `liquidation_takes_what_restores_the_target`, `liquidation_never_takes_more_than_there_is`, `a_partial_liquidation_restores_the_margin` |
//! | `liquidation::liquidation_fee` | `liquidation_fee_never_bankrupts` |
//! | `money::unpaid_funding` | `funding_is_exact_and_never_paid_out_twice` |
//! | `money::unpaid_loss` | `loss_is_exact` |
//! | `money::touch` | `a_second_touch_pays_nothing` |
//! | `money::fill` | `a_fill_moves_worth_by_its_quote`, `closing_in_pieces_never_pays_more` |
//! | `money::fill_opened` | `a_net_fill_opens_what_the_band_allows` |
//! | `money::net_fill` | `net_fill_agrees_with_fill_on_size_and_worth` |
//! | `money::charge_fee` | `charges_move_money_within_the_books` |
//! | `money::charge_insurance` | `charges_move_money_within_the_books` |
//! | `money::move_fee` | `charges_move_money_within_the_books` |
//! | `money::settle_overdraft` | `no_overdraft_is_left_and_nothing_is_lost` |
//! | `money::move_collateral` | `only_collateral_moves_the_book_value` |
//! | `money::resolve_bankruptcy` | `a_resolved_loss_is_covered_by_insurance_and_index` |
//! | `money::cover_from_accrued` | `accrued_insurance_covers_within_the_books` |
//! | `money::settling_payout` | `payouts_share_what_is_there` |
//! | `money::close_at` | `closing_at_a_price_leaves_its_value` |
//! | `money::open_payouts` | `all_pay_outs_together_are_what_is_there` |
//! | `money::pay_out` | `all_pay_outs_together_are_what_is_there` |
//! | `money::is_loss_stuck` | `a_loss_is_stuck_when_nobody_can_carry_it` |
//! | `money::is_index_nearly_used_up` | `an_index_is_nearly_used_up_from_the_alarm_on` |
//! | `money::is_average_near` | `an_average_is_near_within_the_band` |
//! | `money::of` | `sides_are_signs` |
//! | `money::opposite` | `sides_are_signs` |
//! | `money::loss_index` | `a_ledger_keeps_its_sides_apart` |
//! | `money::shortfall` | `a_ledger_keeps_its_sides_apart` |
//! | `money::is_balanced` | `a_ledger_keeps_its_sides_apart` |
//! | `money::book_value` | `book_value_is_the_exact_sum` |
//! | `oracle::intersects` | `validity_bits_are_sets` |
//! | `oracle::without` | `validity_bits_are_sets` |
//! | `oracle::with` | `validity_bits_are_sets` |
//! | `oracle::bitor` | `validity_bits_are_sets` |
//! | `oracle::blocking_bits` | `another_bit_never_allows_more` |
//! | `oracle::is_allowed` | `another_bit_never_allows_more` |
//! | `oracle::action_table_json` | `the_exported_table_is_the_programs_own` |
//!
//! `books` runs all money rules in random order with amounts up to the edges of i64, each step all or nothing like
//! a transaction: whatever succeeds leaves the books exact.

mod band;
mod bankruptcy;
mod books;
mod fees;
mod integer;
mod margin;
mod money;
mod oracle;
mod settling;
mod statistics;
mod strategies;
mod time;
