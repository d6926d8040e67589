//! Signing the pointer to an update, which lies beside the bundle on the room server.
#![expect(clippy::disallowed_methods, reason = "a command line reads and writes the files it is told")]

use super::keys::{Ask, secret};
use crate::model::release::{FORMAT, Pointer, compatible_of, is_bundle, pointer_name};
use crate::model::stick::kept;
use crate::model::update::version_in;
use crate::release::POINTS;
use crate::words::message::{Kind, Message};
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// Writes the pointer to `bundle` beside it, in the place of the earlier one, good for `days` from `from` on. `ask` for the
/// key's password, where it has one.
///
/// # Errors
/// What was tried and how it failed; the earlier pointer is still there then.
pub fn point(bundle: &Path, key: &Path, from: Timestamp, days: u16, ask: Ask<'_>) -> Result<Message, Message> {
    let name = bundle.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let compatible = compatible_of(&name).filter(|_| is_bundle(&name));
    let compatible = compatible.ok_or_else(|| Message::new("update-name").with("file", bundle))?;
    let size = fs::metadata(bundle).map_err(|error| Kind::Update.not_read(bundle, &error))?.len();
    let until = from.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    let not_signed = |said: String| Message::new("stick-not-signed").with("name", name.as_str()).with("said", said);
    let pointer = Pointer {
        format: FORMAT,
        version: version_in(&name).to_owned(),
        bundle: name.clone(),
        size,
        not_before: from,
        until: until.map_err(|error| not_signed(error.to_string()))?,
        compatible,
    };
    let text = pointer.to_toml().map_err(|error| not_signed(error.to_string()))?;
    let key = secret(key, ask)?;
    let comment = format!("{POINTS}\tfile:{name}");
    let signature = minisign::sign(None, &key, Cursor::new(text.as_bytes()), Some(&comment), None);
    let signature = signature.map_err(|error| not_signed(error.to_string()))?.into_string();
    let file = bundle.with_file_name(pointer_name(&pointer.compatible));
    // The server may be reading it at this moment.
    let aside = file.with_extension("new");
    let written = fs::write(&aside, kept(&text, &signature)).and_then(|()| fs::rename(&aside, &file));
    written.map_err(|error| Kind::Update.not_written(&file, &error))?;
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let said = Message::new("update-pointed").with("file", file.as_path()).with("version", pointer.version);
    Ok(said.with("from", day(pointer.not_before)).with("until", day(pointer.until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cities::RELEASE;
    use crate::model::release::PointerRefusal;
    use crate::release::believed;
    use crate::staff::keys::{self, PUBLIC, RELEASE_SECRET, SECRET, Whose};
    use crate::stick::public_key;

    #[test]
    fn a_pointer_is_believed_only_as_the_release_s_key_signed_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut unasked = |_: &Message| Err(std::io::Error::other("it has no password"));
        keys::new(&at("release"), Whose::Release, None).unwrap();
        keys::new(&at("city"), Whose::City, None).unwrap();
        let key = at("release").join(RELEASE_SECRET);
        let bundle = at("madoguchi-0.2.0-arm64.raucb");
        let from = Timestamp::from_second(1_800_000_000).unwrap();
        let error = point(&bundle, &key, from, 180, &mut unasked).unwrap_err().to_string();
        assert!(error.contains("there is no such file"), "{error}");
        fs::write(&bundle, [7; 5000]).unwrap();
        let said = point(&bundle, &key, from, 180, &mut unasked).unwrap().to_string();
        assert!(said.contains("madoguchi-arm64.toml") && said.contains("2027-07-14"), "{said}");
        let text = fs::read_to_string(at("madoguchi-arm64.toml")).unwrap();
        let release = [public_key(&at("release").join(RELEASE)).unwrap()];
        let pointer = believed(&text, &release).unwrap();
        assert_eq!((pointer.version.as_str(), pointer.size), ("0.2.0", 5000));
        assert_eq!(pointer.bundle, "madoguchi-0.2.0-arm64.raucb");

        let city = [public_key(&at("city").join(PUBLIC)).unwrap()];
        assert_eq!(believed(&text, &city), Err(PointerRefusal::WrongKey));
        assert_eq!(believed(&text, &[]), Err(PointerRefusal::WrongKey));
        assert_eq!(believed(&text.replace("0.2.0", "9.2.0"), &release), Err(PointerRefusal::WrongKey));
        let bare: String = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        assert_eq!(believed(&bare, &release), Err(PointerRefusal::Unsigned));
        assert_eq!(believed("", &release), Err(PointerRefusal::Unsigned));
        // A certificate of a city's key is signed by the same key.
        let public = at("city").join(PUBLIC);
        keys::certify(&public, &key, &mut unasked).unwrap();
        let certificate = fs::read_to_string(at("city").join("madoguchi-city.pub.minisig")).unwrap();
        let other = kept(&fs::read_to_string(&public).unwrap(), &certificate);
        assert_eq!(believed(&other, &release), Err(PointerRefusal::OtherPurpose));

        for name in ["update.raucb", "madoguchi-0.2.0-arm64.img"] {
            let error = point(&at(name), &key, from, 180, &mut unasked).unwrap_err().to_string();
            assert!(error.contains("madoguchi-VERSION-arm64.raucb"), "{error}");
        }
        let error = point(&bundle, &at("release").join(RELEASE), from, 180, &mut unasked).unwrap_err().to_string();
        assert!(error.contains("is no signing key"), "{error}");
        assert!(at("city").join(SECRET).exists());
    }
}
