//! Code of the user's that allocates in the arena that calls it.

use std::alloc::Layout;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use allocator_api2::alloc::{AllocError, Allocator, Global};
use arenite::{Arena, Backing, Chained, ResetMode};

use super::{Blocks, layout, over_every_backing, panics};

/// Allocates whatever it is asked to do.
struct Greedy<'a, B: Backing> {
    arena: &'a Arena<B>,
    made: &'a RefCell<Vec<&'a [u64; 5]>>,
    id: u64,
}

impl<'a, B: Backing> Greedy<'a, B> {
    fn grab(&self) {
        self.made.borrow_mut().push(self.arena.alloc([self.id; 5]));
        self.arena.scope(|inner| {
            inner.alloc([0xFF_u8; 700]);
            self.arena.alloc([0xEE_u8; 3]);
        });
    }
}

impl<B: Backing> Clone for Greedy<'_, B> {
    fn clone(&self) -> Self {
        self.grab();
        Greedy { id: self.id + 1, ..*self }
    }
}

impl<B: Backing> fmt::Display for Greedy<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in 0..40 {
            self.grab();
            write!(f, "{i},")?;
        }
        Ok(())
    }
}

impl<B: Backing> Drop for Greedy<'_, B> {
    fn drop(&mut self) {
        self.grab();
    }
}

over_every_backing! {
    // rust 67001, bump-scope 0.8.
    fn allocates_in_closure_iterator_clone_display_and_drop(arena) {
        let made = RefCell::new(Vec::new());
        let greedy = |id| Greedy { arena: &arena, made: &made, id };

        let one = arena.alloc_with(|| greedy(1).clone());
        let array = arena.alloc_try_with(|| { greedy(2).grab(); Ok::<_, ()>([3_u64; 40]) }).unwrap();
        let slice = arena.alloc_slice_fill_with(20, |i| { greedy(4).grab(); i as u64 });
        let clones = arena.alloc_slice_clone(&[greedy(10), greedy(20), greedy(30)]);
        let collected = arena.alloc_from_iter((0..50_u64).filter(|&i| { greedy(5).grab(); i % 2 == 0 }));
        let exact = arena.alloc_slice_fill_iter((0..50_u32).inspect(|_| greedy(5).grab()));
        let text = arena.alloc_fmt(format_args!("{}", greedy(6)));
        let boxed = arena.alloc_box(greedy(7));
        drop(boxed);
        // What was made so far is dropped, and allocates once more.
        let failed = arena.alloc_slice_try_fill_with(9, |i| if i == 8 { Err(()) } else { Ok(greedy(8)) });
        assert!(failed.is_err());

        assert_eq!(one.id, 2);
        assert_eq!(array, &[3; 40]);
        assert!(slice.iter().copied().eq(0..20));
        assert!(clones.iter().map(|clone| clone.id).eq([11, 21, 31]));
        assert!(collected.iter().copied().eq((0..50).step_by(2)));
        assert!(exact.iter().copied().eq(0..50));
        assert_eq!(*text, (0..40).map(|i| format!("{i},")).collect::<String>());
        assert!(made.borrow().len() > 200);
        for grabbed in made.borrow().iter() {
            assert!(grabbed.iter().all(|&id| id == grabbed[0]) && grabbed[0] < 40, "{grabbed:?}");
        }
    }

    // A guard that lives on in the middle of something that grows, or that is forgotten there.
    fn leaves_a_child_behind_while_a_slice_grows(arena) {
        let mut children = Vec::new();
        let slice = arena.alloc_from_iter((0..200_u64).inspect(|i| {
            if i % 50 == 10 {
                let child = arena.child();
                child.alloc([0xFF_u8; 33]);
                children.push(child);
            }
            if i % 70 == 60 {
                std::mem::forget(arena.child());
            }
            if i % 90 == 80 {
                children.remove(0);
            }
        }));
        let text = arena.alloc_fmt(format_args!("{}{:>500}", Ender(RefCell::new(children)), 1));
        assert!(slice.iter().copied().eq(0..200));
        assert!(text.starts_with("ended") && text.len() == 505);
    }
}

/// Ends children while it is shown.
struct Ender<T>(RefCell<Vec<T>>);

impl<T> fmt::Display for Ender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("end")?;
        self.0.borrow_mut().clear();
        f.write_str("ed")
    }
}

type Hook = Rc<dyn Fn()>;

/// A base that does something before each call. Over itself, if it is given the arena that it serves.
#[derive(Clone, Default)]
struct Hooked {
    hook: Rc<RefCell<Option<Hook>>>,
    calls: Rc<Cell<usize>>,
}

impl Hooked {
    fn call(&self) {
        self.calls.set(self.calls.get() + 1);
        let hook = self.hook.borrow().clone();
        if let Some(hook) = hook {
            hook();
        }
    }
}

// SAFETY: every block is `Global`'s.
unsafe impl Allocator for Hooked {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.call();
        Global.allocate(layout)
    }

    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        self.call();
        // SAFETY: this method's contract is that of the called one.
        unsafe { Global.deallocate(block, layout) };
    }
}

type Served = Arena<Chained<Hooked>>;

