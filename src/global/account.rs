//! What a region and its siblings have in common: a name, a limit, and the sum of what they use.

use crate::abort;
use crate::sync::atomic::{AtomicBool, AtomicIsize, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// More users than this end the process. Half of what can be counted: until the process has ended, other threads may go on
/// counting.
const MOST_USERS: u32 = u32::MAX / 2;

/// Part of the core of the first region, which is not used again before everybody has let go of this.
pub(super) struct Account {
    /// Regions and handles that use it.
    users: AtomicU32,
    /// Bytes handed out by all, as last reported.
    total: AtomicIsize,
    peak: AtomicIsize,
    /// Bytes, `usize::MAX` if there is no limit.
    limit: AtomicUsize,
    over: AtomicBool,
    /// The name, which is static.
    name: AtomicPtr<u8>,
    name_length: AtomicUsize,
}

impl Account {
    pub(super) const fn new() -> Self {
        Account {
            users: AtomicU32::new(0),
            total: AtomicIsize::new(0),
            peak: AtomicIsize::new(0),
            limit: AtomicUsize::new(usize::MAX),
            over: AtomicBool::new(false),
            name: AtomicPtr::new(core::ptr::null_mut()),
            name_length: AtomicUsize::new(0),
        }
    }

    /// For its first user. Nobody else knows it.
    pub(super) fn begin(&self) {
        self.users.store(1, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
        self.peak.store(0, Ordering::Relaxed);
        self.limit.store(usize::MAX, Ordering::Relaxed);
        self.over.store(false, Ordering::Relaxed);
        self.name.store(core::ptr::null_mut(), Ordering::Relaxed);
    }

    /// One user more. Only a user may call this.
    ///
    /// Handles that are forgotten count for ever. If the count wrapped, the core would go back while regions have it, and
    /// two threads would get the same memory.
    pub(super) fn join(&self) {
        if self.users.fetch_add(1, Ordering::Relaxed) >= MOST_USERS {
            too_many_users();
        }
    }

    /// One user less. Whether that was the last.
    pub(super) fn leave(&self) -> bool {
        // Alone, nobody else can join.
        self.is_alone() || self.users.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Adds to the sum, which is returned.
    pub(super) fn report(&self, bytes: isize) -> isize {
        let total = if self.is_alone() {
            // Nobody else counts here, nor can begin to: only a user could let them.
            let total = self.total.load(Ordering::Relaxed) + bytes;
            self.total.store(total, Ordering::Relaxed);
            total
        } else {
            self.total.fetch_add(bytes, Ordering::Relaxed) + bytes
        };
        if total > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(total, Ordering::Relaxed);
        }
        total
    }

    pub(super) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed).max(0) as usize
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn set_over(&self, over: bool) {
        self.over.store(over, Ordering::Relaxed);
    }

    /// Whether it has no other user than the one who asks.
    pub(super) fn is_alone(&self) -> bool {
        self.users.load(Ordering::Acquire) == 1
    }

    /// Only by somebody who is [alone](Account::is_alone).
    pub(super) fn set_name(&self, name: &'static str) {
        self.name_length.store(name.len(), Ordering::Relaxed);
        self.name.store(name.as_ptr().cast_mut(), Ordering::Relaxed);
    }

    pub(super) fn name(&self) -> Option<&'static str> {
        let start = self.name.load(Ordering::Relaxed);
        if start.is_null() {
            return None;
        }
        let length = self.name_length.load(Ordering::Relaxed);
        // SAFETY: the two are the parts of a static string; they were set before others came to know the account, and
        // never changed since.
        let bytes = unsafe { core::slice::from_raw_parts(start, length) };
        // SAFETY: they are those of a string.
        Some(unsafe { core::str::from_utf8_unchecked(bytes) })
    }
}

#[cold]
#[inline(never)]
fn too_many_users() -> ! {
    abort::now(
        "a region has more siblings and handles than can be counted; were handles forgotten (`mem::forget`)?",
    )
}

#[cfg(all(test, not(miri)))]
mod tests {
    use std::env;
    use std::process::Command;

    use super::{Account, MOST_USERS, Ordering};

    /// What counts the users of an account cannot wrap, however many of them are forgotten. The program runs in a process of
    /// its own, which must end.
    #[test]
    fn users_that_are_forgotten_end_the_process() {
        const PROGRAM: &str = "ARENITE_TEST_FORGOTTEN_USERS";
        if env::var_os(PROGRAM).is_some() {
            let account = Account::new();
            account.begin();
            account.users.store(MOST_USERS - 1, Ordering::Relaxed);
            account.join();
            println!("the last that can be counted");
            account.join();
            println!("one more");
            return;
        }
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "global::account::tests::users_that_are_forgotten_end_the_process",
                "--exact",
                "--nocapture",
            ])
            .env(PROGRAM, "")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("the last that can be counted"), "{text}");
        assert!(!output.status.success() && !text.contains("one more"), "{text}");
        assert!(text.contains("more siblings and handles than can be counted"), "{text}");
    }
}
