//! Collecting `Option`s and `Result`s: all the values, or the first that is none.

use super::FromIteratorIn;

impl<T, E, C: FromIteratorIn<T>> FromIteratorIn<Result<T, E>> for Result<C, E> {
    type Allocator = C::Allocator;

    fn from_iter_in<I: IntoIterator<Item = Result<T, E>>>(iter: I, alloc: C::Allocator) -> Self {
        let mut failure = None;
        let collected =
            C::from_iter_in(UntilFailure { iter: iter.into_iter(), failure: &mut failure }, alloc);
        match failure {
            None => Ok(collected),
            Some(error) => Err(error),
        }
    }
}

impl<T, C: FromIteratorIn<T>> FromIteratorIn<Option<T>> for Option<C> {
    type Allocator = C::Allocator;

    fn from_iter_in<I: IntoIterator<Item = Option<T>>>(iter: I, alloc: C::Allocator) -> Self {
        Result::from_iter_in(iter.into_iter().map(|item| item.ok_or(())), alloc).ok()
    }
}

/// The values of an iterator of results, up to the first error, which is kept.
struct UntilFailure<'f, I, E> {
    iter: I,
    failure: &'f mut Option<E>,
}

impl<T, E, I: Iterator<Item = Result<T, E>>> Iterator for UntilFailure<'_, I, E> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        if self.failure.is_some() {
            return None;
        }
        match self.iter.next()? {
            Ok(value) => Some(value),
            Err(error) => {
                *self.failure = Some(error);
                None
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The next item may be the failure.
        (0, self.iter.size_hint().1)
    }
}
