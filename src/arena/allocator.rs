//! `&Arena` as an allocator. All of the traits' methods are adapters of those in `resize.rs`.

use super::Arena;
use crate::adapt::allocator_impls;
use crate::backing::Backing;

// SAFETY: blocks stay valid for as long as the arena is borrowed, which a copy of the reference does not change: nothing is
// reset or dropped before. They are handed out once, are as long and as aligned as asked, and may be freed through every
// copy of the reference. No method unwinds: what the user supplies runs under `abort::on_unwind`.
allocator_impls!([B: Backing, const M: usize] &Arena<B, M>);
