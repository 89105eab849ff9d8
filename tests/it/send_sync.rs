//! What may go to another thread, and what may be shared with one. A table, as the compiler sees it.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arenite::collections::{String, Vec as ArenaVec};
use arenite::pool::{
    InsertError, Iter, IterMut, Key, ObjectPool, Pool, PoolBox, PoolStats, Reusable, SlotMap,
};
use arenite::report::Report;
use arenite::wrap::{
    AllocationClock, CallCounters, Conditions, Counting, Exclusive, Failing, Fallback, Guarded, Histogram,
    Limited, Misuse, Observer, Quantized, Segregate,
};
use arenite::{
    AllocOrInitError, Arena, ArenaBox, Auto, Buffer, Chained, Checkpoint, Child, ChunkIter, ChunkRawIter,
    CreateError, Fixed, FnSource, Growth, Level, Lineage, OutOfMemory, ResetMode, Stats,
};

/// A base that must stay on its thread.
#[derive(Clone)]
struct Homebound(PhantomData<Rc<()>>);

// SAFETY: no block is ever handed out.
unsafe impl Allocator for Homebound {
    fn allocate(&self, _: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Err(AllocError)
    }

    unsafe fn deallocate(&self, _: NonNull<u8>, _: Layout) {}
}

type Deallocate = Box<dyn Fn(NonNull<u8>, Layout) + Send>;
type HomeboundFn = FnSource<Box<dyn Fn(Layout) -> Option<NonNull<u8>>>, Deallocate>;
type SendableFn = FnSource<Box<dyn Fn(Layout) -> Option<NonNull<u8>> + Send>, Deallocate>;

const YES: bool = true;
const NO: bool = false;

/// The answer for whatever does not know better: an inherent constant, which is there only if the type implements the
/// trait that is asked for, goes before this one.
trait Otherwise {
    const ANSWER: bool = NO;
}

struct IsSend<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Otherwise for IsSend<T> {}

impl<T: ?Sized + Send> IsSend<T> {
    const ANSWER: bool = YES;
}

struct IsSync<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Otherwise for IsSync<T> {}

impl<T: ?Sized + Sync> IsSync<T> {
    const ANSWER: bool = YES;
}

macro_rules! table {
    ($($type:ty: $send:ident $sync:ident, $why:literal;)*) => {
        [$((
            stringify!($type),
            (<IsSend<$type>>::ANSWER, <IsSync<$type>>::ANSWER),
            ($send, $sync),
            $why,
        )),*]
    };
}

