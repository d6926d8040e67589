//! The command line of `madoguchi-room`: serve, staff, counter, appointment, backup, audit, demo.

mod arguments;

use super::config::{Config, ConfigError};
use super::demo::{self, DemoError};
use super::store::{Checked, Store, StoreError};
use super::{ServeError, serve};
use crate::meeting::appointment::{Counter, Standing};
use crate::meeting::rights::{Counters, Rights, StaffRole};
use crate::model::language::Language;
use crate::model::secret::Secret;
use crate::model::wire::Words;
use crate::password::normal;
use crate::room::appointments::reserve::{ReserveError, Wanted, reserve};
use crate::room::web::sign_in::{PasswordError, hash_password};
use crate::words::message::Message;
use arguments::{AppointmentCommand, CounterCommand, Staff, What};
use clap::Parser;
use std::io::{BufRead, Write};
use tokio::signal::unix::{SignalKind, signal};

/// The online counter's room server.
#[derive(Parser)]
#[command(name = "madoguchi-room", version, about, max_term_width = 100)]
pub struct Command {
    #[command(subcommand)]
    what: What,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration.
    Config(#[from] ConfigError),
    /// The server.
    Serve(#[from] ServeError),
    /// The store.
    Store(#[from] StoreError),
    /// The appointment.
    Reserve(#[from] ReserveError),
    /// The password.
    Password(#[from] PasswordError),
    /// The demo.
    Demo(#[from] DemoError),
    /// Something written that cannot be.
    Wrong(Message),
    /// Standard input or output.
    Io(#[from] std::io::Error),
}

/// Does what the command line says; `from` is standard input, `to` standard output, in `language`.
///
/// # Errors
/// [`CommandError`], to be printed as one sentence.
pub async fn run(
    command: Command,
    language: Language,
    from: &mut dyn BufRead,
    to: &mut dyn Write,
) -> Result<(), CommandError> {
    match command.what {
        What::Serve(serve) => until_told_to_stop(serve.config()?, &mut Speaker { to, language }).await,
        What::Staff { what } => staff(what, from, &mut Speaker { to, language }),
        What::Counter { what: CounterCommand::Add { database, id, ja, en, telephone } } => {
            let said = Message::new("room-counter-made").with("id", id.as_str());
            let counter = Counter { id, name: Words::ja_en(&ja, &en), telephone };
            Store::open(&database.database)?.put_counter(&counter)?;
            Speaker { to, language }.say(&said)
        }
        What::Appointment { what } => appointment(what, &mut Speaker { to, language }),
        What::Backup { database, file } => {
            let store = Store::open(&database.database)?;
            if file.exists() {
                return Err(CommandError::Wrong(Message::new("room-copy-there").with("file", file.as_path())));
            }
            store.backup(&file)?;
            store.audit(now(), "-", "backup", None)?;
            Speaker { to, language }.say(&Message::new("room-copied").with("file", file.as_path()))
        }
        What::Audit { database, check: true, .. } => {
            let checked = Store::open(&database.database)?.check_trail()?;
            Speaker { to, language }.say(&said_of_trail(checked)?)
        }
        What::Audit { database, lines, check: false } => {
            for line in Store::open(&database.database)?.audit_trail(lines)? {
                let appointment = line.appointment.as_deref().unwrap_or("-");
                writeln!(to, "{}\t{}\t{}\t{appointment}", line.at, line.staff, line.action)?;
            }
            Ok(())
        }
        What::Demo { folder, listen } => {
            let demo = demo::prepare(&folder)?;
            let mut config = Config::on_loopback(&demo.database);
            config.listen = listen;
            let public = config.public_at(listen)?;
            writeln!(to, "staff page   {public}/staff   name {}   password {}", demo.staff, demo.password.expose())?;
            writeln!(to, "guest page   {}", demo.key_url(&public, Language::Japanese).expose())?;
            until_told_to_stop(config, &mut Speaker { to, language }).await
        }
    }
}

/// What a look at the whole trail found, in words.
fn said_of_trail(checked: Checked) -> Result<Message, CommandError> {
    match checked {
        Checked::Whole { lines, unchained, last } => {
            let count = |lines: usize| i64::try_from(lines).unwrap_or(i64::MAX);
            let (number, hash) = last.map_or((0, "-".to_owned()), |last| (last.number, last.hash));
            let message =
                Message::new("room-trail-whole").with("lines", count(lines)).with("unchained", count(unchained));
            Ok(message.with("number", number).with("hash", hash))
        }
        Checked::Broken { line } => Err(CommandError::Wrong(Message::new("room-trail-broken").with("line", line))),
        Checked::Cut { written, found } => {
            let message = Message::new("room-trail-cut").with("written", written).with("found", found);
            Err(CommandError::Wrong(message))
        }
    }
}

/// Standard output in the reader's language.
struct Speaker<'a> {
    to: &'a mut dyn Write,
    language: Language,
}

impl Speaker<'_> {
    fn say(&mut self, message: &Message) -> Result<(), CommandError> {
        Ok(writeln!(self.to, "{}", message.said(self.language))?)
    }
}

fn now() -> jiff::Timestamp {
    (Config::on_loopback(std::path::Path::new("")).clock)()
}

async fn until_told_to_stop(config: Config, to: &mut Speaker<'_>) -> Result<(), CommandError> {
    // Whoever reads that it listens may tell it to reload at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let running = serve(config).await?;
    let listens = Message::new("room-listens").with("address", running.address.to_string());
    to.say(&listens.with("public", running.public.as_str()))?;
    if let Some(metrics) = running.metrics {
        to.say(&Message::new("room-health").with("address", format!("http://{metrics}")))?;
    }
    to.to.flush()?;
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
            _ = terminate.recv() => break,
            _ = hang_up.recv() => match running.reload().await {
                Ok(()) => tracing::info!("told to reload: the certificate was read again"),
                Err(error) => tracing::error!(%error, "told to reload: the earlier certificate is still served"),
            },
        }
    }
    running.stop().await;
    Ok(())
}

fn staff(what: Staff, from: &mut dyn BufRead, to: &mut Speaker<'_>) -> Result<(), CommandError> {
    let about = |id: &'static str, name: &str| Message::new(id).with("name", name);
    match what {
        Staff::Add { database, name, role, counter } => {
            let name = normal(&name);
            let length = name.chars().count();
            if !(1..=40).contains(&length) || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
                return Err(CommandError::Wrong(Message::new("room-account-name")));
            }
            // Before the password is asked for: a mistyped path is told at once.
            let store = Store::open(&database.database)?;
            let rights = wanted_rights(&store, &name, &role, &counter)?;
            to.say(&about("room-ask-password", &name))?;
            to.to.flush()?;
            let mut line = String::new();
            from.read_line(&mut line)?;
            let hash = hash_password(&name, &Secret::new(line.trim_end_matches(['\r', '\n'])));
            zeroize::Zeroize::zeroize(&mut line);
            store.put_staff_with(&name, &hash?, &rights)?;
            store.audit(now(), "-", "staff-added", Some(&name))?;
            to.say(&about("room-account-made", &name))
        }
        Staff::Remove { database, name } => {
            let (store, name) = (Store::open(&database.database)?, normal(&name));
            if !store.remove_staff(&name)? {
                return Err(no_account(&store, &name)?);
            }
            store.audit(now(), "-", "staff-removed", Some(&name))?;
            to.say(&about("room-account-removed", &name))
        }
        Staff::ResetFactor { database, name } => {
            let (store, name) = (Store::open(&database.database)?, normal(&name));
            if !store.staff()?.contains_key(&name) {
                return Err(no_account(&store, &name)?);
            }
            if !store.reset_factor(&name)? {
                return to.say(&about("room-no-factor", &name));
            }
            store.audit(now(), "-", "second-factor-reset", Some(&name))?;
            to.say(&about("room-factor-reset", &name))
        }
        Staff::List { database } => {
            let store = Store::open(&database.database)?;
            let with_factor = store.with_factor()?;
            for (name, rights) in store.staff()? {
                let factor = if with_factor.contains(&name) { "\tsecond-factor" } else { "" };
                writeln!(to.to, "{name}\t{rights}{factor}")?;
            }
            Ok(())
        }
    }
}

/// A name that nobody has, with those that there are.
fn no_account(store: &Store, name: &str) -> Result<CommandError, StoreError> {
    let known = store.staff()?.into_keys().collect::<Vec<_>>().join(", ");
    let id = if known.is_empty() { "room-no-accounts" } else { "room-no-account" };
    Ok(CommandError::Wrong(Message::new(id).with("name", name).with("known", known)))
}

/// What an account may do from now on: what is not said stays as it was, or is the desk of every counter.
fn wanted_rights(store: &Store, name: &str, roles: &[String], counters: &[String]) -> Result<Rights, CommandError> {
    let fresh = Rights { roles: [StaffRole::Desk].into(), counters: Counters::Every };
    let mut rights = store.staff()?.remove(name).unwrap_or(fresh);
    if !roles.is_empty() {
        let read = |word: &String| {
            let unknown = || CommandError::Wrong(Message::new("room-role").with("written", word.as_str()));
            StaffRole::from_word(word).ok_or_else(unknown)
        };
        rights.roles = roles.iter().map(read).collect::<Result<_, _>>()?;
    }
    if counters.iter().any(|counter| counter == "*") {
        rights.counters = Counters::Every;
    } else if !counters.is_empty() {
        let known: Vec<_> = store.counters()?.into_iter().map(|counter| counter.id).collect();
        if let Some(wanted) = counters.iter().find(|wanted| !known.contains(wanted)) {
            return Err(ReserveError::NoSuchCounter { wanted: wanted.clone(), known: known.join(", ") }.into());
        }
        rights.counters = Counters::These(counters.iter().cloned().collect());
    }
    Ok(rights)
}

fn appointment(command: AppointmentCommand, to: &mut Speaker<'_>) -> Result<(), CommandError> {
    match command {
        AppointmentCommand::Add { database, counter, starts, minutes, language, sites, remark, public, time_zone } => {
            let store = Store::open(&database.database)?;
            let mut config = Config::on_loopback(&database.database);
            config.public = Some(public);
            let public = config.public_at(config.listen)?;
            let zone = jiff::tz::TimeZone::get(&time_zone).map_err(|_| ServeError::TimeZone(time_zone.clone()))?;
            let no_such_time = |error: jiff::Error| {
                CommandError::Wrong(Message::new("room-no-such-time").with("said", error.to_string()))
            };
            let starts = starts.to_zoned(zone).map_err(no_such_time)?.timestamp();
            let mut languages = Vec::new();
            for tag in language {
                let unknown = || CommandError::Wrong(Message::new("room-language").with("written", tag.as_str()));
                languages.push(Language::from_tag(&tag).ok_or_else(unknown)?);
            }
            let first = languages.first().copied().unwrap_or_default();
            let made =
                reserve(&store, now(), Wanted { counter, starts, minutes, languages, sites, remark, form: None })?;
            store.audit(now(), "-", "appointment-added", Some(&made.appointment.id))?;
            writeln!(to.to, "{}\t{}", made.appointment.id, made.key_url(&public, first).expose())?;
            Ok(())
        }
        AppointmentCommand::Revoke { database, id } => {
            let store = Store::open(&database.database)?;
            if !store.appointments()?.iter().any(|appointment| appointment.id == id) {
                return Err(CommandError::Wrong(Message::new("room-no-appointment").with("id", id)));
            }
            store.set_standing(&id, Standing::Revoked)?;
            store.audit(now(), "-", "appointment-revoked", Some(&id))?;
            to.say(&Message::new("room-revoked").with("id", id))
        }
    }
}
