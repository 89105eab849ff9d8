//! The type, and the wall around its bytes: what is not in this file cannot touch them without `unsafe`.

use allocator_api2::alloc::Allocator;
use allocator_api2::collections::TryReserveError;
use allocator_api2::vec::Vec;
use core::{ptr, str};

/// Growable UTF-8 text whose memory comes from `A`; what `std::string::String` is to the heap.
///
/// As large as a `Vec<u8, A>`. Methods of [`prim@str`] are reached by dereferencing.
///
/// ```
/// use allocator_api2::alloc::Global; // stands for any allocator, such as `&arena`
/// use arenite::collections::String;
///
/// let mut greeting = String::from_str_in("hello", Global);
/// greeting.push(',');
/// greeting += " world";
/// assert_eq!(greeting, "hello, world");
/// assert_eq!(&greeting[..5], "hello");
/// ```
pub struct String<A: Allocator> {
    /// Invariant: well-formed UTF-8, whenever code of others can look.
    bytes: Vec<u8, A>,
}

impl<A: Allocator> String<A> {
    /// An empty string that will allocate from `alloc`. Allocates nothing yet.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let s = String::new_in(Global);
    /// assert_eq!((s.len(), s.capacity()), (0, 0));
    /// ```
    #[inline]
    #[must_use]
    pub const fn new_in(alloc: A) -> Self {
        Self { bytes: Vec::new_in(alloc) }
    }

    /// An empty string with room for `capacity` bytes.
    ///
    /// # Panics
    ///
    /// If `capacity` exceeds `isize::MAX`. A refusal by the allocator goes to the error handler of the program.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let s = String::with_capacity_in(10, Global);
    /// assert!(s.is_empty() && s.capacity() >= 10);
    /// ```
    #[inline]
    #[must_use]
    pub fn with_capacity_in(capacity: usize, alloc: A) -> Self {
        Self { bytes: Vec::with_capacity_in(capacity, alloc) }
    }

    /// [`with_capacity_in`](Self::with_capacity_in) that reports failure.
    ///
    /// # Errors
    ///
    /// If `capacity` exceeds `isize::MAX` or the allocator refuses.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// assert!(String::try_with_capacity_in(10, Global).is_ok());
    /// assert!(String::try_with_capacity_in(usize::MAX, Global).is_err());
    /// ```
    #[inline]
    pub fn try_with_capacity_in(capacity: usize, alloc: A) -> Result<Self, TryReserveError> {
        let mut bytes = Vec::new_in(alloc);
        bytes.try_reserve_exact(capacity)?;
        Ok(Self { bytes })
    }

    /// The string that `bytes` hold, unchecked; O(1).
    ///
    /// # Safety
    ///
    /// `bytes` are well-formed UTF-8.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// // SAFETY: two ASCII letters are UTF-8.
    /// let s = unsafe { String::from_utf8_unchecked(arenite::vec![in Global; b'h', b'i']) };
    /// assert_eq!(s, "hi");
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn from_utf8_unchecked(bytes: Vec<u8, A>) -> Self {
        // The caller upholds the field's invariant.
        Self { bytes }
    }

    /// The string made of the parts that [`into_raw_parts_with_alloc`](Self::into_raw_parts_with_alloc) gave.
    ///
    /// # Safety
    ///
    /// * `start` was allocated by `alloc`, or by an allocator equivalent to it, with a layout of `capacity` bytes and
    ///   alignment 1, and is not used or freed by anybody else; if `capacity` is 0, it is merely not null.
    /// * `length` is at most `capacity`, and `capacity` at most `isize::MAX`.
    /// * The first `length` bytes are initialised and well-formed UTF-8.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let s = String::from_str_in("parts", Global);
    /// let (start, length, capacity, alloc) = s.into_raw_parts_with_alloc();
    /// // SAFETY: these are the parts of a string, unchanged and used once.
    /// let s = unsafe { String::from_raw_parts_in(start, length, capacity, alloc) };
    /// assert_eq!(s, "parts");
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn from_raw_parts_in(start: *mut u8, length: usize, capacity: usize, alloc: A) -> Self {
        // SAFETY: the caller's first two points are those of `Vec::from_raw_parts_in` for `u8`, its third says that
        // the elements are initialised, and that they uphold the field's invariant.
        Self { bytes: unsafe { Vec::from_raw_parts_in(start, length, capacity, alloc) } }
    }

    /// Takes the string apart: start, length and capacity in bytes, and the allocator. Nothing is freed.
    #[inline]
    #[must_use = "the memory is lost if the parts are"]
    pub fn into_raw_parts_with_alloc(self) -> (*mut u8, usize, usize, A) {
        self.bytes.into_raw_parts_with_alloc()
    }

