//! The vocabulary of the appliance's turns: what comes in, what goes out, and how a turn is written in the log.
//!
//! None of it has `Debug`: some of it carries secrets. `Display` names each without its secrets, and that is
//! all that a log ever sees.

use super::code::Code;
use super::ids::{Attempt, Epoch};
use super::quality::LineStats;
use super::screen::{NetworkTrouble, ScanHint, WipeStep};
use super::stick::{Held, HeldTrouble, LoanOrder, StickNews};
use super::update::UpdateNews;
use super::uptime::Uptime;
use super::wifi_code::WifiCode;
use super::wire::{Candidate, IceServer, ToClient, ToServer};
use jiff::Timestamp;
use std::fmt;
use std::path::PathBuf;

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

/// The network's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkNews {
    /// Joined, judged again and usable.
    Up,
    /// Not usable. A network that is not accepted is left again; one without internet is kept, to be checked again.
    Trouble(NetworkTrouble),
    /// Left and forgotten.
    Forgotten,
}

/// What the signalling line says.
pub enum LinkNews {
    /// Open: say hello.
    Opened,
    /// A message.
    Heard(ToClient),
    /// Not open, or not any more.
    Closed(LinkClosed),
}

/// Why a line is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkClosed {
    /// The server's name cannot be looked up.
    NoName,
    /// Nobody answers at the address, in time.
    Unreachable,
    /// The certificate is not trusted (RFC 5280), or not for this name.
    Untrusted,
    /// Something answers, but not a room server.
    NotARoom,
    /// Closed by the other end, or silent for too long.
    Lost,
}

/// What the session's media say.
pub enum MediaNews {
    /// The offer to send.
    Offer(String),
    /// A candidate to send.
    Candidate(Candidate),
    /// ICE and DTLS are up, with the end that signalling names.
    Connected,
    /// Somebody other than the counter is, or may be, at the other end. Nothing flowed; the sentence is for the log.
    Unverified(String),
    /// The other end's first picture.
    FirstPicture,
    /// The path is dead.
    PathDead,
    /// How the line is.
    Stats(LineStats),
    /// The pipeline failed; the sentence is for the log.
    Failed(String),
}

/// Which media may flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaGates {
    /// Own picture goes out.
    pub picture: bool,
    /// Own sound goes out.
    pub sound: bool,
    /// The other end is seen and heard.
    pub show: bool,
}

