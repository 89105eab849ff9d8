//! The memory of pools: slabs, which are obtained one by one and stay where they are.

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::{self, NonNull};

use allocator_api2::alloc::{AllocError, Allocator};

use crate::size::Bytes;
use crate::track;

/// The most slabs of a pool. Each is as large as all before it together, so this many are never needed.
pub(super) const MOST_SLABS: usize = 32;

/// The most slots of a slab.
pub(super) const MOST_SLOTS: usize = (1 << 27) - 1;

/// Bytes of the first slab, unless a single slot is larger.
const FIRST_BYTES: usize = if cfg!(arenite_zeal) { 64 } else { 1024 };

/// A run of slots.
#[derive(Clone, Copy)]
pub(super) struct Slab {
    /// The first slot; null if there is no such slab.
    pub(super) base: *mut u8,
    /// Slots.
    pub(super) slots: u32,
}

/// Slots of one layout, in slabs of any allocator. Given back when it is dropped.
pub(super) struct Slabs<A: Allocator> {
    // Two tables, as an index into either is scaled by the processor.
    bases: [Cell<*mut u8>; MOST_SLABS],
    slots: [Cell<u32>; MOST_SLABS],
    count: Cell<usize>,
    /// Slots of all slabs.
    capacity: Cell<usize>,
    limit: usize,
    first: usize,
    /// Of one slot; its size is not zero, and a multiple of its alignment.
    slot: Layout,
    alloc: A,
}

impl<A: Allocator> Slabs<A> {
    /// No slabs yet, of slots that have the layout `slot`, whose size is not zero and a multiple of its alignment.
    pub(super) const fn new(slot: Layout, alloc: A) -> Self {
        assert!(slot.size() > 0 && slot.size() % slot.align() == 0);
        let first = FIRST_BYTES / slot.size();
        Slabs {
            bases: [const { Cell::new(ptr::null_mut()) }; MOST_SLABS],
            slots: [const { Cell::new(0) }; MOST_SLABS],
            count: Cell::new(0),
            capacity: Cell::new(0),
            limit: usize::MAX,
            first: if first == 0 { 1 } else { first },
            slot,
            alloc,
        }
    }

    pub(super) fn set_limit(&mut self, slots: usize) {
        self.limit = slots;
    }

    pub(super) fn set_first(&mut self, slots: usize) {
        self.first = slots.max(1);
    }

    pub(super) const fn allocator(&self) -> &A {
        &self.alloc
    }

    /// Bytes of one slot.
    pub(super) const fn slot_size(&self) -> usize {
        self.slot.size()
    }

    /// How many slabs there are.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    /// Slots of all slabs.
    pub(super) fn capacity(&self) -> usize {
        self.capacity.get()
    }

    /// Bytes of all slabs.
    pub(super) fn bytes(&self) -> usize {
        self.capacity.get() * self.slot.size()
    }

    /// A slab by its number, which is below [`MOST_SLABS`].
    #[inline(always)]
    pub(super) fn get(&self, number: usize) -> Slab {
        Slab { base: self.bases[number].get(), slots: self.slots[number].get() }
    }

    /// The first slots of all slabs that there are, and room for more.
    #[inline(always)]
    pub(super) fn bases(&self) -> &[Cell<*mut u8>; MOST_SLABS] {
        &self.bases
    }

    /// Obtains slabs until there are `slots` slots.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them, or the limit forbids them. What was obtained stays.
    pub(super) fn ensure(&self, slots: usize) -> Result<(), AllocError> {
        let possible = self.capacity().saturating_add((MOST_SLABS - self.count()).saturating_mul(MOST_SLOTS));
        if slots > self.limit.min(possible) {
            return Err(AllocError);
        }
        while self.capacity() < slots {
            // A pool that is told at first how large it is to be is as large as that.
            self.obtain_some((slots - self.capacity()).min(MOST_SLOTS), self.capacity())?;
        }
        Ok(())
    }

    /// Obtains a slab.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for it, or the limit forbids it.
    pub(super) fn grow(&self) -> Result<(), AllocError> {
        self.obtain_some(1, self.capacity().max(self.first))
    }

    /// Obtains a slab of `usual` slots, or fewer, but at least `least`, which is not zero.
    fn obtain_some(&self, least: usize, usual: usize) -> Result<(), AllocError> {
        let most = self.limit.saturating_sub(self.capacity()).min(MOST_SLOTS);
        if least > most || self.count() == MOST_SLABS {
            return Err(AllocError);
        }
        let mut slots = usual.max(least).min(most);
        while let Err(error) = self.obtain(slots) {
            if slots == least {
                return Err(error);
            }
            slots = (slots / 2).max(least);
        }
        Ok(())
    }

    fn layout(&self, slots: usize) -> Result<Layout, AllocError> {
        let bytes = self.slot.size().checked_mul(slots).ok_or(AllocError)?;
        Layout::from_size_align(bytes, self.slot.align()).map_err(|_| AllocError)
    }

    fn obtain(&self, slots: usize) -> Result<(), AllocError> {
        let layout = self.layout(slots)?;
        let base = self.alloc.allocate(layout)?.cast::<u8>();
        // The allocator may have used the pool meanwhile.
        let (count, capacity) = (self.count(), self.capacity());
        if count == MOST_SLABS || self.limit.saturating_sub(capacity) < slots {
            // SAFETY: the block is the allocator's, of that layout, and nobody uses it.
            unsafe { self.alloc.deallocate(base, layout) };
            return Err(AllocError);
        }
        self.bases[count].set(base.as_ptr());
        self.slots[count].set(slots as u32);
        self.count.set(count + 1);
        self.capacity.set(capacity + slots);
        Ok(())
    }

    /// Panics, since there is no slot.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn refuse(&self) -> ! {
        let size = Bytes(self.slot.size());
        match self.capacity() {
            capacity if capacity >= self.limit => {
                panic!("pool: all slots are taken: the limit is {}", self.limit)
            }
            0 => panic!("pool: no memory for a slot of {size}"),
            capacity => panic!("pool: no memory for more than {capacity} slots of {size}"),
        }
    }
}

impl<A: Allocator> Drop for Slabs<A> {
    fn drop(&mut self) {
        for slab in (0..self.count()).map(|number| self.get(number)) {
            let (Ok(layout), Some(base)) = (self.layout(slab.slots as usize), NonNull::new(slab.base)) else {
                unreachable!("a slab was obtained by its layout")
            };
            track::unpoison(slab.base, layout.size());
            // SAFETY: the block is the allocator's and was obtained with this layout; whoever uses a slot borrows the
            // pool, which ends.
            unsafe { self.alloc.deallocate(base, layout) };
        }
    }
}

impl<A: Allocator> fmt::Debug for Slabs<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Slabs");
        debug.field("slot", &self.slot).field("count", &self.count()).field("capacity", &self.capacity());
        debug.finish_non_exhaustive()
    }
}
