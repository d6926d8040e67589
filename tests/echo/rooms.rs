//! The canceller in rooms of all kinds, in virtual time.

use crate::voices::{LOUDNESS, counter, decibels, family};
use madoguchi::device::media::echo::{Canceller, Played};
use madoguchi::workbench::acoustics::{Acoustics, Room};
use madoguchi::workbench::sound::RATE;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples of 10 ms.
const PIECE: usize = RATE / 100;
/// Where the clocks stand at the beginning: the room's sound must have had time to come.
const BEGIN: u64 = RATE as u64;
/// Loudness of the echo in the microphone, in dB of full scale, as the rooms are set up.
const ECHO: f64 = LOUDNESS - 6.0;

/// Somebody who speaks now and then.
#[derive(Clone)]
struct Talks {
    voice: Arc<[i16]>,
    /// From which second until which.
    when: Vec<(usize, usize)>,
}

impl Talks {
    fn never() -> Self {
        Self { voice: Arc::from([0]), when: Vec::new() }
    }

    fn all_the_time(voice: Arc<[i16]>) -> Self {
        Self { voice, when: vec![(0, usize::MAX)] }
    }

    fn piece(&self, number: usize) -> [i16; PIECE] {
        let talks = self.when.iter().any(|(from, until)| (*from..*until).contains(&(number / 100)));
        std::array::from_fn(|at| if talks { self.voice[(number * PIECE + at) % self.voice.len()] } else { 0 })
    }
}

/// A call in a room.
struct Scene {
    acoustics: Acoustics,
    seconds: usize,
    staff: Talks,
    family: Talks,
    /// Changes something before a piece.
    change: fn(usize, &mut Room),
    /// When a piece of the reference is said to be due, against its moment: stamps jitter.
    jitter: fn(usize) -> i64,
    /// Which pieces of the microphone are lost and come as silence.
    lost: fn(usize) -> bool,
}

/// What came of it.
struct Outcome {
    microphone: Vec<i16>,
    near: Vec<i16>,
    out: Vec<i16>,
    loss_said: Option<i16>,
    delay_said: Option<u16>,
    /// Part of a processor's core that the canceller takes.
    processor: f64,
}

fn room(delay_ms: u64) -> Acoustics {
    Acoustics::living_room(Duration::from_millis(delay_ms))
}

impl Scene {
    fn new(acoustics: Acoustics, seconds: usize) -> Self {
        let staff = Talks::all_the_time(counter(LOUDNESS));
        let family = Talks::never();
        Self { acoustics, seconds, staff, family, change: |_, _| {}, jitter: |_| 0, lost: |_| false }
    }

    fn play(&self) -> Outcome {
        let mut room = Room::new(self.acoustics);
        room.skip_to(BEGIN);
        let played = Played::default();
        let mut canceller = Canceller::new(played.clone());
        let mut outcome = Outcome {
            microphone: Vec::new(),
            near: Vec::new(),
            out: Vec::new(),
            loss_said: None,
            delay_said: None,
            processor: 0.0,
        };
        let mut took = Duration::ZERO;
        // What is played is known so long before it is heard.
        let early = 8;
        for number in 0..self.seconds * 100 + early {
            (self.change)(number, &mut room);
            let at = BEGIN + (number * PIECE) as u64;
            let staff = self.staff.piece(number);
            room.play(at, &staff);
            played.plays(at.saturating_add_signed((self.jitter)(number)), &staff);
            let Some(number) = number.checked_sub(early) else { continue };
            let near = self.family.piece(number);
            let heard = room.hear(&near);
            let mut piece = if (self.lost)(number) { vec![0; PIECE] } else { heard };
            outcome.microphone.extend(&piece);
            outcome.near.extend(near);
            let begun = Instant::now();
            canceller.heard(BEGIN / PIECE as u64 + number as u64, &mut piece);
            took += begun.elapsed();
            outcome.out.extend(piece);
        }
        outcome.processor = took.as_secs_f64() / self.seconds as f64;
        let said = canceller.stats();
        (outcome.loss_said, outcome.delay_said) = (said.map(|said| said.loss_db), said.map(|said| said.delay_ms));
        outcome
    }
}

/// A part of what was recorded, in seconds.
fn part(samples: &[i16], from: usize, until: usize) -> &[i16] {
    &samples[from * RATE..until * RATE]
}

