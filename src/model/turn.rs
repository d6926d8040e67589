//! The vocabulary of the appliance's turns: what comes in, what goes out, and how a turn is written in the log.
//!
//! None of it has `Debug`: some of it carries secrets. `Display` names each without its secrets, and that is
//! all that a log ever sees.

mod effect;
mod news;

use super::code::Code;
use super::ids::Attempt;
use super::screen::{NetworkTrouble, ScanHint};
use super::stick::{Held, HeldTrouble, StickNews};
use super::update::UpdateNews;
use super::uptime::Uptime;
pub use effect::{Effect, Gates};
use jiff::Timestamp;
pub use news::{LinkClosed, LinkNews, MediaNews, NetworkNews};
use std::fmt;

/// What happened.
pub enum Input {
    /// The time of `wake_at` has come.
    Tick,
    /// An edge of the button's contact.
    Button {
        /// Down or up.
        down: bool,
    },
    /// Level of the open microphone, per thousand.
    Level(u16),
    /// A lasting fact about the world.
    World(Fact),
    /// A device said something.
    Told(Told),
}

/// A lasting fact; the newest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A camera is there or not.
    Camera {
        /// Is there.
        present: bool,
    },
    /// A microphone is there or not.
    Microphone {
        /// Is there.
        present: bool,
    },
    /// The open microphone gives nothing but zeros or not: it is muted, at its own switch or in its card's mixer.
    MicrophoneSilent {
        /// Gives nothing.
        silent: bool,
    },
    /// The TV's sound can be used or not.
    Speaker {
        /// Can be used.
        present: bool,
    },
    /// How the microphone heard the chime that was played last.
    Chime(TvSound),
    /// The wall clock may be believed for judging certificates.
    Clock {
        /// May be believed.
        known: bool,
    },
    /// A network cable.
    Cable {
        /// With carrier.
        plugged: bool,
    },
    /// What the wall clock says at this turn. Told as soon as it is known, and whenever it was set anew.
    Wall {
        /// Its time.
        at: Timestamp,
    },
    /// Whether the accepted network carries traffic.
    Carries {
        /// Internet can be reached.
        up: bool,
        /// Why not, where known.
        trouble: Option<NetworkTrouble>,
    },
}

/// How what the TV plays comes back through the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TvSound {
    /// Not at all: the TV is off, too soft or at another input.
    Unheard,
    /// As it should.
    Heard,
    /// So loud that whoever speaks at the same time is drowned, and that it can hardly be taken out.
    TooLoud,
}

/// What a device said.
pub enum Told {
    /// What the store holds at power-on.
    Held(Box<Held>),
    /// The camera's eye.
    Scan {
        /// What to do with the paper.
        hint: ScanHint,
        /// What was read, once per reading.
        code: Option<Code>,
    },
    /// The network answers a question.
    Network {
        /// Which question.
        attempt: Attempt,
        /// The answer.
        news: NetworkNews,
    },
    /// The signalling line.
    Link {
        /// Which line.
        attempt: Attempt,
        /// What about it.
        news: LinkNews,
    },
    /// The session's media.
    Media {
        /// Which pipeline.
        attempt: Attempt,
        /// What about it.
        news: MediaNews,
    },
    /// With which boot files the device was started, as a number; the store says so at the end of a wipe.
    BootFiles(String),
    /// The store finished, or failed at, something.
    Stored {
        /// Which question.
        attempt: Attempt,
        /// How it failed.
        result: Result<(), String>,
    },
    /// A stick was put in or taken out.
    Stick(StickNews),
    /// The update that was asked for.
    Update {
        /// Which question.
        attempt: Attempt,
        /// What about it.
        news: UpdateNews,
    },
    /// The last update never became good; the system before it runs again. Said once, at start.
    WentBack,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tick => f.write_str("Tick"),
            Self::Button { down: true } => f.write_str("ButtonDown"),
            Self::Button { down: false } => f.write_str("ButtonUp"),
            Self::Level(_) => f.write_str("Level"),
            Self::World(fact) => write!(f, "{fact:?}"),
            Self::Told(told) => told.fmt(f),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(held) => {
                match &held.loan {
                    Ok(Some(_)) => f.write_str("Held(loan")?,
                    Ok(None) => f.write_str("Held(no loan")?,
                    Err(HeldTrouble::Unreadable(_)) => f.write_str("Held(unreadable loan")?,
                    Err(HeldTrouble::Refused { why, .. }) => write!(f, "Held(refused loan {}", why.name())?,
                }
                let more = [
                    (held.wipe_owed, ", wipe owed"),
                    (held.made_anew, ", made anew"),
                    (!held.refused_keys.is_empty(), ", refused keys"),
                    (held.development, ", development"),
                ];
                let more: String = more.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
                write!(f, "{more})")
            }
            Self::Scan { hint, code } => match code {
                None => write!(f, "Scan({hint:?})"),
                Some(Code::Wifi(_)) => f.write_str("Scan(wifi)"),
                Some(Code::Invite(_)) => f.write_str("Scan(room key)"),
                Some(Code::Wrong(wrong)) => write!(f, "Scan({wrong:?})"),
            },
            Self::Network { attempt, news } => write!(f, "Network{attempt}({news:?})"),
            Self::Link { attempt, news } => write!(f, "Link{attempt}({news})"),
            Self::Media { attempt, news } => write!(f, "Media{attempt}({news})"),
            Self::BootFiles(number) => write!(f, "BootFiles({number})"),
            Self::Stored { attempt, result: Ok(()) } => write!(f, "Stored{attempt}"),
            Self::Stored { attempt, result: Err(why) } => write!(f, "NotStored{attempt}({why})"),
            Self::Stick(news) => news.fmt(f),
            Self::Update { attempt, news } => write!(f, "Update{attempt}({news:?})"),
            Self::WentBack => f.write_str("WentBack"),
        }
    }
}

/// One turn of the machine as one line of the log: `00:12.300 ready + ButtonUp -> session [Say #4 Consent]`.
pub struct Turn<'a> {
    /// When.
    pub at: Uptime,
    /// Chapter and face before.
    pub before: (&'static str, &'a str),
    /// What came in, by [`Input`]'s `Display`.
    pub input: &'a str,
    /// Chapter and face after.
    pub after: (&'static str, &'a str),
    /// What went out.
    pub effects: &'a [Effect],
}

impl Turn<'_> {
    /// Nothing changed and nothing is to be done: not worth a line.
    pub fn is_idle(&self) -> bool {
        self.before == self.after && self.effects.is_empty()
    }
}

impl fmt::Display for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} + {} -> {}", self.at, self.before.0, self.input, self.after.0)?;
        if self.before.1 != self.after.1 {
            write!(f, " ({})", self.after.1)?;
        }
        let effects: Vec<_> = self.effects.iter().map(ToString::to_string).collect();
        if effects.is_empty() { Ok(()) } else { write!(f, " [{}]", effects.join(", ")) }
    }
}
