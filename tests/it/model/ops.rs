//! Programs for the model: lists of operations, and where the memory comes from.
//!
//! Operations name handles and blocks by small numbers that the machine takes modulo what is alive, so that every list
//! is a program: shrinking may leave out any of them, and a fuzzer's bytes always mean something.

/// How a program's arena is made, and what it does.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) source: Source,
    /// Which minimum alignment; see [`MIN_ALIGNS`].
    pub(crate) min_align: u8,
    pub(crate) ops: Vec<Op>,
}

/// What [`Program::min_align`] chooses from.
pub(crate) const MIN_ALIGNS: [usize; 4] = [8, 1, 16, 64];

/// Where the memory comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// Chunks of a base allocator that keeps books.
    Chained {
        first: u16,
        max: u16,
        growth: u8,
        side_above: u16,
        /// Whether the base cuts its blocks from one slab, side by side, rather than ask the system.
        slab: bool,
    },
    /// A buffer that starts so many bytes after an aligned address.
    Fixed { offset: u8, len: u16 },
    /// The default backing.
    Auto,
    /// The same, with sizes so many times as large: it moves to reserved memory on its way.
    LargeAuto { scale: u8 },
    /// Reserved memory, in ranges of so many pages of 64 KiB.
    #[cfg(feature = "virtual-memory")]
    Virtual { ranges: u8, guard: bool },
    /// A file that has something in it, and so many pages of 64 KiB behind that.
    #[cfg(all(feature = "mapped", unix))]
    Mapped { contents: u16, room: u8, private: bool },
}

/// One step of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Allocate {
        handle: u8,
        size: u16,
        align: u8,
        zeroed: bool,
    },
    Typed {
        handle: u8,
        kind: u8,
    },
    Free {
        block: u8,
    },
    Grow {
        block: u8,
        by: u16,
        align: u8,
        zeroed: bool,
    },
    Shrink {
        block: u8,
        to: u8,
        align: u8,
    },
    GrowInPlace {
        block: u8,
        by: u16,
    },
    ShrinkInPlace {
        block: u8,
        to: u8,
    },
    Child {
        handle: u8,
    },
    End {
        handle: u8,
    },
    /// Ends a handle with all its descendants, forgetting those that `forgotten` has a bit for.
    EndTree {
        handle: u8,
        forgotten: u8,
    },
    /// The next `len` operations run in a scope, which then panics or not.
    Scope {
        handle: u8,
        len: u8,
        panics: bool,
    },
    Mark {
        handle: u8,
    },
    Rewind {
        handle: u8,
        mark: u8,
        forgotten: u8,
    },
    Reset {
        mode: u8,
        keep: u16,
        forgotten: u8,
    },
    /// The arena, by then without blocks and children, goes to another address.
    Move {
        forgotten: u8,
    },
    Limit {
        room: Option<u16>,
    },
    Reserve {
        handle: u8,
        bytes: u16,
        fill: bool,
    },
    /// A handle gets something to own.
    Own {
        handle: u8,
        kind: u8,
    },
    Seal {
        handle: u8,
    },
    Unseal {
        forgotten: u8,
    },
    /// The base refuses: the call after so many, and as many as said from there on.
    Refuse {
        after: u8,
        times: u8,
    },
}
