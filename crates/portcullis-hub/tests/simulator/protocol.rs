//! Groups A and B: frames and states that the protocol forbids, from connections that speak byte by byte.

use crate::script::check_file;

#[test]
fn f02_bad_lengths_kill() {
    check_file(include_str!("scripts/f02_lengths.txt"));
}

#[test]
fn f03_unknown_frame_kind_kills() {
    check_file(include_str!("scripts/f03_unknown.txt"));
}

#[test]
fn f04_nesting_and_counts_are_bounded() {
    check_file(include_str!("scripts/f04_depth.txt"));
}

#[test]
fn f05_malformed_payload_kills() {
    check_file(include_str!("scripts/f05_payloads.txt"));
}

#[test]
fn f08_f09_f48_nothing_before_hello_and_only_one() {
    check_file(include_str!("scripts/f08_hello.txt"));
}

#[test]
fn f10_f11_replies_to_nobody_and_ids_in_use_kill() {
    check_file(include_str!("scripts/f10_ids.txt"));
}

#[test]
fn f12_items_beyond_credit_or_end_kill() {
    check_file(include_str!("scripts/f12_streams.txt"));
}

#[test]
fn f12_rows_mean_what_their_items_mean() {
    check_file(include_str!("scripts/f12_rows.txt"));
}

#[test]
fn f13_cancel_against_reply_has_one_outcome() {
    check_file(include_str!("scripts/f13_cancel.txt"));
}
