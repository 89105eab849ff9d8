//! Every allocation fails once: the arena and its collections under the harness that we offer to others.

use allocator_api2::vec::Vec;
use arenite::collections::String;
use arenite::testing::failures::{Failures, Probe, Verdict};
use arenite::{AllocError, Arena, Chained, ResetMode};

/// An arena over a base that can refuse, with chunks small enough for many requests.
fn arena<'p>(base: &'p Probe<'_>) -> Arena<Chained<&'p Probe<'p>>>
where
{
    Arena::new_in(Chained::new_in(base).first_chunk(128).max_chunk(512).side_chunks_above(200))
}

/// Lets each request for a chunk fail, alone and with all that follow.
fn check<T, E>(program: impl FnMut(&Probe<'_>) -> Result<T, E>) {
    // A single refusal may go unnoticed: the arena asks for half as much then. If all are refused from then on, the program
    // must hear of it.
    let report = Failures::new().moving(true).from_then_on(true).allow_swallowed(true).check(program);
    report.assert_clean();
    let until_the_end = report.runs().iter().filter(|run| run.pass().from_then_on && run.request().is_some());
    let verdicts: std::vec::Vec<Verdict> = until_the_end.map(|run| run.verdict()).collect();
    assert!(verdicts.len() > 2 && verdicts.iter().all(|&verdict| verdict == Verdict::Handled), "{report}");
}

#[test]
fn the_typed_api_reports_every_failure_and_loses_nothing() {
    check(|base| -> Result<usize, AllocError> {
        let arena = arena(base);
        let mut sum = 0;
        for i in 0..20_u64 {
            sum += *arena.try_alloc(i)? as usize;
            sum += arena.try_alloc_str("some text that takes room")?.len();
            sum += arena.try_alloc_slice_fill_copy(i as usize, 7_u32)?.len();
            sum += arena.try_alloc_fmt(format_args!("{i} and {sum}"))?.len();
            sum += arena.try_alloc_box(i)?.count_ones() as usize;
        }
        sum += arena.try_alloc([0_u8; 1000])?.len();
        Ok(sum)
    });
}

#[test]
fn scopes_and_resets_lose_nothing_when_memory_is_refused() {
    // A reset that gets no memory to put chunks together goes on without: nothing is lost by it, and nobody is told.
    let report = Failures::new().allow_swallowed(true).check(|base| -> Result<(), AllocError> {
        let mut arena = arena(base);
        for round in 0..3 {
            let mut outer = Vec::new_in(&arena);
            for i in 0..30_u32 {
                arena.scope(|inner| -> Result<(), AllocError> {
                    inner.try_alloc_slice_fill_copy(round * 10 + 5, i)?;
                    outer.try_reserve(1).map_err(|_| AllocError)?;
                    outer.push(i);
                    Ok(())
                })?;
            }
            assert!(outer.iter().copied().eq(0..30));
            drop(outer);
            arena.reset();
        }
        Ok(())
    });
    report.assert_clean();
}

#[test]
fn strings_report_every_failure() {
    check(|base| -> Result<usize, AllocError> {
        let arena = arena(base);
        let mut text = String::new_in(&arena);
        for word in ["grain", "of", "sand"].iter().cycle().take(60) {
            text.try_push_str(word).map_err(|_| AllocError)?;
            text.try_push(' ').map_err(|_| AllocError)?;
        }
        Ok(text.len())
    });
}

#[test]
fn an_arena_that_is_to_keep_nothing_gives_everything_back() {
    check(|base| -> Result<(), AllocError> {
        let mut arena = arena(base);
        arena.try_alloc([1_u8; 500])?;
        arena.reset_with(ResetMode::FreeAll);
        assert_eq!(arena.allocated_bytes(), 0);
        arena.try_reserve(2000)?;
        Ok(())
    });
}
