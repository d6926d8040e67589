//! When the newest papers were signed that this device followed, noted beside the data partition: it outlives the wipe, and is
//! no more than two times.
#![expect(clippy::disallowed_methods, reason = "it is kept in a file")]

use super::{StoreConfig, write_whole};
use crate::model::stick::Followed;
use std::fs;

/// How the lines begin that say when papers were signed.
const LENT: &str = "lent ";
pub(super) const RETURNED: &str = "returned ";

/// The number of the line that begins like that.
pub(super) fn number_after(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.parse().ok())
}

impl StoreConfig {
    /// What cannot be read is nothing: a lost memory is no reason to refuse every paper.
    pub(super) fn followed(&self) -> Followed {
        let text = fs::read_to_string(&self.followed).unwrap_or_default();
        Followed { lent: number_after(&text, LENT), returned: number_after(&text, RETURNED) }
    }

    /// Notes what is newer than what was noted before.
    pub(super) fn remember(&self, news: Followed) -> Result<(), String> {
        let newest = self.followed().newest(news);
        let line =
            |name: &str, signed: Option<u64>| signed.map(|signed| format!("{name}{signed}\n")).unwrap_or_default();
        let text = format!("{}{}", line(LENT, newest.lent), line(RETURNED, newest.returned));
        write_whole(&self.followed, text.as_bytes())
    }
}
