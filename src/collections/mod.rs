//! Collections in an arena.
