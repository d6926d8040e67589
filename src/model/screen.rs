//! What the TV shows, as a value: which picture and sentence, what the button does now, whom to phone.

mod name;
mod windows;

use super::language::Language;
use super::quality::Quality;
use super::stick::PaperRefusal;
pub use super::trouble::{Ending, NetworkTrouble, RoomRefusal, ScanHint, WipeStep, WrongCode};
use super::trouble::{KeyRefusal, UpdateRefusal};
use super::wire::Words;
pub use name::kebab;
use std::time::Duration;
pub use windows::{Window, Windows};

/// Everything that the TV shows at one moment. Two equal screens give the same picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The language of its words.
    pub language: Language,
    /// The city's name.
    pub city: Words,
    /// Which picture and sentence.
    pub face: Face,
    /// What a press does now.
    pub press: Option<PressDoes>,
    /// What a hold does now.
    pub hold: Option<HoldDoes>,
    /// Whom to phone; shown on every screen where anything can fail.
    pub telephone: Option<Telephone>,
    /// A word beside the main sentence.
    pub aside: Option<Aside>,
    /// What moves many times a second; painted over the rest.
    pub live: Live,
}

/// Parts that change often; painting them must not paint the screen anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// How full the hold ring is, per thousand.
    pub ring: Option<u16>,
    /// Microphone level, per thousand of full scale (a speaking voice reaches about 500).
    pub level: Option<u16>,
}

/// The counter's telephone and when somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone {
    /// As people dial it.
    pub number: String,
    /// Opening hours.
    pub hours: Words,
}

/// What a press does, as the bar at the foot of the screen says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PressDoes {
    /// Changes to the loan's next language.
    Language,
    /// Goes on to the next screen.
    Next,
    /// Tries again.
    Again,
    /// Asks for a QR code: another Wi-Fi's, or another paper.
    ShowCode,
    /// Agrees to the rules and joins the room.
    AgreeAndJoin,
    /// Closes a message and goes on.
    Understood,
    /// Shows the self-view and sound check without a room.
    TryOut,
    /// Goes back one step.
    Back,
    /// Switches the own picture and sound off.
    Pause,
    /// Switches them on again.
    Resume,
    /// After a hold that was a mistake: asks for the paper once more.
    ComeBack,
}

/// What a hold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldDoes {
    /// Leaves the room.
    Leave,
    /// Starts the story again from the first screen.
    StartAgain,
    /// Goes back one step.
    Back,
    /// Changes to the loan's next language, where a press does something else.
    Language,
    /// Does not agree to the rules.
    Disagree,
    /// Starts the whole device anew.
    Restart,
}

/// A word beside the main sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// The room-key paper was seen already and is remembered.
    PaperRemembered,
    /// The camera is missing: "they cannot see you; you can still talk".
    NoCamera,
    /// The microphone is missing.
    NoMicrophone,
    /// Neither camera nor microphone is there.
    NoCameraNorMicrophone,
    /// The TV gives no sound: the counter is not heard.
    NoSpeaker,
    /// No camera, and the TV gives no sound.
    NoCameraNorSpeaker,
    /// No microphone, and the TV gives no sound.
    NoMicrophoneNorSpeaker,
    /// None of the three.
    NoCameraMicrophoneNorSpeaker,
    /// Five minutes are left.
    FiveMinutes,
    /// One minute is left.
    OneMinute,
    /// The appointment was given another time.
    NewTime {
        /// Its start.
        starts: HourMinute,
        /// Its end.
        ends: HourMinute,
    },
    /// "We will phone you."
    WillPhone,
    /// The microphone is there and gives no sound at all: it is muted at its own switch.
    SilentMicrophone,
    /// The TV comes back through the microphone: staff hear themselves.
    LoudTv,
    /// Nothing of the TV's own sound comes back: it is too soft, off, or at another input.
    SilentTv,
    /// The staff member's own microphone is off: the family does not hear them.
    StaffMuted,
    /// The staff member's camera is off: the TV is dark on purpose.
    StaffCameraOff,
    /// Own picture and sound are switched off.
    Paused,
    /// A development build: whoever can write to the boot partition can lend it.
    Development,
    /// The firmware is older than the counter still wants: the device is to be brought back.
    BringBack,
    /// An update is being written into the other slot.
    Updating,
}

