//! Programs for the model: lists of operations, and where they come from.
//!
//! Operations name handles and blocks by small numbers that the machine takes modulo what is alive, so that every list
//! is a program: shrinking may leave out any of them, and a fuzzer's bytes always mean something.

use proptest::collection::vec;
use proptest::prelude::*;

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

fn align() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 0..=3_u8, 3 => 0..=7_u8, 1 => 0..=12_u8]
}

fn size() -> impl Strategy<Value = u16> {
    prop_oneof![6 => 0..=40_u16, 4 => 0..=300_u16, 2 => 0..=2100_u16]
}

/// Mostly the newest block, which is often the last one of its window.
fn block() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0_u8), 2 => 0..=3_u8, 2 => any::<u8>()]
}

fn handle() -> impl Strategy<Value = u8> {
    prop_oneof![2 => 0..=3_u8, 1 => any::<u8>()]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (handle(), size(), align(), prop::bool::weighted(0.2))
            .prop_map(|(handle, size, align, zeroed)| Op::Allocate { handle, size, align, zeroed }),
        6 => (handle(), any::<u8>()).prop_map(|(handle, kind)| Op::Typed { handle, kind }),
        8 => block().prop_map(|block| Op::Free { block }),
        8 => (block(), size(), align(), prop::bool::weighted(0.3))
            .prop_map(|(block, by, align, zeroed)| Op::Grow { block, by, align, zeroed }),
        6 => (block(), any::<u8>(), align()).prop_map(|(block, to, align)| Op::Shrink { block, to, align }),
        3 => (block(), size()).prop_map(|(block, by)| Op::GrowInPlace { block, by }),
        2 => (block(), any::<u8>()).prop_map(|(block, to)| Op::ShrinkInPlace { block, to }),
        8 => handle().prop_map(|handle| Op::Child { handle }),
        6 => handle().prop_map(|handle| Op::End { handle }),
        2 => (handle(), any::<u8>()).prop_map(|(handle, forgotten)| Op::EndTree { handle, forgotten }),
        3 => (handle(), 0..12_u8, any::<bool>())
            .prop_map(|(handle, len, panics)| Op::Scope { handle, len, panics }),
        3 => handle().prop_map(|handle| Op::Mark { handle }),
        3 => (handle(), 0..4_u8, any::<u8>())
            .prop_map(|(handle, mark, forgotten)| Op::Rewind { handle, mark, forgotten }),
        1 => (0..4_u8, size(), any::<u8>())
            .prop_map(|(mode, keep, forgotten)| Op::Reset { mode, keep, forgotten }),
        1 => any::<u8>().prop_map(|forgotten| Op::Move { forgotten }),
        1 => prop::option::of(0..3000_u16).prop_map(|room| Op::Limit { room }),
        2 => (handle(), size(), any::<bool>())
            .prop_map(|(handle, bytes, fill)| Op::Reserve { handle, bytes, fill }),
        5 => (handle(), any::<u8>()).prop_map(|(handle, kind)| Op::Own { handle, kind }),
        1 => (handle(), prop::bool::weighted(0.4)).prop_map(|(handle, unseal)| match unseal {
            true => Op::Unseal { forgotten: handle },
            false => Op::Seal { handle },
        }),
        1 => (0..3_u8, 1..8_u8).prop_map(|(after, times)| Op::Refuse { after, times }),
    ]
}

/// Chunks of a base allocator.
pub(crate) fn chained() -> impl Strategy<Value = Source> {
    let first = prop_oneof![Just(0_u16), 1..256_u16, Just(1008_u16), Just(4000_u16)];
    let max = prop_oneof![Just(0_u16), 64..1024_u16, Just(u16::MAX)];
    let side_above = prop_oneof![2 => 0..256_u16, 1 => Just(u16::MAX)];
    (first, max, 0..5_u8, side_above, any::<bool>()).prop_map(|(first, max, growth, side_above, slab)| {
        Source::Chained { first, max, growth, side_above, slab }
    })
}

