//! The ledger in memory: single turns, and laws over random ones.

use super::device::{Device, DeviceTerms, Health};
use super::loan::{Loan, LoanTerms, Standing, State, Step};
use super::table::{self, Record, Terms};
use super::*;
use crate::meeting::rights::{Counters, StaffRole};
use crate::model::language::Language;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

#[derive(Clone, Default)]
struct Shelf {
    devices: BTreeMap<String, Device>,
    loans: BTreeMap<String, Loan>,
}

impl Book for Shelf {
    type Trouble = Infallible;

    fn device(&self, number: &str) -> Result<Option<Device>, Infallible> {
        Ok(self.devices.get(number).cloned())
    }

    fn loan(&self, number: &str) -> Result<Option<Loan>, Infallible> {
        Ok(self.loans.get(number).cloned())
    }

    fn open_loan_of(&self, device: &str) -> Result<Option<String>, Infallible> {
        let open = |loan: &&Loan| loan.state.is_open() && loan.terms.device.as_deref() == Some(device);
        Ok(self.loans.values().find(open).map(|loan| loan.terms.number.clone()))
    }

    fn has_counter(&self, id: &str) -> Result<bool, Infallible> {
        Ok(["kosodate", "zeimu"].contains(&id))
    }
}

impl Shelf {
    fn wants(&mut self, change: &Change, hand: &Hand) -> Result<Row, Refusal> {
        let row = decide(self, change, hand).unwrap()?;
        match row.clone() {
            Row::Device(device) => drop(self.devices.insert(device.terms.number.clone(), device)),
            Row::Loan(loan) => drop(self.loans.insert(loan.terms.number.clone(), loan)),
        }
        Ok(row)
    }

    fn step(&mut self, loan: &str, revision: u32, step: Step, hand: &Hand) -> Result<Loan, Refusal> {
        let row = self.wants(&Change::Step { loan: loan.to_owned(), revision, step }, hand)?;
        Ok(self.loans[row.number()].clone())
    }
}

const TODAY: Date = date(2026, 12, 1);

fn hand(staff: &str, roles: &[StaffRole], counters: Counters) -> Hand {
    let rights = Rights { roles: roles.iter().copied().collect(), counters };
    Hand { staff: staff.to_owned(), rights, today: TODAY, at: Timestamp::UNIX_EPOCH, confirmed: false }
}

fn at(counter: &str) -> Counters {
    Counters::These([counter.to_owned()].into())
}

fn lender() -> Hand {
    hand("ken", &[StaffRole::Lender], at("kosodate"))
}

fn admin() -> Hand {
    hand("hana", &[StaffRole::Admin], at("none"))
}

fn device(number: &str) -> DeviceTerms {
    DeviceTerms {
        number: number.to_owned(),
        board: "Raspberry Pi 4".to_owned(),
        version: "0.1.0".to_owned(),
        slot: None,
        last_seen: None,
        health: Health::Good,
        remark: String::new(),
    }
}

fn loan(number: &str, device: Option<&str>) -> LoanTerms {
    LoanTerms {
        number: number.to_owned(),
        device: device.map(str::to_owned),
        from: TODAY,
        until: date(2026, 12, 20),
        counters: vec!["kosodate".to_owned()],
        languages: vec![Language::Japanese],
        remark: String::new(),
    }
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    for number in ["D-1", "D-2"] {
        shelf.wants(&Change::Device { terms: device(number), revision: None }, &lender()).unwrap();
    }
    shelf.wants(&Change::Loan { terms: loan("L-1", Some("D-1")), revision: None }, &lender()).unwrap();
    shelf
}

fn new_loan(terms: LoanTerms) -> Change {
    Change::Loan { terms, revision: None }
}

