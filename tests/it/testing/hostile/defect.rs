//! The list of defects.

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Defect {
    None,
    /// Not a defect: `grow_zeroed` need not clear what the old block had beyond the size that its owner used.
    KeepsOldSurplus,
    // Placement.
    HalfAligned,
    AlignsTheOffset,
    OverlapsNeighbour,
    GrantsTooLittle,
    ClaimsTooMuch,
    ClaimsEverything,
    EmptyIsUnaligned,
    EmptyIsRefused,
    EmptyFreesNeighbour,
    // Zeroing.
    ZeroedIsDirty,
    ZeroedSurplusIsDirty,
    ZeroesNeighbour,
    GrowthIsDirty,
    OldSurplusIsJunk,
    GrowthIsNeighboursBytes,
    GrowZeroedWipes,
    // Resizing.
    GrowCopiesHalf,
    GrowCopiesAskedOnly,
    GrowRunsIntoNeighbour,
    GrowKeepsAlignment,
    GrowFreesTheNewBlock,
    ShrinkKeepsAlignment,
    ShrinkCutsTail,
    ShrinkCopiesOldSize,
    ShrinkCopiesForwards,
    // Failing.
    FailedGrowFrees,
    FailedGrowClobbers,
    FailedShrinkFrees,
    HugeSizeWraps,
    HugeAlignmentIsCapped,
    StaysFull,
    RefusesEverything,
    // Freeing, moving, cloning.
    FreesTheLatest,
    FreesNeighbour,
    PoisonsNeighbour,
    ForgetsWhenMoved,
    CloneForgets,
}
