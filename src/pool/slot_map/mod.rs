//! [`SlotMap`].

mod iter;
mod key;
mod slot;
mod traits;

pub use iter::{Iter, IterMut, Keys, Values, ValuesMut};
pub use key::Key;

use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use allocator_api2::alloc::{AllocError, Allocator};

use super::error::InsertError;
use super::slabs::{MOST_SLABS, Slabs};
use super::stats::PoolStats;
use crate::backing::Global;
use key::Index;
use slot::{Content, LAST, Slot};

/// Values in slots, found by [`Key`]s: numbers that may be copied, stored and compared, and of which a stale one finds
/// nothing.
///
/// To insert, to find and to remove take constant time, in the worst case too: the map grows by slabs, and moves nothing, so
/// a value stays where it is. A slot has eight bytes beside its value, or four where its alignment allows. A slot that was
/// used 2^31 times is retired, so that no key ever comes back.
///
/// Slabs are kept until the map is dropped, however few values there are: as many as there were at the peak need.
///
/// At most 2^27 - 1 slots are in a slab, and at most 32 slabs in a map; each is as large as all before it, as far as
/// memory goes.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use arenite::pool::SlotMap;
///
/// let mut players = SlotMap::new();
/// let ann = players.insert("Ann");
/// let bob = players.insert("Bob");
/// players.remove(ann);
/// let eve = players.insert("Eve"); // where Ann was
/// assert_eq!((players.get(ann), players[bob], players[eve]), (None, "Bob", "Eve"));
/// assert_eq!(players.values().copied().collect::<String>(), "EveBob");
/// # }
/// ```
pub struct SlotMap<T, A: Allocator = Global> {
    slabs: Slabs<A>,
    /// How many slots of each slab were used, from the first on. They are initialised.
    begun: [u32; MOST_SLABS],
    /// The free slot that is taken next.
    free: Index,
    /// The slab whose slots are being taken for the first time.
    present: usize,
    len: usize,
    retired: usize,
    /// The most values that there were when the last slot was retired.
    past_peak: usize,
    values: PhantomData<T>,
}

// SAFETY: the pointers lead to slabs, which the map owns through its allocator, and which hold values of type `T`.
unsafe impl<T: Send, A: Allocator + Send> Send for SlotMap<T, A> {}
// SAFETY: a shared map reads, and gives no more than shared values and a shared allocator; its cells are written through
// an exclusive one.
unsafe impl<T: Sync, A: Allocator + Sync> Sync for SlotMap<T, A> {}

/// A free slot, about to get a value.
struct Vacancy<T> {
    slot: *mut Slot<T>,
    index: Index,
    /// The generation that it will have.
    generation: u32,
    /// What is free next; `None` if the slot is taken for the first time.
    next: Option<Index>,
}

#[cfg(feature = "alloc")]
impl<T> SlotMap<T> {
    /// An empty map in memory of the global allocator. Nothing is allocated yet.
    pub const fn new() -> Self {
        Self::new_in(Global)
    }

    /// An empty map whose first `slots` slots are there already.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    pub fn with_capacity(slots: usize) -> Self {
        Self::with_capacity_in(slots, Global)
    }
}

impl<T, A: Allocator> SlotMap<T, A> {
    /// An empty map in memory of `alloc`. Nothing is allocated yet.
    pub const fn new_in(alloc: A) -> Self {
        SlotMap {
            slabs: Slabs::new(Slot::<T>::LAYOUT, alloc),
            begun: [0; MOST_SLABS],
            free: Index::NONE,
            present: 0,
            len: 0,
            retired: 0,
            past_peak: 0,
            values: PhantomData,
        }
    }

    /// An empty map in memory of `alloc` whose first `slots` slots are there already, in one slab that has no others.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    #[track_caller]
    pub fn with_capacity_in(slots: usize, alloc: A) -> Self {
        let mut map = Self::new_in(alloc);
        map.reserve(slots);
        map
    }

    /// At most `slots` slots, retired ones included. Below what is there already, the limit keeps the map from getting
    /// more.
    #[must_use]
    pub fn limit(mut self, slots: usize) -> Self {
        self.slabs.set_limit(slots);
        self
    }

    /// How many slots the first slab has, if it is not obtained by [`reserve`](Self::reserve). The others follow from it.
    #[must_use]
    pub fn first_slab(mut self, slots: usize) -> Self {
        self.slabs.set_first(slots);
        self
    }

