//! Making arenas, and what is set on them before and between allocations.

use core::alloc::Layout;
use core::mem::ManuallyDrop;

use allocator_api2::alloc::AllocError;

use super::root::{Home, NO_LIMIT_ANY_MORE, Root};
use super::{Arena, Held};
use crate::addr;
#[cfg(feature = "alloc")]
use crate::backing::Auto;
use crate::backing::Backing;
use crate::error::{Cause, CreateError};
use crate::raw::{Cursor, footprint};

#[cfg(feature = "alloc")]
impl Arena<Auto, 8> {
    /// An arena with the default backing. Nothing is allocated yet.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// assert_eq!(arena.stats().chunks, 0);
    /// assert_eq!(*arena.alloc(1), 1);
    /// ```
    #[inline]
    pub const fn new() -> Self {
        Arena::new_in(Auto::new())
    }

    /// An arena whose first `bytes` bytes are there already.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them; [`try_with_capacity`](Self::try_with_capacity) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::with_capacity(1 << 20);
    /// assert!(arena.chunk_capacity() >= 1 << 20);
    /// ```
    pub fn with_capacity(bytes: usize) -> Self {
        Arena::with_capacity_in(bytes, Auto::new())
    }

    /// As [`with_capacity`](Self::with_capacity), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if there is no memory for them.
    pub fn try_with_capacity(bytes: usize) -> Result<Self, CreateError> {
        Arena::try_with_capacity_in(bytes, Auto::new())
    }

    /// An arena with the default backing, whose first memory is there already.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if there is none.
    pub fn try_new() -> Result<Self, CreateError> {
        Arena::try_new_in(Auto::new())
    }
}

#[cfg(feature = "alloc")]
impl Default for Arena<Auto, 8> {
    fn default() -> Self {
        Arena::new()
    }
}

#[cfg(feature = "alloc")]
impl<const M: usize> Arena<Auto, M> {
    /// An arena with the default backing and a minimum alignment of `M` bytes. Nothing is allocated yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Auto};
    ///
    /// let arena = Arena::<Auto, 1>::with_min_align();
    /// arena.alloc(1_u8);
    /// arena.alloc(2_u8);
    /// assert_eq!(arena.stats().used, 2);
    /// ```
    #[inline]
    pub const fn with_min_align() -> Self {
        Arena::with_min_align_in(Auto::new())
    }

    /// The two together: a minimum alignment of `M` bytes, and the first `bytes` bytes there already.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    pub fn with_min_align_and_capacity(bytes: usize) -> Self {
        Arena::with_min_align_in(Auto::new()).filled(bytes)
    }

    /// As [`with_min_align_and_capacity`](Self::with_min_align_and_capacity), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if there is no memory for them.
    pub fn try_with_min_align_and_capacity(bytes: usize) -> Result<Self, CreateError> {
        Arena::with_min_align_in(Auto::new()).try_filled(bytes)
    }
}

impl<B: Backing> Arena<B, 8> {
    /// An arena over `backing`. Nothing is obtained from it yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Chained};
    ///
    /// let arena = Arena::new_in(Chained::new().max_chunk(1 << 16));
    /// assert_eq!(arena.alloc_slice_copy(&[1, 2]), [1, 2]);
    /// ```
    #[inline]
    pub const fn new_in(backing: B) -> Self {
        Arena::with_min_align_in(backing)
    }

    /// An arena over `backing`, whose first memory is there already.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Buffer, Fixed};
    ///
    /// let mut nothing = Buffer::<0>::new();
    /// let error = Arena::try_new_in(Fixed::from(&mut nothing)).unwrap_err();
    /// assert!(error.to_string().contains("larger buffer"));
    /// ```
    pub fn try_new_in(backing: B) -> Result<Self, CreateError> {
        Arena::try_with_capacity_in(1, backing)
    }

    /// An arena over `backing`, whose first `bytes` bytes are there already.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them.
    pub fn with_capacity_in(bytes: usize, backing: B) -> Self {
        Arena::with_min_align_in(backing).filled(bytes)
    }

