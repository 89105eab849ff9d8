//! [`Guarded`].

use super::calls::{Calls, Granted, empty, noted, recalled};
use super::fence::{Fence, Fences, Verdict};
use super::forward::clear;
use super::lock::Lock;
use super::misuse::{Judge, Misuse, MisuseKind};
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// Puts canaries before and after each block, and looks whether they live when the block is freed or resized.
///
/// The 16 bytes before a block and the 16 behind it hold what depends on its address. A write to them is found when the block
/// goes back or is resized, and by [`check`](Self::check). Blocks are aligned as asked for. Sizes and alignments are kept, out
/// of reach of a write that stays within those 16 bytes, and compared with what comes back, so that wrong layouts are named,
/// and so are double frees until the inner allocator has written something else there. All this is a net and no proof: a
/// stray write elsewhere goes unseen, and what is asked about a pointer that was never a block is read from before it. To
/// have every access to what was freed or lies behind a block end the process, see `PageGuarded`.
///
/// By default the process ends with a message. With [`on_misuse`](Self::on_misuse) a hook is called instead. After that a
/// block whose canaries are dead is freed or resized all the same, as nothing is wrong but what is written beside it; any
/// other misuse goes no further: the inner allocator does not hear of it, nothing is freed, and a resize fails.
///
/// Costs 72 bytes a block with alignments up to 8, for larger alignments up to one alignment more; a short lock a call, which
/// is taken around nothing but these books, on all tiers; and the look. Blocks of no bytes take nothing, and are nobody's. A
/// process that forks while another of its threads allocates must not allocate in the child. `Send` and `Sync` where `A` is.
///
/// A block may come back by a pointer that is good for its own bytes alone, as that of a `Box` is: what lies around it is
/// reached by its address (exposed provenance), which a check for strict provenance refuses.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::{Allocator, Global, Layout}, boxed::Box};
/// use arenite::wrap::{Guarded, MisuseKind};
///
/// let allocator = Guarded::new(Global).on_misuse(|misuse| println!("{misuse}"));
/// let mut bytes = Box::new_in([0_u8; 5], &allocator);
/// assert_eq!(allocator.check().unwrap(), 1);
/// // SAFETY: none, this is the mistake: the byte is the canary's.
/// unsafe { bytes.as_mut_ptr().add(5).write(1) };
/// assert_eq!(allocator.check().unwrap_err().kind, MisuseKind::Overrun { bytes: 1 });
/// drop(bytes); // prints "overrun: the block at 0x.., of 5 bytes aligned to 1, has 1 byte overwritten behind it"
/// assert_eq!(allocator.misuses(), 1);
/// # }
/// ```
pub struct Guarded<A> {
    inner: A,
    live: Lock<Fences>,
    judge: Judge,
}

impl<A> Guarded<A> {
    /// Guards what is allocated from now on; ends the process at the first misuse.
    pub const fn new(inner: A) -> Self {
        Self { inner, live: Lock::new(Fences::new()), judge: Judge::strict() }
    }

    /// Calls `hook` with each [`Misuse`] that a free or a resize shows, instead of ending the process.
    ///
    /// The hook may allocate, also from here. If it panics, the process ends, since an allocator must not unwind.
    #[must_use]
    pub const fn on_misuse(mut self, hook: fn(&Misuse)) -> Self {
        self.judge = Judge::new(hook);
        self
    }

    /// How often a free or a resize showed a misuse.
    pub fn misuses(&self) -> usize {
        self.judge.found()
    }

    /// Looks at the canaries of all live blocks, and returns how many there are.
    ///
    /// Cost: O(live blocks), and whoever allocates waits.
    ///
    /// # Errors
    ///
    /// The first block whose canaries are dead. The hook is not called.
    pub fn check(&self) -> Result<usize, Misuse> {
        self.live.with(|live| live.check())
    }

    /// The allocator underneath. What is allocated through it is not guarded.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the books: blocks that are live can no longer go back.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// Takes the block off the books. `None` if it must go no further.
    ///
    /// # Safety
    ///
    /// The block is one of ours, is allocated, and `layout` fits it. (What breaks this is found with luck.)
    unsafe fn strike(&self, block: NonNull<u8>, layout: Layout) -> Option<Fence> {
        // SAFETY: this function's contract.
        let (fence, verdict) = self.live.with(|live| unsafe { live.strike(block, layout) });
        let (kind, goes_on) = match verdict {
            Verdict::Well => return Some(fence),
            Verdict::Damaged(kind) => (kind, true),
            Verdict::Wrong(kind) => (kind, false),
        };
        let made = (kind != MisuseKind::Foreign).then(|| fence.layout()).flatten();
        self.judge.report(&Misuse::new(kind, block, Some(layout), made));
        goes_on.then_some(fence)
    }
}

