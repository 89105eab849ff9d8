//! The address arithmetic against brute force, over every case in small boxes.
//!
//! The boxes lie at the bottom, in the middle and at the top of the address space, because that is where sums wrap.

mod cut;
#[cfg(feature = "alloc")]
mod holes;
mod share;
mod steps;

use std::time::{Duration, Instant};

use arenite::addr::{
    LOW_HALF, Placed, SMALL, align_down, align_up, clip_end, in_each_page, padding, place, worst_case,
};

const ALIGNS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Addresses around which the boxes lie.
const CENTRES: [usize; 5] = [0, 1 << 20, isize::MAX as usize, usize::MAX - 200, usize::MAX];

/// The addresses of a box of `width` around `centre`, as far as there are any.
fn around(centre: usize, width: usize) -> impl Iterator<Item = usize> + Clone {
    let first = centre.saturating_sub(width / 2);
    let last = centre.saturating_add(width / 2);
    (0..=last - first).map(move |offset| first + offset)
}

/// The first multiple of `align` at or after `address`, found by looking at each address in turn.
fn first_multiple(address: usize, align: usize) -> Option<usize> {
    (0..align).filter_map(|step| address.checked_add(step)).find(|candidate| candidate % align == 0)
}

#[test]
fn one_offset_in_each_page() {
    for page in [1, 2, 8, 16] {
        for from in 0..40 {
            for to in 0..40 {
                let mut expected: Vec<usize> = (from..to).collect();
                expected.dedup_by_key(|offset| *offset / page);
                assert_eq!(
                    in_each_page(from, to, page).collect::<Vec<_>>(),
                    expected,
                    "{from}..{to} by {page}"
                );
            }
        }
    }
}

#[test]
fn rounding() {
    let mut cases = 0_u64;
    for centre in CENTRES {
        for address in around(centre, 600) {
            for align in ALIGNS {
                let up = first_multiple(address, align);
                // Sums of an address and `align - 1` that wrap mean "none", although the multiple may be the address.
                let reaches = address.checked_add(align - 1).is_some();
                assert_eq!(align_up(address, align), up.filter(|_| reaches), "{address:#x} up to {align}");
                let down = address - address % align;
                assert_eq!(align_down(address, align), down, "{address:#x} down to {align}");
                let bytes = padding(address, align);
                assert!(bytes < align, "{address:#x} to {align}");
                assert_eq!(address.wrapping_add(bytes) % align, 0, "{address:#x} to {align}");
                cases += 1;
            }
        }
    }
    assert!(cases > 10_000);
}

/// What `place` promises, in arithmetic too wide to wrap.
fn place_wide(pos: usize, end: usize, footprint: usize, align: usize) -> Option<Placed> {
    let block = (pos as u128).next_multiple_of(align as u128);
    let next = block + footprint as u128;
    let placed = Placed { padding: (block - pos as u128) as usize, advance: (next - pos as u128) as usize };
    (next <= end as u128).then_some(placed)
}