impl Outcome {
    /// How much of the echo is gone, in dB.
    fn loss(&self, from: usize, until: usize) -> f64 {
        decibels(part(&self.microphone, from, until)) - decibels(part(&self.out, from, until))
    }

    /// How much lower near speech is, in dB, what is left of the echo included.
    fn lowered(&self, from: usize, until: usize) -> f64 {
        decibels(part(&self.near, from, until)) - decibels(part(&self.out, from, until))
    }
}

#[test]
fn no_tv_is_too_late_and_no_room_too_large() {
    for rt60 in [300, 500] {
        for delay in [30, 70, 150, 300, 450] {
            let acoustics = Acoustics { rt60: Duration::from_millis(rt60), ..room(delay) };
            let outcome = Scene::new(acoustics, 15).play();
            let (loss, said) = (outcome.loss(3, 15), outcome.delay_said);
            println!(
                "TV {delay:3} ms, RT60 {rt60} ms: echo loss {loss:.0} dB, said {:?} dB at {said:?} ms",
                outcome.loss_said
            );
            assert!(loss >= 30.0, "TV {delay} ms, RT60 {rt60} ms: {loss:.1} dB");
            let said = i64::from(said.expect("the delay is known"));
            assert!((said - delay as i64).abs() <= 20, "TV {delay} ms: {said} ms are said");
            assert!(outcome.loss_said.is_some_and(|said| said >= 30), "{:?}", outcome.loss_said);
        }
    }
}

/// Televisions that improve their picture for more than half a second, or a sound bar behind one.
#[test]
fn a_tv_that_is_later_than_others_is_found_after_some_seconds() {
    for delay in [520, 600, 700] {
        let outcome = Scene::new(room(delay), 30).play();
        let (loss, said) = (outcome.loss(12, 30), outcome.delay_said);
        println!("TV {delay} ms: echo loss {loss:.0} dB after 12 s, said {:?} dB at {said:?} ms", outcome.loss_said);
        assert!(loss >= 30.0, "TV {delay} ms: {loss:.1} dB");
        let said = i64::from(said.expect("the delay is known"));
        assert!((said - delay as i64).abs() <= 20, "TV {delay} ms: {said} ms are said");
    }
}

/// What comes back belongs to what was said before some of it was lost, and to what stands in for that.
#[test]
fn a_line_that_loses_packets_changes_nothing() {
    // One of 33, of 20 ms each; by a seeded sequence.
    let mut seed = 7_u32;
    let mut voice = counter(LOUDNESS).to_vec();
    for packet in voice.chunks_mut(2 * PIECE) {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if (seed >> 16).is_multiple_of(33) {
            packet.fill(0);
        }
    }
    let staff = Talks::all_the_time(voice.into());
    let loss = Scene { staff, ..Scene::new(room(150), 15) }.play().loss(3, 15);
    println!("3 % of the packets lost: echo loss {loss:.0} dB");
    assert!(loss >= 30.0, "{loss:.1} dB");
}

#[test]
fn a_voice_alone_stays_as_it_is() {
    let scene = Scene { staff: Talks::never(), family: Talks::all_the_time(family(ECHO)), ..Scene::new(room(150), 15) };
    let lowered = scene.play().lowered(3, 15);
    println!("near speech alone is lowered by {lowered:.1} dB");
    assert!((-5.0..=1.0).contains(&lowered), "{lowered:.1} dB");
}

/// Three metres away, and somebody who speaks low as well.
#[test]
fn a_quiet_talker_is_heard_as_others_are() {
    for (loudness, least) in [(-20.0, -21.5), (-26.0, -27.0), (-35.0, -26.0), (-45.0, -30.0)] {
        let family = Talks::all_the_time(family(loudness));
        let outcome = Scene { staff: Talks::never(), family, ..Scene::new(room(150), 30) }.play();
        let at = decibels(part(&outcome.out, 10, 30));
        println!("a talker of {loudness:.0} dBFS is heard with {at:.0} dBFS at the counter");
        assert!((least..-19.0).contains(&at), "{loudness} dBFS: {at:.1}");
        assert!(outcome.out.iter().all(|sample| sample.unsigned_abs() < 32_000), "it is cut off");
    }
}

