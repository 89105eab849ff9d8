//! Names, and who is told when memory runs out.

use core::alloc::Layout;
use core::fmt;

use super::Arena;
use super::root::Home;
use crate::abort;
use crate::backing::Backing;
use crate::size::Bytes;

/// How many levels of a [`Lineage`] have figures of their own: it must not take memory where there is none.
const LEVELS: usize = 8;

/// Figures about one arena or child, in bytes. Part of a [`Lineage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Level {
    /// Its name, if it was given one.
    pub name: Option<&'static str>,
    /// Handed out by it alone, rounding included, and not taken back.
    pub used: usize,
    /// The largest value that `used` is known to have had: what has been given back since is known for the present window
    /// alone.
    pub peak: usize,
}

/// An arena, or a child with those that it is a child of. Made by [`Arena::lineage`].
///
/// `Display` shows a line for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lineage {
    /// The arena, and then the innermost children, outermost first.
    levels: [Level; LEVELS],
    /// How many levels there are.
    depth: usize,
}

impl Lineage {
    const NOTHING: Level = Level { name: None, used: 0, peak: 0 };

    /// How many levels there are: 1 for an arena, 2 for a child of one.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The levels, the arena first. Of more than 8, those behind the arena that are not among the innermost 7 are left out.
    pub fn levels(&self) -> &[Level] {
        &self.levels[..self.depth.min(LEVELS)]
    }
}

/// What nobody has named.
pub(super) struct Named(pub(super) Option<&'static str>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "arena `{name}`"),
            None => f.write_str("arena"),
        }
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out = self.depth - self.levels().len();
        for (height, level) in self.levels().iter().enumerate() {
            if height == 1 && left_out > 0 {
                write!(f, "\n  .. {left_out} more")?;
            }
            if height > 0 {
                write!(f, "\n{:indent$}", "", indent = 2 * (height + usize::from(left_out > 0)))?;
            }
            let unnamed = if height == 0 { "arena" } else { "child" };
            let name = level.name.unwrap_or(unnamed);
            write!(f, "{name}: {} used (peak {})", Bytes(level.used), Bytes(level.peak))?;
        }
        Ok(())
    }
}

/// Memory ran out. What [`Arena::on_out_of_memory`] tells.
///
/// `Display` shows it as a line, and another one for each level of the lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutOfMemory {
    /// What was asked for.
    pub layout: Layout,
    /// Usable bytes of all chunks that the arena holds.
    pub committed: usize,
    /// The most that it may hold, if there is a limit.
    pub limit: Option<usize>,
    /// The name of the backing.
    pub backing: &'static str,
    /// Who asked.
    pub lineage: Lineage,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutOfMemory { layout, committed, limit, backing, lineage } = self;
        let (size, align) = (Bytes(layout.size()), Bytes(layout.align()));
        let name = Named(lineage.levels[0].name);
        write!(f, "{name}: out of memory for {size} aligned to {align}: holds {}", Bytes(*committed))?;
        match limit {
            Some(limit) => write!(f, " of at most {}", Bytes(*limit))?,
            None => f.write_str(", without a limit")?,
        }
        write!(f, " (backing: {backing})\n{lineage}")
    }
}

impl<B: Backing, const M: usize> Arena<B, M> {
    /// Gives the arena a name, under which reports and panics speak of it. It keeps the name when it is reset.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new().named("syntax");
    /// assert_eq!(arena.name(), Some("syntax"));
    /// ```
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        self.set_name(name);
        self
    }

    /// As [`named`](Self::named), of an arena that is in use, or of a child.
    ///
    /// # Examples
    ///
    /// ```
    /// let arena = arenite::Arena::new().named("syntax");
    /// arena.scope(|inner| {
    ///     inner.set_name("tokens");
    ///     inner.alloc_str("let");
    ///     assert_eq!(inner.lineage().to_string(), "\
    /// syntax: 0 B used (peak 0 B)
    ///   tokens: 8 B used (peak 8 B)");
    /// });
    /// ```
    pub fn set_name(&self, name: &'static str) {
        self.held.name.set(Some(name));
    }

    /// The name of this arena, or child, if it was given one.
    pub fn name(&self) -> Option<&'static str> {
        self.held.name.get()
    }

    /// Figures about this arena, or about this child and those that it is a child of. O(depth), takes no memory.
    ///
    /// [`Report`](crate::report::Report) makes a tree of several.
    pub fn lineage(&self) -> Lineage {
        let mut depth = 1;
        let mut handle = self;
        while let Home::Child { parent, .. } = handle.home {
            depth += 1;
            // SAFETY: a child borrows its parent for as long as it lives.
            handle = unsafe { &*parent };
        }
        let mut levels = [Lineage::NOTHING; LEVELS];
        levels[0] = handle.level();
        handle = self;
        for level in levels[1..depth.clamp(1, LEVELS)].iter_mut().rev() {
            *level = handle.level();
            let Home::Child { parent, .. } = handle.home else { break };
            // SAFETY: as above.
            handle = unsafe { &*parent };
        }
        Lineage { levels, depth }
    }

    fn level(&self) -> Level {
        let left = self.held.left.get();
        Level { name: self.name(), used: left + self.cursor.used(), peak: left + self.cursor.most_used() }
    }

    /// Calls `hook` whenever there is no memory for a request of this arena, or of a child: before the panic, or before the
    /// error is returned. To be told of it in a log, say, with who holds how much; there is one hook for each arena.
    ///
    /// The hook runs inside of the allocator: if it panics, the process aborts. What it asks of the arena itself fails
    /// without a further call. What a backing, or an iterator with a wrong size hint, asks for in vain before it makes do
    /// with less is told, too; requests of a [sealed](Self::seal) arena are not. The hook must not wait for a lock that the program
    /// holds while it allocates here. A shared arena that was made of this one calls it under its own lock, so there it must
    /// not wait for other threads that use the arena.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static REFUSED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// let arena = arenite::Arena::new().named("request").limit(1000);
    /// arena.on_out_of_memory(|refused| {
    ///     eprintln!("{refused}");
    ///     REFUSED.fetch_add(refused.layout.size(), Ordering::Relaxed);
    /// });
    /// assert!(arena.try_alloc([0_u8; 2000]).is_err());
    /// assert_eq!(REFUSED.load(Ordering::Relaxed), 2000);
    /// ```
    pub fn on_out_of_memory(&self, hook: fn(&OutOfMemory)) {
        self.root().hook.set(Some(hook));
    }

    /// Tells the hook, if there is one, that there is no memory for `layout`. It gets figures, not the arena, whose address
    /// must not escape (ARCHITECTURE.md).
    #[cold]
    #[inline(never)]
    pub(super) fn tell_refused(&self, layout: Layout) {
        let root = self.root();
        // From within the backing, or while it is told already, nobody wants to hear of it.
        if root.is_busy() || self.is_sealed() {
            return;
        }
        let Some(hook) = root.hook.take() else { return };
        let event = OutOfMemory {
            layout,
            committed: root.granted.get(),
            limit: self.allocation_limit(),
            backing: B::NAME,
            lineage: self.lineage(),
        };
        abort::on_unwind(|| hook(&event));
        if root.hook.get().is_none() {
            root.hook.set(Some(hook));
        }
    }
}
