//! Slots for values of one size, each with a word in front: what [`Pool`](super::Pool) and
//! [`ObjectPool`](super::ObjectPool) have in common. Knows nothing of types.
//!
//! ```text
//! slot   [ word | place of the value ]   the word of a free slot leads to the next free one,
//!                                        that of a taken slot to whom it is given back
//! ```

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

use allocator_api2::alloc::{AllocError, Allocator};

use super::slabs::Slabs;
use super::stats::PoolStats;
use crate::track;

const WORD: usize = size_of::<*const ()>();

/// How the slot of a value of type `T` is laid out.
pub(super) struct Shape<T>(core::marker::PhantomData<T>);

impl<T> Shape<T> {
    /// Where in its slot the value is, in bytes. The word is right in front of it.
    pub(super) const PLACE: usize = if align_of::<T>() > WORD { align_of::<T>() } else { WORD };

    /// The layout of a slot.
    pub(super) const SLOT: Layout = match Layout::from_size_align(Self::PLACE + size_of::<T>(), Self::PLACE) {
        Ok(layout) => layout.pad_to_align(),
        Err(_) => panic!("a value of this type has no room for a word in front of it"),
    };
}

/// The word in front of a value.
///
/// # Safety
///
/// `place` is that of a value in a slot, with provenance for all of the slot.
#[inline(always)]
unsafe fn word(place: NonNull<u8>) -> *mut *const () {
    // SAFETY: the word lies in front of the value, in the same slot (this function's contract).
    unsafe { place.as_ptr().cast::<*const ()>().sub(1) }
}

/// Whom a taken slot is given back to, as it was set by [`set_owner`].
///
/// # Safety
///
/// As for [`set_owner`], which has been called since the slot was taken.
#[inline(always)]
pub(super) unsafe fn owner<O>(place: NonNull<u8>) -> *const O {
    // SAFETY: the caller's promise is the callee's.
    let word = unsafe { word(place) };
    // SAFETY: readable and initialised by `set_owner`.
    unsafe { word.read() }.cast()
}

/// Notes whom a slot, taken just now, is given back to.
///
/// # Safety
///
/// `place` is that of a taken slot, as the pool handed it out.
#[inline(always)]
pub(super) unsafe fn set_owner<O>(place: NonNull<u8>, owner: *const O) {
    // SAFETY: the caller's promise is the callee's.
    let word = unsafe { word(place) };
    // SAFETY: writable, as the slot is taken and nobody else's.
    unsafe { word.write(owner.cast()) };
}

/// A chain of places, each with its successor in the word in front of it. The last that came is the first to go.
pub(super) struct Chain(Cell<*mut u8>);

impl Chain {
    pub(super) const fn new() -> Self {
        Chain(Cell::new(ptr::null_mut()))
    }

    #[inline(always)]
    pub(super) fn pop(&self) -> Option<NonNull<u8>> {
        let place = NonNull::new(self.0.get())?;
        // SAFETY: what is in the chain is a place of a free slot, by `push`.
        let next: *const u8 = unsafe { owner(place) };
        self.0.set(next.cast_mut());
        Some(place)
    }

    /// # Safety
    ///
    /// `place` is that of a slot which stays as long as it is in the chain, and nobody else uses its word.
    #[inline(always)]
    pub(super) unsafe fn push(&self, place: NonNull<u8>) {
        // SAFETY: the slot's word is the chain's now (this function's contract).
        unsafe { set_owner(place, self.0.get().cast_const()) };
        self.0.set(place.as_ptr());
    }

    fn clear(&self) {
        self.0.set(ptr::null_mut());
    }
}

/// Which slots are free. Has no type parameter, so that a box, which is one pointer, finds it by the word of its slot.
pub(super) struct Free {
    chain: Chain,
    /// The first slot of the present slab that was never taken, and the end of the slab.
    fresh: Cell<*mut u8>,
    end: Cell<*mut u8>,
    /// Slots taken.
    taken: Cell<usize>,
}

impl Free {
    /// A free slot, if there is one at hand: the place of its value.
    #[inline(always)]
    fn take<T>(&self) -> Option<NonNull<u8>> {
        let place = match self.chain.pop() {
            Some(place) => place,
            None => self.take_fresh::<T>()?,
        };
        self.taken.set(self.taken.get() + 1);
        // SAFETY: the slot is free, so its place is nobody's.
        unsafe { track::occupy(place.as_ptr(), size_of::<T>()) };
        Some(place)
    }

    #[inline(always)]
    fn take_fresh<T>(&self) -> Option<NonNull<u8>> {
        let slot = self.fresh.get();
        if slot == self.end.get() {
            return None;
        }
        // SAFETY: there is a slot at `fresh`, which ends at or before `end`, in the same slab.
        self.fresh.set(unsafe { slot.add(Shape::<T>::SLOT.size()) });
        // SAFETY: the place is in the slot.
        let place = unsafe { slot.add(Shape::<T>::PLACE) };
        // SAFETY: a pointer into a slab is not null.
        let place = unsafe { NonNull::new_unchecked(place) };
        // SAFETY: a place, with the provenance of its slab.
        track::unpoison(unsafe { word(place) }.cast(), WORD);
        Some(place)
    }

