//! What each operation does.

use std::alloc::Layout;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::NonNull;

use allocator_api2::alloc::Allocator;
use arenite::{AllocError, Arena, Backing, ResetMode};

use super::machine::{Machine, Mark};
use super::ops::Op;

/// What a scope that is meant to panic panics with.
struct Intended;

#[repr(align(64))]
struct Wide {
    _bytes: [u8; 192],
}

impl<B: Backing + 'static, const M: usize> Machine<B, M> {
    pub(super) fn run(&mut self, ops: &[Op]) {
        let mut rest = ops;
        while let Some((&op, after)) = rest.split_first() {
            rest = after;
            if let Op::Scope { handle, len, panics } = op {
                let (inside, outside) = rest.split_at(rest.len().min(usize::from(len)));
                self.scope(self.pick(handle), inside, panics);
                rest = outside;
            } else {
                self.step(op);
            }
            self.check();
        }
    }

    /// A size of the program's, in bytes.
    fn bytes(&self, size: u16) -> usize {
        usize::from(size) * self.world.scale()
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::Allocate { handle, size, align, zeroed } => {
                self.allocate(self.pick(handle), layout(self.bytes(size), align), zeroed);
            }
            Op::Typed { handle, kind } => self.typed(self.pick(handle), kind),
            Op::Free { block } => self.free(block),
            Op::Grow { block, by, align, zeroed } => self.grow(block, by, align, zeroed),
            Op::Shrink { block, to, align } => self.shrink(block, to, align),
            Op::GrowInPlace { block, by } => self.grow_in_place(block, by),
            Op::ShrinkInPlace { block, to } => self.shrink_in_place(block, to),
            Op::Child { handle } if self.handles.len() < 12 => self.make_child(self.pick(handle)),
            Op::Child { .. } => {}
            Op::End { handle } => self.end_tree(self.pick(handle), 0),
            Op::EndTree { handle, forgotten } => self.end_tree(self.pick(handle), forgotten),
            Op::Scope { .. } => unreachable!("`run` takes scopes apart"),
            Op::Mark { handle } => self.mark(self.pick(handle)),
            Op::Rewind { handle, mark, forgotten } => self.rewind(self.pick(handle), mark, forgotten),
            Op::Reset { mode, keep, forgotten } => self.reset(mode, self.bytes(keep), forgotten),
            Op::Move { forgotten } => self.relocate(forgotten),
            Op::Limit { room } => self.limit(room),
            Op::Reserve { handle, bytes, fill } => self.reserve(self.pick(handle), self.bytes(bytes), fill),
            Op::Refuse { after, times } => self.world.refuse(after, times),
            Op::Own { handle, kind } => self.own(self.pick(handle), kind),
            Op::Seal { handle } => self.seal(self.pick(handle)),
            Op::Unseal { forgotten } => self.unseal(forgotten),
        }
    }

    /// Runs `call`, which asks for a block of `layout`, and checks that an error has a reason and changes nothing.
    fn attempt(
        &mut self,
        index: usize,
        layout: Layout,
        call: impl FnOnce(&Arena<B, M>) -> Result<NonNull<[u8]>, AllocError>,
    ) -> Option<NonNull<u8>> {
        let arena = self.arena(index);
        let possible = arena.can_allocate(layout);
        let used = arena.stats().used;
        let (_, refused) = self.world.asked();
        let block = call(arena);
        let refused = self.world.asked().1 > refused;
        match block {
            Ok(block) => {
                assert_eq!(block.len(), layout.size());
                assert!(possible, "{layout:?} was said to be impossible");
                Some(block.cast())
            }
            Err(AllocError) => {
                assert_eq!(arena.stats().used, used, "a failure has used something up");
                let room =
                    arena.allocation_limit().unwrap_or(usize::MAX).saturating_sub(arena.allocated_bytes());
                let gap = if cfg!(arenite_asan) { 8 } else { 0 };
                let need = (layout.size() + gap).next_multiple_of(M) + layout.align().saturating_sub(M);
                let reason = refused || self.world.is_finite() || need > room || arena.is_sealed();
                assert!(reason, "{layout:?} failed for no reason");
                self.tell("refused", layout);
                None
            }
        }
    }

    fn allocate(&mut self, index: usize, layout: Layout, zeroed: bool) {
        let block = self.attempt(index, layout, |arena| {
            if zeroed { arena.allocate_zeroed(layout) } else { arena.allocate(layout) }
        });
        let Some(block) = block else { return };
        if zeroed {
            assert_zero(block, layout.size());
        }
        self.admit(index, block, layout);
    }

    fn typed(&mut self, index: usize, kind: u8) {
        match kind % 8 {
            0 => self.place(index, 1_u8),
            1 => self.place(index, 1_u16),
            2 => self.place(index, 1_u64),
            3 => self.place(index, 1_u128),
            4 => self.place(index, [1_u8; 3]),
            5 => self.place(index, [1_u64; 8]),
            6 => self.place(index, Wide { _bytes: [1; 192] }),
            _ => self.place(index, [1_u32; 300]),
        }
    }

    fn place<T>(&mut self, index: usize, value: T) {
        let layout = Layout::new::<T>();
        let block = self.attempt(index, layout, |arena| {
            let place = NonNull::from(arena.try_alloc(value)?);
            Ok(NonNull::slice_from_raw_parts(place.cast(), layout.size()))
        });
        if let Some(block) = block {
            self.admit(index, block, layout);
        }
    }

    fn free(&mut self, name: u8) {
        let Some(index) = self.oracle.find(name) else { return };
        let block = self.oracle.remove(index);
        let owner = self.index_of(block.owner);
        let arena = self.arena(owner);
        let used = arena.stats().used;
        // SAFETY: the block is this handle's with this layout, and it is off the list.
        unsafe { arena.deallocate(block.start, block.layout) };
        self.check_peak(owner, used);
        #[cfg(arenite_asan)]
        assert!(
            block.layout.size() == 0 || is_poisoned(block.start),
            "a block that was freed may be touched"
        );
    }

    /// Marks of the owner from after the block's birth must not be rewound to: a condition of `rewind`.
    fn spoil_marks(&mut self, owner: usize, born: u64) {
        self.handles[owner].marks.retain(|mark| mark.taken < born);
    }

    fn grow(&mut self, name: u8, by: u16, align: u8, zeroed: bool) {
        let Some(index) = self.oracle.find(name) else { return };
        let block = self.oracle.blocks()[index];
        let old = block.layout;
        let new = layout(old.size() + self.bytes(by), align);
        let owner = self.index_of(block.owner);
        let (_, refused) = self.world.asked();
        let arena = self.arena(owner);
        let grown = if zeroed {
            // SAFETY: the block is this handle's with this layout, and the new size is not smaller.
            unsafe { arena.grow_zeroed(block.start, old, new) }
        } else {
            // SAFETY: as above.
            unsafe { arena.grow(block.start, old, new) }
        };
        let Ok(grown) = grown else {
            let refused = self.world.asked().1 > refused;
            let reason = refused || self.limited || self.world.is_finite() || arena.is_sealed();
            assert!(reason, "{new:?} failed for no reason");
            self.tell("not grown", new);
            return;
        };
        if zeroed {
            // SAFETY: inside of the block, or at its end.
            let added = unsafe { grown.cast::<u8>().add(old.size()) };
            assert_zero(added, new.size() - old.size());
        }
        self.replace(index, grown.cast(), new);
    }

    /// The block has another place, another layout, or both.
    fn replace(&mut self, index: usize, start: NonNull<u8>, layout: Layout) {
        let block = self.oracle.blocks()[index];
        let owner = self.index_of(block.owner);
        self.spoil_marks(owner, block.born);
        let now = self.now();
        self.oracle.resized(index, start, layout, now);
        self.check_place(start, layout);
    }

    fn shrink(&mut self, name: u8, to: u8, align: u8) {
        let Some(index) = self.oracle.find(name) else { return };
        let block = self.oracle.blocks()[index];
        let new = layout(block.layout.size() * usize::from(to) / 255, align);
        let arena = self.arena(self.index_of(block.owner));
        // SAFETY: the block is this handle's with this layout, and the new size is not larger.
        if let Ok(shrunk) = unsafe { arena.shrink(block.start, block.layout, new) } {
            self.replace(index, shrunk.cast(), new);
        } else {
            assert!(block.start.addr().get() % new.align() != 0, "there was no need to move the block");
            self.tell("not shrunk", new);
        }
    }

    fn grow_in_place(&mut self, name: u8, by: u16) {
        let Some(index) = self.oracle.find(name) else { return };
        let block = self.oracle.blocks()[index];
        let size = block.layout.size() + self.bytes(by);
        let new = Layout::from_size_align(size, block.layout.align()).expect("a small layout");
        let arena = self.arena(self.index_of(block.owner));
        // SAFETY: the block is this handle's with this layout, and the new size is not smaller.
        match unsafe { arena.try_grow_in_place(block.start, block.layout, size) } {
            Some(start) => {
                assert_eq!(start, block.start, "in place");
                self.replace(index, start, new);
            }
            None => self.tell("not in place", new),
        }
    }

    fn shrink_in_place(&mut self, name: u8, to: u8) {
        let Some(index) = self.oracle.find(name) else { return };
        let block = self.oracle.blocks()[index];
        let size = block.layout.size() * usize::from(to) / 255;
        let new = Layout::from_size_align(size, block.layout.align()).expect("a small layout");
        let arena = self.arena(self.index_of(block.owner));
        // SAFETY: the block is this handle's with this layout, and the new size is not larger.
        if unsafe { arena.try_shrink_in_place(block.start, block.layout, size) } {
            self.replace(index, block.start, new);
        } else {
            self.tell("not in place", new);
        }
    }

    fn end_tree(&mut self, index: usize, forgotten: u8) {
        let id = self.handles[index].id;
        if !self.is_pinned(id) {
            self.end_descendants(id, 0, forgotten);
            self.end(self.index_of(id), forgotten >= 128);
        }
    }

    fn scope(&mut self, index: usize, ops: &[Op], panics: bool) {
        let (arena, parent) = (self.arena(index), self.handles[index].id);
        let (mut used, mut owned) = (0, Vec::new());
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            arena.scope(|inner| {
                let id = self.enlist(index, NonNull::from(inner), None);
                self.run(ops);
                self.end_descendants(id, 0, 0);
                self.oracle.remove_if(|block| block.owner == id);
                used = inner.stats().used;
                owned = self.disown(id, 0);
                self.handles.retain(|handle| handle.id != id);
                if panics {
                    panic::resume_unwind(Box::new(Intended));
                }
            });
        }));
        if outcome.is_ok() || panics {
            self.check_ended(&owned);
        }
        self.check_peak(self.index_of(parent), used);
        if let Err(payload) = outcome
            && !(panics && payload.is::<Intended>())
        {
            panic::resume_unwind(payload);
        }
    }

    fn mark(&mut self, index: usize) {
        let point = self.arena(index).checkpoint();
        let (taken, used) = (self.now(), self.own_used(index));
        self.handles[index].marks.push(Mark { point, taken, used });
    }

    fn rewind(&mut self, index: usize, name: u8, forgotten: u8) {
        let id = self.handles[index].id;
        let marks = &self.handles[index].marks;
        let Some(newest) = marks.len().checked_sub(1) else { return };
        let chosen = newest - usize::from(name) % marks.len();
        let mark = marks[chosen];
        // A child made since that is a scope cannot end here.
        let made_since = |other: u64| self.under_child_since(other, id, mark.taken);
        if self.handles.iter().any(|handle| handle.guard.is_none() && made_since(handle.id)) {
            return;
        }
        self.end_descendants(id, mark.taken, forgotten);
        self.oracle.remove_if(|block| block.owner == id && block.born > mark.taken);
        let index = self.index_of(id);
        self.handles[index].marks.truncate(chosen + 1);
        let before = self.arena(index).stats().used;
        let owned = self.disown(id, mark.taken);
        // SAFETY: the mark is this handle's and was not rewound past; what was handed out since is off the list, no
        // older block was resized since, and the children made since have ended.
        unsafe { self.arena(index).rewind(mark.point) };
        self.check_ended(&owned);
        self.check_peak(index, before);
        let used = self.own_used(index);
        assert!(used <= mark.used, "{used} bytes are used, {} were when the mark was made", mark.used);
    }

    /// Ends what stands between the root and `&mut`. Returns whether that was possible.
    pub(super) fn clear(&mut self, forgotten: u8) -> bool {
        if self.handles[1..].iter().any(|handle| handle.guard.is_none()) {
            return false;
        }
        self.oracle.verify_all();
        self.tell_contents();
        self.end_descendants(0, 0, forgotten);
        self.oracle.remove_if(|_| true);
        self.handles[0].marks.clear();
        true
    }

    fn reset(&mut self, mode: u8, keep: usize, forgotten: u8) {
        if !self.clear(forgotten) {
            return;
        }
        let mode = match mode % 4 {
            0 => ResetMode::Retain,
            1 => ResetMode::RetainLimit(keep),
            2 => ResetMode::Decay,
            _ => ResetMode::FreeAll,
        };
        let before = self.arena(0).stats();
        let (_, refused) = self.world.asked();
        let mut root = self.root_alone();
        // SAFETY: the root is alive, and nothing borrows it: it has no children, no block of it is on the list.
        unsafe { root.as_mut() }.reset_with(mode);
        let owned = self.disown(0, 0);
        self.check_ended(&owned);
        assert!(!self.arena(0).is_sealed());
        let after = self.arena(0).stats();
        assert_eq!((after.used, after.wasted), (0, 0));
        assert!(after.peak >= before.used);
        // Two chunks as large as the round may take the place of what was there.
        assert!(after.committed <= before.committed.max(2 * (after.peak + M.max(16))), "{after:?}");
        assert!(after.committed > 0 || after.chunks == 0, "a chunk without room: {after:?}");
        match mode {
            ResetMode::RetainLimit(keep) => assert!(after.committed <= keep, "{after:?}"),
            ResetMode::FreeAll => assert_eq!((after.committed, after.chunks), (0, 0)),
            ResetMode::Retain if self.world.keeps_chunks() && self.world.asked().1 == refused => {
                assert!(after.committed >= before.used.min(before.committed), "{before:?} {after:?}");
            }
            _ => {}
        }
    }

    fn relocate(&mut self, forgotten: u8) {
        if self.clear(forgotten) {
            let old = self.root_alone();
            // SAFETY: from `Box::leak`, and nothing borrows it.
            let old = unsafe { Box::from_raw(old.as_ptr()) };
            let unused = Box::new(mem::MaybeUninit::<[u8; 512]>::uninit());
            let new = Box::new(*old);
            drop(unused);
            self.handles[0].arena = NonNull::from(Box::leak(new));
        }
    }

    fn limit(&mut self, room: Option<u16>) {
        let arena = self.arena(0);
        let held = arena.allocated_bytes();
        let limit = room.map(|room| (held + self.bytes(room)).saturating_sub(500));
        arena.set_allocation_limit(limit);
        self.limited |= limit.is_some();
        self.ceiling = limit.unwrap_or(usize::MAX).max(held);
    }

    fn reserve(&mut self, index: usize, bytes: usize, fill: bool) {
        let (_, refused) = self.world.asked();
        let arena = self.arena(index);
        if arena.try_reserve(bytes).is_err() {
            let refused = self.world.asked().1 > refused;
            let reason = refused || self.limited || self.world.is_finite() || arena.is_sealed();
            assert!(reason, "{bytes} bytes were not to be had for no reason");
            self.tell("not reserved", bytes);
            return;
        }
        assert!(arena.chunk_capacity() >= bytes);
        if fill && !cfg!(arenite_asan) {
            let (asked, _) = self.world.asked();
            let block = arena.allocate(layout(bytes, 0)).expect("the bytes are reserved");
            assert_eq!(self.world.asked().0, asked, "the base was asked for bytes that were reserved");
            self.admit(index, block.cast(), layout(bytes, 0));
        }
    }
}

/// Whether AddressSanitizer would report a touch of this byte.
#[cfg(arenite_asan)]
fn is_poisoned(byte: NonNull<u8>) -> bool {
    unsafe extern "C" {
        fn __asan_address_is_poisoned(byte: *const u8) -> i32;
    }
    // SAFETY: the call looks at the tool's shadow memory alone; any address will do.
    unsafe { __asan_address_is_poisoned(byte.as_ptr()) != 0 }
}

fn layout(size: usize, align: u8) -> Layout {
    Layout::from_size_align(size, 1 << (align % 13)).expect("a small layout")
}

fn assert_zero(start: NonNull<u8>, len: usize) {
    for i in 0..len {
        // SAFETY: inside of a block.
        let place = unsafe { start.add(i) };
        // SAFETY: as above; its bytes are initialised, to zero if the arena is right.
        assert_eq!(unsafe { place.read() }, 0, "a zeroed byte is not zero");
    }
}
