//! A pointer to an update with its signature before it: written by staff's tool, believed or refused by the device.

use crate::model::release::{Pointer, PointerRefusal};
use crate::model::stick::taken_apart;
use minisign_verify::{PublicKey, Signature};

/// How the signed comment of a pointer begins: whatever else the same key signs is none.
pub const POINTS: &str = "madoguchi update";

/// Reads a pointer as a server gives it out ([`crate::model::stick::kept`]) and looks at its signature.
///
/// # Errors
/// Why it is not believed.
pub fn believed(text: &str, keys: &[PublicKey]) -> Result<Pointer, PointerRefusal> {
    let (text, signature) = taken_apart(text).ok_or(PointerRefusal::Unsigned)?;
    let signature = Signature::decode(&signature).map_err(|_| PointerRefusal::Unsigned)?;
    if !keys.iter().any(|key| key.verify(text.as_bytes(), &signature, false).is_ok()) {
        return Err(PointerRefusal::WrongKey);
    }
    if !signature.trusted_comment().starts_with(POINTS) {
        return Err(PointerRefusal::OtherPurpose);
    }
    Pointer::from_toml(text)
}
