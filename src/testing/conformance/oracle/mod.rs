//! [`Oracle`]: the only code of the suite that calls the allocator under test.
//!
//! It knows every live block and what is in it, so it can offer each call as a safe method that passes only what the
//! contract allows, and judge what comes back before anything is written to it.

mod judge;

use self::judge::Call;
use super::Conformance;
use super::pattern;
use crate::random::Random;
use alloc::vec::Vec;
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::mem::{self, MaybeUninit};
use core::ptr::NonNull;
use core::slice;

/// A live block. All `granted` bytes of it are filled with the pattern of `key`.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: NonNull<u8>,
    granted: usize,
    /// The size the block was asked for with.
    asked: usize,
    /// The layout it goes back with: any size from `asked` to `granted` fits.
    layout: Layout,
    key: u64,
}

impl Block {
    fn overlaps(&self, start: NonNull<u8>, len: usize) -> bool {
        let (ours, theirs) = (self.start.addr().get(), start.addr().get());
        // An allocator may place a block of no bytes anywhere, inside of others too.
        self.granted != 0 && len != 0 && ours < theirs + len && theirs < ours + self.granted
    }

    /// The pointer with which it goes back: as that of a box or a reference, good for the bytes of its layout alone.
    fn narrow(&self) -> NonNull<u8> {
        let start = self.start.as_ptr().cast::<MaybeUninit<u8>>();
        // SAFETY: the block is live and nobody's but the suite's, which looks at no other reference to it. It has at least as
        // many bytes, which need not be initialised.
        NonNull::from(unsafe { slice::from_raw_parts_mut(start, self.layout.size()) }).cast()
    }
}

/// # Panics
///
/// If there is no such layout: no block of these sizes can have been granted.
fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a block exceeds the address space")
}

/// What the suite knows besides the allocator.
#[derive(Debug)]
struct Books {
    live: Vec<Block>,
    options: Conformance,
    property: &'static str,
    random: Random,
    calls: usize,
    grants: usize,
}

impl Books {
    /// Moves the books out, to be put back once they have served elsewhere.
    fn take(&mut self) -> Self {
        let Self { options, property, calls, grants, .. } = *self;
        let empty = Self { live: Vec::new(), options, property, random: self.random.clone(), calls, grants };
        mem::replace(self, empty)
    }
}

/// An allocator under test, and what the suite knows of its blocks. Unwinding leaks them: it cannot be trusted with
/// a free any more.
#[derive(Debug)]
pub(super) struct Oracle<A> {
    /// Every live block is allocated from this one. Only a reference to it or a clone of it may take its place:
    /// the contract calls these the same allocator.
    allocator: A,
    books: Books,
}

impl<A: Allocator> Oracle<A> {
    pub(super) fn new(allocator: A, options: Conformance, property: &'static str) -> Self {
        // Each property gets a sequence of its own, so that adding a choice to one leaves the others as they were.
        let seed =
            property.bytes().fold(options.seed, |seed, byte| Random::new(seed ^ u64::from(byte)).next());
        let random = Random::new(seed);
        let books = Books { live: Vec::new(), options, property, random, calls: 0, grants: 0 };
        Self { allocator, books }
    }

