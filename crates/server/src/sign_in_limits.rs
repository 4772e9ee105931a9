//! Limits the rate of failed sign-ins per account and per address. After several failures, each further failure doubles the time
//! in which the next attempt is refused.

use std::collections::HashMap;
use std::net::IpAddr;
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
    /// Returns the seconds for which attempts are refused, or 0.
    pub(crate) fn blocked_for(&self, account: &str, address: IpAddr, now: i64) -> i64 {
        let failures = self.failures();
        let of = |key: Key, free| failures.get(&key).map_or(0, |found| found.blocked_for(free, now));
        let account = of(Key::Account(normalized(account)), FREE_PER_ACCOUNT);
        account.max(of(Key::Address(address), FREE_PER_ADDRESS))
    }

    /// Records a failure.
    pub(crate) fn failed(&self, account: &str, address: IpAddr, now: i64) {
        let mut failures = self.failures();
        if failures.len() >= MAX_ENTRIES {
            failures.retain(|_, found| found.last + FORGET_AFTER > now);
        }
        for key in [Key::Account(normalized(account)), Key::Address(address)] {
            let found = failures.entry(key).or_default();
            if found.last + FORGET_AFTER <= now {
                found.count = 0;
            }
            *found = Failures { count: found.count.saturating_add(1), last: now };
        }
    }

    /// Forgets the failures of an account, after a successful sign-in.
    pub(crate) fn succeeded(&self, account: &str) {
        self.failures().remove(&Key::Account(normalized(account)));
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Failures>> {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Returns the account without differences that a guesser could use to get around the limit. Long names are cut.
fn normalized(account: &str) -> String {
    account.chars().take(300).flat_map(char::to_lowercase).collect()
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
            assert_eq!(limits.blocked_for("admin", address(attempt), 0), 0);
            limits.failed("admin", address(attempt), 0);
        }
        assert_eq!(limits.blocked_for("Admin", address(9), 0), 1);
        limits.failed("admin", address(9), 1);
        assert_eq!(
            (limits.blocked_for("admin", address(1), 1), limits.blocked_for("other", address(1), 1)),
            (2, 0)
        );
        assert_eq!(limits.blocked_for("admin", address(1), 3), 0);
        limits.succeeded("admin");
        assert_eq!(limits.blocked_for("admin", address(1), 1), 0);
    }

    #[test]
    fn an_address_is_blocked_after_failures_with_many_accounts() {
        let limits = SignInLimits::default();
        for account in 0..20 {
            limits.failed(&account.to_string(), address(1), 0);
        }
        assert!(limits.blocked_for("new", address(1), 0) > 0);
        assert_eq!(limits.blocked_for("new", address(2), 0), 0);
        assert_eq!(limits.blocked_for("new", address(1), FORGET_AFTER), 0);
    }
}
