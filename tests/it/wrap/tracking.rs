//! `wrap::Tracking`: who holds what, and every kind of misuse.

use super::{block, bytes, free, resize};
use crate::child_process;
use crate::rounds::rounds;
use allocator_api2::alloc::{Allocator, Global};
use arenite::Arena;
use arenite::wrap::{Counting, Failing, Misuse, MisuseKind, Tracking};
use std::alloc::Layout;
use std::cell::RefCell;
use std::ptr::NonNull;

std::thread_local! {
    static TOLD: RefCell<Vec<(MisuseKind, String)>> = const { RefCell::new(Vec::new()) };
}

fn tell(misuse: &Misuse) {
    TOLD.with(|told| told.borrow_mut().push((misuse.kind, misuse.to_string())));
}

fn told() -> Vec<(MisuseKind, String)> {
    TOLD.with(RefCell::take)
}

#[inline(never)]
fn a_cache(allocator: &impl Allocator, size: usize) -> NonNull<u8> {
    std::hint::black_box(block(allocator, size).unwrap())
}

#[inline(never)]
fn a_table(allocator: &impl Allocator, size: usize) -> NonNull<u8> {
    std::hint::black_box(block(allocator, size).unwrap())
}

#[test]
fn the_report_says_who_holds_what() {
    let tracking = Tracking::new(Global);
    assert_eq!(tracking.report().to_string(), "nothing is live");
    let small: Vec<_> = (0..10).map(|_| a_cache(&tracking, 24)).collect();
    for kept in &small[..7] {
        // SAFETY: the block has this size, here and below.
        unsafe { free(&tracking, *kept, 24) };
    }
    let mark = tracking.mark();
    let large = a_table(&tracking, 2048);
    let report = tracking.report();
    assert_eq!((report.blocks, report.bytes, report.sites.len()), (4, 72 + 2048, 2), "{report}");
    let [first, second] = &report.sites[..] else { panic!("{report}") };
    assert_eq!(
        (first.blocks, first.bytes, first.smallest, first.largest, first.made),
        (1, 2048, 2048, 2048, 1)
    );
    assert_eq!(
        (second.blocks, second.bytes, second.smallest, second.largest, second.made),
        (3, 72, 24, 24, 10)
    );
    assert!(second.first <= second.last && second.last <= first.first);
    let text = report.to_string();
    let by = if cfg!(feature = "backtrace") { "2 call sites" } else { "2 layouts" };
    assert!(
        text.starts_with(&format!("2 KiB in 4 blocks are live, by {by}:\n2 KiB in 1 block, of 1 made here")),
        "{text}"
    );
    assert!(format!("{report:.1}").ends_with("\n72 B at 1 other site"), "{report:.1}");
    if cfg!(feature = "backtrace") {
        assert!(first.frames.iter().any(|frame| frame.contains("a_table")), "{text}");
        assert!(second.frames.iter().any(|frame| frame.contains("a_cache")), "{text}");
        assert!(first.frames.iter().any(|frame| frame.contains("tracking.rs:")), "{text}");
        assert!(!text.contains("arenite::wrap::"), "{text}");
    }
    assert_eq!(tracking.report_since(mark).bytes, 2048);
    // SAFETY: as above.
    let large = unsafe { resize(&tracking, large, 2048, 4096) }.unwrap();
    assert_eq!((tracking.blocks_live(), tracking.bytes_live()), (4, 72 + 4096));
    assert_eq!(tracking.report_since(mark).bytes, 4096);
    for (kept, size) in [(large, 4096), (small[7], 24), (small[8], 24), (small[9], 24)] {
        // SAFETY: as above.
        unsafe { free(&tracking, kept, size) };
    }
    assert_eq!((tracking.report().blocks, tracking.blocks_live(), tracking.bytes_live()), (0, 0, 0));
}

#[test]
fn misuse_is_named_and_goes_no_further() {
    let arena = Arena::new();
    let tracking = Tracking::new(Counting::new(&arena)).on_misuse(tell).trace_frees(true);
    let kept = block(&tracking, 24).unwrap();
    let freed = block(&tracking, 40).unwrap();
    // SAFETY: the block has this size, here and below.
    unsafe { free(&tracking, freed, 40) };
    // SAFETY: the mistakes, here and below: nothing of them is touched.
    unsafe { free(&tracking, freed, 40) };
    // SAFETY: as above.
    unsafe { resize(&tracking, freed, 40, 80) }.unwrap_err();
    // SAFETY: as above.
    unsafe { resize(&tracking, freed, 40, 8) }.unwrap_err();
    // SAFETY: as above.
    unsafe { free(&tracking, kept, 16) };
    // SAFETY: as above.
    unsafe { tracking.deallocate(kept, Layout::from_size_align(24, 4).unwrap()) };
    let inside = kept.map_addr(|address| address.checked_add(8).unwrap());
    // SAFETY: as above.
    unsafe { free(&tracking, inside, 16) };
    // SAFETY: as above.
    unsafe { free(&tracking, NonNull::from(&mut 0_u64).cast(), 8) };
    let (kinds, texts): (Vec<_>, Vec<_>) = told().into_iter().unzip();
    use MisuseKind::{DoubleFree, Foreign, WrongLayout};
    assert_eq!(
        kinds,
        [DoubleFree, DoubleFree, DoubleFree, WrongLayout, WrongLayout, Foreign, Foreign],
        "{texts:?}"
    );
    assert!(
        texts[0].starts_with(&format!("double free: the block at {freed:p}, of 40 bytes aligned to 8, was"))
    );
    assert!(
        texts[4].contains("of 24 bytes aligned to 8, comes back with 24 bytes aligned to 4"),
        "{}",
        texts[4]
    );
    assert!(texts[5].contains("lies 8 bytes into the block at 0x"), "{}", texts[5]);
    if cfg!(feature = "backtrace") {
        let (made, freed) = texts[0].split_once("freed before by").expect("both ends");
        assert!(made.contains("made by") && made.contains("misuse_is_named"), "{}", texts[0]);
        assert!(freed.contains("tracking.rs:"), "{}", texts[0]);
    }
    assert_eq!((tracking.misuses(), tracking.blocks_live(), tracking.bytes_live()), (7, 1, 24));
    let counts = tracking.inner().counts();
    assert_eq!((counts.deallocate, counts.grow, counts.shrink, counts.blocks_live), (1, 0, 0, 1));
    // SAFETY: as above.
    unsafe { free(&tracking, kept, 24) };
    assert_eq!((tracking.misuses(), tracking.blocks_live()), (7, 0));
}

