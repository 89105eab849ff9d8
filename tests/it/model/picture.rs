//! Pictures of memory: what must hold of each, whatever was done.

use arenite::map::{Map, Use};
use arenite::{Arena, Backing};

/// What must hold of every picture of an arena, whatever was done with it. Returns it.
pub(crate) fn checked<B: Backing, const M: usize>(arena: &Arena<B, M>) -> Map {
    let (map, stats) = (arena.map(), arena.stats());
    assert_eq!(map.areas().len(), stats.chunks, "{map}");
    for area in map.areas() {
        let mut at = area.start();
        for span in area.spans() {
            assert_eq!(span.start, at, "side by side\n{map}");
            assert!(
                span.len > 0 && span.in_use == if span.kind == Use::Used { span.len } else { 0 },
                "{span:?}"
            );
            at += span.len;
        }
        assert_eq!(at, area.start() + area.bytes());
    }
    let mut areas: Vec<(usize, usize)> = map.areas().map(|area| (area.start(), area.bytes())).collect();
    areas.sort_unstable();
    assert!(areas.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "chunks overlap\n{map}");

    assert_eq!(map.bytes(Use::Used), stats.used, "{stats}\n{map}");
    assert_eq!(map.in_use(Use::Used), stats.used);
    let all: usize = map.areas().map(|area| area.bytes()).sum();
    assert_eq!(all, arena.allocated_bytes_including_metadata());
    assert_eq!(all - map.bytes(Use::Record) - map.bytes(Use::Withheld), stats.committed, "{stats}\n{map}");
    assert_eq!(all + map.reserved_beyond(), stats.reserved.max(all), "{stats}\n{map}");
    for kind in [Use::Escaped, Use::Left, Use::Hole] {
        assert_eq!(map.bytes(kind), 0, "regions only");
    }
    map
}

/// In what span the block is.
pub(crate) fn kind_at(map: &Map, block: *const u8) -> Use {
    let address = block.addr();
    let span = map.spans().iter().find(|span| (span.start..span.start + span.len).contains(&address));
    span.expect("a block lies in a chunk").kind
}
