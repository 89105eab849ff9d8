//! Sizes for people.

use core::fmt;

/// A number of bytes, shown in the largest binary unit that keeps it at or above one: `1536` shows as `1.5 KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        let mut unit = 0;
        let mut whole = self.0;
        let mut rest = 0;
        while whole >= 1024 && unit + 1 < UNITS.len() {
            rest = whole % 1024;
            whole /= 1024;
            unit += 1;
        }
        let tenth = rest * 10 / 1024;
        match (unit, tenth) {
            (0, _) | (_, 0) => write!(f, "{whole} {}", UNITS[unit]),
            _ => write!(f, "{whole}.{tenth} {}", UNITS[unit]),
        }
    }
}