#[test]
fn neither_the_echo_nor_the_noise_is_lifted_with_a_quiet_talker() {
    for (loudness, least) in [(-35.0, -28.0), (-45.0, -32.0)] {
        // Both in turn, then nobody, then both at once.
        let staff = Talks { voice: counter(LOUDNESS), when: vec![(0, 5), (16, 26), (40, 60)] };
        let family = Talks { voice: family(loudness), when: vec![(5, 16), (26, 32), (50, 60)] };
        let outcome = Scene { staff, family, ..Scene::new(room(150), 60) }.play();
        let talker = decibels(part(&outcome.out, 27, 32));
        let (loss, later, noise) = (outcome.loss(16, 26), outcome.loss(41, 50), outcome.loss(34, 40));
        println!(
            "a talker of {loudness:.0} dBFS in turn with the TV: {talker:.0} dBFS at the counter, echo loss {loss:.0} dB at \
             once and {later:.0} dB after a pause, noise lower by {noise:.0} dB"
        );
        assert!(talker >= least, "{loudness} dBFS: {talker:.1} dBFS at the counter");
        assert!(loss >= 30.0 && later >= 30.0, "{loudness} dBFS: echo loss {loss:.1} and {later:.1} dB");
        assert!(noise >= 12.0, "{loudness} dBFS: noise lower by {noise:.1} dB");
        let lowered = outcome.lowered(50, 60);
        println!("and then both at once: the talker is lowered by {lowered:.0} dB");
        assert!(lowered <= 7.0, "{loudness} dBFS: lowered by {lowered:.1} dB");
    }
}

/// The worst moment: a talker was lifted by all that is possible, and the canceller loses the TV.
#[test]
fn an_echo_that_comes_back_is_not_lifted() {
    let change: fn(usize, &mut Room) = |number, room| {
        if number == 2_300 {
            room.set_delay(Duration::from_millis(270));
        }
    };
    let staff = Talks { voice: counter(LOUDNESS), when: vec![(0, 6), (20, 30)] };
    let family = Talks { voice: family(-45.0), when: vec![(6, 20)] };
    let outcome = Scene { staff, family, change, ..Scene::new(room(150), 30) }.play();
    // In pieces of 50 ms, in which the canceller's own delay counts little.
    let louder = |at: usize| {
        let at = at * RATE / 20..(at + 1) * RATE / 20;
        decibels(&outcome.out[at.clone()]) - decibels(&outcome.microphone[at]).max(LOUDNESS - 5.0)
    };
    let most = (20 * 20..30 * 20).map(louder).fold(f64::NEG_INFINITY, f64::max);
    println!("a TV that becomes 120 ms later while staff speak: at most {most:+.1} dB of what the microphone hears");
    assert!(most <= 2.0, "the echo is lifted by {most:.1} dB");
}

#[test]
fn both_may_speak_at_once() {
    for (louder, most) in [(0.0, 7.0), (6.0, 4.0), (12.0, 3.0)] {
        let talks = Talks { voice: family(ECHO + louder), when: vec![(6, usize::MAX)] };
        let lowered = Scene { family: talks, ..Scene::new(room(150), 26) }.play().lowered(8, 26);
        println!("both speak, near speech {louder:.0} dB louder than the echo: lowered by {lowered:.1} dB");
        assert!(lowered <= most, "{louder} dB louder: lowered by {lowered:.1} dB");
    }
}

#[test]
fn a_clock_that_runs_away_is_followed() {
    for drift_ppm in [200.0, -200.0] {
        let outcome = Scene::new(Acoustics { drift_ppm, ..room(200) }, 120).play();
        let losses: Vec<f64> = (0..4).map(|span| outcome.loss(span * 30 + 3, span * 30 + 30)).collect();
        let (whole, least) = (outcome.loss(3, 120), losses.iter().copied().fold(f64::INFINITY, f64::min));
        println!("{drift_ppm:+.0} ppm for 2 minutes: echo loss {whole:.0} dB, in the worst half minute {least:.0} dB");
        assert!(whole >= 30.0 && least >= 25.0, "{drift_ppm} ppm: {losses:.0?}");
    }
}

