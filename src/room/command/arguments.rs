//! What can be typed after `madoguchi-room`.

use crate::meeting::appointment::SITES;
use crate::room::config::{Config, ConfigError, File, Tls, secret};
use crate::words::message::Kind;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum What {
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
        /// Prints no lines, but whether all are there as they were written, or where not.
        #[arg(long)]
        check: bool,
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
pub(super) struct Database {
    /// The SQLite file.
    #[arg(long, default_value = "/var/lib/madoguchi-room/room.sqlite")]
    pub(super) database: PathBuf,
}

#[derive(Args)]
pub(super) struct Serve {
    /// A TOML file with the same settings; the command line comes before it.
    #[arg(long)]
    pub(super) config: Option<PathBuf>,
    /// Where to listen. Without a certificate only a loopback address is served. [default: 127.0.0.1:8443]
    #[arg(long)]
    pub(super) listen: Option<SocketAddr>,
    /// The SQLite file; made when there is none. [default: /var/lib/madoguchi-room/room.sqlite]
    #[arg(long)]
    pub(super) database: Option<PathBuf>,
    /// Certificate chain, PEM.
    #[arg(long, requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// The address that stands on paper, such as https://counter.city.example
    #[arg(long)]
    pub(super) public: Option<String>,
    /// Loopback address of /health and /metrics, such as 127.0.0.1:9464
    #[arg(long)]
    pub(super) metrics: Option<SocketAddr>,
    /// IANA time zone in which times are shown. [default: Asia/Tokyo]
    #[arg(long)]
    pub(super) time_zone: Option<String>,
    /// A stun: address; may be given several times.
    #[arg(long)]
    pub(super) stun_url: Vec<String>,
    /// A turn: or turns: address; may be given several times.
    #[arg(long, requires = "turn_secret")]
    pub(super) turn_url: Vec<String>,
    /// A file with the static-auth-secret shared with coturn.
    #[arg(long)]
    pub(super) turn_secret: Option<PathBuf>,
    /// Media goes through the TURN servers only.
    #[arg(long)]
    pub(super) relay_only: bool,
    /// A proxy on this machine adds X-Forwarded-For.
    #[arg(long)]
    pub(super) behind_proxy: bool,
}

#[derive(Subcommand)]
pub(super) enum Staff {
    /// Makes an account, or changes its password and rights. The password is read from the first line of standard input.
    Add {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
        /// What it is for: desk (sits with families), lender (appointments and papers only), admin (every counter's appointments,
        /// no families); may be given several times. [default: desk; as it was, for an account that is there]
        #[arg(long)]
        role: Vec<String>,
        /// A counter's short name, or * for every one; may be given several times. [default: *; as it was, for an account that
        /// is there]
        #[arg(long)]
        counter: Vec<String>,
    },
    /// Removes an account and signs it out everywhere. What it did stays in the audit trail.
    Remove {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Takes an account's second factor and its codes on paper away, and signs it out everywhere. Make sure first that it is the
    /// clerk who asks.
    ResetFactor {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Prints the accounts' names, roles and counters, and who has a second factor.
    List {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Subcommand)]
pub(super) enum CounterCommand {
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
pub(super) enum AppointmentCommand {
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

impl Serve {
    /// The command line, and what it leaves out from the file.
    pub(super) fn config(self) -> Result<Config, ConfigError> {
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
        config.connections = file.connections.unwrap_or(config.connections);
        let first = |given: Vec<String>, written: Vec<String>| if given.is_empty() { written } else { given };
        config.turn.stun = first(self.stun_url, file.turn.stun);
        config.turn.turn = first(self.turn_url, file.turn.urls);
        config.turn.relay_only = self.relay_only || file.turn.relay_only;
        config.turn.secret = self
            .turn_secret
            .or(file.turn.secret_file)
            .as_deref()
            .map(|file| secret(Kind::TurnSecret, file))
            .transpose()?;
        config.second_factor = file.staff.rule()?;
        config.updates = file.updates;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::io::Write as _;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: Serve,
    }

    #[test]
    fn what_the_file_says_of_updates_is_followed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[updates]\nfolder = \"/srv/updates\"\nminimum = \"0.2.0\"\n").unwrap();
        let line = Line::parse_from(["serve", "--config", file.path().to_str().unwrap()]);
        let updates = line.serve.config().map(|config| config.updates).ok().unwrap();
        assert_eq!((updates.folder, updates.minimum), (Some("/srv/updates".into()), Some("0.2.0".to_owned())));
    }
}
