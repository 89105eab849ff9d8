//! What is counted: operations, and whose. `benches/README.md` says how to read the table.
//!
//! Each operation is compiled as a function of its own for each contender, never inlined, and called by one loop for all of
//! them. What that loop takes, with a function that does nothing, is taken off.

// `Std` and vectors of a crate's own are measured in `benches/peers` alone.
#[allow(dead_code, reason = "not all that `benches/peers` does is done here")]
#[path = "../../peers/contender.rs"]
mod contender;
// Of our backings the default one is counted; `benches/peers` has the others beside it.
#[allow(dead_code, reason = "not all that `benches/peers` does is done here")]
#[path = "../../peers/ours.rs"]
mod ours;

pub mod arenas;
pub mod regions;

/// What every function is given.
pub struct Input {
    number: u64,
    text: &'static str,
    layout: std::alloc::Layout,
}

impl Input {
    fn new() -> Self {
        let layout = std::alloc::Layout::new::<[u64; 8]>();
        Input { number: 7, text: "sand under a lens", layout }
    }
}

/// What is called so and so many times.
type Call = unsafe fn(*mut (), &Input) -> usize;

/// A function and what it works upon, ready to be counted.
pub struct Job {
    call: Call,
    on: *mut (),
    input: Input,
    calls: usize,
}

impl Job {
    fn new(call: Call, on: *mut (), calls: usize) -> Self {
        Job { call, on, input: Input::new(), calls }
    }

    /// The loop that is the same for all.
    #[inline(never)]
    pub fn run(&self) -> usize {
        let mut sum = 0;
        for _ in 0..self.calls {
            // SAFETY: whoever made the job has paired the two.
            sum ^= unsafe { (self.call)(self.on, &self.input) };
        }
        sum
    }
}

/// Does nothing.
#[inline(never)]
unsafe fn nothing(_: *mut (), input: &Input) -> usize {
    input.number as usize
}

/// What a figure is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    pub operation: &'static str,
    pub who: &'static str,
    /// Whether there is a budget for it.
    pub ours: bool,
    pub calls: usize,
    /// Operations in one call.
    pub each: usize,
}
