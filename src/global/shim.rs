//! The allocator that a program installs.

use core::alloc::{GlobalAlloc, Layout};
use core::{fmt, ptr};
use std::alloc::System;

use super::block::{Block, Held};
use super::core::{Core, footprint, freed_twice};
use super::current::{self, Entered};
use super::home::{Home, Pool};
use super::line::{BLOCK, LARGE, LINE, UNIT};
use super::territory::{self, Territory};
use crate::sync::atomic::AtomicU8;
use crate::track;

/// A `#[global_allocator]` under which any code can be made to allocate from an arena.
///
/// Inside of [`region.enter(..)`](super::Region::enter) whatever the thread allocates comes from the region: every `Vec`,
/// `String` and `HashMap`, in code that has never heard of arenas. Outside it comes from `G`, as if this were not there.
/// All of it is safe, whatever outlives the scope: memory is used again only after it was freed.
///
/// What lies in a region must be freed by Rust's allocator. C code that frees what Rust allocated (`CString::into_raw`, then
/// `free`), which is an error and works by chance over the system's allocator, crashes with what comes from a region.
///
/// `T` is the [territory](super::territory): where the memory of regions comes from.
/// What regions do not use any more is kept for the next ones: [`trim`](Self::trim) gives it to the system, though it stays
/// committed.
///
/// Cost: outside of regions an allocation takes four instructions and a jump before `G` is asked, a free six, where the way
/// is inlined; counted with what a call saves, eleven and fifteen. Inside, an allocation moves a cursor and a free subtracts from two counters.
///
/// ```
/// use arenite::ScopedGlobal;
///
/// #[global_allocator]
/// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
///
/// fn main() {
///     let region = GLOBAL.region();
///     let words = region.enter(|| {
///         let text = String::from("every allocation in here is the region's");
///         text.split(' ').map(str::to_owned).collect::<Vec<String>>()
///     });
///     // What outlives the scope stays valid.
///     assert_eq!(words.len(), 7);
///     assert!(region.live_bytes() > 0);
///     drop(words);
///     assert_eq!(region.live_bytes(), 0);
/// }
/// ```
///
/// Over another allocator: `ScopedGlobal::over(MiMalloc)`.
pub struct ScopedGlobal<T = territory::Virtual, G = System> {
    pub(super) territory: T,
    pub(super) inner: G,
    pub(super) pool: Pool,
    pub(super) installed: AtomicU8,
}

impl<T: Territory, G> fmt::Debug for ScopedGlobal<T, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedGlobal").field("territory", &T::NAME).finish_non_exhaustive()
    }
}

impl ScopedGlobal {
    /// Over the system's allocator. For a `static`; nothing is obtained before the first region is made.
    #[must_use]
    pub const fn new() -> Self {
        ScopedGlobal::over(System)
    }
}

impl Default for ScopedGlobal {
    fn default() -> Self {
        ScopedGlobal::new()
    }
}

impl<G> ScopedGlobal<territory::Virtual, G> {
    /// Over another allocator, from which comes what is allocated outside of regions, and what is large.
    #[must_use]
    pub const fn over(inner: G) -> Self {
        ScopedGlobal::with_territory(territory::Virtual::new(), inner)
    }
}

impl<G> ScopedGlobal<territory::Chained, G> {
    /// Over another allocator, from which comes everything: regions are made of segments of it.
    ///
    /// ```
    /// use std::alloc::System;
    ///
    /// use arenite::{ScopedGlobal, territory};
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal<territory::Chained> = ScopedGlobal::chained_over(System);
    ///
    /// assert_eq!(GLOBAL.region().enter(|| vec![1, 2, 3]), [1, 2, 3]);
    /// ```
    #[must_use]
    pub const fn chained_over(inner: G) -> Self {
        ScopedGlobal::with_territory(territory::Chained::new(), inner)
    }
}

impl<T, G> ScopedGlobal<T, G> {
    const fn with_territory(territory: T, inner: G) -> Self {
        ScopedGlobal { territory, inner, pool: Pool::new(), installed: AtomicU8::new(0) }
    }

    /// What cores of regions of this allocator know it by.
    #[inline(always)]
    pub(super) fn address(&self) -> *const () {
        ptr::from_ref(self).cast()
    }
}

// SAFETY: `find`, `block` and `fresh` are those of the territory.
unsafe impl<T: Territory, G: GlobalAlloc + Sync> Home for ScopedGlobal<T, G> {
    fn find(&self, address: *mut u8) -> Option<&Block> {
        self.territory.find(address)
    }

    fn block(&self, index: u32) -> &Block {
        self.territory.block(index)
    }

    fn fresh(&self) -> Option<Held<'_>> {
        let held = self.territory.fresh(&self.inner)?;
        track::poison(held.block().start(), BLOCK);
        Some(held)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }

    fn inner(&self) -> &dyn GlobalAlloc {
        &self.inner
    }
}

