//! The books of a [`Tracking`](super::Tracking): which blocks are live, and who made them.
//!
//! All that is allocated here comes from the system, past whatever the program's allocator is: so the books of a global
//! allocator need nothing from it, and the lock around them is never asked for twice.

use super::misuse::{Misuse, MisuseKind};
use allocator_api2::vec::Vec;
use core::alloc::Layout;
use core::hash::{BuildHasherDefault, Hasher};
use core::ptr::NonNull;
use hashbrown::HashMap;
use std::alloc::System;
use std::time::{Duration, Instant};

/// Freed blocks that are remembered, so that another free of them is known for what it is.
const GRAVES: usize = 4096;

/// Who made a block: where it is not known, blocks of a layout are taken together.
#[cfg(feature = "backtrace")]
pub(super) type Origin = crate::stack::Stack;
#[cfg(not(feature = "backtrace"))]
pub(super) type Origin = Layout;

/// The place of an origin in the list of them.
pub(super) type SiteIndex = u32;

/// Of a block that was made by a report while it was being made: nobody is to hear of it.
const OURS: SiteIndex = SiteIndex::MAX;
/// Of a free about which nothing is known.
const UNKNOWN: SiteIndex = SiteIndex::MAX - 1;

/// Mixes words: addresses and code are spread well enough by a multiplication.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_ne_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = crate::random::nth(self.0 ^ word, 1);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>, System>;

const fn map<K, V>() -> Map<K, V> {
    HashMap::with_hasher_in(BuildHasherDefault::new(), System)
}

/// A live block.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) layout: Layout,
    pub(super) site: SiteIndex,
    /// How many blocks were made before it.
    pub(super) serial: u64,
    /// When it was made, since the first.
    pub(super) at: Duration,
}

/// A block that was freed.
#[derive(Clone, Copy)]
struct Grave {
    address: usize,
    layout: Layout,
    site: SiteIndex,
    freed_by: SiteIndex,
}

/// Whoever makes blocks.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub(super) origin: Origin,
    /// Blocks made so far.
    pub(super) made: usize,
}

/// A call that is about to be written down.
#[derive(Clone, Copy)]
pub(super) struct Caller(pub(super) Option<Origin>);

pub(super) struct Books {
    live: Map<usize, Record>,
    known: Map<Origin, SiteIndex>,
    sites: Vec<Site, System>,
    graves: Vec<Grave, System>,
    /// The oldest grave.
    oldest: usize,
    serial: u64,
    start: Option<Instant>,
    /// Bytes that are live, but for those of [`OURS`].
    bytes: usize,
    ours: usize,
    /// Blocks that are being resized: they are not in `live`, which keeps room for them.
    away: usize,
}

impl Books {
    pub(super) const fn new() -> Self {
        Self {
            live: map(),
            known: map(),
            sites: Vec::new_in(System),
            graves: Vec::new_in(System),
            oldest: 0,
            serial: 0,
            start: None,
            bytes: 0,
            ours: 0,
            away: 0,
        }
    }

