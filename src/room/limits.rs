//! How often somebody may try: token buckets in the time that is given to them.

use jiff::Timestamp;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

/// A token bucket: `size` at once, then one each `refill_ms` milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    size: u32,
    refill_ms: i64,
    /// When the bucket is (or was) full again, in milliseconds since 1970.
    full_at: i64,
}

impl Bucket {
    /// A full bucket.
    pub const fn new(size: u32, refill_ms: i64) -> Self {
        Self { size, refill_ms, full_at: i64::MIN }
    }

    /// Takes one token, or says how many seconds to wait for the next.
    ///
    /// # Errors
    /// The bucket is empty: whole seconds (at least 1) until it no longer is.
    pub fn take(&mut self, now: Timestamp) -> Result<(), u32> {
        self.look(now)?;
        self.full_at = self.full_at.max(now.as_millisecond()).saturating_add(self.refill_ms);
        Ok(())
    }

    /// Whether a token could be taken, without taking it.
    ///
    /// # Errors
    /// As [`Bucket::take`].
    pub fn look(&self, now: Timestamp) -> Result<(), u32> {
        let spent_ms = self.full_at.saturating_sub(now.as_millisecond()).max(0);
        let room_ms = i64::from(self.size) * self.refill_ms - spent_ms;
        if room_ms >= self.refill_ms {
            return Ok(());
        }
        Err(u32::try_from((self.refill_ms - room_ms).div_euclid(1000) + 1).unwrap_or(u32::MAX))
    }

    /// Whether nothing was taken of late, so that the bucket may be forgotten.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.full_at <= now.as_millisecond()
    }
}

/// Counts failures by address, and overall. While there are too many overall, an address that has failed of late
/// is not looked at; one that has not gets its first try, so that a flood does not lock families out.
#[derive(Debug)]
pub struct Failures {
    each: Bucket,
    overall: Bucket,
    by_address: HashMap<IpAddr, Bucket>,
}

impl Failures {
    /// Limits for one address and for everybody.
    pub fn new(each: Bucket, overall: Bucket) -> Self {
        Self { each, overall, by_address: HashMap::new() }
    }

    /// Whether a try from `address` is looked at.
    ///
    /// # Errors
    /// Seconds to wait.
    pub fn may_try(&self, now: Timestamp, address: IpAddr) -> Result<(), u32> {
        let Some(bucket) = self.by_address.get(&network_of(address)) else { return Ok(()) };
        bucket.look(now)?;
        if bucket.is_full(now) { Ok(()) } else { self.overall.look(now) }
    }

    /// Notes a failed try.
    pub fn failed(&mut self, now: Timestamp, address: IpAddr) {
        if self.by_address.len() > 10_000 {
            self.by_address.retain(|_, bucket| !bucket.is_full(now));
        }
        let bucket = self.by_address.entry(network_of(address)).or_insert(self.each);
        // An empty bucket stays empty: the try was not looked at.
        let _ = bucket.take(now);
        let _ = self.overall.take(now);
    }
}

/// What counts as one address: an IPv4 address, or the /64 in which a household picks its IPv6 addresses.
fn network_of(address: IpAddr) -> IpAddr {
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

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap()
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
            failures.failed(at(0), IpAddr::from([10, 0, 0, n]));
        }
        assert!(failures.may_try(at(0), IpAddr::from([10, 0, 0, 7])).is_err());
        assert!(failures.may_try(at(0), IpAddr::from([192, 0, 2, 1])).is_ok());
        assert!(failures.may_try(at(60_000), IpAddr::from([10, 0, 0, 7])).is_ok());
    }

    #[test]
    fn a_household_is_one_address() {
        let mut failures = Failures::new(Bucket::new(1, 6_000), Bucket::new(50, 1_000));
        failures.failed(at(0), "2001:db8:1:2::a".parse().unwrap());
        assert!(failures.may_try(at(0), "2001:db8:1:2:ffff::b".parse().unwrap()).is_err());
        assert!(failures.may_try(at(0), "2001:db8:1:3::a".parse().unwrap()).is_ok());
        failures.failed(at(0), "::ffff:192.0.2.7".parse().unwrap());
        assert!(failures.may_try(at(0), "192.0.2.7".parse().unwrap()).is_err());
    }
}
