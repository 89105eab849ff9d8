//! `wrap::Guarded`: what is written beside a block is found, wherever its alignment puts it.

use super::{block, bytes, free, resize};
use crate::child_process;
use crate::rounds::rounds;
use crate::testing::{Defect, Hostile};
use allocator_api2::alloc::{Allocator, Global};
use arenite::Arena;
use arenite::wrap::{Counting, Guarded, Misuse, MisuseKind};
use std::alloc::Layout;
use std::cell::RefCell;
use std::ptr::NonNull;

std::thread_local! {
    static TOLD: RefCell<Vec<(MisuseKind, String)>> = const { RefCell::new(Vec::new()) };
}

fn tell(misuse: &Misuse) {
    TOLD.with(|told| told.borrow_mut().push((misuse.kind, misuse.to_string())));
}

/// What the hook was told since the last time.
fn told() -> Vec<(MisuseKind, String)> {
    TOLD.with(RefCell::take)
}

/// Writes beside a block, where its guards are: that is the mistake.
fn overwrite(block: NonNull<u8>, offset: isize) {
    let place = block.as_ptr().wrapping_offset(offset);
    // SAFETY: within what the wrapper got for the block, and readable.
    let was = unsafe { place.read_volatile() };
    // SAFETY: as above.
    unsafe { place.write_volatile(!was) };
}

#[test]
fn alignment_is_kept_and_both_sides_are_guarded() {
    let guarded = Guarded::new(Global).on_misuse(tell);
    for exponent in 0..=21 {
        let align = 1 << exponent;
        for size in [1, 7, 8, 100] {
            let layout = Layout::from_size_align(size, align).unwrap();
            for (offset, expected) in [
                (0, None),
                (-1, Some(MisuseKind::Underrun { bytes: 1 })),
                (-16, Some(MisuseKind::Underrun { bytes: 1 })),
                (size as isize, Some(MisuseKind::Overrun { bytes: 1 })),
                (size as isize + 15, Some(MisuseKind::Overrun { bytes: 1 })),
            ] {
                let block = guarded.allocate(layout).unwrap();
                assert_eq!((block.addr().get() % align, block.len()), (0, size));
                let block = block.cast::<u8>();
                overwrite(block, offset);
                match expected {
                    None => assert_eq!(guarded.check().unwrap(), 1),
                    Some(kind) => assert_eq!(guarded.check().unwrap_err().kind, kind),
                }
                assert_eq!(told(), [], "a check tells nobody");
                // SAFETY: the block has this layout.
                unsafe { guarded.deallocate(block, layout) };
                assert_eq!(told().first().map(|(kind, _)| *kind), expected, "{layout:?} at {offset}");
            }
        }
    }
    assert_eq!((guarded.check().unwrap(), guarded.misuses()), (0, 22 * 4 * 4));
}

#[test]
fn a_resize_looks_and_guards_anew() {
    let guarded = Guarded::new(Counting::new(Global)).on_misuse(tell);
    let kept = block(&guarded, 10).unwrap();
    overwrite(kept, 12);
    // SAFETY: the block has this size, here and below.
    let kept = unsafe { resize(&guarded, kept, 10, 100) }.unwrap();
    assert_eq!(told().len(), 1);
    assert_eq!(guarded.check().unwrap(), 1);
    overwrite(kept, -3);
    overwrite(kept, -4);
    // SAFETY: as above.
    let kept = unsafe { resize(&guarded, kept, 100, 3) }.unwrap();
    assert_eq!(told().pop().unwrap().0, MisuseKind::Underrun { bytes: 2 });
    assert_eq!(guarded.check().unwrap(), 1);
    // SAFETY: as above.
    unsafe { free(&guarded, kept, 3) };
    assert_eq!((told().len(), guarded.inner().counts().bytes_live), (0, 0));
}

