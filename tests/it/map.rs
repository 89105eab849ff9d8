//! Pictures of memory: that they show what is there.

use arenite::map::{Map, Use};
use arenite::{Arena, Backing, Buffer, Chained, Fixed};

use crate::model::picture::{checked, kind_at};

/// As `checked`, where nothing is out of reach: no child lives, none was forgotten, and nothing was rewound.
fn checked_alone<B: Backing, const M: usize>(arena: &Arena<B, M>) -> Map {
    let map = checked(arena);
    assert_eq!(map.bytes(Use::Lent), 0, "{map}");
    map
}

fn kinds(map: &Map, area: usize) -> Vec<Use> {
    let area = map.areas().nth(area).expect("so many chunks");
    area.spans().iter().map(|span| span.kind).collect()
}

#[test]
fn nothing_yet() {
    let map = checked_alone(&Arena::new());
    assert_eq!((map.areas().len(), map.spans().len()), (0, 0));
    assert_eq!(map.to_string(), "arena, auto (chained): 0 chunks, 0 B");
    assert!(map.to_svg().contains("0 chunks"));
}

#[test]
fn a_chunk_is_used_then_free() {
    let mut arena = Arena::new();
    arena.alloc([0_u8; 40]);
    let map = checked_alone(&arena);
    assert_eq!(kinds(&map, 0)[..3], [Use::Record, Use::Used, Use::Free]);
    arena.reset();
    let map = checked_alone(&arena);
    assert_eq!(kinds(&map, 0)[..2], [Use::Record, Use::Free]);
}

#[test]
fn a_buffer_has_no_record_and_the_rest_is_reserved() {
    let mut buffer = Buffer::<1000>::new();
    let arena = Arena::new_in(Fixed::from(&mut buffer));
    arena.alloc_str("sand");
    let map = checked_alone(&arena);
    assert_eq!(map.bytes(Use::Record), 0);
    let all = map.areas().next().unwrap().bytes() + map.reserved_beyond();
    assert_eq!(all, 1000);
    arena.alloc_slice_fill_copy(900, 1_u8);
    let map = checked_alone(&arena);
    assert!(map.reserved_beyond() < 100, "{map}");
}

#[test]
fn what_the_limit_forbids_is_withheld() {
    let arena = Arena::<_>::new_in(Chained::new().first_chunk(4096)).limit(100);
    arena.alloc([0_u8; 60]);
    let map = checked_alone(&arena);
    assert_eq!(map.bytes(Use::Used) + map.bytes(Use::Free), arena.stats().committed);
    assert!(map.bytes(Use::Withheld) > 0 || cfg!(arenite_zeal), "{map}");
}

#[test]
fn what_a_child_has_is_lent_and_comes_back() {
    let arena = Arena::<_>::new_in(Chained::new().first_chunk(4096));
    let own = arena.alloc(1_u64) as *const u64;
    let child = arena.child();
    let theirs = child.alloc(2_u64) as *const u64;
    let map = checked(&arena);
    assert_eq!((kind_at(&map, own.cast()), kind_at(&map, theirs.cast())), (Use::Used, Use::Lent));
    assert_eq!(map.bytes(Use::Free), 0, "{map}");
    // From inside, all of it is seen.
    let map = checked(&*child);
    assert_eq!((kind_at(&map, own.cast()), kind_at(&map, theirs.cast())), (Use::Used, Use::Used));
    assert_eq!(map.bytes(Use::Lent), 0, "{map}");
    // The parent goes on elsewhere.
    let second = arena.alloc(3_u64) as *const u64;
    let map = checked(&arena);
    assert_eq!((kind_at(&map, second.cast()), kind_at(&map, theirs.cast())), (Use::Used, Use::Lent));
    drop(child);
    let map = checked_alone(&arena);
    assert_eq!(kind_at(&map, theirs.cast()), Use::Spare, "the tail is kept\n{map}");
}

