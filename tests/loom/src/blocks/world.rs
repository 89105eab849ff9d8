//! Blocks, lists, and the memory of the blocks, of which each unit knows whether it is in use.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use loom::cell::UnsafeCell;

use crate::global::block::{Block, Held, Left};
use crate::global::line::{BLOCK, LINE, UNIT};
use crate::global::stack::Stack;

/// Eight bytes of a block.
struct Unit {
    /// Loom sees whether its uses are ordered.
    contents: UnsafeCell<usize>,
    /// Known to the test alone, so no part of the protocol: it makes no order.
    busy: AtomicBool,
}

/// What was handed out of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    pub(super) block: usize,
    pub(super) offset: usize,
    pub(super) bytes: usize,
}

pub(super) struct World {
    pub(super) blocks: Vec<Block>,
    units: Vec<Vec<Unit>>,
    pub(super) listed: Stack,
    pub(super) free: Stack,
}

// SAFETY: units are used by whoever has the object that they are part of; if the protocol is wrong, loom reports it.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

impl World {
    pub(super) fn new(blocks: usize) -> Self {
        let start = |index: usize| std::ptr::without_provenance_mut((1 + index) * BLOCK);
        let unit = || Unit { contents: UnsafeCell::new(0), busy: AtomicBool::new(false) };
        World {
            blocks: (0..blocks).map(|index| Block::new(start(index), index as u32)).collect(),
            units: (0..blocks).map(|_| (0..BLOCK / UNIT).map(|_| unit()).collect()).collect(),
            listed: Stack::new(),
            free: Stack::new(),
        }
    }

    fn units(&self, object: Object) -> &[Unit] {
        &self.units[object.block][object.offset / UNIT..(object.offset + object.bytes) / UNIT]
    }

    fn touch(&self, object: Object) {
        for unit in self.units(object) {
            unit.contents.with_mut(|place| {
                // SAFETY: the object's, and the object is the caller's; otherwise loom has just ended the test.
                unsafe { *place += 1 };
            });
        }
    }

    fn hand_out(&self, object: Object) -> Object {
        for unit in self.units(object) {
            assert!(!unit.busy.swap(true, SeqCst), "handed out twice: {object:?}");
        }
        self.touch(object);
        object
    }

    fn give_up(&self, object: Object) {
        self.touch(object);
        for unit in self.units(object) {
            assert!(unit.busy.swap(false, SeqCst), "freed twice: {object:?}");
        }
    }

    pub(super) fn pop(&self, list: &Stack) -> Option<Held<'_>> {
        let index = list.pop(|index| &self.blocks[index as usize].next)?;
        // SAFETY: a list has the token of what is on it.
        Some(unsafe { Held::assume(&self.blocks[index as usize]) })
    }

    pub(super) fn list(&self, held: Held<'_>) {
        self.listed.push(held.block().index(), &held.block().next);
    }

    pub(super) fn put_free(&self, held: Held<'_>) {
        held.set_free();
        self.free.push(held.block().index(), &held.block().next);
    }

    /// Frees what is not the thread's own region's.
    pub(super) fn free(&self, object: Object) {
        self.give_up(object);
        let freed = self.blocks[object.block].free(object.offset, object.bytes);
        if let Some(held) = freed.expect("freed once") {
            self.list(held);
        }
    }

    pub(super) fn let_go(&self, held: Held<'_>) {
        match held.orphan() {
            Left::Empty(held) => self.put_free(held),
            Left::Partly(held) => self.list(held),
            Left::Full => {}
        }
    }

    /// Sorts what is on the list: blocks that turn out to be empty are given to everybody.
    pub(super) fn trim(&self) {
        let listed: Vec<_> = std::iter::from_fn(|| self.pop(&self.listed)).collect();
        for held in listed {
            if held.clear_if_empty() {
                self.put_free(held);
            } else {
                self.list(held);
            }
        }
    }

    fn in_use(&self, block: usize) -> usize {
        self.units[block].iter().filter(|unit| unit.busy.load(SeqCst)).count() * UNIT
    }

    /// At the end, when no thread but this one is left, and no region: every block of which something was freed is on a
    /// list, once, and knows what of it is in use.
    pub(super) fn audit(&self) {
        let mut seen = vec![false; self.blocks.len()];
        while let Some(held) = self.pop(&self.free) {
            let index = held.block().index() as usize;
            assert!(!std::mem::replace(&mut seen[index], true), "block {index} was on a list twice");
            assert_eq!((self.in_use(index), held.in_use()), (0, 0));
            held.open_all(5);
            // Only once others have freed something does what they freed count at all.
            assert!(held.block().free(0, UNIT).expect("freed once").is_none());
            assert!(held.hole(0, 1).is_none(), "all but a unit is handed out, and was not freed since");
        }
        while let Some(held) = self.pop(&self.listed) {
            let index = held.block().index() as usize;
            assert!(!std::mem::replace(&mut seen[index], true), "block {index} was on a list twice");
            assert_eq!(held.adopt(5), self.in_use(index), "block {index}");
            self.audit_lines(&held, index);
        }
        for (index, seen) in seen.into_iter().enumerate() {
            assert!(seen || self.in_use(index) > BLOCK - LINE, "block {index} is lost");
        }
    }

    /// A line is a hole if, and only if, nothing of it is in use.
    fn audit_lines(&self, held: &Held<'_>, index: usize) {
        for line in 0..BLOCK / LINE {
            let units = &self.units[index][line * LINE / UNIT..(line + 1) * LINE / UNIT];
            let busy = units.iter().any(|unit| unit.busy.load(SeqCst));
            let hole = held.hole(line, 1).is_some_and(|(start, _)| start == line * LINE);
            assert_eq!(hole, !busy, "line {line} of block {index}");
        }
    }
}

