//! [`Misuse`].

use crate::abort;
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a wrapper that checks its user has found: `Tracking`, [`Guarded`](super::Guarded), `PageGuarded`.
///
/// Its `Display` says what is wrong in one line, and by whom the block was made and freed where that is known.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Misuse {
    /// What is wrong.
    pub kind: MisuseKind,
    /// The block, or what was taken for one.
    pub block: NonNull<u8>,
    /// With which layout it came, if it came from the user.
    pub layout: Option<Layout>,
    /// With which layout it was made, if that is known.
    pub made: Option<Layout>,
    /// The block within which it lies.
    pub(super) within: Option<(usize, Layout)>,
    #[cfg(feature = "backtrace")]
    pub(super) history: History,
}

/// What kind of mistake a [`Misuse`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MisuseKind {
    /// The block was given back before.
    DoubleFree,
    /// The block comes back with a size or an alignment that is not its own.
    WrongLayout,
    /// There is no such block. It may be another allocator's, lie within a block, or have been freed long ago; for
    /// [`Guarded`](super::Guarded), much of what lies before it may have been overwritten.
    Foreign,
    /// This many of the bytes that guard the front of the block were overwritten.
    Underrun {
        /// How many of them.
        bytes: usize,
    },
    /// This many of the bytes that guard the end of the block were overwritten.
    Overrun {
        /// How many of them.
        bytes: usize,
    },
}

/// Who made a block, and who freed it, where that is known.
#[cfg(feature = "backtrace")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct History {
    pub(super) made: Option<crate::stack::Stack>,
    pub(super) freed: Option<crate::stack::Stack>,
}

impl Misuse {
    pub(super) fn new(
        kind: MisuseKind,
        block: NonNull<u8>,
        layout: Option<Layout>,
        made: Option<Layout>,
    ) -> Self {
        Self {
            kind,
            block,
            layout,
            made,
            within: None,
            #[cfg(feature = "backtrace")]
            history: History::default(),
        }
    }
}

/// A layout, for people.
struct Shape(Option<Layout>);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(layout) => write!(f, "{} bytes aligned to {}", layout.size(), layout.align()),
            None => f.write_str("unknown size"),
        }
    }
}

/// How many bytes were overwritten.
struct Overwritten(usize);

impl fmt::Display for Overwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte overwritten"),
            bytes => write!(f, "{bytes} bytes overwritten"),
        }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, layout, made, .. } = *self;
        let (given, made) = (Shape(layout), Shape(made));
        match self.kind {
            MisuseKind::DoubleFree => {
                write!(f, "double free: the block at {block:p}, of {made}, was given back before")?;
            }
            MisuseKind::WrongLayout => {
                write!(f, "wrong layout: the block at {block:p}, of {made}, comes back with {given}")?;
            }
            MisuseKind::Foreign => {
                write!(
                    f,
                    "foreign pointer: at {block:p} begins no block of this allocator; it comes with {given}"
                )?;
                if let Some((around, layout)) = self.within {
                    let offset = block.addr().get() - around;
                    write!(
                        f,
                        ", and lies {offset} bytes into the block at {around:#x}, of {}",
                        Shape(Some(layout))
                    )?;
                }
            }
            MisuseKind::Underrun { bytes } => {
                write!(
                    f,
                    "underrun: the block at {block:p}, of {made}, has {} before it",
                    Overwritten(bytes)
                )?;
            }
            MisuseKind::Overrun { bytes } => {
                write!(
                    f,
                    "overrun: the block at {block:p}, of {made}, has {} behind it",
                    Overwritten(bytes)
                )?;
            }
        }
        #[cfg(feature = "backtrace")]
        for (what, stack) in [("made", &self.history.made), ("freed before", &self.history.freed)] {
            if let Some(stack) = stack {
                write!(f, "\n  {what} by")?;
                for frame in stack.names().iter().take(8) {
                    write!(f, "\n    {frame}")?;
                }
            }
        }
        Ok(())
    }
}

/// What to do about a [`Misuse`], and how many there were.
#[derive(Debug)]
pub(super) struct Judge {
    hook: fn(&Misuse),
    found: AtomicUsize,
}

impl Judge {
    /// Ends the process with a message.
    pub(super) const fn strict() -> Self {
        Self::new(|misuse| abort::with(format_args!("{misuse}")))
    }

    pub(super) const fn new(hook: fn(&Misuse)) -> Self {
        Self { hook, found: AtomicUsize::new(0) }
    }

    /// Counts a misuse and tells the hook, which may not unwind.
    #[cold]
    pub(super) fn report(&self, misuse: &Misuse) {
        self.found.fetch_add(1, Relaxed);
        abort::on_unwind(|| (self.hook)(misuse));
    }

    pub(super) fn found(&self) -> usize {
        self.found.load(Relaxed)
    }
}
