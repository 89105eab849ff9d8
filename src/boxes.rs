//! What every box of ours can do that its value can, and how boxes are unsized.

/// The traits of a box: a type `$name<'_, T: ?Sized>` whose field `value` points to an initialised value that it owns, aligned.
macro_rules! box_traits {
    ($name:ident) => {
        const _: () = {
            use core::borrow::{Borrow, BorrowMut};
            use core::cmp::Ordering;
            use core::error::Error;
            use core::fmt;
            use core::future::Future;
            use core::hash::{Hash, Hasher};
            use core::ops::{Deref, DerefMut};
            use core::pin::Pin;
            use core::task::{Context, Poll};

            impl<T: ?Sized> Deref for $name<'_, T> {
                type Target = T;

                #[inline]
                fn deref(&self) -> &T {
                    // SAFETY: the box owns an initialised value, aligned, and is borrowed.
                    unsafe { self.value.as_ref() }
                }
            }

            impl<T: ?Sized> DerefMut for $name<'_, T> {
                #[inline]
                fn deref_mut(&mut self) -> &mut T {
                    // SAFETY: the box owns an initialised value, aligned, and is borrowed exclusively.
                    unsafe { self.value.as_mut() }
                }
            }

            impl<T: ?Sized> AsRef<T> for $name<'_, T> {
                fn as_ref(&self) -> &T {
                    self
                }
            }

            impl<T: ?Sized> AsMut<T> for $name<'_, T> {
                fn as_mut(&mut self) -> &mut T {
                    self
                }
            }

            impl<T: ?Sized> Borrow<T> for $name<'_, T> {
                fn borrow(&self) -> &T {
                    self
                }
            }

            impl<T: ?Sized> BorrowMut<T> for $name<'_, T> {
                fn borrow_mut(&mut self) -> &mut T {
                    self
                }
            }

            // The value does not move with the box.
            impl<T: ?Sized> Unpin for $name<'_, T> {}

            impl<T: ?Sized> From<$name<'static, T>> for Pin<$name<'static, T>> {
                fn from(boxed: $name<'static, T>) -> Self {
                    $name::into_pin(boxed)
                }
            }

            impl<T: ?Sized + fmt::Debug> fmt::Debug for $name<'_, T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Debug::fmt(&**self, f)
                }
            }

            impl<T: ?Sized + fmt::Display> fmt::Display for $name<'_, T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&**self, f)
                }
            }

            impl<T: ?Sized> fmt::Pointer for $name<'_, T> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Pointer::fmt(&self.value, f)
                }
            }

            impl<'b, T: ?Sized + PartialEq<U>, U: ?Sized> PartialEq<$name<'b, U>> for $name<'_, T> {
                fn eq(&self, other: &$name<'b, U>) -> bool {
                    **self == **other
                }
            }

            impl<T: ?Sized + Eq> Eq for $name<'_, T> {}

            impl<'b, T: ?Sized + PartialOrd<U>, U: ?Sized> PartialOrd<$name<'b, U>> for $name<'_, T> {
                fn partial_cmp(&self, other: &$name<'b, U>) -> Option<Ordering> {
                    (**self).partial_cmp(&**other)
                }
            }

            impl<T: ?Sized + Ord> Ord for $name<'_, T> {
                fn cmp(&self, other: &Self) -> Ordering {
                    (**self).cmp(&**other)
                }
            }

            impl<T: ?Sized + Hash> Hash for $name<'_, T> {
                fn hash<H: Hasher>(&self, state: &mut H) {
                    (**self).hash(state);
                }
            }

            impl<T: ?Sized + Iterator> Iterator for $name<'_, T> {
                type Item = T::Item;

                fn next(&mut self) -> Option<T::Item> {
                    (**self).next()
                }

                fn size_hint(&self) -> (usize, Option<usize>) {
                    (**self).size_hint()
                }

                fn nth(&mut self, n: usize) -> Option<T::Item> {
                    (**self).nth(n)
                }
            }

            impl<T: ?Sized + DoubleEndedIterator> DoubleEndedIterator for $name<'_, T> {
                fn next_back(&mut self) -> Option<T::Item> {
                    (**self).next_back()
                }
            }

            impl<T: ?Sized + ExactSizeIterator> ExactSizeIterator for $name<'_, T> {
                fn len(&self) -> usize {
                    (**self).len()
                }
            }

            impl<T: ?Sized + Future + Unpin> Future for $name<'_, T> {
                type Output = T::Output;

                fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T::Output> {
                    Pin::new(&mut **self).poll(context)
                }
            }

            impl<T: ?Sized + Error> Error for $name<'_, T> {
                fn source(&self) -> Option<&(dyn Error + 'static)> {
                    (**self).source()
                }
            }
        };
    };
}

/// Unsizes an [`ArenaBox`](crate::ArenaBox) or a [`PoolBox`](crate::pool::PoolBox): to one of a trait object, or of a slice.
///
/// A macro, because stable Rust has no other way to let a type of ours be coerced.
///
/// # Examples
///
/// ```
/// use arenite::{Arena, ArenaBox, unsize_box};
///
/// let arena = Arena::new();
/// let mut count = 0;
/// let call: ArenaBox<'_, dyn FnMut() + '_> = unsize_box!(arena.alloc_box(|| count += 1));
/// # let mut call = call;
/// (*call)();
/// drop(call);
/// assert_eq!(count, 1);
/// ```
///
/// Nothing but what the language itself would coerce:
///
/// ```compile_fail
/// # use arenite::{Arena, ArenaBox, unsize_box};
/// let arena = Arena::new();
/// let wrong: ArenaBox<'_, u64> = unsize_box!(arena.alloc_box(1_u32));
/// ```
#[macro_export]
macro_rules! unsize_box {
    ($boxed:expr $(,)?) => {{
        let (value, kind) = $crate::__unsize::TakeApart::take_apart($boxed);
        // A coercion site: an unsizing coercion can happen here, or none.
        let value: *mut _ = value;
        // SAFETY: the pointer and the kind are what one call of `take_apart` returned, as far as they go; a coercion leaves the
        // pointer where it is. That they make a box again is the contract of `TakeApart`, an `unsafe` trait.
        unsafe { kind.put_together(value) }
    }};
}

/// What [`unsize_box!`] expands to. Hidden, and not private: programs can name it.
#[doc(hidden)]
pub mod unsize {
    /// A box that can be taken apart.
    ///
    /// # Safety
    ///
    /// A type that implements this has a `Kind` with a method `put_together`. What `take_apart` returns may be given to that
    /// method once, the pointer as it is or unsized by a coercion, and nothing further is asked: [`unsize_box!`] does so without a
    /// word of `unsafe` from its caller. So the pointer leads to an initialised value, which was the box's alone and stays
    /// valid as long as what `put_together` returns.
    pub unsafe trait TakeApart {
        type Value: ?Sized;
        /// What puts it together again. No trait has that method: a trait's would not tell the compiler to what to coerce.
        type Kind;

        /// Takes the box apart into its pointer and all else that makes it one.
        fn take_apart(self) -> (*mut Self::Value, Self::Kind);
    }
}
