//! What the cursor of a region does with the block that it handed out last, and with alignments.

use std::alloc::{self, Layout};

use crate::GLOBAL;
use crate::basics::GAP;

const LINE: usize = if cfg!(any(arenite_zeal, miri)) { 64 } else { 512 };

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// A block of some size.
fn make(layout: Layout) -> *mut u8 {
    // SAFETY: no size here is zero.
    let block = unsafe { alloc::alloc(layout) };
    assert!(!block.is_null() && block.addr() % layout.align() == 0);
    block
}

fn free(block: *mut u8, layout: Layout) {
    // SAFETY: made by `make`, or resized to this layout, and freed once.
    unsafe { alloc::dealloc(block, layout) };
}

fn resize(block: *mut u8, old: Layout, size: usize) -> *mut u8 {
    // SAFETY: as for `free`; the size is not zero.
    unsafe { alloc::realloc(block, old, size) }
}

#[test]
fn the_last_block_comes_back_at_once() {
    let small = layout(16, 8);
    GLOBAL.region().enter(|| {
        let (first, second) = (make(small), make(small));
        free(second, small);
        assert_eq!(make(small), second, "where the one before it was");
        // As long as it is the last it stays where it is.
        let longer = resize(second, small, 24);
        assert_eq!(longer, second);
        let shorter = resize(longer, layout(24, 8), 8);
        assert_eq!(shorter, second);
        let third = make(small);
        assert_eq!(third.addr() - shorter.addr(), 8 + GAP, "and gives back what it does not need");
        // Not any more.
        let moved = resize(shorter, layout(8, 8), 40);
        assert_ne!(moved, shorter);
        free(moved, layout(40, 8));
        free(third, small);
        assert_eq!(make(small), third);
        free(third, small);
        free(first, small);
    });
}

/// What is skipped for an alignment is nobody's, and counts as that.
#[test]
fn what_alignment_skips_is_not_in_use() {
    let region = GLOBAL.region();
    let mut kept = Vec::with_capacity(64);
    region.enter(|| {
        for turn in 0..20 {
            // As long as there is room for the worst case, which zeal builds soon have not.
            let align = 16 << (turn % if cfg!(any(arenite_zeal, miri)) { 3 } else { 5 });
            let (small, wide) = (layout(8, 8), layout(8, align));
            kept.push((make(small), small));
            kept.push((make(wide), wide));
            free(make(layout(24, 2 * LINE)), layout(24, 2 * LINE));
        }
    });
    let stats = region.stats();
    assert_eq!((stats.live, stats.escaped), (40 * (8 + GAP), 40 * (8 + GAP)), "{stats}");
    region.enter(|| kept.drain(..).for_each(|(block, layout)| free(block, layout)));
    let stats = region.stats();
    assert_eq!((stats.live, stats.escaped), (0, 0), "{stats}");
}
