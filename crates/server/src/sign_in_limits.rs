//! Limits the rate of failed sign-ins per account and per address. After several failures, each further failure doubles the time
//! in which the next attempt is refused.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;

/// The number of failures of an account that cause no delay.
const FREE_PER_ACCOUNT: u32 = 5;
/// The number of failures of an address that cause no delay.
const FREE_PER_ADDRESS: u32 = 20;
/// The longest delay in seconds.
const MAX_DELAY: i64 = 300;
/// The time in seconds after which failures are forgotten.
const FORGET_AFTER: i64 = 3600;
/// The largest number of accounts and addresses that are remembered.
const MAX_ENTRIES: usize = 100_000;

/// The failed sign-ins.
#[derive(Debug, Default)]
pub(crate) struct SignInLimits {
    failures: Mutex<HashMap<Key, Failures>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    last: i64,
}

impl Failures {
    fn blocked_for(self, free: u32, now: i64) -> i64 {
        if self.count < free {
            return 0;
        }
        let delay = MAX_DELAY.min(1 << (self.count - free).min(10));
        (self.last + delay - now).max(0)
    }
}

impl SignInLimits {
    /// Counts an attempt as failed until it succeeds, so that attempts at the same time are limited as well. Refuses it with the
    /// number of seconds after which the next one is possible.
    pub(crate) fn attempt(&self, account: &str, address: IpAddr, now: i64) -> Result<(), u64> {
        let mut failures = self.failures();
        let keys = [(account_key(account), FREE_PER_ACCOUNT), (address_key(address), FREE_PER_ADDRESS)];
        let blocked = |(key, free): &(Key, u32)| {
            failures.get(key).map_or(0, |found| found.blocked_for(*free, now).unsigned_abs())
        };
        let blocked = keys.iter().map(blocked).max().unwrap_or_default();
        if blocked > 0 {
            return Err(blocked);
        }
        if failures.len() >= MAX_ENTRIES {
            failures.retain(|_, found| found.last + FORGET_AFTER > now);
        }
        for (key, _) in keys {
            if failures.len() >= MAX_ENTRIES && !failures.contains_key(&key) {
                continue;
            }
            let found = failures.entry(key).or_default();
            if found.last + FORGET_AFTER <= now {
                found.count = 0;
            }
            *found = Failures { count: found.count.saturating_add(1), last: now };
        }
        Ok(())
    }

    /// Forgets the failures of an account, and that the attempt was counted for the address.
    pub(crate) fn succeeded(&self, account: &str, address: IpAddr) {
        self.withdraw(account, address);
        self.failures().remove(&account_key(account));
    }

    /// Takes an attempt back that was neither right nor wrong.
    pub(crate) fn withdraw(&self, account: &str, address: IpAddr) {
        let mut failures = self.failures();
        for key in [account_key(account), address_key(address)] {
            if let Some(found) = failures.get_mut(&key) {
                found.count = found.count.saturating_sub(1);
            }
        }
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Failures>> {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Returns the key of an account, without differences that a guesser could use to get around the limit. Long names are cut.
fn account_key(account: &str) -> Key {
    Key::Account(account.chars().take(300).flat_map(char::to_lowercase).collect())
}

/// Returns the key of an address. One customer of a provider has at least 64 bits of addresses of IPv6.
fn address_key(address: IpAddr) -> Key {
    Key::Address(match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn an_account_is_blocked_for_longer_with_each_failure_from_any_address() {
        let limits = SignInLimits::default();
        for attempt in 0..5 {
            assert_eq!(limits.attempt("admin", address(attempt), 0), Ok(()));
        }
        assert_eq!(limits.attempt("Admin", address(9), 0), Err(1));
        assert_eq!(limits.attempt("admin", address(9), 1), Ok(()));
        assert_eq!(limits.attempt("admin", address(1), 1), Err(2));
        assert_eq!(limits.attempt("other", address(1), 1), Ok(()));
        assert_eq!(limits.attempt("admin", address(1), 3), Ok(()));
        limits.succeeded("admin", address(1));
        assert_eq!(limits.attempt("admin", address(1), 3), Ok(()));
    }

    #[test]
    fn an_address_is_blocked_after_failures_with_many_accounts() {
        let limits = SignInLimits::default();
        for account in 0..20 {
            assert_eq!(limits.attempt(&account.to_string(), address(1), 0), Ok(()));
        }
        assert_eq!(limits.attempt("new", address(1), 0), Err(1));
        assert_eq!(limits.attempt("new", address(2), 0), Ok(()));
        assert_eq!(limits.attempt("new", address(1), FORGET_AFTER), Ok(()));
    }

    #[test]
    fn an_attempt_that_succeeds_or_is_withdrawn_does_not_count() {
        let limits = SignInLimits::default();
        for account in 0..100 {
            let account = account.to_string();
            assert_eq!(limits.attempt(&account, address(1), 0), Ok(()));
            limits.succeeded(&account, address(1));
            assert_eq!(limits.attempt("admin", address(1), 0), Ok(()));
            limits.withdraw("admin", address(1));
        }
    }

    #[test]
    fn the_addresses_of_one_network_of_ipv6_count_as_one() {
        let limits = SignInLimits::default();
        for last in 0..20_u16 {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, last, 0, 0, last);
            assert_eq!(limits.attempt(&last.to_string(), address.into(), 0), Ok(()));
        }
        let same = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9);
        assert_eq!(limits.attempt("new", same.into(), 0), Err(1));
        let other = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 9, 9, 9, 9);
        assert_eq!(limits.attempt("new", other.into(), 0), Ok(()));
    }
}
