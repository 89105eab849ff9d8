//! The state of a region: its cursor, and the blocks that it owns.

use core::cell::Cell;
use core::ptr;

use super::account::Account;
use super::block::{Block, FreedTwice, Held};
use super::home::Home;
use super::line::{self, BLOCK, LINE, SHORT, UNIT};
use super::slab::Item;
use super::stack::NONE;
use crate::sync::atomic::AtomicU32;
use crate::{abort, track};

/// Bytes that a block takes from its window, and gives back when it is freed.
#[inline(always)]
pub(super) fn footprint(bytes: usize) -> usize {
    (bytes + track::GAP + UNIT - 1) & !(UNIT - 1)
}

/// # Invariants
///
/// * `low <= pos <= end`, all in one block that the region owns, `current`; all three are null if there is none. So it is with
///   `overflow_pos <= overflow_end` and `overflow`.
/// * All these pointers have the provenance of their block's `start`, for all of the block: they are made of it and of one
///   another, never of a pointer that a caller gave back. Such a one may come from a box or a reference, and be good for the
///   bytes of that alone. It is a number here: what is handed out again, or written to, is reached by the block's own pointer.
/// * A block whose bytes are handed out again may still be an argument of a function that runs: that of `fn(b: Box<T>)`,
///   which has dropped it. The models of borrows forbid others to touch it until the function returns, unless the memory was
///   freed in a way that they know. They know no allocator that is written in Rust, so to them this is an error, as it is with
///   every other one that uses memory again. LLVM takes the memory to be the caller's no more once it is freed.
/// * `home`, `home_address` and `payer` are set when a region is made of the core, which only one thread knows then, and stay
///   until the core goes back. Those of a payer are read by any thread that has a handle to its account. In a core that asks
///   ([`question`](Core::question)), which stays on its thread, `home` is none, and `payer` is the address of an allocator.
/// * What else is in a `Cell` is used by the thread that has the [`Region`](super::Region) alone. `account` and `next` may be
///   used by any.
/// * A core goes back to the slab once no block has it as its owner, and nobody uses its account.
#[repr(C, align(64))]
pub(super) struct Core {
    /// What is handed out next.
    pub(super) pos: Cell<*mut u8>,
    /// The end of the window.
    pub(super) end: Cell<*mut u8>,
    /// The allocator that the region belongs to, to be compared.
    pub(super) home_address: Cell<*const ()>,
    /// The start of the window.
    pub(super) low: Cell<*mut u8>,
    /// From here on, the window is known to be zero.
    pub(super) zero: Cell<*mut u8>,
    /// Bytes handed out, windows in full, less those that the region freed, and those of others that were folded in.
    pub(super) held: Cell<isize>,
    /// The block of the window, [`NONE`] if there is none.
    pub(super) current: Cell<u32>,
    /// Lines of that block that were found to be free and have not been opened, a bit each.
    pub(super) holes: Cell<u64>,
    /// Whether the window is a part of its block, which has something in use beside it.
    pub(super) in_hole: Cell<bool>,
    /// What the second window hands out next, and where that ends; both are null if there is none.
    pub(super) overflow_pos: Cell<*mut u8>,
    pub(super) overflow_end: Cell<*mut u8>,
    /// The block of the second window, which is not that of the first.
    pub(super) overflow: Cell<u32>,
    /// One of the blocks that the region owns; they form a ring. [`NONE`] if there are none.
    pub(super) ring: Cell<u32>,
    pub(super) ring_length: Cell<usize>,
    /// Blocks that became empty, in a list.
    pub(super) spare: Cell<u32>,
    pub(super) spares: Cell<usize>,
    /// What of `held` the account knows.
    pub(super) reported: Cell<isize>,
    /// Bytes of large blocks, which the inner allocator served while the region was entered.
    pub(super) large: Cell<isize>,
    /// How often the region is entered at this moment.
    pub(super) depth: Cell<usize>,
    /// Bytes in use when the region was last left.
    pub(super) escaped: Cell<usize>,
    pub(super) home: Cell<Option<&'static dyn Home>>,
    /// The core whose account this one uses: itself, or that of a sibling.
    pub(super) payer: Cell<*const Core>,
    pub(super) account: Account,
    #[cfg(feature = "escapes")]
    pub(super) samples: super::trace::Samples,
    next: AtomicU32,
    index: u32,
}

// SAFETY: what is in a `Cell` is one thread's, or written before others know the core (invariants); the slab passes a core on
// from thread to thread by a stack, acquired after released. The rest is atomic, and so is what an account has.
unsafe impl Sync for Core {}
// SAFETY: as above; nothing in it is bound to a thread.
unsafe impl Send for Core {}

