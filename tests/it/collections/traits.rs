//! Which traits a string has, with whom it compares, and that its threads are its allocator's.

use super::allocators::Watched;
use allocator_api2::alloc::{AllocError, Allocator, Global, Layout};
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use arenite::collections::string::{Drain, FromUtf8Error};
use arenite::collections::{CollectIn, String};
use std::borrow::{Borrow, BorrowMut, Cow};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{Debug, Display, Write};
use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::str::FromStr;

type Heap = String<Global>;
type Std = std::string::String;

/// `Global`, with the threads of `Mark`.
#[derive(Clone, Copy, Default)]
struct Marked<Mark>(PhantomData<Mark>);

// SAFETY: all is left to `Global`.
unsafe impl<Mark> Allocator for Marked<Mark> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        Global.allocate(layout)
    }
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller promises of this allocator, which is `Global`.
        unsafe { Global.deallocate(block, layout) };
    }
}

type SendOnly = Marked<Cell<u8>>;
type SyncOnly = Marked<std::sync::MutexGuard<'static, u8>>;
type Neither = Marked<*const u8>;

/// `Threads::<T>::SEND`: the constant of the `impl` if `T` has the trait, else that of the trait below.
struct Threads<T>(PhantomData<T>);
trait No {
    const SEND: bool = false;
    const SYNC: bool = false;
}
impl<T> No for Threads<T> {}
impl<T: Send> Threads<T> {
    const SEND: bool = true;
}
impl<T: Sync> Threads<T> {
    const SYNC: bool = true;
}

#[test]
fn threads_are_those_of_the_allocator() {
    macro_rules! threads {
        ($($type:ty => $send:expr, $sync:expr;)+) => {
            $(assert_eq!((Threads::<$type>::SEND, Threads::<$type>::SYNC), ($send, $sync), stringify!($type));)+
        };
    }
    threads! {
        Heap => true, true;
        String<SendOnly> => true, false;
        String<SyncOnly> => false, true;
        String<Neither> => false, false;
        String<&Watched> => false, false;
        Drain<'_, Global> => true, true;
        Drain<'_, SendOnly> => true, false;
        Drain<'_, SyncOnly> => false, true;
        Drain<'_, Neither> => false, false;
        FromUtf8Error<Global> => true, true;
        FromUtf8Error<Neither> => false, false;
    }
}

#[test]
fn the_traits_of_stds_string() {
    fn has<T>()
    where
        T: Debug + Display + Write + Clone + Default + Eq + Ord + Hash + FromStr + Unpin,
        T: Borrow<str> + BorrowMut<str> + AsRef<str> + AsMut<str> + AsRef<[u8]>,
        T: for<'a> std::ops::Add<&'a str, Output = T> + for<'a> std::ops::AddAssign<&'a str>,
        T: Extend<char> + for<'a> Extend<&'a char> + for<'a> Extend<&'a str> + for<'a> Extend<Cow<'a, str>>,
        T: Extend<Std> + Extend<std::boxed::Box<str>>,
        T: for<'a> From<&'a str> + std::panic::UnwindSafe + std::panic::RefUnwindSafe,
    {
    }
    has::<Std>();
    has::<Heap>();
    fn errs<T: std::error::Error>() {}
    errs::<FromUtf8Error<Neither>>();
    fn copies<T: std::error::Error + Clone + Eq>() {}
    copies::<std::string::FromUtf8Error>();
    copies::<FromUtf8Error<Global>>();
    #[cfg(feature = "std")]
    fn paths<T: AsRef<std::ffi::OsStr> + AsRef<std::path::Path>>() {}
    #[cfg(feature = "std")]
    paths::<Heap>();
}

#[test]
fn it_compares_with_every_text_in_both_directions() {
    let alloc = Watched::new();
    let s = String::from_str_in("abc", &alloc);
    fn equal<A: PartialEq<B> + ?Sized, B: PartialEq<A> + ?Sized>(a: &A, b: &B) -> bool {
        assert_eq!(a == b, b == a);
        a == b
    }
    let (heap, std, cow) = (Heap::from("abc"), Std::from("abc"), Cow::Borrowed("abc"));
    assert!(equal(&s, &heap) && equal(&s, "abc") && equal(&s, &"abc") && equal(&s, &std) && equal(&s, &cow));
    let (heap, std, cow) = (Heap::from("abd"), Std::from("abd"), Cow::Borrowed("abd"));
    assert!(
        !equal(&s, &heap) && !equal(&s, "abd") && !equal(&s, &"abd") && !equal(&s, &std) && !equal(&s, &cow)
    );
    assert!(s < heap);
    assert!(heap > s);
    assert_eq!(Heap::from("b").cmp(&Heap::from("a")), "b".cmp("a"));
}

#[test]
fn errors_are_equal_by_their_bytes_and_copies_are_their_own() {
    let alloc = Watched::new();
    let error = |bytes: &[u8]| String::from_utf8(bytes.iter().copied().collect_in(&alloc)).unwrap_err();
    let (one, other) = (error(b"ab\xff"), error(b"ac\xff"));
    let copy = one.clone();
    assert_eq!(copy, one);
    assert_ne!(copy, other);
    assert_ne!(one.as_bytes().as_ptr(), copy.as_bytes().as_ptr());
    drop(one);
    assert_eq!((copy.utf8_error().valid_up_to(), &copy.into_bytes()[..]), (2, &b"ab\xff"[..]));
}

#[test]
fn it_hashes_and_sorts_as_its_text_does() {
    let hasher = RandomState::new();
    assert_eq!(hasher.hash_one(Heap::from("key")), hasher.hash_one("key"));
    let map: HashMap<Heap, u8> = [(Heap::from("key"), 1)].into();
    assert_eq!(map.get("key"), Some(&1));
    let tree: BTreeMap<Heap, u8> = [(Heap::from("b"), 2), (Heap::from("a"), 1)].into();
    assert_eq!(tree.get("a"), Some(&1));
    assert!(tree.into_keys().eq(["a", "b"]));
}

#[test]
fn it_prints_as_its_text_does() {
    let s = Heap::from("a\"é");
    assert_eq!(format!("{s}|{s:>5}|{s:?}"), format!("{0}|{0:>5}|{0:?}", "a\"é"));
    let error = String::from_utf8(arenite::vec![in Global; 0xff]).unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        format!("{:?}", std::string::String::from_utf8(vec![0xff]).unwrap_err())
    );
}

#[test]
fn it_is_indexed_added_to_and_extended() {
    let mut s = Heap::from("abc") + "def";
    s += "g";
    assert_eq!((&s[..], &s[1..], &s[..=1], &s[1..2]), ("abcdefg", "bcdefg", "ab", "b"));
    s[..3].make_ascii_uppercase();
    s.extend([Heap::from("1"), Heap::from("2")]);
    s.extend(["3", "4"]);
    s.extend([Cow::Borrowed("5"), Cow::Owned(Std::from("6"))]);
    s.extend([Heap::from("7").into_boxed_str()]);
    assert_eq!(s, "ABCdefg1234567");
}

#[test]
fn it_converts() {
    let alloc = Watched::new();
    let bytes: Vec<u8, _> = String::from_str_in("abc", &alloc).into();
    assert_eq!(bytes, b"abc");
    let s = String::try_from(bytes).unwrap();
    let boxed: Box<str, _> = s.into();
    let s = String::from(boxed);
    assert_eq!(alloc.granted.get(), 1, "no copies");
    assert_eq!(Std::from(s), "abc");
    assert_eq!("abc".parse::<Heap>().unwrap(), "abc");
}
