//! The rows.

use std::hint::black_box;
use std::time::{Duration, Instant};

use arenite::Arena;
use arenite::pool::{ObjectPool, Pool, PoolBox, SlotMap};
use arenite::scratch::scratch;
use slab::Slab;
use slotmap::{DefaultKey, DenseSlotMap};

use crate::Row;
use crate::contender::{Boxing, Keyed, Std, Value, value};

type Peer = slotmap::SlotMap<DefaultKey, Value>;
type Dense = DenseSlotMap<DefaultKey, Value>;
type Ours = SlotMap<Value>;

/// Values that live at a time, where not all do.
const LIVE: usize = 1000;

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "one in, the same one out",
        units: 1_000_000,
        contenders: &[
            ("arenite Pool", boxes_pair::<Pool<Value>>),
            ("arenite SlotMap", keys_pair::<Ours>),
            ("std Box", boxes_pair::<Std>),
            ("slab", keys_pair::<Slab<Value>>),
            ("slotmap", keys_pair::<Peer>),
        ],
    },
    Row {
        name: "one of 1000 out, one in",
        units: 500_000,
        contenders: &[
            ("arenite Pool", boxes_churn::<Pool<Value>>),
            ("arenite SlotMap", keys_churn::<Ours>),
            ("std Box", boxes_churn::<Std>),
            ("slab", keys_churn::<Slab<Value>>),
            ("slotmap", keys_churn::<Peer>),
        ],
    },
    Row {
        name: "filled from nothing, then dropped",
        units: 100_000,
        contenders: &[
            ("arenite Pool", |units| {
                fill(units, Pool::new, |pool, n| *black_box(PoolBox::leak(pool.insert(value(n)))))
            }),
            ("arenite SlotMap", keys_fill::<Ours>),
            ("typed-arena", |units| {
                fill(units, typed_arena::Arena::new, |arena, n| *black_box(arena.alloc(value(n))))
            }),
            ("slab", keys_fill::<Slab<Value>>),
            ("slotmap", keys_fill::<Peer>),
        ],
    },
    Row {
        name: "filled with room reserved, then dropped",
        units: 100_000,
        contenders: &[
            ("arenite Pool", |units| {
                let pool = || Pool::with_capacity(units as usize);
                fill(units, pool, |pool, n| *black_box(PoolBox::leak(pool.insert(value(n)))))
            }),
            ("arenite SlotMap", keys_fill_reserved::<Ours>),
            ("typed-arena", |units| {
                let arena = || typed_arena::Arena::with_capacity(units as usize);
                fill(units, arena, |arena, n| *black_box(arena.alloc(value(n))))
            }),
            ("slab", keys_fill_reserved::<Slab<Value>>),
            ("slotmap", keys_fill_reserved::<Peer>),
        ],
    },
    Row {
        name: "100 000 visited",
        units: 100_000,
        contenders: &[
            ("arenite SlotMap", |units| visit::<Ours>(units, 0)),
            ("slab", |units| visit::<Slab<Value>>(units, 0)),
            ("slotmap", |units| visit::<Peer>(units, 0)),
            ("slotmap Dense", |units| visit::<Dense>(units, 0)),
        ],
    },
    Row {
        name: "100 000 visited of twice as many",
        units: 100_000,
        contenders: &[
            ("arenite SlotMap", |units| visit::<Ours>(units, units)),
            ("slab", |units| visit::<Slab<Value>>(units, units)),
            ("slotmap", |units| visit::<Peer>(units, units)),
            ("slotmap Dense", |units| visit::<Dense>(units, units)),
        ],
    },
    Row {
        name: "found among 1000",
        units: 1_000_000,
        contenders: &[
            ("arenite SlotMap", |units| find::<Ours>(units, 1000)),
            ("slab", |units| find::<Slab<Value>>(units, 1000)),
            ("slotmap", |units| find::<Peer>(units, 1000)),
        ],
    },
    Row {
        name: "found among 1 000 000",
        units: 200_000,
        contenders: &[
            ("arenite SlotMap", |units| find::<Ours>(units, 1_000_000)),
            ("slab", |units| find::<Slab<Value>>(units, 1_000_000)),
            ("slotmap", |units| find::<Peer>(units, 1_000_000)),
        ],
    },
    Row {
        name: "a buffer of 4 KiB, lent and given back",
        units: 200_000,
        contenders: &[
            ("arenite ObjectPool", |units| {
                let pool = ObjectPool::new().reset_by(Vec::<u8>::clear);
                each(units, |n| {
                    let mut buffer = pool.get_or_init(|| Vec::with_capacity(4096));
                    buffer.push(n as u8);
                    black_box(buffer.as_ptr());
                })
            }),
            ("std Vec", |units| {
                each(units, |n| {
                    let mut buffer = Vec::with_capacity(4096);
                    buffer.push(n as u8);
                    black_box(buffer.as_ptr());
                })
            }),
        ],
    },
    Row {
        name: "memory for one value, for a moment",
        units: 1_000_000,
        contenders: &[
            ("arenite scratch", |units| {
                each(units, |n| scratch(|arena| _ = black_box(std::ptr::from_ref(arena.alloc(n)))))
            }),
            ("arenite scope", |units| {
                let arena = Arena::new();
                arena.alloc(1);
                let arena = black_box(&arena);
                each(units, |n| arena.scope(|inner| _ = black_box(std::ptr::from_ref(inner.alloc(n)))))
            }),
            ("arenite, an arena", |units| {
                each(units, |n| _ = black_box(std::ptr::from_ref(Arena::new().alloc(n))))
            }),
            ("bumpalo, an arena", |units| {
                each(units, |n| _ = black_box(std::ptr::from_ref(bumpalo::Bump::new().alloc(n))))
            }),
            ("std Box", |units| each(units, |n| _ = black_box(Box::new(n)))),
        ],
    },
];