// SAFETY: `next` has no other use.
unsafe impl Item for Core {
    fn new(index: u32) -> Self {
        Core {
            pos: Cell::new(ptr::null_mut()),
            end: Cell::new(ptr::null_mut()),
            home_address: Cell::new(ptr::null()),
            low: Cell::new(ptr::null_mut()),
            zero: Cell::new(ptr::null_mut()),
            held: Cell::new(0),
            current: Cell::new(NONE),
            holes: Cell::new(0),
            in_hole: Cell::new(false),
            overflow_pos: Cell::new(ptr::null_mut()),
            overflow_end: Cell::new(ptr::null_mut()),
            overflow: Cell::new(NONE),
            ring: Cell::new(NONE),
            ring_length: Cell::new(0),
            spare: Cell::new(NONE),
            spares: Cell::new(0),
            reported: Cell::new(0),
            large: Cell::new(0),
            depth: Cell::new(0),
            escaped: Cell::new(0),
            home: Cell::new(None),
            payer: Cell::new(ptr::null()),
            account: Account::new(),
            #[cfg(feature = "escapes")]
            samples: super::trace::Samples::new(),
            next: AtomicU32::new(NONE),
            index,
        }
    }

    fn index(&self) -> u32 {
        self.index
    }

    fn link(&self) -> &AtomicU32 {
        &self.next
    }
}

impl Core {
    /// Whether the region belongs to the allocator at this address.
    #[inline(always)]
    pub(super) fn is_of(&self, home: *const ()) -> bool {
        self.home_address.get() == home
    }

    /// A core that is no region's, to find out whether the allocator at this address is asked while it is current. See
    /// `installed.rs`.
    pub(super) fn question(home: *const ()) -> Self {
        let core = Core::new(0);
        core.payer.set(home.cast());
        core
    }

    /// Says that the allocator at this address was asked, if that is the question.
    pub(super) fn answer(&self, home: *const ()) {
        // An allocator below another is asked as well.
        if self.home.get().is_none() && self.payer.get().cast() == home {
            self.depth.set(1);
        }
    }

    /// Whether the answer has come.
    pub(super) fn is_answered(&self) -> bool {
        self.depth.get() > 0
    }

    /// Adds to the bytes of large blocks. Those that were made elsewhere and are freed in here bring it to zero at most.
    pub(super) fn count_large(&self, bytes: isize) {
        self.large.set((self.large.get() + bytes).max(0));
        // It may be gone before anybody looks again.
        let unknown = self.held.get() + self.large.get() - self.reported.get();
        if unknown > BLOCK as isize && !self.has_left(0) {
            self.payer().account.set_over(true);
        }
    }

