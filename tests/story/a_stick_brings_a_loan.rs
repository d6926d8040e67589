//! A loan on a stick: kept, and the story begins with it; or refused with what to do.

use crate::life::{Life, seconds};
use crate::props;
use madoguchi::model::language::Language;
use madoguchi::model::loan::{Loan, LoanError, LoanProblem};
use madoguchi::model::screen::Face;
use madoguchi::model::stick::{LoanOrder, PaperRefusal, Stick};
use madoguchi::model::turn::Fact;

fn order(loan: Loan, past: bool) -> LoanOrder {
    LoanOrder { loan, text: String::new(), past, signed: 0 }
}

#[test]
fn a_stick_brings_a_loan() {
    let mut life = Life::power_on_with(Ok(None));
    life.cable_in();
    life.until("boot-no-loan");
    life.forget_faces();
    let id = life.loan_stick_in(props::loan());
    life.until("boot-loan-prepared");
    let Face::LoanPrepared { id: loan, until } = life.screen().face else { panic!("{}", life.face()) };
    assert_eq!((loan.as_str(), until.to_string().as_str()), ("M-2026-014", "2026-11-30"));
    assert_eq!(life.screen().city.get(Language::Japanese), "みどり市");
    life.stick_out(id);
    life.until("qr-show-paper");
    insta::assert_snapshot!(life.faces(), @r"
    boot-no-loan
    boot-stick-reading
    boot-loan-prepared
    boot-starting
    qr-show-paper-looking
    ");
    life.power_cut();
    life.until("qr-show-paper");
}

#[test]
fn the_same_loan_again_is_fine_and_a_longer_one_takes_its_place() {
    let mut life = Life::at_the_paper_screen();
    let id = life.loan_stick_in(props::loan());
    life.until("boot-loan-prepared");
    assert_eq!(life.asked("Lend"), 0, "it is on disk already");
    life.stick_out(id);
    life.until("qr-show-paper");
    let longer = Loan { until: "2026-12-31".parse().unwrap(), ..props::loan() };
    life.loan_stick_in(longer);
    life.until("boot-loan-prepared");
    assert_eq!(life.asked("Lend"), 1);
}

#[test]
fn what_cannot_be_followed_is_said_and_nothing_changes() {
    let other = Loan { id: "M-2026-999".into(), ..props::loan() };
    let missing = LoanProblem::Missing { example: "2027-03-31" };
    let invalid = PaperRefusal::Invalid { error: LoanError { field: "until".into(), problem: missing } };
    for (paper, refusal) in [
        (Ok(order(other, false)), PaperRefusal::AlreadyLent { id: "M-2026-014".into() }),
        (Err(PaperRefusal::NoSignature), PaperRefusal::NoSignature),
        (Err(PaperRefusal::WrongKey), PaperRefusal::WrongKey),
        (Err(invalid.clone()), invalid),
    ] {
        let mut life = Life::at_the_paper_screen();
        life.paper_stick_in(paper);
        life.expect_face("boot-paper-refused");
        assert_eq!(life.screen().face, Face::PaperRefused(refusal));
        life.press();
        life.until("qr-show-paper");
        assert_eq!(life.asked("Lend"), 0);
    }
}

#[test]
fn a_stick_that_cannot_be_read_is_told_to_staff_and_to_whoever_puts_it_in() {
    let stick = || Stick { loan: Some(Err(PaperRefusal::UnreadableStick)), ..Stick::default() };
    let mut life = Life::power_on_with(Ok(None));
    life.until("boot-no-loan");
    life.stick_found(stick());
    life.expect_face("boot-paper-refused-unreadable-stick");
    let mut life = Life::at_the_paper_screen();
    life.stick_found(stick());
    life.expect_face("qr-show-paper");
    life.stick_in(stick());
    life.expect_face("boot-paper-refused-unreadable-stick");
    life.press();
    life.until("qr-show-paper");
}

#[test]
fn an_expired_loan_is_refused_only_by_a_clock_that_may_be_believed() {
    let mut life = Life::power_on_with(Ok(None));
    life.until("boot-no-loan");
    life.paper_stick_in(Ok(order(props::loan(), true)));
    life.expect_face("boot-paper-refused-expired");

    let mut life = Life::power_on_with(Ok(None));
    life.fact(Fact::Clock { known: false });
    life.until("boot-no-loan");
    life.paper_stick_in(Ok(order(props::loan(), true)));
    life.until("boot-loan-prepared");
}

#[test]
fn a_loan_that_cannot_be_written() {
    let mut life = Life::power_on_with(Ok(None));
    life.store.full = true;
    life.until("boot-no-loan");
    life.loan_stick_in(props::loan());
    life.until("boot-paper-refused-not-written");
    life.press();
    life.expect_face("boot-no-loan");
    life.store.takes = seconds(3600);
    life.loan_stick_in(props::loan());
    life.until("boot-stick-reading");
    life.until("boot-paper-refused-not-written");
}

/// A stick for the next family: the old loan's end and the new loan together.
#[test]
fn one_stick_ends_a_loan_and_brings_the_next() {
    let mut life = Life::at_the_paper_screen();
    let next = Loan { id: "M-2026-015".into(), ..props::loan() };
    life.stick_in(Stick {
        give_back: Some(Ok("M-2026-014".into())),
        loan: Some(Ok(Box::new(order(next, false)))),
        ..Stick::default()
    });
    life.until("wipe-receipt");
    assert_eq!(life.asked("Lend"), 0, "nothing is written to a memory whose key is gone");
    life.hold();
    life.restarts();
    life.until("boot-loan-prepared");
    life.power_cut();
    life.until("boot-loan-prepared");
    assert_eq!(life.asked("Owe"), 0);
}

/// After a wipe that was owed there is no receipt to read: the new loan's stick starts the device anew by itself.
#[test]
fn a_loan_after_a_wipe_that_was_owed() {
    let mut life = Life::power_on();
    life.store.wipe_owed = true;
    life.power_cut();
    life.until("boot-no-loan");
    life.loan_stick_in(props::loan());
    life.expect_face("boot-restarting");
    life.restarts();
    life.until("boot-loan-prepared");
}

#[test]
fn a_memory_that_was_made_anew_says_so() {
    let mut life = Life::power_on_with(Ok(None));
    life.store.made_anew = true;
    life.power_cut();
    life.until("boot-made-anew");
    life.loan_stick_in(props::loan());
    life.until("boot-loan-prepared");
}
