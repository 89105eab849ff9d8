//! [`Histogram`].

use super::calls::{Calls, Granted, noted, recalled};
use super::forward::clear;
use super::lifetime::Clock;
use crate::size::Bytes;
use allocator_api2::alloc::{AllocError, Allocator};
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Class 0 holds blocks of no bytes; class `n`, those of `2^(n-1)` bytes up to all that are shorter than `2^n`.
const CLASSES: usize = usize::BITS as usize + 1;

/// Counts blocks by size, and by lifetime if it is given a clock, in classes that double, and draws them.
///
/// A block that is resized counts again, in the class of its new size; its life goes on. Blocks are handed out exactly as
/// long as asked; those of no bytes have no lifetime. Costs two relaxed atomic additions a call, and what the
/// [clock](Clock) costs. Its `Display` is a picture
/// for the terminal, one line a class.
///
/// With a clock, the birth of a block lies behind it, and is reached by its address (exposed provenance), which a check for
/// strict provenance refuses.
///
/// ```
/// # #[cfg(feature = "alloc")] {
/// use allocator_api2::{alloc::Global, boxed::Box};
/// use arenite::wrap::Histogram;
///
/// let allocator = Histogram::new(Global);
/// drop(Box::new_in([0_u8; 20], &allocator));
/// let kept = Box::new_in([0_u8; 31], &allocator);
/// assert_eq!(allocator.made(16), 2);
/// assert_eq!(allocator.live(31), 1);
/// assert!(allocator.to_string().contains("16 B"));
/// # drop(kept);
/// # }
/// ```
#[derive(Debug)]
pub struct Histogram<A, C = ()> {
    inner: A,
    made: [AtomicUsize; CLASSES],
    live: [AtomicUsize; CLASSES],
    clock: C,
}

/// The class of a size or of a length of time.
pub(super) fn class(of: u64) -> usize {
    (u64::BITS - of.leading_zeros()) as usize
}

fn size_class(bytes: usize) -> usize {
    class(bytes as u64)
}

impl<A> Histogram<A> {
    /// Counts from now on.
    pub const fn new(inner: A) -> Self {
        Self::with_clock(inner)
    }
}

impl<A, C: Clock> Histogram<A, C> {
    /// Counts from now on, and measures by a clock how long blocks live.
    ///
    /// A clock that goes makes each block longer by 8 bytes, behind what was asked for, where its birth is kept.
    ///
    /// ```
    /// # #[cfg(feature = "alloc")] {
    /// use allocator_api2::{alloc::Global, boxed::Box};
    /// use arenite::wrap::{AllocationClock, Histogram};
    ///
    /// let allocator = Histogram::<_, AllocationClock>::with_clock(Global);
    /// let kept = Box::new_in(0, &allocator);
    /// for n in 0..100 {
    ///     drop(Box::new_in(n, &allocator));
    /// }
    /// assert_eq!(allocator.lived(0), 100, "nothing was made in their time");
    /// drop(kept);
    /// assert_eq!(allocator.lived(100), 1);
    /// println!("{allocator}");
    /// # }
    /// ```
    pub const fn with_clock(inner: A) -> Self {
        let (made, live) =
            ([const { AtomicUsize::new(0) }; CLASSES], [const { AtomicUsize::new(0) }; CLASSES]);
        Self { inner, made, live, clock: C::NEW }
    }

    /// How many blocks were made in the class of `bytes`: those of as many bytes, rounded down to a power of two, up to
    /// twice that.
    pub fn made(&self, bytes: usize) -> usize {
        self.made[size_class(bytes)].load(Relaxed)
    }

    /// How many blocks of the class of `bytes` are live.
    pub fn live(&self, bytes: usize) -> usize {
        self.live[size_class(bytes)].load(Relaxed)
    }

    /// How many blocks lived that long and are gone: as many blocks made meanwhile, or nanoseconds, as the [clock](Clock)
    /// has it, rounded down to a power of two, up to twice that.
    pub fn lived(&self, length: u64) -> usize {
        self.clock.lived(length)
    }

