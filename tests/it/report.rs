//! Reports: who is counted where, and how it looks.

use arenite::report::Report;
use arenite::{Arena, Chained};

#[test]
fn groups_are_the_sums_of_their_parts() {
    let (one, two) = (Arena::new_in(Chained::new()).named("one"), Arena::new());
    one.alloc([0_u64; 100]);
    two.alloc([0_u64; 10]);
    let report = Report::new("all").with(&one).with(Report::new("rest").with(&two).with(&one));
    let [first, rest] = report.parts() else { panic!("{report:?}") };
    assert_eq!((first.name(), rest.name(), rest.parts()[0].name()), ("one", "rest", "arena"));
    let (used, other) = (one.stats(), two.stats());
    assert_eq!(first.used(), used.used);
    assert_eq!(first.committed(), used.committed);
    assert_eq!(rest.used(), used.used + other.used);
    assert_eq!(report.used(), 2 * used.used + other.used);
    assert_eq!(report.peak(), 2 * used.peak + other.peak);
    assert_eq!(report.committed(), 2 * used.committed + other.committed);
    assert_eq!(report.reserved(), 2 * used.reserved + other.reserved);
}

#[test]
fn children_are_counted_once() {
    let arena = Arena::new_in(Chained::new()).named("request");
    arena.alloc([0_u64; 10]);
    let (left, right) = (arena.child(), arena.child());
    left.set_name("left");
    left.alloc([0_u64; 20]);
    right.alloc([0_u64; 40]);
    let used = |arena: &Arena<Chained>| arena.lineage().levels().last().unwrap().used;
    let (own, of_left, of_right) = (used(&arena), used(&left), used(&right));
    let report = Report::of(&arena).with(&left).with(&right);
    assert_eq!(report.used(), own + of_left + of_right);
    assert_eq!((report.parts()[0].used(), report.parts()[1].name()), (of_left, "child"));
    assert_eq!(report.committed(), arena.stats().committed);
    assert_eq!(report.parts()[0].committed(), 0);
    drop(right);
    drop(left);
    // The arena's own peak has those of its children in it, so that it does not grow with them.
    let peak = arena.stats().peak;
    let child = arena.child();
    child.alloc([0_u64; 2]);
    assert_eq!(Report::of(&arena).with(&child).peak(), peak);
}

#[test]
fn a_lineage_as_a_report() {
    let arena = Arena::new().named("root");
    assert_eq!(Report::lineage(&arena), Report::of(&arena));
    arena.scope(|inner| {
        inner.set_name("inner");
        inner.scope(|innermost| {
            innermost.alloc([0_u64; 5]);
            let report = Report::lineage(innermost);
            let inner = &report.parts()[0];
            assert_eq!((report.name(), inner.name(), inner.parts()[0].name()), ("root", "inner", "child"));
            assert_eq!(report.used(), innermost.stats().used);
            assert_eq!(report.committed(), innermost.stats().committed);
        });
    });
}

/// A report is plain data: what another thread sent is a part like any other.
#[test]
fn from_other_threads() {
    let threads = ["one", "two"].map(|name| {
        std::thread::spawn(move || {
            let arena = Arena::new().named(name);
            arena.alloc([0_u64; 100]);
            Report::of(&arena)
        })
    });
    let mut report = Report::new(format!("{} threads", threads.len()));
    for thread in threads {
        report.add(thread.join().unwrap());
    }
    assert_eq!(report.parts().iter().map(Report::name).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!((report.name(), report.used()), ("2 threads", report.parts()[0].used() * 2));
}

#[test]
#[cfg(not(any(arenite_asan, arenite_memcheck, arenite_zeal)))]
fn a_report_is_a_table() {
    let mut memory = vec![std::mem::MaybeUninit::uninit(); 4096];
    let arena: Arena<arenite::Fixed<'_>> = Arena::new_in(arenite::Fixed::new(&mut memory)).named("kernel");
    arena.alloc([0_u64; 64]);
    let child = arena.child();
    child.set_name("größe");
    child.alloc([0_u64; 16]);
    let report = Report::new("program")
        .with(Report::of(&arena).with(&child))
        .with(Report::new("none yet").with(Report::new("nothing")))
        .named("renamed");
    assert_eq!(
        format!("\n{report}\n"),
        "
                     used        peak   committed    reserved
renamed             640 B       640 B       704 B       4 KiB
├─ kernel           640 B       640 B       704 B       4 KiB
│  └─ größe         128 B       128 B           -           -
└─ none yet           0 B         0 B         0 B         0 B
   └─ nothing         0 B         0 B         0 B         0 B
"
    );
}