/// A free of where a block was before it moved.
#[test]
fn the_old_place_of_a_block_is_a_double_free() {
    let failing = Failing::new(Global);
    failing.move_resizes(true);
    let tracking = Tracking::new(failing).on_misuse(tell);
    let kept = block(&tracking, 24).unwrap();
    // SAFETY: the block has this size, here and below.
    let moved = unsafe { resize(&tracking, kept, 24, 100) }.unwrap();
    // SAFETY: the mistake: the block moved.
    unsafe { free(&tracking, kept, 24) };
    assert_eq!(told().pop().unwrap().0, MisuseKind::DoubleFree);
    tracking.inner().resizes().fail_always();
    // SAFETY: as above.
    unsafe { resize(&tracking, moved, 100, 200) }.unwrap_err();
    assert_eq!((tracking.blocks_live(), tracking.bytes_live()), (1, 100));
    // SAFETY: as above.
    unsafe { free(&tracking, moved, 100) };
    assert_eq!(told(), []);
}

#[test]
fn an_address_that_is_used_again_is_live_again() {
    let tracking = Tracking::new(Global).on_misuse(tell);
    for round in 0..rounds(10_000) {
        let size = 8 + round % 5 * 8;
        let kept = block(&tracking, size).unwrap();
        // SAFETY: the block has this size.
        unsafe { free(&tracking, kept, size) };
    }
    assert_eq!((told(), tracking.blocks_live()), (vec![], 0));
}

#[test]
fn threads_share_one() {
    let tracking = Tracking::new(Global);
    std::thread::scope(|scope| {
        for seed in 0..4_usize {
            let tracking = &tracking;
            scope.spawn(move || {
                for round in 0..rounds(300) {
                    let size = 8 + (round * 7 + seed) % 300;
                    let kept = block(tracking, size).unwrap();
                    // SAFETY: the block has this size, here and below.
                    let kept = unsafe { resize(tracking, kept, size, 2 * size) }.unwrap();
                    if round % 100 == 0 {
                        assert!(tracking.report().blocks > 0);
                    }
                    // SAFETY: as above.
                    unsafe { free(tracking, kept, 2 * size) };
                }
            });
        }
    });
    assert_eq!((tracking.blocks_live(), tracking.bytes_live(), tracking.misuses()), (0, 0, 0));
}

/// The books of one are no business of another that is below it, nor does either mind when the other is dropped.
#[test]
fn one_over_another() {
    let below = Tracking::new(Global);
    {
        let above = Tracking::new(&below);
        let kept = block(&above, 24).unwrap();
        assert_eq!((above.blocks_live(), below.blocks_live()), (1, 1));
        assert_eq!(above.report().bytes, 24);
        // SAFETY: the block has this size.
        unsafe { free(&above, kept, 24) };
    }
    assert_eq!((below.blocks_live(), below.misuses()), (0, 0));
}

#[test]
fn by_default_the_process_ends() {
    child_process::expect(
        "wrap::tracking::by_default_the_process_ends",
        || {
            let tracking = Tracking::new(Global);
            let kept = block(&tracking, 24).unwrap();
            // SAFETY: the mistake is the size.
            unsafe { tracking.deallocate(kept, bytes(32)) };
        },
        |ended| {
            assert!(!ended.success, "{}", ended.text);
            assert!(ended.text.contains("arenite: wrong layout: the block at 0x"), "{}", ended.text);
        },
    );
}

#[test]
fn a_report_at_the_end() {
    child_process::expect(
        "wrap::tracking::a_report_at_the_end",
        || {
            let tracking = Tracking::new(Global);
            let _report = tracking.report_at_end();
            a_table(&tracking, 96);
            println!("the end");
        },
        |ended| {
            assert!(ended.success, "{}", ended.text);
            let last = ended.text.split("the end").nth(1).unwrap_or_default();
            assert!(last.contains("96 B in 1 block are live"), "{}", ended.text);
        },
    );
}
