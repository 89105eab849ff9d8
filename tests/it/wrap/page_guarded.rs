//! `wrap::PageGuarded`: pages beside a block and those of a freed one are forbidden.

use super::through::Through;
use super::{block, bytes, free, resize};
use crate::child_process;
use crate::rounds::rounds;
use allocator_api2::alloc::{Allocator, Global};
use arenite::conformance_suite;
use arenite::testing::conformance::Conformance;
use arenite::wrap::{Counting, Fallback, Guarded, Misuse, MisuseKind, Owns, PageGuarded};
use std::alloc::{Layout, System};
use std::cell::RefCell;
use std::ptr::NonNull;

/// Each block takes a mapping or two of the system's, and a system call or two.
const FEW: Conformance = Conformance::new().operations(1500).max_size(64 << 10).may_run_out(true);

conformance_suite!(at_end, PageGuarded::new(), FEW);
conformance_suite!(at_start, PageGuarded::new().at_start(), FEW);
conformance_suite!(scarce, PageGuarded::new().reserve(1 << 20), FEW.max_align(4096));
conformance_suite!(counted, Counting::new(PageGuarded::new()), FEW);
conformance_suite!(guarded, Guarded::new(PageGuarded::new()), FEW);
conformance_suite!(global, Through(PageGuarded::new()), FEW);
conformance_suite!(then_heap, Fallback::owning(PageGuarded::new().reserve(1 << 20), Global));
conformance_suite!(then_system, Through(Fallback::owning(PageGuarded::new().reserve(1 << 20), System)));

std::thread_local! {
    static TOLD: RefCell<Vec<MisuseKind>> = const { RefCell::new(Vec::new()) };
}

fn tell(misuse: &Misuse) {
    assert!(misuse.to_string().contains("0x"));
    TOLD.with(|told| told.borrow_mut().push(misuse.kind));
}