#[test]
fn every_placement_in_a_small_box() {
    let started = Instant::now();
    let mut cases = 0_u64;
    for centre in CENTRES {
        for pos in around(centre, 70) {
            let highest = pos.saturating_add(70);
            for end in pos..=highest {
                for footprint in 0..=end - pos + 2 {
                    for align in ALIGNS {
                        let placed = place(pos, end, footprint, align);
                        // Messages cost more than the check; a failure is shown by the second call.
                        if placed != place_wide(pos, end, footprint, align) {
                            assert_eq!(
                                placed,
                                place_wide(pos, end, footprint, align),
                                "{pos:#x} {end:#x} {footprint} {align}"
                            );
                        }
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 3_000_000, "only {cases} cases");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn placements_of_blocks_that_no_window_holds() {
    let huge = [isize::MAX as usize - 1, isize::MAX as usize, usize::MAX - 4096, usize::MAX - 7, usize::MAX];
    let aligns = [1, 8, 4096, 1 << 40, 1 << 63];
    for pos in [8, 4096, 1 << 30, isize::MAX as usize, usize::MAX - 4096, usize::MAX] {
        for end in [pos, pos.saturating_add(8), pos.saturating_add(1 << 20), usize::MAX] {
            for footprint in huge.into_iter().chain([0, 1, 8, 4096]) {
                for align in aligns {
                    let wide = place_wide(pos, end, footprint, align);
                    assert_eq!(
                        place(pos, end, footprint, align),
                        wide,
                        "{pos:#x} {end:#x} {footprint:#x} {align:#x}"
                    );
                }
            }
        }
    }
}

/// `worst_case` is what a block takes where the cursor stands worst: never less, and reached somewhere.
#[test]
fn the_worst_case_is_an_upper_bound_and_tight() {
    for min_align in ALIGNS {
        for align in ALIGNS {
            for units in 0..40 {
                let footprint = units * min_align;
                let worst = worst_case(footprint, align, min_align).unwrap();
                let mut most = 0;
                let mut pos = 4096;
                while pos < 4096 + 64 {
                    // With so much room it fits, whatever the position; with the worst case, always.
                    let placed = place(pos, pos + worst, footprint, align);
                    let advance = placed.expect("the worst case is room enough").advance;
                    most = most.max(advance);
                    pos += min_align;
                }
                assert_eq!(most, worst, "{footprint} bytes aligned to {align} at multiples of {min_align}");
            }
        }
    }
}

#[test]
fn the_worst_case_of_what_is_too_large() {
    let top = isize::MAX as usize;
    assert_eq!(worst_case(top, 1, 1), Some(top));
    assert_eq!(worst_case(top, 8, 8), Some(top));
    assert_eq!(worst_case(top, 16, 8), None);
    assert_eq!(worst_case(top + 1, 1, 1), None);
    assert_eq!(worst_case(usize::MAX, 1 << 63, 1), None);
    assert_eq!(worst_case(usize::MAX - 7, 8, 1), None);
    assert_eq!(worst_case(0, 1 << 62, 1), Some((1 << 62) - 1));
    assert_eq!(worst_case(top - 7, 16, 8), None);
    assert_eq!(worst_case(top - 8, 16, 8), Some(top));
}

#[test]
fn a_clipped_end_leaves_room_above() {
    let lowest = if LOW_HALF { isize::MAX as usize } else { usize::MAX };
    for centre in [0, 1 << 20, lowest - 4 * SMALL, lowest, usize::MAX] {
        for end in around(centre, 300) {
            for align in ALIGNS.into_iter().chain([64, 4096]) {
                let clipped = clip_end(end, align);
                assert!(clipped <= end);
                assert_eq!(clipped % align, 0);
                // A small block with a gap and its rounding can be added to any position without a check.
                assert!(
                    clipped
                        .checked_add(2 * SMALL + 8)
                        .is_some_and(|sum| !LOW_HALF || sum <= isize::MAX as usize)
                );
                // Nothing is given away but for the rounding, unless the top is near.
                if end <= lowest - 4 * SMALL {
                    assert!(end - clipped < align);
                }
            }
        }
    }
}

/// A cursor that is nothing but this arithmetic, run by the compiler.
const fn constant_program() -> [usize; 6] {
    let blocks = [(1, 1), (8, 8), (3, 1), (16, 32), (0, 16), (100, 64)];
    let (mut pos, end) = (0x1008, clip_end(0x1105, 8));
    let mut found = [0; 6];
    let mut i = 0;
    while i < blocks.len() {
        let (size, align) = blocks[i];
        let Some(footprint) = align_up(size, 8) else { panic!("sizes are small") };
        if let Some(placed) = place(pos, end, footprint, align) {
            found[i] = pos + placed.padding;
            pos += placed.advance;
        }
        i += 1;
    }
    found
}

#[test]
fn a_program_evaluated_by_the_compiler() {
    const FOUND: [usize; 6] = constant_program();
    assert_eq!(FOUND, [0x1008, 0x1010, 0x1018, 0x1020, 0x1030, 0x1040]);
    assert_eq!(FOUND, constant_program());
    // The last one ends where the window does, or there is no room for it at all.
    const { assert!(place(0x1040, 0x1100, 104, 64).is_some()) };
    const { assert!(place(0x1040, 0x1100, 0xC1, 64).is_none()) };
    const { assert!(worst_case(104, 64, 8).unwrap() == 160) };
}
