//! What needs neither a heap nor the standard library: pools in a buffer.

use arenite::pool::{ObjectPool, Pool, PoolBox, SlotMap};
use arenite::{Arena, Buffer, Fixed};

/// Runs `f` with an arena over a buffer of 4 KiB, which asks nobody for more.
fn in_buffer(f: impl FnOnce(&Arena<Fixed<'_>>)) {
    let mut buffer = Buffer::<4096>::new();
    f(&Arena::new_in(Fixed::from(&mut buffer)));
}

#[test]
fn a_pool_in_a_buffer_is_full_and_has_room_again() {
    in_buffer(|arena| {
        let pool = Pool::with_capacity_in(3, arena).limit(3);
        let used = arena.stats().used;
        for _ in 0..100 {
            let boxes = [pool.insert([1_u8; 100]), pool.insert([2; 100]), pool.insert([3; 100])];
            let refused = pool.try_insert([4; 100]).unwrap_err();
            assert_eq!(refused.into_value(), [4; 100]);
            assert!(pool.try_insert_with(|| unreachable!("there is no slot")).is_err());
            assert!(boxes.iter().zip(1..).all(|(boxed, byte)| **boxed == [byte; 100]));
        }
        assert_eq!(arena.stats().used, used);
        assert_eq!((pool.stats().live, pool.stats().peak, pool.stats().slabs), (0, 3, 1));
    });
}

#[test]
fn a_pool_without_a_limit_takes_what_the_buffer_has() {
    in_buffer(|arena| {
        let pool = Pool::new_in(arena);
        let mut boxes = 0;
        while let Ok(boxed) = pool.try_insert([0_u64; 3]) {
            PoolBox::leak(boxed);
            boxes += 1;
        }
        // Half of what is missing is asked for, and half of that, down to a single slot.
        assert_eq!(boxes, pool.stats().capacity);
        assert!(pool.stats().bytes > 4096 - 2 * 32 - 128, "{}", pool.stats());
    });
}

#[test]
fn a_map_in_a_buffer_keeps_to_its_limit() {
    in_buffer(|arena| {
        let mut map = SlotMap::with_capacity_in(8, arena).limit(8);
        let keys: [_; 8] = std::array::from_fn(|n| map.insert(n));
        assert_eq!(map.try_insert(8).unwrap_err().into_value(), 8);
        assert!(map.try_reserve(1).is_err());
        assert_eq!(map.remove(keys[3]), Some(3));
        assert!(map.try_reserve(1).is_ok());
        let key = map.insert(9);
        assert_eq!((map.get(keys[3]), map.get(key), map.len()), (None, Some(&9), 8));
        assert_eq!(map.stats().slabs, 1);
    });
}

#[test]
fn objects_in_a_buffer_are_lent_again() {
    in_buffer(|arena| {
        let pool = ObjectPool::new_in(arena).limit(2);
        pool.fill(2, || [0_u8; 16]).unwrap();
        let (mut first, second) = (pool.get_or_init(|| unreachable!()), pool.get());
        first[0] = 7;
        assert!(pool.try_get_or_init(|| unreachable!("there is no slot")).is_err());
        drop(second);
        drop(first);
        assert_eq!(pool.get()[0], 7, "the last that came back, as it was");
        assert!(pool.fill(3, || [0; 16]).is_err());
    });
}

#[test]
#[should_panic(expected = "pool: all slots are taken: the limit is 1")]
fn a_pool_at_its_limit_says_so() {
    in_buffer(|arena| {
        let pool = Pool::new_in(arena).limit(1);
        let _boxes = [pool.insert(1), pool.insert(2)];
    });
}

#[test]
#[should_panic(expected = "pool: no memory for a slot of 4.8 KiB")]
fn a_pool_without_memory_says_so() {
    in_buffer(|arena| drop(Pool::new_in(arena).insert([0_u8; 5000])));
}