    pub(super) fn options(&self) -> Conformance {
        self.books.options
    }

    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.books.random
    }

    /// How many blocks are live. They are numbered from 0 in the order in which they were allocated.
    pub(super) fn live(&self) -> usize {
        self.books.live.len()
    }

    /// The size with which block `index` would go back.
    pub(super) fn size(&self, index: usize) -> usize {
        self.books.live[index].layout.size()
    }

    /// Decides to use block `index` up to a size that the allocator granted beyond what was asked: `chosen` of
    /// that surplus, or all of it.
    pub(super) fn use_surplus(&mut self, index: usize, chosen: usize) {
        let block = &mut self.books.live[index];
        let size = block.asked + chosen.min(block.granted - block.asked);
        block.layout = layout(size, block.layout.align());
    }

    /// Allocates a block, which becomes the last of the live ones, as near to this size and alignment as the options
    /// permit. `false`: refused, which the options permit as well.
    pub(super) fn allocate(&mut self, size: usize, align: usize, zeroed: bool) -> bool {
        let layout = self.options().layout(size, align);
        let call = Call::Allocate { layout, zeroed };
        let result = self.request(layout, zeroed);
        let Some(granted) = self.judge(call, result, layout) else { return false };
        if zeroed {
            // SAFETY: the allocator granted all of these bytes.
            let dirty = unsafe { pattern::first_nonzero(granted.cast(), 0, granted.len()) };
            self.expect(dirty, call, "zeroed memory is zero in every byte granted");
        }
        self.enter(self.live(), granted, layout);
        true
    }

    /// Gives block `index` back.
    pub(super) fn free(&mut self, index: usize) {
        self.verify(index);
        let block = self.books.live.remove(index);
        self.books.calls += 1;
        // SAFETY: the block was live until now, hence allocated from this allocator; its layout fits.
        unsafe { self.allocator.deallocate(block.narrow(), block.layout) }
    }

    /// Grows block `index`, if there is one, to `size` or what it has already. `false`: refused, as the options
    /// permit, and the block is as it was.
    pub(super) fn grow(&mut self, index: usize, size: usize, align: usize, zeroed: bool) -> bool {
        let Some(&old) = self.books.live.get(index) else { return false };
        let new = self.options().layout(size, align);
        let new = layout(new.size().max(old.layout.size()), new.align());
        let call = Call::Grow { old: old.layout, new, zeroed };
        let result = if zeroed {
            // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is no smaller.
            unsafe { self.allocator.grow_zeroed(old.narrow(), old.layout, new) }
        } else {
            // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is no smaller.
            unsafe { self.allocator.grow(old.narrow(), old.layout, new) }
        };
        let Some(granted) = self.judge_resize(index, call, result, new, old.layout.size()) else {
            return false;
        };
        if zeroed {
            let (from, known) = (old.layout.size(), old.granted.clamp(old.layout.size(), granted.len()));
            // SAFETY: the allocator granted `granted.len()` bytes, and `known` is no more.
            let foreign = unsafe { pattern::first_foreign(granted.cast(), from, known, old.key) };
            self.expect(foreign, call, "the surplus of the old block is preserved or zeroed");
            // SAFETY: the allocator granted all of these bytes.
            let dirty = unsafe { pattern::first_nonzero(granted.cast(), known, granted.len()) };
            self.expect(dirty, call, "every byte that grow_zeroed adds is zero");
        }
        self.enter(index, granted, new);
        true
    }

    /// Shrinks block `index`, if there is one, to `size` or what it has already. `false`: refused, as the options
    /// permit, and the block is as it was.
    pub(super) fn shrink(&mut self, index: usize, size: usize, align: usize) -> bool {
        let Some(&old) = self.books.live.get(index) else { return false };
        let new = self.options().layout(size.min(old.layout.size()), align);
        let call = Call::Shrink { old: old.layout, new };
        // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is no larger.
        let result = unsafe { self.allocator.shrink(old.narrow(), old.layout, new) };
        let Some(granted) = self.judge_resize(index, call, result, new, new.size()) else { return false };
        self.enter(index, granted, new);
        true
    }

    /// Asks for a layout that no memory can hold.
    pub(super) fn refuses(&mut self, layout: Layout, zeroed: bool) {
        let call = Call::Allocate { layout, zeroed };
        if let Ok(granted) = self.request(layout, zeroed) {
            self.granted_the_impossible(call, granted);
            // SAFETY: the block was just allocated with this layout.
            unsafe { self.allocator.deallocate(granted.cast(), layout) }
        }
    }

    /// Asks to resize block `index` to a layout that no memory can hold. The block must be as it was.
    pub(super) fn refuses_resize(&mut self, index: usize, new: Layout, zeroed: bool) {
        let old = self.books.live[index];
        self.books.calls += 1;
        let (call, result) = if new.size() < old.layout.size() {
            // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is smaller.
            let result = unsafe { self.allocator.shrink(old.narrow(), old.layout, new) };
            (Call::Shrink { old: old.layout, new }, result)
        } else if zeroed {
            // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is no smaller.
            let result = unsafe { self.allocator.grow_zeroed(old.narrow(), old.layout, new) };
            (Call::Grow { old: old.layout, new, zeroed }, result)
        } else {
            // SAFETY: the block is allocated from this allocator, its layout fits, and `new` is no smaller.
            let result = unsafe { self.allocator.grow(old.narrow(), old.layout, new) };
            (Call::Grow { old: old.layout, new, zeroed }, result)
        };
        match result {
            Err(AllocError) => self.verify_after(index, Some(call)),
            Ok(granted) => {
                self.granted_the_impossible(call, granted);
                self.books.live.remove(index);
                // SAFETY: the block was just resized to this layout.
                unsafe { self.allocator.deallocate(granted.cast(), new) }
            }
        }
    }

    /// Reads block `index` to its full granted length.
    pub(super) fn verify(&self, index: usize) {
        self.verify_after(index, None);
    }

    /// Reads every live block to its full granted length.
    pub(super) fn verify_all(&self) {
        for index in 0..self.live() {
            self.verify(index);
        }
    }

    /// Gives every block back, the latest first.
    pub(super) fn free_all(&mut self) {
        self.verify_all();
        while self.live() > 0 {
            self.free(self.live() - 1);
        }
    }

    /// Ends a check: everything goes back, and something must have been handed out at all.
    pub(super) fn finish(mut self) {
        self.free_all();
        if self.books.grants == 0 {
            self.fail("an allocator hands out memory", format_args!("every request was refused"));
        }
    }

    /// Does `work` with the same blocks, through a reference to the allocator.
    pub(super) fn by_reference(&mut self, work: impl FnOnce(&mut Oracle<&A>)) {
        let mut lent = Oracle { allocator: &self.allocator, books: self.books.take() };
        work(&mut lent);
        self.books = lent.books;
    }

    /// Does `work` with the same blocks, through a trait object.
    pub(super) fn by_trait_object(&mut self, work: impl FnOnce(&mut Oracle<&dyn Allocator>)) {
        let mut lent = Oracle { allocator: &self.allocator as &dyn Allocator, books: self.books.take() };
        work(&mut lent);
        self.books = lent.books;
    }

    /// Goes on with the same blocks through a clone, and returns the allocator used so far.
    pub(super) fn switch_to_clone(&mut self) -> A
    where
        A: Clone,
    {
        let clone = self.allocator.clone();
        mem::replace(&mut self.allocator, clone)
    }
}
