//! The errors of the room server in words: what was tried, on what, and what to do.

use super::ServeError;
use super::command::CommandError;
use super::config::ConfigError;
use super::demo::DemoError;
use super::store::StoreError;
use crate::room::appointments::reserve::ReserveError;
use crate::room::web::sign_in::PasswordError;
use crate::words::message::{Kind, Message, Told, folder_not_made, told_in_english, why};
use rusqlite::ErrorCode;
use std::io::ErrorKind;

told_in_english!(CommandError, ConfigError, DemoError, PasswordError, ReserveError, ServeError, StoreError);

impl Told for CommandError {
    fn message(&self) -> Message {
        match self {
            Self::Config(error) => error.message(),
            Self::Serve(error) => error.message(),
            Self::Store(error) => error.message(),
            Self::Reserve(error) => error.message(),
            Self::Password(error) => error.message(),
            Self::Demo(error) => error.message(),
            Self::Wrong(message) => message.clone(),
            Self::Io(error) => Message::new("room-no-terminal").with("why", why(error, true)),
        }
    }
}

impl Told for ConfigError {
    fn message(&self) -> Message {
        match self {
            Self::Read { kind, file, error } => kind.not_read(file, error),
            Self::Toml { file, error } => {
                Message::new("room-settings").with("file", file.as_path()).with("said", error.to_string().trim())
            }
        }
    }
}

impl Told for DemoError {
    fn message(&self) -> Message {
        match self {
            Self::Folder { folder, error } => folder_not_made(folder, error),
            Self::Store(error) => error.message(),
            Self::Reserve(error) => error.message(),
            Self::Password(error) => error.message(),
        }
    }
}

impl Told for PasswordError {
    fn message(&self) -> Message {
        match self {
            Self::Weak(weak) => weak.message(),
            Self::Hash(said) => Message::new("password-not-hashed").with("said", said.as_str()),
        }
    }
}

impl Told for ReserveError {
    fn message(&self) -> Message {
        match self {
            Self::NoSuchCounter { wanted, known } if known.is_empty() => {
                Message::new("reserve-no-counters").with("wanted", wanted.as_str())
            }
            Self::NoSuchCounter { wanted, known } => {
                Message::new("reserve-no-counter").with("wanted", wanted.as_str()).with("known", known.as_str())
            }
            Self::Length(minutes) => Message::new("reserve-length").with("minutes", i64::from(*minutes)),
            Self::Past => Message::new("reserve-past"),
            Self::TooFar => Message::new("reserve-too-far"),
            Self::Sites(sites) => Message::new("reserve-sites").with("sites", i64::from(*sites)),
            Self::Remark => Message::new("reserve-remark"),
            Self::SentTwice => Message::new("reserve-sent-twice"),
            Self::Random(said) => Message::new("reserve-random").with("said", said.as_str()),
            Self::Store(error) => error.message(),
        }
    }
}

impl Told for ServeError {
    fn message(&self) -> Message {
        match self {
            Self::PlainOnNetwork(address) => Message::new("serve-plain").with("address", address.to_string()),
            Self::MetricsOnNetwork(address) => Message::new("serve-metrics").with("address", address.to_string()),
            Self::PublicAddress(written) => Message::new("serve-public").with("written", written.as_str()),
            Self::TimeZone(written) => Message::new("serve-time-zone").with("written", written.as_str()),
            Self::Listen { address, error } => {
                let id = match error.kind() {
                    ErrorKind::AddrInUse => "serve-listen-taken",
                    ErrorKind::AddrNotAvailable => "serve-listen-elsewhere",
                    ErrorKind::PermissionDenied => "serve-listen-denied",
                    _ => "serve-listen-other",
                };
                let message = Message::new(id).with("address", address.to_string());
                if id == "serve-listen-other" { message.with("said", error.to_string()) } else { message }
            }
            Self::Certificate { cert, key, error } => {
                let why = match error.kind() {
                    ErrorKind::NotFound => Message::new("serve-certificate-missing"),
                    ErrorKind::PermissionDenied | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
                        why(error, false)
                    }
                    _ => Message::new("serve-certificate-wrong").with("said", error.to_string()),
                };
                let message = Message::new("serve-certificate").with("cert", cert.as_path());
                message.with("key", key.as_path()).with("why", why)
            }
            Self::SecondFactorKey => Message::new("serve-second-factor-key"),
            Self::Store(error) => error.message(),
        }
    }
}

