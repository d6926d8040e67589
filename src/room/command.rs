//! The command line of `madoguchi-room`: serve, staff, counter, appointment, backup, audit, demo.

use super::config::{Config, ConfigError, File, Tls, secret};
use super::demo::{self, DemoError};
use super::registry::appointment::{Counter, SITES, Standing};
use super::reserve::{ReserveError, Wanted, reserve};
use super::sign_in::{PasswordError, hash_password};
use super::store::{Store, StoreError};
use super::{ServeError, serve};
use crate::model::language::Language;
use crate::model::secret::Secret;
use crate::model::wire::Words;
use crate::password::normal;
use clap::{Args, Parser, Subcommand};
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// The online counter's room server.
#[derive(Parser)]
#[command(name = "madoguchi-room", version, about, max_term_width = 100)]
pub struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Runs the server until it is told to stop (SIGTERM, Ctrl-C).
    Serve(Serve),
    /// Staff accounts.
    Staff {
        #[command(subcommand)]
        what: Staff,
    },
    /// Counters of the city.
    Counter {
        #[command(subcommand)]
        what: CounterCommand,
    },
    /// Appointments.
    Appointment {
        #[command(subcommand)]
        what: AppointmentCommand,
    },
    /// Copies the database into FILE while the server may be running.
    Backup {
        #[command(flatten)]
        database: Database,
        /// Where to; must not exist.
        file: PathBuf,
    },
    /// Prints what staff did, the newest first.
    Audit {
        #[command(flatten)]
        database: Database,
        /// How many lines.
        #[arg(long, default_value_t = 100)]
        lines: u32,
    },
    /// Prepares a demo city in FOLDER with an appointment that is open now, and serves it on loopback.
    Demo {
        /// Where the database is put.
        folder: PathBuf,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
    },
}

#[derive(Args)]
struct Database {
    /// The SQLite file.
    #[arg(long, default_value = "/var/lib/madoguchi-room/room.sqlite")]
    database: PathBuf,
}

#[derive(Args)]
struct Serve {
    /// A TOML file with the same settings; the command line comes before it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Where to listen. Without a certificate only a loopback address is served. [default: 127.0.0.1:8443]
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// The SQLite file; made when there is none. [default: /var/lib/madoguchi-room/room.sqlite]
    #[arg(long)]
    database: Option<PathBuf>,
    /// Certificate chain, PEM.
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// The address that stands on paper, such as https://counter.city.example
    #[arg(long)]
    public: Option<String>,
    /// Loopback address of /health and /metrics, such as 127.0.0.1:9464
    #[arg(long)]
    metrics: Option<SocketAddr>,
    /// IANA time zone in which times are shown. [default: Asia/Tokyo]
    #[arg(long)]
    time_zone: Option<String>,
    /// A stun: address; may be given several times.
    #[arg(long)]
    stun_url: Vec<String>,
    /// A turn: or turns: address; may be given several times.
    #[arg(long, requires = "turn_secret")]
    turn_url: Vec<String>,
    /// A file with the static-auth-secret shared with coturn.
    #[arg(long)]
    turn_secret: Option<PathBuf>,
    /// Media goes through the TURN servers only.
    #[arg(long)]
    relay_only: bool,
    /// A proxy on this machine adds X-Forwarded-For.
    #[arg(long)]
    behind_proxy: bool,
}

