//! The booted image: real boots of the product's image in QEMU, in software emulation.
//!
//! - `boots`: from power-on to the first screen, and what the running system is and is not
//! - `button`: the button on a pin and as a USB key, pressed and held
//! - `scan`: a neighbour in the home network finds no port that answers
//! - `story`: a whole life, from the loan to the return, with a real counter at the other end
//! - `wifi`: access points of every kind, joined or refused by name; and a life with a Wi-Fi that has its moods
//! - `updates`: there and back; updates that do not work go back by themselves; bundles that must be refused; the counter's, at
//!   night
//! - `cuts`: the power is cut at many moments of an installation and of a first boot
//! - `pi`: the same image on a Raspberry Pi 3B with its own device tree
//! - `times`: power to the first screen, beside Debian's stock userland to its login
//!
//! `tests/image/build` makes what is booted; `make test-image` does both. Names as arguments choose among them. Nothing
//! but `times`, which compares two starts in one run, depends on how fast the machine is; how long things took is
//! printed at the end. A pass is not repeated while nothing that it depends on has changed ([`proofs`]; FRESH=1 in the
//! environment repeats it), and a failure is repeated once at once ([`runs`]).
#![expect(clippy::disallowed_methods, reason = "tests wait, write files and start machines")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod boots;
mod builds;
mod button;
mod cuts;
mod guest;
mod pi;
#[allow(unreachable_pub, reason = "it has tests of its own")]
mod proofs;
#[allow(unreachable_pub, reason = "it has tests of its own")]
mod runs;
mod scan;
mod story;
mod times;
mod updates;
mod usb;
mod wifi;

use guest::Outcome;
use proofs::{Depends, Proofs};
use runs::{Runs, Test};
use std::path::Path;
use std::process::ExitCode;

macro_rules! test {
    ($module:ident :: $name:ident, $seconds:literal) => {
        Test::new(concat!(stringify!($module), "::", stringify!($name)), $seconds, |folder| {
            Box::pin($module::$name(folder))
        })
    };
}

/// In the order of the story, with the seconds that each takes on two cores.
const TESTS: &[Test] = &[
    test!(boots::the_first_screen_and_what_runs_behind_it, 90),
    test!(boots::a_lost_data_partition_is_made_anew_and_said, 90),
    test!(boots::a_memory_that_fails_lends_nothing, 60),
    test!(boots::a_system_that_cannot_open_the_memory_leaves_it_alone, 60),
    test!(boots::a_slot_is_good_only_when_a_call_could_be_made, 120),
    test!(boots::every_tv_has_its_picture, 120),
    test!(boots::short_lived_units_do_their_work, 120),
    test!(builds::two_builds_have_the_same_bytes, 120),
    test!(builds::a_release_with_only_the_program_costs_little, 240),
    test!(builds::a_release_is_signed_with_a_token, 90),
    test!(builds::an_empty_cache_is_enough, 90),
    test!(scan::nothing_answers_at_the_cable, 240),
    test!(usb::a_phone_that_shares_its_network_is_not_let_in, 60),
    test!(button::a_pin_and_a_usb_key_are_pressed_and_held, 120),
    test!(story::a_life_from_the_loan_to_the_return, 300).alone(),
    test!(story::a_stranger_on_the_path_is_refused, 200).alone(),
    test!(wifi::every_access_point_gets_its_verdict, 900).reads(&["ROWS"]),
    test!(wifi::what_changes_while_connected_is_told, 300),
    test!(wifi::a_call_lives_through_the_moods_of_a_wifi, 300).alone(),
    test!(updates::there_and_back_by_a_stick, 180),
    test!(updates::what_must_be_refused_is_refused_and_changes_nothing, 100),
    test!(updates::a_stick_pulled_out_in_the_middle_changes_nothing, 150),
    test!(updates::an_appliance_that_dies_goes_back, 150),
    test!(updates::a_kernel_that_panics_goes_back, 100),
    test!(updates::a_damaged_root_goes_back, 100),
    test!(updates::damaged_counters_lose_no_slot, 200),
    test!(updates::from_the_counter_at_night, 700).alone(),
    test!(updates::from_the_counter_with_a_power_cut, 1200).alone(),
    test!(updates::from_the_counter_until_somebody_comes, 1300).alone(),
    test!(updates::not_from_the_counter_where_the_loan_forbids_it, 700),
    test!(cuts::an_installation, 400).reads(&["CUTS"]),
    test!(cuts::a_first_boot, 400).reads(&["CUTS"]),
    test!(pi::the_image_boots_on_a_raspberry_pi_3b, 200),
    test!(times::the_first_screen_comes_sooner_than_stocks_login, 300).alone(),
];

fn main() -> ExitCode {
    if let Some(ended) = story::inside().or_else(scan::inside) {
        return ended;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some((test, folder)) = runs::attempted(TESTS) {
        return if runs::attempt(test, folder, &runtime) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen = match runs::chosen(TESTS, &wanted) {
        Ok(chosen) => chosen,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    // Another clone's build does not remove them meanwhile.
    let Ok(in_use) = std::fs::File::create(guest::images().join("in-use")) else {
        eprintln!("there are no test images at {}: make test-image builds them", guest::images().display());
        return ExitCode::FAILURE;
    };
    in_use.lock_shared().unwrap();
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let runs = Runs {
        program: std::env::current_exe().unwrap(),
        folder: guest::made().join("runs"),
        proofs: Proofs::of_this_user(),
        depends: Depends::gather(&guest::images())
            .inspect_err(|why| println!("    what a pass depends on cannot be told, so all run: {why}"))
            .ok(),
        fresh: number("FRESH") == Some(1),
        lanes: number("LANES").unwrap_or(1).max(1),
    };
    if runtime.block_on(runs.run(chosen)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Fails with a sentence unless it holds.
fn ensure(holds: bool, otherwise: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// Waits until the TV shows a golden picture. What moves on a screen (a ring, say) is not on the goldens that are asked
/// for here.
async fn until_tv_shows(guest: &guest::Guest, golden: &str, within: std::time::Duration) -> Outcome {
    let wanted = Path::new("tests/screens/golden").join(golden);
    let wanted = image::open(&wanted).map_err(|error| format!("{}: {error}", wanted.display()))?.into_rgb8();
    let deadline = tokio::time::Instant::now() + within;
    loop {
        let shown = guest.machine.tv().await.map_err(|error| error.to_string())?;
        if is_like(&shown, &wanted) {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            let seen = guest.folder.join("tv.png");
            let kept = shown.save(&seen).map_or_else(|error| error.to_string(), |()| seen.display().to_string());
            return Err(format!("the TV did not show {golden} within {within:?}, but {kept}"));
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}

/// Whether few pixels differ by more than a shade. It runs beside an emulated machine, so it ends as soon as it knows.
fn is_like(shown: &image::RgbImage, wanted: &image::RgbImage) -> bool {
    if shown.dimensions() != wanted.dimensions() {
        return false;
    }
    let row = wanted.width() as usize * 3;
    let rows = shown.as_raw().chunks_exact(row).zip(wanted.as_raw().chunks_exact(row));
    let pixels = rows
        .filter(|(shown, wanted)| shown != wanted)
        .flat_map(|(shown, wanted)| shown.chunks(3).zip(wanted.chunks(3)));
    let differ =
        pixels.filter(|(shown, wanted)| shown.iter().zip(*wanted).any(|(one, other)| one.abs_diff(*other) > 40));
    differ.take(60).count() < 60
}
