//! The city's side of the story: the signed sticks, the room server with an appointment, and its paper.

use super::street::ADDRESS;
use crate::guest::Outcome;
use image::RgbaImage;
use madoguchi::model::language::Language;
use madoguchi::model::screen::{HourMinute, Telephone};
use madoguchi::model::wire::Words;
use madoguchi::room::{self, demo};
use madoguchi::sheet::{self, Sheet};
use madoguchi::staff::stick;
use madoguchi::words::message::Message;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The room server's name.
pub(crate) const HOST: &str = "counter.test";
/// Number of the loan.
pub(crate) const LOAN: &str = "IMAGE-STORY-0417";
/// The loan of the workbench, which is made this story's.
pub(crate) const DEMO_LOAN: &str = include_str!("../../../src/workbench/demo-loan.toml");
/// Width of the paper in pixels: 150 dots an inch.
const PAPER_WIDTH: u32 = 1240;

/// The city.
pub(crate) struct City {
    pub(crate) demo: demo::Demo,
    pub(crate) room: room::Running,
    certificate: String,
    folder: PathBuf,
}

impl City {
    /// Opens the counter; its appointment has just begun.
    pub(crate) async fn open(folder: &Path, turn: madoguchi::meeting::turn::Turn) -> Outcome<Self> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).map_err(|error| error.to_string())?;
        let tls = room::Tls { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
        write(&tls.cert, &made.cert.pem())?;
        write(&tls.key, &made.signing_key.serialize_pem())?;
        let demo = demo::prepare(folder).map_err(|error| error.to_string())?;
        let mut config = room::Config::on_loopback(&demo.database);
        config.listen = SocketAddr::from((ADDRESS, 443));
        config.tls = Some(tls);
        config.public = Some(format!("https://{HOST}"));
        config.turn = turn;
        config.updates.folder = Some(folder.join("updates"));
        let room = room::serve(config).await.map_err(|error| error.to_string())?;
        Ok(Self { demo, room, certificate: made.cert.pem(), folder: folder.to_owned() })
    }

    /// A stick that lends the box.
    pub(crate) fn loan(&self) -> Outcome<PathBuf> {
        self.loan_with(&[])
    }

    /// The same, with more that is this story's own.
    pub(crate) fn loan_with(&self, more: &[(&str, &str)]) -> Outcome<PathBuf> {
        let own = [
            ("hosts = [\"localhost:8443\", \"127.0.0.1:8443\"]", format!("hosts = [\"{HOST}\"]")),
            ("id = \"DEMO-2026-001\"", format!("id = \"{LOAN}\"")),
            ("trust_anchors = []", format!("trust_anchors = [\"\"\"\n{}\"\"\"]", self.certificate)),
        ];
        let own = own.iter().map(|(from, to)| (*from, to.as_str())).chain(more.iter().copied());
        let text = own.into_iter().try_fold(DEMO_LOAN.to_owned(), |text, (from, to)| {
            let found = text.contains(from).then(|| text.replace(from, to));
            found.ok_or(format!("the demo loan no longer has {from}"))
        })?;
        let file = self.folder.join("loan.toml");
        write(&file, &text)?;
        let place = self.stick("loan-stick")?;
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        stick::loan(&file, &site_key(), &place, today, true, &mut unasked).map_err(|error| error.to_string())?;
        Ok(place)
    }

    /// A stick that takes the box back.
    pub(crate) fn give_back(&self) -> Outcome<PathBuf> {
        let place = self.stick("return-stick")?;
        stick::give_back(LOAN, None, &site_key(), &place, true, &mut unasked).map_err(|error| error.to_string())?;
        Ok(place)
    }

    fn stick(&self, name: &str) -> Outcome<PathBuf> {
        let place = self.folder.join(name);
        std::fs::create_dir_all(&place).map_err(|error| format!("making {}: {error}", place.display()))?;
        Ok(place)
    }

    /// The paper that the family gets.
    pub(crate) fn paper(&self) -> Outcome<RgbaImage> {
        let counter = demo::counter();
        let hours = Words::ja_en("平日 8:30〜17:15", "Mon–Fri 8:30–17:15");
        let sheet = Sheet {
            url: self.demo.key_url(&self.room.public, Language::Japanese).expose().to_owned(),
            city: demo::city(),
            counter: counter.name,
            date: jiff::Zoned::now().date(),
            starts: HourMinute { hour: 10, minute: 0 },
            ends: HourMinute { hour: 11, minute: 0 },
            telephone: Telephone { number: counter.telephone, hours },
            opens: None,
            number: None,
        };
        let drawn = sheet::render(&sheet, PAPER_WIDTH).map_err(|error| error.to_string())?;
        let (width, height) = (drawn.width(), drawn.height());
        RgbaImage::from_raw(width, height, drawn.take()).ok_or_else(|| "the paper's size".to_owned())
    }
}

/// The key of the site has no password.
pub(crate) fn unasked(question: &Message) -> std::io::Result<String> {
    Err(std::io::Error::other(question.to_string()))
}

/// The key that signs sticks for development images; `image/steps/keys` makes it.
pub(crate) fn site_key() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("madoguchi/development-keys/site-development.key")
}

fn write(file: &Path, text: &str) -> Outcome {
    std::fs::write(file, text).map_err(|error| format!("writing {}: {error}", file.display()))
}