    /// The bytes of the string, as a vector; O(1).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// assert_eq!(String::from_str_in("hi", Global).into_bytes(), [b'h', b'i']);
    /// ```
    #[inline]
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8, A> {
        self.bytes
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        // SAFETY: by the field's invariant.
        unsafe { str::from_utf8_unchecked(&self.bytes) }
    }

    /// The text, to change in place.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("abc", Global);
    /// s.as_mut_str().make_ascii_uppercase();
    /// assert_eq!(s, "ABC");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_str(&mut self) -> &mut str {
        // SAFETY: by the field's invariant, which holders of a `&mut str` uphold in turn.
        unsafe { str::from_utf8_unchecked_mut(&mut self.bytes) }
    }

    /// The bytes of the text.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The vector below the string.
    ///
    /// # Safety
    ///
    /// The bytes are well-formed UTF-8 again when the borrow ends, and already when a panic or a call lets other code
    /// see the string.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("abc", Global);
    /// // SAFETY: ASCII stays ASCII in another order.
    /// unsafe { s.as_mut_vec() }.reverse();
    /// assert_eq!(s, "cba");
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn as_mut_vec(&mut self) -> &mut Vec<u8, A> {
        &mut self.bytes
    }

    /// The allocator that the string's memory comes from.
    #[inline]
    #[must_use]
    pub fn allocator(&self) -> &A {
        self.bytes.allocator()
    }

    /// The bytes that fit without another allocation, those in use included.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for `additional` bytes more, and for some beyond them so that repeated calls stay cheap.
    ///
    /// # Panics
    ///
    /// If the capacity would exceed `isize::MAX`. A refusal by the allocator goes to the error handler of the program.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("abc", Global);
    /// s.reserve(10);
    /// assert!(s.capacity() >= 13);
    /// ```
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        if additional > self.bytes.capacity() - self.bytes.len() {
            self.grow(additional);
        }
    }

    /// Out of line, since the vector's own growth is inlined into each caller, for all its size.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, additional: usize) {
        self.bytes.reserve(additional);
    }

    /// Makes room for `additional` bytes more and for none beyond them.
    ///
    /// # Panics
    ///
    /// As [`reserve`](Self::reserve).
    #[inline]
    pub fn reserve_exact(&mut self, additional: usize) {
        self.bytes.reserve_exact(additional);
    }

    /// [`reserve`](Self::reserve) that reports failure and then leaves the string as it was.
    ///
    /// # Errors
    ///
    /// If the capacity would exceed `isize::MAX` or the allocator refuses.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("abc", Global);
    /// assert!(s.try_reserve(usize::MAX).is_err());
    /// assert_eq!(s, "abc");
    /// ```
    #[inline]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.bytes.try_reserve(additional)
    }

    /// [`reserve_exact`](Self::reserve_exact) that reports failure and then leaves the string as it was.
    ///
    /// # Errors
    ///
    /// As [`try_reserve`](Self::try_reserve).
    #[inline]
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.bytes.try_reserve_exact(additional)
    }

    /// Gives back to the allocator what the text does not use.
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::with_capacity_in(100, Global);
    /// s.push_str("abc");
    /// s.shrink_to_fit();
    /// assert_eq!(s.capacity(), 3);
    /// ```
    #[inline]
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Gives back what neither the text nor `min_capacity` needs; does nothing if the capacity is smaller.
    #[inline]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.bytes.shrink_to(min_capacity);
    }

    /// Appends `text`.
    ///
    /// # Panics
    ///
    /// As [`reserve`](Self::reserve).
    ///
    /// ```
    /// # use allocator_api2::alloc::Global;
    /// # use arenite::collections::String;
    /// let mut s = String::from_str_in("foo", Global);
    /// s.push_str("bar");
    /// assert_eq!(s, "foobar");
    /// ```
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.reserve(text.len());
        self.append(text);
    }

    /// [`push_str`](Self::push_str) that reports failure and then leaves the string as it was.
    ///
    /// # Errors
    ///
    /// As [`try_reserve`](Self::try_reserve).
    #[inline]
    pub fn try_push_str(&mut self, text: &str) -> Result<(), TryReserveError> {
        self.try_reserve(text.len())?;
        self.append(text);
        Ok(())
    }

    /// Copies `text` into the spare capacity, which must have room for it. (The vector's own `extend_from_slice` goes
    /// byte by byte.)
    #[inline]
    fn append(&mut self, text: &str) {
        let length = self.bytes.len();
        let room = &mut self.bytes.spare_capacity_mut()[..text.len()];
        // SAFETY: both are valid for `text.len()` bytes, one to read and one to write, by the types of their slices;
        // bytes are aligned everywhere; they do not overlap, as `room` is borrowed mutably.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), room.as_mut_ptr().cast::<u8>(), text.len()) };
        // SAFETY: the new length is within the capacity, as `room` is, and the bytes up to it were initialised by the
        // copy. The invariant holds: text was added after the end of text.
        unsafe { self.bytes.set_len(length + text.len()) };
    }
}
