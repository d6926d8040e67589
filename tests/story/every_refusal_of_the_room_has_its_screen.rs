//! What the room answers to a paper that it does not let in, and what a press does about it.

use crate::life::{Life, seconds};
use madoguchi::model::screen::PressDoes;
use madoguchi::model::wire::Refusal;

#[test]
fn every_refusal_of_the_room_has_its_screen() {
    for (refusal, face, press) in [
        (Refusal::UnknownKey, "ready-refused-unknown-key", PressDoes::ShowCode),
        (Refusal::Over, "ready-refused-over", PressDoes::ShowCode),
        (Refusal::Revoked, "ready-refused-revoked", PressDoes::ShowCode),
        (Refusal::LetLeave, "ready-refused-let-leave", PressDoes::ShowCode),
        (Refusal::Version { server: 3, oldest: Some(2) }, "ready-refused-version", PressDoes::ShowCode),
        (Refusal::RoomFull, "ready-refused-room-full", PressDoes::Again),
        (Refusal::Busy, "ready-refused-busy", PressDoes::Again),
        (Refusal::Unknown, "ready-refused-other", PressDoes::Again),
    ] {
        let mut life = Life::at_the_paper_screen();
        life.room.refuses = Some(refusal);
        life.shows_paper();
        life.until(face);
        let screen = life.screen();
        assert!(screen.telephone.is_some() && screen.press == Some(press), "{face}");
        assert_eq!(life.knows_a_key(), press == PressDoes::Again, "a key that is of no use is dropped");
        life.waits(seconds(600));
        life.expect_face(face);
        life.press();
        life.until(if press == PressDoes::Again { face } else { "qr-show-paper" });
    }
}

/// The rules that this device can show are not the ones that the server asks to agree to.
#[test]
fn nobody_agrees_to_rules_that_are_not_shown() {
    use crate::props;
    use madoguchi::model::turn::LinkNews;
    use madoguchi::model::wire::ToClient;
    let mut life = Life::at_the_paper_screen();
    life.room.refuses = Some(Refusal::Busy);
    life.shows_paper();
    let mut welcome = props::welcome(life.now(), props::slot(), "token", false);
    welcome.rules = "2031-04".to_owned();
    life.room.outbox.push(LinkNews::Heard(ToClient::Welcome(welcome)));
    life.until("ready-refused-version");
}
