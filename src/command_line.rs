//! What both of the staff's programs do with their command line: read it, and speak the language of the terminal.

use crate::model::language::Language;
use crate::words::message::Message;
use crate::words::{Arg, Catalog};
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, CommandFactory, FromArgMatches};
use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::LazyLock;

/// The language of messages, as POSIX orders the variables (XBD 8.2): the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is
/// set decides. A terminal that is not told to be UTF-8 gets English, which is ASCII.
pub fn language(variable: impl Fn(&str) -> Option<String>) -> Language {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default();
    // `ja_JP.UTF-8@modifier`
    let (tag, codeset) = match locale.split_once('.') {
        Some((tag, rest)) => (tag, rest.split('@').next().unwrap_or_default()),
        None => (locale.split('@').next().unwrap_or_default(), "UTF-8"),
    };
    let utf_8 = codeset.replace('-', "").eq_ignore_ascii_case("utf8");
    Language::from_tag(tag).filter(|_| utf_8).unwrap_or(Language::English)
}

/// The language of the terminal that this program runs in.
#[expect(clippy::disallowed_methods, reason = "a command line is told its language by the environment")]
pub fn language_here() -> Language {
    language(|name| std::env::var(name).ok())
}

/// What [`read`] gives instead of a command: help that was asked for, or what is wrong with the line.
pub struct Said {
    /// To be printed.
    pub text: StyledStr,
    /// Somebody asked for it: it goes to standard output, and the program ends well.
    pub asked_for: bool,
}

impl Said {
    /// Prints it where it belongs.
    pub fn print(self) -> ExitCode {
        // Whoever closed their end of a pipe has read enough.
        if self.asked_for {
            let _ = write!(std::io::stdout(), "{}", self.text);
            return ExitCode::SUCCESS;
        }
        let _ = write!(std::io::stderr(), "{}", self.text);
        ExitCode::from(WRONG_LINE)
    }
}

/// How a program ends that could not read its command line; clap's own number.
const WRONG_LINE: u8 = 2;

