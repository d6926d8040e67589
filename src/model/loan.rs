//! The loan: what the city prepared this device for. One TOML file, validated as a whole.

use super::language::Language;
use super::screen::Telephone;
use super::wire::Words;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The only format number this version reads.
pub const FORMAT: u16 = 1;

/// A validated loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Number of the loan on the city's list; says nothing about the family.
    pub id: String,
    /// Last day of the loan.
    pub until: jiff::civil::Date,
    /// The city's name.
    pub city: Words,
    /// Counters whose room keys this device accepts. Never empty.
    pub counters: Vec<Counter>,
    /// Languages a press goes through, the default first. Never empty.
    pub languages: Vec<Language>,
    /// PEM certificates trusted beside the public ones.
    pub trust_anchors: Vec<String>,
    /// IANA time zone of the city.
    pub time_zone: String,
}

/// One counter of the city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Name.
    pub name: Words,
    /// Hosts of its room servers, lower case, with `:PORT` where it is not 443.
    pub hosts: Vec<String>,
    /// Whom to phone.
    pub telephone: Telephone,
}

impl Loan {
    /// Reads and validates the loan file.
    ///
    /// # Errors
    /// [`LoanError`] names the field and what to write there.
    pub fn from_toml(text: &str) -> Result<Self, LoanError> {
        let written: Written =
            toml::from_str(text).map_err(|error| LoanError { field: String::new(), problem: error.to_string() })?;
        written.validate()
    }

    /// The counter whose room server is `host` (`HOST[:PORT]`, any case).
    pub fn counter_at(&self, host: &str) -> Option<&Counter> {
        self.counters.iter().find(|counter| counter.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)))
    }

    /// The telephone that stands on screens before a counter is known.
    pub fn telephone(&self) -> Option<&Telephone> {
        self.counters.first().map(|counter| &counter.telephone)
    }

    /// The language after `current` in the loan's order.
    pub fn language_after(&self, current: Language) -> Language {
        let place = self.languages.iter().position(|language| *language == current);
        let next = place.map_or(0, |place| (place + 1) % self.languages.len().max(1));
        self.languages.get(next).copied().unwrap_or(current)
    }
}

/// What is wrong with a loan file, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if field.is_empty() { String::new() } else { format!("{field}: ") })]
pub struct LoanError {
    /// Path of the field, empty when the file itself is not TOML or has unknown fields.
    pub field: String,
    /// What is wrong and what to write instead.
    pub problem: String,
}

