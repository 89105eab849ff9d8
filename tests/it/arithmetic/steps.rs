//! How much of a range is reserved and committed, against arithmetic too wide to wrap.

use arenite::addr::Steps;

const STEPS: Steps = Steps { page: 4, huge_page: 16, smallest: 8, largest: 40 };

/// What `target` promises: half as much again, within bounds, and what is wanted in any case, in whole units.
fn target_wide(steps: &Steps, committed: usize, wanted: usize, len: usize) -> usize {
    let step = (committed as u128 / 2).clamp(steps.smallest as u128, steps.largest as u128);
    let target = (committed as u128 + step).max(wanted as u128);
    let unit = if target < steps.huge_page as u128 { steps.page } else { steps.huge_page };
    target.next_multiple_of(unit as u128).min(len as u128) as usize
}

#[test]
fn what_is_committed_next() {
    let mut cases = 0;
    for len in (0..200).step_by(STEPS.page) {
        for committed in 0..=len {
            for wanted in 0..=len {
                let target = STEPS.target(committed, wanted, len);
                assert_eq!(target, target_wide(&STEPS, committed, wanted, len), "{committed} {wanted} {len}");
                assert!(wanted <= target && committed <= target && target <= len);
                cases += 1;
            }
        }
    }
    assert!(cases > 500_000, "only {cases} cases");
    // From steps that are set by the smallest, over those that are a half, to those that are set by the largest.
    assert_eq!(
        [0, 8, 48, 64, 96, 160].map(|committed| STEPS.target(committed, 0, 4096)),
        [8, 16, 80, 96, 144, 208]
    );
}

#[test]
fn the_last_steps_of_all_address_space() {
    let top = usize::MAX & !(STEPS.page - 1);
    for committed in [top, top - 4, top - 100, usize::MAX / 4 * 3] {
        for wanted in [0, committed, top - 3, top] {
            let target = STEPS.target(committed, wanted, top);
            assert_eq!(target, target_wide(&STEPS, committed, wanted, top), "{committed:#x} {wanted:#x}");
        }
    }
}

#[test]
fn whole_pages_of_a_range() {
    for len in (0..100).step_by(STEPS.page) {
        for bytes in (0..150).chain([usize::MAX - 3, usize::MAX]) {
            let expected = (bytes as u128).next_multiple_of(STEPS.page as u128).min(len as u128);
            assert_eq!(STEPS.whole_pages(bytes, len) as u128, expected, "{bytes} of {len}");
        }
    }
}

#[test]
fn what_a_range_takes_of_the_address_space() {
    for len in (0..200).chain(usize::MAX - 80..=usize::MAX) {
        for guard in [false, true] {
            let pages = (len as u128).next_multiple_of(STEPS.page as u128);
            // Wherever the system puts it, there is a boundary below which no more is left over than this.
            let align = if pages >= 2 * STEPS.huge_page as u128 { STEPS.huge_page } else { STEPS.page };
            let mapped = pages + (align - STEPS.page) as u128 + if guard { STEPS.page as u128 } else { 0 };
            let expected = usize::try_from(mapped).ok().map(|mapped| (pages as usize, align, mapped));
            assert_eq!(STEPS.reservation(len, guard), expected, "{len:#x} {guard}");
        }
    }
}
