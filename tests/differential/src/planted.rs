//! What must come out differently, or the comparison would find nothing.

use std::hint::black_box;
use std::mem::offset_of;
use std::ptr;

/// Not the same with optimisation, unless the optimiser is told that references may be aliases of each other.
pub(crate) fn aliased() -> u32 {
    let mut number = black_box(0);
    let place = ptr::from_mut(&mut number);
    // SAFETY: none. Two exclusive references to one number are undefined behaviour, planted to be found.
    let first = unsafe { &mut *place };
    // SAFETY: none either.
    overwrite(first, unsafe { &mut *place })
}

#[inline(never)]
fn overwrite(first: &mut u32, second: &mut u32) -> u32 {
    *first = 1;
    *second = 2;
    *first
}

struct Fields {
    _a: u8,
    _b: u64,
    _c: u16,
    _d: [u32; 3],
    _e: u64,
    _f: u8,
    _g: [u16; 5],
    _h: u32,
}

/// Where the compiler has put each field.
pub(crate) fn layout() -> [usize; 8] {
    [
        offset_of!(Fields, _a),
        offset_of!(Fields, _b),
        offset_of!(Fields, _c),
        offset_of!(Fields, _d),
        offset_of!(Fields, _e),
        offset_of!(Fields, _f),
        offset_of!(Fields, _g),
        offset_of!(Fields, _h),
    ]
}
