//! How often tests do what they do.

/// Fewer times where each costs a lot. What a test expects of them is derived from what this says.
pub(crate) const fn rounds(number: usize) -> usize {
    if cfg!(miri) {
        let few = number / 64 + 2;
        if few < 1500 { few } else { 1500 }
    } else if cfg!(arenite_zeal) {
        number / 16 + 2
    } else {
        number
    }
}
