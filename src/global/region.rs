//! Regions: what a program enters.

use core::alloc::GlobalAlloc;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr;

use super::core::Core;
use super::current::{self, Entered};
use super::home::Home;
use super::installed::RegionError;
use super::shim::ScopedGlobal;
use super::territory::Territory;

/// Blocks that are looked at when a region is left: those that other threads have emptied.
const SWEPT: usize = 64;

/// A region of memory, made by [`ScopedGlobal::region`].
///
/// One pointer. It can be entered again and again, and sent to another thread; it is used by one thread at a time.
///
/// Dropped, it gives its memory to whoever comes next, but for the lines (512 bytes) in which something is still in use:
/// what outlives the region stays valid for as long as it lives.
pub struct Region {
    pub(super) core: &'static Core,
    // Its cursor is no other thread's.
    _not_sync: PhantomData<Cell<()>>,
}

impl<T: Territory, G: GlobalAlloc + Sync + 'static> ScopedGlobal<T, G> {
    /// A region: two atomic operations.
    ///
    /// # Panics
    ///
    /// If there is none to be had: see [`try_region`](ScopedGlobal::try_region).
    #[must_use]
    pub fn region(&'static self) -> Region {
        match self.try_region() {
            Ok(region) => region,
            Err(error) => panic!("{error}"),
        }
    }

    /// A region, or why there is none.
    ///
    /// # Errors
    ///
    /// If the static is not the `#[global_allocator]`, or if there is no address space or no memory.
    ///
    /// ```
    /// use arenite::{RegionError, ScopedGlobal};
    ///
    /// // Not installed.
    /// static OTHER: ScopedGlobal = ScopedGlobal::new();
    ///
    /// let error = OTHER.try_region().unwrap_err();
    /// assert_eq!(error, RegionError::NotInstalled);
    /// ```
    #[inline]
    pub fn try_region(&'static self) -> Result<Region, RegionError> {
        if !self.is_installed() {
            return Err(RegionError::NotInstalled);
        }
        self.territory.prepare().map_err(|code| RegionError::NoAddressSpace { code })?;
        Region::make(self, self.address(), None)
    }

    /// A handle to the region that this thread is in, if it is one of this allocator's: for threads and tasks that are
    /// started in it, which do not inherit it. (A task is where it is polled.)
    ///
    /// ```
    /// use arenite::ScopedGlobal;
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// let region = GLOBAL.region().with_limit(1 << 20);
    /// region.enter(|| {
    ///     let current = GLOBAL.current().unwrap();
    ///     std::thread::scope(|scope| {
    ///         // The same limit and the same sum, but memory of its own.
    ///         scope.spawn(move || current.sibling().unwrap().enter(|| vec![0; 1000].len()));
    ///     });
    /// });
    /// ```
    #[must_use]
    pub fn current(&'static self) -> Option<Current> {
        // SAFETY: null, or aligned, initialised and borrowed until this call has returned (`current::get`), which keeps it no
        // longer; nobody has it exclusively.
        let core = unsafe { current::get().as_ref() }?;
        if !core.is_of(self.address()) {
            return None;
        }
        let payer = core.payer();
        payer.account.join();
        Some(Current { payer })
    }

    /// Runs `call` outside of every region: for what is meant to outlive them, such as the entries of a cache, and for waits
    /// in which a thread may run what is not of its own (`rayon::join`, `block_on`).
    ///
    /// ```
    /// use arenite::ScopedGlobal;
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// let region = GLOBAL.region();
    /// let kept = region.enter(|| {
    ///     let scratch = vec![1, 2, 3];
    ///     GLOBAL.outside(|| scratch.clone())
    /// });
    /// assert_eq!(region.live_bytes(), 0);
    /// assert_eq!(kept, [1, 2, 3]);
    /// ```
    #[inline]
    pub fn outside<R>(&'static self, call: impl FnOnce() -> R) -> R {
        let _outside = Entered::outside();
        call()
    }
}

impl Region {
    /// A region of `home`, which is at `address`. It uses the account of `sibling`, if there is one.
    #[inline]
    fn make(
        home: &'static dyn Home,
        address: *const (),
        sibling: Option<&'static Core>,
    ) -> Result<Region, RegionError> {
        let core = {
            let _outside = Entered::outside();
            home.pool().cores.take(home.inner()).ok_or(RegionError::OutOfMemory)?
        };
        core.home.set(Some(home));
        core.home_address.set(address);
        core.reported.set(0);
        core.large.set(0);
        core.escaped.set(0);
        match sibling {
            None => core.account.begin(),
            Some(payer) => payer.account.join(),
        }
        core.payer.set(sibling.unwrap_or(core));
        Ok(Region { core, _not_sync: PhantomData })
    }

    /// Runs `call` in the region: what this thread allocates meanwhile, in whatever code, comes from it. What is freed is
    /// freed where it came from, in here or elsewhere.
    ///
    /// May be nested to any depth, with other regions or the same. A new thread is outside. A job or a task is where the code
    /// that runs it is, whoever started it: a thread that waits in here may run what is not of its own, in this region. See
    /// [the guide](crate::guide::global#threads-and-tasks); wait in [`outside`](ScopedGlobal::outside).
    ///
    /// Cost: some eighty instructions.
    ///
    /// # Panics
    ///
    /// As `call` does; the thread is then in the region, or in none, in which it was before.
    #[inline]
    pub fn enter<R>(&self, call: impl FnOnce() -> R) -> R {
        let _depth = Depth::new(self.core);
        let _entered = Entered::new(self.core);
        call()
    }