#[test]
fn chunks_of_a_child_are_lent_and_then_spare() {
    let arena = Arena::<_>::new_in(Chained::new());
    arena.alloc(1);
    let child = arena.child();
    // It outgrows what it was lent, several times.
    let blocks: Vec<*const u8> =
        (0..200).map(|n| (child.alloc([n as u8; 100]) as *const [u8; 100]).cast()).collect();
    let map = checked(&arena);
    assert!(blocks.iter().all(|block| kind_at(&map, *block) == Use::Lent), "{map}");
    let map = checked(&*child);
    assert!(blocks.iter().all(|block| kind_at(&map, *block) == Use::Used), "{map}");
    drop(child);
    let map = checked_alone(&arena);
    assert!(map.bytes(Use::Spare) > 0, "{map}");
}

#[test]
fn forgotten_children_have_what_they_had() {
    let mut arena = Arena::<_>::new_in(Chained::new());
    arena.alloc(1);
    for _ in 0..3 {
        let child = arena.child();
        child.alloc([0_u8; 3000]);
        std::mem::forget(child);
        arena.alloc([0_u8; 2000]);
    }
    let map = checked(&arena);
    assert!(map.bytes(Use::Lent) >= 9000, "{map}");
    arena.reset();
    checked_alone(&arena);
}

#[test]
fn side_chunks_are_used_and_the_window_stays() {
    let arena = Arena::<_>::new_in(Chained::new());
    let small = arena.alloc(1_u64) as *const u64;
    let large = arena.alloc([7_u8; 100_000]) as *const [u8; 100_000];
    let map = checked_alone(&arena);
    assert_eq!((kind_at(&map, small.cast()), kind_at(&map, large.cast())), (Use::Used, Use::Used));
    assert!(map.bytes(Use::Free) > 0, "{map}");
}

#[test]
fn ends_of_windows_are_wasted_or_kept() {
    let arena = Arena::<_>::new_in(Chained::new().first_chunk(1024).side_chunks_above(usize::MAX));
    for _ in 0..20 {
        arena.alloc([0_u8; 40]);
    }
    while arena.chunk_capacity() >= 40 {
        arena.alloc([0_u8; 40]);
    }
    arena.alloc([0_u8; 40]);
    let map = checked_alone(&arena);
    assert_eq!(map.bytes(Use::Wasted), arena.stats().wasted, "{map}");
    // A long block leaves a long tail.
    arena.alloc([0_u8; 60_000]);
    let map = checked_alone(&arena);
    assert!(map.bytes(Use::Spare) > 0, "{map}");
}

#[test]
fn siblings_outgrow_their_parents_chunks() {
    let arena = Arena::<_>::new_in(Chained::new());
    arena.alloc([1_u8; 24]);
    let first = arena.child();
    first.alloc([0_u8; 100]);
    arena.alloc([2_u8; 24]);
    let second = arena.child();
    for _ in 0..50 {
        first.alloc([0_u8; 90]);
        second.alloc([0_u8; 70]);
        arena.alloc([3_u8; 24]);
        checked(&arena);
        checked(&*first);
        checked(&*second);
        first.scope(|inner| {
            inner.alloc([0_u8; 2000]);
            checked(inner);
            checked(&arena);
            checked(&*second);
        });
    }
    drop(first);
    checked(&arena);
    drop(second);
    checked_alone(&arena);
}

#[test]
fn a_parent_that_frees_what_it_lent_beside() {
    use allocator_api2::alloc::{Allocator, Layout};
    let arena = Arena::<_>::new_in(Chained::new().first_chunk(4096));
    let allocator = &arena;
    let layout = Layout::new::<[u64; 20]>();
    arena.alloc(1_u64);
    let last = allocator.allocate(layout).unwrap();
    let child = arena.child();
    child.alloc(2_u64);
    // SAFETY: just allocated here, with this layout.
    unsafe { allocator.deallocate(last.cast(), layout) };
    let map = checked(&arena);
    assert!(map.bytes(Use::Free) >= layout.size() || cfg!(arenite_zeal), "{map}");
    arena.alloc([0_u64; 200]);
    drop(child);
    checked_alone(&arena);
    arena.alloc([0_u64; 300]);
    arena.alloc([0_u64; 10]);
    checked_alone(&arena);
}

