//! Words in one language, and numbers as people say them.

use crate::model::language::Language;
use crate::model::screen::HourMinute;
use crate::words::{Arg, Catalog};
use std::time::Duration;

/// Words in one language.
pub(super) struct Speak(pub(super) Language);

impl Speak {
    pub(super) fn say(&self, id: &str) -> String {
        self.with(id, &[])
    }

    pub(super) fn with(&self, id: &str, args: &[(&str, Arg<'_>)]) -> String {
        Catalog::embedded().text(self.0, id, args)
    }

    /// "Press: …" or "hold: …", with what it does.
    pub(super) fn does(&self, gesture: &str, what: &str) -> String {
        self.with(gesture, &[("does", Arg::Text(&self.say(what)))])
    }

    pub(super) fn maybe(&self, id: &str) -> Option<String> {
        let words = Catalog::embedded();
        words.find(self.0, id, &[]).or_else(|| words.find(Language::Japanese, id, &[]))
    }
}

/// `counter[0].hours` as people count.
pub(super) fn field(speak: &Speak, path: &str) -> String {
    let short = |text: &str| text.chars().take(36).collect::<String>();
    let parts = path.split_once('[').and_then(|(table, rest)| {
        let (index, field) = rest.split_once("].")?;
        Some((table, index.parse::<i64>().ok()?, field))
    });
    match parts {
        Some((table, index, field)) => {
            let (table, field) = (short(table), short(field));
            let number = Arg::Number(index.saturating_add(1));
            speak.with("loan-field", &[("table", Arg::Text(&table)), ("number", number), ("field", Arg::Text(&field))])
        }
        None => short(path),
    }
}

/// The time left, to the minute: seconds would only make people nervous, and read like a time of day.
pub(super) fn left(speak: &Speak, left: Duration) -> String {
    match left.as_secs() {
        0..30 => speak.say("remaining-soon"),
        seconds => {
            let minutes = i64::try_from(seconds.saturating_add(30) / 60).unwrap_or(i64::MAX);
            speak.with("remaining", &[("minutes", Arg::Number(minutes))])
        }
    }
}

pub(super) fn time(at: HourMinute) -> String {
    format!("{}:{:02}", at.hour, at.minute)
}

/// A wait in its largest unit, rounded up, so that the screen is calm: "12 minutes".
pub(super) fn span(speak: &Speak, wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (unit, length) = match seconds {
        0..=60 => ("seconds", 1),
        61..=3600 => ("minutes", 60),
        3601..=86_400 => ("hours", 3600),
        _ => ("days", 86_400),
    };
    let count = i64::try_from(seconds.div_ceil(length)).unwrap_or(i64::MAX);
    speak.with("wait", &[("unit", Arg::Text(unit)), ("count", Arg::Number(count))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_its_largest_unit_rounded_up() {
        let said = |seconds| span(&Speak(Language::English), Duration::from_secs(seconds));
        assert_eq!(said(45), "45 seconds");
        assert_eq!(said(61), "2 minutes");
        assert_eq!(said(3600), "60 minutes");
        assert_eq!(said(86_401), "2 days");
    }

    #[test]
    fn the_time_left_is_said_in_whole_minutes() {
        let said = |seconds| left(&Speak(Language::English), Duration::from_secs(seconds));
        assert_eq!(said(730), "About 12 min left");
        assert_eq!(said(285), "About 5 min left", "beside \"5 minutes left\", which stands a while");
        assert_eq!(said(31), "About 1 min left");
        assert_eq!(said(29), "Ending soon");
    }

    #[test]
    fn a_field_of_a_loan_is_named_as_people_count() {
        let speak = Speak(Language::English);
        assert_eq!(field(&speak, "counter[0].hours"), "hours of counter 1");
        assert_eq!(field(&speak, "languages"), "languages");
        assert_eq!(field(&speak, "counter[x].hours"), "counter[x].hours");
    }
}