/// Prints what came of a command, and ends the program.
pub fn ended(program: &str, done: Result<Option<String>, String>) -> ExitCode {
    match done {
        Ok(said) => {
            let _ = said.map(|said| writeln!(std::io::stdout(), "{said}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads a command line whose first word is the program's name.
///
/// # Errors
/// What is to be said instead of doing anything.
pub fn read<C: CommandFactory + FromArgMatches>(
    arguments: impl IntoIterator<Item = OsString>,
    language: Language,
) -> Result<C, Said> {
    let mut command = C::command();
    if language == Language::Japanese {
        command = in_japanese(command, "help-madoguchi");
    }
    let matches = command.try_get_matches_from_mut(arguments);
    matches.and_then(|mut matches| C::from_arg_matches_mut(&mut matches)).map_err(|error| Said {
        text: match in_words(&error).filter(|_| language == Language::Japanese) {
            Some(words) => StyledStr::from(words),
            None => error.render(),
        },
        asked_for: !error.use_stderr(),
    })
}

fn word(id: &str, args: &[(&str, Arg<'_>)]) -> String {
    Catalog::embedded().plain(Language::Japanese, id, args)
}

// Headings must outlive every command.
static COMMANDS: LazyLock<String> = LazyLock::new(|| word("line-commands", &[]));
static ARGUMENTS: LazyLock<String> = LazyLock::new(|| word("line-arguments", &[]));
static OPTIONS: LazyLock<String> = LazyLock::new(|| word("line-options", &[]));

/// The help of a command and of all below it, from `words/ja/help.ftl`. English stands where the options are declared.
fn in_japanese(command: clap::Command, id: &str) -> clap::Command {
    let id = match command.get_name() {
        name if name.starts_with("madoguchi-") => format!("help-{name}"),
        name => format!("{id}-{name}"),
    };
    let template = format!("{{about-with-newline}}\n{}{{usage}}\n\n{{all-args}}", word("line-usage", &[]));
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let mut command = command
        .about(word(&id, &[]))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading(COMMANDS.as_str())
        .help_template(template)
        .mut_args(|arg| {
            let about = word(&format!("{id}.{}", arg.get_id()), &[]);
            let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            let default = default.join(", ");
            let takes = arg.get_action().takes_values();
            let about = match takes && !default.is_empty() {
                true => about + &word("line-default", &[("value", Arg::Text(&default))]),
                false => about,
            };
            let heading = if arg.is_positional() { &ARGUMENTS } else { &OPTIONS };
            arg.help(about).hide_default_value(takes).help_heading(heading.as_str())
        });
    if command.get_version().is_some() {
        command = command.disable_version_flag(true).arg(flag("version", 'V', ArgAction::Version));
    }
    for name in names {
        command = command.mut_subcommand(name, |below| in_japanese(below, &id));
    }
    command.arg(flag("help", 'h', ArgAction::Help))
}

fn flag(name: &'static str, short: char, action: ArgAction) -> clap::Arg {
    let flag = clap::Arg::new(name).long(name).short(short).action(action);
    flag.help(word(&format!("line-{name}"), &[])).help_heading(OPTIONS.as_str())
}

/// What is wrong with a line; nothing where clap's own words are the help that was asked for.
fn in_words(error: &clap::Error) -> Option<String> {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(StyledStr::to_string).collect::<Vec<_>>().join("、"),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (what, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let said = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::DisplayVersion => {
            return None;
        }
        ErrorKind::MissingRequiredArgument => word("line-missing", &[("what", Arg::Text(&what))]),
        ErrorKind::UnknownArgument => word("line-unknown", &[("what", Arg::Text(&what))]),
        ErrorKind::InvalidSubcommand => {
            word("line-no-command", &[("what", Arg::Text(&text(ContextKind::InvalidSubcommand)))])
        }
        ErrorKind::MissingSubcommand => word("line-missing-command", &[]),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            word("line-conflict", &[("what", Arg::Text(&what)), ("other", Arg::Text(&other))])
        }
        ErrorKind::InvalidValue if value.is_empty() => word("line-no-value", &[("what", Arg::Text(&what))]),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = error.source().and_then(|source| source.downcast_ref::<Message>());
            let why = why.map_or_else(|| word("line-see-help", &[]), |why| why.said(Language::Japanese));
            let args = [("what", Arg::Text(&what)), ("value", Arg::Text(&value)), ("why", Arg::Text(&why))];
            word("line-value", &args)
        }
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            word("line-count", &[("what", Arg::Text(&what))])
        }
        ErrorKind::InvalidUtf8 => word("line-not-utf-8", &[]),
        _ => return None,
    };
    let nearest = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let nearest = nearest.map(text).concat();
    let nearest = if nearest.is_empty() { nearest } else { word("line-nearest", &[("what", Arg::Text(&nearest))]) };
    let usage = text(ContextKind::Usage).replace("Usage: ", &word("line-usage", &[]));
    Some(format!("{said}{nearest}\n\n{usage}\n\n{}\n", word("line-more", &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_says_the_language() {
        let here = |all: &str, messages: &str, lang: &str| {
            language(|name| match name {
                "LC_ALL" => Some(all.to_owned()),
                "LC_MESSAGES" => Some(messages.to_owned()),
                _ => Some(lang.to_owned()),
            })
        };
        use Language::{English, Japanese};
        for (all, messages, lang, expected) in [
            ("ja_JP.UTF-8", "en_US.UTF-8", "C", Japanese),
            ("", "ja_JP.utf8", "en_US.UTF-8", Japanese),
            ("", "", "ja_JP.UTF-8", Japanese),
            ("", "", "ja", Japanese),
            ("", "", "ja_JP.UTF-8@cjknarrow", Japanese),
            ("C", "ja_JP.UTF-8", "ja_JP.UTF-8", English),
            ("C.UTF-8", "ja_JP.UTF-8", "ja_JP.UTF-8", English),
            ("", "en_GB.UTF-8", "ja_JP.UTF-8", English),
            ("", "", "de_DE.UTF-8", English),
            ("", "", "ja_JP.eucJP", English),
            ("", "", "", English),
        ] {
            assert_eq!(here(all, messages, lang), expected, "{all} {messages} {lang}");
        }
        assert_eq!(language(|_| None), English);
    }

    fn said<C: CommandFactory + FromArgMatches>(line: &str, language: Language) -> String {
        let words = line.split(' ').map(OsString::from);
        read::<C>(words, language).map(|_| ()).map_err(|said| said.text.to_string()).unwrap_err()
    }

    /// Every text of `help.ftl` that a tree of commands needs.
    fn needed(command: &clap::Command, id: &str, ids: &mut std::collections::BTreeSet<String>) {
        ids.insert(id.to_owned());
        ids.extend(command.get_arguments().map(|arg| format!("{id}.{}", arg.get_id())));
        for below in command.get_subcommands() {
            needed(below, &format!("{id}-{}", below.get_name()), ids);
        }
    }

    #[test]
    #[cfg(all(feature = "room", feature = "staff"))]
    fn every_command_and_option_is_explained_in_japanese_and_nothing_else_is() {
        let mut ids = std::collections::BTreeSet::new();
        needed(&crate::room::command::Command::command(), "help-madoguchi-room", &mut ids);
        needed(&crate::staff::command::Command::command(), "help-madoguchi-staff", &mut ids);
        let mut written = std::collections::BTreeSet::new();
        let mut above = String::new();
        for line in crate::words::HELP.lines().filter(|line| line.starts_with("help-") || line.starts_with("    .")) {
            let name = line.trim_start().split(" =").next().unwrap();
            if !name.starts_with('.') {
                above = name.to_owned();
            }
            let id = if name.starts_with('.') { format!("{above}{name}") } else { above.clone() };
            assert!(word(&id, &[]).chars().any(|letter| letter > '\u{3000}'), "{id} has no Japanese");
            assert!(!word(&id, &[]).contains('\u{200b}'), "{id} has a mark for breaking lines");
            written.insert(id);
        }
        assert_eq!(written, ids);
        let unused = crate::words::HELP.lines().filter_map(|line| line.split_once(" =")).map(|(name, _)| name);
        let source = include_str!("command_line.rs");
        for id in unused.filter(|name| name.starts_with("line-")) {
            let flag = ["line-help", "line-version"].contains(&id);
            assert!(flag || source.contains(&format!("\"{id}\"")), "{id} is said nowhere");
        }
    }

    #[test]
    #[cfg(feature = "staff")]
    fn help_and_what_is_wrong_with_a_line_are_said_in_japanese() {
        use crate::staff::command::Command;
        let japanese = |line: &str| said::<Command>(line, Language::Japanese);
        let english =
            ["Usage", "Options", "Commands", "Arguments", "Print", "error", "default", "required", "For more"];
        for (line, words) in [
            (
                "madoguchi-staff --help",
                vec!["市のオンライン窓口の用紙", "使い方：madoguchi-staff <COMMAND>", "コマンド", "sheet"],
            ),
            (
                "madoguchi-staff stick loan --help",
                vec!["引数", "貸し出しファイル（TOML）", "指定", "--key <KEY>", "この説明を出す"],
            ),
            ("madoguchi-staff sheet --help", vec!["14:00 のように", "市の名前（英語）"]),
            ("madoguchi-staff stick", vec!["使い方：madoguchi-staff stick <COMMAND>"]),
            ("madoguchi-staff stick lend", vec!["lend というコマンドはありません"]),
            ("madoguchi-staff stick loam", vec!["loam というコマンドはありません。（loan のことですか）"]),
            (
                "madoguchi-staff loan check",
                vec!["次のものが足りません：<FILE>", "使い方：madoguchi-staff loan check <FILE>", "--help"],
            ),
            ("madoguchi-staff stick check x --kee y", vec!["--kee という指定はありません。（--key のことですか）"]),
            (
                "madoguchi-staff sheet --start 25:00 x.svg",
                vec!["--start <START> の値「25:00」を読めません。14:00 のように"],
            ),
            (
                "madoguchi-staff sheet --date Monday x.svg",
                vec!["値「Monday」を読めません", "--help でお確かめください"],
            ),
            ("madoguchi-staff sheet --date", vec!["--date <DATE> の値が足りません"]),
            ("madoguchi-staff loan check a b", vec!["b という指定はありません"]),
        ] {
            let said = japanese(line);
            for word in words {
                assert!(said.contains(word), "{line}: {said}");
            }
            for word in english {
                assert!(!said.contains(word), "{line} says {word}: {said}");
            }
        }
        assert!(said::<Command>("madoguchi-staff loan check", Language::English).contains("required arguments"));
    }
}
