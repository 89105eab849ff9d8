//! Deep copies: all of a copy is where it was asked for, and nothing of the original is needed any more.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use allocator_api2::alloc::Global;
use allocator_api2::boxed::Box;
use arenite::collections::{CloneIn, CollectIn, String, Vec};
use arenite::wrap::Counting;
use arenite::{Arena, ArenaBox, Chained, unsize_box};

/// A tree as parsers make them.
#[derive(Debug, PartialEq)]
enum Tree<'a> {
    Leaf(&'a str),
    Text(String<&'a Arena>),
    Node(Vec<'a, Tree<'a>>),
    Boxed(ArenaBox<'a, Tree<'a>>),
    Shared(&'a Tree<'a>, &'a [u32]),
}

impl<'n> CloneIn<&'n Arena> for Tree<'_> {
    type Cloned = Tree<'n>;

    fn clone_in(&self, arena: &'n Arena) -> Tree<'n> {
        match self {
            Tree::Leaf(text) => Tree::Leaf(text.clone_in(arena)),
            Tree::Text(text) => Tree::Text(text.clone_in(arena)),
            Tree::Node(nodes) => Tree::Node(nodes.clone_in(arena)),
            Tree::Boxed(tree) => Tree::Boxed(tree.clone_in(arena)),
            Tree::Shared(tree, numbers) => Tree::Shared(tree.clone_in(arena), numbers.clone_in(arena)),
        }
    }
}

fn grow(arena: &Arena, depth: u32) -> Tree<'_> {
    let below = |arena| grow(arena, depth.saturating_sub(1));
    match depth {
        0 => Tree::Leaf(arena.alloc_str("leaf")),
        1 => Tree::Text(arenite::format!(in arena, "text {depth}")),
        2 => Tree::Boxed(arena.alloc_box(below(arena))),
        3 => Tree::Shared(arena.alloc(below(arena)), arena.alloc_slice_copy(&[1, 2, 3])),
        _ => Tree::Node((0..3).map(|_| below(arena)).collect_in(arena)),
    }
}

#[test]
fn a_tree_outlives_the_arena_in_which_it_was_made() {
    let kept = Arena::new();
    let copies: std::vec::Vec<Tree<'_>> = (0..7)
        .map(|depth| {
            let mut inner = Arena::new();
            let tree = grow(&inner, depth);
            let copy = tree.clone_in(&kept);
            assert_eq!(copy, tree);
            drop(tree);
            inner.reset();
            inner.alloc([0xEE_u8; 5000]);
            copy
        })
        .collect();
    for (depth, copy) in copies.into_iter().enumerate() {
        assert_eq!(copy, grow(&Arena::new(), depth as u32));
    }
}

#[test]
fn from_a_scope_to_the_arena_around_it() {
    let arena = Arena::new();
    let copy = arena.scope(|inner| grow(inner, 6).clone_in(&arena));
    arena.scope(|inner| _ = inner.alloc([0xEE_u8; 5000]));
    assert_eq!(copy, grow(&arena, 6));
}

/// All of it comes from the target: none from the source, none from the heap.
#[test]
fn nothing_comes_from_elsewhere() {
    let (from, to) = (Counting::new(Global), Counting::new(Global));
    let mut words = allocator_api2::vec::Vec::new_in(&from);
    words.extend(["a", "bc", "def"].map(|word| String::from_str_in(word, &from)));
    let before = from.counts();
    let copy = words.clone_in(&to);
    assert_eq!(from.counts(), before);
    assert_eq!(to.counts().blocks_live, 4);
    assert_eq!(copy.capacity(), 3);
    drop(words);
    assert_eq!(copy.iter().map(|word| word.as_str()).collect::<std::string::String>(), "abcdef");
    drop(copy);
    assert_eq!(to.counts().blocks_live, 0);
}

#[test]
fn of_every_shape() {
    let (one, other) = (Arena::new(), Arena::new());
    let tuple = (1_u8, 'x', Some(arenite::format!(in &one, "{}", 1)), [2.5_f64; 2], (), Ok::<i64, bool>(-3));
    let copy = tuple.clone_in(&other);
    assert_eq!((copy.0, copy.1, copy.2.as_deref(), copy.3, copy.5), (1, 'x', Some("1"), [2.5; 2], Ok(-3)));
    let boxed: ArenaBox<'_, [String<&Arena>]> =
        unsize_box!(one.alloc_box([String::from_str_in("a", &one), String::from_str_in("b", &one)]));
    assert_eq!(boxed.clone_in(&other)[1], "b");
    let text: ArenaBox<'_, str> = {
        let text: *mut str = one.alloc_str("text");
        // SAFETY: text in an arena, to which there is no other reference.
        unsafe { ArenaBox::from_raw(text) }
    };
    assert_eq!(&*text.clone_in(&other), "text");
    assert_eq!(*Box::new_in(7, &one).clone_in(&other), 7);
    let slice = arenite::vec![in &one; 1, 2].into_boxed_slice();
    assert_eq!(*slice.clone_in(&other), [1, 2]);
    assert_eq!(&*String::from_str_in("str", &one).into_boxed_str().clone_in(Global), "str");
    // From one kind of memory to another one.
    let chained = Arena::<_, 16>::with_min_align_in(Chained::new());
    assert_eq!("text".clone_in(&chained), "text");
    assert_eq!((&[1_u16, 2][..]).clone_in(&chained), [1, 2]);
    let empty: Vec<'_, String<&Arena>> = Vec::new_in(&one);
    assert!(empty.clone_in(&chained).is_empty());
}

#[cfg(feature = "hashbrown")]
#[test]
fn maps_and_sets() {
    use arenite::collections::{HashMap, HashSet};

    let kept = Arena::new();
    let (map, set) = {
        let arena = Arena::new();
        let mut map: HashMap<'_, String<&Arena>, Vec<'_, u32>> = HashMap::new_in(&arena);
        let mut set: HashSet<'_, &str> = HashSet::new_in(&arena);
        for n in 0..100_u32 {
            map.insert(arenite::format!(in &arena, "{n}"), arenite::vec![in &arena; n; 3]);
            set.insert(arena.alloc_fmt(format_args!("{n}")));
        }
        (map.clone_in(&kept), set.clone_in(&kept))
    };
    assert_eq!((map.len(), set.len()), (100, 100));
    for n in 0..100 {
        assert_eq!(map[&*n.to_string()], [n; 3]);
        assert!(set.contains(&*n.to_string()));
    }
}

thread_local! {
    static ALIVE: Cell<i32> = const { Cell::new(0) };
}

struct Fragile(u32);

impl Fragile {
    fn new(n: u32) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Fragile(n)
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl<A> CloneIn<A> for Fragile {
    type Cloned = Fragile;

    fn clone_in(&self, _: A) -> Fragile {
        assert_ne!(self.0, 5, "the sixth");
        Fragile::new(self.0)
    }
}

/// What was copied before a copy panicked is dropped.
#[test]
fn a_copy_that_panics() {
    let (one, other) = (Arena::new(), Arena::new());
    let fragile: Vec<'_, Fragile> = (0..9).map(Fragile::new).collect_in(&one);
    for attempt in 0..3 {
        let copied = catch_unwind(AssertUnwindSafe(|| match attempt {
            0 => drop(fragile.clone_in(&other)),
            1 => drop(fragile.as_slice().clone_in(&other)),
            _ => _ = CloneIn::clone_in(&&fragile[5], &other),
        }));
        assert!(copied.is_err());
        assert_eq!(ALIVE.get(), 9);
    }
}
