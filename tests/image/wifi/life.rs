//! A call over a Wi-Fi that has its moods. After each it is said how long the family was left without a word, and how long
//! it took until staff heard them again; the figures depend on the machine, what happens does not.

use super::air::{PASSPHRASE, Point, air, up};
use super::{cursor, shows, turn, uptime};
use crate::ensure;
use crate::guest::{Guest, Outcome, PATIENCE};
use crate::story::city::City;
use crate::story::clips;
use crate::story::counter::Counter;
use crate::story::relay::Relay;
use crate::story::street::{self, Street};
use crate::story::traces::found_on;
use crate::story::{Home, said};
use data_encoding::BASE64;
use madoguchi::emulator::sound::DeskSound;
use madoguchi::workbench::camera::Scenery;
use madoguchi::workbench::papers::{Ink, sheet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The home's name in the air.
const HOME: &str = "hogar-2024";
/// How long the family speaks, in seconds.
const SPEAKING: f32 = 1800.0;
/// How long a better word about the line is waited for.
const TALKABLE: Duration = Duration::from_secs(90);

pub(crate) async fn lived(folder: &Path) -> Outcome {
    let _street = Street::lay(folder).await?;
    let relay = Relay::start(folder, street::ADDRESS);
    let city = City::open(folder, relay.turn(false)).await?;
    let sound = DeskSound::start().await.map_err(said)?;
    let mut home = Home::furnished(folder, city, Some(&sound)).await?;
    up(&mut home.guest).await?;
    Point::wpa2(HOME).start(&mut home.guest).await?;
    home.is_lent().await?;
    home.reaches("the router's code is asked for", "network-show-wifi").await?;
    let code = format!("WIFI:T:WPA;S:{HOME};P:{PASSPHRASE};;");
    home.slot.show(Scenery::Paper(Arc::new(sheet(&code, Ink::Router)?)));
    home.reaches("the Wi-Fi is joined", "qr-show-paper").await?;
    home.reads_the_paper().await?;
    let counter = home.meets_the_counter().await?;
    let voice = folder.join("family.wav");
    clips::write_wav(&voice, &clips::beeps(clips::FAMILY_TONE, SPEAKING));
    let _speaking = sound.hear(&voice).map_err(said)?;
    home.sees_and_is_seen(&counter).await?;
    home.is_heard(&counter).await?;

    println!("    {:<44} {:>8} {:>12}", "the Wi-Fi", "said", "heard again");
    let guest = &mut home.guest;
    // A restart of the router takes longer than the line may be silent.
    let (since, begun) = (guest.now().await?, uptime(guest).await?);
    air(guest, "off 1").await?;
    let (told, _) = turn(guest, since, "session-coming-back", PATIENCE).await?;
    Point::wpa2(HOME).start(guest).await?;
    let on = uptime(guest).await?;
    heard_again(&mut home, &counter).await?;
    figures("goes off, and comes back", told - begun, uptime(&mut home.guest).await? - on);

    let guest = &mut home.guest;
    // Of the same home: it takes the addresses over.
    Point::wpa2(HOME).on(2).behind("none").start(guest).await?;
    let (since, begun) = (guest.now().await?, uptime(guest).await?);
    air(guest, "off 1").await?;
    air(guest, "behind 2 home 1").await?;
    let told = turn(guest, since, "session-coming-back", PATIENCE).await.map(|(told, _)| told - begun)?;
    // Before that staff still hear what was on its way.
    heard_again(&mut home, &counter).await?;
    let guest = &mut home.guest;
    let again = uptime(guest).await?;
    ensure(!air(guest, "stations 2").await?.is_empty(), "the other access point has nobody")?;
    figures("goes off where another of its name is", told, again - begun);

    // The emulated box shows too few pictures a second and calls that a weak line; without them it seldom does.
    counter.page.press("camera").await;
    let talkable = shows(guest, "session-live-(good|fair)", TALKABLE).await.is_ok();
    let begun = uptime(guest).await?;
    air(guest, "crowded 2").await?;
    // Where it was called weak a moment before, the family knows already.
    let (since, face) = shows(guest, "session-live-weak|session-coming-back", PATIENCE).await?;
    let told = (since - begun).max(0.0);
    if !talkable {
        println!("    this machine is too slow for a line that is not called weak before:");
    }
    air(guest, "calm 2").await?;
    let better = uptime(guest).await?;
    heard_again(&mut home, &counter).await?;
    let guest = &mut home.guest;
    figures(&format!("loses 30 %, 300 ms late ({face})"), told, uptime(guest).await? - better);

    goes_over_to_something_else(guest).await?;
    leaves_no_trace(home).await
}

/// In the middle of a loan the card is taken out: it knows neither the home's name nor its passphrase.
async fn leaves_no_trace(mut home: Home) -> Outcome {
    let known = "test -s /var/lib/madoguchi/data/known/wifi.json && base64 -w 0 /var/lib/madoguchi/state/data.key";
    let key = home.guest.run(known).await?;
    let key = BASE64.decode(key.trim().as_bytes()).map_err(|error| format!("the data key: {error}"))?;
    let disk = home.guest.machine.cut().await.map_err(said)?.disk.ok_or("no disk")?;
    let secrets = [
        ("the home's name", HOME.as_bytes().to_vec()),
        ("its passphrase", PASSPHRASE.as_bytes().to_vec()),
        // It lies open: what it opens is what a return makes unreadable.
        ("the data key", key),
    ];
    let found = found_on(&disk, &secrets).await?;
    let right = matches!(&found[..], [key] if key.starts_with("the data key"));
    ensure(right, format!("on the card, during a loan: {}", found.join(", ")))?;
    println!("    neither the home's name nor its passphrase is on the card");
    Ok(())
}

fn figures(what: &str, told: f64, heard: f64) {
    println!("    {what:<44} {told:>6.1} s {heard:>10.1} s");
}

/// Waits until staff hear the family's tone anew.
async fn heard_again(home: &mut Home, counter: &Counter) -> Outcome {
    counter.page.script("window.seen.tone = 0;").await;
    home.heard(counter).await
}

/// Something with root's rights brings an open network up: it is left, and nothing is said over it. (Two
/// seconds are what the box has for it; how long an emulated one takes is told.)
async fn goes_over_to_something_else(guest: &mut Guest) -> Outcome {
    Point::new("free-wifi", "").on(3).start(guest).await?;
    let (since, kernel_since) = (guest.now().await?, cursor(guest).await?);
    air(guest, "rogue free-wifi").await?;
    guest.says("the Wi-Fi in use is left", since, PATIENCE).await?;
    let time = |line: &str| line.trim_start().trim_start_matches('[').split(']').next()?.trim().parse::<f64>().ok();
    turn(guest, since, "network-trouble-downgraded", PATIENCE).await?;
    // By the kernel's own words, after the association: it was still joined to the home's network before.
    let kernel = guest
        .run(&format!(
            "journalctl --sync; journalctl -b -k --after-cursor='{kernel_since}' --no-pager -o short-monotonic | \
             sed -n '/wlan0: associated/,$p' | grep -e 'wlan0: associated' -e 'wlan0: deauth' -e 'wlan0: disassoc' || true"
        ))
        .await?;
    let link = guest.run("iw dev wlan0 link").await?;
    // The home's network is on the air still, and may be joined again by now.
    ensure(!link.contains("free-wifi"), format!("the box is associated all the same: {link}"))?;
    let mut lines = kernel.lines();
    let Some(joined) = lines.next() else {
        println!("    left what somebody else wanted to join before it was associated");
        return Ok(());
    };
    let joined = time(joined).ok_or(format!("a strange line: {joined}"))?;
    let left = lines
        .find(|line| !line.contains("wlan0: associated"))
        .and_then(time)
        .ok_or(format!("the kernel says nothing of leaving: {kernel}"))?;
    println!("    left what somebody else had joined after {:.1} s", left - joined);
    Ok(())
}
