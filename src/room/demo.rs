//! A self-made demo city with one appointment that is open now, for trying things out and for tests.

#![expect(clippy::disallowed_methods, reason = "draws up the demo's files on the developer's disk")]

use super::key;
use super::store::{Store, StoreError};
use crate::meeting::appointment::Counter;
use crate::model::language::Language;
use crate::model::secret::Secret;
use crate::model::wire::Words;
use crate::room::appointments::reserve::{Made, ReserveError, Wanted, reserve};
use crate::room::web::sign_in::{PasswordError, hash_password};
use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};

/// The demo counter's telephone number (a number that nobody has).
pub const TELEPHONE: &str = "0422-00-1234";
/// The demo staff account.
pub const STAFF: &str = "midori";

/// What was prepared.
pub struct Demo {
    /// The database for [`super::Config`].
    pub database: PathBuf,
    /// The staff account's name.
    pub staff: String,
    /// Its password, drawn anew each time.
    pub password: Secret,
    /// The appointment that is open now.
    pub appointment: String,
    /// When its slot ends.
    pub ends: Timestamp,
    /// Its room key.
    pub key: Secret,
}

impl Demo {
    /// The address on the demo's paper, for a room server at `public` (such as `http://127.0.0.1:8443`).
    pub fn key_url(&self, public: &str, language: Language) -> Secret {
        Secret::new(format!("{}/j?l={}#{}", public.trim_end_matches('/'), language.tag(), self.key.expose()))
    }
}

/// Why the demo could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder cannot be made.
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The store.
    Store(#[from] StoreError),
    /// The appointment.
    Reserve(#[from] ReserveError),
    /// The password.
    Password(#[from] PasswordError),
}

/// The demo counter of みどり市.
pub fn counter() -> Counter {
    Counter {
        id: "kosodate".to_owned(),
        name: Words::ja_en("子育て相談窓口", "Childcare consultation"),
        telephone: TELEPHONE.to_owned(),
    }
}

/// The demo city's name.
pub fn city() -> Words {
    Words::ja_en("みどり市", "Midori City")
}

/// Prepares `folder/room.sqlite`: the counter, a staff account with a new password, and an appointment that has
/// just started and lasts 60 minutes. May be called again on the same folder: it then adds another appointment.
///
/// # Errors
/// [`DemoError`].
pub fn prepare(folder: &Path) -> Result<Demo, DemoError> {
    prepare_at(folder, Timestamp::now())
}

/// As [`prepare`], at a given time.
///
/// # Errors
/// [`DemoError`].
pub fn prepare_at(folder: &Path, now: Timestamp) -> Result<Demo, DemoError> {
    std::fs::create_dir_all(folder).map_err(|error| DemoError::Folder { folder: folder.to_owned(), error })?;
    let database = folder.join("room.sqlite");
    let store = Store::create(&database)?;
    store.put_counter(&counter())?;
    let (password, hash) = drawn_password()?;
    store.put_staff(STAFF, &hash)?;
    let Made { appointment, invitation: _, key } = reserve(&store, now, open_now(now))?;
    Ok(Demo {
        database,
        staff: STAFF.to_owned(),
        password,
        appointment: appointment.id,
        ends: appointment.slot.ends,
        key,
    })
}

/// A password and its hash. Of many drawn, one may look as if it counted; then another is drawn.
fn drawn_password() -> Result<(Secret, String), PasswordError> {
    loop {
        let password = key::draw(16).map_err(|error| PasswordError::Hash(error.to_string()))?;
        match hash_password(STAFF, &password) {
            Err(PasswordError::Weak(_)) => {}
            hash => return hash.map(|hash| (password, hash)),
        }
    }
}

/// An appointment at the demo counter that has just started.
pub fn open_now(now: Timestamp) -> Wanted {
    Wanted {
        counter: counter().id,
        starts: now.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(now),
        minutes: 60,
        languages: vec![Language::Japanese, Language::English],
        sites: 2,
        remark: "お試し / demo".to_owned(),
        form: None,
    }
}