#[test]
fn misuse_is_named_and_goes_no_further() {
    // Its buffer stays readable after a free, which is what a look at a freed block takes.
    let guarded = Guarded::new(Counting::new(Hostile::new(Defect::None))).on_misuse(tell);
    let kept = block(&guarded, 24).unwrap();
    let other = block(&guarded, 24).unwrap();
    // SAFETY: the block is live; the layout is the mistake.
    unsafe { guarded.deallocate(kept, bytes(25)) };
    let aligned = Layout::from_size_align(24, 16).unwrap();
    // SAFETY: as above.
    unsafe { guarded.deallocate(kept, aligned) };
    // SAFETY: as above.
    unsafe { guarded.grow(kept, bytes(23), bytes(50)) }.unwrap_err();
    let (kinds, texts): (Vec<_>, Vec<_>) = told().into_iter().unzip();
    assert_eq!(kinds, [MisuseKind::WrongLayout; 3]);
    assert!(
        texts[0].contains("of 24 bytes aligned to 8, comes back with 25 bytes aligned to 8"),
        "{texts:?}"
    );
    assert_eq!(guarded.inner().counts().blocks_live, 2);
    // SAFETY: the block has this size, here and below.
    unsafe { free(&guarded, kept, 24) };
    // SAFETY: the mistake: it was freed. The memory is still the buffer's.
    unsafe { free(&guarded, kept, 24) };
    let inside = other.map_addr(|address| address.checked_add(8).unwrap());
    // SAFETY: the mistake: there is no block. The memory is the other block's.
    unsafe { free(&guarded, inside, 8) };
    let kinds: Vec<_> = told().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [MisuseKind::DoubleFree, MisuseKind::Foreign]);
    assert_eq!((guarded.check().unwrap(), guarded.misuses()), (1, 5));
    // SAFETY: as above.
    unsafe { free(&guarded, other, 24) };
    assert_eq!((guarded.check().unwrap(), guarded.inner().counts().deallocate), (0, 2));
}

/// A header that is gone takes no others with it.
#[test]
fn blocks_beside_one_that_was_trampled_on_can_go() {
    let guarded = Guarded::new(Global).on_misuse(tell);
    let blocks = [(); 5].map(|()| block(&guarded, 24).unwrap());
    for offset in 17..=56 {
        overwrite(blocks[2], -offset);
    }
    guarded.check().unwrap_err();
    for index in [1, 3, 0, 4] {
        // SAFETY: the block has this size.
        unsafe { free(&guarded, blocks[index], 24) };
    }
    assert_eq!(told(), []);
    // SAFETY: as above.
    unsafe { free(&guarded, blocks[2], 24) };
    assert_eq!(told().pop().unwrap().0, MisuseKind::Foreign);
    // It stays where it is, for good: nobody else gets what may be somebody's.
    let base = blocks[2].as_ptr().wrapping_sub(56);
    // SAFETY: what the wrapper got for the block, with the layout that it has there.
    unsafe { Global.deallocate(NonNull::new(base).unwrap(), bytes(24 + 72)) };
}

#[test]
fn threads_share_one() {
    let guarded = Guarded::new(Global);
    std::thread::scope(|scope| {
        for seed in 0..4_usize {
            let guarded = &guarded;
            scope.spawn(move || {
                for round in 0..rounds(500) {
                    let kept = block(guarded, 8 + (round * 7 + seed) % 300).unwrap();
                    if round % 100 == 0 {
                        guarded.check().unwrap();
                    }
                    // SAFETY: the block has this size.
                    unsafe { free(guarded, kept, 8 + (round * 7 + seed) % 300) };
                }
            });
        }
    });
    assert_eq!((guarded.check().unwrap(), guarded.misuses()), (0, 0));
}

#[test]
fn by_default_the_process_ends() {
    child_process::expect(
        "wrap::guarded::by_default_the_process_ends",
        || {
            let arena = Arena::new();
            let guarded = Guarded::new(&arena);
            let kept = block(&guarded, 24).unwrap();
            overwrite(kept, 24);
            // SAFETY: the block has this size.
            unsafe { free(&guarded, kept, 24) };
        },
        |ended| {
            assert!(!ended.success, "{}", ended.text);
            assert!(ended.text.contains("overrun: the block at 0x"), "{}", ended.text);
            assert!(
                ended.text.contains("of 24 bytes aligned to 8, has 1 byte overwritten behind it"),
                "{}",
                ended.text
            );
        },
    );
}

#[test]
fn a_hook_that_panics_ends_the_process() {
    child_process::expect(
        "wrap::guarded::a_hook_that_panics_ends_the_process",
        || {
            let arena = Arena::new();
            let guarded = Guarded::new(&arena).on_misuse(|misuse| panic!("a hook heard of {misuse}"));
            let kept = block(&guarded, 24).unwrap();
            overwrite(kept, -1);
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                // SAFETY: the block has this size.
                unsafe { free(&guarded, kept, 24) };
            }));
            println!("went on after {caught:?}");
        },
        |ended| {
            assert!(!ended.success && ended.text.contains("a hook heard of underrun"), "{}", ended.text);
            assert!(!ended.text.contains("went on"), "{}", ended.text);
        },
    );
}
