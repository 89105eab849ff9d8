//! What lies around a block of a [`Guarded`](super::Guarded).
//!
//! ```text
//! whole  [ nothing | header: links, layout, seal, canary | block ... | canary ]
//!        ^ base                                           ^ as aligned as asked
//! ```
//!
//! The header lies directly before the block, wherever the alignment puts that; so it is found without knowing the layout.

use super::misuse::{Misuse, MisuseKind};
use crate::addr;
use crate::random;
use core::alloc::Layout;
use core::ptr::{self, NonNull};

const CANARY: usize = 16;

type Canary = [u8; CANARY];

#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    previous: *mut Header,
    next: *mut Header,
    size: usize,
    align: usize,
    /// What the rest must come to while the block is live.
    seal: usize,
    canary: Canary,
}

/// The canaries of a block, by its address.
fn canary(block: NonNull<u8>) -> Canary {
    let seed = block.addr().get() as u64;
    let mut canary = [0; CANARY];
    for (index, part) in (1..).zip(canary.chunks_exact_mut(8)) {
        part.copy_from_slice(&random::nth(seed, index).to_ne_bytes());
    }
    canary
}

/// The seal of a block that was freed.
fn tombstone(block: NonNull<u8>) -> usize {
    random::nth(block.addr().get() as u64, 3) as usize
}

impl Header {
    fn sealed(&self, block: NonNull<u8>) -> usize {
        let words = [self.previous.addr(), self.next.addr(), self.size, self.align];
        let seed = block.addr().get() as u64;
        words.into_iter().fold(seed, |sum, word| random::nth(sum, word as u64 | 1)) as usize
    }
}

/// What was read of a block's fence.
pub(super) struct Fence(Header);

/// What there is to say about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Well,
    /// The canaries are dead, but what is written of the block holds.
    Damaged(MisuseKind),
    /// It is not known to be a live block of this layout.
    Wrong(MisuseKind),
}

impl Fence {
    /// The layout with a fence around it, and where in there the block begins.
    pub(super) fn around(layout: Layout) -> Option<(Layout, usize)> {
        let align = layout.align().max(align_of::<Header>());
        let front = addr::align_up(size_of::<Header>(), align)?;
        let size = front.checked_add(layout.size())?.checked_add(CANARY)?;
        Some((Layout::from_size_align(size, align).ok()?, front))
    }

    /// The layout that was written down.
    pub(super) fn layout(&self) -> Option<Layout> {
        Layout::from_size_align(self.0.size, self.0.align).ok()
    }
}

/// Where the header of a block lies.
fn header(block: NonNull<u8>) -> *mut Header {
    block.as_ptr().wrapping_sub(size_of::<Header>()).cast()
}

/// How many bytes of a canary are dead.
///
/// # Safety
///
/// `place` is readable for the length of a canary, and what lies there is initialised.
unsafe fn dead(place: *const u8, block: NonNull<u8>) -> usize {
    // SAFETY: readable and initialised for that length (this function's contract). An array of bytes is aligned everywhere, and
    // any bytes are one.
    let found: Canary = unsafe { place.cast::<Canary>().read() };
    found.iter().zip(canary(block)).filter(|(found, written)| **found != *written).count()
}

/// All live blocks, linked by their headers.
pub(super) struct Fences {
    first: *mut Header,
}

// SAFETY: the headers are reached by whoever has this value; they are no thread's own.
unsafe impl Send for Fences {}

