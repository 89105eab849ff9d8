//! [`SlotMap`].

use std::cell::Cell;
use std::collections::HashSet;

use allocator_api2::alloc::Global;
use arenite::AllocError;
use arenite::pool::{Key, SlotMap};
use arenite::testing::failures::Failures;
use arenite::wrap::Counting;

use super::helpers::{Aligned, Huge, Noisy, on_a_large_stack, panics};

#[test]
fn a_key_is_eight_bytes_and_so_is_none() {
    assert_eq!((size_of::<Key>(), size_of::<Option<Key>>()), (8, 8));
}

#[test]
fn a_stale_key_finds_nothing() {
    let mut map = SlotMap::new();
    let first = map.insert("first");
    assert_eq!((map.remove(first), map.remove(first)), (Some("first"), None));
    let mut stale = HashSet::from([first]);
    // As often as generations last in zeal builds.
    for n in 0..20 {
        let key = map.insert("next");
        assert!(stale.iter().all(|&old| map.get(old).is_none() && !map.contains_key(old)), "{n}: {key:?}");
        assert!(map.get_mut(first).is_none() && map.get(key).is_some());
        map.remove(key);
        assert!(stale.insert(key), "{key:?} came back");
    }
}

#[test]
fn keys_of_other_maps_and_of_nowhere_do_no_harm() {
    let mut one = SlotMap::new();
    let mut other = SlotMap::new();
    let keys: Vec<Key> = (0..1000).map(|n| other.insert(n)).collect();
    assert!(keys.iter().all(|&key| one.get(key).is_none()));
    one.insert(String::from("here"));
    for key in &keys[1..] {
        assert!(one.get(*key).is_none() && one.remove(*key).is_none());
    }
    assert_eq!(one.remove(keys[0]).as_deref(), Some("here"), "the same place, and the same generation");
    for bits in (0..64).flat_map(|n| [1_u64 << n, u64::MAX << n, u64::MAX >> n]) {
        let Some(key) = Key::from_bits(bits) else { continue };
        assert_eq!(
            (key.to_bits(), one.get(key), other.get(key).is_some()),
            (bits, None, keys.contains(&key))
        );
    }
    assert_eq!(Key::from_bits(2 << 32), None, "even generations are nobody's");
}

#[test]
#[should_panic(expected = "slot map: there is no value of Key(0.1)")]
fn to_index_by_a_stale_key_panics() {
    let mut map = SlotMap::new();
    let key = map.insert(1);
    map.remove(key);
    map[key] = 2;
}

/// Generations end early in zeal builds.
#[cfg(arenite_zeal)]
#[test]
fn a_slot_is_retired_when_its_generations_are_spent() {
    let mut map = SlotMap::new().limit(2);
    let mut keys = HashSet::new();
    let kept = map.insert(u32::MAX);
    for n in 0..8 {
        let key = map.insert(n);
        assert!(keys.insert(key) && map.remove(key) == Some(n));
    }
    assert_eq!((map.stats().retired, map.stats().peak, map.len()), (1, 2, 1));
    assert!(map.try_insert(0).is_err(), "the one that is left is taken");
    assert!(keys.iter().all(|&key| map.get(key).is_none()));
    assert_eq!((map.iter().count(), map[kept]), (1, u32::MAX));
    assert_eq!(
        map.stats().to_string(),
        "1 live (peak 2), 1 retired of 2 slots, 32 B in 1 slab"
            .replace("32 B", "24 B")
            .replace("24 B", &format!("{} B", map.stats().bytes))
    );
    map.clear();
    assert!(map.try_reserve(1).is_ok() && map.try_reserve(2).is_err());
}

#[test]
fn values_stay_where_they_are() {
    let mut map = SlotMap::new().first_slab(1);
    let mut places = Vec::new();
    for n in 0..1000_u64 {
        let key = map.insert(n);
        places.push((key, &raw const map[key]));
    }
    assert!(places.iter().all(|&(key, place)| std::ptr::eq(&map[key], place)));
    assert_eq!((map.stats().slabs, map.stats().capacity), (11, 1024));
}

#[test]
fn iterators_reach_every_value_once() {
    let mut map = SlotMap::new().first_slab(3);
    let keys: Vec<Key> = (0..100_u32).map(|n| map.insert(n)).collect();
    for key in keys.iter().step_by(3) {
        map.remove(*key);
    }
    let left: Vec<u32> = (0..100).filter(|n| n % 3 != 0).collect();
    assert_eq!(map.values().copied().collect::<Vec<_>>(), left);
    assert_eq!(map.keys().map(|key| map[key]).collect::<Vec<_>>(), left);
    assert_eq!((map.iter().len(), map.len()), (66, 66));
    let mut iter = map.iter();
    iter.nth(9);
    assert_eq!((iter.len(), iter.clone().count()), (56, 56));
    for (key, value) in &mut map {
        *value += u32::from(keys.contains(&key));
    }
    map.values_mut().for_each(|value| *value *= 2);
    assert_eq!(map.iter().map(|(_, value)| value / 2 - 1).collect::<Vec<_>>(), left);
    map.retain(|key, value| *value > 100 && key != keys[98]);
    assert_eq!(map.len(), left.iter().filter(|&&n| n >= 50 && n != 98).count());
    map.clear();
    assert!(map.is_empty() && map.iter().next().is_none());
    assert!(keys.iter().all(|&key| !map.contains_key(key)));
    assert_eq!(map.stats().peak, 100);
    map.extend([1, 2]);
    assert_eq!(format!("{:?}", map.values()), "Values { left: 2, .. }");
    assert!(SlotMap::<u8>::new().iter().next().is_none());
}

