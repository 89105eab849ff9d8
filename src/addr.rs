//! Address arithmetic on plain integers.
//!
//! Every decision about where a block may lie is made here, without a pointer in sight, so that it can be checked
//! exhaustively: `tests/it/arithmetic.rs` compares these functions with brute force.
#![forbid(unsafe_code)]

pub mod cut;
pub mod holes;
pub mod share;

/// Sizes up to this many bytes may be added to a cursor without a check for wrapping.
///
/// [`clip_end`] keeps the end of every window farther away than that from the top of the address space.
pub const SMALL: usize = 4096;

/// Whether every address of a program lies in the lower half of the address space, so that `address + size` cannot
/// wrap for any valid `Layout`.
///
/// True for user space on the 64-bit systems listed. Not on Android, which keeps tags in the topmost bits, and not in
/// kernels. Nor under HWAddressSanitizer, which does the same elsewhere and cannot be seen from here: hence a flag of the build,
/// `--cfg arenite_tagged`. Without it an arena takes no memory whose address lies in the upper half.
pub const LOW_HALF: bool = cfg!(all(
    target_pointer_width = "64",
    not(arenite_tagged),
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

/// The first of the offsets `from <= offset < to` in each page of `page` bytes, a power of two.
pub fn in_each_page(from: usize, to: usize, page: usize) -> impl Iterator<Item = usize> {
    let first = if from < to { align_down(from, page) } else { to };
    (first..to).step_by(page).map(move |start| if start < from { from } else { start })
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

/// How much of a range is to be committed next, and in what units.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// Bytes in a page.
    pub page: usize,
    /// Bytes in a huge page, a multiple of `page`: once as much is committed, steps are whole ones.
    pub huge_page: usize,
    /// The least that is committed at once.
    pub smallest: usize,
    /// The most that is committed at once beyond what is wanted.
    pub largest: usize,
}

impl Steps {
    /// Bytes to be committed of a range of `len` bytes, a multiple of the page, of which `committed` are, so that
    /// `wanted` are: a multiple of the page, more than is wanted in proportion to what there is, so that system calls stay
    /// few, and no more than there is.
    #[inline]
    pub const fn target(&self, committed: usize, wanted: usize, len: usize) -> usize {
        let mut step = committed / 2;
        if step < self.smallest {
            step = self.smallest;
        }
        if step > self.largest {
            step = self.largest;
        }
        let mut target = committed.saturating_add(step);
        if target < wanted {
            target = wanted;
        }
        let unit = if target >= self.huge_page { self.huge_page } else { self.page };
        match align_up(target, unit) {
            Some(target) if target < len => target,
            _ => len,
        }
    }

    /// `bytes` rounded up to whole pages, and no more than `len`, a multiple of the page.
    #[inline]
    pub const fn whole_pages(&self, bytes: usize, len: usize) -> usize {
        match align_up(bytes, self.page) {
            Some(bytes) if bytes < len => bytes,
            _ => len,
        }
    }

    /// For a range of `len` bytes: its length in whole pages, how it is to be aligned (ranges that hold two huge pages
    /// start on a boundary between them), and how much address space it takes with a page behind it if `guard`. `None` if
    /// there is not so much.
    #[inline]
    pub const fn reservation(&self, len: usize, guard: bool) -> Option<(usize, usize, usize)> {
        let Some(len) = align_up(len, self.page) else { return None };
        let align = if len / 2 >= self.huge_page { self.huge_page } else { self.page };
        let around = (align - self.page) + if guard { self.page } else { 0 };
        match len.checked_add(around) {
            Some(mapped) => Some((len, align, mapped)),
            None => None,
        }
    }
}
