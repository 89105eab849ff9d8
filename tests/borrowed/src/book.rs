//! The blocks that are in use: each is aligned, long enough, in nobody else's hands, and comes back as it went.

use std::alloc::Layout;
use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write};
use std::process;
use std::ptr::NonNull;
use std::slice;
use std::sync::{LazyLock, Mutex};

/// What fresh memory is filled with, so that whatever else lies there does not survive.
const FRESH: u8 = 0xA5;

static UNCHECKED: LazyLock<bool> = LazyLock::new(|| env::var_os("BORROWED_UNCHECKED").is_some());

/// Ends the process: the allocator is broken, and so may be whatever would be told of it.
fn broken(what: &str) -> ! {
    // Not by `eprintln!`, which the harness would keep to itself.
    let _ = writeln!(io::stderr(), "borrowed: {what}");
    process::abort()
}

/// A block in use.
struct Lent {
    /// How many bytes were asked for.
    size: usize,
    /// How many there are.
    usable: usize,
    align: usize,
}

/// The blocks in use of one arena, by address. Those of no bytes are nowhere.
#[derive(Default)]
pub(crate) struct Book(Mutex<BTreeMap<usize, Lent>>);

impl Book {
    /// A fresh block.
    pub(crate) fn enter(&self, block: NonNull<[u8]>, layout: Layout, zeroed: bool) {
        if *UNCHECKED {
            return;
        }
        self.reenter(block, layout);
        let start = block.cast::<u8>().as_ptr();
        if zeroed {
            // SAFETY: the block is in use, by nobody else yet, and it was zeroed: `reenter` found it long enough.
            let bytes = unsafe { slice::from_raw_parts(start, layout.size()) };
            if bytes.iter().any(|&byte| byte != 0) {
                broken("what should be zero is not");
            }
        } else {
            // SAFETY: the block is in use, by nobody else yet: `reenter` has compared it to all others.
            unsafe { start.write_bytes(FRESH, block.len()) };
        }
    }

    /// A block that was resized.
    pub(crate) fn reenter(&self, block: NonNull<[u8]>, layout: Layout) {
        if *UNCHECKED {
            return;
        }
        let start = block.cast::<u8>().as_ptr() as usize;
        if !start.is_multiple_of(layout.align()) {
            broken("a block that is not aligned");
        }
        if block.len() < layout.size() {
            broken("a block that is too short");
        }
        if block.is_empty() {
            return;
        }
        let mut book = self.0.lock().unwrap();
        let above = book.range(start..).next().is_some_and(|(&other, _)| other < start + block.len());
        let below = book.range(..start).next_back().is_some_and(|(&other, lent)| other + lent.usable > start);
        if above || below {
            broken("a block over another one that is in use");
        }
        book.insert(start, Lent { size: layout.size(), usable: block.len(), align: layout.align() });
    }

    /// A block comes back.
    pub(crate) fn leave(&self, block: NonNull<u8>, layout: Layout) {
        if *UNCHECKED || layout.size() == 0 {
            return;
        }
        match self.0.lock().unwrap().remove(&(block.as_ptr() as usize)) {
            None => broken("a block that is not in use, or of another thread's arena"),
            Some(lent)
                if layout.align() != lent.align || !(lent.size..=lent.usable).contains(&layout.size()) =>
            {
                broken("a block of another size or alignment")
            }
            Some(_) => {}
        }
    }
}
