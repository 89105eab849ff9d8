//! What `src/sync.rs` takes instead of the standard atomic types: the same, but before each operation another thread may
//! have its turn.
//!
//! shuttle's own are larger, and are not made of zeroes, as entries of blocks and tables are.

pub use std::sync::atomic::Ordering;
use std::sync::atomic::{self, Ordering::SeqCst};

/// Lets the schedule say who goes on.
fn turn() {
    shuttle::sync::atomic::AtomicBool::new(false).load(SeqCst);
}

macro_rules! operations {
    ($value:ty; $($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            pub fn $name(&self, $($argument: $type),*) -> $result {
                turn();
                self.0.$name($($argument),*)
            }
        )*
    };
}

macro_rules! types {
    ($([$($generics:tt)*] $type:ty, $inner:path, $value:ty;)*) => {$(
        #[allow(dead_code, reason = "not every type needs every operation")]
        impl<$($generics)*> $type {
            pub const fn new(value: $value) -> Self {
                Self(<$inner>::new(value))
            }

            operations! {
                $value;
                load(order: Ordering) -> $value;
                store(value: $value, order: Ordering) -> ();
                swap(value: $value, order: Ordering) -> $value;
                compare_exchange(old: $value, new: $value, success: Ordering, failure: Ordering)
                    -> Result<$value, $value>;
            }

            /// Fails where the other one does, and not otherwise: a schedule cannot say more.
            pub fn compare_exchange_weak(
                &self,
                old: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(old, new, success, failure)
            }
        }
    )*};
}

macro_rules! integers {
    ($($type:ident $value:ty;)*) => {$(
        #[repr(transparent)]
        #[derive(Debug)]
        pub struct $type(atomic::$type);

        types!([] $type, atomic::$type, $value;);

        #[allow(dead_code, reason = "as above")]
        impl $type {
            /// Without a turn: nobody else has it.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            operations! {
                $value;
                fetch_add(value: $value, order: Ordering) -> $value;
                fetch_sub(value: $value, order: Ordering) -> $value;
                fetch_max(value: $value, order: Ordering) -> $value;
            }
        }
    )*};
}

#[repr(transparent)]
#[derive(Debug)]
pub struct AtomicBool(atomic::AtomicBool);

#[repr(transparent)]
#[derive(Debug)]
pub struct AtomicPtr<T>(atomic::AtomicPtr<T>);

types! {
    [] AtomicBool, atomic::AtomicBool, bool;
    [T] AtomicPtr<T>, atomic::AtomicPtr<T>, *mut T;
}
integers! {
    AtomicU8 u8;
    AtomicU16 u16;
    AtomicU32 u32;
    AtomicU64 u64;
    AtomicUsize usize;
    AtomicIsize isize;
}
