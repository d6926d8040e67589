//! What the button's bar says: each label names what happens next on that very screen.

use crate::model::screen::{Face, HoldDoes, PressDoes, RoomRefusal, Screen, kebab};

/// The text that names what a press does.
pub(super) fn press(screen: &Screen, does: PressDoes) -> String {
    let held = matches!(screen.face, Face::Live { held: true, .. });
    let id = match (does, &screen.face) {
        (PressDoes::Next, Face::Rules { .. }) => "press-next-page",
        (PressDoes::Next, _) => "press-read-rules",
        (PressDoes::Back, Face::Disagreed) => "press-read-again",
        (PressDoes::Back, _) => "press-stop-trying",
        (PressDoes::Again, Face::Forgotten { .. }) => "press-begin-again",
        (PressDoes::ShowCode, Face::Refused(RoomRefusal::UnknownKey)) => "press-show-code",
        (PressDoes::ShowCode, Face::Refused(_)) => "press-other-paper",
        (PressDoes::Understood, Face::Ended(_) | Face::NetworkTrouble(_)) => "press-forget",
        (PressDoes::Pause, _) if held => "press-stay-hidden",
        (PressDoes::Resume, _) if held => "press-be-seen",
        _ => return format!("press-{}", kebab(&format!("{does:?}"))),
    };
    id.to_owned()
}

/// The text that names what a hold does.
pub(super) fn hold(does: HoldDoes) -> String {
    match does {
        HoldDoes::Language => "press-language".to_owned(),
        does => format!("hold-{}", kebab(&format!("{does:?}"))),
    }
}
