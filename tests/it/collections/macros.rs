//! The macros: what is evaluated when, what is allocated, and that they need nothing in scope.

use super::allocators::Watched;
use allocator_api2::alloc::Global;
use allocator_api2::vec::Vec;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

#[test]
fn every_form() {
    let alloc = Watched::new();
    let empties: [Vec<u8, _>; 2] = [arenite::vec![in &alloc], arenite::vec![in &alloc;]];
    assert_eq!(empties.map(|empty| empty.capacity()), [0, 0]);
    assert_eq!(alloc.granted.get(), 0);
    assert_eq!(arenite::vec![in &alloc; 1], [1]);
    assert_eq!(arenite::vec![in &alloc; 1, 2, 3], [1, 2, 3]);
    assert_eq!(arenite::vec![in &alloc; 1, 2, 3,], [1, 2, 3]);
    assert_eq!(arenite::vec!(in &alloc; "x"; 2), ["x", "x"]);
    assert_eq!(arenite::vec![in &alloc; 1], [1]);
    assert_eq!(arenite::format!(in &alloc, "plain"), "plain");
    assert_eq!(arenite::format!(in &alloc, "{{}}"), "{}");
    assert_eq!(arenite::format!(in &alloc, "{}-{x:?}", 1, x = 'x'), "1-'x'");
    assert_eq!(arenite::format!(in &alloc, "{}", 1,), "1");
    assert_eq!(arenite::format!(in &alloc, ""), "");
    assert_eq!(arenite::format!(in &alloc, concat!("{:", "3}"), 1), "  1");
}

#[test]
fn elements_take_one_allocation_of_their_size() {
    let alloc = Watched::new();
    let list = arenite::vec![in &alloc; 1u32, 2, 3];
    assert_eq!((list.capacity(), alloc.granted.get(), alloc.live_bytes()), (3, 1, 12));
    let clones = arenite::vec![in &alloc; 7u16; 5];
    assert_eq!((clones.capacity(), alloc.granted.get(), alloc.live_bytes()), (5, 2, 22));
    assert_eq!([0, 1].map(|n| arenite::vec![in &alloc; 7u8; n].capacity()), [0, 1]);
    assert_eq!(arenite::vec![in &alloc; (), ()].len(), 2);
    assert_eq!(arenite::vec![in &alloc; (); 9].len(), 9);
    let plain = arenite::format!(in &alloc, "plain");
    assert_eq!((plain.capacity(), alloc.granted.get()), (5, 4));
}

#[test]
fn all_is_evaluated_once_and_from_left_to_right() {
    let order = RefCell::new(std::vec::Vec::new());
    let note = |what| order.borrow_mut().push(what);
    let alloc = || {
        note("alloc");
        Global
    };
    let step = |what| {
        note(what);
        3
    };
    let list = arenite::vec![in alloc(); step("a"), step("b")];
    let clones = arenite::vec![in alloc(); step("value"); step("n")];
    let text = arenite::format!(in alloc(), "{}{}", step("x"), step("y"));
    assert_eq!((list.len(), clones.len(), &*text), (2, 3, "33"));
    assert_eq!(*order.borrow(), ["alloc", "a", "b", "alloc", "value", "n", "alloc", "x", "y"]);
}

#[test]
fn a_panic_drops_the_elements_there_were() {
    struct PanicsOnClone(Rc<()>);
    impl Clone for PanicsOnClone {
        fn clone(&self) -> Self {
            if Rc::strong_count(&self.0) > 3 { panic!("enough") } else { Self(self.0.clone()) }
        }
    }
    let alloc = Watched::new();
    let witness = Rc::new(());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let third = || -> Rc<()> { panic!("in an element") };
        drop(arenite::vec![in &alloc; witness.clone(), witness.clone(), third()]);
    }));
    assert!(unwound.is_err());
    assert_eq!((Rc::strong_count(&witness), alloc.granted.get()), (1, 0));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        drop(arenite::vec![in &alloc; PanicsOnClone(witness.clone()); 9]);
    }));
    assert!(unwound.is_err());
    assert_eq!((Rc::strong_count(&witness), alloc.live_blocks()), (1, 0));
}

#[test]
fn a_display_that_fails_panics_and_frees() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("some text first")?;
            Err(fmt::Error)
        }
    }
    let alloc = Watched::new();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(arenite::format!(in &alloc, "{Fails}")))).is_err());
    assert_eq!(alloc.live_blocks(), 0);
    assert!(catch_unwind(|| std::format!("{Fails}")).is_err(), "as std does");
}

#[test]
fn a_display_may_allocate_where_its_text_goes() {
    struct Nested<'a>(&'a Watched);
    impl fmt::Display for Nested<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&arenite::format!(in self.0, "<{}>", 1))
        }
    }
    let alloc = Watched::new();
    assert_eq!(arenite::format!(in &alloc, "{0}{0}", Nested(&alloc)), "<1><1>");
}

#[test]
fn elements_and_allocator_may_be_temporaries_and_control_flow_works() {
    fn early(flag: bool) -> usize {
        let list = arenite::vec![in Global; if flag { return 0 } else { 1 }, 2];
        list.len()
    }
    assert_eq!((early(true), early(false)), (0, 2));
    assert_eq!(arenite::vec![in *Box::new(Global); *Box::new(1), 2], [1, 2]);
    assert_eq!(arenite::format!(in *Box::new(Global), "{}", String::from("x").as_str()), "x");
}

/// Names that the expansion must not pick up.
#[allow(dead_code, unused_macros, reason = "they are there so as not to be picked up")]
mod hostile {
    mod core {}
    mod alloc {}
    mod std {}
    mod arenite {}
    mod allocator_api2 {}
    struct Vec;
    struct String;
    struct Box;
    macro_rules! format_args {
        ($($any:tt)*) => {
            compile_error!("picked up from the caller")
        };
    }

    #[test]
    fn the_macros_use_nothing_of_the_callers() {
        let alloc = super::Global;
        let elements = 2;
        assert_eq!(::arenite::vec![in alloc; elements, 1], [2, 1]);
        assert_eq!(::arenite::vec![in alloc; elements; 2], [2, 2]);
        assert_eq!(::arenite::format!(in alloc, "{elements}"), "2");
    }
}

#[no_implicit_prelude]
mod bare {
    #[::core::prelude::v1::test]
    fn the_macros_need_no_prelude() {
        let list = ::arenite::vec![in ::allocator_api2::alloc::Global; 1, 2];
        let text = ::arenite::format!(in ::allocator_api2::alloc::Global, "{}", list.len());
        ::core::assert!(text == "2");
    }
}

mod imported {
    use arenite::{format, vec};

    #[test]
    fn a_use_hides_the_macros_of_std() {
        let list = vec![in super::Global; 1];
        assert_eq!(format!(in super::Global, "{}", list[0]), "1");
        assert_eq!(std::format!("{:?}", std::vec![1]), "[1]");
    }
}