fn wrong<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, LoanError> {
    Err(LoanError { field: field.into(), problem: problem.into() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u16,
    id: String,
    until: jiff::civil::Date,
    #[serde(default = "tokyo")]
    time_zone: String,
    languages: Vec<String>,
    city: Words,
    #[serde(default)]
    counter: Vec<WrittenCounter>,
    #[serde(default)]
    trust_anchors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCounter {
    name: Words,
    hosts: Vec<String>,
    telephone: String,
    hours: Words,
}

fn tokyo() -> String {
    "Asia/Tokyo".to_owned()
}

impl Written {
    fn validate(self) -> Result<Loan, LoanError> {
        if self.format != FORMAT {
            return wrong(
                "format",
                format!("is {}, but this device reads format {FORMAT}; make the loan anew", self.format),
            );
        }
        if self.id.is_empty() || self.id.len() > 40 || !self.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return wrong("id", "must be 1 to 40 letters, digits or hyphens, such as \"M-2026-014\"");
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return wrong(
                "time_zone",
                format!("\"{}\" is not a known time zone; write \"Asia/Tokyo\"", self.time_zone),
            );
        }
        check_words("city", &self.city)?;
        let languages = self.languages()?;
        if self.counter.is_empty() {
            return wrong(
                "counter",
                "is missing; write at least one [[counter]] with name, hosts, telephone and hours",
            );
        }
        let mut seen = BTreeSet::new();
        let mut counters = Vec::new();
        for (index, counter) in self.counter.into_iter().enumerate() {
            counters.push(counter.validate(&format!("counter[{index}]"), &mut seen)?);
        }
        for (index, anchor) in self.trust_anchors.iter().enumerate() {
            if !(anchor.contains("-----BEGIN CERTIFICATE-----") && anchor.contains("-----END CERTIFICATE-----")) {
                return wrong(
                    format!("trust_anchors[{index}]"),
                    "is not a PEM certificate (-----BEGIN CERTIFICATE-----)",
                );
            }
        }
        Ok(Loan {
            id: self.id,
            until: self.until,
            city: self.city,
            counters,
            languages,
            trust_anchors: self.trust_anchors,
            time_zone: self.time_zone,
        })
    }

    fn languages(&self) -> Result<Vec<Language>, LoanError> {
        let mut languages = Vec::new();
        for tag in &self.languages {
            match Language::from_tag(tag) {
                Some(language) if languages.contains(&language) => {
                    return wrong("languages", format!("\"{tag}\" stands there twice"));
                }
                Some(language) => languages.push(language),
                None => {
                    let known: Vec<_> = Language::ALL.iter().map(|language| language.tag()).collect();
                    return wrong("languages", format!("\"{tag}\" has no words here; known are {}", known.join(", ")));
                }
            }
        }
        if languages.is_empty() {
            return wrong("languages", "is empty; write [\"ja\"]");
        }
        Ok(languages)
    }
}

impl WrittenCounter {
    fn validate(self, path: &str, seen: &mut BTreeSet<String>) -> Result<Counter, LoanError> {
        check_words(&format!("{path}.name"), &self.name)?;
        check_words(&format!("{path}.hours"), &self.hours)?;
        if self.hosts.is_empty() {
            return wrong(
                format!("{path}.hosts"),
                "is empty; write the room server's host, such as \"counter.city.example\"",
            );
        }
        let mut hosts = Vec::new();
        for host in self.hosts {
            let host = host.to_ascii_lowercase();
            let sound = url::Url::parse(&format!("https://{host}/"))
                .is_ok_and(|url| url.path() == "/" && url.username().is_empty() && host_text(&url) == host);
            if !sound {
                return wrong(format!("{path}.hosts"), format!("\"{host}\" is not HOST or HOST:PORT"));
            }
            if !seen.insert(host.clone()) {
                return wrong(format!("{path}.hosts"), format!("\"{host}\" already belongs to another counter"));
            }
            hosts.push(host);
        }
        let dialled = self.telephone.chars().filter(char::is_ascii_digit).count();
        if dialled < 3 || !self.telephone.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c)) {
            return wrong(format!("{path}.telephone"), "must be a number as people dial it, such as \"0422-00-0000\"");
        }
        Ok(Counter { name: self.name, hosts, telephone: Telephone { number: self.telephone, hours: self.hours } })
    }
}

/// `HOST[:PORT]` of an address, the port only where it is not the scheme's own.
pub(crate) fn host_text(url: &url::Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

fn check_words(field: &str, words: &Words) -> Result<(), LoanError> {
    let japanese = words.get(Language::Japanese);
    if japanese.trim().is_empty() {
        return wrong(format!("{field}.ja"), "is missing; Japanese is always needed");
    }
    for (language, text) in &words.0 {
        if text.chars().count() > 40 || text.chars().any(char::is_control) {
            return wrong(format!("{field}.{}", language.tag()), "must be one line of at most 40 characters");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../workbench/demo-loan.toml");

    fn error(from: &str, to: &str) -> String {
        assert!(DEMO.contains(from), "the demo loan no longer has {from}");
        Loan::from_toml(&DEMO.replacen(from, to, 1)).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_demo_loan_is_sound() {
        let loan = Loan::from_toml(DEMO).unwrap();
        assert_eq!(loan.languages, [Language::Japanese, Language::English]);
        assert_eq!(loan.language_after(Language::English), Language::Japanese);
        assert!(loan.counter_at("LOCALHOST:8443").is_some());
        assert!(loan.counter_at("elsewhere.example").is_none());
    }

    #[test]
    fn every_mistake_names_its_field_and_the_remedy() {
        assert!(error("format = 1", "format = 2").starts_with("format: is 2, but this device reads format 1"));
        assert!(error("\"ja\", \"en\"", "\"xx\"").contains("languages: \"xx\" has no words here; known are ja, en"));
        assert!(error("telephone = \"", "telephone = \"call me ").contains("counter[0].telephone: must be a number"));
        assert!(error("localhost:8443", "https://x/y").contains("counter[0].hosts"));
        assert!(error("until = ", "untill = ").contains("untill"));
        assert!(error("Asia/Tokyo", "Asia/Edo").contains("write \"Asia/Tokyo\""));
    }
}