    /// As [`enter`](Region::enter), for one who comes back soon: little is tidied up.
    #[inline]
    pub(super) fn visit<R>(&self, call: impl FnOnce() -> R) -> R {
        let entered = Entered::new(self.core);
        let result = call();
        drop(entered);
        self.core.release_most_spares();
        result
    }

    /// The region, which is allowed to have `bytes` bytes in use, as its siblings have together. What is allocated beyond
    /// that comes from the inner allocator, and [`over_limit`](Region::over_limit) becomes true: an allocator can neither
    /// unwind nor fail without ending the process.
    ///
    /// Bytes are counted by lines of 512. Large blocks, which come from the inner allocator in any case, count while they
    /// are allocated and freed inside of the region; one of more than 16 KiB is noticed even if it is freed at once.
    ///
    /// The border is not sharp. A sibling counts in full the block of 16 KiB that it fills, also while it is left. And what the
    /// region frees of that which earlier ones left in its blocks is taken from what it uses itself, until the limit is near.
    #[must_use]
    pub fn with_limit(self, bytes: usize) -> Self {
        self.core.payer().account.set_limit(bytes);
        self
    }

    /// Bytes that the region and its siblings may have in use.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        let limit = self.core.payer().account.limit();
        (limit != usize::MAX).then_some(limit)
    }

    /// The region, with a name that its statistics show, as do those of its siblings.
    ///
    /// # Panics
    ///
    /// If it has siblings already, or there are handles from which they can be made.
    #[must_use]
    pub fn with_name(self, name: &'static str) -> Self {
        let account = &self.core.payer().account;
        assert!(account.is_alone(), "a region gets its name before there are others that share it");
        account.set_name(name);
        self
    }

    /// The name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.core.payer().account.name()
    }

    /// Whether more was asked for than the limit allows, by the region or a sibling, since the first was made or one of them
    /// was reset.
    #[must_use]
    pub fn over_limit(&self) -> bool {
        self.core.payer().account.is_over() || !self.core.has_left(0)
    }

    /// Bytes in use that came from the region's own memory, rounded up to 8 for each block.
    ///
    /// Cost: a look at each block of 16 KiB that the region has.
    #[must_use]
    pub fn live_bytes(&self) -> usize {
        self.core.in_use()
    }

    /// Begins anew. What is in use stays valid, and is nobody's from now on.
    pub fn reset(&mut self) {
        self.core.release_all();
        self.core.escaped.set(0);
        self.core.large.set(0);
        self.core.report();
        self.core.payer().account.set_over(false);
    }

    /// Gives all of the region's memory up for reuse, whether it is in use or not: what lives in it need not be dropped,
    /// it can be forgotten.
    ///
    /// # Safety
    ///
    /// Nothing that was allocated in this region since it was made or last [reset](Region::reset) will be used or freed
    /// from now on, by any thread:
    ///
    /// * every value that owns such memory was forgotten (`mem::forget`, `ManuallyDrop`), also those inside of others;
    /// * no thread-local, static, cache or lazily made value of any library came to be in it: enter them once
    ///   [outside](ScopedGlobal::outside) before, or [warm up](ScopedGlobal::warm_up);
    /// * no other thread has freed or will free any of it from the call on.
    pub unsafe fn reclaim(self) {
        // SAFETY: this function's contract.
        unsafe { self.core.reclaim() };
    }
}

impl Drop for Region {
    #[inline]
    fn drop(&mut self) {
        let core = self.core;
        // Nobody would count it as freed any more, in what siblings have in common.
        core.large.set(0);
        core.release_all();
        let payer = core.payer();
        let home = core.home();
        let last = payer.account.leave();
        if !ptr::eq(core, payer) {
            // SAFETY: no block is its any more, and nobody uses its account.
            unsafe { home.pool().cores.put(core) };
        }
        if last {
            // SAFETY: no block is its any more: its region, a user of the account, has ended.
            unsafe { home.pool().cores.put(payer) };
        }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// One more time that a region is entered; when the last is over, it is tidied up.
struct Depth(&'static Core);

impl Depth {
    #[inline]
    fn new(core: &'static Core) -> Self {
        core.depth.set(core.depth.get() + 1);
        Depth(core)
    }
}

impl Drop for Depth {
    #[inline]
    fn drop(&mut self) {
        let depth = self.0.depth.get() - 1;
        self.0.depth.set(depth);
        if depth == 0 {
            self.0.left();
        }
    }
}

impl Core {
    /// The region was left for good.
    #[inline]
    pub(super) fn left(&self) {
        #[cfg(feature = "escapes")]
        self.judge();
        self.sweep(SWEPT);
        self.release_spares();
        let room = self.room();
        self.escaped.set((self.held.get() - room as isize).max(0) as usize);
        // Siblings are not to be refused what is not in use any more.
        if !self.payer().account.is_alone() {
            self.report();
        }
    }
}

/// A handle to the region that a thread was in when it called [`ScopedGlobal::current`].
///
/// It keeps the region's name, limit and sum alive, not its memory.
pub struct Current {
    payer: &'static Core,
}

impl Current {
    /// A region that shares name, limit and sum with this one, and has memory of its own.
    ///
    /// # Errors
    ///
    /// If the inner allocator has no memory for its state.
    pub fn sibling(&self) -> Result<Region, RegionError> {
        let home = self.payer.home();
        Region::make(home, self.payer.home_address.get(), Some(self.payer))
    }
}

impl Clone for Current {
    fn clone(&self) -> Self {
        self.payer.account.join();
        Current { payer: self.payer }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let home = self.payer.home();
        if self.payer.account.leave() {
            // SAFETY: its region, a user of the account, has ended, so no block is its any more.
            unsafe { home.pool().cores.put(self.payer) };
        }
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("name", &self.payer.account.name()).finish_non_exhaustive()
    }
}