    /// What blocks of the region have as their owner.
    #[inline(always)]
    pub(super) fn id(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// The next `bytes` bytes of the window, which is where the cursor moves. `bytes` is a footprint.
    #[inline(always)]
    pub(super) fn take(&self, bytes: usize) -> Option<*mut u8> {
        let pos = self.pos.get();
        if bytes > self.end.get().addr() - pos.addr() {
            return None;
        }
        self.pos.set(pos.wrapping_add(bytes));
        Some(pos)
    }

    /// Counts `[start, start + bytes)`, which was taken to reach an aligned address, as freed.
    pub(super) fn skip(&self, start: *mut u8, bytes: usize) {
        self.held.set(self.held.get() - bytes as isize);
        let block = self.owned(self.current.get());
        if block.free(block.block().offset(start), bytes).is_err() {
            freed_twice();
        }
    }

    /// Whether this is the last block of the window: it can be made longer, shorter, or go.
    #[inline(always)]
    pub(super) fn is_last(&self, start: *mut u8, bytes: usize) -> bool {
        // Without the lower bound, the last block of a neighbour would be one, too.
        start.addr() + bytes == self.pos.get().addr() && start >= self.low.get()
    }

    /// Moves the cursor back to the address `to`, in the window.
    #[inline(always)]
    pub(super) fn retreat(&self, to: usize) {
        let old = self.pos.get();
        // By `low`, which costs no instruction. By `old` it would cost two: the compiler knows how far that is from `to`, and
        // subtracts.
        let pos = self.low.get().with_addr(to);
        if old > self.zero.get() {
            self.zero.set(old);
        }
        // SAFETY: both lie in the window, and what is between them was handed out and is now given back.
        unsafe { track::vacate(pos, old) };
        self.pos.set(pos);
    }

    /// Frees `[start, start + bytes)` of a block that the region owns, and that is not the last of the window.
    ///
    /// # Safety
    ///
    /// The region is this thread's, owns `block`, and has handed these bytes out, to somebody who now gives them up.
    #[inline(always)]
    pub(super) unsafe fn give_back(&self, block: &'static Block, start: *mut u8, bytes: usize) {
        let own = block.own(start);
        // SAFETY: handed out, and given up by the caller.
        unsafe { track::vacate(own, own.wrapping_add(bytes)) };
        let offset = block.offset(start);
        // Of what is longer it is not to be foreseen in how many lines it lies.
        if bytes > LINE / 4 || line::first(offset) != line::last(offset, bytes) {
            // SAFETY: this function's contract.
            return unsafe { Self::give_back_lines(offset, bytes, block, self) };
        }
        // SAFETY: the token of a block is its owner's, and nothing holds on to it between calls.
        let held = unsafe { Held::assume(block) };
        self.after_free(held.free_in_line(offset, bytes), bytes, held);
    }

    /// The end of [`give_back`](Core::give_back), for what may lie in several lines.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Core::give_back).
    #[inline(never)]
    unsafe fn give_back_lines(offset: usize, bytes: usize, block: &'static Block, core: &Self) {
        if bytes > SHORT {
            // SAFETY: this function's contract.
            return unsafe { Self::give_back_long(offset, bytes, block, core) };
        }
        // SAFETY: the token of a block is its owner's, and nothing holds on to it between calls.
        let held = unsafe { Held::assume(block) };
        core.after_free(held.free_short(offset, bytes), bytes, held);
    }

    /// The end of [`give_back`](Core::give_back), for what may lie in more than three.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Core::give_back).
    #[inline(never)]
    unsafe fn give_back_long(offset: usize, bytes: usize, block: &'static Block, core: &Self) {
        // SAFETY: the token of a block is its owner's, and nothing holds on to it between calls.
        let held = unsafe { Held::assume(block) };
        core.after_free(held.free(offset, bytes), bytes, held);
    }

    /// What follows a free of `bytes` bytes that left so many in use of the block, or was a mistake.
    #[inline(always)]
    fn after_free(&self, live: Result<i32, FreedTwice>, bytes: usize, held: Held<'static>) {
        self.held.set(self.held.get() - bytes as isize);
        match live {
            Ok(live) if live > held.wake() => {}
            Ok(live) => self.roomier(held, live),
            Err(FreedTwice) => freed_twice(),
        }
    }

    /// Frees a block of the region's.
    ///
    /// # Safety
    ///
    /// As for [`give_back`](Core::give_back), but for the last clause.
    #[inline(always)]
    pub(super) unsafe fn free(&self, block: &'static Block, start: *mut u8, bytes: usize) {
        if self.is_last(start, bytes) {
            self.retreat(start.addr());
        } else {
            // SAFETY: this function's contract.
            unsafe { self.give_back(block, start, bytes) };
        }
    }

    /// Makes a block of the region's longer or shorter where it is, if that can be done. Returns it with the provenance of
    /// `block`: that of `start` need not be good for more than the old size.
    ///
    /// # Safety
    ///
    /// As for [`free`](Core::free); `old` is the size that the block was allocated with.
    pub(super) unsafe fn resize(
        &self,
        block: &'static Block,
        start: *mut u8,
        old: usize,
        new: usize,
    ) -> Option<*mut u8> {
        let (before, after) = (footprint(old), footprint(new));
        let start = block.own(start);
        if self.is_last(start, before) {
            if after > self.end.get().addr() - start.addr() {
                return None;
            }
            let end = start.wrapping_add(after);
            if after < before { self.retreat(end.addr()) } else { self.pos.set(end) }
        } else if after > before {
            return None;
        } else if after < before {
            // SAFETY: the end of the block is given up.
            unsafe { self.give_back(block, start.wrapping_add(after), before - after) };
        }
        if new > old {
            // SAFETY: the block is that long now, and has nothing in its new part.
            unsafe { track::occupy(start.wrapping_add(old), new - old) };
        }
        Some(start)
    }

    /// Makes the bytes of a block that was just handed out zero, as far as they are not known to be.
    ///
    /// # Safety
    ///
    /// `[start, start + bytes)` was handed out by this region, to whoever calls, and nothing since.
    pub(super) unsafe fn clear(&self, start: *mut u8, bytes: usize) {
        let in_window = start >= self.low.get() && start < self.pos.get();
        let known = self.zero.get().addr();
        let dirty = if cfg!(arenite_zeal) || !in_window {
            bytes
        } else {
            known.saturating_sub(start.addr()).min(bytes)
        };
        // SAFETY: within what was handed out, which is the caller's.
        unsafe { start.write_bytes(0, dirty) };
    }
}

/// Ends the process: nothing here can be relied on any more.
#[cold]
pub(super) fn freed_twice() -> ! {
    abort::now("a block was freed twice, or with another size than it was allocated with")
}