/// An arena whose base calls `hook` with it.
fn served(hook: impl Fn(&Served) + 'static) -> (Rc<Served>, Hooked) {
    let base = Hooked::default();
    let chunks = Chained::new_in(base.clone()).first_chunk(512).side_chunks_above(2048);
    let arena = Rc::new(Arena::new_in(chunks));
    let weak: Weak<Served> = Rc::downgrade(&arena);
    *base.hook.borrow_mut() = Some(Rc::new(move || {
        if let Some(arena) = weak.upgrade() {
            hook(&arena);
        }
    }));
    (arena, base)
}

#[test]
fn a_source_that_re_enters_gets_an_error_and_no_second_reference() {
    let refused = Rc::new(Cell::new(0));
    let counted = Rc::clone(&refused);
    let (arena, base) = served(move |arena| {
        // More than any window has: only the backing could help, and it is running.
        assert!(arena.try_alloc([0_u8; 100_000]).is_err());
        assert!(arena.try_reserve(100_000).is_err());
        assert!(!arena.can_allocate(layout(100_000, 8)));
        let _ = arena.stats();
        counted.set(counted.get() + 1);
    });
    let mut blocks = Blocks::default();
    for size in [8, 500, 3000, 10_000, 8, 700] {
        blocks.alloc(&arena, layout(size, 8));
    }
    blocks.check();
    assert!(refused.get() >= 4);
    assert_eq!(refused.get(), base.calls.get());
}

#[test]
fn a_source_that_uses_what_the_window_still_has() {
    let made = Rc::new(RefCell::new(Blocks::default()));
    let inner = Rc::clone(&made);
    let made_by_source = Cell::new(0);
    let (arena, _base) = served(move |arena| {
        // There may be room in the window, which is the arena's own business and not the backing's.
        for size in [1, 8, 30] {
            if let Ok(block) = arena.try_alloc_layout(layout(size, 8)) {
                inner.borrow_mut().add(block, size);
            }
        }
        arena.scope(|child| child.try_alloc([0xFF_u8; 20]).map(|_| ()).unwrap_or_default());
        // A tail that never comes back, in the middle of a call for more memory.
        if made_by_source.replace(made_by_source.get() + 1) % 5 == 4 {
            std::mem::forget(arena.child());
        }
    });
    for i in 0..200 {
        let size = i * 7 % 300 + 1;
        let block = arena.alloc_layout(layout(size, 8));
        made.borrow_mut().add(block, size);
    }
    assert!(made.borrow().live.len() > 200, "some of what the source asked for was there");
    made.borrow().check();
}

#[test]
fn a_source_that_ends_children_of_the_arena_it_serves() {
    let children: Rc<RefCell<Vec<arenite::Child<'static, Chained<Hooked>, 8>>>> = Rc::default();
    let ended = Rc::clone(&children);
    let base = Hooked::default();
    // Leaked, so that its children can be kept anywhere; taken back below.
    let chunks = Chained::new_in(base.clone()).first_chunk(512).side_chunks_above(2048);
    let leaked: *mut Served = Box::into_raw(Box::new(Arena::new_in(chunks)));
    // SAFETY: the box is dropped at the end of this test, after the last use of the reference.
    let arena: &'static Served = unsafe { &*leaked };
    *base.hook.borrow_mut() = Some(Rc::new(move || {
        ended.borrow_mut().pop();
    }));
    let mut blocks = Blocks::default();
    for round in 0..60 {
        let child = arena.child();
        let _ = child.try_alloc([0xFF_u8; 700]);
        let _ = child.try_alloc([0xFF_u8; 90]);
        if round % 3 == 0 {
            std::mem::forget(child.child());
        }
        children.borrow_mut().push(child);
        blocks.alloc(arena, layout(round * 13 % 400 + 1, 8));
        blocks.alloc(arena, layout(2500, 8));
    }
    blocks.check();
    assert!(base.calls.get() > 10);
    *base.hook.borrow_mut() = None;
    children.borrow_mut().clear();
    // SAFETY: made by `Box::into_raw` above; children and blocks are gone.
    drop(unsafe { Box::from_raw(leaked) });
}

#[test]
fn resets_under_a_source_that_re_enters() {
    let (arena, base) = served(|_| unreachable!("nobody else has the arena"));
    *base.hook.borrow_mut() = None;
    let mut arena = Rc::into_inner(arena).expect("the only one");
    for mode in [ResetMode::Retain, ResetMode::RetainLimit(600), ResetMode::Decay, ResetMode::FreeAll] {
        for size in [8, 3000, 400, 400] {
            arena.alloc_slice_fill_copy(size, 1_u8);
        }
        arena.reset_with(mode);
        assert_eq!(arena.stats().used, 0);
    }
    assert!(base.calls.get() >= 4);
}

// Two arenas of which each is the other's source: the circle ends with an error.
#[test]
fn a_circle_of_sources() {
    let inner_most = Rc::new(Cell::new(0));
    let depth = Rc::clone(&inner_most);
    let (arena, _base) = served(move |arena| {
        let nested: Arena<_> = Arena::new_in(Chained::new_in(arena));
        depth.set(depth.get() + 1);
        assert!(nested.try_alloc([0_u8; 5000]).is_err());
    });
    let nested: Arena<_> = Arena::new_in(Chained::new_in(&*arena));
    assert_eq!(nested.alloc([7_u8; 5000]), &[7; 5000]);
    assert!(inner_most.get() >= 1);
    assert!(!panics(|| drop(nested)));
}
