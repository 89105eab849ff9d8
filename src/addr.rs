//! Address arithmetic on plain integers.
//!
//! Every decision about where a block may lie is made here, without a pointer in sight, so that it can be checked
//! exhaustively: `tests/it/arithmetic.rs` compares these functions with brute force.
#![forbid(unsafe_code)]

/// Sizes up to this many bytes may be added to a cursor without a check for wrapping.
///
/// [`clip_end`] keeps the end of every window farther away than that from the top of the address space.
pub const SMALL: usize = 4096;

/// Whether every address of a program lies in the lower half of the address space, so that `address + size` cannot
/// wrap for any valid `Layout`.
///
/// True for user space on the 64-bit systems listed. Not on Android, which keeps tags in the topmost bits, and not in
/// kernels.
pub const LOW_HALF: bool = cfg!(all(
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"),
    any(target_os = "linux", target_os = "macos", target_os = "windows", target_os = "freebsd"),
));

/// `address` rounded up to a multiple of `align`, a power of two; `None` past the top of the address space.
#[inline]
pub const fn align_up(address: usize, align: usize) -> Option<usize> {
    debug_assert!(align.is_power_of_two());
    match address.checked_add(align - 1) {
        Some(sum) => Some(sum & !(align - 1)),
        None => None,
    }
}

/// `address` rounded down to a multiple of `align`, a power of two.
#[inline]
pub const fn align_down(address: usize, align: usize) -> usize {
    debug_assert!(align.is_power_of_two());
    address & !(align - 1)
}

/// Bytes from `address` up to the next multiple of `align`, a power of two.
#[inline]
pub const fn padding(address: usize, align: usize) -> usize {
    debug_assert!(align.is_power_of_two());
    address.wrapping_neg() & (align - 1)
}

/// Where a block lies within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Bytes from the cursor to the block.
    pub padding: usize,
    /// Bytes from the cursor to the position after the block.
    pub advance: usize,
}

/// Places a block of `footprint` bytes, a multiple of the cursor's minimum alignment, at the first multiple of `align`
/// at or after `pos`, if it ends at or before `end`.
#[inline]
pub const fn place(pos: usize, end: usize, footprint: usize, align: usize) -> Option<Placed> {
    debug_assert!(pos <= end);
    let room = end - pos;
    let padding = padding(pos, align);
    if padding <= room && footprint <= room - padding {
        Some(Placed { padding, advance: padding + footprint })
    } else {
        None
    }
}

/// The most bytes that a block of `footprint` bytes aligned to `align` can take from a cursor that is aligned to
/// `min_align`, wherever the cursor stands; `None` if no window is that long.
#[inline]
pub const fn worst_case(footprint: usize, align: usize, min_align: usize) -> Option<usize> {
    match footprint.checked_add(align.saturating_sub(min_align)) {
        Some(sum) if sum <= isize::MAX as usize => Some(sum),
        _ => None,
    }
}

/// The end that a window may have: `end` rounded down to `align`, kept away from the top of the address space by more
/// than a [`SMALL`] block with its rounding takes, and in the lower half where [`LOW_HALF`] is relied upon.
#[inline]
pub const fn clip_end(end: usize, align: usize) -> usize {
    let top = if LOW_HALF { isize::MAX as usize } else { usize::MAX } - 4 * SMALL;
    let end = if end < top { end } else { top };
    align_down(end, align)
}
