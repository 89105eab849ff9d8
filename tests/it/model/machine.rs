//! The machine that runs programs: an arena, its children, and what is known of them.
//!
//! Children end in any order that the borrow checker would allow: a child before its parent, siblings as they like. The
//! borrow checker itself cannot follow a program that is only known at run time, so handles are behind raw pointers, with
//! lifetimes made up. What makes that sound is one rule, kept by [`Machine::end`] and the operations that call it: the
//! arena stays where it is while it has children, a child is only ended when it has none, and the arena is borrowed
//! exclusively only when there is neither a child nor a block.

use std::alloc::Layout;
use std::mem;
use std::ptr::NonNull;
use std::rc::Rc;

use arenite::map::Use;
use arenite::{Arena, Backing, Checkpoint, Child};

use super::ends::Entry;
use super::oracle::Oracle;
use super::picture;
use super::trace::Trace;
use super::world::World;

/// The root, or a child: something that allocates.
pub(super) struct Handle<B: Backing + 'static, const M: usize> {
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    /// When it was made.
    pub(super) born: u64,
    pub(super) arena: NonNull<Arena<B, M>>,
    /// The child's guard, from `Box::into_raw`, so that it does not move while grandchildren point to it. The root and the
    /// handles of `scope` have none.
    pub(super) guard: Option<NonNull<Child<'static, B, M>>>,
    pub(super) marks: Vec<Mark>,
}

#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) point: Checkpoint,
    pub(super) taken: u64,
    /// What the handle itself, without its parents, had handed out.
    pub(super) used: usize,
}

pub(super) struct Machine<B: Backing + 'static, const M: usize> {
    /// The root first, then children in the order in which they were made.
    pub(super) handles: Vec<Handle<B, M>>,
    pub(super) oracle: Oracle,
    /// What handles own, oldest first.
    pub(super) entries: Vec<Entry>,
    pub(super) world: Rc<dyn World>,
    pub(super) trace: Option<Trace>,
    /// No chunk may push what is held above this: the limit, or what was held when it was set.
    pub(super) ceiling: usize,
    pub(super) limited: bool,
    clock: u64,
    /// The largest `peak` that the root ever showed.
    peak: usize,
}

