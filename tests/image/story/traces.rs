//! What is left on the card: its raw bytes, searched for what must be forgotten.

use crate::guest::Outcome;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tokio::process::Command;

const PIECE: usize = 16 << 20;

/// Those of the `secrets` (a name and its bytes) that lie somewhere on the disk, with the place.
pub(crate) async fn found_on(disk: &Path, secrets: &[(&str, Vec<u8>)]) -> Outcome<Vec<String>> {
    let raw = disk.with_extension("raw");
    let convert = Command::new("qemu-img").args(["convert", "-O", "raw"]).arg(disk).arg(&raw).output().await;
    let convert = convert.map_err(|error| super::street::missing("qemu-img", "qemu-utils", &error))?;
    if !convert.status.success() {
        return Err(format!("qemu-img convert: {}", String::from_utf8_lossy(&convert.stderr)));
    }
    let found = search(&raw, secrets).map_err(|error| format!("reading {}: {error}", raw.display()))?;
    std::fs::remove_file(&raw).map_err(|error| error.to_string())?;
    Ok(found)
}

fn search(raw: &Path, secrets: &[(&str, Vec<u8>)]) -> std::io::Result<Vec<String>> {
    let pattern = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let patterns: Result<Vec<_>, _> =
        secrets.iter().map(|(_, bytes)| regex::bytes::Regex::new(&format!("(?-u){}", pattern(bytes)))).collect();
    let patterns = patterns.map_err(std::io::Error::other)?;
    let longest = secrets.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or_default();
    let mut file = File::open(raw)?;
    let mut found = Vec::new();
    let (mut piece, mut kept, mut begins) = (vec![0; PIECE + longest], 0, 0);
    loop {
        let read = file.read(&mut piece[kept..])?;
        if read == 0 {
            return Ok(found);
        }
        let filled = kept + read;
        for ((name, _), pattern) in secrets.iter().zip(&patterns) {
            if let Some(place) = pattern.find(&piece[..filled]) {
                found.push(format!("{name} at byte {}", begins + place.start()));
            }
        }
        // What lies across two pieces is seen with the second.
        let keep = longest.min(filled);
        piece.copy_within(filled - keep..filled, 0);
        begins += filled - keep;
        kept = keep;
    }
}
