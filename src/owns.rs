//! Which allocator a block came from.

use allocator_api2::alloc::Allocator;
use core::ptr::NonNull;

/// An allocator that knows which blocks are its own.
///
/// What [`Fallback`](crate::wrap::Fallback) asks before it gives a block back. Implemented for references to arenas (cost:
/// one comparison a chunk, so one for an arena over a buffer) and for references to what implements it.
///
/// What is asked is whether a block lies in this allocator's memory. So it says yes to the blocks of another allocator that has
/// its memory from this one: an arena over a slice of another arena, a wrapper around the same arena.
///
/// # Safety
///
/// For a block of at least one byte that is allocated, from this allocator or from one that has no memory of this one's, `owns`
/// returns whether it is this allocator's, and does not unwind.
pub unsafe trait Owns: Allocator {
    /// Whether `block` lies in memory that was handed out by this allocator. `block` is allocated, and not empty.
    fn owns(&self, block: NonNull<u8>) -> bool;
}

/// An allocator that no other has memory of, unless by borrowing this one.
///
/// What may be the first of a [`Fallback`](crate::wrap::Fallback): [`Exclusive`](crate::wrap::Exclusive) makes one of what is
/// borrowed.
///
/// # Safety
///
/// As long as the value can be moved, or borrowed exclusively, no allocator that can be used beside it has memory of it. So
/// it is not a reference that others may have, and not [`Clone`].
pub unsafe trait Apart: Owns + Whole {}

#[diagnostic::on_unimplemented(
    message = "an exclusive borrow of `{Self}` does not prove that nobody else has its memory",
    label = "others may have memory of this, too",
    note = "borrow the arena itself (`&mut arena`), not a reference to it or what contains one"
)]
/// Memory of which nobody else has any while it is borrowed exclusively.
///
/// What [`Exclusive::new`](crate::wrap::Exclusive::new) borrows: an arena itself, or an allocator that is [`Apart`]. A
/// reference to an arena is not whole, nor is a wrapper around one: who has a `&mut &Arena` is alone with the reference, and
/// others may use the arena.
///
/// # Safety
///
/// As long as the value is borrowed exclusively, no allocator that can be used beside that borrow has memory of it. So the value
/// is no reference, no counted pointer, and nothing that contains one of these, if another value may lead to the same memory.
pub unsafe trait Whole {}

// SAFETY: an allocator and a reference to it have the same blocks.
unsafe impl<A: Owns> Owns for &A {
    #[inline]
    fn owns(&self, block: NonNull<u8>) -> bool {
        (**self).owns(block)
    }
}
