//! [`ObjectPool`].

use core::cell::Cell;
use core::fmt;
use core::ptr;

use allocator_api2::alloc::{AllocError, Allocator};

use super::reusable::{Origin, Reusable};
use super::slots::{Chain, GiveBack, Slots};
use super::stats::PoolStats;
use crate::backing::Global;

/// Objects that are made when they are first needed, lent, and kept for their next use with all that they hold: buffers
/// keep their capacity, connections stay open.
///
/// [`get_or_init`](ObjectPool::get_or_init) lends one as a [`Reusable`]. When that is dropped the object goes back as it is,
/// or as the function given to [`reset_by`](ObjectPool::reset_by) leaves it. The one that came back last is lent first. All
/// takes constant time, and goes through `&ObjectPool`.
///
/// Objects that are kept are dropped with the pool. One whose `Reusable` is forgotten is not, and keeps its slot. Slabs are
/// as those of [`Pool`](super::Pool).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use arenite::pool::ObjectPool;
///
/// let buffers = ObjectPool::new().reset_by(|buffer: &mut Vec<u8>| {
///     buffer.clear();
///     buffer.shrink_to(64 << 10); // what a large round leaves behind
/// });
/// for line in ["grains", "of sand"] {
///     let mut buffer = buffers.get_or_init(|| Vec::with_capacity(1000));
///     buffer.extend_from_slice(line.as_bytes()); // allocates nothing
///     assert_eq!(buffer.len(), line.len());
/// }
/// assert_eq!(buffers.stats().kept, 1);
/// # }
/// ```
pub struct ObjectPool<T, A: Allocator = Global> {
    slots: Slots<A>,
    kept: Kept<T>,
}

/// What an object is given back to.
pub(super) struct Kept<T> {
    chain: Chain,
    /// Objects in the chain.
    count: Cell<usize>,
    /// The most of them.
    most: usize,
    reset: Option<fn(&mut T)>,
}

impl<T> Kept<T> {
    /// Whether an object that comes back is to be kept.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        self.count.get() < self.most
    }

    #[inline(always)]
    pub(super) fn reset(&self) -> Option<fn(&mut T)> {
        self.reset
    }

    /// Keeps an object.
    ///
    /// # Safety
    ///
    /// `place` has an object, initialised, in a slot of this pool, and nobody else uses it.
    #[inline(always)]
    pub(super) unsafe fn put(&self, place: ptr::NonNull<u8>) {
        crate::track::poison(place.as_ptr(), size_of::<T>());
        // SAFETY: the slot stays taken, and is the chain's now (this function's contract).
        unsafe { self.chain.push(place) };
        self.count.set(self.count.get() + 1);
    }

    /// An object, initialised, which is the caller's now.
    #[inline(always)]
    fn take(&self) -> Option<ptr::NonNull<u8>> {
        let place = self.chain.pop()?;
        self.count.set(self.count.get() - 1);
        crate::track::unpoison(place.as_ptr(), size_of::<T>());
        Some(place)
    }
}

// SAFETY: the pointers lead to slabs, which the pool owns through its allocator, and which hold values of type `T`. What is
// lent borrows the pool, so nothing is while it moves.
unsafe impl<T: Send, A: Allocator + Send> Send for ObjectPool<T, A> {}

#[cfg(feature = "alloc")]
impl<T> ObjectPool<T> {
    /// A pool in memory of the global allocator. Nothing is allocated yet.
    pub const fn new() -> Self {
        Self::new_in(Global)
    }
}

impl<T, A: Allocator> ObjectPool<T, A> {
    /// A pool in memory of `alloc`. Nothing is allocated yet.
    pub const fn new_in(alloc: A) -> Self {
        let kept = Kept { chain: Chain::new(), count: Cell::new(0), most: usize::MAX, reset: None };
        ObjectPool { slots: Slots::new::<T>(alloc), kept }
    }

    /// At most `slots` objects, lent and kept together.
    #[must_use]
    pub fn limit(mut self, slots: usize) -> Self {
        self.slots.slabs.set_limit(slots);
        self
    }

    /// At most `objects` are kept: one that comes back when there are so many is dropped, and its slot is free.
    #[must_use]
    pub fn keep_at_most(mut self, objects: usize) -> Self {
        self.kept.most = objects;
        self
    }

    /// How many slots the first slab has, if it is not obtained by [`fill`](Self::fill). The others follow from it.
    #[must_use]
    pub fn first_slab(mut self, slots: usize) -> Self {
        self.slots.slabs.set_first(slots);
        self
    }

