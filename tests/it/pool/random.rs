//! Random programs against what they should come to.

use std::collections::HashMap;

use arenite::Arena;
use arenite::pool::{Key, ObjectPool, Pool, PoolBox, SlotMap};

/// The generator of Numerical Recipes: good enough for what to do next.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

const STEPS: usize = if cfg!(miri) { 300 } else { 20_000 };
const SEEDS: u64 = if cfg!(miri) { 1 } else { 8 };

#[test]
fn boxes_hold_what_was_put_into_them() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let arena = Arena::new();
        let mut pool = Pool::new_in(&arena).first_slab(1 + random.below(5));
        for _ in 0..4 {
            let mut boxes: Vec<(PoolBox<'_, String>, String)> = Vec::new();
            let mut most = 0;
            for step in 0..STEPS / 4 {
                match random.below(100) {
                    0..55 => {
                        let text = format!("{seed} {step}");
                        boxes.push((pool.insert(text.clone()), text));
                    }
                    55..90 if !boxes.is_empty() => {
                        let (boxed, text) = boxes.swap_remove(random.below(boxes.len()));
                        assert_eq!(*boxed, text);
                    }
                    90..95 if !boxes.is_empty() => {
                        let (boxed, text) = boxes.swap_remove(random.below(boxes.len()));
                        assert_eq!(PoolBox::into_inner(boxed), text);
                    }
                    95..99 if !boxes.is_empty() => {
                        let at = random.below(boxes.len());
                        boxes[at].0.push('!');
                        boxes[at].1.push('!');
                    }
                    _ => pool.reserve(random.below(10)),
                }
                most = most.max(boxes.len());
                assert_eq!(pool.stats().live, boxes.len());
            }
            assert!(boxes.iter().all(|(boxed, text)| **boxed == *text));
            assert!(pool.stats().peak >= most && pool.stats().peak <= pool.stats().capacity);
            if seed % 2 == 0 {
                drop(boxes);
                pool.reset();
            }
        }
    }
}

#[test]
fn keys_find_what_was_put_under_them() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let mut map = SlotMap::new().first_slab(1 + random.below(5));
        let mut model: HashMap<Key, u64> = HashMap::new();
        let mut keys: Vec<Key> = Vec::new();
        let mut most = 0;
        for step in 0..STEPS as u64 {
            match random.below(100) {
                0..50 => {
                    let key = map.insert(step);
                    assert_eq!(model.insert(key, step), None, "{key:?} came back");
                    keys.push(key);
                }
                50..90 if !keys.is_empty() => {
                    // Stale ones among them.
                    let key = keys[random.below(keys.len())];
                    assert_eq!(map.remove(key), model.remove(&key));
                }
                90..98 if !keys.is_empty() => {
                    let key = keys[random.below(keys.len())];
                    assert_eq!(map.get(key), model.get(&key));
                    if let Some(value) = map.get_mut(key) {
                        *value += 1;
                    }
                    model.entry(key).and_modify(|value| *value += 1);
                }
                98 => map.reserve(random.below(10)),
                _ if random.below(20) == 0 => {
                    map.retain(|_, value| *value % 3 != 0);
                    model.retain(|_, value| *value % 3 != 0);
                }
                _ => {}
            }
            most = most.max(model.len());
            assert_eq!((map.len(), map.stats().live, map.stats().peak), (model.len(), model.len(), most));
        }
        assert_eq!(map.iter().map(|(key, &value)| (key, value)).collect::<HashMap<_, _>>(), model);
        assert!(keys.iter().all(|key| map.get(*key) == model.get(key)));
    }
}

#[test]
fn objects_come_back_as_they_left() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let pool = ObjectPool::new().first_slab(1 + random.below(5)).keep_at_most(20);
        let mut lent = Vec::new();
        let (mut made, mut kept) = (0, Vec::new());
        for _ in 0..STEPS {
            if random.below(2) == 0 {
                let expected = kept.pop().unwrap_or(made);
                let object = pool.get_or_init(|| {
                    made += 1;
                    made - 1
                });
                assert_eq!(*object, expected);
                lent.push(object);
            } else if !lent.is_empty() {
                let object = lent.swap_remove(random.below(lent.len()));
                if kept.len() < 20 {
                    kept.push(*object);
                }
            }
            assert_eq!((pool.stats().live, pool.stats().kept), (lent.len(), kept.len()));
        }
    }
}
