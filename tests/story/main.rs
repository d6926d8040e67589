//! The appliance's whole life in virtual time: scenarios that read as a person would tell them, and the laws that
//! every life obeys. This page is the table of contents.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

// How lives are lived and watched.
mod laws;
mod life;
mod props;
mod random_life;
mod recorded;
mod room;
mod watched;

// boot
mod a_press_on_the_first_screen_changes_the_language;
mod a_stick_brings_a_loan;
mod a_stick_updates_the_device;
mod no_loan_or_one_that_has_ended;
mod the_counter_offers_an_update;

// network
mod a_cable_put_in_later_wins;
mod a_family_joins_by_the_routers_code;
mod a_known_wifi_is_joined_by_itself;
mod an_open_wifi_is_refused_by_name;
mod behind_a_portal_they_are_told_what_to_do;
mod the_clock_is_unknown;
mod the_paper_is_shown_before_the_wifi_code;

// qr
mod trying_it_out_without_a_room;
mod wrong_codes_are_named_for_what_they_are;

// ready
mod a_second_guest_is_refused;
mod an_early_paper_counts_down;
mod every_refusal_of_the_room_has_its_screen;
mod the_line_dies_while_they_read_the_rules;
mod the_second_counters_telephone;
mod the_server_is_unreachable;
mod the_servers_certificate_is_not_trusted;
mod they_do_not_agree_or_leave_by_mistake;
mod too_many_tries_wait_and_ask_again;

// session
mod a_colleague_takes_over;
mod a_device_that_is_too_old;
mod a_family_joins_by_cable_and_leaves;
mod a_weak_line_offers_the_telephone;
mod made_to_leave_never_rejoins_by_itself;
mod no_camera_but_they_can_still_talk;
mod people_are_told_apart_from_connections;
mod power_cut_during_a_call;
mod somebody_else_sits_on_the_path;
mod staff_end_the_consultation;
mod staff_hold_the_call;
mod staff_will_phone;
mod the_clerk_reloads_the_page;
mod the_counter_gives_another_time;
mod the_counter_is_absent;
mod the_family_pauses_picture_and_sound;
mod the_line_comes_back_in_time;
mod the_line_comes_back_too_late_for_the_token;
mod the_line_dies_and_the_telephone_takes_over;
mod the_path_to_the_counter_is_never_made;
mod the_room_server_restarts;
mod the_slot_ends_on_time_even_if_they_came_late;
mod the_wifi_gets_worse_during_a_call;

// wipe
mod a_step_of_forgetting_fails_and_is_tried_again;
mod power_cut_during_the_wipe_finishes_it_first;
mod the_box_is_returned_and_gives_a_receipt;

// the button, in any chapter
mod a_hold_let_go_half_way;
mod a_key_that_counts_for_nothing;
mod a_paper_is_followed_once;
mod a_press_during_a_change_of_screens;
mod late_answers_of_old_attempts;
