//! [`Pool`].

use core::fmt;
use core::marker::PhantomData;

use allocator_api2::alloc::{AllocError, Allocator};

use super::boxed::PoolBox;
use super::error::InsertError;
use super::slots::{self, GiveBack, Slots};
use super::stats::PoolStats;
use crate::backing::Global;

/// Values of one type, each in a slot that is used again once its value is gone.
///
/// [`insert`](Pool::insert) gives a [`PoolBox`], which owns the value, is one word long, and gives the slot back when it is
/// dropped. Both take constant time, and go through `&Pool`, so boxes live side by side and may hold each other: a tree is
/// a type that has boxes of its own type.
///
/// Slots lie in *slabs* that come from `A`, stay where they are, and double: the first has about 1 KiB. A slot has one word
/// in front of its value. Slabs go back to the allocator when the pool is dropped; empty ones are kept until then.
///
/// A box that is forgotten keeps its slot, until [`reset`](Pool::reset) takes all slots back; its value is never dropped.
/// So the pool never touches a value, may be sent to other threads whatever `T` is, and values may refer to each other.
/// Boxes stay on the thread of their pool.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use arenite::pool::{Pool, PoolBox};
///
/// struct Node<'p> {
///     word: String,
///     next: Option<PoolBox<'p, Node<'p>>>,
/// }
///
/// let pool = Pool::new();
/// let last = pool.insert(Node { word: "sand".into(), next: None });
/// let first = pool.insert(Node { word: "of".into(), next: Some(last) });
/// assert_eq!(first.next.as_ref().map(|node| node.word.as_str()), Some("sand"));
/// drop(first); // and what it owns
/// assert_eq!(pool.stats().live, 0);
/// # }
/// ```
///
/// In memory of your choice, with a bound:
///
/// ```
/// use arenite::pool::Pool;
/// use arenite::{Arena, Buffer, Fixed};
///
/// let mut buffer = Buffer::<256>::new();
/// let arena = Arena::new_in(Fixed::from(&mut buffer));
/// let pool = Pool::with_capacity_in(2, &arena).limit(2);
/// let (a, b) = (pool.insert(1_u64), pool.insert(2_u64));
/// assert_eq!(pool.try_insert(3).unwrap_err().into_value(), 3);
/// drop(a);
/// assert_eq!(*pool.insert(4) + *b, 6);
/// ```
pub struct Pool<T, A: Allocator = Global> {
    slots: Slots<A>,
    // Makes values and never drops one.
    values: PhantomData<fn() -> T>,
}

// SAFETY: the pointers lead to slabs, which the pool owns through its allocator. It touches no value, and boxes borrow it,
// so that there are none that could be used while it moves.
unsafe impl<T, A: Allocator + Send> Send for Pool<T, A> {}

#[cfg(feature = "alloc")]
impl<T> Pool<T> {
    /// A pool in memory of the global allocator. Nothing is allocated yet.
    pub const fn new() -> Self {
        Self::new_in(Global)
    }

    /// A pool whose first `slots` slots are there already.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    pub fn with_capacity(slots: usize) -> Self {
        Self::with_capacity_in(slots, Global)
    }
}

impl<T, A: Allocator> Pool<T, A> {
    /// A pool in memory of `alloc`. Nothing is allocated yet.
    pub const fn new_in(alloc: A) -> Self {
        Pool { slots: Slots::new::<T>(alloc), values: PhantomData }
    }

    /// A pool in memory of `alloc` whose first `slots` slots are there already, in one slab that has no others.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    #[track_caller]
    pub fn with_capacity_in(slots: usize, alloc: A) -> Self {
        let pool = Self::new_in(alloc);
        pool.reserve(slots);
        pool
    }

    /// At most `slots` slots, those of forgotten boxes included. Below what is there already, the limit keeps the pool
    /// from getting more.
    #[must_use]
    pub fn limit(mut self, slots: usize) -> Self {
        self.slots.slabs.set_limit(slots);
        self
    }

    /// How many slots the first slab has, if it is not obtained by [`reserve`](Self::reserve). The others follow from it.
    #[must_use]
    pub fn first_slab(mut self, slots: usize) -> Self {
        self.slots.slabs.set_first(slots);
        self
    }

