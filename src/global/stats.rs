//! Figures.

use core::alloc::GlobalAlloc;
use core::fmt;

use super::block::Block;
use super::line::BLOCK;
use super::region::Region;
use super::shim::ScopedGlobal;
use super::territory::Territory;
use crate::size::Bytes;

/// What a region has and had: [`Region::stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionStats {
    /// Its name.
    pub name: Option<&'static str>,
    /// Bytes in use of its own memory, by itself alone.
    pub live: usize,
    /// The most bytes that it and its siblings had in use, by their own counts, as seen whenever one of them began a new
    /// block, a line or so, or was left: exact to 16 KiB for each of them, as long as they do not free what others left
    /// in blocks that they took over. That makes it too low, until it is found when the limit is near or they are left.
    pub peak: usize,
    /// Bytes that were in use when it was last left; what other threads have freed in blocks that it has not looked at
    /// since counts as in use. The polls of a future are visits, after which this is as before.
    pub escaped: usize,
    /// Blocks of 16 KiB that it has.
    pub blocks: usize,
    /// Bytes of large blocks, of more than 2 KiB, which the inner allocator served inside of the region and were not freed
    /// there. Those of elsewhere that are freed in the region are taken off, to zero at most.
    pub large: usize,
    /// Bytes that it and its siblings may use.
    pub limit: Option<usize>,
    /// Whether more was asked for.
    pub over_limit: bool,
}

impl Region {
    /// What the region has and had.
    ///
    /// Cost: a look at each block that it has.
    #[must_use]
    pub fn stats(&self) -> RegionStats {
        self.core.report();
        let account = &self.core.payer().account;
        RegionStats {
            name: account.name(),
            live: self.live_bytes(),
            peak: account.peak(),
            escaped: self.core.escaped.get(),
            blocks: self.core.ring_length.get() + self.core.spares.get(),
            large: self.core.large.get().max(0) as usize,
            limit: self.limit(),
            over_limit: self.over_limit(),
        }
    }
}

impl fmt::Display for RegionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RegionStats { name, live, peak, escaped, blocks, large, limit, over_limit } = *self;
        writeln!(f, "region    {}", name.unwrap_or("(no name)"))?;
        writeln!(f, "live      {}", Bytes(live))?;
        writeln!(f, "peak      {}", Bytes(peak))?;
        writeln!(f, "escaped   {}", Bytes(escaped))?;
        writeln!(f, "blocks    {blocks}")?;
        writeln!(f, "large     {}", Bytes(large))?;
        match limit {
            Some(limit) if over_limit => write!(f, "limit     {}, exceeded", Bytes(limit)),
            Some(limit) => write!(f, "limit     {}", Bytes(limit)),
            None => f.write_str("limit     none"),
        }
    }
}

/// What all regions of an allocator have: [`ScopedGlobal::stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GlobalStats {
    /// The name of the territory.
    pub territory: &'static str,
    /// Bytes of blocks that were ever made.
    pub territory_bytes: usize,
    /// Bytes of blocks of which nothing is in use. What became so after its region had ended is counted from when a region
    /// has looked at it, or `trim` has.
    pub free: usize,
    /// Bytes in use that regions have left behind which have ended, but for what lies in blocks that another has taken over.
    pub left_behind: usize,
    /// Bytes of the blocks that they are in.
    pub left_behind_blocks: usize,
    /// The most regions that there were at a time, ended ones included of which siblings or handles are left.
    pub regions: usize,
}

impl<T: Territory, G: GlobalAlloc + Sync> ScopedGlobal<T, G> {
    /// What all regions together have. While others allocate, each figure is of a moment of its own.
    ///
    /// Cost: a look at each block that was ever made.
    #[must_use]
    pub fn stats(&self) -> GlobalStats {
        let mut stats = GlobalStats {
            territory: T::NAME,
            territory_bytes: self.territory.made() * BLOCK,
            free: 0,
            left_behind: 0,
            left_behind_blocks: 0,
            regions: self.pool.cores.made(),
        };
        self.territory.each(&mut |block: &Block| {
            let left = block.left_behind();
            if block.is_free() {
                stats.free += BLOCK;
            } else if left > 0 {
                stats.left_behind += left;
                stats.left_behind_blocks += BLOCK;
            }
        });
        stats
    }
}

impl fmt::Display for GlobalStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = Bytes(self.left_behind);
        writeln!(f, "territory     {}, {}", self.territory, Bytes(self.territory_bytes))?;
        writeln!(f, "free          {}", Bytes(self.free))?;
        writeln!(f, "left behind   {left}, in blocks of {} together", Bytes(self.left_behind_blocks))?;
        write!(f, "regions       {} at most", self.regions)
    }
}