impl<A: Default> Default for Guarded<A> {
    fn default() -> Self {
        Self::new(A::default())
    }
}

impl<A: fmt::Debug> fmt::Debug for Guarded<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Guarded");
        fields.field("inner", &self.inner).field("misuses", &self.misuses()).finish_non_exhaustive()
    }
}

impl<A> Calls for Guarded<A> {
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
        if layout.size() == 0 {
            return Ok(empty(layout));
        }
        let (whole, front) = Fence::around(layout).ok_or(AllocError)?;
        let base = if zeroed { inner.allocate_zeroed(whole)? } else { inner.allocate(whole)? }.cast::<u8>();
        // SAFETY: the front is a part of the whole.
        let block = unsafe { base.add(front) };
        // SAFETY: the block has its fence around it, all of which is ours, granted just now.
        self.live.with(|live| unsafe { live.enter(block, layout) });
        Ok(noted(block))
    }

    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        // With the fence.
        let block = recalled(block);
        // SAFETY: the caller vouches for the block and its layout.
        let Some(_) = (unsafe { self.strike(block, layout) }) else { return };
        // A block whose layout has no room for a fence was never handed out.
        let Some((whole, front)) = Fence::around(layout) else { return };
        // SAFETY: the block was made with this front before it.
        let base = unsafe { block.sub(front) };
        // SAFETY: what `obtain` got, with the same layout, since the block was found to have this one.
        unsafe { inner.deallocate(base, whole) }
    }

    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted {
        // SAFETY: the caller vouches for the block and its layout.
        let grown = unsafe { self.resize(inner, block, old, new) }?;
        if zeroed {
            // SAFETY: the block has `new.size()` bytes, and `old` is no larger (the caller vouches).
            unsafe { clear(grown, old.size(), new.size()) }
        }
        Ok(grown)
    }

    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        // SAFETY: the caller vouches for the block and its layout.
        unsafe { self.resize(inner, block, old, new) }
    }
}

impl<A> Guarded<A> {
    /// # Safety
    ///
    /// The block is one of ours over `inner`, is allocated, and `old` fits it.
    unsafe fn resize(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        if old.size() == 0 {
            return self.obtain(inner, new, false);
        }
        if new.size() == 0 {
            // SAFETY: this function's contract.
            unsafe { self.give_back(inner, block, old) }
            return Ok(empty(new));
        }
        let after = Fence::around(new).ok_or(AllocError)?;
        // With the fence.
        let block = recalled(block);
        // SAFETY: this function's contract.
        let Some(_) = (unsafe { self.strike(block, old) }) else { return Err(AllocError) };
        // SAFETY: the same; the block is off the books.
        let resized = unsafe { self.resize_struck(inner, block, old, new, after) };
        self.live.with(|live| match resized {
            // SAFETY: the new block lies in what was granted for it with room for its fence. Nobody else has heard of it.
            Ok(moved) => unsafe { live.enter(moved, new) },
            // SAFETY: a resize that failed left the old block as it was, with its fence, and off the books: nobody else uses that.
            Err(_) => unsafe { live.enter(block, old) },
        });
        resized.map(noted)
    }

    /// # Safety
    ///
    /// As for `resize`; `whole` and `front` are those of `new`.
    unsafe fn resize_struck(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        (whole, front): (Layout, usize),
    ) -> Granted {
        let (before, front_before) = Fence::around(old).ok_or(AllocError)?;
        // SAFETY: the block was made with this front before it.
        let base = unsafe { block.sub(front_before) };
        if front == front_before {
            let resized = if whole.size() >= before.size() {
                // SAFETY: what was got from `inner` for the block, with its layout; the new one is no smaller.
                unsafe { inner.grow(base, before, whole) }?
            } else {
                // SAFETY: what was got from `inner` for the block, with its layout; the new one is smaller.
                unsafe { inner.shrink(base, before, whole) }?
            };
            // SAFETY: the front is a part of the whole.
            return Ok(unsafe { resized.cast::<u8>().add(front) });
        }
        let fresh = inner.allocate(whole)?.cast::<u8>();
        // SAFETY: the front is a part of the whole.
        let moved = unsafe { fresh.add(front) };
        // SAFETY: both blocks are allocated, hence apart, and hold at least the smaller of the two sizes.
        unsafe { moved.copy_from_nonoverlapping(block, old.size().min(new.size())) }
        // SAFETY: what was got from `inner` for the block, with its layout; its user gives it up.
        unsafe { inner.deallocate(base, before) }
        Ok(moved)
    }
}

allocator_by_calls!(Guarded);