#[test]
fn a_loan_goes_from_prepared_to_returned_and_is_due_and_overdue_by_the_day() {
    let (mut shelf, hand) = (shelf(), lender());
    assert_eq!(shelf.loans["L-1"].standing(TODAY), Standing::Prepared);
    let lent = shelf.step("l-1", 1, Step::Lend { device: None }, &hand).unwrap();
    let on = |day| lent.standing(date(2026, 12, day));
    assert_eq!([on(19), on(20), on(21)], [Standing::Lent, Standing::Due, Standing::Overdue]);
    let early = shelf.step("L-1", 2, Step::Extend { until: date(2026, 12, 20) }, &hand);
    assert_eq!(early, Err(Refusal::Field { field: "until", problem: Problem::Past }));
    let longer = shelf.step("L-1", 2, Step::Extend { until: date(2027, 1, 9) }, &hand).unwrap();
    assert_eq!((longer.terms.until, longer.revision), (date(2027, 1, 9), 3));
    let lost = shelf.step("L-1", 3, Step::Lose, &hand).unwrap();
    assert_eq!(lost.standing(date(2028, 1, 1)), Standing::Lost);
    // It turned up after all.
    let back = shelf.step("L-1", 4, Step::Return { receipt: Some("k7q2-ab ".to_owned()) }, &hand).unwrap();
    assert_eq!(back.state, State::Returned { on: TODAY, receipt: Some("K7Q2-AB".to_owned()) });
    assert_eq!(back.changed.did, "loan-returned");
    let again = shelf.step("L-1", 5, Step::Lose, &hand);
    assert_eq!(again, Err(Refusal::Step { state: "returned".to_owned() }));
}

#[test]
fn whoever_comes_second_is_refused_and_given_the_newer_row() {
    let mut shelf = shelf();
    let other = Hand { staff: "midori".to_owned(), ..lender() };
    let lent = shelf.step("L-1", 1, Step::Lend { device: None }, &other).unwrap();
    let stale = shelf.step("L-1", 1, Step::Withdraw, &lender());
    assert_eq!(stale, Err(Refusal::Stale { newer: Box::new(Row::Loan(lent)) }));
    let mut terms = device("D-1");
    terms.version = "0.2.0".to_owned();
    shelf.wants(&Change::Device { terms: terms.clone(), revision: Some(1) }, &other).unwrap();
    let stale = shelf.wants(&Change::Device { terms: terms.clone(), revision: Some(1) }, &lender());
    assert!(matches!(stale, Err(Refusal::Stale { newer }) if newer.changed().by == "midori"));
    assert_eq!(shelf.wants(&Change::Device { terms, revision: None }, &lender()), Err(Refusal::Exists));
}

#[test]
fn a_device_is_in_one_open_loan_and_one_that_is_broken_in_none() {
    let (mut shelf, hand) = (shelf(), lender());
    let taken = Refusal::DeviceTaken { loan: "L-1".to_owned() };
    assert_eq!(shelf.wants(&new_loan(loan("L-2", Some("D-1"))), &hand), Err(taken.clone()));
    shelf.wants(&new_loan(loan("L-2", None)), &hand).unwrap();
    let nameless = shelf.step("L-2", 1, Step::Lend { device: None }, &hand);
    assert_eq!(nameless, Err(Refusal::Field { field: "device", problem: Problem::Missing }));
    assert_eq!(shelf.step("L-2", 1, Step::Lend { device: Some("D-1".to_owned()) }, &hand), Err(taken.clone()));
    let broken = DeviceTerms { health: Health::Broken, ..device("D-2") };
    shelf.wants(&Change::Device { terms: broken, revision: Some(1) }, &hand).unwrap();
    let unfit = shelf.step("L-2", 1, Step::Lend { device: Some("D-2".to_owned()) }, &hand);
    assert_eq!(unfit, Err(Refusal::Field { field: "device", problem: Problem::Unfit }));
    let unknown = shelf.step("L-2", 1, Step::Lend { device: Some("D-9".to_owned()) }, &hand);
    assert_eq!(unknown, Err(Refusal::Field { field: "device", problem: Problem::Device }));
    let retired = |number| Change::Device {
        terms: DeviceTerms { health: Health::Retired, ..device(number) },
        revision: Some(if number == "D-1" { 1 } else { 2 }),
    };
    assert_eq!(shelf.wants(&retired("D-2"), &hand), Err(Refusal::NotYours));
    assert_eq!(shelf.wants(&retired("D-1"), &admin()), Err(taken));
    assert!(shelf.wants(&retired("D-2"), &admin()).is_ok());
}

