//! The loan: what the city prepared this device for. One TOML file, validated as a whole.

mod paper;

use super::language::Language;
use super::screen::Telephone;
use super::wire::Words;
use paper::short;
pub(super) use paper::{Paper, table};
use std::collections::BTreeSet;
use toml::Value;

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
    /// Serial number of the only board that this loan is for; any, if there is none.
    pub device: Option<String>,
    /// It may take updates from its counter.
    pub updates: bool,
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
        let table = Paper { table: &table(text, example)?, path: String::new() };
        loan(&table)
    }

    /// Whether its last day is over at this moment, where it is lent.
    pub fn is_over(&self, at: jiff::Timestamp) -> bool {
        let zone = jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        zone.to_datetime(at).date() > self.until
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

/// What is wrong with a loan or a return order, for the person who wrote it: in English for a command line, and on the TV
/// in the words of `loan-problem-…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct LoanError {
    /// Path of the field, such as `counter[0].telephone`; for [`LoanProblem::Line`] the line, such as `line 3`.
    pub field: String,
    /// What is wrong and what to write instead.
    pub problem: LoanProblem,
}

/// What is wrong with a field, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LoanProblem {
    /// This line is no TOML.
    #[error("is no TOML ({said}); write NAME = \"VALUE\" with straight quotes, as in the example loan")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What the reader of TOML says.
        said: String,
    },
    /// The field is not there.
    #[error("is missing; write it like {example}")]
    Missing {
        /// A value.
        example: &'static str,
    },
    /// No such field exists.
    #[error("is no field of this file; correct its spelling or take it out (the fields here are {known})")]
    Unknown {
        /// The fields that exist in its place.
        known: String,
    },
    /// The value is not what belongs there.
    #[error("must be {wanted}, such as {example}")]
    Value {
        /// In words.
        wanted: &'static str,
        /// A value.
        example: &'static str,
    },
    /// The format is another version's.
    #[error("is {written}, but this device reads format {read}; make the file anew")]
    Format {
        /// As written.
        written: i64,
        /// The only one that is read.
        read: u16,
    },
    /// The same stands there twice.
    #[error("\"{written}\" stands there twice; leave one of them")]
    Twice {
        /// As written.
        written: String,
    },
    /// A language without words.
    #[error("\"{written}\" has no words here; known are {known}")]
    Language {
        /// As written.
        written: String,
        /// The languages that can be written.
        known: String,
    },
    /// A text that does not fit on the screen.
    #[error("must be one line of at most {LONGEST_WORDS} characters")]
    Long,
}

impl LoanProblem {
    /// A stable name, part of its message's.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Line { .. } => "line",
            Self::Missing { .. } => "missing",
            Self::Unknown { .. } => "unknown",
            Self::Value { .. } => "value",
            Self::Format { .. } => "format",
            Self::Twice { .. } => "twice",
            Self::Language { .. } => "language",
            Self::Long => "long",
        }
    }
}

/// What belongs into a field: in words, and an example.
pub(super) type Example = (&'static str, &'static str);

/// What [`is_id`] wants.
pub(super) const ID: Example = ("1 to 40 letters, digits or hyphens", "\"M-2026-014\"");

/// What [`is_device`] wants.
pub(super) const DEVICE: Example = ("a device's number, as its screen says it", "\"10000000A1B2C3D4\"");

/// Characters of a name or of opening hours, at most.
const LONGEST_WORDS: usize = 40;

/// What belongs into the fields of a loan, by their names.
fn example(field: &str) -> Option<Example> {
    Some(match field {
        "format" => ("a number", "1"),
        "id" => ID,
        "until" => ("the loan's last day", "2027-03-31"),
        "time_zone" => ("a known time zone", "\"Asia/Tokyo\""),
        "languages" => ("a list of languages, the default first", "[\"ja\", \"en\"]"),
        "city" => ("the city's name by language", "{ ja = \"みどり市\" }"),
        "counter" => ("sections, each with name, hosts, telephone and hours", "[[counter]]"),
        "device" => DEVICE,
        "updates" => ("true or false", "false"),
        "trust_anchors" => ("a list of PEM certificates", "[\"-----BEGIN CERTIFICATE-----…\"]"),
        "name" => ("the counter's name by language", "{ ja = \"子育て相談窓口\" }"),
        "hosts" => ("a list of room servers, each HOST or HOST:PORT", "[\"counter.city.example\"]"),
        "telephone" => ("a number as people dial it", "\"0422-00-0000\""),
        "hours" => ("opening hours by language", "{ ja = \"平日 8:30〜17:15\" }"),
        tag if Language::ALL.iter().any(|language| language.tag() == tag) => ("text in quotes", "\"みどり市\""),
        _ => return None,
    })
}

