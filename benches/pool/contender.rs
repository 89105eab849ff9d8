//! What the contenders can do, each by the interface that it recommends.

use arenite::pool;

/// 32 bytes.
pub(crate) type Value = [u64; 4];

pub(crate) fn value(n: u64) -> Value {
    [n, n ^ 1, n ^ 2, n ^ 3]
}

/// Values found by keys.
pub(crate) trait Keyed: Default {
    type Key: Copy;
    fn with_capacity(capacity: usize) -> Self;
    fn put(&mut self, value: Value) -> Self::Key;
    fn take(&mut self, key: Self::Key) -> Value;
    fn at(&self, key: Self::Key) -> u64;
    /// The sum of all first words.
    fn sum(&self) -> u64;
}

macro_rules! keyed {
    ($type:ty, $key:ty, $take:expr, $with_capacity:expr) => {
        impl Keyed for $type {
            type Key = $key;
            #[inline(always)]
            fn with_capacity(capacity: usize) -> Self {
                $with_capacity(capacity)
            }
            #[inline(always)]
            fn put(&mut self, value: Value) -> $key {
                self.insert(value)
            }
            #[inline(always)]
            fn take(&mut self, key: $key) -> Value {
                $take(self, key)
            }
            #[inline(always)]
            fn at(&self, key: $key) -> u64 {
                self[key][0]
            }
            #[inline(always)]
            fn sum(&self) -> u64 {
                self.iter().fold(0, |sum, (_, value)| sum ^ value[0])
            }
        }
    };
}
keyed!(pool::SlotMap<Value>, pool::Key, |map: &mut Self, key| map.remove(key).unwrap(), Self::with_capacity);
keyed!(slab::Slab<Value>, usize, |map: &mut Self, key| map.remove(key), Self::with_capacity);
keyed!(
    slotmap::SlotMap<slotmap::DefaultKey, Value>,
    slotmap::DefaultKey,
    |map: &mut Self, key| map.remove(key).unwrap(),
    Self::with_capacity
);
keyed!(
    slotmap::DenseSlotMap<slotmap::DefaultKey, Value>,
    slotmap::DefaultKey,
    |map: &mut Self, key| map.remove(key).unwrap(),
    Self::with_capacity
);

/// Values owned by boxes.
pub(crate) trait Boxing: Default {
    type Box<'a>: std::ops::Deref<Target = Value>
    where
        Self: 'a;
    fn put(&self, value: Value) -> Self::Box<'_>;
}

impl Boxing for pool::Pool<Value> {
    type Box<'a> = pool::PoolBox<'a, Value>;
    #[inline(always)]
    fn put(&self, value: Value) -> pool::PoolBox<'_, Value> {
        self.insert(value)
    }
}

/// The global allocator.
#[derive(Default)]
pub(crate) struct Std;

impl Boxing for Std {
    type Box<'a> = Box<Value>;
    #[inline(always)]
    fn put(&self, value: Value) -> Box<Value> {
        Box::new(value)
    }
}
