//! What handles own, and handles that are sealed.

use std::cell::RefCell;
use std::mem;

use arenite::{AllocError, Backing};

use super::machine::Machine;

thread_local! {
    /// What has ended since somebody looked: which token, and whether its bytes were what they should be.
    static ENDED: RefCell<Vec<(u64, bool)>> = const { RefCell::new(Vec::new()) };
}

/// Something that a handle owns.
pub(super) struct Entry {
    owner: u64,
    pub(super) id: u64,
}

/// Knows whether anybody wrote into it.
struct Token<const N: usize> {
    id: u64,
    bytes: [u8; N],
}

impl<const N: usize> Token<N> {
    fn new(id: u64) -> Self {
        Token { id, bytes: std::array::from_fn(|i| Self::byte(id, i)) }
    }

    fn byte(id: u64, i: usize) -> u8 {
        (id as usize ^ i).wrapping_mul(59) as u8
    }
}

impl<const N: usize> Drop for Token<N> {
    fn drop(&mut self) {
        let intact = self.bytes.iter().enumerate().all(|(i, &byte)| byte == Self::byte(self.id, i));
        ENDED.with_borrow_mut(|ended| ended.push((self.id, intact)));
    }
}

#[repr(align(128))]
struct Wide {
    _token: Token<100>,
}

impl<B: Backing + 'static, const M: usize> Machine<B, M> {
    pub(super) fn own(&mut self, index: usize, kind: u8) {
        let id = self.now();
        let owner = self.handles[index].id;
        let arena = self.arena(index);
        let (_, refused) = self.world.asked();
        let entered = match kind % 6 {
            0 => arena.try_alloc_owned(Token::<8>::new(id)).map(drop),
            1 => arena.try_alloc_owned(Token::<300>::new(id)).map(drop),
            2 => arena.try_alloc_owned(Wide { _token: Token::new(id) }).map(drop),
            3 => arena.try_adopt(vec![Token::<40>::new(id)]).map(drop),
            4 => {
                let token = Token::<20>::new(id);
                arena.try_defer(move || drop(token))
            }
            _ => arena.try_alloc_owned((Token::<0>::new(id), [id; 200])).map(drop),
        };
        match entered {
            Ok(()) => self.entries.push(Entry { owner, id }),
            Err(AllocError) => {
                assert_eq!(ENDED.take(), [(id, true)], "what was refused is dropped");
                let refused = self.world.asked().1 > refused;
                let reason = refused || self.limited || self.world.is_finite() || arena.is_sealed();
                assert!(reason, "an entry was refused for no reason");
                self.tell("not owned", kind);
            }
        }
    }

    /// Takes off the books what a handle owns since a moment; returns it, newest first.
    pub(super) fn disown(&mut self, owner: u64, since: u64) -> Vec<u64> {
        let (gone, kept) = mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.owner == owner && entry.id > since);
        self.entries = kept;
        let gone: Vec<Entry> = gone;
        gone.iter().rev().map(|entry| entry.id).collect()
    }

    /// Checks that exactly these have ended, in that order, whole.
    pub(super) fn check_ended(&self, ids: &[u64]) {
        let expected: Vec<(u64, bool)> = ids.iter().map(|&id| (id, true)).collect();
        assert_eq!(ENDED.take(), expected, "other entries have ended than should have");
    }

    pub(super) fn seal(&mut self, index: usize) {
        let arena = self.arena(index);
        let used = arena.stats().used;
        arena.seal();
        assert!(arena.is_sealed() && arena.chunk_capacity() == 0);
        assert!(arena.try_alloc(1_u8).is_err());
        assert_eq!(arena.stats().used, used);
    }

    pub(super) fn unseal(&mut self, forgotten: u8) {
        if self.clear(forgotten) {
            let mut root = self.root_alone();
            // SAFETY: the root is alive, and nothing borrows it: it has no children, no block of it is on the list.
            unsafe { root.as_mut() }.unseal();
        }
    }
}