impl<B: Backing + 'static, const M: usize> Machine<B, M> {
    pub(super) fn new(backing: B, world: Rc<dyn World>, trace: Option<Trace>) -> Self {
        let arena = NonNull::from(Box::leak(Box::new(Arena::with_min_align_in(backing))));
        let root = Handle { id: 0, parent: None, born: 0, arena, guard: None, marks: Vec::new() };
        Machine {
            handles: vec![root],
            oracle: Oracle::default(),
            entries: Vec::new(),
            world,
            trace,
            ceiling: usize::MAX,
            limited: false,
            clock: 0,
            peak: 0,
        }
    }

    /// A moment later than all before.
    pub(super) fn now(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The place of the handle that a program calls `name`: 0 is the root.
    pub(super) fn pick(&self, name: u8) -> usize {
        usize::from(name) % self.handles.len()
    }

    pub(super) fn index_of(&self, id: u64) -> usize {
        self.handles.iter().position(|handle| handle.id == id).expect("a handle that is alive")
    }

    pub(super) fn arena(&self, index: usize) -> &'static Arena<B, M> {
        // SAFETY: every handle on the list is alive, and whoever has this reference is done with it before the handle
        // ends: it never leaves an operation.
        unsafe { self.handles[index].arena.as_ref() }
    }

    /// The root, to be reset or moved.
    pub(super) fn root_alone(&mut self) -> NonNull<Arena<B, M>> {
        assert!(self.handles.len() == 1 && self.oracle.is_empty());
        self.handles[0].arena
    }

    /// Writes a new handle down.
    pub(super) fn enlist(
        &mut self,
        parent: usize,
        arena: NonNull<Arena<B, M>>,
        guard: Option<NonNull<Child<'static, B, M>>>,
    ) -> u64 {
        let born = self.now();
        let parent = Some(self.handles[parent].id);
        self.handles.push(Handle { id: born, parent, born, arena, guard, marks: Vec::new() });
        born
    }

    pub(super) fn make_child(&mut self, parent: usize) {
        let guard = NonNull::from(Box::leak(Box::new(self.arena(parent).child())));
        // SAFETY: made just now, and alive until `end` frees it.
        let arena = NonNull::from(&**unsafe { guard.as_ref() });
        self.enlist(parent, arena, Some(guard));
    }

    pub(super) fn has_children(&self, index: usize) -> bool {
        let id = self.handles[index].id;
        self.handles.iter().any(|handle| handle.parent == Some(id))
    }

    /// Whether `id` is `ancestor` or made from it.
    pub(super) fn descends(&self, id: u64, ancestor: u64) -> bool {
        let mut next = Some(id);
        while let Some(id) = next {
            if id == ancestor {
                return true;
            }
            next = self.handles[self.index_of(id)].parent;
        }
        false
    }

    /// Whether a handle or one made from it is inside a `scope` that still runs.
    pub(super) fn is_pinned(&self, id: u64) -> bool {
        self.handles.iter().any(|handle| handle.guard.is_none() && self.descends(handle.id, id))
    }

    /// Ends a child, which must have no children, or forgets it.
    pub(super) fn end(&mut self, index: usize, forget: bool) {
        assert!(!self.has_children(index));
        let handle = self.handles.remove(index);
        self.oracle.remove_if(|block| block.owner == handle.id);
        let guard = handle.guard.expect("neither the root nor a scope is ended by an operation");
        // SAFETY: from `Box::leak` in `make_child`; no reference to it is left: it has no children, its blocks are gone
        // from the list, and it was taken off the list of handles.
        let child = *unsafe { Box::from_raw(guard.as_ptr()) };
        let used = child.stats().used;
        let owned = self.disown(handle.id, 0);
        if forget {
            mem::forget(child);
            self.check_ended(&[]);
        } else {
            drop(child);
            self.check_ended(&owned);
            self.check_peak(self.index_of(handle.parent.expect("children have parents")), used);
        }
    }

    /// What a handle or its child had in use just before it let go of some shows as its peak.
    pub(super) fn check_peak(&self, index: usize, used: usize) {
        let stats = self.arena(index).stats();
        assert!(stats.peak >= used, "{used} were used at once: {stats:?}");
    }

    /// Ends all that was made from `id`, youngest first or not as `choices` says, and forgets some.
    pub(super) fn end_descendants(&mut self, id: u64, since: u64, choices: u8) {
        let mut step = 0;
        loop {
            let mut leaves = Vec::new();
            for (index, handle) in self.handles.iter().enumerate() {
                if handle.id != id
                    && self.under_child_since(handle.id, id, since)
                    && !self.has_children(index)
                {
                    leaves.push(index);
                }
            }
            if leaves.is_empty() {
                return;
            }
            let chosen = leaves[usize::from(choices).wrapping_add(step) % leaves.len()];
            self.end(chosen, choices >> (step % 8) & 1 == 1);
            step += 1;
        }
    }

    /// Whether `id` is, or descends from, a child of `ancestor` that was made after `since`.
    pub(super) fn under_child_since(&self, id: u64, ancestor: u64, since: u64) -> bool {
        self.handles
            .iter()
            .any(|child| child.parent == Some(ancestor) && child.born > since && self.descends(id, child.id))
    }

    /// What a handle itself, without its parents, has handed out.
    pub(super) fn own_used(&self, index: usize) -> usize {
        let above = self.handles[index].parent.map_or(0, |id| self.arena(self.index_of(id)).stats().used);
        self.arena(index).stats().used - above
    }

    /// Compares every figure with what is known.
    pub(super) fn check(&mut self) {
        self.check_ended(&[]);
        for index in 0..self.handles.len() {
            let id = self.handles[index].id;
            let live = self.oracle.live_bytes(|owner| self.descends(id, owner));
            let stats = self.arena(index).stats();
            assert!(stats.used >= live, "{live} bytes are alive: {stats:?}");
        }
        let stats = self.arena(0).stats();
        assert!(stats.peak >= self.peak, "the peak was {}: {stats:?}", self.peak);
        self.peak = stats.peak;
        assert!(stats.used <= stats.committed, "{stats:?}");
        assert!(stats.committed <= self.ceiling, "the limit was {}: {stats:?}", self.ceiling);
        let limit = self.arena(0).allocation_limit().unwrap_or(usize::MAX);
        self.ceiling = limit.max(stats.committed);
        assert_eq!(self.arena(0).allocated_bytes(), stats.committed);
        if let Some((bytes, chunks)) = self.world.held() {
            assert_eq!((stats.reserved, stats.chunks), (bytes, chunks), "{stats:?}");
            // Of every chunk all is used but the record, and what rounding adds to a size that was asked for exactly.
            let align = M.max(16);
            let records = chunks * 48_usize.next_multiple_of(align);
            assert!(stats.committed + records <= bytes, "{stats:?}");
            assert!(self.limited || bytes - stats.committed - records < (chunks + 1) * align, "{stats:?}");
        } else {
            assert!(stats.committed <= stats.reserved, "{stats:?}");
        }
        self.check_used_parts();
        self.check_maps();
        self.tell_state();
    }

    /// As one of the handles sees it, each time another: what a map says is exact in sum, and no block lies in what it
    /// says is free.
    fn check_maps(&self) {
        let arena = self.arena(self.clock as usize % self.handles.len());
        let map = picture::checked(arena);
        for block in self.oracle.blocks().iter().filter(|block| block.layout.size() > 0) {
            // Which chunk has how much of the handle's own is a guess at times.
            let kind = picture::kind_at(&map, block.start.as_ptr());
            assert!([Use::Used, Use::Lent, Use::Wasted].contains(&kind), "{block:?}: {kind:?}\n{map}");
        }
    }

    /// The root's blocks lie in what the arena says is used.
    fn check_used_parts(&self) {
        // SAFETY: nothing is allocated before the iterator is used up.
        let parts = unsafe { self.arena(0).iter_allocated_chunks_raw() };
        let parts: Vec<_> = parts.map(|(start, len)| start.addr()..start.addr() + len).collect();
        for block in self.oracle.blocks() {
            let start = block.start.addr().get();
            let inside =
                parts.iter().any(|part| part.start <= start && start + block.layout.size() <= part.end);
            assert!(inside || block.owner != 0 || block.layout.size() == 0, "{block:?} is in no used part");
        }
    }

    /// Takes a block that was just handed out into the books.
    pub(super) fn admit(&mut self, index: usize, start: NonNull<u8>, layout: Layout) {
        let born = self.now();
        self.oracle.admit(start, layout, self.handles[index].id, born);
        self.check_place(start, layout);
    }

    pub(super) fn check_place(&self, start: NonNull<u8>, layout: Layout) {
        self.tell_place(start, layout.size());
        if layout.size() != 0 {
            let addresses = start.addr().get()..start.addr().get() + layout.size();
            assert_ne!(
                self.world.holds(addresses),
                Some(false),
                "{layout:?} at {start:p} is not the arena's"
            );
        }
    }

    /// Ends everything and looks at what is left.
    pub(super) fn finish(mut self) {
        self.oracle.verify_all();
        self.tell_contents();
        self.end_descendants(0, 0, 0);
        self.oracle.remove_if(|_| true);
        let root = self.root_alone();
        // SAFETY: from `Box::leak`; nothing borrows it any more.
        drop(unsafe { Box::from_raw(root.as_ptr()) });
        let owned = self.disown(0, 0);
        self.check_ended(&owned);
        assert!(self.entries.is_empty());
        self.world.check_end();
    }
}