    /// Blocks made so far.
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// Blocks and bytes that are live, but for those of [`OURS`].
    pub(super) fn totals(&self) -> (usize, usize) {
        (self.live.len() + self.away - self.ours, self.bytes)
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = &Record> {
        self.live.values().filter(|record| record.site != OURS)
    }

    pub(super) fn site(&self, index: SiteIndex) -> Option<&Site> {
        self.sites.get(index as usize)
    }

    pub(super) fn sites(&self) -> usize {
        self.sites.len()
    }

    fn origin(&self, index: SiteIndex) -> Option<Origin> {
        self.site(index).map(|site| site.origin)
    }

    /// The place of the caller in the list, which gets it. `None` if there is no memory for that.
    fn find(&mut self, caller: Caller) -> Option<SiteIndex> {
        let Some(origin) = caller.0 else { return Some(OURS) };
        if let Some(index) = self.known.get(&origin) {
            return Some(*index);
        }
        let index = SiteIndex::try_from(self.sites.len()).ok().filter(|index| *index < UNKNOWN)?;
        self.known.try_reserve(1).ok()?;
        self.sites.try_reserve(1).ok()?;
        self.sites.push(Site { origin, made: 0 });
        self.known.insert(origin, index);
        Some(index)
    }

    /// Writes a new block down. `None` if there is no memory for that.
    pub(super) fn enter(&mut self, block: NonNull<u8>, layout: Layout, caller: Caller) -> Option<()> {
        self.live.try_reserve(self.away + 1).ok()?;
        let site = self.find(caller)?;
        self.came(site);
        let at = self.start.get_or_insert_with(Instant::now).elapsed();
        let record = Record { layout, site, serial: self.serial, at };
        self.serial += 1;
        self.count(record);
        self.live.insert(block.addr().get(), record);
        Some(())
    }

    fn came(&mut self, site: SiteIndex) {
        if let Some(site) = self.sites.get_mut(site as usize) {
            site.made += 1;
        }
    }

    /// Counts a block that is live from now on.
    fn count(&mut self, record: Record) {
        match record.site {
            OURS => self.ours += 1,
            _ => self.bytes += record.layout.size(),
        }
    }

    /// Counts a block that is live no longer.
    fn discount(&mut self, record: Record) {
        match record.site {
            OURS => self.ours -= 1,
            _ => self.bytes -= record.layout.size(),
        }
    }

    /// The block, if it is live and has this layout.
    fn look(&self, block: NonNull<u8>, layout: Layout) -> Result<Record, Misuse> {
        let misuse = |kind, made| Misuse::new(kind, block, Some(layout), made);
        let address = block.addr().get();
        match self.live.get(&address) {
            Some(record) if record.layout == layout => Ok(*record),
            Some(record) => {
                let found = misuse(MisuseKind::WrongLayout, Some(record.layout));
                Err(self.told(found, record.site, UNKNOWN))
            }
            None => {
                let (newer, older) = self.graves.split_at(self.oldest);
                let mut graves = newer.iter().rev().chain(older.iter().rev());
                match graves.find(|grave| grave.address == address) {
                    Some(grave) => {
                        let found = misuse(MisuseKind::DoubleFree, Some(grave.layout));
                        Err(self.told(found, grave.site, grave.freed_by))
                    }
                    None => Err(Misuse { within: self.around(address), ..misuse(MisuseKind::Foreign, None) }),
                }
            }
        }
    }

    /// Adds who made and freed a block.
    fn told(&self, misuse: Misuse, made: SiteIndex, freed: SiteIndex) -> Misuse {
        #[cfg(feature = "backtrace")]
        let misuse = {
            let history = super::misuse::History { made: self.origin(made), freed: self.origin(freed) };
            Misuse { history, ..misuse }
        };
        #[cfg(not(feature = "backtrace"))]
        let _ = (self.origin(made), self.origin(freed));
        misuse
    }

    /// The block in which an address lies.
    fn around(&self, address: usize) -> Option<(usize, Layout)> {
        let mut blocks = self.live.iter().map(|(start, record)| (*start, record.layout));
        blocks.find(|(start, layout)| address.wrapping_sub(*start) < layout.size())
    }

    /// Strikes a block that is freed.
    pub(super) fn strike(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        caller: Option<Caller>,
    ) -> Result<(), Misuse> {
        let record = self.look(block, layout)?;
        let address = block.addr().get();
        self.live.remove(&address);
        self.discount(record);
        let freed_by = caller.and_then(|caller| self.find(caller)).unwrap_or(UNKNOWN);
        self.bury(Grave { address, layout, site: record.site, freed_by });
        Ok(())
    }

    /// Without memory for it, or where there was none before, the block is forgotten.
    fn bury(&mut self, grave: Grave) {
        if self.graves.len() == GRAVES {
            self.graves[self.oldest] = grave;
            self.oldest = (self.oldest + 1) % GRAVES;
        } else if self.graves.try_reserve(1).is_ok() {
            // As long as there are fewer, the oldest is the first, behind none that are newer.
            self.graves.push(grave);
        }
    }

    /// Takes a block off the list while it is resized, keeping room for it. The error is `None` if there is no memory for
    /// that.
    pub(super) fn lift(
        &mut self,
        block: NonNull<u8>,
        layout: Layout,
        caller: Caller,
    ) -> Result<(Record, SiteIndex), Option<Misuse>> {
        let record = self.look(block, layout)?;
        self.live.try_reserve(self.away + 1).map_err(|_| None)?;
        let site = self.find(caller).ok_or(None)?;
        self.live.remove(&block.addr().get());
        self.away += 1;
        Ok((record, site))
    }

    /// Puts a block that was lifted on the list again, as it was.
    pub(super) fn put_back(&mut self, block: NonNull<u8>, record: Record) {
        self.away -= 1;
        self.live.insert(block.addr().get(), record);
    }

    /// Puts a block that was lifted and then resized on the list again. Whoever did that counts as who made it. A block of no
    /// bytes is nobody's any more.
    pub(super) fn put(
        &mut self,
        from: NonNull<u8>,
        record: Record,
        to: NonNull<u8>,
        new: Layout,
        by: SiteIndex,
    ) {
        self.discount(record);
        self.away -= 1;
        if from != to || new.size() == 0 {
            let Record { layout, site, .. } = record;
            self.bury(Grave { address: from.addr().get(), layout, site, freed_by: by });
        }
        if new.size() > 0 {
            self.came(by);
            let site = if record.site == OURS || by == OURS { record.site } else { by };
            let record = Record { layout: new, site, ..record };
            self.count(record);
            self.live.insert(to.addr().get(), record);
        }
    }
}