/// The layout that a caller took apart.
#[inline(always)]
fn layout(size: usize, align: usize) -> Layout {
    debug_assert!(Layout::from_size_align(size, align).is_ok());
    // SAFETY: both come from a layout.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

/// Bytes that a block of the inner allocator's counts for. When it is freed nothing but its size is known, so small ones,
/// which come from there beyond a limit, never count.
const fn large(bytes: usize) -> isize {
    if bytes > LARGE { bytes as isize } else { 0 }
}

/// A block for `layout` from the region, or null.
#[cold]
#[inline(never)]
fn alloc_slow(core: &Core, layout: Layout) -> *mut u8 {
    // Whatever runs below here and allocates must not find the cursor on its way.
    let _outside = Entered::outside();
    core.alloc(layout)
}

impl Core {
    /// A block for `layout` from the region, or null: if it is large, if there is no memory, or if the limit is reached.
    pub(super) fn alloc(&self, layout: Layout) -> *mut u8 {
        let bytes = footprint(layout.size());
        if layout.align() > LINE {
            return ptr::null_mut();
        }
        let padding = |pos: *mut u8| pos.addr().wrapping_neg() & (layout.align() - 1);
        let mut pad = padding(self.pos.get());
        let mut new = false;
        if bytes + pad > self.end.get().addr() - self.pos.get().addr() {
            let overflow = if layout.align() <= UNIT { self.take_overflow(bytes) } else { None };
            if let Some(start) = overflow {
                // SAFETY: just taken.
                unsafe { track::occupy(start, layout.size()) };
                return start;
            }
            let worst = bytes + layout.align().saturating_sub(UNIT);
            if worst > LARGE || !self.refill(worst) {
                return ptr::null_mut();
            }
            pad = padding(self.pos.get());
            new = true;
        }
        let Some(start) = self.take(bytes + pad) else { return ptr::null_mut() };
        let block = start.wrapping_add(pad);
        if pad > 0 {
            self.skip(start, pad);
        }
        #[cfg(feature = "escapes")]
        if new {
            self.sample(block);
        }
        let _ = new;
        // SAFETY: just taken.
        unsafe { track::occupy(block, layout.size()) };
        block
    }
}

impl<T: Territory, G: GlobalAlloc + Sync> ScopedGlobal<T, G> {
    /// From the region, if the thread is in one of ours; null if it has to come from elsewhere.
    #[inline(always)]
    fn alloc_within(&self, core: &Core, layout: Layout) -> *mut u8 {
        if layout.align() <= UNIT && core.is_of(self.address()) {
            if let Some(start) = core.take(footprint(layout.size())) {
                // SAFETY: just taken.
                unsafe { track::occupy(start, layout.size()) };
                return start;
            }
        }
        Self::alloc_otherwise(layout.size(), layout.align(), core, self)
    }

    // Here and below: parameters are in an order that leaves those of the caller in their registers, so that the short ways
    // need not move any.
    #[cold]
    #[inline(never)]
    fn alloc_otherwise(size: usize, align: usize, core: &Core, shim: &Self) -> *mut u8 {
        shim.alloc_elsewhere(core, layout(size, align))
    }

    fn alloc_elsewhere(&self, core: &Core, layout: Layout) -> *mut u8 {
        if !core.is_of(self.address()) {
            // The region of another allocator, or somebody who wants to know whether this one is installed.
            core.answer(self.address());
            // SAFETY: `layout` is not of size zero, as our caller's is not.
            return unsafe { self.inner.alloc(layout) };
        }
        let start = alloc_slow(core, layout);
        if !start.is_null() {
            return start;
        }
        let _outside = Entered::outside();
        // SAFETY: `layout` is not of size zero, as our caller's is not.
        let start = unsafe { self.inner.alloc(layout) };
        if !start.is_null() {
            core.count_large(large(layout.size()));
        }
        start
    }

    /// Frees a block of the territory, of which `bytes` is the footprint.
    ///
    /// # Safety
    ///
    /// `[start, start + bytes)` is in `block`, was handed out, and is given up by the caller.
    #[inline(always)]
    unsafe fn free(&self, block: &Block, start: *mut u8, bytes: usize) {
        let current = current::get();
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        let core = unsafe { current.as_ref() };
        match core {
            Some(core) if core.is_last(start, bytes) => core.retreat(start.addr()),
            Some(core) if block.is_of(core.id()) => {
                // SAFETY: blocks stay for ever.
                let block = unsafe { &*ptr::from_ref(block) };
                // SAFETY: the region is this thread's and owns the block; the rest is this function's contract.
                unsafe { core.give_back(block, start, bytes) };
            }
            // SAFETY: this function's contract.
            _ => unsafe { Self::free_for_others(start, bytes, block, self) },
        }
    }

    /// # Safety
    ///
    /// As for [`free`](ScopedGlobal::free).
    #[inline(never)]
    unsafe fn free_for_others(start: *mut u8, bytes: usize, block: &Block, shim: &Self) {
        let own = block.own(start);
        // SAFETY: handed out, and given up by the caller.
        unsafe { track::vacate(own, own.wrapping_add(bytes)) };
        match block.free(block.offset(start), bytes) {
            Ok(None) => {}
            Ok(Some(block)) => {
                let home: &dyn Home = shim;
                home.list(block);
            }
            Err(_) => freed_twice(),
        }
    }

    /// Counts large blocks of the inner allocator.
    fn count_large(&self, bytes: isize) {
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        if let Some(core) = unsafe { current::get().as_ref() } {
            if core.is_of(self.address()) {
                core.count_large(bytes);
            }
        }
    }

    /// # Safety
    ///
    /// As for `GlobalAlloc::dealloc` of the inner allocator.
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_large(start: *mut u8, size: usize, align: usize, shim: &Self) {
        shim.count_large(-large(size));
        let _outside = Entered::outside();
        // SAFETY: this function's contract.
        unsafe { shim.inner.dealloc(start, layout(size, align)) };
    }

    /// # Safety
    ///
    /// As for `GlobalAlloc::realloc`, of a block in `block`.
    #[inline(never)]
    unsafe fn realloc_within(
        &self,
        block: &Block,
        start: *mut u8,
        layout: Layout,
        new_size: usize,
    ) -> *mut u8 {
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        let core = unsafe { current::get().as_ref() };
        let old = footprint(layout.size());
        match core {
            Some(core) if block.is_of(core.id()) => {
                // SAFETY: blocks stay for ever.
                let block = unsafe { &*ptr::from_ref(block) };
                // SAFETY: the region is this thread's and owns the block; the rest is this function's contract.
                if let Some(resized) = unsafe { core.resize(block, start, layout.size(), new_size) } {
                    return resized;
                }
            }
            _ if footprint(new_size) <= old => {
                let kept = footprint(new_size);
                if kept < old {
                    // SAFETY: the end of the block is given up.
                    unsafe { Self::free_for_others(start.wrapping_add(kept), old - kept, block, self) };
                }
                track::unpoison(start, new_size);
                // It may have become longer, within what it takes.
                return block.own(start);
            }
            _ => {}
        }
        // SAFETY: the size is not zero, and does not overflow when rounded up to the alignment (this function's contract).
        let wanted = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: the new size is not zero (this function's contract).
        let fresh = unsafe { self.alloc(wanted) };
        if !fresh.is_null() {
            // SAFETY: both blocks are at least that long, and apart, as both are in use.
            unsafe { ptr::copy_nonoverlapping(start, fresh, layout.size().min(new_size)) };
            // SAFETY: the old block is given up.
            unsafe { self.free(block, start, old) };
        }
        fresh
    }
}

// SAFETY: a block comes from the inner allocator, and goes back to it; or it is `bytes` bytes of a block of the territory,
// which are handed out once until they are freed. Which of the two it is, its address says. No method unwinds: there is
// nothing here that panics, and the inner allocator does not.
unsafe impl<T: Territory, G: GlobalAlloc + Sync> GlobalAlloc for ScopedGlobal<T, G> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        match unsafe { current::get().as_ref() } {
            // SAFETY: the caller's promise is the callee's.
            None => unsafe { self.inner.alloc(layout) },
            Some(core) => self.alloc_within(core, layout),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match self.territory.find(start) {
            // SAFETY: not in the territory, so it came from the inner allocator; the rest is the caller's promise.
            None if layout.size() > LARGE => unsafe {
                Self::dealloc_large(start, layout.size(), layout.align(), self)
            },
            // SAFETY: not in the territory, so it came from the inner allocator; the rest is the caller's promise.
            None => unsafe { self.inner.dealloc(start, layout) },
            // SAFETY: it was handed out with this layout, and is given up (this method's contract).
            Some(block) => unsafe { self.free(block, start, footprint(layout.size())) },
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        let core = match unsafe { current::get().as_ref() } {
            Some(core) if core.is_of(self.address()) => core,
            // SAFETY: the caller's promise is the callee's, and `alloc_otherwise` does the same.
            _ => return unsafe { self.inner.alloc_zeroed(layout) },
        };
        if layout.align() <= UNIT {
            if let Some(start) = core.take(footprint(layout.size())) {
                // SAFETY: just taken, so writable and nobody's.
                unsafe { track::occupy(start, layout.size()) };
                // SAFETY: handed out just now by this region, and nothing since.
                unsafe { core.clear(start, layout.size()) };
                return start;
            }
        }
        let start = alloc_slow(core, layout);
        if !start.is_null() {
            // SAFETY: handed out just now by this region, and nothing since.
            unsafe { core.clear(start, layout.size()) };
            return start;
        }
        let _outside = Entered::outside();
        // SAFETY: the caller's promise is the callee's.
        let start = unsafe { self.inner.alloc_zeroed(layout) };
        if !start.is_null() {
            core.count_large(large(layout.size()));
        }
        start
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        match self.territory.find(start) {
            None => {
                let outside = Entered::outside();
                // SAFETY: not in the territory, so it came from the inner allocator; the rest is the caller's promise.
                let moved = unsafe { self.inner.realloc(start, layout, new_size) };
                drop(outside);
                if layout.size().max(new_size) > LARGE && !moved.is_null() {
                    self.count_large(large(new_size) - large(layout.size()));
                }
                moved
            }
            // SAFETY: the caller's promise is the callee's.
            Some(block) => unsafe { self.realloc_within(block, start, layout, new_size) },
        }
    }
}
