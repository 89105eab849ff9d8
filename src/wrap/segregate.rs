//! [`Segregate`].

use super::calls::{Granted, OverGlobal};
use super::pair::{Pair, Side, fresh};
use allocator_api2::alloc::Allocator;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

/// Takes blocks of up to `SIZE` bytes from `Small`, larger ones from `Large`.
///
/// The size alone decides, when a block is made and when it goes back, so the choice costs one comparison, none where the
/// compiler knows the size. Blocks are handed out exactly as long as asked. A block that is resized across the border
/// moves from one to the other. If that fails when it grows, it stays as it is; so it does when it shrinks and `Small` is
/// full, and the shrink fails. Blocks of no bytes take nothing from either.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::{Counting, Segregate};
///
/// let allocator = Segregate::<64, _, _>::new(Counting::new(Global), Counting::new(Global));
/// let small = Box::new_in([1_u8; 64], &allocator);
/// let large = Box::new_in([1_u8; 65], &allocator);
/// assert_eq!(allocator.small().counts().bytes_live, 64);
/// assert_eq!(allocator.large().counts().bytes_live, 65);
/// # drop((small, large));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Segregate<const SIZE: usize, Small, Large> {
    small: Small,
    large: Large,
}

impl<const SIZE: usize, Small, Large> Segregate<SIZE, Small, Large> {
    /// `small` for blocks of up to `SIZE` bytes, `large` for the others.
    pub const fn new(small: Small, large: Large) -> Self {
        Self { small, large }
    }

    /// The allocator of blocks of up to `SIZE` bytes.
    pub const fn small(&self) -> &Small {
        &self.small
    }

    /// The allocator of blocks of more than `SIZE` bytes.
    pub const fn large(&self) -> &Large {
        &self.large
    }

    /// Both, without what joins them.
    pub fn into_parts(self) -> (Small, Large) {
        (self.small, self.large)
    }
}

impl<const SIZE: usize, Small: Allocator, Large: Allocator> Pair for Segregate<SIZE, Small, Large> {
    type First = Small;
    type Second = Large;

    fn both(&self) -> (&Small, &Large) {
        (&self.small, &self.large)
    }

    #[inline]
    fn obtain(&self, layout: Layout, zeroed: bool) -> Granted {
        if layout.size() <= SIZE {
            fresh(&self.small, layout, zeroed)
        } else {
            fresh(&self.large, layout, zeroed)
        }
    }

    #[inline]
    fn side(&self, _block: NonNull<u8>, layout: Layout) -> Side {
        if layout.size() <= SIZE { Side::First } else { Side::Second }
    }

    /// Where blocks of the new size are.
    #[inline]
    fn stays(&self, from: Side, new: Layout) -> bool {
        (new.size() <= SIZE) == (from == Side::First)
    }

    const BY_SIZE: bool = true;
}

allocator_by_pair!([const SIZE: usize, Small: Allocator, Large: Allocator] Segregate<SIZE, Small, Large>);

impl<const SIZE: usize, Small: GlobalAlloc, Large: GlobalAlloc> Segregate<SIZE, Small, Large> {
    #[inline]
    fn over(&self) -> Segregate<SIZE, OverGlobal<'_, Small>, OverGlobal<'_, Large>> {
        Segregate::new(OverGlobal(&self.small), OverGlobal(&self.large))
    }
}

global_alloc_by_pair!(
    [const SIZE: usize, Small: GlobalAlloc, Large: GlobalAlloc] Segregate<SIZE, Small, Large>
);