#[test]
fn another_counters_loan_is_none_and_desk_staff_lend_nothing() {
    let mut shelf = shelf();
    let taxes = hand("ken", &[StaffRole::Lender], at("zeimu"));
    assert_eq!(shelf.step("L-1", 1, Step::Withdraw, &taxes), Err(Refusal::NoSuch));
    let wrong = Err(Refusal::Field { field: "counters", problem: Problem::Counter });
    assert_eq!(shelf.wants(&new_loan(loan("L-2", None)), &taxes), wrong);
    let both = LoanTerms { counters: vec!["kosodate".to_owned(), "zeimu".to_owned()], ..loan("L-2", None) };
    shelf.wants(&new_loan(both.clone()), &admin()).unwrap();
    // Neither is the other counter taken out of a loan by whoever is not its clerk.
    let alone = Change::Loan { terms: loan("L-2", None), revision: Some(1) };
    assert_eq!(shelf.wants(&alone, &lender()), wrong);
    let remark = Change::Loan { terms: LoanTerms { remark: "車いす".to_owned(), ..both }, revision: Some(1) };
    assert!(shelf.wants(&remark, &lender()).is_ok());
    let desk = hand("ken", &[StaffRole::Desk], Counters::Every);
    assert_eq!(shelf.wants(&new_loan(loan("L-3", None)), &desk), Err(Refusal::NotYours));
    assert_eq!(shelf.step("L-1", 1, Step::Withdraw, &desk), Err(Refusal::NoSuch));
}

#[test]
fn what_looks_like_a_person_is_asked_about_once() {
    let mut shelf = shelf();
    let named = LoanTerms { remark: "山田　花子様".to_owned(), ..loan("L-2", None) };
    let asked = shelf.wants(&new_loan(named.clone()), &lender());
    assert_eq!(asked, Err(Refusal::Doubt { field: "remark", looks: Looks::Name }));
    let sure = Hand { confirmed: true, ..lender() };
    shelf.wants(&new_loan(named.clone()), &sure).unwrap();
    let later = LoanTerms { until: date(2026, 12, 24), ..named };
    assert!(shelf.wants(&Change::Loan { terms: later, revision: Some(1) }, &lender()).is_ok(), "it was there before");
    let phone = shelf.wants(&new_loan(loan("0422-00-1234", None)), &lender());
    assert_eq!(phone, Err(Refusal::Doubt { field: "number", looks: Looks::Telephone }));
}

fn words() -> Vec<BTreeMap<String, String>> {
    let words = [
        ("col-number", "番号"),
        ("col-device", "機器"),
        ("col-from", "開始日"),
        ("col-until", "返却期限"),
        ("col-counters", "窓口"),
        ("col-languages", "ことば"),
        ("col-state", "状態"),
        ("col-returned", "返却日"),
        ("col-receipt", "控え"),
        ("col-remark", "備考"),
        ("col-revision", "版"),
        ("state-prepared", "準備済み"),
        ("state-lent", "貸出中"),
        ("state-returned", "返却済み"),
        ("health-good", "良好"),
        ("col-health", "状態"),
        ("col-board", "基板"),
        ("col-version", "版数"),
        ("col-slot", "系統"),
        ("col-last-seen", "最終確認"),
    ];
    vec![words.iter().map(|(key, word)| (format!("ledger-{key}"), (*word).to_owned())).collect()]
}