#[test]
fn send_and_sync_too_wide_or_too_narrow() {
    let table = table! {
        // type: Send Sync, why
        Arena: YES NO, "its memory comes from where every thread may free; its cursor is a cell";
        Arena<Auto, 64>: YES NO, "whatever its minimum alignment";
        Arena<Chained>: YES NO, "as above";
        Arena<Fixed<'static>>: YES NO, "an exclusive borrow of bytes may move";
        Arena<Chained<Counting<Global>>>: YES NO, "counters are atomic";
        Arena<Chained<&'static Counting<Global>>>: YES NO, "and may be shared";
        Arena<Chained<Failing<Global>>>: YES NO, "so are conditions";
        Arena<Chained<Homebound>>: NO NO, "its chunks must go back on the thread that they came from";
        Arena<Chained<&'static Arena>>: NO NO, "the arena below would be used from two threads";
        Arena<Chained<SendableFn>>: YES NO, "closures that may move";
        Arena<Chained<HomeboundFn>>: NO NO, "one of the closures may not";
        &'static Arena: NO NO, "allocating through it moves a cell";
        &'static mut Arena: YES NO, "nobody else has it";
        Child<'static, Auto, 8>: NO NO, "it writes to its parent when it ends";
        Child<'static, Fixed<'static>, 8>: NO NO, "as above";
        Checkpoint: NO NO, "addresses of an arena that is used by one thread";
        ChunkIter<'static, Auto, 8>: NO NO, "reads the arena's cells";
        ChunkRawIter<'static, Auto, 8>: NO NO, "as above";
        ArenaBox<'static, i32>: YES YES, "owns its value, and its drop does not touch the arena";
        ArenaBox<'static, Rc<i32>>: NO NO, "as its value";
        ArenaBox<'static, std::cell::Cell<i32>>: YES NO, "as its value";
        ArenaBox<'static, std::sync::MutexGuard<'static, i32>>: NO YES, "as its value";
        ArenaBox<'static, [u8]>: YES YES, "as its elements";
        ArenaBox<'static, dyn Fn()>: NO NO, "nothing is known of the value";
        ArenaBox<'static, dyn Fn() + Send>: YES NO, "what the trait object says";
        ArenaBox<'static, dyn Fn() + Send + Sync>: YES YES, "what the trait object says";
        ArenaVec<'static, i32>: NO NO, "it frees and grows through `&Arena`";
        ArenaVec<'static, i32, Fixed<'static>>: NO NO, "as above";
        String<&'static Arena>: NO NO, "as above";
        Auto: YES YES, "a size";
        Chained: YES YES, "sizes";
        Chained<Homebound>: NO NO, "as its base";
        Chained<&'static Arena>: NO NO, "as its base";
        Fixed<'static>: YES YES, "an exclusive borrow of bytes; a shared one of it can read three words";
        Buffer<64>: YES YES, "a flag, taken once, guards the bytes";
        &'static Buffer<64>: YES YES, "as above";
        Growth: YES YES, "plain data";
        ResetMode: YES YES, "plain data";
        Stats: YES YES, "plain data";
        Level: YES YES, "plain data";
        Lineage: YES YES, "plain data";
        OutOfMemory: YES YES, "plain data";
        Report: YES YES, "plain data: each thread may send its own";
        CreateError: YES YES, "plain data: it may be a `Box<dyn Error + Send + Sync>`";
        AllocOrInitError<i32>: YES YES, "as the error in it";
        AllocOrInitError<Rc<i32>>: NO NO, "as the error in it";
        Pool<i32>: YES NO, "its boxes borrow it; its free slots are cells";
        Pool<Rc<i32>>: YES NO, "it never touches a value";
        Pool<i32, Homebound>: NO NO, "its slabs must go back on the thread that they came from";
        Pool<i32, &'static Arena>: NO NO, "as its allocator";
        PoolBox<'static, i32>: NO YES, "its end writes to its pool; a shared one does not end";
        PoolBox<'static, std::cell::Cell<i32>>: NO NO, "as its value";
        PoolBox<'static, dyn Fn() + Send + Sync>: NO YES, "what the trait object says";
        ObjectPool<i32>: YES NO, "as a pool";
        ObjectPool<Rc<i32>>: NO NO, "what it keeps moves with it";
        ObjectPool<i32, Homebound>: NO NO, "as its allocator";
        Reusable<'static, i32>: NO YES, "as a box";
        Reusable<'static, Rc<i32>>: NO NO, "as its object";
        SlotMap<i32>: YES YES, "a plain container";
        SlotMap<Rc<i32>>: NO NO, "as its values";
        SlotMap<std::cell::Cell<i32>>: YES NO, "as its values";
        SlotMap<i32, &'static Arena>: NO NO, "as its allocator";
        SlotMap<i32, Counting<Global>>: YES YES, "as its allocator";
        Iter<'static, i32>: YES YES, "a shared borrow of values";
        Iter<'static, std::cell::Cell<i32>>: NO NO, "as above";
        IterMut<'static, i32>: YES YES, "an exclusive borrow of values";
        IterMut<'static, std::cell::Cell<i32>>: YES NO, "as above";
        Key: YES YES, "plain data";
        PoolStats: YES YES, "plain data";
        InsertError<i32>: YES YES, "as the value in it";
        InsertError<Rc<i32>>: NO NO, "as the value in it";
        Counting<Global, CallCounters>: YES YES, "whatever is counted";
        Counting<Homebound>: NO NO, "as what it wraps, here and below";
        Counting<&'static Arena>: NO NO, "as above";
        Failing<Homebound>: NO NO, "as above";
        Conditions: YES YES, "atomics";
        Limited<Global>: YES YES, "a budget is atomic";
        Limited<Homebound>: NO NO, "as above";
        Observer<Global, fn(arenite::wrap::Event)>: YES YES, "as its closure";
        Observer<Global, Box<dyn Fn(arenite::wrap::Event) + Send>>: YES NO, "as its closure";
        Histogram<Global, AllocationClock>: YES YES, "counters and clock are atomic";
        Histogram<Homebound>: NO NO, "as above";
        Quantized<8, Homebound>: NO NO, "as above";
        Segregate<8, Global, Homebound>: NO NO, "as both of them";
        Fallback<&'static Arena, Global>: NO NO, "as both of them";
        Exclusive<&'static Arena>: NO NO, "as what is in it";
        Exclusive<&'static Global>: YES YES, "as what is in it";
        Guarded<Global>: YES YES, "its links are behind a lock";
        Guarded<&'static Arena>: NO NO, "as above";
        Guarded<Homebound>: NO NO, "as above";
        Misuse: NO NO, "it has the address of a block";
    };
    for (name, found, expected, why) in table {
        assert_eq!(found, expected, "(Send, Sync) of {name}: {why}");
    }
}

