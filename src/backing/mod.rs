//! Where memory comes from.
//!
//! A backing is asked only when a window is full, so that what it costs hardly shows, and it is a type parameter of the
//! arena, so that what it can do is known when the arena is compiled.

mod auto;
#[cfg(feature = "virtual-memory")]
mod cache;
mod chained;
mod fixed;
mod global;
mod growth;
#[cfg(feature = "virtual-memory")]
mod huge_pages;
#[cfg(feature = "virtual-memory")]
mod large;
#[cfg(feature = "mapped")]
mod mapped;
#[cfg(feature = "virtual-memory")]
mod piece;
#[cfg(feature = "virtual-memory")]
mod range;
#[cfg(feature = "virtual-memory")]
mod slot;
mod source;
#[cfg(feature = "virtual-memory")]
mod virtual_memory;

pub use auto::Auto;
pub use chained::Chained;
pub use fixed::{Buffer, Fixed};
pub(crate) use global::Global;
pub use growth::Growth;
#[cfg(feature = "virtual-memory")]
pub use huge_pages::HugePages;
#[cfg(feature = "mapped")]
pub use mapped::{MapError, Mapped, MappedOptions};
pub use source::FnSource;
#[cfg(feature = "virtual-memory")]
pub use virtual_memory::Virtual;

use core::ptr::NonNull;

use allocator_api2::alloc::AllocError;

use crate::addr::cut::{Cut, Wanted};
use crate::error::Cause;

/// A source of memory for an [`Arena`](crate::Arena).
///
/// The trait is sealed until it has proved itself: name it in bounds, choose among its implementors. To bring memory of your own, give `Chained` an [`Allocator`](allocator_api2::alloc::Allocator).
///
/// # Safety
///
/// A block that [`obtain`](Backing::obtain) or [`first`](Backing::first) returns is writable, belongs to the caller alone until it
/// is released, and stays where it is when the backing is moved. What `extend` adds likewise.
//
// Methods that the documentation does not show can be called on a backing that is not yet an arena's. So each of
// them is safe with any arguments, or is `unsafe`.
pub unsafe trait Backing: sealed::Sealed {
    /// The backing's name, for people.
    const NAME: &'static str;

    /// Whether all blocks are cut from one range, in ascending order.
    const CONTIGUOUS: bool;

    /// Whether the topmost block can be made longer in place.
    const GROWS_IN_PLACE: bool;

    /// Whether fresh memory is zero, or can be. What is known to be zero is not zeroed again.
    const FRESH_IS_ZERO: bool;

    /// Whether what was handed out outlives the arena, so that the backing is told where it ends
    /// ([`conclude`](Backing::conclude)).
    const OUTLIVES_ARENA: bool = false;

    /// A fresh block for `request`.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for it. The backing can be asked again.
    #[doc(hidden)]
    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError>;

    /// The first block of all, by a shorter way where there is one: with `header` bytes and at least `need` behind them,
    /// aligned to `align`, neither limited nor large, and what [`obtain`](Backing::obtain) would give. `None`: ask that.
    /// Always so if `need` is 0.
    ///
    /// # Safety
    ///
    /// `align` is a power of two.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn first(&mut self, header: usize, need: usize, align: usize) -> Option<Block> {
        let _ = (header, need, align);
        None
    }

    /// Makes the topmost block, which ends at `end`, at least `need` and at most `most` bytes longer in place.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if that cannot be done. Nothing has changed then.
    #[doc(hidden)]
    fn extend(&mut self, end: NonNull<u8>, need: usize, most: usize) -> Result<Extension, AllocError> {
        let _ = (end, need, most);
        Err(AllocError)
    }

    /// Takes a block back: of a [contiguous](Backing::CONTIGUOUS) backing, the topmost.
    ///
    /// # Safety
    ///
    /// The block came from this backing, `len` covers all that `extend` added, and nobody uses it any more.
    #[doc(hidden)]
    unsafe fn release(&mut self, block: Block);

    /// As [`release`](Backing::release), as long as the backing [remembers](Backing::remembers) nothing.
    ///
    /// # Safety
    ///
    /// As for [`release`](Backing::release), and the backing remembers nothing.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn release_plain(&mut self, block: Block) {
        // SAFETY: the caller's promise is the callee's.
        unsafe { self.release(block) };
    }

    /// Takes all but the first `len` bytes of the only block back. For contiguous backings.
    ///
    /// # Safety
    ///
    /// The block came from this backing, its length covers all that `extend` added, it is the only one that was not released, it
    /// has at least `len` bytes, and nobody uses those behind the first `len` any more.
    #[doc(hidden)]
    unsafe fn shorten(&mut self, block: Block, len: usize) {
        let _ = (block, len);
    }

    /// Whether the backing makes use of what it is told at the arena's end: how far its memory was written, or where what
    /// was handed out ends.
    #[doc(hidden)]
    #[inline(always)]
    fn remembers(&self) -> bool {
        Self::FRESH_IS_ZERO || Self::OUTLIVES_ARENA
    }

    /// Bytes that a block with that alignment, a power of two, could still have, where that is known.
    #[doc(hidden)]
    fn available(&self, align: usize) -> Option<usize>;

    /// Bytes that the backing has set aside for the arena, obtained or not, where that differs from what was obtained.
    #[doc(hidden)]
    fn reserved(&self) -> Option<usize>;

    /// Blocks have been released; the largest that is left has `largest` bytes, 0 if there is none. Grow from there.
    ///
    /// # Safety
    ///
    /// If `largest` is 0, every block was released.
    #[doc(hidden)]
    unsafe fn shrunk(&mut self, largest: usize);

    /// Gives memory that has come back, and is kept warm, to the system.
    #[doc(hidden)]
    fn trim(&mut self) {}

    /// The arena ends, before its blocks are released. Everything that it handed out ends at or before `end`; `None` if
    /// there is nothing.
    ///
    /// # Safety
    ///
    /// That is so, and `end` lies in a block of this backing or at its end.
    #[doc(hidden)]
    unsafe fn conclude(&mut self, end: Option<NonNull<u8>>) {
        let _ = end;
    }

    /// Why the system refused the last request, if it did and that is known.
    #[doc(hidden)]
    fn cause(&self) -> Option<Cause> {
        None
    }

    /// Bytes that have come back, or that no block ever had, and that may be present.
    #[doc(hidden)]
    fn idle(&self) -> usize {
        0
    }

    /// What the backing is at the moment, for people.
    #[doc(hidden)]
    fn name(&self) -> &'static str {
        Self::NAME
    }
}

