//! Which call sites leave memory behind.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use arenite::{EscapeSite, Escapes};

use crate::GLOBAL;

#[inline(never)]
fn leaves_behind() -> Vec<Vec<u8>> {
    black_box((0..1000).map(|number| vec![number as u8; 100]).collect())
}

#[inline(never)]
fn tidies_up() -> usize {
    black_box((0..1000).map(|number| vec![number as u8; 200]).collect::<Vec<_>>()).len()
}

/// Whether samples are taken is the allocator's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Of all call sites below a function.
fn sum(escapes: &Escapes, name: &str, figure: fn(&EscapeSite) -> usize) -> usize {
    let named = |site: &&EscapeSite| site.frames.iter().any(|frame| frame.contains(name));
    escapes.sites.iter().filter(named).map(figure).sum()
}

#[test]
fn the_call_site_is_named() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    GLOBAL.trace_escapes(1024);
    let kept: Vec<_> = (0..20)
        .map(|_| {
            GLOBAL.region().enter(|| {
                tidies_up();
                let kept = leaves_behind();
                tidies_up();
                kept
            })
        })
        .collect();
    GLOBAL.trace_escapes(0);
    let escapes = GLOBAL.escapes();
    let of = |name| sum(&escapes, name, |site| site.bytes);
    let made = 20 * 1000 * 100;
    assert!(of("leaves_behind") > made / 2 && of("leaves_behind") < made * 2, "{escapes}");
    assert_eq!(of("tidies_up"), 0, "{escapes}");
    assert!(escapes.to_string().contains("GLOBAL.outside"));
    assert!(kept.iter().flatten().enumerate().all(|(number, block)| *block == [(number % 1000) as u8; 100]));
}

const LINE: usize = if cfg!(any(arenite_zeal, miri)) { 64 } else { 512 };

/// More than a region keeps track of, each in a line of its own.
const MANY: usize = 6000;

#[inline(never)]
fn early() -> Vec<Vec<u8>> {
    black_box((0..MANY).map(|_| vec![1; LINE - 16]).collect())
}

#[inline(never)]
fn late() -> Vec<Vec<u8>> {
    black_box((0..MANY).map(|_| vec![2; LINE - 16]).collect())
}

#[test]
fn of_too_many_the_oldest_are_forgotten() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    GLOBAL.trace_escapes(1);
    let kept = GLOBAL.region().enter(|| (early(), late()));
    GLOBAL.trace_escapes(0);
    let escapes = GLOBAL.escapes();
    let of = |name| sum(&escapes, name, |site| site.samples);
    assert_eq!(of("escapes::early"), 0, "{escapes}");
    assert!((4000..=4096).contains(&of("escapes::late")), "{escapes}");
    drop(kept);
}
