//! How often somebody may try: token buckets in steady time, which nobody can set.

use crate::model::uptime::Uptime;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// A token bucket: `size` at once, then one each `refill`.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    size: u32,
    refill: Duration,
    /// When the bucket is (or was) full again.
    full_at: Uptime,
}

impl Bucket {
    /// A full bucket; `refill_ms` is in milliseconds.
    pub const fn new(size: u32, refill_ms: u64) -> Self {
        Self { size, refill: Duration::from_millis(refill_ms), full_at: Uptime::ZERO }
    }

    /// Takes one token, or says how many seconds to wait for the next.
    ///
    /// # Errors
    /// The bucket is empty: whole seconds (at least 1) until it no longer is.
    pub fn take(&mut self, now: Uptime) -> Result<(), u32> {
        self.look(now)?;
        self.full_at = self.full_at.max(now) + self.refill;
        Ok(())
    }

    /// Whether a token could be taken, without taking it.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn look(&self, now: Uptime) -> Result<(), u32> {
        let room = (self.refill * self.size).saturating_sub(now.until(self.full_at));
        if room >= self.refill {
            return Ok(());
        }
        Err(u32::try_from((self.refill - room).as_secs() + 1).unwrap_or(u32::MAX))
    }

    /// Puts back a token that was taken.
    pub fn give_back(&mut self) {
        self.full_at = self.full_at - self.refill;
    }

    /// Whether nothing was taken of late, so that the bucket may be forgotten.
    pub fn is_full(&self, now: Uptime) -> bool {
        self.full_at <= now
    }
}

/// Counts failures by who failed, and overall. While there are too many overall, whoever has failed of late is not looked
/// at; whoever has not gets a first try, so that a flood does not lock families out.
#[derive(Debug)]
pub struct Failures<Who = IpAddr> {
    each: Bucket,
    overall: Bucket,
    by_who: HashMap<Who, Bucket>,
    /// Who was reported to be held off, and has had no try since.
    reported: HashSet<Who>,
}

impl<Who: Clone + Eq + Hash> Failures<Who> {
    /// Limits for one of them and for everybody.
    pub fn new(each: Bucket, overall: Bucket) -> Self {
        Self { each, overall, by_who: HashMap::new(), reported: HashSet::new() }
    }

    /// Whether a try is looked at.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn may_try(&self, now: Uptime, who: &Who) -> Result<(), u32> {
        let Some(bucket) = self.by_who.get(who) else { return Ok(()) };
        bucket.look(now)?;
        if bucket.is_full(now) { Ok(()) } else { self.overall.look(now) }
    }

    /// Counts a try as failed before it is looked at, so that tries beside each other are not all looked at as the first one.
    /// One that was right after all is given back ([`Failures::give_back`]).
    ///
    /// # Errors
    /// Seconds to wait: the try is not to be looked at, and was not counted.
    pub fn charge(&mut self, now: Uptime, who: Who) -> Result<(), u32> {
        self.may_try(now, &who)?;
        self.reported.remove(&who);
        self.failed(now, who)
    }

    /// Whether further tries are not looked at from now on: said once, however many were looked at beside each other.
    pub fn newly_held_off(&mut self, now: Uptime, who: &Who) -> bool {
        self.may_try(now, who).is_err() && self.reported.insert(who.clone())
    }

    /// Takes back what [`Failures::charge`] counted.
    pub fn give_back(&mut self, who: &Who) {
        if let Some(bucket) = self.by_who.get_mut(who) {
            bucket.give_back();
            self.overall.give_back();
        }
    }

    /// Notes a failed try, and says whether it was one too many.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn failed(&mut self, now: Uptime, who: Who) -> Result<(), u32> {
        let may = self.may_try(now, &who);
        if self.by_who.len() > 10_000 {
            self.by_who.retain(|_, bucket| !bucket.is_full(now));
            let by_who = &self.by_who;
            self.reported.retain(|who| by_who.contains_key(who));
        }
        let bucket = self.by_who.entry(who).or_insert(self.each);
        // An empty bucket stays empty.
        let _ = bucket.take(now);
        let _ = self.overall.take(now);
        may
    }
}