    /// Takes a slot back, in which a value of `bytes` bytes was.
    ///
    /// # Safety
    ///
    /// `place` is that of a slot taken from here, with provenance for all of the slot, and nobody uses it any more.
    #[inline(always)]
    pub(super) unsafe fn give(&self, place: NonNull<u8>, bytes: usize) {
        // SAFETY: the place has so many bytes, and nobody uses them (this function's contract).
        let end = unsafe { place.as_ptr().add(bytes) };
        // SAFETY: as above.
        unsafe { track::vacate(place.as_ptr(), end) };
        // SAFETY: the slot is free now, and stays as long as its pool, whose part this is.
        unsafe { self.chain.push(place) };
        self.taken.set(self.taken.get() - 1);
    }
}

/// Gives a slot back when it is dropped: for as long as the user's code has its value in hand.
pub(super) struct GiveBack<'a> {
    free: &'a Free,
    place: NonNull<u8>,
    bytes: usize,
}

impl<'a> GiveBack<'a> {
    /// # Safety
    ///
    /// As for [`Free::give`], once this is dropped.
    #[inline(always)]
    pub(super) unsafe fn new(free: &'a Free, place: NonNull<u8>, bytes: usize) -> Self {
        GiveBack { free, place, bytes }
    }
}

impl Drop for GiveBack<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: whoever made this guard promised it.
        unsafe { self.free.give(self.place, self.bytes) };
    }
}

/// Slots in slabs.
pub(super) struct Slots<A: Allocator> {
    pub(super) free: Free,
    /// Slabs whose slots have been taken, or are being so: the last of them is the present one.
    entered: Cell<usize>,
    /// The most slots that were taken before the last reset.
    past_peak: usize,
    pub(super) slabs: Slabs<A>,
}

impl<A: Allocator> Slots<A> {
    /// For values of type `T`, as in all later calls.
    pub(super) const fn new<T>(alloc: A) -> Self {
        let nowhere = ptr::null_mut();
        Slots {
            free: Free {
                chain: Chain::new(),
                fresh: Cell::new(nowhere),
                end: Cell::new(nowhere),
                taken: Cell::new(0),
            },
            entered: Cell::new(0),
            past_peak: 0,
            slabs: Slabs::new(Shape::<T>::SLOT, alloc),
        }
    }

    /// The place of a value in a slot that is the caller's now.
    #[inline(always)]
    pub(super) fn take<T>(&self) -> Result<NonNull<u8>, AllocError> {
        match self.free.take::<T>() {
            Some(place) => Ok(place),
            None => self.take_cold::<T>(),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_cold<T>(&self) -> Result<NonNull<u8>, AllocError> {
        loop {
            if self.entered.get() < self.slabs.count() {
                self.enter::<T>();
            } else {
                self.slabs.grow()?;
            }
            // The allocator may have used the pool meanwhile, and have left something here, or nothing.
            if let Some(place) = self.free.take::<T>() {
                return Ok(place);
            }
        }
    }

    /// Goes on in the next slab; all slots of the present one are taken or in the chain.
    fn enter<T>(&self) {
        if self.free.fresh.get() != self.free.end.get() {
            return;
        }
        let slab = self.slabs.get(self.entered.get());
        let bytes = slab.slots as usize * Shape::<T>::SLOT.size();
        self.entered.set(self.entered.get() + 1);
        self.free.fresh.set(slab.base);
        // SAFETY: the slab has so many bytes.
        self.free.end.set(unsafe { slab.base.add(bytes) });
        track::poison(slab.base, bytes);
    }

    /// Slots taken.
    pub(super) fn taken(&self) -> usize {
        self.free.taken.get()
    }

    /// Sees to it that `more` slots can be taken without a call to the allocator.
    pub(super) fn reserve(&self, more: usize) -> Result<(), AllocError> {
        self.slabs.ensure(self.taken().checked_add(more).ok_or(AllocError)?)
    }

    /// Takes all slots back.
    pub(super) fn reset(&mut self) {
        self.past_peak = self.peak();
        self.free.chain.clear();
        self.free.fresh.set(ptr::null_mut());
        self.free.end.set(ptr::null_mut());
        self.free.taken.set(0);
        self.entered.set(0);
    }

    /// The most slots that were taken at a time. A slot is taken for the first time only when all others are, so it is the
    /// number of those that ever were.
    fn peak(&self) -> usize {
        let entered: usize =
            (0..self.entered.get()).map(|number| self.slabs.get(number).slots as usize).sum();
        let left = self.free.end.get().addr() - self.free.fresh.get().addr();
        self.past_peak.max(entered - left / self.slabs.slot_size())
    }

    /// Figures, with every slot that is taken counted as live.
    pub(super) fn stats(&self) -> PoolStats {
        PoolStats {
            live: self.taken(),
            kept: 0,
            retired: 0,
            peak: self.peak(),
            capacity: self.slabs.capacity(),
            slabs: self.slabs.count(),
            bytes: self.slabs.bytes(),
        }
    }
}
