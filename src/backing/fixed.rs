//! A buffer of the caller's.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use allocator_api2::alloc::AllocError;

use super::{Backing, Block, Extension, Request};
use crate::addr::{self, cut::Cut};

/// Memory in a buffer that the caller lends: a slice, a [`Buffer`] on the stack or in a static. Never asks for more, and
/// needs nothing but `core`.
///
/// The buffer is handed to the arena in steps of a sixteenth, so that a parent whose child scope has the rest of its
/// window still finds room above. That costs 64 bytes for each further chunk; a parent without a living child uses
/// every byte.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Buffer, Fixed};
///
/// let mut buffer = Buffer::<256>::new();
/// let arena = Arena::new_in(Fixed::from(&mut buffer));
/// let numbers = arena.alloc_slice_copy(&[1, 2, 3]);
/// assert_eq!(numbers, [1, 2, 3]);
/// assert!(arena.try_alloc([0_u8; 256]).is_err());
/// ```
#[derive(Debug)]
pub struct Fixed<'b> {
    start: NonNull<u8>,
    cut: Cut,
    buffer: PhantomData<&'b mut [MaybeUninit<u8>]>,
}

// SAFETY: it is an exclusive borrow of bytes, which may go to another thread.
unsafe impl Send for Fixed<'_> {}
// SAFETY: nothing can be done through `&Fixed` but read three words.
unsafe impl Sync for Fixed<'_> {}

impl<'b> Fixed<'b> {
    /// Memory in `buffer`, of any length and on any address.
    pub const fn new(buffer: &'b mut [MaybeUninit<u8>]) -> Self {
        let len = buffer.len();
        // SAFETY: a reference's address is not null.
        let start = unsafe { NonNull::new_unchecked(buffer.as_mut_ptr().cast::<u8>()) };
        Fixed { start, cut: Cut::new(len), buffer: PhantomData }
    }

    /// The length of the buffer in bytes.
    pub fn capacity(&self) -> usize {
        self.cut.len()
    }
}

impl<'b, const N: usize> From<&'b mut Buffer<N>> for Fixed<'b> {
    fn from(buffer: &'b mut Buffer<N>) -> Self {
        Fixed::new(buffer.bytes.get_mut())
    }
}

impl<'b> From<&'b mut [MaybeUninit<u8>]> for Fixed<'b> {
    fn from(buffer: &'b mut [MaybeUninit<u8>]) -> Self {
        Fixed::new(buffer)
    }
}

// SAFETY: blocks are disjoint parts of a buffer that is borrowed for as long as this value lives, or longer; its
// address is not this value's.
unsafe impl Backing for Fixed<'_> {
    const NAME: &'static str = "fixed";
    const CONTIGUOUS: bool = true;
    const GROWS_IN_PLACE: bool = true;
    const FRESH_IS_ZERO: bool = false;

    fn obtain(&mut self, request: &Request) -> Result<Block, AllocError> {
        let step = self.step();
        let (offset, len) = request.cut(&mut self.cut, self.start.addr().get(), step)?;
        // SAFETY: what is cut lies in the buffer.
        let start = unsafe { self.start.add(offset) };
        Ok(Block { start, len, align: request.align, side: false, dirty: len })
    }

    fn extend(&mut self, end: NonNull<u8>, need: usize, most: usize) -> Result<Extension, AllocError> {
        let (start, end, step) = (self.start.addr().get(), self.offset(end), self.step());
        let more = self.cut.extend(start, end, need, most, step).ok_or(AllocError)?;
        Ok(Extension { more, is_zero: false })
    }

    unsafe fn release(&mut self, block: Block) {
        self.cut.release(self.offset(block.start), block.len);
    }

    unsafe fn shorten(&mut self, block: Block, len: usize) {
        self.cut.cut_back(self.offset(block.start) + len);
    }

    fn available(&self, align: usize) -> Option<usize> {
        let padding = addr::padding(self.start.addr().get() + self.cut.used(), align);
        Some(self.cut.room().saturating_sub(padding))
    }

    fn reserved(&self) -> Option<usize> {
        Some(self.cut.len())
    }

    unsafe fn shrunk(&mut self, largest: usize) {
        if largest == 0 {
            self.cut.cut_back(0);
        }
    }
}

impl Fixed<'_> {
    fn offset(&self, address: NonNull<u8>) -> usize {
        address.addr().get().wrapping_sub(self.start.addr().get())
    }

    /// Bytes by which blocks grow.
    fn step(&self) -> usize {
        const SHORTEST: usize = if cfg!(arenite_zeal) { 16 } else { 64 };
        addr::align_down(self.cut.len() / 16, 64).max(SHORTEST)
    }
}

/// `N` bytes on the stack or in a static, to be lent to a [`Fixed`].
///
/// # Examples
///
/// ```
/// use arenite::{Arena, Buffer};
///
/// static BUFFER: Buffer<4096> = Buffer::new();
/// let fixed = BUFFER.take().expect("nobody else has it");
/// let arena = Arena::new_in(fixed);
/// assert_eq!(arena.alloc_str("static"), "static");
/// assert!(BUFFER.take().is_none());
/// ```
#[repr(C, align(16))]
pub struct Buffer<const N: usize> {
    bytes: UnsafeCell<[MaybeUninit<u8>; N]>,
    taken: AtomicBool,
}

// SAFETY: the bytes can be reached through `&mut Buffer`, which is exclusive, or by the one call to `take` that finds
// `taken` false: that call needs `&'static Buffer`, after which there is no `&mut Buffer` any more.
unsafe impl<const N: usize> Sync for Buffer<N> {}

impl<const N: usize> Buffer<N> {
    /// A buffer of `N` bytes, not initialised.
    pub const fn new() -> Self {
        Buffer { bytes: UnsafeCell::new([MaybeUninit::uninit(); N]), taken: AtomicBool::new(false) }
    }

    /// The memory of a static buffer: for the first caller, and for it alone. `None` for all others.
    pub fn take(&'static self) -> Option<Fixed<'static>> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the pointer is valid for all of the buffer and for as long as the program runs, and this is the only
        // access there ever is: see the reason why `Buffer` is `Sync`.
        let bytes = unsafe { &mut *self.bytes.get() };
        Some(Fixed::new(bytes))
    }
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Buffer::new()
    }
}

impl<const N: usize> core::fmt::Debug for Buffer<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Buffer").field("bytes", &N).finish_non_exhaustive()
    }
}
