//! [`HugePages`].

/// Whether huge pages (2 MiB) are asked for. They make touching fresh memory several times cheaper, and round the
/// memory in use up to whole huge pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HugePages {
    /// No, and the system is told so.
    Never,
    /// Once an arena is large enough (16 MiB) for the rounding not to show.
    #[default]
    Auto,
    /// From the start.
    Always,
}
