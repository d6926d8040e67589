//! What a screen is called in golden pictures, reports and sentences.

use super::{Face, ScanHint};

impl Face {
    /// A stable name for golden pictures, reports and the trace.
    pub fn name(&self) -> String {
        match self {
            Self::Starting => "boot-starting".into(),
            Self::WipeOwed => "boot-wipe-owed".into(),
            Self::NoLoan => "boot-no-loan".into(),
            Self::MadeAnew => "boot-made-anew".into(),
            Self::LoanRefused { .. } => "boot-loan-refused".into(),
            Self::KeyRefused { why, .. } => format!("boot-key-refused-{}", why.name()),
            Self::LoanEnded => "boot-loan-ended".into(),
            Self::WentBack => "boot-went-back".into(),
            Self::StickReading => "boot-stick-reading".into(),
            Self::UpdateInstalling { .. } => "boot-update-installing".into(),
            Self::Restarting => "boot-restarting".into(),
            Self::UpToDate { .. } => "boot-up-to-date".into(),
            Self::UpdateRefused(why) => format!("boot-update-refused-{}", why.name()),
            Self::LoanPrepared { .. } => "boot-loan-prepared".into(),
            Self::PaperRefused(why) => format!("boot-paper-refused-{}", why.name()),
            Self::FindingNetwork => "network-finding".into(),
            Self::ShowWifi { hint: ScanHint::NoCamera, .. } => "network-show-wifi-no-camera".into(),
            Self::ShowWifi { wrong: None, hint } => format!("network-show-wifi-{}", hint.name()),
            Self::ShowWifi { wrong: Some(wrong), .. } => format!("network-show-wifi-{}", wrong.name()),
            Self::JoiningNetwork { .. } => "network-joining".into(),
            Self::NetworkTrouble(trouble) => format!("network-trouble-{}", trouble.name()),
            Self::ShowPaper { hint: ScanHint::NoCamera, .. } => "qr-show-paper-no-camera".into(),
            Self::ShowPaper { wrong: None, hint } => format!("qr-show-paper-{}", hint.name()),
            Self::ShowPaper { wrong: Some(wrong), .. } => format!("qr-show-paper-{}", wrong.name()),
            Self::PaperRead => "ready-paper-read".into(),
            Self::AskingRoom => "ready-asking-room".into(),
            Self::Refused(why) => format!("ready-refused-{}", why.name()),
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
            Self::Ended(ending) => format!("session-ended-{}", ending.name()),
            Self::Forgetting { step, .. } => format!("wipe-forgetting-{}", step.name()),
            Self::Forgotten { receipt: None, .. } => "wipe-forgotten".into(),
            Self::Forgotten { receipt: Some(_), .. } => "wipe-receipt".into(),
            Self::WipeFailed(step) => format!("wipe-failed-{}", step.name()),
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