/// What the rows of a table want, one after another.
fn read_in(shelf: &mut Shelf, text: &str) -> Result<usize, Refusal> {
    let words = words();
    let terms = Terms(&words);
    let rows = csv::read(text).unwrap();
    let columns = table::columns(&table::LOAN, &rows[0].1, &terms).unwrap();
    let mut done = 0;
    for (_, row) in &rows[1..] {
        let record = Record::new(&columns, row);
        for change in record.loan_changes(shelf.loans.get(&record.number()), &terms)? {
            shelf.wants(&change, &lender())?;
            done += 1;
        }
    }
    Ok(done)
}

#[test]
fn a_table_comes_back_from_a_spreadsheet_with_what_was_changed_in_it() {
    let (words, mut shelf) = (words(), shelf());
    let terms = Terms(&words);
    let written = |shelf: &Shelf| {
        let rows = shelf.loans.values().map(|loan| table::loan_row(loan, TODAY, &terms));
        csv::write(std::iter::once(table::head(&table::LOAN, &terms)).chain(rows))
    };
    let kept = written(&shelf);
    assert!(kept.contains("番号,機器,開始日"), "{kept}");
    assert_eq!(read_in(&mut shelf, &kept), Ok(0), "nothing was changed in it");
    // Excel writes days in its own way.
    let changed = kept.replace("2026-12-20", "2026/12/24").replace("準備済み", "貸出中");
    assert_eq!(read_in(&mut shelf, &changed), Ok(2));
    assert_eq!((shelf.loans["L-1"].state.clone(), shelf.loans["L-1"].revision), (State::Lent, 3));
    // The same table a second time is an old one.
    let again = kept.replace("2026-12-20", "2026-12-30").replace("準備済み", "貸出中");
    assert!(matches!(read_in(&mut shelf, &again), Err(Refusal::Stale { .. })));
    let fresh = "番号,開始日,返却期限,窓口,ことば,機器,状態\nL-8,2026-12-01,2026-12-09,kosodate,ja;en,D-2,返却済み\n";
    assert_eq!(read_in(&mut shelf, fresh), Ok(3));
    assert!(matches!(shelf.loans["L-8"].state, State::Returned { .. }));
    let back = "番号,状態\nL-8,貸出中\n";
    assert_eq!(read_in(&mut shelf, back), Err(Refusal::Step { state: "returned".to_owned() }));
    let what = "番号,状態\nL-1,なんでも\n";
    assert_eq!(read_in(&mut shelf, what), Err(Refusal::Field { field: "state", problem: Problem::Word }));
}

#[derive(Clone, Debug)]
struct Whim {
    change: Change,
    stale: bool,
    days: i32,
    who: usize,
}

fn whim() -> impl Strategy<Value = Whim> {
    let number = |kind: &'static str| (1..4_u8).prop_map(move |number| format!("{kind}-{number}"));
    let device_of = prop::option::of(number("D"));
    let health = prop::sample::select(Health::ALL.to_vec());
    let counters = prop::sample::subsequence(vec!["kosodate".to_owned(), "zeimu".to_owned()], 0..=2);
    let devices = (number("D"), health).prop_map(|(number, health)| Change::Device {
        terms: DeviceTerms { health, ..device(&number) },
        revision: None,
    });
    let day = || (0..40_i64).prop_map(|day| TODAY.checked_add(jiff::Span::new().days(day)).unwrap());
    let loans = (number("L"), device_of.clone(), day(), counters).prop_map(|(number, device, until, counters)| {
        Change::Loan { terms: LoanTerms { until, counters, ..loan(&number, device.as_deref()) }, revision: None }
    });
    let step = prop_oneof![
        device_of.prop_map(|device| Step::Lend { device }),
        day().prop_map(|until| Step::Extend { until }),
        Just(Step::Lose),
        Just(Step::Return { receipt: None }),
        Just(Step::Withdraw),
    ];
    let steps = (number("L"), step).prop_map(|(loan, step)| Change::Step { loan, revision: 0, step });
    let change = prop_oneof![1 => devices, 2 => loans, 5 => steps];
    (change, prop::bool::weighted(0.1), 0..3_i32, 0..3_usize).prop_map(|(change, stale, days, who)| Whim {
        change,
        stale,
        days,
        who,
    })
}

