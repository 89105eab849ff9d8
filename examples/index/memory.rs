//! Memory with scopes: what the heap and an arena have in common, as far as building an index goes.

use allocator_api2::alloc::{Allocator, Global};
use arenite::wrap::Counting;
use arenite::{Arena, Backing};

/// An allocator in which a piece of work can have memory of its own, gone when the work is done.
pub(crate) trait Memory: Allocator + Copy {
    /// What a reference to is that memory, as an allocator.
    type Scratch;

    fn scope<R>(self, work: impl FnOnce(&Self::Scratch) -> R) -> R;
}

/// In an arena, the memory of a scope is an arena as well.
impl<B: Backing, const MIN_ALIGN: usize> Memory for &Arena<B, MIN_ALIGN> {
    type Scratch = Arena<B, MIN_ALIGN>;

    fn scope<R>(self, work: impl FnOnce(&Self::Scratch) -> R) -> R {
        Arena::scope(self, work)
    }
}

/// On the heap, every value sees to its own end.
impl Memory for Global {
    type Scratch = Global;

    fn scope<R>(self, work: impl FnOnce(&Global) -> R) -> R {
        work(&self)
    }
}

/// The heap, with a count of what is asked of it.
impl Memory for &Counting<Global> {
    type Scratch = Counting<Global>;

    fn scope<R>(self, work: impl FnOnce(&Self::Scratch) -> R) -> R {
        work(self)
    }
}
