//! What is remembered for some minutes between one page and the next, and only in memory.

use crate::model::uptime::Uptime;
use crate::room::key::KeyHash;
use std::collections::HashMap;
use std::time::Duration;

/// So long: an app may have to be installed meanwhile.
pub(in crate::room) const WITHIN: Duration = Duration::from_secs(15 * 60);
/// So many at most: then the one that ends first goes.
const AT_MOST: usize = 1_000;

/// Values by the hash of the token that a browser holds.
pub(in crate::room) struct Brief<T> {
    kept: HashMap<KeyHash, (Uptime, T)>,
}

impl<T> Default for Brief<T> {
    fn default() -> Self {
        Self { kept: HashMap::new() }
    }
}

impl<T: Clone> Brief<T> {
    pub(in crate::room) fn put(&mut self, now: Uptime, token: KeyHash, value: T) {
        self.kept.retain(|_, (until, _)| *until > now);
        if self.kept.len() >= AT_MOST
            && let Some(first) = self.kept.iter().min_by_key(|(_, (until, _))| *until).map(|(token, _)| *token)
        {
            self.kept.remove(&first);
        }
        self.kept.insert(token, (now + WITHIN, value));
    }

    pub(in crate::room) fn get(&self, now: Uptime, token: &KeyHash) -> Option<T> {
        self.kept.get(token).filter(|(until, _)| *until > now).map(|(_, value)| value.clone())
    }

    pub(in crate::room) fn remove(&mut self, token: &KeyHash) {
        self.kept.remove(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_for_a_while_and_there_are_never_too_many() {
        let at = |seconds: u64| Uptime::from_millis(seconds * 1000);
        let token = |number: usize| KeyHash::of(&number.to_string());
        let mut brief = Brief::default();
        for number in 0..AT_MOST + 10 {
            brief.put(at(number as u64 / 100), token(number), number);
        }
        assert_eq!(brief.kept.len(), AT_MOST);
        let last = AT_MOST + 9;
        assert_eq!(brief.get(at(20), &token(last)), Some(last));
        assert_eq!(brief.get(at(10) + WITHIN, &token(last)), None);
        brief.remove(&token(last));
        assert_eq!(brief.get(at(20), &token(last)), None);
        brief.put(at(3600), token(1), 1);
        assert_eq!(brief.kept.len(), 1);
    }
}
