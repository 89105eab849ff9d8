//! A heap that has been in use before: what is new has memory in one piece, what has worked for a day has not.

use std::mem;
use std::path::Path;
use std::str::FromStr;

use crate::memory::Memory;
use crate::rows::Random;

/// So many times the most blocks that the work has at a time are made, and all but one in so many are freed: as many as that
/// stay, each with free memory around it.
const TIMES: u64 = 20;
/// Litter has at most so many bytes before most of it is freed.
const MOST: usize = 512 << 20;

/// What a piece of work asks for, as [`Census`](crate::Census) writes it down.
pub(crate) struct Sizes {
    /// The most blocks at a time.
    most: u64,
    /// Sizes, and how many blocks in all had at most that and more than the size before.
    blocks: Vec<(usize, u64)>,
}

impl FromStr for Sizes {
    type Err = Box<dyn std::error::Error>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut lines = text.lines();
        let most = lines.next().ok_or("there is no figure")?.parse()?;
        let mut blocks = Vec::new();
        for line in lines {
            let (size, number) = line.split_once(' ').ok_or("a line has two figures")?;
            blocks.push((size.parse()?, number.parse()?));
        }
        Ok(Sizes { most, blocks })
    }
}

/// Fills memory with blocks of the sizes in `file`, and frees most of them, in no order. The rest stays to the end of the
/// process.
pub(crate) fn leave(memory: &dyn Memory, file: &Path) {
    let text = std::fs::read_to_string(file).expect("the sizes are written before");
    let sizes: Sizes = text.parse().expect("the sizes are written by our own program");
    let all: u64 = sizes.blocks.iter().map(|(_, number)| number).sum();
    let mut random = Random(7);
    let mut draw = || {
        let mut rest = random.next() as u64 % all;
        let found = sizes.blocks.iter().find(|(_, number)| {
            let is_here = rest < *number;
            rest = rest.saturating_sub(*number);
            is_here
        });
        found.map_or(1, |(size, _)| *size)
    };
    let mut drawn = Vec::new();
    let mut bytes = 0;
    while (drawn.len() as u64) < sizes.most * TIMES {
        let size = draw();
        bytes += size;
        if bytes > MOST {
            break;
        }
        drawn.push(size);
    }
    let mut blocks: Vec<Vec<u8>> = Vec::with_capacity(drawn.len());
    memory.scope(&mut || {
        blocks.extend(drawn.iter().map(|&size| touched(size)));
        for index in (1..blocks.len()).rev() {
            blocks.swap(index, random.next() % (index + 1));
        }
        blocks.truncate(blocks.len().div_ceil(TIMES as usize));
    });
    mem::forget(blocks);
}

/// A block whose pages are there.
fn touched(size: usize) -> Vec<u8> {
    const PAGE: usize = 4096;
    let mut block: Vec<u8> = Vec::with_capacity(size);
    for byte in block.spare_capacity_mut().iter_mut().step_by(PAGE) {
        byte.write(1);
    }
    block
}
