//! How often somebody may try to sign in: by name and address together, by name, and by address.
//!
//! Each is a bucket of tries that fills again with time. Buckets are kept in memory, a bounded number of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Buckets at most; past that the fullest and oldest are forgotten.
const MOST: usize = 20_000;

/// Tries at once, and the seconds in which one comes back.
struct Limit {
    burst: f64,
    every_s: f64,
}

/// One address at one name: somebody who mistypes.
const PAIR: Limit = Limit {
    burst: 5.0,
    every_s: 60.0,
};
/// All addresses at one name: many machines that guess one password. Wide, for it can keep its owner out.
const NAME: Limit = Limit {
    burst: 30.0,
    every_s: 20.0,
};
/// One address at all names: one machine that tries one password at many.
const ADDRESS: Limit = Limit {
    burst: 20.0,
    every_s: 10.0,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, IpAddr),
    Name(String),
    Address(IpAddr),
}

impl Key {
    fn limit(&self) -> &'static Limit {
        match self {
            Self::Pair(..) => &PAIR,
            Self::Name(_) => &NAME,
            Self::Address(_) => &ADDRESS,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: i64,
}

/// The buckets.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<Key, Bucket>>);

fn keys(name: &str, address: IpAddr) -> [Key; 3] {
    let address = network(address);
    [
        Key::Pair(name.to_owned(), address),
        Key::Name(name.to_owned()),
        Key::Address(address),
    ]
}

/// Whoever has one address of version 6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// What is in a bucket at an instant, µs.
fn filled(bucket: Option<&Bucket>, limit: &Limit, now: i64) -> f64 {
    let Some(bucket) = bucket else { return limit.burst };
    let passed_s = (now - bucket.at).max(0) as f64 / 1e6;
    (bucket.left + passed_s / limit.every_s).min(limit.burst)
}

impl Throttle {
    /// Takes a try.
    ///
    /// # Errors
    /// The seconds after which there is one again.
    pub(super) fn take(&self, name: &str, address: IpAddr, now: i64) -> Result<(), u64> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(name, address);
        let mut wait_s: f64 = 0.0;
        for key in &keys {
            let limit = key.limit();
            let left = filled(buckets.get(key), limit, now);
            if left < 1.0 {
                wait_s = wait_s.max((1.0 - left) * limit.every_s);
            }
        }
        if wait_s > 0.0 {
            return Err(wait_s.ceil() as u64);
        }
        make_room(&mut buckets, now);
        for key in keys {
            let left = filled(buckets.get(&key), key.limit(), now) - 1.0;
            buckets.insert(key, Bucket { left, at: now });
        }
        Ok(())
    }

    /// Gives the try back to somebody who was right.
    pub(super) fn give_back(&self, name: &str, address: IpAddr) {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys(name, address) {
            if matches!(key, Key::Pair(..)) {
                buckets.remove(&key);
            } else if let Some(bucket) = buckets.get_mut(&key) {
                bucket.left = (bucket.left + 1.0).min(key.limit().burst);
            }
        }
    }
}

fn make_room(buckets: &mut HashMap<Key, Bucket>, now: i64) {
    if buckets.len() + 3 <= MOST {
        return;
    }
    buckets.retain(|key, bucket| filled(Some(bucket), key.limit(), now) < key.limit().burst);
    if buckets.len() + 3 > MOST {
        // All of them are in use: forget the older half.
        let mut times: Vec<i64> = buckets.values().map(|bucket| bucket.at).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        buckets.retain(|_, bucket| bucket.at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn five_tries_then_one_a_minute() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.take("ada", address(1), 0).unwrap();
        }
        assert_eq!(throttle.take("ada", address(1), 0), Err(60));
        assert_eq!(throttle.take("ada", address(1), 30 * SECOND), Err(30));
        throttle.take("ada", address(1), 60 * SECOND).unwrap();
        assert_eq!(throttle.take("ada", address(1), 60 * SECOND), Err(60));
        // Somebody else at the same name, and the same one at another name, still may.
        throttle.take("ada", address(2), 60 * SECOND).unwrap();
        throttle.take("eve", address(1), 60 * SECOND).unwrap();
        // Who was right begins anew.
        throttle.give_back("ada", address(1));
        throttle.take("ada", address(1), 60 * SECOND).unwrap();
    }

    #[test]
    fn many_addresses_at_one_name_and_many_names_from_one_address_are_held() {
        let throttle = Throttle::default();
        let tried = (0..=255)
            .filter(|last| throttle.take("ada", address(*last), 0).is_ok())
            .count();
        assert_eq!(tried, 30);
        let tried = (0..100)
            .filter(|n| throttle.take(&format!("user {n}"), address(9), 0).is_ok())
            .count();
        // One of the thirty came from there.
        assert_eq!(tried, 19);
        let six = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        let tried = (0..100)
            .filter(|n| throttle.take("eve", six(*n), 0).is_ok())
            .count();
        assert_eq!(tried, 5);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..60_000_u32 {
            let [_, b, c, d] = n.to_be_bytes();
            let address = IpAddr::from([10, b, c, d]);
            throttle
                .take(&format!("user {n}"), address, i64::from(n))
                .unwrap();
            assert!(throttle.0.lock().unwrap().len() <= MOST);
        }
        // The newest are still known.
        let address = IpAddr::from([10, 0, 234, 95]);
        for _ in 0..4 {
            throttle.take("user 59999", address, 60_000).unwrap();
        }
        assert!(throttle.take("user 59999", address, 60_000).is_err());
    }
}
