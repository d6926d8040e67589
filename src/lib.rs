//! # Madoguchi: the story on one page
//!
//! A city lends a box to a family that has no suitable PC. It hangs at the TV with a USB camera and one button,
//! reads the room key from the city's paper, and at one press the family talks with the counter. When it comes
//! back, it has forgotten everything. This page is the architecture document.
//!
//! ## Six chapters
//!
//! ```text
//!            cable or Wi-Fi code        the city's paper       agree and join
//!   boot ──▶ network ───────────▶ qr ───────────▶ ready ───────────▶ session ──▶ wipe
//!    │          ▲  │               ▲                 │                   │         │
//!    │          │  └ the paper may be shown first ───┘                   │         │
//!    └ a wipe is still owed ───────────────────────────────────────────────────────┘
//! ```
//!
//! [`appliance`] is that story as a pure machine. [`appliance::Appliance::handle`] takes the uptime and what
//! happened ([`model::turn::Input`]) and gives back what to do ([`model::turn::Effect`]);
//! [`appliance::Appliance::wake_at`] says when to be woken and why. The light, the screen and which senses are
//! open are *functions of the state*, so nothing can forget to switch them off. Each chapter consumes itself,
//! so leaving it drops its secrets. One turn is one line of the log.
//!
//! ## Who may know whom
//!
//! ```text
//!   model ◀── appliance ◀── supervisor ──▶ device ──▶ model
//!     ▲                         ▲   │         ▲
//!     └────── meeting ◀── room  │   ▼         │        screens ──▶ model, words     scan ──▶ model
//!                ▲         │    │ screens     │        room, staff ──▶ model, words, screens
//!             lending ◀────┘    │ scan        │
//!                               └── workbench ┘
//! ```
//!
//! * [`model`]: values without clock, socket, file or thread: codes, secrets, screens, wire messages, verdicts.
//!   [`model::trouble`] is the one list of what can go wrong and is told; `device` speaks these types too.
//! * [`appliance`]: decides for the box. It has no way to touch the world: without features this crate is only `model`,
//!   `appliance`, `meeting` and `lending`, and `cargo test --no-default-features` proves that they stand alone. Clippy bans clocks,
//!   files, environment and sleeping there (`.clippy.toml`); adapters opt out once, at the top, with a reason.
//! * [`meeting`]: decides for the room server, as `appliance` does for the box: who is in a room, what may happen next,
//!   which connection has which epoch.
//! * [`lending`]: decides for the city's ledger of devices and loans: which step may follow, who changed a row meanwhile, what
//!   looks like a person and is questioned.
//! * `device`: touches the world. Each file one thing; each device a pair of channels, asks in and events out.
//! * `screens`: pictures of what is read: the catalogue of screens, their painting, the setting of text. It knows no TV: built
//!   with the feature `pictures` alone it has nothing that touches the world.
//! * `scan`: codes out of pictures. It knows no camera: built with the feature `scan` alone it has none.
//! * `supervisor`: the only place where the two meet. It takes events for inputs (`device::inputs`) and turns effects into asks,
//!   and runs the named tasks whose first unasked end ends the process.
//!   On a desk, sessions live in a process of their own (`device::media::process`): it reads what strangers write, and has no
//!   device, no key and no D-Bus. When it ends, the session is built anew, and the supervisor lives on. On the box they live
//!   in the supervisor's process still (`supervisor::hardware`).
//! * `workbench`: the same channel pairs for a desk without hardware, and a page to live the story on.
//! * `room`: the room server around the meeting: `shell` (sockets), `web` (addresses, sign-in, pages), `appointments`, `store` (SQLite
//!   by table).
//! * `staff`: the staff's command line: the room-key sheet, checking a loan, signing it onto a stick.
//! * `sheet`: the room-key sheet on A4, the same from the room server and from the staff's command line.
//! * `boot_files`: the boot partition's files with their checksums, and the number that is told of them.
//! * `cities`: whose loans count on a device: the city keys that it takes, and why it refuses others.
//! * `release`: a counter's signed pointer to an update, as staff write it and the device reads it.
//! * `stick`: a stick's files and signatures, as staff write them and the device reads them.
//! * `emulator`: the machine that the image is booted in: QEMU, with a camera, a button and sticks of our own.
//! * `command_line`: how both of these read their command line and choose its language.
//! * `password`: what is taken as a password, wherever one is set.
//! * `words`: every sentence a person reads, on the TV, on pages, on paper and in a terminal, as Fluent files: the only place for
//!   them. The server makes the pages' tables of them. A language is a folder there and a line in [`model::language`].
//! * `src/pixels`: whatever goes over every pixel of a picture; a crate of its own, the only one that debug builds optimise.
//!
//! ## The laws
//!
//! `tests/story/laws.rs` states them and checks them after every step of random lives: the camera is open only
//! while a code is asked for, at self-view or in session; no forbidden network is used; no key outlives its
//! session; nothing flows to or from a peer that was not verified; no dead end; stale answers change nothing; "made to
//! leave" never rejoins by itself; what is opened is closed; a wipe that is owed comes first.
//!
//! ## A session on the wire
//!
//! Signalling is JSON over one WebSocket ([`model::wire`], which says how its two ends may differ in age); media go from end to end by WebRTC. The appliance
//! offers, the browser answers. In the lobby the transport is brought up, but gates keep picture and sound back
//! until consent was said *and* staff let the family in. Before that, the certificate at the other end is compared with
//! the one that its answer names: on a mismatch nothing flows, both ends say so, and the family may try it once more. On
//! other trouble nothing is repaired: the server raises the epoch, and both ends build a new connection.
//!
//! ## Glossary
//!
//! | Here | Meaning |
//! |---|---|
//! | able, ability | health: whether a call could be made with this device now (display, camera, network, TLS, codecs); decides whether an update is kept |
//! | appliance, box, device | the Raspberry Pi at the family's TV, and the state machine that decides for it |
//! | attempt | number of a request to a device; answers that bear an older number are dropped |
//! | chapter | one of the six top-level states of the appliance |
//! | counter | the city's office that talks with families; on a screen, its staff |
//! | desk | everything of the workbench in one process: a room server, an appliance and its played hardware |
//! | epoch | number of a media connection; a higher one means that both ends build a new one |
//! | effect, input | what the appliance wants done, and what it is told |
//! | gate | holds picture and sound back until consent, admission and a verified peer allow them |
//! | guest | whoever comes with a room key: the box, or a browser on the guest page |
//! | law | a property of all lives, checked after every step of random ones |
//! | ledger | the city's list of devices and loans, on the room server; a row counts its revisions |
//! | line | the signalling connection (WebSocket) to the room server |
//! | loan | what the city signed for one family: rooms, telephone, languages, until when |
//! | paper, sheet | the room key as a QR code, as the city prints it |
//! | path | the media connection (ICE, DTLS, SRTP), as opposed to the line |
//! | pointer | a signed file on the room server that names the newest update for a board |
//! | seat | a participant's place in a room; kept for 30 s while its line is down |
//! | sense | camera or microphone |
//! | slot | an appointment's time; on the disk, one of the two systems A and B |
//! | step | how large the own picture is and how often it is sent: what both the path and this machine have room for |
//! | stick | a USB stick with a loan, a return order or an update |
//! | turn | one input handled; one line of the log |
//! | word | a message, to or from a person or another program |

pub mod appliance;
#[cfg(any(feature = "device", feature = "staff"))]
pub mod boot_files;
#[cfg(any(feature = "device", feature = "staff"))]
pub mod cities;
#[cfg(any(feature = "room", feature = "staff"))]
pub mod command_line;
#[cfg(feature = "device")]
pub mod device;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod lending;
pub mod meeting;
pub mod model;
#[cfg(any(feature = "room", feature = "staff"))]
pub mod password;
#[cfg(any(feature = "device", feature = "staff"))]
pub mod release;
#[cfg(feature = "room")]
pub mod room;
#[cfg(feature = "scan")]
pub mod scan;
#[cfg(feature = "pictures")]
pub mod screens;
#[cfg(any(feature = "room", feature = "staff"))]
pub mod sheet;
#[cfg(feature = "staff")]
pub mod staff;
#[cfg(any(feature = "device", feature = "staff"))]
pub mod stick;
#[cfg(feature = "device")]
pub mod supervisor;
#[cfg(feature = "words")]
pub mod words;
#[cfg(feature = "workbench")]
pub mod workbench;