#[test]
fn a_value_may_know_its_key() {
    let mut map = SlotMap::new();
    map.insert_with_key(|key| key);
    assert!(panics(|| {
        map.insert_with_key(|_| panic!("not today"));
    }));
    let key = map.insert_with_key(|key| key);
    map.remove(key);
    assert!(panics(|| {
        map.insert_with_key(|_| panic!("nor on a slot that was used before"));
    }));
    map.insert_with_key(|key| key);
    assert!(map.iter().all(|(key, &own)| key == own));
    assert_eq!((map.len(), map.stats().peak), (2, 2));
}

#[test]
fn each_value_is_dropped_once() {
    let alive = Cell::new(0);
    let mut map = SlotMap::new();
    let keys: Vec<Key> = (0..100).map(|n| map.insert(Noisy::new(&alive, n))).collect();
    drop(map.remove(keys[5]));
    map.retain(|_, noisy| noisy.number % 2 == 0);
    assert_eq!((alive.get(), map.len()), (50, 50));
    map.clear();
    assert_eq!(alive.get(), 0);
    map.insert(Noisy::new(&alive, 0));
    drop(map);
    assert_eq!(alive.get(), 0);
}

#[test]
fn panics_leave_the_map_whole() {
    let alive = Cell::new(0);
    let mut map = SlotMap::new();
    map.extend((0..10).map(|n| Noisy::panicking(&alive, n, 4)));
    assert!(panics(|| map.clear()));
    assert_eq!((map.len(), map.iter().count(), alive.get()), (5, 5, 5));
    assert!(panics(|| map.retain(|_, noisy| {
        assert_ne!(noisy.number, 7, "this one panics");
        false
    })));
    assert_eq!((map.len(), alive.get()), (3, 3));
    drop(map);
    assert_eq!(alive.get(), 0);

    let mut map = SlotMap::new();
    map.extend((0..10).map(|n| Noisy::panicking(&alive, n, 4)));
    assert!(panics(|| drop(map)), "and the others are dropped all the same");
    assert_eq!(alive.get(), 0);
}

#[test]
fn nothing_and_what_is_very_aligned() {
    let mut map = SlotMap::new();
    let keys: Vec<Key> = (0..100).map(|_| map.insert(())).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 100);
    assert!(map.remove(keys[7]).is_some() && map.remove(keys[7]).is_none());

    let mut map = SlotMap::new();
    let keys: Vec<Key> = (0..100).map(|n| map.insert(Aligned(n))).collect();
    assert!(keys.iter().zip(0..).all(|(&key, n)| map[key] == Aligned(n)));
    assert!(map.values().all(|value| (&raw const *value).addr() % 64 == 0));

    on_a_large_stack(|| {
        let mut map = SlotMap::new().first_slab(1);
        let key = map.insert(Huge);
        assert_eq!((&raw const map[key]).addr() % align_of::<Huge>(), 0);
    });
}

#[test]
fn memory_set_aside_suffices() {
    let base = Counting::new(Global);
    let mut map = SlotMap::with_capacity_in(100, &base);
    assert_eq!((base.counts().allocate, base.counts().bytes_live), (1, 1600));
    let keys: Vec<Key> = (0..100_u64).map(|n| map.insert(n)).collect();
    assert!(keys.iter().all(|&key| map.remove(key).is_some()));
    map.extend(0..100);
    assert_eq!((base.counts().allocate, map.stats().bytes, map.stats().capacity), (1, 1600, 100));
    // Slabs that were set aside come one after the other.
    map.reserve(50);
    map.reserve(500);
    let calls = base.counts().allocate;
    map.extend(0..500);
    assert_eq!((base.counts().allocate, map.len()), (calls, 600));
    assert!(map.try_reserve(usize::MAX).is_err());
    drop(map);
    assert_eq!(base.counts().bytes_live, 0);
}

#[test]
fn a_map_goes_from_thread_to_thread_and_is_read_by_several() {
    let mut map = SlotMap::new();
    let keys: Vec<Key> = (0..1000).map(|n| map.insert(n.to_string())).collect();
    let map = std::thread::spawn(move || map).join().expect("it did not panic");
    std::thread::scope(|scope| {
        for part in keys.chunks(250) {
            scope.spawn(|| assert!(part.iter().all(|&key| map.get(key).is_some())));
        }
    });
}

#[test]
fn every_failure_is_reported_and_nothing_lost() {
    let report = Failures::new().from_then_on(true).allow_swallowed(true).check(|base| {
        let mut map = SlotMap::new_in(base).first_slab(2);
        let mut keys = Vec::new();
        for n in 0..200 {
            keys.push(map.try_insert(format!("{n}"))?);
            if n % 3 == 0 {
                map.remove(keys.swap_remove(keys.len() / 2));
            }
        }
        map.try_reserve(300)?;
        assert!(keys.iter().all(|&key| map.contains_key(key)));
        Ok::<(), AllocError>(())
    });
    report.assert_clean();
}