/// What to do.
pub enum Effect {
    /// Judge and join the Wi-Fi of a code.
    JoinWifi {
        /// Number of the question.
        attempt: Attempt,
        /// The network.
        wifi: WifiCode,
    },
    /// Look for a Wi-Fi that this loan knows, and join it.
    JoinKnown {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Look again whether the internet can be reached.
    CheckNetwork {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Leave every Wi-Fi and forget its passphrase.
    ForgetNetwork {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Open a signalling line.
    OpenLink {
        /// Number of the line.
        attempt: Attempt,
        /// WebSocket address without secrets.
        address: String,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Say something on it.
    Say {
        /// Which line.
        attempt: Attempt,
        /// The message.
        message: ToServer,
    },
    /// Close it.
    CloseLink,
    /// Build a session pipeline and make its offer.
    BuildMedia {
        /// Number of the pipeline.
        attempt: Attempt,
        /// The connection it is for.
        epoch: Epoch,
        /// STUN and TURN servers.
        ice_servers: Vec<IceServer>,
        /// Relayed candidates only.
        relay_only: bool,
    },
    /// The other end's answer.
    MediaAnswer {
        /// Which pipeline.
        attempt: Attempt,
        /// Session description.
        sdp: String,
    },
    /// The other end's candidate.
    MediaCandidate {
        /// Which pipeline.
        attempt: Attempt,
        /// The candidate.
        candidate: Candidate,
    },
    /// What may flow.
    Gate {
        /// Which pipeline.
        attempt: Attempt,
        /// The gates.
        gates: MediaGates,
    },
    /// Tear the pipeline down.
    CloseMedia,
    /// Note on disk that a wipe is owed.
    OweWipe {
        /// Number of the question.
        attempt: Attempt,
        /// When the return order was signed, seconds since 1970: with the wipe's end it has been carried out.
        returned: Option<u64>,
    },
    /// A step of forgetting.
    Wipe {
        /// Number of the question.
        attempt: Attempt,
        /// The step.
        step: WipeStep,
    },
    /// Note on disk that nothing is owed any more.
    WipeDone {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Play the chime.
    Chime,
    /// Look at an update and, if it is good, write it into the other slot.
    Update {
        /// Number of the question.
        attempt: Attempt,
        /// The file.
        bundle: PathBuf,
        /// Somebody put the stick in since power-on; see [`super::update::UpdateRefusal::TriedAlready`].
        by_hand: bool,
    },
    /// Look for an update at the counter and, if it is good, write it into the other slot.
    UpdateFromCounter {
        /// Number of the question.
        attempt: Attempt,
        /// The loan's room servers, in its order.
        hosts: Vec<String>,
        /// PEM certificates trusted beside the public ones.
        trust_anchors: Vec<String>,
    },
    /// Leave off from it: somebody is there. What has been written stays, for the next time.
    AbandonUpdate {
        /// Number of the question.
        attempt: Attempt,
    },
    /// Keep a loan.
    Lend {
        /// Number of the question.
        attempt: Attempt,
        /// The loan and its file.
        order: Box<LoanOrder>,
    },
    /// Start the whole device anew.
    Restart,
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
            Self::Link { attempt, news } => match news {
                LinkNews::Opened => write!(f, "Link{attempt}(Opened)"),
                LinkNews::Heard(message) => write!(f, "Link{attempt}({})", message.trace()),
                LinkNews::Closed(why) => write!(f, "Link{attempt}(Closed {why:?})"),
            },
            Self::Media { attempt, news } => {
                write!(f, "Media{attempt}(")?;
                match news {
                    MediaNews::Offer(_) => f.write_str("Offer")?,
                    MediaNews::Candidate(_) => f.write_str("Candidate")?,
                    MediaNews::Connected => f.write_str("Connected")?,
                    MediaNews::Unverified(why) => write!(f, "Unverified: {why}")?,
                    MediaNews::FirstPicture => f.write_str("FirstPicture")?,
                    MediaNews::PathDead => f.write_str("PathDead")?,
                    MediaNews::Stats(_) => f.write_str("Stats")?,
                    MediaNews::Failed(what) => write!(f, "Failed: {what}")?,
                }
                f.write_str(")")
            }
            Self::BootFiles(number) => write!(f, "BootFiles({number})"),
            Self::Stored { attempt, result: Ok(()) } => write!(f, "Stored{attempt}"),
            Self::Stored { attempt, result: Err(why) } => write!(f, "NotStored{attempt}({why})"),
            Self::Stick(news) => news.fmt(f),
            Self::Update { attempt, news } => write!(f, "Update{attempt}({news:?})"),
            Self::WentBack => f.write_str("WentBack"),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinWifi { attempt, .. } => write!(f, "JoinWifi {attempt}"),
            Self::JoinKnown { attempt } => write!(f, "JoinKnown {attempt}"),
            Self::CheckNetwork { attempt } => write!(f, "CheckNetwork {attempt}"),
            Self::ForgetNetwork { attempt } => write!(f, "ForgetNetwork {attempt}"),
            Self::OpenLink { attempt, .. } => write!(f, "OpenLink {attempt}"),
            Self::Say { attempt, message } => write!(f, "Say {attempt} {}", message.trace()),
            Self::CloseLink => f.write_str("CloseLink"),
            Self::BuildMedia { attempt, epoch, .. } => write!(f, "BuildMedia {attempt} epoch={}", epoch.0),
            Self::MediaAnswer { attempt, .. } => write!(f, "MediaAnswer {attempt}"),
            Self::MediaCandidate { attempt, .. } => write!(f, "MediaCandidate {attempt}"),
            Self::Gate { attempt, gates } => {
                let open = [(gates.picture, "picture"), (gates.sound, "sound"), (gates.show, "show")];
                let open: Vec<_> = open.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
                write!(f, "Gate {attempt} {{{}}}", open.join(","))
            }
            Self::CloseMedia => f.write_str("CloseMedia"),
            Self::OweWipe { attempt, .. } => write!(f, "OweWipe {attempt}"),
            Self::Wipe { attempt, step } => write!(f, "Wipe {attempt} {step:?}"),
            Self::WipeDone { attempt } => write!(f, "WipeDone {attempt}"),
            Self::UpdateFromCounter { attempt, .. } => write!(f, "UpdateFromCounter {attempt}"),
            Self::AbandonUpdate { attempt } => write!(f, "AbandonUpdate {attempt}"),
            Self::Chime => f.write_str("Chime"),
            Self::Update { attempt, .. } => write!(f, "Update {attempt}"),
            Self::Lend { attempt, .. } => write!(f, "Lend {attempt}"),
            Self::Restart => f.write_str("Restart"),
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
