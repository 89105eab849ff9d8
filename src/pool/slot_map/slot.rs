//! A slot, and the place where it is.

use core::alloc::Layout;
use core::mem::ManuallyDrop;

use super::key::Index;

/// The last generation of a slot with a value. It is odd, as they all are.
pub(super) const LAST: u32 = if cfg!(arenite_zeal) { 15 } else { u32::MAX };

/// Room for a value.
///
/// While the generation is odd, the slot has a value; while it is even, the index of the next free slot, or nothing if it is
/// free no more.
#[repr(C)]
pub(super) struct Slot<T> {
    pub(super) content: Content<T>,
    pub(super) generation: u32,
}

pub(super) union Content<T> {
    pub(super) value: ManuallyDrop<T>,
    pub(super) next: Index,
}

impl<T> Slot<T> {
    pub(super) const LAYOUT: Layout = Layout::new::<Self>();

    #[inline(always)]
    pub(super) fn has_value(&self) -> bool {
        self.generation % 2 == 1
    }

    /// The value, if there is one of that generation, which is odd.
    #[inline(always)]
    pub(super) fn get(&self, generation: u32) -> Option<&T> {
        if self.generation != generation {
            return None;
        }
        // SAFETY: the generation is odd, so there is a value.
        Some(unsafe { &self.content.value })
    }

    /// As [`get`](Self::get).
    #[inline(always)]
    pub(super) fn get_mut(&mut self, generation: u32) -> Option<&mut T> {
        if self.generation != generation {
            return None;
        }
        // SAFETY: the generation is odd, so there is a value.
        Some(unsafe { &mut self.content.value })
    }
}