    /// Calls `reset` with each object that comes back, before it is kept. If `reset` panics, the object is dropped.
    #[must_use]
    pub fn reset_by(mut self, reset: fn(&mut T)) -> Self {
        self.kept.reset = Some(reset);
        self
    }

    /// Lends an object: one that was kept, or the one that `init` makes if there is none. O(1).
    ///
    /// # Panics
    ///
    /// Panics if there is no slot: the limit is reached, or there is no memory. `init` is not called then.
    #[inline]
    #[track_caller]
    pub fn get_or_init(&self, init: impl FnOnce() -> T) -> Reusable<'_, T> {
        match self.try_get_or_init(init) {
            Ok(object) => object,
            Err(_) => self.slots.slabs.refuse(),
        }
    }

    /// As [`get_or_init`](Self::get_or_init), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no slot.
    #[inline]
    pub fn try_get_or_init(&self, init: impl FnOnce() -> T) -> Result<Reusable<'_, T>, AllocError> {
        let place = match self.kept.take() {
            Some(place) => place,
            None => self.make(init)?,
        };
        // SAFETY: the object is initialised, and the caller's; its slot is this pool's.
        Ok(unsafe { Reusable::lend(place, self.origin()) })
    }

    /// Lends an object: one that was kept, or the default.
    ///
    /// # Panics
    ///
    /// Panics if there is no slot.
    #[inline]
    #[track_caller]
    pub fn get(&self) -> Reusable<'_, T>
    where
        T: Default,
    {
        self.get_or_init(T::default)
    }

    /// Makes objects by `init` until `objects` are kept, for use later.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them, or a limit forbids them. What was made stays.
    pub fn fill(&self, objects: usize, mut init: impl FnMut() -> T) -> Result<(), AllocError> {
        if objects > self.kept.most {
            return Err(AllocError);
        }
        self.slots.reserve(objects.saturating_sub(self.kept.count.get()))?;
        while self.kept.count.get() < objects {
            let place = self.make(&mut init)?;
            if self.kept.has_room() {
                // SAFETY: the object was made just now, in a slot of this pool.
                unsafe { self.kept.put(place) };
            } else {
                // What `init` had borrowed itself has come back.
                // SAFETY: the object was made just now, in a slot of this pool, and is lent to nobody else.
                drop(unsafe { Reusable::lend(place, self.origin()) });
            }
        }
        Ok(())
    }

    /// A new object in a slot.
    #[inline]
    fn make(&self, init: impl FnOnce() -> T) -> Result<ptr::NonNull<u8>, AllocError> {
        let place = self.slots.take::<T>()?;
        // SAFETY: the slot was taken just now, and if the guard is dropped nobody has it.
        let guard = unsafe { GiveBack::new(&self.slots.free, place, size_of::<T>()) };
        let object = init();
        core::mem::forget(guard);
        // SAFETY: the place is aligned, writable and nobody's.
        unsafe { place.cast::<T>().write(object) };
        Ok(place)
    }

    #[inline(always)]
    fn origin(&self) -> Origin<'_, T> {
        Origin { free: &self.slots.free, kept: &self.kept }
    }

    /// Drops the objects that are kept. Their slots stay, and are free. O(kept).
    pub fn clear(&mut self) {
        let clearing = Clearing(self);
        clearing.0.clear_once();
        core::mem::forget(clearing);
    }

    /// Drops the objects that are kept, up to the first whose drop panics.
    fn clear_once(&self) {
        while let Some(place) = self.kept.take() {
            // Also if the object's own drop panics.
            // SAFETY: the object is dropped before the guard is, and nobody has it then.
            let _guard = unsafe { GiveBack::new(&self.slots.free, place, size_of::<T>()) };
            // SAFETY: what is kept is an initialised object, aligned, which nobody else has.
            unsafe { ptr::drop_in_place(place.cast::<T>().as_ptr()) };
        }
    }

    /// Figures. O(slabs), of which there are a few dozen at most.
    pub fn stats(&self) -> PoolStats {
        let kept = self.kept.count.get();
        let stats = self.slots.stats();
        PoolStats { live: stats.live - kept, kept, ..stats }
    }

    /// Where the slabs come from.
    pub const fn allocator(&self) -> &A {
        self.slots.slabs.allocator()
    }
}

/// Goes on with the other objects when the drop of one panics.
struct Clearing<'a, T, A: Allocator>(&'a mut ObjectPool<T, A>);

impl<T, A: Allocator> Drop for Clearing<'_, T, A> {
    fn drop(&mut self) {
        self.0.clear_once();
    }
}

impl<T, A: Allocator> Drop for ObjectPool<T, A> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(feature = "alloc")]
impl<T> Default for ObjectPool<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, A: Allocator> fmt::Debug for ObjectPool<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectPool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