#[cfg(feature = "hashbrown")]
#[test]
fn maps_in_an_arena_stay_on_its_thread() {
    use arenite::collections::{HashMap, HashSet};

    type Map = HashMap<'static, i32, i32>;
    type Set = HashSet<'static, i32>;
    const { assert!(!<IsSend<Map>>::ANSWER && !<IsSync<Map>>::ANSWER) };
    const { assert!(!<IsSend<Set>>::ANSWER && !<IsSync<Set>>::ANSWER) };
}

#[cfg(feature = "std")]
#[test]
fn arenas_for_threads_go_where_their_backings_may() {
    use arenite::shared::{ArenaPool, PoolStats, SyncArena};

    type Made<B> = fn() -> B;
    type MadeHere = Box<dyn Fn() -> Auto + Send>;
    type MadeAnywhere = Box<dyn Fn() -> Auto + Send + Sync>;
    let table = table! {
        // type: Send Sync, why
        ArenaPool: YES YES, "each arena is one thread's at a time";
        ArenaPool<Auto, Made<Auto>, 64>: YES YES, "whatever its minimum alignment";
        ArenaPool<Chained<Homebound>, Made<Chained<Homebound>>>: NO NO, "an arena made on one thread is dropped on another";
        ArenaPool<Chained<&'static Arena>, Made<Chained<&'static Arena>>>: NO NO, "as above";
        ArenaPool<Chained<&'static SyncArena>, Made<Chained<&'static SyncArena>>>: YES YES, "its base is for all threads";
        ArenaPool<Auto, MadeHere>: YES NO, "the closure is called by every thread";
        ArenaPool<Auto, MadeAnywhere>: YES YES, "and may be";
        SyncArena: YES YES, "each window is one thread's at a time, and a lock guards the rest";
        SyncArena<Auto, 64>: YES YES, "whatever its minimum alignment";
        SyncArena<Fixed<'static>>: YES YES, "an exclusive borrow of bytes may move";
        SyncArena<Chained<Homebound>>: NO NO, "its chunks must go back on the thread that they came from";
        SyncArena<Chained<&'static Arena>>: NO NO, "the arena below would be used from two threads";
        SyncArena<Chained<&'static SyncArena>>: YES YES, "the one below is for all threads";
        &'static SyncArena: YES YES, "that is what it is for";
        Arena<Chained<&'static SyncArena>>: YES NO, "a cursor is a cell, wherever its memory comes from";
        allocator_api2::vec::Vec<i32, &'static SyncArena>: YES YES, "it frees and grows on any thread";
        allocator_api2::boxed::Box<Rc<i32>, &'static SyncArena>: NO NO, "as its value";
        PoolStats: YES YES, "plain data";
    };
    for (name, found, expected, why) in table {
        assert_eq!(found, expected, "(Send, Sync) of {name}: {why}");
    }
}

#[cfg(all(feature = "std", feature = "hashbrown"))]
#[test]
fn books_are_behind_a_lock() {
    use arenite::wrap::{LeakReport, TimeClock, Tracking};

    let table = table! {
        // type: Send Sync, why
        Tracking<Global>: YES YES, "its books are behind a lock";
        Tracking<Homebound>: NO NO, "as what it wraps";
        Tracking<&'static Arena>: NO NO, "as above";
        LeakReport: YES YES, "plain data";
        Histogram<Global, TimeClock>: YES YES, "counters are atomic";
    };
    for (name, found, expected, why) in table {
        assert_eq!(found, expected, "(Send, Sync) of {name}: {why}");
    }
}

#[cfg(feature = "virtual-memory")]
#[test]
fn guarded_pages_are_behind_a_lock() {
    use arenite::wrap::PageGuarded;

    const { assert!(<IsSend<PageGuarded>>::ANSWER && <IsSync<PageGuarded>>::ANSWER) };
}

/// Whatever holds plain data can go where errors go.
#[test]
fn moving_between_threads_with_memory_in_hand() {
    let mut arena = Arena::new();
    arena.alloc([1_u8; 3000]);
    for _ in 0..3 {
        arena = std::thread::spawn(move || {
            arena.scope(|inner| inner.alloc([2_u8; 500])[0]);
            arena.alloc([3_u8; 3000]);
            arena.reset();
            arena
        })
        .join()
        .expect("it did not panic");
        arena.alloc(4);
    }
    assert!(arena.stats().used >= 4);
}

/// One static buffer, many threads: one gets it.
#[test]
fn a_static_buffer_is_taken_once() {
    static BUFFER: Buffer<1024> = Buffer::new();
    let takers: usize = std::thread::scope(|scope| {
        let take = || usize::from(BUFFER.take().is_some());
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it did not panic")).sum()
    });
    assert_eq!(takers, 1);
}
