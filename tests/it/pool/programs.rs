//! Random programs of pools against what they should come to.

use std::collections::HashMap;

use arenite::Arena;
use arenite::pool::{Key, ObjectPool, Pool, PoolBox, SlotMap};

use crate::choices::Choices;

/// One program of any kind.
pub(crate) fn run(choices: &mut dyn Choices, steps: usize) {
    match choices.below(3) {
        0 => boxes(choices, steps),
        1 => keys(choices, steps),
        _ => objects(choices, steps),
    }
}

/// Boxes hold what was put into them.
pub(crate) fn boxes(choices: &mut dyn Choices, steps: usize) {
    let arena = Arena::new();
    let mut pool = Pool::new_in(&arena).first_slab(1 + choices.below(5));
    for _ in 0..4 {
        let mut boxes: Vec<(PoolBox<'_, String>, String)> = Vec::new();
        let mut most = 0;
        for step in 0..steps / 4 {
            if choices.is_done() {
                break;
            }
            match choices.below(100) {
                0..55 => {
                    let text = format!("number {step}");
                    boxes.push((pool.insert(text.clone()), text));
                }
                55..90 if !boxes.is_empty() => {
                    let (boxed, text) = boxes.swap_remove(choices.below(boxes.len()));
                    assert_eq!(*boxed, text);
                }
                90..95 if !boxes.is_empty() => {
                    let (boxed, text) = boxes.swap_remove(choices.below(boxes.len()));
                    assert_eq!(PoolBox::into_inner(boxed), text);
                }
                95..99 if !boxes.is_empty() => {
                    let at = choices.below(boxes.len());
                    boxes[at].0.push('!');
                    boxes[at].1.push('!');
                }
                _ => pool.reserve(choices.below(10)),
            }
            most = most.max(boxes.len());
            assert_eq!(pool.stats().live, boxes.len());
        }
        assert!(boxes.iter().all(|(boxed, text)| **boxed == *text));
        assert!(pool.stats().peak >= most && pool.stats().peak <= pool.stats().capacity);
        if choices.below(2) == 0 {
            drop(boxes);
            pool.reset();
        }
    }
}

/// Keys find what was put under them, and nothing else.
pub(crate) fn keys(choices: &mut dyn Choices, steps: usize) {
    let mut map = SlotMap::new().first_slab(1 + choices.below(5));
    let mut model: HashMap<Key, u64> = HashMap::new();
    let mut keys: Vec<Key> = Vec::new();
    let mut most = 0;
    for step in 0..steps as u64 {
        if choices.is_done() {
            break;
        }
        match choices.below(100) {
            0..50 => {
                let key = map.insert(step);
                assert_eq!(model.insert(key, step), None, "{key:?} came back");
                keys.push(key);
            }
            50..86 if !keys.is_empty() => {
                // Stale ones among them.
                let key = keys[choices.below(keys.len())];
                assert_eq!(map.remove(key), model.remove(&key));
            }
            86..94 if !keys.is_empty() => {
                let key = keys[choices.below(keys.len())];
                assert_eq!(map.get(key), model.get(&key));
                if let Some(value) = map.get_mut(key) {
                    *value += 1;
                }
                model.entry(key).and_modify(|value| *value += 1);
            }
            94..98 => {
                // Anybody may make one up: of any slot, of any generation.
                let bits = (choices.size(u32::MAX as usize) as u64) << 32 | choices.size(1 << 28) as u64;
                if let Some(key) = Key::from_bits(bits) {
                    assert_eq!(map.get(key), model.get(&key), "{key:?}");
                    assert_eq!(map.contains_key(key), model.contains_key(&key), "{key:?}");
                }
            }
            98 => map.reserve(choices.below(10)),
            _ if choices.below(20) == 0 => {
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

/// Objects come back as they left.
pub(crate) fn objects(choices: &mut dyn Choices, steps: usize) {
    let pool = ObjectPool::new().first_slab(1 + choices.below(5)).keep_at_most(20);
    let mut lent = Vec::new();
    let (mut made, mut kept) = (0, Vec::new());
    for _ in 0..steps {
        if choices.is_done() {
            break;
        }
        if choices.below(2) == 0 {
            let expected = kept.pop().unwrap_or(made);
            let object = pool.get_or_init(|| {
                made += 1;
                made - 1
            });
            assert_eq!(*object, expected);
            lent.push(object);
        } else if !lent.is_empty() {
            let object = lent.swap_remove(choices.below(lent.len()));
            if kept.len() < 20 {
                kept.push(*object);
            }
        }
        assert_eq!((pool.stats().live, pool.stats().kept), (lent.len(), kept.len()));
    }
}
