//! Picture and sound against the real thing: Chromium at the other end, coturn between.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what goes wrong in a test fails it")]
#![expect(clippy::disallowed_methods, reason = "tests start browsers, relays and tasks, and wait for them")]

/// Chromium.
#[path = "../support/browser/mod.rs"]
mod browser;
/// The two brought together without a room server.
mod call;
/// This end: the appliance's media with a drawn camera, a beeping microphone and a listening speaker.
mod desk;
/// A bad line between them: loss, and too few bits.
mod line;
/// The model of a bad line that `make bench` uses.
#[path = "../support/link.rs"]
mod link;
/// An address for each relay.
#[path = "../support/loopback.rs"]
mod loopback;
/// The other end: Chromium with a drawn picture and a tone.
mod peer;
/// Relays: coturn over UDP, TCP and TLS.
mod relay;
/// Somebody between them who ends the handshakes himself.
#[allow(dead_code, reason = "a part of it is used here")]
mod stranger;

/// The line loses packets, or carries few of them.
mod a_bad_line;
/// A relay is all that is between the ends.
mod a_call_over_a_relay;
/// Faces and voices go both ways, and only while the gates allow.
mod a_call_with_a_browser;
/// The clean line of `make bench` in short.
mod a_clean_line;
/// What stays behind after ten sessions, and what may be in one.
mod a_clean_session;
/// The path dies, or never comes up.
mod a_dead_path;
/// The process that has the sessions dies, or hangs.
mod a_process_that_dies;
/// The machine is much slower than a desktop.
mod a_slow_machine;
/// Whoever is at the other end does not have the certificate that the counter's answer names.
mod a_stranger_on_the_path;
/// Camera, microphone and speaker go and come back.
mod senses_that_come_back;