#[test]
fn rewinds_are_seen() {
    let arena = Arena::<_>::new_in(Chained::new());
    arena.alloc(1);
    let used = arena.stats().used;
    let mark = arena.checkpoint();
    for _ in 0..100 {
        arena.alloc([0_u8; 100]);
        arena.alloc([0_u8; 900]);
    }
    checked_alone(&arena);
    // SAFETY: nothing of it is used any more.
    unsafe { arena.rewind(mark) };
    let map = checked(&arena);
    assert_eq!(map.bytes(Use::Used), used, "{map}");
}

#[cfg(feature = "virtual-memory")]
#[cfg(not(miri))]
#[test]
fn address_space_is_reserved_beyond() {
    use arenite::Virtual;
    if !Virtual::is_available() {
        return;
    }
    let arena = Arena::<_>::new_in(Virtual::new());
    arena.alloc([0_u8; 5000]);
    let map = checked_alone(&arena);
    assert!(map.reserved_beyond() > 1 << 20, "{map}");
    assert!(
        map.to_string().lines().next().unwrap().contains("GiB more reserved")
            || map.reserved_beyond() < 1 << 30
    );
    // A parent whose tail is lent has its next chunk in the same range, above.
    arena.scope(|inner| {
        inner.alloc(1);
        arena.alloc(2);
        checked(inner);
        let map = checked(&arena);
        let starts: Vec<usize> = map.areas().map(|area| area.start()).collect();
        assert!(starts.is_sorted(), "{starts:x?}");
    });
    checked_alone(&arena);
}

#[cfg(all(feature = "mapped", unix))]
#[test]
fn what_a_file_had_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grains");
    std::fs::write(&path, [1_u8; 4096]).unwrap();
    // SAFETY: nobody else knows the file.
    let memory = unsafe { arenite::Mapped::private(&path) }.unwrap();
    let arena = Arena::<_>::new_in(memory);
    arena.alloc(1);
    checked_alone(&arena);
}

#[test]
fn the_pictures_are_as_wide_as_asked_and_name_what_they_show() {
    let arena = Arena::<_>::new_in(Chained::new().first_chunk(256).max_chunk(256));
    while arena.stats().chunks < 12 {
        arena.alloc([0_u8; 48]);
    }
    let map = arena.map();
    for width in [40, 80, 133] {
        let text = format!("{map:width$}");
        let bars: Vec<&str> =
            text.lines().filter(|line| line.starts_with("chunk") || line.starts_with("all")).collect();
        assert_eq!(bars.len(), 13, "{text}");
        assert!(bars.iter().all(|bar| bar.chars().count() == width), "{text}");
    }
    let few = format!("{map:.4}");
    assert_eq!(few.lines().filter(|line| line.starts_with("chunk")).count(), 4, "{few}");
    assert!(few.contains("... 8 more"), "{few}");
    // Narrower than its labels: the bars keep their shortest length.
    assert!(format!("{map:1}").lines().all(|line| line.chars().count() >= 16));

    let (text, svg) = (map.to_string(), map.to_svg());
    for kind in [Use::Used, Use::Free, Use::Record] {
        assert!(text.contains(kind.name()) && svg.contains(kind.name()), "{text}");
    }
    assert_eq!(svg.matches("<g>").count(), 12);
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let mut pieces = String::new();
    map.write_svg(&mut pieces).unwrap();
    assert_eq!(pieces, svg);
}

/// A cell is what most of its bytes are, and all cells together are as long as the bar.
#[test]
fn a_bar_is_to_scale() {
    let mut buffer = Buffer::<1024>::new();
    let arena = Arena::with_capacity_in(1024, Fixed::from(&mut buffer));
    arena.alloc([0_u8; 256]);
    let text = format!("{:94}", arena.map()); // labels of 7 + 12 columns, hence 75 cells
    let bar = text.lines().nth(1).unwrap();
    let count = |glyph: char| bar.chars().filter(|char| *char == glyph).count();
    let (used, free) = (count('█'), count('·'));
    assert_eq!(used + free, 94 - "chunk 1".len() - 12, "{text}");
    assert!(used * 4 >= (used + free) - 4 && used * 4 <= (used + free) + 4, "{text}");
}