    /// As [`with_capacity_in`](Self::with_capacity_in), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`CreateError`] if there is no memory for them.
    pub fn try_with_capacity_in(bytes: usize, backing: B) -> Result<Self, CreateError> {
        Arena::with_min_align_in(backing).try_filled(bytes)
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// An arena over `backing` with a minimum alignment of `M` bytes. Nothing is obtained from it yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use arenite::{Arena, Chained};
    ///
    /// let arena = Arena::<_, 64>::with_min_align_in(Chained::new());
    /// assert_eq!(std::ptr::from_ref(arena.alloc(1_u8)).addr() % 64, 0);
    /// ```
    #[inline]
    pub const fn with_min_align_in(backing: B) -> Self {
        Arena {
            cursor: Cursor::empty(),
            held: Held::nothing(),
            home: Home::Root(ManuallyDrop::new(Root::new(backing))),
        }
    }

    /// Sets the allocation limit: see [`set_allocation_limit`](Self::set_allocation_limit).
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new().limit(100);
    /// assert!(arena.try_alloc([0_u8; 96]).is_ok());
    /// assert!(arena.try_alloc(0_u64).is_err());
    /// ```
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        self.set_allocation_limit(Some(bytes));
        self
    }

    /// Sets how many bytes the arena and its children may hold, to the byte (rounded down to the minimum alignment);
    /// `None` for no limit. The records of chunks are not counted; what has been lent to children, and what is kept for
    /// later, is. An allocation that would exceed the limit fails.
    ///
    /// Below what is held already, the limit keeps the arena from getting more.
    pub fn set_allocation_limit(&self, limit: Option<usize>) {
        self.root().set_limit(limit);
    }

    /// The allocation limit in bytes, if there is one.
    pub fn allocation_limit(&self) -> Option<usize> {
        Some(self.root().limit.get()).filter(|&limit| limit < NO_LIMIT_ANY_MORE)
    }

    /// Makes sure that the next `bytes` bytes, in blocks of at most the minimum alignment, are served without a call into
    /// the backing.
    ///
    /// # Panics
    ///
    /// Panics if there is no memory for them; [`try_reserve`](Self::try_reserve) returns an error instead.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new();
    /// arena.reserve(10_000);
    /// assert!(arena.chunk_capacity() >= 10_000);
    /// ```
    pub fn reserve(&self, bytes: usize) {
        if self.try_reserve(bytes).is_err() {
            self.panic_refused(format_args!("no memory to reserve {}", crate::size::Bytes(bytes)));
        }
    }

    /// As [`reserve`](Self::reserve), but returns an error where that panics.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory for them.
    pub fn try_reserve(&self, bytes: usize) -> Result<(), AllocError> {
        self.make_room(bytes)
    }

    /// Whether a block of this layout could be had, as far as can be told without trying: `false` means that it would
    /// fail; `true`, for a backing that asks others for memory, that it depends on them.
    ///
    /// O(1) as long as the window has room, otherwise O(chunks of ended children).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::Layout;
    /// use arenite::{Arena, Buffer, Fixed};
    ///
    /// let mut buffer = Buffer::<128>::new();
    /// let arena = Arena::new_in(Fixed::from(&mut buffer));
    /// assert!(arena.can_allocate(Layout::new::<[u64; 16]>()));
    /// assert!(!arena.can_allocate(Layout::new::<[u64; 17]>()));
    /// ```
    pub fn can_allocate(&self, layout: Layout) -> bool {
        let footprint = footprint::<M>(layout.size());
        let (pos, end) = (self.cursor.pos().addr(), self.cursor.end().addr());
        if layout.size() == 0 || addr::place(pos, end, footprint, layout.align()).is_some() {
            return true;
        }
        let Some(need) = addr::worst_case(footprint, layout.align(), M) else { return false };
        self.could_get(footprint, layout.align(), need)
    }

    /// Why the system refused memory the last time that the backing asked it in vain, if it did and the backing can tell.
    /// O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new().limit(100);
    /// assert!(arena.try_alloc([0_u8; 200]).is_err());
    /// assert_eq!(arena.cause(), None); // it was the limit, not the system
    /// ```
    pub fn cause(&self) -> Option<Cause> {
        self.root().query(B::cause).flatten()
    }

    /// What a new arena is made with.
    fn filled(self, bytes: usize) -> Self {
        match self.try_filled(bytes) {
            Ok(arena) => arena,
            Err(error) => panic!("arena: {error}"),
        }
    }

    fn try_filled(self, bytes: usize) -> Result<Self, CreateError> {
        if addr::align_up(bytes, M).is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(CreateError::TooLarge { bytes });
        }
        let available = self.root().query(|backing| backing.available(1)).flatten();
        match self.make_room(bytes) {
            Ok(()) => Ok(self),
            Err(AllocError) => Err(match (self.cause(), available) {
                (Some(cause), _) => CreateError::System { bytes, backing: B::NAME, cause },
                (None, Some(available)) => CreateError::TooSmall { bytes, available, backing: B::NAME },
                (None, None) => CreateError::OutOfMemory { bytes, backing: B::NAME },
            }),
        }
    }
}