/// What an arena asks of its backing.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Bytes at the head of the block for the chunk's record; 0 if it lies elsewhere.
    pub(crate) header: usize,
    /// Bytes needed behind the header.
    pub(crate) need: usize,
    /// Bytes allowed behind the header; at least `need`.
    pub(crate) most: usize,
    /// Alignment of the block and of its length, a power of two.
    pub(crate) align: usize,
    /// What the memory is for.
    pub(crate) purpose: Purpose,
}

impl Request {
    /// The alignment of the blocks after the first.
    const NEXT_ALIGN: usize = crate::raw::CHUNK_ALIGN;

    /// What is wanted of a range that grants `step` bytes at once; `None` if no range has as much.
    fn wanted(&self, step: usize) -> Option<Wanted> {
        let least = self.header.checked_add(self.need)?;
        let most = match self.purpose {
            Purpose::Exact => least,
            Purpose::Allocation { .. } => self.header.saturating_add(self.most),
        };
        Some(Wanted { least, step, most, align: self.align })
    }

    /// Cuts a block for this request from the range at the address `start`, of `step` bytes if that is more. Returns its
    /// offset and its length in bytes.
    fn cut(&self, cut: &mut Cut, start: usize, step: usize) -> Result<(usize, usize), AllocError> {
        let wanted = self.wanted(step).ok_or(AllocError)?;
        cut.take(start, wanted, Self::NEXT_ALIGN).ok_or(AllocError)
    }

    /// How many of the `room` bytes at `address`, which come back as one, are to serve this request; `None` if it does not fit.
    #[cfg(feature = "virtual-memory")]
    fn fit(&self, address: usize, room: usize, step: usize) -> Option<usize> {
        let Wanted { least, step, most, align } = self.wanted(step)?;
        if least > room || crate::addr::padding(address, align) != 0 {
            return None;
        }
        let bytes = least.max(step).min(most);
        // The next block starts where this one ends, and begins with a record.
        crate::addr::align_up(bytes, align.max(Self::NEXT_ALIGN)).map(|bytes| bytes.min(room))
    }
}

/// What memory is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One allocation that did not fit. What is left serves the next ones, or the block is a side block.
    Allocation {
        /// Whether most of what the arena holds is in use, so that the next chunk may be larger than the last.
        full: bool,
        /// Bytes in use.
        used: usize,
        /// How many chunks were obtained, since memory last grew, because others had the rest of what there was.
        apart: u32,
    },
    /// Exactly as many bytes as needed, for many allocations.
    Exact,
}

/// A run of memory that a backing gave.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// The first byte.
    pub(crate) start: NonNull<u8>,
    /// Bytes, a multiple of `align` unless the backing is contiguous.
    pub(crate) len: usize,
    /// The alignment that was asked for.
    pub(crate) align: usize,
    /// Whether it is meant for the one allocation that was asked for, and the current chunk shall stay current.
    pub(crate) side: bool,
    /// Bytes from the start that may not be zero; those behind them are.
    pub(crate) dirty: usize,
}

/// How much longer a block has become.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Extension {
    /// Bytes.
    pub(crate) more: usize,
    /// Whether all of them are zero.
    pub(crate) is_zero: bool,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Auto {}
    impl<A: allocator_api2::alloc::Allocator> Sealed for super::Chained<A> {}
    impl Sealed for super::Fixed<'_> {}
    #[cfg(feature = "virtual-memory")]
    impl Sealed for super::Virtual {}
    #[cfg(feature = "mapped")]
    impl Sealed for super::Mapped {}
}
