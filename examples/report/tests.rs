//! What does not depend on what was measured.

use crate::chart::{self, Axis, Scale, Verdict, verdict};
use crate::figures::{Figure, Figures};
use crate::machine;
use crate::page::Report;
use crate::parts::Part;
use crate::section::{Grid, Picture, Section, judge, short};

#[test]
fn figures_are_read_and_found() {
    let text = "short\talloc\tarenite\t1.5\t1\t2\nshort\talloc\tstd\t3\nnonsense\nshort\tscope\tstd\tNaN\nfresh\t1024\tAuto\t7\n";
    let figures = Figures::parse(text);
    let first = Figure { table: "short".into(), row: "alloc".into(), who: "arenite".into(), value: 1.5 };
    assert_eq!((figures.0.len(), &figures.0[0]), (3, &first));
    assert_eq!(figures.get("short", "alloc", "std"), Some(3.0));
    assert_eq!(figures.best("short", "alloc", |who| who != "arenite"), Some(("std", 3.0)));
    assert_eq!(figures.best("short", "scope", |_| true), None);
    assert_eq!((figures.rows("short"), figures.who("short")), (vec!["alloc"], vec!["arenite", "std"]));
    assert_eq!(figures.line("fresh", "Auto"), [(1024.0, 7.0)]);
}

#[test]
fn losses_are_named() {
    let ratios = [("one", 0.5), ("two", 1.01), ("three", 2.0)].map(|(name, ratio)| (name.to_owned(), ratio));
    assert_eq!(judge("us", &ratios), "us: 1 of 3 rows won, 1 even, lost: three (2.00).");
    assert_eq!(judge("us", &ratios[..1]), "us: 1 of 1 rows won, 0 even, none lost.");
    assert_eq!([0.9, 1.0, 1.1].map(verdict), [Verdict::Won, Verdict::Even, Verdict::Lost]);
    assert_eq!([1.234, 12.34, 1234.5].map(short), ["1.23", "12.3", "1234"]);
}

#[test]
fn days_are_counted() {
    for (seconds, date) in [
        (0, "1970-01-01 00:00 UTC"),
        (951_782_400, "2000-02-29 00:00 UTC"),
        (1_709_251_199, "2024-02-29 23:59 UTC"),
        (4_102_444_800, "2100-01-01 00:00 UTC"),
    ] {
        assert_eq!(machine::date(seconds), date);
    }
    let lock = "[[package]]\nname = \"bumpalo\"\nversion = \"3.20.3\"\n";
    assert_eq!(machine::versions(lock, &["bumpalo", "mimalloc"]), "bumpalo 3.20.3");
}

#[test]
fn a_report_is_complete_in_itself() {
    let axis = Axis { title: "bytes", scale: Scale::Doubling, label: short };
    let line = vec![("a & b".to_owned(), vec![(1.0, 1.0), (1024.0, 8.0)]), ("c".to_owned(), Vec::new())];
    let svg = chart::lines(axis, Axis { scale: Scale::Linear, ..axis }, &line);
    assert!(svg.contains("a &amp; b") && !svg.contains("NaN"), "{svg}");
    let ratios = chart::ratios(&[("won".to_owned(), 0.5), ("lost by far".to_owned(), 1000.0)]);
    assert!(ratios.contains("1000.00"), "{ratios}");
    assert!(
        chart::alone(&ratios).contains("prefers-color-scheme")
            && chart::alone(&chart::alone(&svg)).matches("<style>").count() == 1
    );

    let grid = Grid {
        title: "figures",
        rows: vec![vec!["".into(), "<us>".into()], vec!["row|".into(), "1".into()]],
    };
    let pictures = vec![Picture { name: "a.svg", title: "a \"b\"".into(), svg: chart::alone(&svg) }];
    let section = Section {
        part: Part::Peers,
        text: "text",
        verdicts: vec!["1 < 2".into()],
        pictures,
        grids: vec![grid],
        failed: false,
    };
    let report = Report {
        machine: vec![("processor", "x & y".into())],
        quick: true,
        sections: vec![section, Section::missing(Part::Growth, "no <reason>")],
    };
    let html = report.html();
    assert!(
        html.contains("1 &lt; 2") && html.contains("&lt;us&gt;") && html.contains("no &lt;reason&gt;"),
        "{html}"
    );
    assert!(html.contains("x &amp; y") && html.contains("aria-label=\"a &quot;b&quot;\""), "{html}");
    // One style, the page's; no script, and nothing from elsewhere.
    assert_eq!(html.matches("<style>").count(), 1);
    let outside = ["<script", "<link", "<img", "src=", "href=", "url(", "@import"];
    assert!(outside.iter().all(|word| !html.contains(word)), "{html}");
    for (open, close) in
        [("<section", "</section>"), ("<figure", "</figure>"), ("<table", "</table>"), ("<svg", "</svg>")]
    {
        assert_eq!(html.matches(open).count(), html.matches(close).count(), "{open}");
    }
    let markdown = report.markdown();
    assert!(markdown.contains("![a \"b\"](a.svg)") && markdown.contains("| row\\| | 1 |"), "{markdown}");
}