#[derive(Subcommand)]
enum Staff {
    /// Makes an account, or changes its password. The password is read from the first line of standard input.
    Add {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Removes an account and signs it out everywhere. What it did stays in the audit trail.
    Remove {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Prints the accounts' names.
    List {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Subcommand)]
enum CounterCommand {
    /// Makes a counter, or changes it.
    Add {
        #[command(flatten)]
        database: Database,
        /// Short stable name, such as kosodate.
        id: String,
        /// Name in Japanese.
        #[arg(long)]
        ja: String,
        /// Name in English.
        #[arg(long)]
        en: String,
        /// Telephone number, as people dial it.
        #[arg(long)]
        telephone: String,
    },
}

#[derive(Subcommand)]
enum AppointmentCommand {
    /// Makes an appointment and prints the address for its paper: the only time the key is shown.
    Add {
        #[command(flatten)]
        database: Database,
        /// The counter's short name.
        #[arg(long)]
        counter: String,
        /// Start at the counter, YYYY-MM-DDTHH:MM.
        #[arg(long)]
        starts: jiff::civil::DateTime,
        /// Length of the slot.
        #[arg(long, default_value_t = 30)]
        minutes: u32,
        /// Languages, the first one for the paper; may be given several times.
        #[arg(long, default_value = "ja")]
        language: Vec<String>,
        /// Sites allowed, the counter included.
        #[arg(long, default_value_t = SITES)]
        sites: u8,
        /// Remark without names.
        #[arg(long, default_value = "")]
        remark: String,
        /// The server's public address.
        #[arg(long)]
        public: String,
        /// IANA time zone of the start.
        #[arg(long, default_value = "Asia/Tokyo")]
        time_zone: String,
    },
    /// Withdraws an appointment.
    Revoke {
        #[command(flatten)]
        database: Database,
        /// Its number.
        id: String,
    },
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The appointment.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The demo.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Something written that cannot be.
    #[error("{0}")]
    Wrong(String),
    /// Standard input or output.
    #[error("cannot read or write: {0}")]
    Io(#[from] std::io::Error),
}

/// Does what the command line says; `from` is standard input, `to` standard output.
///
/// # Errors
/// [`CommandError`], to be printed as one sentence.
pub async fn run(command: Command, from: &mut dyn BufRead, to: &mut dyn Write) -> Result<(), CommandError> {
    match command.what {
        What::Serve(serve) => until_told_to_stop(serve.config()?, to).await,
        What::Staff { what: Staff::Add { database, name } } => add_staff(&database, &name, from, to),
        What::Staff { what: Staff::Remove { database, name } } => {
            let (store, name) = (Store::open(&database.database)?, normal(&name));
            if !store.remove_staff(&name)? {
                let known = store.staff()?.join(", ");
                return Err(CommandError::Wrong(format!("there is no staff account {name}; known are: {known}")));
            }
            store.audit(now(), "-", "staff-removed", None)?;
            Ok(writeln!(to, "{name} can no longer sign in.")?)
        }
        What::Staff { what: Staff::List { database } } => {
            for name in Store::open(&database.database)?.staff()? {
                writeln!(to, "{name}")?;
            }
            Ok(())
        }
        What::Counter { what: CounterCommand::Add { database, id, ja, en, telephone } } => {
            let counter = Counter { id, name: Words::ja_en(&ja, &en), telephone };
            Ok(Store::open(&database.database)?.put_counter(&counter)?)
        }
        What::Appointment { what } => appointment(what, to),
        What::Backup { database, file } => {
            let store = Store::open(&database.database)?;
            if file.exists() {
                return Err(CommandError::Wrong(format!("{} exists already; choose a new name", file.display())));
            }
            store.backup(&file)?;
            store.audit(now(), "-", "backup", None)?;
            Ok(())
        }
        What::Audit { database, lines } => {
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
            until_told_to_stop(config, to).await
        }
    }
}

fn now() -> jiff::Timestamp {
    (Config::on_loopback(std::path::Path::new("")).clock)()
}

async fn until_told_to_stop(config: Config, to: &mut dyn Write) -> Result<(), CommandError> {
    let running = serve(config).await?;
    writeln!(to, "listening on {} ({})", running.address, running.public)?;
    if let Some(metrics) = running.metrics {
        writeln!(to, "health and metrics on http://{metrics}")?;
    }
    to.flush()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
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

fn add_staff(database: &Database, name: &str, from: &mut dyn BufRead, to: &mut dyn Write) -> Result<(), CommandError> {
    let name = &normal(name);
    let sound = (1..=40).contains(&name.chars().count()) && !name.chars().any(|c| c.is_control() || c.is_whitespace());
    if !sound {
        return Err(CommandError::Wrong("a staff name has 1 to 40 characters and no spaces".to_owned()));
    }
    // Before the password is asked for: a mistyped path is told at once.
    let store = Store::open(&database.database)?;
    writeln!(to, "Password for {name} (one line):")?;
    to.flush()?;
    let mut line = String::new();
    from.read_line(&mut line)?;
    let hash = hash_password(name, &Secret::new(line.trim_end_matches(['\r', '\n'])));
    zeroize::Zeroize::zeroize(&mut line);
    store.put_staff(name, &hash?)?;
    store.audit(now(), "-", "staff-added", None)?;
    writeln!(to, "{name} can sign in.")?;
    Ok(())
}

fn appointment(command: AppointmentCommand, to: &mut dyn Write) -> Result<(), CommandError> {
    match command {
        AppointmentCommand::Add { database, counter, starts, minutes, language, sites, remark, public, time_zone } => {
            let store = Store::open(&database.database)?;
            let mut config = Config::on_loopback(&database.database);
            config.public = Some(public);
            let public = config.public_at(config.listen)?;
            let zone = jiff::tz::TimeZone::get(&time_zone).map_err(|_| ServeError::TimeZone(time_zone.clone()))?;
            let starts = starts.to_zoned(zone).map_err(|error| CommandError::Wrong(error.to_string()))?.timestamp();
            let mut languages = Vec::new();
            for tag in language {
                let known = Language::from_tag(&tag);
                languages.push(known.ok_or_else(|| CommandError::Wrong(format!("\"{tag}\" has no words here")))?);
            }
            let first = languages.first().copied().unwrap_or_default();
            let made =
                reserve(&store, now(), Wanted { counter, starts, minutes, languages, sites, remark, form: None })?;
            store.audit(now(), "-", "appointment-added", Some(&made.appointment.id))?;
            writeln!(to, "{}\t{}", made.appointment.id, made.key_url(&public, first).expose())?;
            Ok(())
        }
        AppointmentCommand::Revoke { database, id } => {
            let store = Store::open(&database.database)?;
            if !store.appointments()?.iter().any(|appointment| appointment.id == id) {
                return Err(CommandError::Wrong(format!("there is no appointment {id}")));
            }
            store.set_standing(&id, Standing::Revoked)?;
            Ok(store.audit(now(), "-", "appointment-revoked", Some(&id))?)
        }
    }
}

impl Serve {
    fn config(self) -> Result<Config, ConfigError> {
        let file = self.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let database = self.database.or(file.database);
        let database = database.unwrap_or_else(|| PathBuf::from("/var/lib/madoguchi-room/room.sqlite"));
        let mut config = Config::on_loopback(&database);
        config.listen = self.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8443)));
        config.tls = self.cert.zip(self.key).map(|(cert, key)| Tls { cert, key }).or(file.tls);
        config.public = self.public.or(file.public);
        config.metrics = self.metrics.or(file.metrics);
        config.time_zone = self.time_zone.or(file.time_zone).unwrap_or(config.time_zone);
        config.city = file.city.unwrap_or_default();
        config.behind_proxy = self.behind_proxy || file.behind_proxy;
        let first = |given: Vec<String>, written: Vec<String>| if given.is_empty() { written } else { given };
        config.turn.stun = first(self.stun_url, file.turn.stun);
        config.turn.turn = first(self.turn_url, file.turn.urls);
        config.turn.relay_only = self.relay_only || file.turn.relay_only;
        config.turn.secret = self.turn_secret.or(file.turn.secret_file).as_deref().map(secret).transpose()?;
        Ok(config)
    }
}
