//! Clones of closures may each have memory of their own, and would be given each other's blocks.

use arenite::FnSource;

fn main() {
    // SAFETY: there is never any memory.
    let source = unsafe { FnSource::new(|_| None, |_, _| {}) };
    let _ = source.clone();
}