/// What counts as one address: an IPv4 address, or the /64 in which a household picks its IPv6 addresses.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(six) & (u128::MAX << 64))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Uptime {
        Uptime::from_millis(ms)
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut bucket = Bucket::new(2, 10_000);
        assert_eq!(bucket.take(at(0)), Ok(()));
        assert_eq!(bucket.take(at(0)), Ok(()));
        assert_eq!(bucket.take(at(0)), Err(11));
        assert_eq!(bucket.take(at(9_500)), Err(1));
        assert_eq!(bucket.take(at(10_000)), Ok(()));
        assert!(!bucket.is_full(at(10_000)));
        assert!(bucket.is_full(at(60_000)));
    }

    #[test]
    fn a_flood_from_many_addresses_does_not_lock_out_one_that_never_failed() {
        let mut failures = Failures::new(Bucket::new(3, 6_000), Bucket::new(50, 1_000));
        for n in 0..200_u8 {
            let _ = failures.failed(at(0), IpAddr::from([10, 0, 0, n]));
        }
        assert!(failures.may_try(at(0), &IpAddr::from([10, 0, 0, 7])).is_err());
        assert!(failures.may_try(at(0), &IpAddr::from([192, 0, 2, 1])).is_ok());
        assert!(failures.may_try(at(60_000), &IpAddr::from([10, 0, 0, 7])).is_ok());
    }

    #[test]
    fn tries_beside_each_other_are_counted_before_they_are_looked_at_and_a_right_one_costs_nothing() {
        let mut tries = Failures::new(Bucket::new(3, 6_000), Bucket::new(50, 1_000));
        let who = IpAddr::from([10, 0, 0, 1]);
        assert_eq!([0; 4].map(|ms| tries.charge(at(ms), who)), [Ok(()), Ok(()), Ok(()), Err(7)]);
        tries.give_back(&who);
        assert_eq!(tries.charge(at(0), who), Ok(()));
        for _ in 0..1000 {
            tries.give_back(&who);
            assert_eq!(tries.charge(at(0), who), Ok(()));
        }
        assert_eq!(tries.charge(at(0), who), Err(7));
    }

    #[test]
    fn who_is_held_off_is_reported_once_also_after_tries_beside_each_other() {
        let mut tries = Failures::new(Bucket::new(3, 6_000), Bucket::new(50, 1_000));
        let who = IpAddr::from([10, 0, 0, 1]);
        assert!(!tries.newly_held_off(at(0), &who));
        assert_eq!([0; 3].map(|ms| tries.charge(at(ms), who)), [Ok(()); 3]);
        assert_eq!([0; 3].map(|ms| tries.newly_held_off(at(ms), &who)), [true, false, false]);
        assert_eq!(tries.charge(at(6_000), who), Ok(()));
        assert_eq!([6_000; 2].map(|ms| tries.newly_held_off(at(ms), &who)), [true, false]);
    }

    #[test]
    fn one_try_too_many_is_said_with_the_time_to_wait() {
        let mut failures = Failures::new(Bucket::new(2, 6_000), Bucket::new(50, 1_000));
        let who = IpAddr::from([10, 0, 0, 1]);
        assert_eq!([0, 0, 0].map(|ms| failures.failed(at(ms), who)), [Ok(()), Ok(()), Err(7)]);
    }

    #[test]
    fn a_household_is_one_address() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::a"), network("2001:db8:1:2:ffff::b"));
        assert_ne!(network("2001:db8:1:2::a"), network("2001:db8:1:3::a"));
        assert_eq!(network("::ffff:192.0.2.7"), network("192.0.2.7"));
    }
}
