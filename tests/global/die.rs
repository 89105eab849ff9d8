//! Programs that must end with a message, and not otherwise.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;

use crate::{GLOBAL, child_process};

const WORDS: &str = "freed twice, or with another size";

fn must_die(test: &str, message: &str, program: impl FnOnce()) {
    child_process::expect(&format!("die::{test}"), program, |ended| {
        assert!(!ended.success, "it went on: {}", ended.text);
        assert!(ended.text.contains(message), "{}", ended.text);
        assert!(!ended.text.contains("panicked"), "{}", ended.text);
    });
}

const LAYOUT: Layout = Layout::new::<[u64; 8]>();

fn make(count: usize) -> Vec<*mut u8> {
    // SAFETY: the size is not zero.
    let blocks = (0..count).map(|_| unsafe { alloc(LAYOUT) });
    let mut list = GLOBAL.outside(|| Vec::with_capacity(count));
    list.extend(blocks);
    list
}

fn free(block: *mut u8, layout: Layout) {
    // SAFETY: allocated by `make`. That it is freed twice, or with another layout, is what is tested.
    unsafe { dealloc(black_box(block), layout) };
}

#[test]
fn freed_twice_by_the_owner() {
    must_die("freed_twice_by_the_owner", WORDS, || {
        let region = GLOBAL.region();
        region.enter(|| {
            let blocks = make(1000);
            (0..2).for_each(|_| blocks[..500].iter().for_each(|&block| free(block, LAYOUT)));
        });
    });
}

#[test]
fn freed_twice_from_outside() {
    must_die("freed_twice_from_outside", WORDS, || {
        let region = GLOBAL.region();
        let blocks = region.enter(|| make(1000));
        (0..4).for_each(|_| blocks[..500].iter().for_each(|&block| free(block, LAYOUT)));
    });
}

#[test]
fn freed_twice_after_the_end_of_the_region() {
    must_die("freed_twice_after_the_end_of_the_region", WORDS, || {
        let blocks = GLOBAL.region().enter(|| make(1000));
        (0..2).for_each(|_| blocks.iter().for_each(|&block| free(block, LAYOUT)));
    });
}

#[test]
fn freed_when_its_block_is_free() {
    must_die("freed_when_its_block_is_free", WORDS, || {
        let region = GLOBAL.region();
        let block = region.enter(|| make(1))[0];
        region.enter(|| free(block, LAYOUT));
        drop(region);
        free(block, LAYOUT);
    });
}

#[test]
fn freed_with_a_size_beyond_its_block() {
    must_die("freed_with_a_size_beyond_its_block", WORDS, || {
        let region = GLOBAL.region();
        let blocks = region.enter(|| make(2));
        free(blocks[0], Layout::from_size_align(1 << 20, 8).unwrap());
    });
}

#[test]
fn freed_by_the_owner_with_a_size_beyond_its_block() {
    must_die("freed_by_the_owner_with_a_size_beyond_its_block", WORDS, || {
        let region = GLOBAL.region();
        region.enter(|| {
            let blocks = make(2);
            free(blocks[0], Layout::from_size_align(1 << 20, 8).unwrap());
        });
    });
}

#[test]
fn the_message_is_seen_only_then() {
    child_process::expect(
        "die::the_message_is_seen_only_then",
        || {
            let region = GLOBAL.region();
            let blocks = region.enter(|| make(1000));
            blocks[..500].iter().for_each(|&block| free(block, LAYOUT));
            region.enter(|| blocks[500..].iter().for_each(|&block| free(block, LAYOUT)));
            assert_eq!(region.live_bytes(), 0);
        },
        |ended| assert!(ended.success && !ended.text.contains(WORDS), "{}", ended.text),
    );
}

/// Regions that a library which switches stacks leaves in another order than that in which they were entered: two threads
/// could be in one of them.
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")))]
#[test]
fn left_in_another_order() {
    use corosensei::{Coroutine, Yielder};

    fn suspended(outside: bool) -> Coroutine<(), (), ()> {
        let mut coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            let region = GLOBAL.region();
            match outside {
                true => region.enter(|| GLOBAL.outside(|| yielder.suspend(()))),
                false => region.enter(|| yielder.suspend(())),
            }
        });
        _ = coroutine.resume(());
        coroutine
    }

    for outside in [false, true] {
        let (mut first, mut second) = (suspended(outside), suspended(outside));
        (_, _) = (second.resume(()), first.resume(()));
        assert!(first.done() && second.done() && GLOBAL.current().is_none());
    }
    must_die("left_in_another_order", "a region was left while another one was current", || {
        let (mut first, _second) = (suspended(false), suspended(false));
        _ = first.resume(());
    });
}
