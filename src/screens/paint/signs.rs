//! Which pictogram stands for what.

use crate::model::quality::Quality;
use crate::model::screen::{Aside, Ending, Face, NetworkTrouble, RoomRefusal, ScanHint};
use crate::model::stick::PaperRefusal;
use crate::model::update::UpdateRefusal;

/// The picture of a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    /// Its pictogram.
    pub(super) pictogram: &'static str,
    /// A small mark that says busy, done or trouble without a colour.
    pub(super) badge: Option<&'static str>,
    /// Behind the pictogram.
    pub(super) tint: &'static str,
}

const fn busy(pictogram: &'static str) -> Sign {
    Sign { pictogram, badge: Some("busy"), tint: "#d9e8f3" }
}

const fn calm(pictogram: &'static str) -> Sign {
    Sign { pictogram, badge: None, tint: "#d9e8f3" }
}

const fn turn(pictogram: &'static str) -> Sign {
    Sign { pictogram, badge: None, tint: "#e6e1f0" }
}

const fn trouble(pictogram: &'static str) -> Sign {
    Sign { pictogram, badge: Some("trouble"), tint: "#fadcd2" }
}

const fn done(pictogram: &'static str) -> Sign {
    Sign { pictogram, badge: Some("done"), tint: "#d8eed9" }
}

/// A code was read: the screen says so as large as it can.
const READ: Sign = Sign { pictogram: "tick", badge: None, tint: "#d8eed9" };

/// The picture of a face.
pub(super) fn of(face: &Face) -> Sign {
    match face {
        Face::Starting => busy("hall"),
        Face::WipeOwed | Face::Forgetting { .. } => busy("shredder"),
        Face::LoanEnded => turn("return"),
        Face::NoLoan | Face::MadeAnew | Face::LoanRefused { .. } => turn("hall"),
        Face::KeyRefused { .. } => trouble("key"),
        Face::WentBack => turn("refresh"),
        Face::StickReading => busy("stick"),
        Face::UpdateInstalling { .. } => busy("install"),
        Face::Restarting => busy("refresh"),
        Face::UpToDate { .. } => done("install"),
        Face::UpdateRefused(why) => trouble(of_update_refusal(*why)),
        Face::LoanPrepared { .. } => done("document"),
        Face::PaperRefused(why) => trouble(of_paper_refusal(why)),
        Face::FindingNetwork => busy("globe"),
        Face::ShowWifi { hint: ScanHint::NoCamera, .. } | Face::ShowPaper { hint: ScanHint::NoCamera, .. } => {
            turn("camera-off")
        }
        Face::ShowWifi { hint: ScanHint::Found, wrong: None } | Face::PaperRead => READ,
        Face::ShowWifi { .. } => turn("router-code"),
        Face::JoiningNetwork { name } if name.is_empty() => busy("cable"),
        Face::JoiningNetwork { .. } => busy("router"),
        Face::NetworkTrouble(what) => trouble(of_trouble(*what)),
        Face::ShowPaper { .. } => turn("paper-code"),
        Face::AskingRoom => busy("hall"),
        Face::Refused(why) => of_refusal(*why),
        Face::Mirror(_) | Face::TryOut => turn("mirror"),
        Face::Rules { .. } => turn("document"),
        Face::Disagreed => turn("telephone"),
        Face::Entering => busy("door-in"),
        Face::Lobby { staff_present: true } => calm("counter"),
        Face::Lobby { staff_present: false } => busy("counter-empty"),
        Face::Live { .. } => calm("pause"),
        Face::Unverified { tried_again: false } => trouble("shield"),
        Face::Unverified { tried_again: true } => turn("telephone"),
        Face::ComingBack { .. } => busy("refresh"),
        Face::Ended(ending) => of_ending(*ending),
        Face::Forgotten { .. } => done("shredder"),
        Face::WipeFailed(_) => trouble("shredder"),
    }
}

const fn of_trouble(what: NetworkTrouble) -> &'static str {
    match what {
        NetworkTrouble::Open
        | NetworkTrouble::Wep
        | NetworkTrouble::Wpa1
        | NetworkTrouble::WpsOnly
        | NetworkTrouble::Downgraded => "lock-open",
        NetworkTrouble::Enterprise => "badge",
        NetworkTrouble::Portal => "page",
        NetworkTrouble::WrongPassword => "key",
        NetworkTrouble::Unsupported | NetworkTrouble::RadioWithoutWpa3 => "wifi-lock",
        NetworkTrouble::NotInTheAir | NetworkTrouble::NoRadio => "wifi-off",
        NetworkTrouble::NotWorking => "gear",
        NetworkTrouble::NotOnThisBand => "wifi-5g",
        NetworkTrouble::RadioOff => "wifi-switch",
        NetworkTrouble::TooWeak => "wifi-weak",
        NetworkTrouble::NoAddress => "router",
        NetworkTrouble::NoNames | NetworkTrouble::NoInternet => "globe",
        NetworkTrouble::ServerUnreachable => "hall",
        NetworkTrouble::Owe | NetworkTrouble::Untrusted => "shield",
        NetworkTrouble::ClockUnknown => "clock",
        NetworkTrouble::LineLost => "cable-cut",
    }
}