impl Aside {
    /// A stable name for sentences and golden pictures.
    pub fn name(self) -> String {
        match self {
            Self::NewTime { .. } => "new-time".into(),
            other => kebab(&format!("{other:?}")),
        }
    }

    /// No camera is there.
    pub fn lacks_camera(self) -> bool {
        use Aside::{NoCamera, NoCameraMicrophoneNorSpeaker, NoCameraNorMicrophone, NoCameraNorSpeaker};
        matches!(self, NoCamera | NoCameraNorMicrophone | NoCameraNorSpeaker | NoCameraMicrophoneNorSpeaker)
    }

    /// No microphone is there.
    pub fn lacks_microphone(self) -> bool {
        use Aside::{NoCameraMicrophoneNorSpeaker, NoCameraNorMicrophone, NoMicrophone, NoMicrophoneNorSpeaker};
        matches!(self, NoMicrophone | NoCameraNorMicrophone | NoMicrophoneNorSpeaker | NoCameraMicrophoneNorSpeaker)
    }

    /// The TV gives no sound.
    pub fn lacks_speaker(self) -> bool {
        use Aside::{NoCameraMicrophoneNorSpeaker, NoCameraNorSpeaker, NoMicrophoneNorSpeaker, NoSpeaker};
        matches!(self, NoSpeaker | NoCameraNorSpeaker | NoMicrophoneNorSpeaker | NoCameraMicrophoneNorSpeaker)
    }

    /// One of the two does not hear the other, or the city is to be asked: only the telephone is left.
    pub fn offers_telephone(self) -> bool {
        self.lacks_microphone() || self.lacks_speaker() || self == Self::BringBack
    }
}

/// Clock time to show: hours and minutes in the counter's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourMinute {
    /// 0..24
    pub hour: i8,
    /// 0..60
    pub minute: i8,
}

/// Who and when, as the screens say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The counter's name.
    pub counter: Words,
    /// Month and day in the counter's time zone.
    pub month_day: (i8, i8),
    /// Start.
    pub starts: HourMinute,
    /// End.
    pub ends: HourMinute,
    /// Time until the lobby opens, rounded up to whole seconds; nothing once it is open.
    pub opens_in: Option<Duration>,
}

/// Pages of rules: no more than can be read at 3 m.
pub const RULES_PAGES: u8 = 3;

