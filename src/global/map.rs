//! What lies where in a region.

use core::ptr;
use std::vec::Vec;

use super::block::Held;
use super::core::Core;
use super::current::{self, Entered};
use super::line::{BLOCK, LINE, LINES};
use super::region::Region;
use super::stack::NONE;
use crate::map::{Map, Use};
use crate::sync::atomic::Ordering;

/// The most spans that a block has: a line each, and both windows begin within one.
const SPANS: usize = LINES + 2;

impl Region {
    /// What lies where: of each block of 16 KiB which lines the region uses, which hold what others have left behind, which
    /// are free, and where the open windows are.
    ///
    /// While other threads free what the region handed out, each line is of a moment of its own.
    ///
    /// O(blocks). What it allocates comes from the inner allocator, so that the picture does not change what it shows.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::ScopedGlobal;
    /// use arenite::map::Use;
    ///
    /// #[global_allocator]
    /// static GLOBAL: ScopedGlobal = ScopedGlobal::new();
    ///
    /// let region = GLOBAL.region();
    /// let kept = region.enter(|| {
    ///     let scratch = vec![1_u8; 1000];
    ///     assert!(region.map().in_use(Use::Used) >= 1000);
    ///     scratch[..100].to_vec()
    /// });
    /// let map = region.map();
    /// assert_eq!(map.in_use(Use::Escaped), region.stats().live);
    /// assert!(map.in_use(Use::Escaped) >= kept.len());
    /// println!("{map}");
    /// ```
    #[must_use]
    pub fn map(&self) -> Map {
        let core = self.core;
        // A task's region is only visited.
        let entered = core.depth.get() > 0 || ptr::eq(current::get(), core);
        let own = if entered { Use::Used } else { Use::Escaped };
        let _outside = Entered::outside();
        let mut map = Map::new("region", self.name().unwrap_or(""), "block");
        let mut blocks: Vec<u32> = Vec::new();
        // Nothing is allocated while lists are walked: the inner allocator may be a program's own, which knows the region.
        loop {
            let count = core.ring_length.get() + core.spares.get();
            let enough = map.reserve(count, count * SPANS) & (blocks.capacity() >= count);
            if enough {
                break;
            }
            blocks.reserve(count);
        }
        core.each(usize::MAX, |block| blocks.push(block.block().index()));
        let mut spare = core.spare.get();
        while spare != NONE {
            blocks.push(spare);
            spare = core.owned(spare).block().next.load(Ordering::Relaxed);
        }
        blocks.sort_unstable_by_key(|&index| core.owned(index).block().start().addr());
        for &index in &blocks {
            let block = core.owned(index);
            if block.in_use() == 0 {
                map.push(block.block().start().addr(), BLOCK, 0, Use::Spare);
            } else {
                core.draw(&block, own, &mut map);
            }
            map.end_area();
        }
        map.finish(0, core.large.get().max(0) as usize)
    }
}

impl Core {
    /// The lines of a block of which something is in use, or which has a window. `own` is what the region's are.
    fn draw(&self, block: &Held<'static>, own: Use, map: &mut Map) {
        let index = block.block().index();
        let start = block.block().start().addr();
        // Offsets; empty in other blocks.
        let (from, to) = if index == self.current.get() {
            (self.pos.get().addr() - start, self.end.get().addr() - start)
        } else if index == self.overflow.get() {
            (self.overflow_pos.get().addr() - start, self.overflow_end.get().addr() - start)
        } else {
            (BLOCK, BLOCK)
        };
        for line in 0..LINES {
            let offset = line * LINE;
            let end = offset + LINE;
            // The window, as far as it lies in this line, is at its end.
            let window = if to >= end { end - from.clamp(offset, end) } else { 0 };
            let in_use = block.in_use_of(line).saturating_sub(window);
            let kind = match in_use {
                0 if window == 0 => Use::Hole,
                _ if block.is_opened(line) => own,
                _ => Use::Left,
            };
            map.push(start + offset, LINE - window, in_use, kind);
            map.push(start + end - window, window, 0, Use::Free);
        }
    }
}
