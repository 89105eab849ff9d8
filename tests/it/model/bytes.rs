//! Programs from a fuzzer's bytes: any bytes are one.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::ops::{Op, Program, Source};

/// Longer programs find nothing that shorter ones do not, and take their time.
const LONGEST: usize = 400;

impl Program {
    /// The program that `bytes` stand for.
    pub(crate) fn decode(bytes: &[u8]) -> Program {
        Program::arbitrary_take_rest(Unstructured::new(bytes)).expect("bytes that are used up are zeroes")
    }
}

/// By hand, since small numbers are to be likelier than others, and no operation is to take more bytes than it needs.
impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut input = Input(u);
        let source = input.source()?;
        let min_align = input.byte()?;
        let mut ops = Vec::new();
        while !input.0.is_empty() && ops.len() < LONGEST {
            ops.push(input.op()?);
        }
        Ok(Program { source, min_align, ops })
    }
}

struct Input<'u, 'a>(&'u mut Unstructured<'a>);

impl Input<'_, '_> {
    fn byte(&mut self) -> Result<u8> {
        self.0.arbitrary()
    }

    fn bit(&mut self) -> Result<bool> {
        self.0.arbitrary()
    }

    fn word(&mut self) -> Result<u16> {
        self.0.arbitrary()
    }

    /// Small more often than not.
    fn size(&mut self) -> Result<u16> {
        Ok(match self.byte()? {
            small @ 0..192 => u16::from(small),
            _ => self.word()? % 2100,
        })
    }

    fn align(&mut self) -> Result<u8> {
        Ok(match self.byte()? {
            small @ 0..192 => small % 5,
            large => large % 13,
        })
    }

    fn source(&mut self) -> Result<Source> {
        Ok(match self.byte()? % 12 {
            0..3 => Source::Fixed { offset: self.byte()? % 64, len: self.word()? % 8192 },
            3 => Source::Auto,
            4 => Source::LargeAuto { scale: 20 + self.byte()? % 81 },
            #[cfg(feature = "virtual-memory")]
            5 => Source::Virtual { ranges: 1 + self.byte()? % 3, guard: self.bit()? },
            #[cfg(all(feature = "mapped", unix))]
            6 => Source::Mapped {
                contents: self.word()? % 9000,
                room: 1 + self.byte()? % 7,
                private: self.bit()?,
            },
            _ => Source::Chained {
                first: self.size()?,
                max: self.word()?,
                growth: self.byte()?,
                side_above: self.size()?,
                slab: self.bit()?,
            },
        })
    }

    fn op(&mut self) -> Result<Op> {
        let (kind, first) = (self.byte()?, self.byte()?);
        let (handle, block, forgotten) = (first, first, first);
        Ok(match kind % 26 {
            0..5 => Op::Allocate { handle, size: self.size()?, align: self.align()?, zeroed: kind >= 192 },
            5 => Op::Typed { handle, kind: self.byte()? },
            6 | 7 => Op::Free { block },
            8 | 9 => Op::Grow { block, by: self.size()?, align: self.align()?, zeroed: kind >= 128 },
            10 | 11 => Op::Shrink { block, to: self.byte()?, align: self.align()? },
            12 => Op::GrowInPlace { block, by: self.size()? },
            13 => Op::ShrinkInPlace { block, to: self.byte()? },
            14 | 15 => Op::Child { handle },
            16 => Op::End { handle },
            17 => Op::EndTree { handle, forgotten: self.byte()? },
            18 => Op::Scope { handle, len: self.byte()? % 16, panics: kind >= 128 },
            19 => Op::Mark { handle },
            20 => Op::Rewind { handle, mark: self.byte()? % 4, forgotten: self.byte()? },
            21 if kind < 96 => Op::Move { forgotten },
            21 => Op::Reset { mode: self.byte()?, keep: self.size()?, forgotten },
            22 if kind < 128 => Op::Limit { room: if first % 4 == 0 { None } else { Some(self.size()?) } },
            22 => Op::Refuse { after: first % 3, times: 1 + self.byte()? % 8 },
            23 | 24 => Op::Own { handle, kind: self.byte()? },
            25 if kind < 52 => Op::Seal { handle },
            25 if kind < 78 => Op::Unseal { forgotten },
            _ => Op::Reserve { handle, bytes: self.size()?, fill: kind >= 128 },
        })
    }
}