    /// Moves `value` into a slot. O(1).
    ///
    /// # Panics
    ///
    /// Panics if there is no slot: the limit is reached, or there is no memory. [`try_insert`](Self::try_insert) returns
    /// an error instead.
    #[inline]
    #[track_caller]
    pub fn insert(&self, value: T) -> PoolBox<'_, T> {
        match self.slots.take::<T>() {
            // SAFETY: the slot was taken just now, and is forgotten here.
            Ok(place) => unsafe { PoolBox::put(&self.slots.free, place, value) },
            Err(_) => self.slots.slabs.refuse(),
        }
    }

    /// As [`insert`](Self::insert), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`InsertError`], with the value, if there is no slot.
    #[inline]
    pub fn try_insert(&self, value: T) -> Result<PoolBox<'_, T>, InsertError<T>> {
        match self.slots.take::<T>() {
            // SAFETY: the slot was taken just now, and is forgotten here.
            Ok(place) => Ok(unsafe { PoolBox::put(&self.slots.free, place, value) }),
            Err(_) => Err(InsertError::new(value)),
        }
    }

    /// Makes a value in a slot, where the optimiser can do without a copy of it. O(1). If `make` panics, the slot is free
    /// again.
    ///
    /// # Panics
    ///
    /// Panics if there is no slot; `make` is not called then.
    #[inline]
    #[track_caller]
    pub fn insert_with(&self, make: impl FnOnce() -> T) -> PoolBox<'_, T> {
        match self.try_insert_with(make) {
            Ok(boxed) => boxed,
            Err(_) => self.slots.slabs.refuse(),
        }
    }

    /// As [`insert_with`](Self::insert_with), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no slot.
    #[inline]
    pub fn try_insert_with(&self, make: impl FnOnce() -> T) -> Result<PoolBox<'_, T>, AllocError> {
        let place = self.slots.take::<T>()?;
        // SAFETY: the slot was taken just now, and if the guard is dropped nobody has it.
        let guard = unsafe { GiveBack::new(&self.slots.free, place, size_of::<T>()) };
        let value = make();
        core::mem::forget(guard);
        // SAFETY: the slot was taken just now, and is forgotten here.
        Ok(unsafe { PoolBox::put(&self.slots.free, place, value) })
    }

    /// Sees to it that the next `more` values need no call to the allocator.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them, or the limit forbids them.
    #[track_caller]
    pub fn reserve(&self, more: usize) {
        if self.try_reserve(more).is_err() {
            self.slots.slabs.refuse();
        }
    }

    /// As [`reserve`](Self::reserve), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them, or the limit forbids them.
    pub fn try_reserve(&self, more: usize) -> Result<(), AllocError> {
        self.slots.reserve(more)
    }

    /// Takes all slots back, those of forgotten and leaked boxes included, and keeps the slabs. Drops no value. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use arenite::pool::{Pool, PoolBox};
    ///
    /// let mut pool = Pool::new();
    /// let numbers: Vec<&mut i32> = (0..10).map(|n| PoolBox::leak(pool.insert(n))).collect();
    /// assert_eq!(numbers.into_iter().map(|n| *n).sum::<i32>(), 45);
    /// pool.reset();
    /// assert_eq!(pool.stats().live, 0);
    /// # }
    /// ```
    pub fn reset(&mut self) {
        self.slots.reset();
    }

    /// Figures. O(slabs), of which there are a few dozen at most.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// let pool = arenite::pool::Pool::with_capacity(10);
    /// let a = pool.insert(1_u64);
    /// drop((pool.insert(2), a));
    /// assert_eq!(pool.stats().to_string(), "0 live (peak 2) of 10 slots, 160 B in 1 slab");
    /// # }
    /// ```
    pub fn stats(&self) -> PoolStats {
        self.slots.stats()
    }

    /// Where the slabs come from.
    pub const fn allocator(&self) -> &A {
        self.slots.slabs.allocator()
    }
}

#[cfg(feature = "alloc")]
impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, A: Allocator> fmt::Debug for Pool<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl<'p, T> PoolBox<'p, T> {
    /// # Safety
    ///
    /// `place` is that of a slot taken from `free` for a `T`, and nobody else's.
    #[inline(always)]
    unsafe fn put(free: &'p slots::Free, place: core::ptr::NonNull<u8>, value: T) -> Self {
        // SAFETY: the slot is taken (this function's contract).
        unsafe { slots::set_owner(place, free) };
        let place = place.cast::<T>();
        // SAFETY: the place is aligned, writable and nobody's (this function's contract).
        unsafe { place.write(value) };
        // SAFETY: the value was written just now, in a slot that is nobody else's. Its owner is noted and is a part of the pool,
        // which is borrowed for `'p`. The pointer is that of the slot, with provenance for the owner's note before the value.
        unsafe { PoolBox::from_raw(place.as_ptr()) }
    }
}