/// The revision that a clerk with the newest page names, or an older one.
fn with_revision(shelf: &Shelf, change: Change, stale: bool) -> Change {
    let named = |kept: Option<u32>| kept.map(|kept| if stale { kept.wrapping_sub(1) } else { kept });
    match change {
        Change::Device { terms, .. } => {
            let revision = named(shelf.devices.get(&terms.number).map(|kept| kept.revision));
            Change::Device { terms, revision }
        }
        Change::Loan { terms, .. } => {
            let revision = named(shelf.loans.get(&terms.number).map(|kept| kept.revision));
            Change::Loan { terms, revision }
        }
        Change::Step { loan, step, .. } => {
            let revision = named(shelf.loans.get(&loan).map(|kept| kept.revision)).unwrap_or_default();
            Change::Step { loan, revision, step }
        }
    }
}

fn laws(before: &Shelf, after: &Shelf, hand: &Hand, stale: bool) {
    for (number, was) in &before.loans {
        let is = &after.loans[number];
        if !was.state.is_open() {
            assert_eq!(is, was, "what is closed never changes again");
        }
        assert!(is.revision == was.revision && is == was || is.revision == was.revision + 1, "every change is counted");
        if is != was {
            assert!(was.is_within(&hand.rights), "another counter's loan was changed");
            assert!(!stale, "what a clerk had not seen was overwritten");
            assert_eq!((is.changed.by.as_str(), is.terms.number.as_str()), (hand.staff.as_str(), number.as_str()));
            if was.state != State::Prepared {
                assert_ne!(is.state, State::Prepared, "handed out, it is not prepared again");
                assert_eq!(is.terms.device, was.terms.device, "the box at the family's is another one");
            }
        }
    }
    for device in after.devices.keys() {
        let open = |loan: &&Loan| loan.state.is_open() && loan.terms.device.as_deref() == Some(device.as_str());
        assert!(after.loans.values().filter(open).count() <= 1, "{device} is in two open loans");
    }
    for loan in after.loans.values() {
        let out = matches!(loan.state, State::Lent | State::Lost | State::Returned { .. });
        assert!(!out || loan.terms.device.is_some(), "a box was handed out, and nobody knows which");
        assert!(loan.terms.from <= loan.terms.until && !loan.terms.counters.is_empty());
        let known = loan.terms.device.as_ref().is_none_or(|device| after.devices.contains_key(device));
        assert!(known, "a loan of a device that there is not");
    }
}

proptest! {
    #[test]
    fn laws_of_the_ledger_hold_whatever_clerks_do(whims in prop::collection::vec(whim(), 1..120)) {
        let hands = [lender(), admin(), hand("rei", &[StaffRole::Lender], at("zeimu"))];
        let mut shelf = Shelf::default();
        let mut today = TODAY;
        for Whim { change, stale, days, who } in whims {
            today = today.checked_add(jiff::Span::new().days(days)).unwrap();
            let hand = Hand { today, ..hands[who].clone() };
            let before = shelf.clone();
            let done = shelf.wants(&with_revision(&shelf, change, stale), &hand);
            laws(&before, &shelf, &hand, stale);
            if done.is_err() {
                assert_eq!((&before.loans, &before.devices), (&shelf.loans, &shelf.devices));
            }
        }
    }
}

/// Not every whim is refused: the laws are about something.
#[test]
fn random_clerks_get_somewhere() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut did = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let whims = prop::collection::vec(whim(), 120).new_tree(&mut runner).unwrap().current();
        let mut shelf = Shelf::default();
        for Whim { change, who, .. } in whims {
            let hand = [lender(), admin(), admin()][who].clone();
            if let Ok(row) = shelf.wants(&with_revision(&shelf, change, false), &hand) {
                did.insert(row.changed().did.clone());
            }
        }
    }
    assert_eq!(did.len(), 9, "{did:?}");
}