impl Told for StoreError {
    fn message(&self) -> Message {
        match self {
            Self::Sqlite { file, error } => {
                let id = match error.sqlite_error_code() {
                    Some(ErrorCode::DiskFull) => "file-full",
                    Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "file-may-not-write",
                    Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "store-busy",
                    Some(ErrorCode::DatabaseCorrupt) => "store-damaged",
                    Some(ErrorCode::CannotOpen) => "store-not-opened",
                    _ => "store-other",
                };
                let why = Message::new(id);
                let why = if id == "store-other" { why.with("said", error.to_string()) } else { why };
                Message::new("store").with("file", file.as_path()).with("why", why)
            }
            Self::Missing { file } => Message::new("store-missing").with("file", file.as_path()),
            Self::Foreign { file } => Message::new("store-foreign").with("file", file.as_path()),
            Self::File { file, error } => Kind::Database.not_written(file, error),
            Self::Copy { file, error } => Kind::Copy.not_written(file, error),
            Self::Newer { file, found, known } => {
                Message::new("store-newer").with("file", file.as_path()).with("found", *found).with("known", *known)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::language::Language;
    use rusqlite::ffi;
    use std::path::Path;

    #[test]
    fn what_the_database_refuses_is_said_on_which_file_and_with_a_remedy() {
        for (code, remedy) in [
            (ffi::SQLITE_FULL, "delete something on it"),
            (ffi::SQLITE_READONLY, "as the account that it belongs to"),
            (ffi::SQLITE_PERM, "as the account that it belongs to"),
            (ffi::SQLITE_BUSY, "try it again in a moment"),
            (ffi::SQLITE_CORRUPT, "put the last backup in its place"),
            (ffi::SQLITE_CANTOPEN, "check that its folder exists"),
            (ffi::SQLITE_IOERR, "try it again"),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let told = StoreError::Sqlite { file: "/x/room.sqlite".into(), error }.message();
            let english = told.to_string();
            assert!(english.contains("/x/room.sqlite") && english.contains(remedy), "{english}");
            assert!(told.said(Language::Japanese).contains("ください"), "{}", told.said(Language::Japanese));
        }
    }

    #[test]
    fn where_nobody_can_listen_and_what_is_no_certificate_is_said_with_a_remedy() {
        let address = "127.0.0.1:443".parse().unwrap();
        for (kind, remedy) in [
            (ErrorKind::AddrInUse, "end it, or choose another port"),
            (ErrorKind::AddrNotAvailable, "give one of its own"),
            (ErrorKind::PermissionDenied, "choose a port from 1024 on"),
            (ErrorKind::Other, "check the address"),
        ] {
            let told = ServeError::Listen { address, error: kind.into() }.message();
            assert!(told.to_string().contains("127.0.0.1:443") && told.to_string().contains(remedy), "{told}");
            assert!(told.said(Language::Japanese).contains("ください"));
        }
        for (kind, remedy) in [
            (ErrorKind::NotFound, "check both paths"),
            (ErrorKind::PermissionDenied, "as the account that it belongs to"),
            (ErrorKind::InvalidData, "the key that belongs to it"),
        ] {
            let file = |name: &str| Path::new("/x").join(name);
            let told = ServeError::Certificate { cert: file("cert.pem"), key: file("key.pem"), error: kind.into() };
            let told = told.message();
            assert!(told.to_string().contains("/x/cert.pem") && told.to_string().contains(remedy), "{told}");
            assert!(told.said(Language::Japanese).contains("ください"));
        }
    }
}
