//! Arenas for several threads: `shared::ArenaPool` and `shared::SyncArena`.

mod conformance;
mod crowds;
mod endings;
mod hostile;
mod pool;
mod sync_arena;

/// The address of a value.
fn address<T: ?Sized>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}