    /// Sees to it that the next `more` values need no call to the allocator.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them, or the limit forbids them.
    #[track_caller]
    pub fn reserve(&mut self, more: usize) {
        if self.try_reserve(more).is_err() {
            self.slabs.refuse();
        }
    }

    /// As [`reserve`](Self::reserve), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them, or the limit forbids them.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), AllocError> {
        let taken = self.len + self.retired;
        self.slabs.ensure(taken.checked_add(more).ok_or(AllocError)?)
    }

    /// Moves `value` into the map. O(1).
    ///
    /// # Panics
    ///
    /// Panics if there is no slot: the limit is reached, or there is no memory. [`try_insert`](Self::try_insert) returns
    /// an error instead.
    #[inline(always)]
    #[track_caller]
    pub fn insert(&mut self, value: T) -> Key {
        match self.vacancy() {
            Ok(vacancy) => self.occupy(vacancy, value),
            Err(_) => self.slabs.refuse(),
        }
    }

    /// As [`insert`](Self::insert), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`InsertError`], with the value, if there is no slot.
    #[inline(always)]
    pub fn try_insert(&mut self, value: T) -> Result<Key, InsertError<T>> {
        match self.vacancy() {
            Ok(vacancy) => Ok(self.occupy(vacancy, value)),
            Err(_) => Err(InsertError::new(value)),
        }
    }

    /// Puts a value into the map that is made from its key. O(1). If `make` panics, the map is as before.
    ///
    /// # Panics
    ///
    /// Panics if there is no slot; `make` is not called then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// let mut map = arenite::pool::SlotMap::new();
    /// let key = map.insert_with_key(|key| (key, "knows its name"));
    /// assert_eq!(map[key].0, key);
    /// # }
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert_with_key(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        match self.vacancy() {
            Ok(vacancy) => {
                let value = make(Key::new(vacancy.index, vacancy.generation));
                self.occupy(vacancy, value)
            }
            Err(_) => self.slabs.refuse(),
        }
    }

    /// Moves the value out; `None` if the key is stale. O(1).
    #[inline(always)]
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let index = key.place();
        let slot = self.slot(index)?;
        // SAFETY: the slot is initialised, and the map borrowed exclusively.
        let slot = unsafe { &mut *slot };
        if slot.generation != key.generation() {
            return None;
        }
        // SAFETY: the generation is odd, as the key's is, so there is a value; it is not read again, as the slot is vacated
        // before anything else happens.
        let value = unsafe { core::ptr::read(&raw const slot.content.value) };
        Self::vacate(slot, index, &mut self.free);
        self.len -= 1;
        if slot.generation == 0 {
            self.retire();
        }
        Some(ManuallyDrop::into_inner(value))
    }

    /// The value of `key`; `None` if the key is stale. O(1).
    #[inline]
    pub fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slot(key.place())?;
        // SAFETY: the slot is initialised, and the map borrowed.
        unsafe { &*slot }.get(key.generation())
    }

    /// The value of `key`, to change it; `None` if the key is stale. O(1).
    #[inline]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slot(key.place())?;
        // SAFETY: the slot is initialised, and the map borrowed exclusively.
        unsafe { &mut *slot }.get_mut(key.generation())
    }

    /// Whether there is a value of that key.
    #[inline]
    pub fn contains_key(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// How many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drops all values and keeps the slabs. All keys are stale then. O(slots used).
    pub fn clear(&mut self) {
        self.retain(|_, _| false);
    }

    /// Drops the values for which `keep` returns `false`. O(slots used).
    ///
    /// If `keep` or a value's drop panics, the rest of the values stay as they are.
    pub fn retain(&mut self, mut keep: impl FnMut(Key, &mut T) -> bool) {
        for slab in 0..self.slabs.count() {
            for offset in 0..self.begun[slab] {
                let index = Index::new(slab, offset);
                let Some(slot) = self.slot(index) else { unreachable!("a slot that was used") };
                // SAFETY: the slot is initialised, and the map borrowed exclusively.
                let slot = unsafe { &mut *slot };
                if !slot.has_value() {
                    continue;
                }
                let key = Key::new(index, slot.generation);
                let Some(value) = slot.get_mut(key.generation()) else { unreachable!("it has a value") };
                if !keep(key, value) {
                    drop(self.remove(key));
                }
            }
        }
    }

    /// Figures. O(slabs), of which there are at most 32.
    pub fn stats(&self) -> PoolStats {
        PoolStats {
            live: self.len,
            kept: 0,
            retired: self.retired,
            peak: self.peak(),
            capacity: self.slabs.capacity(),
            slabs: self.slabs.count(),
            bytes: self.slabs.bytes(),
        }
    }

    /// Where the slabs come from.
    pub const fn allocator(&self) -> &A {
        self.slabs.allocator()
    }

    /// A slot that was used, so is initialised.
    #[inline(always)]
    fn slot(&self, index: Index) -> Option<*mut Slot<T>> {
        if index.offset() >= self.begun[index.slab()] {
            return None;
        }
        let base = self.slabs.bases()[index.slab()].get().cast::<Slot<T>>();
        // SAFETY: the slab has more than so many slots.
        Some(unsafe { base.add(index.offset() as usize) })
    }

    /// A slot for one more value. Nothing has changed yet but for what was obtained from the allocator.
    #[inline(always)]
    fn vacancy(&mut self) -> Result<Vacancy<T>, AllocError> {
        let index = self.free;
        let Some(slot) = self.slot(index) else { return self.fresh() };
        // SAFETY: the slot is initialised, and the map borrowed exclusively.
        let free = unsafe { &*slot };
        // SAFETY: it is free, so has the index of the next.
        let next = unsafe { free.content.next };
        Ok(Vacancy { slot, index, generation: free.generation + 1, next: Some(next) })
    }

    /// A slot that was never used.
    #[inline(always)]
    fn fresh(&mut self) -> Result<Vacancy<T>, AllocError> {
        let mut slab = self.slabs.get(self.present);
        if self.begun[self.present] == slab.slots {
            self.go_on()?;
            slab = self.slabs.get(self.present);
        }
        let offset = self.begun[self.present];
        // SAFETY: the slab has more than so many slots.
        let slot = unsafe { slab.base.cast::<Slot<T>>().add(offset as usize) };
        Ok(Vacancy { slot, index: Index::new(self.present, offset), generation: 1, next: None })
    }

    /// Goes on to a slab with slots that were never used.
    #[cold]
    #[inline(never)]
    fn go_on(&mut self) -> Result<(), AllocError> {
        let unused = |number: &usize| self.begun[*number] == 0;
        let next = (self.present..self.slabs.count()).find(unused);
        self.present = match next {
            Some(number) => number,
            None => {
                self.slabs.grow()?;
                self.slabs.count() - 1
            }
        };
        Ok(())
    }

    #[inline(always)]
    fn occupy(&mut self, vacancy: Vacancy<T>, value: T) -> Key {
        let Vacancy { slot, index, generation, next } = vacancy;
        let content = Content { value: ManuallyDrop::new(value) };
        // SAFETY: the slot is one of the map's, aligned and writable, without a value.
        unsafe { slot.write(Slot { content, generation }) };
        match next {
            Some(next) => self.free = next,
            None => self.begun[index.slab()] = index.offset() + 1,
        }
        self.len += 1;
        Key::new(index, generation)
    }

    /// Makes a slot free whose value has been moved out, or retires it: its generation is 0 then.
    #[inline(always)]
    fn vacate(slot: &mut Slot<T>, index: Index, free: &mut Index) {
        if slot.generation == LAST {
            slot.generation = 0;
            return;
        }
        slot.generation += 1;
        slot.content = Content { next: *free };
        *free = index;
    }

    #[cold]
    fn retire(&mut self) {
        // The value that has just been removed was there.
        self.past_peak = self.peak();
        self.retired += 1;
    }

    /// The most values that there were at a time. A slot is used for the first time only when all others have values or
    /// are retired.
    fn peak(&self) -> usize {
        self.past_peak.max(self.used() - self.retired)
    }

    /// Slots that were used, those that have a value and the others.
    fn used(&self) -> usize {
        self.begun.iter().map(|&begun| begun as usize).sum()
    }
}

impl<T, A: Allocator> Drop for SlotMap<T, A> {
    fn drop(&mut self) {
        /// Goes on with the other values when the drop of one panics.
        struct Clearing<'a, T, A: Allocator>(&'a mut SlotMap<T, A>);
        impl<T, A: Allocator> Drop for Clearing<'_, T, A> {
            fn drop(&mut self) {
                self.0.clear();
            }
        }
        if core::mem::needs_drop::<T>() && self.len > 0 {
            let clearing = Clearing(self);
            clearing.0.clear();
            core::mem::forget(clearing);
        }
    }
}
