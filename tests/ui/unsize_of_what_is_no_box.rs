//! What is taken apart and put together again is a box of ours, or of somebody who answers for it.

use arenite::__unsize::TakeApart;
use arenite::{Arena, ArenaBox, unsize_box};

struct Stranger<'a>(ArenaBox<'a, u8>);

impl<'a> TakeApart for Stranger<'a> {
    type Value = u64;
    type Kind = <ArenaBox<'a, u8> as TakeApart>::Kind;

    fn take_apart(self) -> (*mut u64, Self::Kind) {
        let (_, kind) = self.0.take_apart();
        (std::ptr::without_provenance_mut(0x10), kind)
    }
}

fn main() {
    let arena = Arena::new();
    let boxed: ArenaBox<'_, u64> = unsize_box!(Stranger(arena.alloc_box(1_u8)));
    println!("{boxed}");
}
