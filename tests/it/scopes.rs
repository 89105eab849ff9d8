//! Scopes.

use arenite::Arena;

use crate::rounds::rounds;

#[test]
#[cfg_attr(arenite_zeal, ignore = "thousands of small chunks, each looked at after every step")]
fn a_million_scopes_that_each_push_one_outer_element() {
    let arena = Arena::new();
    for i in 0..rounds(1_000_000) as u64 {
        arena.scope(|inner| {
            inner.alloc([i; 3]);
            arena.alloc(i);
        });
    }
    let stats = arena.stats();
    println!("{stats}");
    assert!(stats.reserved <= 2 * stats.used + 64 * stats.chunks);
}
