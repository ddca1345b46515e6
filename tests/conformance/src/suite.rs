//! The list of all scenarios, and the tests that it makes.

/// Makes a test of each scenario over a transport, with the hub on each kind of runtime.
///
/// `suite!(memory, Memory)` makes `memory::current_thread::calls::main::a_call_is_answered` and so on.
#[macro_export]
macro_rules! suite {
    ($name:ident, $transport:ty) => {
        mod $name {
            mod current_thread {
                $crate::scenarios!(CurrentThread, $transport);
            }
            mod multi_thread {
                $crate::scenarios!(MultiThread, $transport);
            }
        }
    };
}

/// The list.
#[doc(hidden)]
#[macro_export]
macro_rules! scenarios {
    ($flavour:ident, $transport:ty) => {
        $crate::tests!($flavour, $transport, calls {
            both: a_call_is_answered, an_own_error_arrives_typed, a_status_error_says_where,
                a_bad_argument_is_refused_at_home, notifications_arrive, a_panic_takes_nothing_down,
                f22_a_deadline_ends_call_and_handler, a_dropped_call_is_cancelled,
                f13_cancel_races_the_reply, a_blocking_handler_holds_nobody_up,
                inline_handlers_answer, sixty_four_calls_at_once,
                a_nested_call_has_the_outer_ones_time, the_caller_is_who_main_admitted,
                payloads_up_to_the_limit_pass, large_payloads_pass, a_reply_too_large_fails_alone;
            once: ;
        });
        $crate::tests!($flavour, $transport, streams {
            both: items_come_in_order, a_reply_without_its_items, a_fast_sender_waits, items_go_up,
                items_go_both_ways, f23_both_ways_fill_up_and_drain, large_items_pass,
                drop_oldest_says_what_was_missed, an_early_drop_stops_the_handler,
                an_error_comes_behind_its_items, a_stream_that_has_begun_has_no_deadline,
                a_stream_must_begin_in_time, many_streams_at_once,
                an_item_too_large_ends_its_stream;
            once: an_item_too_large_for_the_server_ends_its_stream;
        });
        $crate::tests!($flavour, $transport, topics {
            both: events_reach_everybody, a_call_makes_the_server_publish, clients_publish,
                a_bad_value_is_refused_at_home, a_slow_subscriber_loses_the_oldest,
                a_slow_subscriber_loses_the_newest, a_slow_subscriber_is_put_off,
                f20_a_slow_subscriber_disturbs_nobody, a_state_comes_first,
                a_slow_watcher_gets_the_newest, a_dropped_subscription_is_gone,
                a_subscription_keeps_its_binding, subscribers_hear_that_the_instance_left;
            once: ;
        });
        $crate::tests!($flavour, $transport, reports {
            both: a_report_names_everybody, a_report_counts_subscriptions,
                a_report_names_who_dropped_it, a_report_names_who_left, a_report_names_who_is_late;
            once: ;
        });
        $crate::tests!($flavour, $transport, bindings {
            both: a_gone_instance_is_unavailable;
            once: targets_choose_the_instance, an_announced_interface_is_ready,
                one_name_is_served_once, dropped_bindings_are_released,
                f16_abandoned_binds_leak_nothing, f16_abandoned_announcements_are_taken_back,
                topics_alone_are_no_service, a_peer_calls_itself;
        });
        $crate::tests!($flavour, $transport, blobs {
            both: blobs_of_any_size_pass, a_blob_may_be_larger_than_a_frame, errors_have_blobs,
                small_calls_go_on, one_channel_keeps_its_order, streams_of_blobs,
                typed_arrays_pass, typed_arrays_beyond_their_limits,
                topics_with_blobs, blobs_beyond_their_limits,
                f13_a_dropped_call_gives_its_blobs_up;
            once: f12_parcels_out_of_turn, f12_messages_without_their_parcels;
        });
        $crate::tests!($flavour, $transport, access {
            both: a_role_may_do_what_it_was_granted, f33_a_grant_runs_out_while_nobody_speaks;
            once: f33_denied_and_unknown_look_the_same, a_guest_may_do_nothing,
                f34_identity_is_what_main_admitted, f35_numbers_of_others_open_nothing,
                f37_relayed_calls_have_the_callers_rights, a_bind_compares_hashes;
        });
        $crate::tests!($flavour, $transport, handshake {
            both: ;
            once: builds_that_agree_talk, f48_builds_that_differ_part,
                f48_what_is_not_granted_stays_unmentioned, f48_versions_that_differ_part,
                limits_below_their_floors_are_refused, f14_who_says_nothing_is_put_out,
                early_binds_wait, f24_a_connection_lost_in_its_hello;
        });
        $crate::tests!($flavour, $transport, limits {
            both: f16_calls_beyond_the_limit;
            once: f15_f16_calls_beyond_what_the_server_takes, arguments_too_large_for_the_server,
                f16_subscriptions_beyond_the_limit, f16_exports_beyond_the_limit,
                f20_who_takes_nothing_is_put_off, f20_a_window_that_stays_shut,
                f15_who_hangs_up_while_it_has_to_wait_is_gone;
        });
        $crate::tests!($flavour, $transport, ends {
            both: the_client_closes, the_hub_closes, the_application_quits,
                quitting_drains_what_is_under_way, quitting_begins_nothing_new,
                f49_ends_in_any_order;
            once: f24_the_server_goes_away, f24_a_cut_connection_stops_its_handlers;
        });
        $crate::tests!($flavour, $transport, events {
            both: calls_are_recorded, errors_and_records_share_their_number, counters_count;
            once: peers_join_and_leave, interfaces_come_and_go, denials_are_told;
        });
        $crate::tests!($flavour, $transport, violations {
            both: f05_bad_bodies, f12_items_out_of_turn;
            once: f01_split_at_every_byte, f02_f03_bad_headers, f03_optional_kinds_are_skipped,
                f08_before_hello, f09_from_the_wrong_side, f10_frames_of_no_call,
                f10_f13_late_frames_are_ignored, f11_ids_that_are_not_free,
                messages_hold_whole_frames;
        });
    };
}

/// One test for each scenario of a subject; those under `both` are played served by main, and relayed to a peer.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($flavour:ident, $transport:ty, $subject:ident {
        both: $($both:ident),*;
        once: $($once:ident),*;
    }) => {
        mod $subject {
            #[allow(unused_imports, reason = "not every subject has both kinds")]
            use $crate::{Flavour, run, scenarios::$subject, scene::By};
            $(
                #[test]
                fn $once() {
                    run(Flavour::$flavour, <$transport>::default, |scene| {
                        Box::pin($subject::$once(scene))
                    });
                }
            )*
            mod main {
                #[allow(unused_imports, reason = "not every subject has both kinds")]
                use super::*;
                $(
                    #[test]
                    fn $both() {
                        run(Flavour::$flavour, <$transport>::default, |scene| {
                            Box::pin($subject::$both(scene, By::Main))
                        });
                    }
                )*
            }
            mod relayed {
                #[allow(unused_imports, reason = "not every subject has both kinds")]
                use super::*;
                $(
                    #[test]
                    fn $both() {
                        run(Flavour::$flavour, <$transport>::default, |scene| {
                            Box::pin($subject::$both(scene, By::Peer))
                        });
                    }
                )*
            }
        }
    };
}
