//! Arenas.

use allocator_api2::alloc::Allocator;
use allocator_api2::vec::Vec as ArenaVec;
use std::hint::black_box;

use crate::contender::{Contender, Tuned};
use crate::ours::{ByDefault, Ours};
use crate::{Call, Counted, Input, Job, nothing};

/// Bytes that hold whatever one job makes.
const ROOM: usize = 1 << 20;
const PUSHES: usize = 1000;

struct Operation {
    name: &'static str,
    calls: usize,
    each: usize,
}

const fn operation(name: &'static str, calls: usize, each: usize) -> Operation {
    Operation { name, calls, each }
}

const OPERATIONS: [Operation; 8] = [
    operation("alloc(u64)", 1000, 1),
    operation("alloc([u64; 8])", 1000, 1),
    operation("alloc_str, 17 bytes", 1000, 1),
    operation("allocate, dynamic layout", 1000, 1),
    operation("Vec::push, from empty to 1000", 4, PUSHES),
    operation("scope, one value, left", 100, 1),
    operation("reset after one value", 100, 1),
    operation("made, one value, dropped", 100, 1),
];

#[inline(never)]
unsafe fn word<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY (here and below): `on` is a `C` of this job's, which nobody else uses meanwhile.
    let arena = unsafe { &*on.cast::<C>() };
    arena.put(input.number)
}

#[inline(never)]
unsafe fn line<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &*on.cast::<C>() };
    arena.put([input.number; 8])
}

#[inline(never)]
unsafe fn text<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &*on.cast::<C>() };
    arena.put_str(input.text)
}

#[inline(never)]
unsafe fn layout<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &*on.cast::<C>() };
    arena.allocator().allocate(input.layout).map_or(0, |block| block.cast::<u8>().addr().get())
}

#[inline(never)]
unsafe fn push<C: Contender>(on: *mut (), _: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &*on.cast::<C>() };
    let mut vec = ArenaVec::new_in(arena.allocator());
    for number in 0..PUSHES {
        vec.push(number);
    }
    black_box(&vec).len()
}

#[inline(never)]
unsafe fn scope<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &mut *on.cast::<C>() };
    arena.scope(input.number).unwrap_or(0)
}

#[inline(never)]
unsafe fn reset<C: Contender>(on: *mut (), input: &Input) -> usize {
    // SAFETY: as above.
    let arena = unsafe { &mut *on.cast::<C>() };
    let address = arena.put(input.number);
    arena.reset();
    address
}

#[inline(never)]
unsafe fn life<C: Contender>(_: *mut (), input: &Input) -> usize {
    let arena = C::new();
    black_box(arena.put(input.number))
}

struct Entry {
    name: &'static str,
    ours: bool,
    calls: [Call; OPERATIONS.len()],
    make: fn() -> *mut (),
    /// Whether it has scopes, and whether it can be reset.
    has: fn() -> bool,
}

const fn entry<C: Contender>() -> Entry {
    Entry {
        name: C::NAME,
        ours: C::OURS,
        calls: [word::<C>, line::<C>, text::<C>, layout::<C>, push::<C>, scope::<C>, reset::<C>, life::<C>],
        // A job is one process: it is never dropped.
        make: || Box::into_raw(Box::new(C::with_capacity(ROOM))).cast(),
        has: || C::with_capacity(ROOM).scope(0).is_some(),
    }
}

const WHO: [Entry; 6] = [
    entry::<Ours<ByDefault>>(),
    entry::<bumpalo::Bump>(),
    entry::<bumpalo::Bump<8>>(),
    entry::<bump_scope::Bump>(),
    entry::<Tuned<true>>(),
    entry::<blink_alloc::Blink>(),
];

/// The loops alone, then every operation of everybody.
pub const JOBS: usize = OPERATIONS.len() * (WHO.len() + 1);

/// What the job with this number counts; `None` if there is no such thing.
pub fn counted(number: usize) -> Option<Counted> {
    let Operation { name, calls, each } = OPERATIONS[number % OPERATIONS.len()];
    let Some(who) = (number / OPERATIONS.len()).checked_sub(1) else {
        return Some(Counted { operation: name, who: "", ours: false, calls, each });
    };
    let entry = &WHO[who];
    let there = name != "scope, one value, left" || (entry.has)();
    there.then_some(Counted { operation: name, who: entry.name, ours: entry.ours, calls, each })
}

/// The job with this number.
pub fn job(number: usize) -> Job {
    let operation = number % OPERATIONS.len();
    let calls = OPERATIONS[operation].calls;
    let Some(who) = (number / OPERATIONS.len()).checked_sub(1) else {
        return Job::new(nothing, std::ptr::null_mut(), calls);
    };
    let job = Job::new(WHO[who].calls[operation], (WHO[who].make)(), calls);
    // What is looked up once, and written by the dynamic linker, is not counted.
    Job::new(job.call, job.on, 1).run();
    job
}
