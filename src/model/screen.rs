//! What the TV shows, as a value: which picture and sentence, what the button does now, whom to phone.

use super::language::Language;
use super::quality::Quality;
use super::stick::{KeyRefusal, PaperRefusal};
use super::update::UpdateRefusal;
pub use super::wire::RoomRefusal;
use super::wire::Words;
use std::time::Duration;

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

/// What the camera's eye says while it looks for a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanHint {
    /// Nothing found yet.
    #[default]
    Looking,
    /// A code is there but too small.
    Closer,
    /// A code is there but cut off by the edge, or fills too much.
    FurtherAway,
    /// A code is there but cannot be read: movement or reflections.
    HoldStill,
    /// Read.
    Found,
    /// There is no camera to show it to.
    NoCamera,
}

/// A code that was read but is not the one asked for; one plain sentence each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongCode {
    /// A room-key code of a place that is not on this loan's list.
    AnotherCity,
    /// An address elsewhere.
    OtherAddress,
    /// Any other code.
    OtherCode,
    /// Two codes at once.
    TwoCodes,
    /// A Wi-Fi code when the paper is asked for.
    WifiInstead,
    /// Looks like a room key but is damaged or too short.
    DamagedKey,
    /// Looks like a Wi-Fi code but is incomplete.
    DamagedWifi,
}

/// Why a network cannot be used or does not work, with what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkTrouble {
    /// No password: others could listen.
    Open,
    /// WEP: broken encryption.
    Wep,
    /// WPA1 or TKIP: weak encryption.
    Wpa1,
    /// OWE: encrypted, but anybody may be the other end.
    Owe,
    /// WPS only.
    WpsOnly,
    /// Enterprise network (802.1X) that this loan has no credentials for.
    Enterprise,
    /// A protection that this device cannot speak (GCMP without CCMP, say): not weak, but of no use here.
    Unsupported,
    /// WPA3 only, and this device's radio (or its firmware) has no SAE.
    RadioWithoutWpa3,
    /// The network's security got worse than it was.
    Downgraded,
    /// A page must be agreed to first.
    Portal,
    /// The password is wrong; or the router takes known devices alone, or is full, which no driver tells apart for sure.
    WrongPassword,
    /// No network of that name in the air.
    NotInTheAir,
    /// No network of that name in the air, and this device's radio hears the 2.4 GHz band alone.
    NotOnThisBand,
    /// In the air, but too weak.
    TooWeak,
    /// No address from the router.
    NoAddress,
    /// Names cannot be looked up.
    NoNames,
    /// The router has no internet.
    NoInternet,
    /// The city's server does not answer.
    ServerUnreachable,
    /// The server's certificate is not trusted.
    Untrusted,
    /// The clock cannot be set.
    ClockUnknown,
    /// No radio, or it does not work.
    NoRadio,
    /// The radio is there, but switched off (rfkill).
    RadioOff,
    /// The part of this device that serves cable and Wi-Fi does not run.
    NotWorking,
    /// The line was lost.
    LineLost,
}

impl NetworkTrouble {
    /// The network itself protects less than the city asks for.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Open | Self::Wep | Self::Wpa1 | Self::Owe | Self::WpsOnly | Self::Downgraded)
    }

    /// The city forbids the network itself; anything else may pass.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Wep
                | Self::Wpa1
                | Self::Owe
                | Self::WpsOnly
                | Self::Enterprise
                | Self::Unsupported
                | Self::RadioWithoutWpa3
                | Self::Downgraded
                | Self::Portal
        )
    }
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The family left.
    Left,
    /// Staff ended it.
    Ended,
    /// Staff made the participant leave.
    LetLeave,
    /// The slot is over.
    SlotOver,
    /// Withdrawn by the city.
    Revoked,
    /// The line did not come back: the telephone takes over.
    LineLost,
    /// Staff will phone.
    WillPhone,
}

/// A step of forgetting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WipeStep {
    /// Leave the network and forget its passphrase.
    Network,
    /// Forget the room key.
    Key,
    /// Destroy the key of the data partition.
    Data,
    /// Look that nothing is left.
    Verify,
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

/// Where camera and staff pictures appear under the screen's painted parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// Where the own camera is seen.
    pub own: Option<Window>,
    /// Where the staff's picture is seen.
    pub staff: Option<Window>,
}