fn told() -> Vec<MisuseKind> {
    TOLD.with(RefCell::take)
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn page() -> usize {
    // What stands in for the system there has smaller ones.
    if cfg!(miri) {
        return 1 << 10;
    }
    // SAFETY: asks for a figure.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap()
}

#[test]
fn blocks_lie_against_a_page_as_far_as_alignment_permits() {
    let (end, start) = (PageGuarded::new(), PageGuarded::new().at_start());
    for exponent in 0..=21 {
        let align = 1 << exponent;
        for size in [1, 2, 24, 4096, 5000, 70_000] {
            let layout = layout(size, align);
            let block = end.allocate(layout).unwrap();
            let address = block.addr().get();
            assert_eq!((address % align, block.len()), (0, size));
            let rest = (address + size).next_multiple_of(page()) - (address + size);
            assert!(rest < align, "{rest} bytes behind a block of {layout:?}");
            // SAFETY: the block has this layout.
            unsafe { end.deallocate(block.cast(), layout) };
            let block = start.allocate(layout).unwrap();
            assert_eq!(block.addr().get() % align.max(page()), 0);
            // SAFETY: as above.
            unsafe { start.deallocate(block.cast(), layout) };
        }
    }
    assert_eq!((end.blocks_live(), start.blocks_live()), (0, 0));
}

#[test]
fn addresses_are_never_used_again_until_there_are_none() {
    let guarded = PageGuarded::new().reserve(1 << 20);
    let mut seen = Vec::new();
    while let Ok(kept) = block(&guarded, 24) {
        assert!(!seen.contains(&kept) && guarded.owns(kept));
        seen.push(kept);
        // SAFETY: the block has this size.
        unsafe { free(&guarded, kept, 24) };
    }
    let most = (1 << 20) / page() / 2;
    assert!(seen.len() <= most && seen.len() > most * 9 / 10, "{} of {most}", seen.len());
    assert!(guarded.address_space_left() <= 2 * page());
    assert_eq!((guarded.blocks_live(), guarded.misuses()), (0, 0));
    assert!(!guarded.owns(NonNull::from(&seen[0]).cast()));
}

/// What is freed is one mapping with what is around it: only live blocks count against what the system allows, which is
/// 65 530 mappings, if nobody changed that.
#[test]
fn freed_blocks_take_no_mappings() {
    let guarded = PageGuarded::new();
    for round in 0..rounds(40_000) {
        let kept = block(&guarded, 24).unwrap_or_else(|_| panic!("refused in round {round}"));
        // SAFETY: the block has this size, here and below.
        unsafe { kept.write_bytes(1, 24) };
        // SAFETY: as above.
        unsafe { free(&guarded, kept, 24) };
    }
}

#[test]
fn misuse_is_named_for_ever() {
    let guarded = PageGuarded::new().on_misuse(tell);
    let kept = block(&guarded, 24).unwrap();
    let freed = block(&guarded, 24).unwrap();
    // SAFETY: the block has this size, here and below.
    unsafe { free(&guarded, freed, 24) };
    for _ in 0..rounds(5000) {
        let other = block(&guarded, 24).unwrap();
        // SAFETY: as above.
        unsafe { free(&guarded, other, 24) };
    }
    // SAFETY: the mistakes, here and below: nothing of them is touched.
    unsafe { free(&guarded, freed, 24) };
    // SAFETY: as above.
    unsafe { guarded.grow(freed, bytes(24), bytes(48)) }.unwrap_err();
    // SAFETY: as above.
    unsafe { guarded.deallocate(kept, bytes(16)) };
    // SAFETY: as above.
    unsafe { guarded.deallocate(kept, layout(24, 4)) };
    let inside = kept.map_addr(|address| address.checked_add(8).unwrap());
    // SAFETY: as above.
    unsafe { guarded.deallocate(inside, bytes(16)) };
    // SAFETY: as above.
    unsafe { guarded.deallocate(NonNull::from(&mut 0_u64).cast(), bytes(8)) };
    use MisuseKind::{DoubleFree, Foreign, WrongLayout};
    assert_eq!(told(), [DoubleFree, DoubleFree, WrongLayout, WrongLayout, Foreign, Foreign]);
    assert_eq!((guarded.misuses(), guarded.blocks_live()), (6, 1));
    // SAFETY: as above.
    unsafe { free(&guarded, kept, 24) };
    assert_eq!((guarded.misuses(), guarded.blocks_live()), (6, 0));
}

#[test]
fn what_pages_cannot_see_the_filling_shows() {
    let guarded = PageGuarded::new().on_misuse(tell);
    let aligned = layout(24, 16);
    let block = guarded.allocate(aligned).unwrap().cast::<u8>();
    assert_eq!(guarded.check().unwrap(), 1);
    let behind = block.as_ptr().wrapping_add(24);
    // SAFETY: the mistake: the byte is in the block's page, behind its end.
    unsafe { behind.write(1) };
    let before = block.as_ptr().wrapping_sub(3);
    assert_eq!(guarded.check().unwrap_err().kind, MisuseKind::Overrun { bytes: 1 });
    // SAFETY: the mistake: the byte is in the block's page, before it.
    unsafe { before.write(1) };
    // SAFETY: the block has this layout; the new one is longer.
    let grown = unsafe { guarded.grow(block, aligned, layout(32, 16)) }.unwrap().cast();
    assert_eq!(told(), [MisuseKind::Underrun { bytes: 1 }]);
    // SAFETY: the block has this layout.
    unsafe { guarded.deallocate(grown, layout(32, 16)) };
    assert_eq!((told(), guarded.check().unwrap()), (vec![], 0));
}

/// Runs a program that touches what it must not, in a process of its own, which the system must end.
fn must_die(test: &str, program: impl FnOnce()) {
    let path = format!("wrap::page_guarded::{test}");
    child_process::expect(
        &path,
        || {
            program();
            println!("went on");
        },
        |ended| assert!(!ended.success && !ended.text.contains("went on"), "{}", ended.text),
    );
}

fn touch(block: NonNull<u8>, offset: isize) {
    let place = block.as_ptr().wrapping_offset(offset);
    // SAFETY: the mistake: nobody may touch the byte, and whoever does is ended by the system.
    unsafe { place.read_volatile() };
}

#[test]
fn an_overrun_ends_the_process() {
    must_die("an_overrun_ends_the_process", || {
        let guarded = PageGuarded::new();
        let kept = block(&guarded, 24).unwrap();
        touch(kept, 23);
        println!("the block itself is whole");
        touch(kept, 24);
    });
}

#[test]
fn an_underrun_ends_the_process() {
    must_die("an_underrun_ends_the_process", || {
        let guarded = PageGuarded::new().at_start();
        touch(block(&guarded, 24).unwrap(), -1);
    });
}

#[test]
fn use_after_free_ends_the_process() {
    must_die("use_after_free_ends_the_process", || {
        let guarded = PageGuarded::new();
        let kept = block(&guarded, 24).unwrap();
        // SAFETY: the block has this size.
        unsafe { free(&guarded, kept, 24) };
        touch(kept, 0);
    });
}

#[test]
fn use_of_the_old_place_ends_the_process() {
    must_die("use_of_the_old_place_ends_the_process", || {
        let guarded = PageGuarded::new();
        let kept = block(&guarded, 24).unwrap();
        // SAFETY: the block has this size.
        let moved = unsafe { resize(&guarded, kept, 24, 16) }.unwrap();
        touch(moved, 15);
        touch(kept, 0);
    });
}

#[test]
fn a_double_free_ends_the_process() {
    child_process::expect(
        "wrap::page_guarded::a_double_free_ends_the_process",
        || {
            let guarded = PageGuarded::new();
            let kept = block(&guarded, 24).unwrap();
            // SAFETY: the block has this size. The second is the mistake.
            unsafe { free(&guarded, kept, 24) };
            // SAFETY: as above.
            unsafe { free(&guarded, kept, 24) };
        },
        |ended| {
            assert!(
                !ended.success && ended.text.contains("arenite: double free: the block at 0x"),
                "{}",
                ended.text
            );
        },
    );
}
