//! The booted image: real boots of the product's image in QEMU, in software emulation.
//!
//! - `boots`: from power-on to the first screen, and what the running system is and is not
//! - `button`: the button on a pin and as a USB key, pressed and held
//! - `scan`: a neighbour in the home network finds no port that answers
//! - `story`: a whole life, from the loan to the return, with a real counter at the other end
//! - `wifi`: access points of every kind, joined or refused by name; and a life with a Wi-Fi that has its moods
//! - `updates`: there and back; updates that do not work go back by themselves; bundles that must be refused
//! - `cuts`: the power is cut at many moments of an installation and of a first boot
//! - `pi`: the same image on a Raspberry Pi 3B with its own device tree
//! - `times`: power to the first screen, beside Debian's stock userland to its login
//!
//! `tests/image/build` makes what is booted; `make test-image` does both. Names as arguments choose among them. Nothing
//! but `times`, which compares two starts in one run, depends on how fast the machine is; how long things took is
//! printed at the end.
#![expect(clippy::disallowed_methods, reason = "tests wait, write files and start machines")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod boots;
mod builds;
mod button;
mod cuts;
mod guest;
mod pi;
mod scan;
mod story;
mod times;
mod updates;
mod usb;
mod wifi;

use guest::Outcome;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

type Test = fn(PathBuf) -> Pin<Box<dyn Future<Output = Outcome>>>;

macro_rules! test {
    ($module:ident :: $name:ident) => {
        (concat!(stringify!($module), "::", stringify!($name)), |folder| Box::pin($module::$name(folder)))
    };
}

/// In the order of the story. The first of each line are those that tell most.
const TESTS: &[(&str, Test)] = &[
    test!(boots::the_first_screen_and_what_runs_behind_it),
    test!(boots::a_lost_data_partition_is_made_anew_and_said),
    test!(boots::a_memory_that_fails_lends_nothing),
    test!(boots::a_system_that_cannot_open_the_memory_leaves_it_alone),
    test!(boots::a_slot_is_good_only_when_a_call_could_be_made),
    test!(boots::short_lived_units_do_their_work),
    test!(builds::two_builds_have_the_same_bytes),
    test!(builds::a_release_is_signed_with_a_token),
    test!(scan::nothing_answers_at_the_cable),
    test!(usb::a_phone_that_shares_its_network_is_not_let_in),
    test!(button::a_pin_and_a_usb_key_are_pressed_and_held),
    test!(story::a_life_from_the_loan_to_the_return),
    test!(wifi::every_access_point_gets_its_verdict),
    test!(wifi::what_changes_while_connected_is_told),
    test!(wifi::a_call_lives_through_the_moods_of_a_wifi),
    test!(updates::there_and_back_by_a_stick),
    test!(updates::what_must_be_refused_is_refused_and_changes_nothing),
    test!(updates::a_stick_pulled_out_in_the_middle_changes_nothing),
    test!(updates::an_appliance_that_dies_goes_back),
    test!(updates::a_kernel_that_panics_goes_back),
    test!(updates::a_damaged_root_goes_back),
    test!(cuts::an_installation),
    test!(cuts::a_first_boot),
    test!(pi::the_image_boots_on_a_raspberry_pi_3b),
    test!(times::the_first_screen_comes_sooner_than_stocks_login),
];

fn main() -> ExitCode {
    if let Some(ended) = story::inside().or_else(scan::inside) {
        return ended;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let known = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()));
    let chosen: Vec<_> = TESTS.iter().filter(|(name, _)| known(name)).collect();
    if chosen.is_empty() {
        eprintln!("no test has one of these names: {}", wanted.join(", "));
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut failed = Vec::new();
    let mut table = String::new();
    for (name, test) in chosen {
        println!("==> {name}");
        let folder = guest::images().join("runs").join(name.replace("::", "-"));
        let _ = std::fs::remove_dir_all(&folder);
        let begun = Instant::now();
        let outcome = runtime.block_on(test(folder));
        let seconds = begun.elapsed().as_secs();
        let word = if outcome.is_ok() { "passed" } else { "FAILED" };
        table.push_str(&format!("{word} {seconds:>5} s  {name}\n"));
        println!("    {word} after {seconds} s");
        if let Err(why) = outcome {
            println!("{why}");
            failed.push(*name);
        }
    }
    println!("\n{table}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Fails with a sentence unless it holds.
fn ensure(holds: bool, otherwise: impl Into<String>) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// Pixels of a PNG.
fn pixels(path: &Path) -> Outcome<image::RgbImage> {
    image::open(path).map(|picture| picture.to_rgb8()).map_err(|error| format!("{}: {error}", path.display()))
}

/// Waits until the TV shows a golden picture: at most so many pixels differ by more than a shade. What moves on a
/// screen (a ring, say) is not on the goldens that are asked for here.
async fn until_tv_shows(guest: &guest::Guest, golden: &str, within: std::time::Duration) -> Outcome {
    let wanted = pixels(&Path::new("tests/screens/golden").join(golden))?;
    let seen = guest::images().join("runs/tv.png");
    let deadline = tokio::time::Instant::now() + within;
    let mut differ = usize::MAX;
    while tokio::time::Instant::now() < deadline {
        guest.machine.picture(&seen).await.map_err(|error| error.to_string())?;
        let shown = pixels(&seen)?;
        if shown.dimensions() == wanted.dimensions() {
            differ = shown
                .pixels()
                .zip(wanted.pixels())
                .filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 40))
                .count();
            if differ < 60 {
                return Ok(());
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    Err(format!("the TV did not show {golden} within {within:?}: {differ} pixels differ; it shows {}", seen.display()))
}
