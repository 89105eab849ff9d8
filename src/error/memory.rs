//! What can be done when the system refuses memory: by the number of its error, and by the limits that are set.

#[cfg(feature = "virtual-memory")]
use crate::sys::{Limit, Refusal, is_limited};

#[cfg(feature = "virtual-memory")]
fn refusal(code: Option<i32>) -> Refusal {
    code.map_or(Refusal::Other, crate::sys::refusal)
}

#[cfg(feature = "virtual-memory")]
const CONFINED: &str = "the system does not allow it to this process (a sandbox may be the reason): use `Chained`, which needs the heap alone";

#[cfg(feature = "virtual-memory")]
pub(super) fn how_to_reserve(code: Option<i32>) -> &'static str {
    match refusal(code) {
        Refusal::NoMemory if is_limited(Limit::AddressSpace) => {
            "reserve less, or raise the limit (`ulimit -v`, RLIMIT_AS)"
        }
        Refusal::NoMemory => {
            "no limit is set on address space, so it is used up, or there are too many mappings (vm.max_map_count): \
             reserve less, or drop arenas"
        }
        Refusal::NoLockedMemory => {
            "the process locks what it maps (`mlockall`), reserved or not: reserve less, or raise the limit (`ulimit -l`, \
             RLIMIT_MEMLOCK)"
        }
        Refusal::Forbidden => CONFINED,
        Refusal::Other => "reserve less",
    }
}

#[cfg(feature = "virtual-memory")]
pub(super) fn how_to_commit(code: Option<i32>) -> &'static str {
    match refusal(code) {
        Refusal::NoMemory if is_limited(Limit::Data) => {
            "free some memory, or raise the limit (`ulimit -d`, RLIMIT_DATA)"
        }
        Refusal::NoMemory => {
            "free some memory, or look at how much the system promises (vm.overcommit_memory) and at how many mappings \
             there are (vm.max_map_count)"
        }
        Refusal::NoLockedMemory => "free some memory, or raise the limit (`ulimit -l`, RLIMIT_MEMLOCK)",
        Refusal::Forbidden => CONFINED,
        Refusal::Other => "free some memory",
    }
}

#[cfg(feature = "virtual-memory")]
pub(super) fn how_to_lock(code: Option<i32>) -> &'static str {
    match refusal(code) {
        Refusal::NoMemory if is_limited(Limit::Locked) => {
            "raise the limit (`ulimit -l`, RLIMIT_MEMLOCK), or do without `lock(true)`"
        }
        Refusal::NoMemory => {
            "there are too many mappings (vm.max_map_count), or too little memory: free some, or do without `lock(true)`"
        }
        Refusal::NoLockedMemory => {
            "not all of it could be brought into memory: free some, or do without `lock(true)`"
        }
        Refusal::Forbidden => {
            "the process may lock nothing: raise the limit (`ulimit -l`, RLIMIT_MEMLOCK), or do without `lock(true)`"
        }
        Refusal::Other => "do without `lock(true)`",
    }
}

// Without reserved memory nothing of it is refused.
#[cfg(not(feature = "virtual-memory"))]
pub(super) fn how_to_reserve(_code: Option<i32>) -> &'static str {
    "reserve less"
}

#[cfg(not(feature = "virtual-memory"))]
pub(super) use how_to_reserve as how_to_commit;
#[cfg(not(feature = "virtual-memory"))]
pub(super) use how_to_reserve as how_to_lock;