/// A buffer of any length on any address.
pub(crate) fn fixed() -> impl Strategy<Value = Source> {
    let len = prop_oneof![1 => 0..64_u16, 2 => 0..=4096_u16, 1 => 4096..=16384_u16];
    (0..64_u8, len).prop_map(|(offset, len)| Source::Fixed { offset, len })
}

/// Reserved memory.
#[cfg(feature = "virtual-memory")]
pub(crate) fn virtual_memory() -> impl Strategy<Value = Source> {
    (1..4_u8, any::<bool>()).prop_map(|(ranges, guard)| Source::Virtual { ranges, guard })
}

/// A file.
#[cfg(all(feature = "mapped", unix))]
pub(crate) fn mapped() -> impl Strategy<Value = Source> {
    let contents = prop_oneof![Just(0_u16), 1..100_u16, 4000..9000_u16];
    (contents, 1..8_u8, any::<bool>()).prop_map(|(contents, room, private)| Source::Mapped {
        contents,
        room,
        private,
    })
}

/// Programs over `source`.
pub(crate) fn programs(source: impl Strategy<Value = Source>) -> impl Strategy<Value = Program> {
    (source, 0..4_u8, vec(op(), 1..120)).prop_map(|(source, min_align, ops)| Program {
        source,
        min_align,
        ops,
    })
}

impl Program {
    /// The program that `bytes` stand for: any bytes do.
    pub(crate) fn decode(bytes: &[u8]) -> Program {
        let mut input = Input(bytes.iter());
        let source = match input.byte() % 4 {
            0 => Source::Fixed { offset: input.byte() % 64, len: input.word() % 8192 },
            1 => Source::Auto,
            _ => Source::Chained {
                first: input.size(),
                max: input.word(),
                growth: input.byte(),
                side_above: input.size(),
                slab: input.bit(),
            },
        };
        let min_align = input.byte();
        let mut ops = Vec::new();
        while !input.0.as_slice().is_empty() && ops.len() < 400 {
            ops.push(input.op());
        }
        Program { source, min_align, ops }
    }
}

/// Bytes to be decoded; zeroes once they are used up.
struct Input<'a>(std::slice::Iter<'a, u8>);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn bit(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Small more often than not.
    fn size(&mut self) -> u16 {
        match self.byte() {
            small @ 0..192 => u16::from(small),
            _ => self.word() % 2100,
        }
    }

    fn align(&mut self) -> u8 {
        match self.byte() {
            small @ 0..192 => small % 5,
            large => large % 13,
        }
    }

    fn op(&mut self) -> Op {
        let (kind, first) = (self.byte(), self.byte());
        let (handle, block, forgotten) = (first, first, first);
        match kind % 26 {
            0..5 => Op::Allocate { handle, size: self.size(), align: self.align(), zeroed: kind >= 192 },
            5 => Op::Typed { handle, kind: self.byte() },
            6 | 7 => Op::Free { block },
            8 | 9 => Op::Grow { block, by: self.size(), align: self.align(), zeroed: kind >= 128 },
            10 | 11 => Op::Shrink { block, to: self.byte(), align: self.align() },
            12 => Op::GrowInPlace { block, by: self.size() },
            13 => Op::ShrinkInPlace { block, to: self.byte() },
            14 | 15 => Op::Child { handle },
            16 => Op::End { handle },
            17 => Op::EndTree { handle, forgotten: self.byte() },
            18 => Op::Scope { handle, len: self.byte() % 16, panics: kind >= 128 },
            19 => Op::Mark { handle },
            20 => Op::Rewind { handle, mark: self.byte() % 4, forgotten: self.byte() },
            21 if kind < 96 => Op::Move { forgotten },
            21 => Op::Reset { mode: self.byte(), keep: self.size(), forgotten },
            22 if kind < 128 => Op::Limit { room: (first % 4 != 0).then(|| self.size()) },
            22 => Op::Refuse { after: first % 3, times: 1 + self.byte() % 8 },
            23 | 24 => Op::Own { handle, kind: self.byte() },
            25 if kind < 52 => Op::Seal { handle },
            25 if kind < 78 => Op::Unseal { forgotten },
            _ => Op::Reserve { handle, bytes: self.size(), fill: kind >= 128 },
        }
    }
}
