//! How random programs are made, and made smaller.

use proptest::collection::vec;
use proptest::prelude::*;

use super::ops::{Op, Program, Source};

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
