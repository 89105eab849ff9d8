//! What a piece of work takes of the machine.

use std::time::{Duration, Instant};

/// Runs while something is measured; can be stopped for what is not meant.
pub(crate) struct Clock {
    wall: Instant,
    processor: Duration,
    user: Duration,
    stopped: Duration,
    stopped_processor: Duration,
}

/// What it showed in the end.
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    /// User and system time of all threads, exact.
    pub(crate) processor: Duration,
    /// User time, as the system divides it at its ticks; here nothing is left out.
    pub(crate) user: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let zero = Duration::ZERO;
        let (user, processor) = (usage().0, processor());
        Clock { wall: Instant::now(), processor, user, stopped: zero, stopped_processor: zero }
    }

    /// Does what should not count.
    pub(crate) fn stopped<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let (start, before) = (Instant::now(), processor());
        let result = work();
        self.stopped_processor += processor() - before;
        self.stopped += start.elapsed();
        result
    }

    pub(crate) fn read(&self) -> Taken {
        Taken {
            wall: self.wall.elapsed() - self.stopped,
            processor: processor() - self.processor - self.stopped_processor,
            user: usage().0 - self.user,
        }
    }
}

/// The processor time of all threads of this process so far.
fn processor() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is ours to be written to.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0, "the system knows what this process uses");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The user time of this process so far, and the most memory that it has had, in KiB.
fn usage() -> (Duration, usize) {
    // SAFETY: zeroes are a value of this type, which consists of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is ours to be written to.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    assert_eq!(result, 0, "the system knows what this process uses");
    let time = usage.ru_utime;
    let user = Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
    (user, usage.ru_maxrss as usize)
}

/// The most memory that this process has had, in KiB.
pub(crate) fn peak() -> usize {
    // Not what `getrusage` says if it can be helped: that begins with what the parent had.
    status("VmHWM:").unwrap_or_else(|| usage().1)
}

/// The memory that this process has now, in KiB. Linux only; elsewhere 0.
pub(crate) fn resident() -> usize {
    status("VmRSS:").unwrap_or(0)
}

/// A figure that Linux has of this process, in KiB.
fn status(name: &str) -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().split(' ').next()?.parse().ok()
}