    /// The allocator underneath. What is allocated through it is not counted.
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The allocator underneath, without the figures.
    pub fn into_inner(self) -> A {
        self.inner
    }

    fn came(&self, layout: Layout) {
        self.made[size_class(layout.size())].fetch_add(1, Relaxed);
        self.live[size_class(layout.size())].fetch_add(1, Relaxed);
    }

    fn went(&self, layout: Layout) {
        self.live[size_class(layout.size())].fetch_sub(1, Relaxed);
    }

    /// Bytes behind a block in which its birth is kept. A block of no bytes has none: some boxes give back such blocks that
    /// nobody made.
    #[inline]
    fn stamp_size(layout: Layout) -> usize {
        if layout.size() == 0 { 0 } else { C::STAMP }
    }

    /// The block with its birth behind it.
    #[inline]
    fn stamped(layout: Layout) -> Result<Layout, AllocError> {
        let size = layout.size().checked_add(Self::stamp_size(layout)).ok_or(AllocError)?;
        Layout::from_size_align(size, layout.align()).map_err(|_| AllocError)
    }

    /// # Safety
    ///
    /// The block is this histogram's, with this layout, and allocated.
    #[inline]
    unsafe fn birth(&self, block: NonNull<u8>, layout: Layout) -> u64 {
        if Self::stamp_size(layout) == 0 {
            return self.clock.born();
        }
        // SAFETY: the block was made as long as `stamped` says (this function's contract): `layout.size()` bytes, and those of the
        // stamp behind them. So this stays within it.
        let stamp = unsafe { block.add(layout.size()) };
        // SAFETY: readable, as those bytes are a part of the block. Initialised: a stamp was written there when the block was made
        // or last resized. It need not be aligned.
        unsafe { stamp.cast::<u64>().read_unaligned() }
    }

    /// # Safety
    ///
    /// The block is writable for as many bytes as the layout has that [`stamped`](Self::stamped) makes of this one.
    #[inline]
    unsafe fn stamp(block: NonNull<u8>, layout: Layout, birth: u64) {
        if Self::stamp_size(layout) > 0 {
            // SAFETY: the stamped layout is longer than this one by a stamp, so this stays within the block.
            let stamp = unsafe { block.add(layout.size()) };
            // SAFETY: writable for the length of a stamp, by the same. It need not be aligned.
            unsafe { stamp.cast::<u64>().write_unaligned(birth) }
        }
    }
}

impl<A: Default, C: Clock> Default for Histogram<A, C> {
    fn default() -> Self {
        Self::with_clock(A::default())
    }
}

/// A size, to the right of a column of ten.
struct Column(usize);

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number of a power of two below its unit has up to three digits, or is 512 at most.
        let unit = if self.0 < 1024 { 1 } else { 3 };
        let digits = (self.0.checked_ilog2().unwrap_or(0) % 10 * 3 / 10 + 1) as usize;
        write!(f, "{:>pad$}{}", "", Bytes(self.0), pad = 10 - digits - 1 - unit)
    }
}