const FIELDS: [&str; 10] =
    ["format", "id", "until", "time_zone", "languages", "city", "counter", "trust_anchors", "device", "updates"];
const COUNTER_FIELDS: [&str; 4] = ["name", "hosts", "telephone", "hours"];

/// Whether a loan can have this number.
pub fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Whether a board can have this number: 8 to 32 hexadecimal digits.
pub fn is_device(text: &str) -> bool {
    (8..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether this is a telephone number as people dial it.
pub fn is_telephone(text: &str) -> bool {
    let dialled = text.chars().filter(char::is_ascii_digit).count();
    dialled >= 3 && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
}

fn loan(paper: &Paper<'_>) -> Result<Loan, LoanError> {
    let like = |field| example(field).unwrap_or_default();
    paper.only(&FIELDS)?;
    paper.format(FORMAT)?;
    let id = paper.text("id", like("id"))?;
    if !is_id(id) {
        return paper.value("id", like("id"));
    }
    let until = paper.day("until", like("until"))?;
    let time_zone = match paper.table.contains_key("time_zone") {
        true => paper.text("time_zone", like("time_zone"))?,
        false => "Asia/Tokyo",
    };
    if jiff::tz::TimeZone::get(time_zone).is_err() {
        return paper.value("time_zone", like("time_zone"));
    }
    let device = paper.device()?;
    let updates = match paper.table.get("updates") {
        None => true,
        Some(Value::Boolean(updates)) => *updates,
        Some(_) => return paper.value("updates", like("updates")),
    };
    let city = paper.words("city", like("city"))?;
    let languages = languages(paper, like("languages"))?;
    let sections = match paper.needed("counter", like("counter"))? {
        Value::Array(sections) => sections.as_slice(),
        _ => &[],
    };
    let (mut seen, mut counters) = (BTreeSet::new(), Vec::new());
    for (index, section) in sections.iter().enumerate() {
        let path = format!("counter[{index}]");
        let Value::Table(table) = section else { return paper.value(&path, like("counter")) };
        counters.push(counter(&Paper { table, path }, &mut seen)?);
    }
    if counters.is_empty() {
        return paper.value("counter", like("counter"));
    }
    let trust_anchors = match paper.table.contains_key("trust_anchors") {
        true => paper.texts("trust_anchors", like("trust_anchors"))?,
        false => Vec::new(),
    };
    if let Some(index) = trust_anchors.iter().position(|anchor| !is_pem_certificate(anchor)) {
        let example = ("a PEM certificate, unchanged from its first line to its last", "-----BEGIN CERTIFICATE-----…");
        return paper.value(&format!("trust_anchors[{index}]"), example);
    }
    Ok(Loan {
        id: id.to_owned(),
        until,
        city,
        counters,
        languages,
        trust_anchors: trust_anchors.into_iter().map(str::to_owned).collect(),
        time_zone: time_zone.to_owned(),
        device,
        updates,
    })
}

fn languages(paper: &Paper<'_>, example: Example) -> Result<Vec<Language>, LoanError> {
    let mut languages = Vec::new();
    for tag in paper.texts("languages", example)? {
        let written = short(tag);
        match Language::from_tag(tag) {
            Some(language) if languages.contains(&language) => {
                return paper.wrong("languages", LoanProblem::Twice { written });
            }
            Some(language) => languages.push(language),
            None => {
                let known = Language::ALL.map(|language| language.tag()).join(", ");
                return paper.wrong("languages", LoanProblem::Language { written, known });
            }
        }
    }
    if languages.is_empty() { paper.value("languages", example) } else { Ok(languages) }
}

fn counter(paper: &Paper<'_>, seen: &mut BTreeSet<String>) -> Result<Counter, LoanError> {
    let like = |field| example(field).unwrap_or_default();
    paper.only(&COUNTER_FIELDS)?;
    let name = paper.words("name", like("name"))?;
    let hours = paper.words("hours", like("hours"))?;
    let mut hosts = Vec::new();
    for host in paper.texts("hosts", like("hosts"))? {
        let host = host.to_ascii_lowercase();
        let sound = url::Url::parse(&format!("https://{host}/"))
            .is_ok_and(|url| url.path() == "/" && url.username().is_empty() && host_text(&url) == host);
        if !sound {
            return paper.value("hosts", like("hosts"));
        }
        if !seen.insert(host.clone()) {
            return paper.wrong("hosts", LoanProblem::Twice { written: short(&host) });
        }
        hosts.push(host);
    }
    if hosts.is_empty() {
        return paper.value("hosts", like("hosts"));
    }
    let number = paper.text("telephone", like("telephone"))?;
    if !is_telephone(number) {
        return paper.value("telephone", like("telephone"));
    }
    Ok(Counter { name, hosts, telephone: Telephone { number: number.to_owned(), hours } })
}

/// Whether it is the text form of one certificate (RFC 7468, section 5): what lies between the marks is Base64 of a DER
/// sequence. What the certificate says is judged where it is used.
fn is_pem_certificate(text: &str) -> bool {
    let inner = text.trim().strip_prefix("-----BEGIN CERTIFICATE-----");
    let Some(inner) = inner.and_then(|rest| rest.strip_suffix("-----END CERTIFICATE-----")) else { return false };
    let packed: String = inner.split_ascii_whitespace().collect();
    data_encoding::BASE64.decode(packed.as_bytes()).is_ok_and(|der| der.first() == Some(&0x30))
}

/// `HOST[:PORT]` of an address, the port only where it is not the scheme's own.
pub(crate) fn host_text(url: &url::Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
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
    fn a_loan_may_be_for_one_device_alone() {
        let loan =
            |device: &str| Loan::from_toml(&DEMO.replacen("format = 1", &format!("format = 1{device}"), 1)).unwrap();
        assert_eq!(loan("").device, None);
        assert_eq!(loan("\ndevice = \"10000000a1b2c3d4\"").device.as_deref(), Some("10000000A1B2C3D4"));
    }

    #[test]
    fn a_loan_may_forbid_the_counters_updates() {
        let updates = |line: &str| {
            Loan::from_toml(&DEMO.replacen("format = 1", &format!("format = 1{line}"), 1)).unwrap().updates
        };
        assert_eq!(["", "\nupdates = true", "\nupdates = false"].map(updates), [true, true, false]);
    }

    #[test]
    fn a_day_is_read_with_and_without_quotes() {
        for written in ["\"2099-03-31\"", "2099-03-31", "\" 2099-03-31 \""] {
            let loan = Loan::from_toml(&DEMO.replacen("\"2099-03-31\"", written, 1)).unwrap();
            assert_eq!(loan.until, jiff::civil::date(2099, 3, 31), "{written}");
        }
    }

    #[test]
    fn every_mistake_names_its_field_and_the_remedy() {
        const DAY: &str = "until: must be the loan's last day, such as 2027-03-31";
        const NUMBER: &str = "telephone: must be a number as people dial it, such as \"0422-00-0000\"";
        let anchor = |inner: &str| {
            format!(
                "trust_anchors = [\"\"\"-----BEGIN CERTIFICATE-----\n{inner}\n\
            -----END CERTIFICATE-----\"\"\"] #"
            )
        };
        for (from, to, said) in [
            ("format = 1", "format = 2", "format: is 2, but this device reads format 1; make the file anew"),
            ("format = 1", "", "format: is missing; write it like 1"),
            ("format = 1", "format = \"1\"", "format: must be a number, such as 1"),
            ("id = \"DEMO-2026-001\"", "id = 2026", "id: must be 1 to 40 letters, digits or hyphens, such as"),
            ("DEMO-2026-001", "みどり", "id: must be 1 to 40 letters, digits or hyphens, such as \"M-2026-014\""),
            ("\"2099-03-31\"", "\"2099/03/31\"", DAY),
            ("\"2099-03-31\"", "2099/03/31", DAY),
            ("\"2099-03-31\"", "2099-03-31T10:00:00", DAY),
            ("\"2099-03-31\"", "2099-02-30", DAY),
            ("\"2099-03-31\"", "20990331", DAY),
            ("\"2099-03-31\"", "", DAY),
            ("until = \"2099-03-31\"", "", "until: is missing; write it like 2027-03-31"),
            ("until = ", "untill = ", "untill: is no field of this file; correct its spelling or take it out (the"),
            ("Asia/Tokyo", "Asia/Edo", "time_zone: must be a known time zone, such as \"Asia/Tokyo\""),
            ("\"Asia/Tokyo\"", "9", "time_zone: must be a known time zone, such as \"Asia/Tokyo\""),
            ("\"ja\", \"en\"", "\"xx\"", "languages: \"xx\" has no words here; known are ja, en"),
            ("\"ja\", \"en\"", "\"ja\", \"ja\"", "languages: \"ja\" stands there twice; leave one of them"),
            ("\"ja\", \"en\"", "", "languages: must be a list of languages, the default first, such as [\"ja\""),
            ("[\"ja\", \"en\"]", "\"ja\"", "languages: must be a list of languages, the default first, such as"),
            ("[\"ja\", \"en\"]", "[ja, en]", "languages: must be a list of languages, the default first, such as"),
            ("ja = \"みどり市\"\n", "", "city.ja: is missing; write it like { ja = \"みどり市\" }"),
            ("ja = \"みどり市\"\n", "ja = 5\n", "city.ja: must be text in quotes, such as"),
            ("en = \"Midori City\"", "xx = \"Midori\"", "city.xx: is no field of this file"),
            ("Midori City", &"x".repeat(41), "city.en: must be one line of at most 40 characters"),
            ("[[counter]]", "[[counters]]", "counters: is no field of this file"),
            ("[[counter]]", "[counter]", "counter: must be sections, each with name, hosts, telephone and hours"),
            ("telephone = \"", "telephone = \"call me ", &format!("counter[0].{NUMBER}")),
            ("\"0422-00-1234\"", "0422", NUMBER),
            ("\"0422-00-1234\"", "422001234", &format!("counter[0].{NUMBER}")),
            ("\"0422-00-1234\"", "0422-00-1234", NUMBER),
            ("telephone = \"0422-00-1234\"\n", "", "counter[0].telephone: is missing; write it like \"0422"),
            ("localhost:8443", "https://x/y", "counter[0].hosts: must be a list of room servers, each HOST or"),
            ("127.0.0.1:8443", "localhost:8443", "counter[0].hosts: \"localhost:8443\" stands there twice"),
            ("\"localhost:8443\", \"127.0.0.1:8443\"", "", "counter[0].hosts: must be a list of room servers"),
            ("hours = { ja = \"", "hours = { fr = \"", "counter[0].hours.fr: is no field of this file"),
            ("hours =", "hour =", "counter[0].hour: is no field of this file"),
            ("trust_anchors = []", "trust_anchors = [\"none\"]", "trust_anchors[0]: must be a PEM certificate"),
            ("trust_anchors = []", &anchor("MIIB%%"), "trust_anchors[0]: must be a PEM certificate"),
            ("trust_anchors = []", "trust_anchors = \"\"", "trust_anchors: must be a list of PEM certificates"),
            ("format = 1", "format = 1\ndevice = \"living room\"", "device: must be a device's number, as its screen"),
            ("format = 1", "format = 1\ndevice = 7", "device: must be a device's number, as its screen"),
            ("format = 1", "format = 1\nupdates = \"no\"", "updates: must be true or false, such as false"),
            ("[city]", "[city", "line 9: is no TOML ("),
            ("until = ", "until ", "line 4: is no TOML ("),
            ("id = \"", "id = “", "id: must be 1 to 40 letters, digits or hyphens, such as \"M-2026-014\""),
            ("format = 1", "format = 1\nformat = 1", "line 3: is no TOML ("),
        ] {
            let error = error(from, to);
            assert!(error.starts_with(said), "{to}: {error}");
        }
        let sound = DEMO.replacen("trust_anchors = []", &anchor("MIIB\nAAAA"), 1);
        assert_eq!(Loan::from_toml(&sound).unwrap().trust_anchors.len(), 1);
    }
}