#[test]
fn a_tv_that_changes_its_mind_is_found_again() {
    let later: fn(usize, &mut Room) = |number, room| {
        if number == 1_000 {
            room.set_delay(Duration::from_millis(270));
        }
    };
    let sooner: fn(usize, &mut Room) = |number, room| {
        if number == 1_000 {
            room.set_delay(Duration::from_millis(150));
        }
    };
    for (from, change) in [(150, later), (270, sooner)] {
        let outcome = Scene { change, ..Scene::new(room(from), 30) }.play();
        let loss = outcome.loss(15, 30);
        println!("a change by 120 ms from {from} ms: echo loss {loss:.0} dB after 5 s");
        assert!(loss >= 30.0, "from {from} ms: {loss:.1} dB");
    }
}

#[test]
fn stamps_that_jitter_do_no_harm() {
    // Up to 1 ms off, now and then 20 ms.
    let jitter: fn(usize) -> i64 = |number| (number as i64 * 7919) % 97 - 48 + if number % 50 == 7 { 960 } else { 0 };
    let loss = Scene { jitter, ..Scene::new(room(150), 15) }.play().loss(3, 15);
    println!("stamps that jitter: echo loss {loss:.0} dB");
    assert!(loss >= 30.0, "{loss:.1} dB");
}

#[test]
fn a_microphone_that_loses_sound_is_back_within_3_s() {
    let lost: fn(usize) -> bool = |number| (1_000..1_050).contains(&number);
    let loss = Scene { lost, ..Scene::new(room(150), 25) }.play().loss(13, 25);
    println!("after half a second that the microphone lost: echo loss {loss:.0} dB within 3 s");
    assert!(loss >= 30.0, "{loss:.1} dB");
}

#[test]
fn the_rooms_noise_is_lower_in_pauses() {
    let acoustics = Acoustics { noise_dbfs: -50.0, ..room(150) };
    let outcome = Scene { staff: Talks::never(), ..Scene::new(acoustics, 10) }.play();
    let lower = outcome.loss(3, 10);
    println!("noise of -50 dBFS in pauses: lower by {lower:.0} dB");
    assert!(lower >= 12.0, "{lower:.1} dB");
}

/// What it says when it fails: a TV that is later than can be found.
#[test]
fn an_echo_that_stays_is_noticed() {
    let outcome = Scene::new(room(900), 15).play();
    println!("a TV that is 900 ms late: echo loss {:.0} dB, {:?} dB are said", outcome.loss(3, 15), outcome.loss_said);
    assert!(outcome.loss_said.is_some_and(|said| said < madoguchi::model::quality::EchoStats::ENOUGH_DB));
}

/// A headset, or a speakerphone that cancels by itself: nothing comes back, and the family speaks while staff do.
fn without_a_way_back(seconds: usize) -> Scene {
    let acoustics = Acoustics { echo_db: -90.0, ..room(150) };
    Scene { family: Talks::all_the_time(family(LOUDNESS - 6.0)), ..Scene::new(acoustics, seconds) }
}

#[test]
fn who_speaks_while_staff_do_is_no_echo() {
    let outcome = without_a_way_back(30).play();
    let (first, later) = (outcome.lowered(0, 5), outcome.lowered(5, 30));
    println!("nothing comes back: a talker is lowered by {first:.1} dB in the first 5 s, then by {later:.1} dB");
    assert_eq!(outcome.loss_said, None, "staff are told that they hear themselves");
    assert!(first <= 7.0 && later <= 1.0, "lowered by {first:.1} and {later:.1} dB");
}

#[test]
fn an_echo_that_begins_in_a_call_is_taken_out() {
    let begins: fn(usize, &mut Room) = |number, room| {
        if number == 1_500 {
            room.set_echo(-6.0);
        }
    };
    let scene = without_a_way_back(45);
    let family = Talks { when: vec![(0, 15)], ..scene.family.clone() };
    let outcome = Scene { family, change: begins, ..scene }.play();
    let loss = outcome.loss(20, 45);
    println!("a headset that is pulled out: echo loss {loss:.0} dB after 5 s, said {:?} dB", outcome.loss_said);
    assert!(loss >= 30.0, "{loss:.1} dB");
}

/// Printed only: how fast this machine is decides nothing.
#[test]
fn what_it_takes_of_a_processor() {
    let outcome = Scene::new(room(150), 15).play();
    println!("the canceller takes {:.1} % of a core", outcome.processor * 100.0);
    assert_eq!(outcome.out.len(), outcome.microphone.len());
}
