//! What the oracle expects of an answer, and how it says that it got another.

use super::super::pattern::{self, Mismatch};
use super::{Block, Oracle};
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// A call, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    Allocate { layout: Layout, zeroed: bool },
    Grow { old: Layout, new: Layout, zeroed: bool },
    Shrink { old: Layout, new: Layout },
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match self {
            Self::Allocate { zeroed: true, .. } | Self::Grow { zeroed: true, .. } => "_zeroed",
            _ => "",
        };
        match *self {
            Self::Allocate { layout, .. } => write!(f, "allocate{suffix} of {}", Shown(layout)),
            Self::Grow { old, new, .. } => write!(f, "grow{suffix} of {} to {}", Shown(old), Shown(new)),
            Self::Shrink { old, new } => write!(f, "shrink of {} to {}", Shown(old), Shown(new)),
        }
    }
}

/// A layout, for messages.
struct Shown(Layout);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes aligned to {}", self.0.size(), self.0.align())
    }
}

impl<A: Allocator> Oracle<A> {
    /// Calls `allocate` or `allocate_zeroed`.
    pub(super) fn request(&mut self, layout: Layout, zeroed: bool) -> Result<NonNull<[u8]>, AllocError> {
        self.books.calls += 1;
        if zeroed { self.allocator.allocate_zeroed(layout) } else { self.allocator.allocate(layout) }
    }

    /// Takes an answer to a request for `layout`, which the allocator should be able to meet. Nothing is read or
    /// written yet. `None`: refused, as the options allow.
    pub(super) fn judge(
        &mut self,
        call: Call,
        result: Result<NonNull<[u8]>, AllocError>,
        layout: Layout,
    ) -> Option<NonNull<[u8]>> {
        let Ok(granted) = result else {
            if !self.books.options.may_run_out {
                self.fail(
                    "an allocator that may not run out meets every request",
                    format_args!("{call} was refused"),
                );
            }
            return None;
        };
        self.books.grants += 1;
        let (start, len) = (granted.cast::<u8>(), granted.len());
        let address = start.addr().get();
        if len < layout.size() {
            self.fail(
                "a granted block is at least as long as asked",
                format_args!("{call} returned {len} bytes"),
            );
        }
        if address % layout.align() != 0 {
            let past = address % layout.align();
            self.fail(
                "a granted block has the alignment asked for",
                format_args!("{call} returned {address:#x}, {past} bytes past a multiple"),
            );
        }
        if len > isize::MAX as usize || address.checked_add(len).is_none() {
            self.fail(
                "a granted block lies in the address space",
                format_args!("{call} returned {len} bytes at {address:#x}"),
            );
        }
        if let Some(other) = self.books.live.iter().find(|block| block.overlaps(start, len)) {
            let (theirs, theirs_len) = (other.start.addr(), other.granted);
            self.fail("live blocks do not overlap", format_args!(
                "{call} returned {len} bytes at {address:#x}; {theirs_len} bytes at {theirs:#x} are still live"
            ));
        }
        let allocator = NonNull::from(&self.allocator).addr().get();
        let itself = allocator..allocator + size_of::<A>();
        if len != 0 && address < itself.end && itself.start < address + len {
            self.fail(
                "blocks stay valid when the allocator moves, so they do not lie inside of it",
                format_args!("{call} returned {address:#x}; the allocator is the bytes {itself:#x?}"),
            );
        }
        Some(granted)
    }

    /// Takes an answer to a request to resize block `index`, of which the first `kept` bytes have to survive. On a
    /// grant, the old block is struck off the books.
    pub(super) fn judge_resize(
        &mut self,
        index: usize,
        call: Call,
        result: Result<NonNull<[u8]>, AllocError>,
        new: Layout,
        kept: usize,
    ) -> Option<NonNull<[u8]>> {
        self.books.calls += 1;
        if result.is_err() {
            self.verify_after(index, Some(call));
        }
        let old = self.books.live[index];
        // A resized block may lie where the old one lay.
        if result.is_ok() {
            self.books.live.remove(index);
        }
        let granted = self.judge(call, result, new)?;
        // SAFETY: the allocator granted at least `new.size()` bytes, and `kept` is no more.
        let lost = unsafe { pattern::first_mismatch(granted.cast(), kept, old.key) };
        self.expect(lost, call, "a resize preserves the content");
        Some(granted)
    }

    /// Puts a granted block on the books as number `index`, and writes to all of it.
    pub(super) fn enter(&mut self, index: usize, granted: NonNull<[u8]>, layout: Layout) {
        let (start, len, key) = (granted.cast(), granted.len(), self.books.random.next());
        // SAFETY: the allocator granted all of these bytes.
        unsafe { pattern::fill(start, len, key) }
        let block = Block { start, granted: len, asked: layout.size(), layout, key };
        self.books.live.insert(index, block);
    }

    /// Reads block `index`; `failed` is the resize that just failed on it, if one did.
    pub(super) fn verify_after(&self, index: usize, failed: Option<Call>) {
        let block = self.books.live[index];
        // SAFETY: the block is live, so all that was granted of it is valid for reads.
        let Some(mismatch) = (unsafe { pattern::first_mismatch(block.start, block.granted, block.key) })
        else {
            return;
        };
        let (start, len) = (block.start.addr(), block.granted);
        match failed {
            Some(call) => self.fail(
                "a failed resize leaves the block as it was",
                format_args!("{call} at {start:#x} failed, and now {mismatch}"),
            ),
            None => self.fail(
                "a live block changes only by its owner's hand",
                format_args!("of the {len} bytes at {start:#x}, {mismatch}"),
            ),
        }
    }

    /// Fails where bytes that `call` returned are not what `rule` wants.
    pub(super) fn expect(&self, mismatch: Option<Mismatch>, call: Call, rule: &str) {
        if let Some(mismatch) = mismatch {
            self.fail(rule, format_args!("after {call}, {mismatch}"));
        }
    }

    /// Fails where no machine has that much memory.
    pub(super) fn granted_the_impossible(&self, call: Call, granted: NonNull<[u8]>) {
        // With narrower addresses a request for half of them can be met.
        if usize::BITS >= 64 {
            self.fail(
                "what no memory can hold is refused",
                format_args!("{call} returned {} bytes at {:#x}", granted.len(), granted.cast::<u8>().addr()),
            );
        }
    }

    pub(super) fn fail(&self, rule: &str, what: fmt::Arguments<'_>) -> ! {
        let property = self.books.property;
        let calls = self.books.calls;
        let seed = self.books.options.seed;
        panic!(
            "the allocator breaks a rule: {rule}\n  {what}\n  found by `{property}` with call {calls}; seed {seed:#x} \
             repeats it"
        )
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, expected, found } = self;
        write!(f, "byte {offset} is {found:#04x} instead of {expected:#04x}")
    }
}