/// A line with a bar for each class between the smallest and the largest that was used.
pub(super) fn picture(
    f: &mut fmt::Formatter<'_>,
    classes: usize,
    count: impl Fn(usize) -> usize,
    columns: impl Fn(&mut fmt::Formatter<'_>, usize, usize) -> fmt::Result,
) -> fmt::Result {
    const BAR: usize = 40;
    let most = (0..classes).map(&count).max().unwrap_or(0);
    let Some(first) = (0..classes).find(|class| count(*class) > 0) else { return Ok(()) };
    let last = (0..classes).rfind(|class| count(*class) > 0).unwrap_or(first);
    for class in first..=last {
        let count = count(class);
        let rest = count as u128 * BAR as u128;
        // A class that was used shows, however small.
        let bar = rest.div_ceil(most.max(1) as u128).min(BAR as u128) as usize;
        f.write_str("\n")?;
        columns(f, class, count)?;
        if bar > 0 {
            write!(f, " {:#<bar$}", "")?;
        }
    }
    Ok(())
}

/// A line for each class between the smallest and the largest that was used: its smallest size, how many blocks were made
/// and are live, and a bar. Then, if there is a clock, the same for the lives that ended.
impl<A, C: Clock> fmt::Display for Histogram<A, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10} {:>10} {:>10}", "bytes from", "made", "live")?;
        picture(
            f,
            CLASSES,
            |class| self.made[class].load(Relaxed),
            |f, class, made| {
                let from = if class == 0 { 0 } else { 1 << (class - 1) };
                write!(f, "{} {made:>10} {:>10}", Column(from), self.live[class].load(Relaxed))
            },
        )?;
        self.clock.draw(f)
    }
}

impl<A, C: Clock> Calls for Histogram<A, C> {
    #[inline]
    fn obtain(&self, inner: &impl Allocator, layout: Layout, zeroed: bool) -> Granted {
        let whole = Self::stamped(layout)?;
        let block = if zeroed { inner.allocate_zeroed(whole)? } else { inner.allocate(whole)? }.cast();
        // SAFETY: granted just now, with the size of `whole`, which is the stamped layout.
        unsafe { Self::stamp(block, layout, self.clock.born()) }
        self.came(layout);
        Ok(noted(block))
    }

    #[inline]
    unsafe fn give_back(&self, inner: &impl Allocator, block: NonNull<u8>, layout: Layout) {
        // A block whose size has no room for a stamp was never handed out.
        let Ok(whole) = Self::stamped(layout) else { return };
        let block = recalled(block);
        if Self::stamp_size(layout) > 0 {
            // SAFETY: the caller vouches for the block and its layout.
            self.clock.died(unsafe { self.birth(block, layout) });
        }
        self.went(layout);
        // SAFETY: the block was made with this layout, stamped, and is allocated (the caller vouches).
        unsafe { inner.deallocate(block, whole) }
    }

    #[inline]
    unsafe fn enlarge(
        &self,
        inner: &impl Allocator,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
        zeroed: bool,
    ) -> Granted {
        let (before, after) = (Self::stamped(old)?, Self::stamped(new)?);
        let block = recalled(block);
        // SAFETY: the caller vouches for the block and its layout.
        let birth = unsafe { self.birth(block, old) };
        // SAFETY: the block was made with `before`, and is allocated (the caller vouches); `after` is no smaller.
        let grown = unsafe { inner.grow(block, before, after) }?.cast();
        if zeroed {
            // SAFETY: the block has at least `new.size()` bytes, and `old` is no larger (the caller vouches).
            unsafe { clear(grown, old.size(), new.size()) }
        }
        // SAFETY: granted just now, with the size of `after`, which is the stamped layout.
        unsafe { Self::stamp(grown, new, birth) }
        self.went(old);
        self.came(new);
        Ok(noted(grown))
    }

    #[inline]
    unsafe fn reduce(&self, inner: &impl Allocator, block: NonNull<u8>, old: Layout, new: Layout) -> Granted {
        let (before, after) = (Self::stamped(old)?, Self::stamped(new)?);
        let block = recalled(block);
        // SAFETY: the caller vouches for the block and its layout.
        let birth = unsafe { self.birth(block, old) };
        // SAFETY: the block was made with `before`, and is allocated (the caller vouches); `after` is no larger.
        let shrunk = unsafe { inner.shrink(block, before, after) }?.cast();
        // SAFETY: granted just now, with the size of `after`, which is the stamped layout.
        unsafe { Self::stamp(shrunk, new, birth) }
        self.went(old);
        self.came(new);
        Ok(noted(shrunk))
    }
}

allocator_by_calls!(Histogram, C: Clock);
