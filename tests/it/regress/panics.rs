//! User code that panics at its n-th call: nothing is dropped twice or lost, and the cursor goes back.

use std::cell::Cell;
use std::fmt;

use arenite::{Arena, Backing};

use super::{Noisy, over_every_backing, panics, used};

const LEN: usize = 9;

/// Counts down to a panic.
struct Fuse<'a> {
    left: Cell<usize>,
    alive: &'a Cell<isize>,
}

impl<'a> Fuse<'a> {
    fn burn(&self) -> Noisy<'a> {
        let left = self.left.get();
        self.left.set(left.wrapping_sub(1));
        assert_ne!(left, 0, "the fuse has burnt down");
        Noisy::new(self.alive)
    }
}

/// Runs `f` with a fuse for every length, and once with one that is long enough. `f` returns how many values it made
/// that are in use.
fn at_every_call<B: Backing>(arena: &Arena<B>, f: impl Fn(&Fuse<'_>) -> usize) {
    let alive = Cell::new(0);
    for calls in 0..=LEN {
        // So that nothing moves to another window while it grows.
        arena.reserve(4096);
        let fuse = Fuse { left: Cell::new(calls), alive: &alive };
        let before = used(arena);
        let kept = Cell::new(0);
        let unwound = panics(|| kept.set(f(&fuse)));
        assert_eq!(unwound, calls < LEN, "a fuse of {calls}");
        assert_eq!(alive.get(), kept.get() as isize, "dropped twice, or not at all, at call {calls}");
        if unwound {
            assert_eq!(used(arena), before, "memory was not given back at call {calls}");
        }
        alive.set(0);
    }
}

struct Burning<'f, 'a> {
    fuse: &'f Fuse<'a>,
    _noisy: Noisy<'a>,
}

impl Clone for Burning<'_, '_> {
    fn clone(&self) -> Self {
        Burning { fuse: self.fuse, _noisy: self.fuse.burn() }
    }
}

over_every_backing! {
    fn panic_in_clone(arena) {
        at_every_call(&arena, |fuse| {
            let dead = Cell::new(0);
            let source: Vec<_> = (0..LEN).map(|_| Burning { fuse, _noisy: Noisy::new(&dead) }).collect();
            arena.alloc_slice_clone(&source).len()
        });
        at_every_call(&arena, |fuse| {
            let dead = Cell::new(0);
            arena.alloc_slice_fill_clone(LEN, &Burning { fuse, _noisy: Noisy::new(&dead) }).len()
        });
    }

    fn panic_in_closure(arena) {
        at_every_call(&arena, |fuse| arena.alloc_slice_fill_with(LEN, |_| fuse.burn()).len());
        at_every_call(&arena, |fuse| {
            let made = arena.alloc_slice_try_fill_with(LEN, |_| Ok::<_, ()>(fuse.burn()));
            made.map_or(0, |made| made.len())
        });
        at_every_call(&arena, |fuse| arena.alloc_with(|| std::array::from_fn::<_, LEN, _>(|_| fuse.burn())).len());
        at_every_call(&arena, |fuse| {
            arena.alloc_try_with(|| Ok::<_, ()>([(); LEN].map(|()| fuse.burn()))).map_or(0, |made| made.len())
        });
    }

    fn panic_in_iterator(arena) {
        at_every_call(&arena, |fuse| arena.alloc_slice_fill_iter((0..LEN).map(|_| fuse.burn())).len());
        // Without a hint, so that the slice moves while it grows.
        at_every_call(&arena, |fuse| {
            let mut left = LEN;
            arena.alloc_from_iter(std::iter::from_fn(|| {
                left = left.checked_sub(1)?;
                Some(fuse.burn())
            })).len()
        });
        at_every_call(&arena, |fuse| {
            arena.alloc_slice_try_fill_iter([(); LEN].map(|()| ()).iter().map(|()| Ok::<_, ()>(fuse.burn()))).map_or(0, |made| made.len())
        });
    }

    fn panic_in_default(arena) {
        thread_local! {
            static LEFT: Cell<usize> = const { Cell::new(0) };
        }
        #[derive(Debug)]
        struct Fragile {
            _size: u64,
        }
        impl Default for Fragile {
            fn default() -> Self {
                LEFT.set(LEFT.get() - 1);
                Fragile { _size: 7 }
            }
        }
        for calls in 0..LEN {
            LEFT.set(calls);
            let before = used(&arena);
            assert!(panics(|| assert_eq!(arena.alloc_slice_fill_default::<Fragile>(LEN).len(), 0)) || !cfg!(debug_assertions));
            assert!(used(&arena) == before || !cfg!(debug_assertions));
        }
    }

    fn panic_in_display(arena) {
        struct Shown<'f, 'a>(&'f Fuse<'a>);
        impl fmt::Display for Shown<'_, '_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for i in 0..LEN {
                    drop(self.0.burn());
                    write!(f, "{i:>30}")?;
                }
                Ok(())
            }
        }
        at_every_call(&arena, |fuse| {
            assert_eq!(arena.alloc_fmt(format_args!("<{}>", Shown(fuse))).len(), 30 * LEN + 2);
            0
        });
    }

    // The elements made so far are dropped after the panic: if one of those panics as well, the rest is dropped all the
    // same, and the memory comes back.
    fn panic_in_drop(arena) {
        struct Mean<'a> {
            _noisy: Noisy<'a>,
            mean: bool,
        }
        impl Drop for Mean<'_> {
            fn drop(&mut self) {
                assert!(!self.mean, "a drop that panics");
            }
        }
        for mean in 0..LEN {
            let alive = Cell::new(0);
            let before = used(&arena);
            let result = panics(|| {
                let made = arena.alloc_slice_try_fill_with(LEN + 1, |i| {
                    if i == LEN { Err("enough") } else { Ok(Mean { _noisy: Noisy::new(&alive), mean: i == mean }) }
                });
                assert!(made.is_err());
            });
            assert!(result, "the panic of the drop goes on");
            assert_eq!(alive.get(), 0, "all others were dropped");
            assert_eq!(used(&arena), before);
        }
    }

    fn an_error_at_every_call(arena) {
        let alive = Cell::new(0);
        for calls in 0..LEN {
            let before = used(&arena);
            let at = |i| if i == calls { Err(i) } else { Ok(Noisy::new(&alive)) };
            assert_eq!(arena.alloc_slice_try_fill_with(LEN, at).map(|_| ()).unwrap_err(), calls);
            assert_eq!(arena.alloc_slice_try_fill_iter((0..LEN).map(at)).map(|_| ()).unwrap_err(), calls);
            assert_eq!((alive.get(), used(&arena)), (0, before));
        }
        let before = used(&arena);
        assert_eq!(arena.alloc_try_with(|| Err::<[u64; 50], _>("no")).unwrap_err(), "no");
        assert_eq!(used(&arena), before);
    }

    // A value made inside the closure that panics stays, as it may be in use; the slot of the closure is lost then.
    fn panic_after_an_allocation_of_ones_own(arena) {
        let kept = Cell::new(None);
        let unwound = panics(|| {
            arena.alloc_with(|| -> [u64; 16] {
                kept.set(Some(&*arena.alloc(0xABCD_u64)));
                panic!("after the allocation")
            });
        });
        assert!(unwound);
        for _ in 0..10 {
            arena.alloc([0_u64; 16]);
        }
        assert_eq!(kept.get(), Some(&0xABCD));
    }
}