const fn of_update_refusal(why: UpdateRefusal) -> &'static str {
    match why {
        UpdateRefusal::Unsigned => "shield",
        UpdateRefusal::OtherProduct | UpdateRefusal::TooLarge => "install",
        UpdateRefusal::Older => "clock",
        UpdateRefusal::Damaged | UpdateRefusal::PulledOut => "stick",
        UpdateRefusal::TriedAlready => "refresh",
        UpdateRefusal::Failed => "gear",
    }
}

const fn of_paper_refusal(why: &PaperRefusal) -> &'static str {
    match why {
        PaperRefusal::NoSignature | PaperRefusal::WrongKey | PaperRefusal::Changed => "shield",
        PaperRefusal::NoKeys => "key",
        PaperRefusal::UnreadableStick | PaperRefusal::Misnamed { .. } | PaperRefusal::Unreadable => "stick",
        PaperRefusal::Invalid { .. } => "paper-crossed",
        PaperRefusal::AlreadyLent { .. } | PaperRefusal::OtherLoan { .. } | PaperRefusal::NothingLent => "document",
        PaperRefusal::Expired | PaperRefusal::OldLoan | PaperRefusal::OldReturn => "clock",
        PaperRefusal::OtherDevice { .. } => "install",
        PaperRefusal::NotWritten => "gear",
    }
}

/// Nobody did anything wrong where there is only to wait, or where the time is over.
const fn of_refusal(why: RoomRefusal) -> Sign {
    match why {
        RoomRefusal::UnknownKey => trouble("paper-unknown"),
        RoomRefusal::Over => calm("clock"),
        RoomRefusal::RoomFull => trouble("people"),
        RoomRefusal::LetLeave => calm("counter"),
        RoomRefusal::TooManyTries => busy("hourglass"),
        RoomRefusal::Version => trouble("gear"),
        RoomRefusal::Busy => calm("people"),
        // Whatever else it is: the counter's number stands beside it.
        _ => calm("telephone"),
    }
}

const fn of_ending(ending: Ending) -> Sign {
    match ending {
        Ending::Left => done("door-out"),
        Ending::Ended => done("counter"),
        Ending::LetLeave => calm("counter"),
        Ending::SlotOver => calm("clock"),
        Ending::Revoked => calm("telephone"),
        Ending::LineLost => turn("telephone"),
        Ending::WillPhone => turn("telephone-ringing"),
    }
}

/// The pictogram beside an aside.
pub(super) const fn of_aside(aside: Aside) -> &'static str {
    match aside {
        Aside::PaperRemembered => "check",
        Aside::NoCamera | Aside::StaffCameraOff => "camera-off",
        Aside::NoMicrophone | Aside::SilentMicrophone | Aside::StaffMuted => "mic-off",
        Aside::NoCameraNorMicrophone => "both-off",
        Aside::LoudTv => "speaker",
        Aside::SilentTv => "remote",
        Aside::NoSpeaker => "speaker-off",
        Aside::NoCameraNorSpeaker => "camera-speaker-off",
        Aside::NoMicrophoneNorSpeaker => "mic-speaker-off",
        Aside::NoCameraMicrophoneNorSpeaker => "trouble",
        Aside::FiveMinutes | Aside::OneMinute | Aside::NewTime { .. } => "clock",
        Aside::WillPhone => "telephone-ringing",
        Aside::Paused => "pause",
        Aside::BringBack | Aside::Updating => "gear",
        Aside::Development => "gear",
    }
}

/// What to do with the code that is held before the camera.
pub(super) const fn of_hint(hint: ScanHint) -> Option<&'static str> {
    match hint {
        ScanHint::Closer => Some("closer"),
        ScanHint::FurtherAway => Some("further-away"),
        ScanHint::HoldStill => Some("hold-still"),
        ScanHint::Looking | ScanHint::Found | ScanHint::NoCamera => None,
    }
}

/// The bars beside the word for the line.
pub(super) const fn of_quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "bars-good",
        Quality::Fair => "bars-fair",
        Quality::Weak => "bars-weak",
    }
}