/// What `core.rs` and `refill.rs` do, without lists of blocks, limits and sums.
pub(super) struct Region<'w> {
    world: &'w World,
    core: usize,
    owned: Vec<usize>,
    current: Option<usize>,
    pos: usize,
    end: usize,
}

impl<'w> Region<'w> {
    pub(super) fn new(world: &'w World, core: usize) -> Self {
        Region { world, core, owned: Vec::new(), current: None, pos: 0, end: 0 }
    }

    fn held(&self, block: usize) -> Held<'w> {
        // SAFETY: the region owns the block, and every token that it makes is gone with the step that made it.
        unsafe { Held::assume(&self.world.blocks[block]) }
    }

    /// Takes a clear block that nobody has.
    pub(super) fn begin(&mut self, block: usize) {
        self.close();
        self.held(block).open_all(self.core);
        self.owned.push(block);
        self.open(block, 0, BLOCK);
    }

    fn open(&mut self, block: usize, start: usize, end: usize) {
        (self.current, self.pos, self.end) = (Some(block), start, end);
    }

    /// From the window alone.
    pub(super) fn alloc(&mut self, bytes: usize) -> Option<Object> {
        let block = self.current.filter(|_| self.end - self.pos >= bytes)?;
        let object = Object { block, offset: self.pos, bytes };
        self.pos += bytes;
        Some(self.world.hand_out(object))
    }

    fn close(&mut self) {
        let Some(block) = self.current.take() else { return };
        if self.end > self.pos {
            self.held(block).free(self.pos, self.end - self.pos).expect("freed once");
        }
    }

    pub(super) fn has_hole(&self, block: usize) -> bool {
        self.held(block).hole(0, 1).is_some()
    }

    /// Opens a hole, or the whole block if it is empty. Whether there is a window now.
    pub(super) fn reopen(&mut self, block: usize, bytes: usize) -> bool {
        self.close();
        assert!(self.world.blocks[block].is_of(self.core), "somebody took it away");
        let held = self.held(block);
        let in_use = held.in_use();
        if in_use == 0 {
            held.clear();
            held.open_all(self.core);
            self.open(block, 0, BLOCK);
            return true;
        }
        if in_use + bytes.max(LINE) > BLOCK {
            return false;
        }
        let Some((start, end)) = held.hole(0, bytes) else { return false };
        held.fold();
        held.open(start, end);
        self.open(block, start, end);
        true
    }

    /// Frees what may be the region's own. Says whether it was.
    pub(super) fn free(&mut self, object: Object) -> bool {
        if !self.world.blocks[object.block].is_of(self.core) {
            self.world.free(object);
            return false;
        }
        self.world.give_up(object);
        let held = self.held(object.block);
        if held.free(object.offset, object.bytes).expect("freed once") == 0 {
            held.clear();
            if self.current == Some(object.block) {
                held.open_all(self.core);
                self.open(object.block, 0, BLOCK);
            } else {
                self.owned.retain(|&block| block != object.block);
                self.world.put_free(held);
            }
        }
        true
    }

    /// Takes a block off the list, and opens a hole of it. Returns its number if there is one.
    pub(super) fn adopt(&mut self, bytes: usize) -> Option<usize> {
        self.close();
        let held = self.world.pop(&self.world.listed)?;
        let block = held.block().index() as usize;
        if held.adopt(self.core) == 0 {
            held.clear();
            held.open_all(self.core);
            self.owned.push(block);
            self.open(block, 0, BLOCK);
            return Some(block);
        }
        if held.hole(0, 1).is_none() {
            held.set_barren(true);
            self.world.let_go(held);
            return None;
        }
        held.set_barren(false);
        self.owned.push(block);
        self.reopen(block, bytes).then_some(block)
    }

    /// A block of which nothing but the window is left is given to everybody as it is.
    fn leave_window(&mut self) {
        let Some(block) = self.current else { return };
        let held = self.held(block);
        if !held.vacate(self.end - self.pos) {
            return self.close();
        }
        self.current = None;
        self.owned.retain(|&other| other != block);
        self.world.put_free(held);
    }

    /// What a region does that is dropped.
    pub(super) fn end(mut self) {
        self.leave_window();
        for block in std::mem::take(&mut self.owned) {
            assert!(self.world.blocks[block].is_of(self.core), "somebody took it away");
            self.world.let_go(self.held(block));
        }
    }
}