/// Which picture and sentence. The order is the story's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Face {
    // boot
    /// The city's name; starting.
    Starting,
    /// Finishing a wipe that was owed before anything else.
    WipeOwed,
    /// No loan is prepared: bring the device back to the city.
    NoLoan,
    /// No loan is prepared, because the memory was damaged and has been made anew.
    MadeAnew,
    /// The loan in the memory is no longer followed: the device is not lent.
    LoanRefused {
        /// Its number.
        id: String,
        /// Why.
        why: PaperRefusal,
    },
    /// A city key on the device counts for nothing.
    KeyRefused {
        /// Name of its file.
        file: String,
        /// Why.
        why: KeyRefusal,
    },
    /// The loan's term has ended: bring the device back.
    LoanEnded,
    /// The last update did not work; the system before it runs again.
    WentBack,
    /// A stick is being read: leave it in.
    StickReading,
    /// An update is being written.
    UpdateInstalling {
        /// 0..=100
        percent: u8,
    },
    /// The device starts anew by itself.
    Restarting,
    /// The stick's update is what runs already.
    UpToDate {
        /// Its version.
        version: String,
    },
    /// The stick's update is not installed.
    UpdateRefused(UpdateRefusal),
    /// The stick's loan is in force.
    LoanPrepared {
        /// Its id.
        id: String,
        /// Last day.
        until: jiff::civil::Date,
    },
    /// The stick's loan or return order is not followed.
    PaperRefused(PaperRefusal),

    // network
    /// Looking for a cable or a known Wi-Fi.
    FindingNetwork,
    /// "Show me your router's Wi-Fi code."
    ShowWifi {
        /// What the camera's eye says.
        hint: ScanHint,
        /// A code that was read but is not it.
        wrong: Option<WrongCode>,
    },
    /// Joining this network (name shortened to what fits).
    JoiningNetwork {
        /// Name of the Wi-Fi; empty for a cable.
        name: String,
    },
    /// It cannot be used, or does not work.
    NetworkTrouble(NetworkTrouble),

    // qr
    /// "Show me the paper from the city."
    ShowPaper {
        /// What the camera's eye says.
        hint: ScanHint,
        /// A code that was read but is not it.
        wrong: Option<WrongCode>,
    },

    // ready
    /// The paper was read: it can be put down.
    PaperRead,
    /// Asking the room about the key.
    AskingRoom,
    /// The room says no.
    Refused(RoomRefusal),
    /// Who and when, self-view, microphone level: "mind what is visible behind you".
    Mirror(Meeting),
    /// The rules to agree to, a page at a time.
    Rules {
        /// Who and when.
        meeting: Meeting,
        /// From 0 to [`RULES_PAGES`] - 1; only the last one asks for consent.
        page: u8,
    },
    /// They do not agree to the rules: nobody has joined.
    Disagreed,
    /// Self-view, level and chime without a room.
    TryOut,

    // session
    /// On the way into the lobby.
    Entering,
    /// In the lobby.
    Lobby {
        /// Somebody of the counter is in the room.
        staff_present: bool,
    },
    /// Talking. Staff's picture fills the TV, self-view small.
    Live {
        /// Who is seen.
        name: String,
        /// Time left, whole seconds.
        remaining: Duration,
        /// The line.
        quality: Quality,
        /// Staff paused picture and sound.
        held: bool,
    },
    /// Somebody other than the counter may be at the other end: nothing is shown or sent.
    Unverified {
        /// It was tried again already, and once is enough.
        tried_again: bool,
    },
    /// The line was lost; coming back by itself.
    ComingBack {
        /// Time left, whole seconds.
        remaining: Duration,
    },
    /// The session is over.
    Ended(Ending),

    // wipe
    /// Forgetting, step by step.
    Forgetting {
        /// The step under way.
        step: WipeStep,
        /// Steps done so far.
        done: u8,
        /// Steps in all.
        of: u8,
    },
    /// Forgotten. At return: with a receipt.
    Forgotten {
        /// Code of the receipt that staff compare.
        receipt: Option<String>,
        /// Number of the boot files, which staff compare with the image's; with a receipt alone.
        boot: Option<String>,
    },
    /// A step of forgetting failed and is tried again; do not use this device.
    WipeFailed(WipeStep),
}

impl Screen {
    /// Whether the telephone stands on a screen with this face and this word beside it.
    pub fn offers_telephone(face: &Face, aside: Option<Aside>) -> bool {
        face.offers_telephone() || aside.is_some_and(Aside::offers_telephone)
    }

    /// Staff phone the family, and the number is for when they do not.
    pub fn waits_for_a_call(&self) -> bool {
        self.face == Face::Ended(Ending::WillPhone) || self.aside == Some(Aside::WillPhone)
    }
}

impl Face {
    /// What the camera sees is shown: a code is looked for, and there is a camera to look with.
    pub fn has_viewfinder(&self) -> bool {
        let (Self::ShowWifi { hint, wrong } | Self::ShowPaper { hint, wrong }) = self else { return false };
        match hint {
            ScanHint::NoCamera => false,
            ScanHint::Found => wrong.is_some(),
            _ => true,
        }
    }

    /// City staff read it, with a stick or a returned device in their hands; a family only by mistake.
    pub fn is_for_staff(&self) -> bool {
        matches!(
            self,
            Self::KeyRefused { .. }
                | Self::UpToDate { .. }
                | Self::UpdateRefused(_)
                | Self::LoanPrepared { .. }
                | Self::PaperRefused(_)
                | Self::Forgotten { receipt: Some(_), .. }
        )
    }

    /// Whether the telephone stands on it: wherever something can fail or is being waited for.
    fn offers_telephone(&self) -> bool {
        !matches!(self, Self::Live { quality: Quality::Good | Quality::Fair, held: false, .. })
    }
}
