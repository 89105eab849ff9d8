//! Which call sites leave memory behind.

use std::hint::black_box;

use crate::GLOBAL;

#[inline(never)]
fn leaves_behind() -> Vec<Vec<u8>> {
    black_box((0..1000).map(|number| vec![number as u8; 100]).collect())
}

#[inline(never)]
fn tidies_up() -> usize {
    black_box((0..1000).map(|number| vec![number as u8; 200]).collect::<Vec<_>>()).len()
}

#[test]
fn the_call_site_is_named() {
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
    let of = |name: &str| -> usize {
        let named = |site: &&arenite::EscapeSite| site.frames.iter().any(|frame| frame.contains(name));
        escapes.sites.iter().filter(named).map(|site| site.bytes).sum()
    };
    let made = 20 * 1000 * 100;
    assert!(of("leaves_behind") > made / 2 && of("leaves_behind") < made * 2, "{escapes}");
    assert_eq!(of("tidies_up"), 0, "{escapes}");
    assert!(escapes.to_string().contains("GLOBAL.outside"));
    assert!(kept.iter().flatten().enumerate().all(|(number, block)| *block == [(number % 1000) as u8; 100]));
}