impl Fences {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null_mut() }
    }

    /// Writes a fence around a block and links it.
    ///
    /// # Safety
    ///
    /// The block lies in a writable block of the layout that [`Fence::around`] makes of this one, as far behind its start as
    /// that says. Nobody else uses the bytes around the block before it is [struck](Self::strike).
    pub(super) unsafe fn enter(&mut self, block: NonNull<u8>, layout: Layout) {
        let place = header(block);
        let mut new = Header {
            previous: ptr::null_mut(),
            next: self.first,
            size: layout.size(),
            align: layout.align(),
            seal: 0,
            canary: canary(block),
        };
        new.seal = new.sealed(block);
        // SAFETY: what lies before the block is at least as long as a header, and writable (this function's contract). Aligned, as
        // the block is at least as aligned as a header, whose size is a multiple of that.
        unsafe { place.write(new) };
        // SAFETY: the memory around the block reaches as far behind the block's end as a canary is long, so the end is in it.
        let end = unsafe { block.add(layout.size()) };
        // SAFETY: so are the bytes of the canary, which need no alignment and are writable (this function's contract).
        unsafe { end.cast::<Canary>().write(new.canary) };
        // SAFETY: `new.next` is what `first` was: null, or the header of a live block, as blocks are unlinked when they are struck.
        unsafe { Self::relink(new.next, |next| next.previous = place) };
        self.first = place;
    }

    /// Changes the links in a header, and seals it again if the seal held.
    ///
    /// # Safety
    ///
    /// `place` is null, or the header of a live block of ours.
    unsafe fn relink(place: *mut Header, change: impl FnOnce(&mut Header)) {
        let Some(place) = NonNull::new(place) else { return };
        // SAFETY: the header of a live block (this function's contract) was written by `enter`, aligned, and is still allocated.
        // Nobody else touches it: headers are reached by who has the books.
        let mut header = unsafe { place.read() };
        // SAFETY: the block begins where its header ends, in the same allocation.
        let block = unsafe { place.add(1) }.cast();
        let held = header.seal == header.sealed(block);
        change(&mut header);
        if held {
            header.seal = header.sealed(block);
        }
        // SAFETY: the header that was just read: allocated, aligned, writable, and nobody else's.
        unsafe { place.write(header) };
    }

    /// Looks at a block, and unlinks it unless something about it is wrong.
    ///
    /// # Safety
    ///
    /// The block is a live one of these, and `layout` fits it. (What breaks this is found with luck.)
    pub(super) unsafe fn strike(&mut self, block: NonNull<u8>, layout: Layout) -> (Fence, Verdict) {
        let place = header(block);
        // SAFETY: before a live block of ours lies its header, initialised (this function's contract). It is read as bytes might lie
        // there, in case that no block is there.
        let found = unsafe { place.read_unaligned() };
        // SAFETY: what was read lies before the block, which is ours and allocated if the seal holds: only `enter` writes such a
        // seal, and `unlink` overwrites it.
        let mut verdict = unsafe { Self::judge(block, &found) };
        let fits = (found.size, found.align) == (layout.size(), layout.align());
        if !matches!(verdict, Verdict::Wrong(_)) {
            if fits {
                // SAFETY: the seal holds, or the verdict would be another. So the block is linked, and this is its header.
                unsafe { self.unlink(block, &found) };
            } else {
                verdict = Verdict::Wrong(MisuseKind::WrongLayout);
            }
        }
        (Fence(found), verdict)
    }

    /// # Safety
    ///
    /// The block is linked, and `found` is its header, whose seal holds.
    unsafe fn unlink(&mut self, block: NonNull<u8>, found: &Header) {
        match found.previous.is_null() {
            true => self.first = found.next,
            // SAFETY: the block is linked and its links are as they were written (this function's contract), so this is the header of
            // the live block before it.
            false => unsafe { Self::relink(found.previous, |previous| previous.next = found.next) },
        }
        // SAFETY: likewise null, or the header of the live block behind it.
        unsafe { Self::relink(found.next, |next| next.previous = found.previous) };
        let dead = Header { seal: tombstone(block), ..*found };
        // SAFETY: the header of the block, which is still allocated, so it is writable; aligned, as `enter` wrote it there.
        unsafe { header(block).write(dead) };
    }

    /// # Safety
    ///
    /// If the seal of `found` holds, it was read before a block of ours that is allocated.
    unsafe fn judge(block: NonNull<u8>, found: &Header) -> Verdict {
        if found.seal == tombstone(block) {
            return Verdict::Wrong(MisuseKind::DoubleFree);
        }
        if found.seal != found.sealed(block) {
            return Verdict::Wrong(MisuseKind::Foreign);
        }
        // SAFETY: the canary is a part of a header that was read, so it is as long as one, readable and initialised.
        let before = unsafe { dead(found.canary.as_ptr(), block) };
        if before > 0 {
            return Verdict::Damaged(MisuseKind::Underrun { bytes: before });
        }
        // SAFETY: the seal holds, so that the block is ours and allocated (this function's contract), of this size, and `enter` wrote a
        // canary behind it: readable and initialised for that length.
        match unsafe { dead(block.as_ptr().wrapping_add(found.size), block) } {
            0 => Verdict::Well,
            bytes => Verdict::Damaged(MisuseKind::Overrun { bytes }),
        }
    }

    /// Looks at all live blocks, up to the first that is not well, and returns how many there are.
    pub(super) fn check(&self) -> Result<usize, Misuse> {
        let mut count = 0;
        let mut place = self.first;
        while let Some(at) = NonNull::new(place) {
            // SAFETY: a link leads to the header of a live block, which `enter` wrote, aligned, and which stays allocated while it
            // is linked. Nobody else touches it: headers are reached by who has the books.
            let found = unsafe { at.read() };
            // SAFETY: the block begins where its header ends, in the same allocation.
            let block = unsafe { at.add(1) }.cast::<u8>();
            let made = Layout::from_size_align(found.size, found.align).ok();
            // SAFETY: the header was read before this block, which is ours and allocated.
            match unsafe { Self::judge(block, &found) } {
                Verdict::Well => {}
                Verdict::Damaged(kind) => return Err(Misuse::new(kind, block, None, made)),
                // Of a header that was overwritten only where it is can be relied upon.
                Verdict::Wrong(_) => {
                    let kind = MisuseKind::Underrun { bytes: size_of::<Header>() };
                    return Err(Misuse::new(kind, block, None, None));
                }
            }
            count += 1;
            place = found.next;
        }
        Ok(count)
    }
}