/// Times `units` calls.
#[inline(always)]
fn each(units: u64, mut call: impl FnMut(u64)) -> Duration {
    let start = Instant::now();
    for n in 0..units {
        call(n);
    }
    start.elapsed()
}

/// The generator of Numerical Recipes: quick, and good enough to choose by.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

/// A container made, filled and dropped.
#[inline(always)]
fn fill<C>(units: u64, new: impl Fn() -> C, put: impl Fn(&C, u64) -> Value) -> Duration {
    let start = Instant::now();
    let container = new();
    for n in 0..units {
        put(&container, n);
    }
    drop(black_box(container));
    start.elapsed()
}

fn boxes_pair<C: Boxing>(units: u64) -> Duration {
    let pool = C::default();
    let _first = pool.put(value(0));
    let pool = black_box(&pool);
    each(units, |n| _ = black_box(&*pool.put(value(n))))
}

fn keys_pair<C: Keyed>(units: u64) -> Duration {
    let mut map = C::default();
    map.put(value(0));
    let map = black_box(&mut map);
    each(units, |n| {
        let key = black_box(map.put(value(n)));
        black_box(map.take(key));
    })
}

fn boxes_churn<C: Boxing>(units: u64) -> Duration {
    let pool = C::default();
    let mut boxes: Vec<C::Box<'_>> = (0..LIVE as u64).map(|n| pool.put(value(n))).collect();
    let (pool, mut state) = (black_box(&pool), 1);
    each(units, |n| {
        let at = next(&mut state) % LIVE;
        black_box(boxes[at][0]);
        drop(boxes.swap_remove(at));
        boxes.push(pool.put(value(n)));
    })
}

fn keys_churn<C: Keyed>(units: u64) -> Duration {
    let mut map = C::default();
    let mut keys: Vec<C::Key> = (0..LIVE as u64).map(|n| map.put(value(n))).collect();
    let (map, mut state) = (black_box(&mut map), 1);
    each(units, |n| {
        let at = next(&mut state) % LIVE;
        black_box(map.take(keys.swap_remove(at))[0]);
        keys.push(map.put(value(n)));
    })
}

fn keys_fill<C: Keyed>(units: u64) -> Duration {
    keys_fill_in(units, C::default)
}

fn keys_fill_reserved<C: Keyed>(units: u64) -> Duration {
    keys_fill_in(units, || C::with_capacity(units as usize))
}

#[inline(always)]
fn keys_fill_in<C: Keyed>(units: u64, new: impl Fn() -> C) -> Duration {
    let start = Instant::now();
    let mut map = new();
    for n in 0..units {
        _ = black_box(map.put(value(n)));
    }
    drop(black_box(map));
    start.elapsed()
}

/// Visits `units` values ten times, among which there were `gone` others.
fn visit<C: Keyed>(units: u64, gone: u64) -> Duration {
    let mut map = C::default();
    let mut keys: Vec<C::Key> = (0..units + gone).map(|n| map.put(value(n))).collect();
    let mut state = 1;
    for _ in 0..gone {
        let at = next(&mut state) % keys.len();
        map.take(keys.swap_remove(at));
    }
    each(10, |_| _ = black_box(black_box(&map).sum())) / 10
}

/// Looks `units` of `live` values up, in no order.
fn find<C: Keyed>(units: u64, live: u64) -> Duration {
    let mut map = C::default();
    let keys: Vec<C::Key> = (0..live).map(|n| map.put(value(n))).collect();
    let (map, mut state) = (black_box(&map), 1);
    each(units, |_| _ = black_box(map.at(keys[next(&mut state) % keys.len()])))
}