/// A rectangle in thousandths of the TV's width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Left edge.
    pub x: u16,
    /// Upper edge.
    pub y: u16,
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
    /// Shown as in a mirror (self-view), so that left stays left.
    pub mirrored: bool,
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
    /// Where pictures appear on this face; everything else is opaque.
    pub fn windows(&self) -> Windows {
        const VIEWFINDER: Window = Window { x: 520, y: 170, width: 430, height: 573, mirrored: true };
        const MIRROR: Window = Window { x: 500, y: 143, width: 450, height: 600, mirrored: true };
        const SMALL: Window = Window { x: 775, y: 50, width: 175, height: 233, mirrored: true };
        const FULL: Window = Window { x: 0, y: 0, width: 1000, height: 1000, mirrored: false };
        match self {
            Self::ShowWifi { .. } | Self::ShowPaper { .. } if self.has_viewfinder() => {
                Windows { own: Some(VIEWFINDER), staff: None }
            }
            Self::Mirror(_) | Self::TryOut => Windows { own: Some(MIRROR), staff: None },
            Self::Live { held: false, .. } => Windows { own: Some(SMALL), staff: Some(FULL) },
            _ => Windows::default(),
        }
    }

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

    /// A stable name for golden pictures, reports and the trace.
    pub fn name(&self) -> String {
        match self {
            Self::Starting => "boot-starting".into(),
            Self::WipeOwed => "boot-wipe-owed".into(),
            Self::NoLoan => "boot-no-loan".into(),
            Self::MadeAnew => "boot-made-anew".into(),
            Self::LoanRefused { .. } => "boot-loan-refused".into(),
            Self::KeyRefused { why, .. } => format!("boot-key-refused-{}", kebab(&format!("{why:?}"))),
            Self::LoanEnded => "boot-loan-ended".into(),
            Self::WentBack => "boot-went-back".into(),
            Self::StickReading => "boot-stick-reading".into(),
            Self::UpdateInstalling { .. } => "boot-update-installing".into(),
            Self::Restarting => "boot-restarting".into(),
            Self::UpToDate { .. } => "boot-up-to-date".into(),
            Self::UpdateRefused(why) => format!("boot-update-refused-{}", kebab(&format!("{why:?}"))),
            Self::LoanPrepared { .. } => "boot-loan-prepared".into(),
            Self::PaperRefused(why) => format!("boot-paper-refused-{}", why.name()),
            Self::FindingNetwork => "network-finding".into(),
            Self::ShowWifi { hint: ScanHint::NoCamera, .. } => "network-show-wifi-no-camera".into(),
            Self::ShowWifi { wrong: None, hint } => format!("network-show-wifi-{}", kebab(&format!("{hint:?}"))),
            Self::ShowWifi { wrong: Some(wrong), .. } => format!("network-show-wifi-{}", kebab(&format!("{wrong:?}"))),
            Self::JoiningNetwork { .. } => "network-joining".into(),
            Self::NetworkTrouble(trouble) => format!("network-trouble-{}", kebab(&format!("{trouble:?}"))),
            Self::ShowPaper { hint: ScanHint::NoCamera, .. } => "qr-show-paper-no-camera".into(),
            Self::ShowPaper { wrong: None, hint } => format!("qr-show-paper-{}", kebab(&format!("{hint:?}"))),
            Self::ShowPaper { wrong: Some(wrong), .. } => format!("qr-show-paper-{}", kebab(&format!("{wrong:?}"))),
            Self::PaperRead => "ready-paper-read".into(),
            Self::AskingRoom => "ready-asking-room".into(),
            Self::Refused(why) => format!("ready-refused-{}", kebab(&format!("{why:?}"))),
            Self::Mirror(meeting) if meeting.opens_in.is_some() => "ready-mirror-early".into(),
            Self::Mirror(_) => "ready-mirror".into(),
            Self::Rules { meeting, page } if meeting.opens_in.is_some() => format!("ready-rules-early-{}", page + 1),
            Self::Rules { page, .. } => format!("ready-rules-{}", page + 1),
            Self::Disagreed => "ready-disagreed".into(),
            Self::TryOut => "ready-try-out".into(),
            Self::Entering => "session-entering".into(),
            Self::Lobby { staff_present: true } => "session-lobby".into(),
            Self::Lobby { staff_present: false } => "session-lobby-staff-absent".into(),
            Self::Live { held: true, .. } => "session-held".into(),
            Self::Live { quality, .. } => format!("session-live-{}", kebab(&format!("{quality:?}"))),
            Self::Unverified { tried_again: false } => "session-unverified".into(),
            Self::Unverified { tried_again: true } => "session-unverified-again".into(),
            Self::ComingBack { .. } => "session-coming-back".into(),
            Self::Ended(ending) => format!("session-ended-{}", kebab(&format!("{ending:?}"))),
            Self::Forgetting { step, .. } => format!("wipe-forgetting-{}", kebab(&format!("{step:?}"))),
            Self::Forgotten { receipt: None, .. } => "wipe-forgotten".into(),
            Self::Forgotten { receipt: Some(_), .. } => "wipe-receipt".into(),
            Self::WipeFailed(step) => format!("wipe-failed-{}", kebab(&format!("{step:?}"))),
        }
    }
}

/// `TooManyTries` as `too-many-tries`.
pub fn kebab(camel: &str) -> String {
    let mut name = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
