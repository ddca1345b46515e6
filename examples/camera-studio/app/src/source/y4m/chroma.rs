//! Reads the planes of one picture and brings every layout to I420 in video range: chroma is averaged,
//! missing chroma is neutral, full range is compressed.

use std::io::{Read, Result};

use super::ColourSpace;
use crate::picture::{CHROMA_NEUTRAL, Size};

impl ColourSpace {
    /// Bytes of one chroma plane that has to be converted.
    pub(super) fn scratch_bytes(self, size: Size) -> usize {
        match self {
            Self::C420 | Self::Mono => 0,
            Self::C422 => size.chroma_width().saturating_mul(size.height()),
            Self::C444 => size.luma_bytes(),
        }
    }

    /// Reads one picture's planes. `scratch` has [`ColourSpace::scratch_bytes`].
    pub(super) fn read(
        self,
        size: Size,
        input: &mut impl Read,
        scratch: &mut [u8],
        [luma, blue, red]: [&mut [u8]; 3],
        full_range: bool,
    ) -> Result<()> {
        input.read_exact(luma)?;
        for plane in [&mut *blue, &mut *red] {
            match self {
                Self::C420 => input.read_exact(plane)?,
                Self::Mono => plane.fill(CHROMA_NEUTRAL),
                Self::C422 => {
                    input.read_exact(scratch)?;
                    halve_rows(scratch, plane, size.chroma_width());
                }
                Self::C444 => {
                    input.read_exact(scratch)?;
                    halve_both(scratch, size.width(), plane, size.chroma_width());
                }
            }
        }
        if full_range {
            // 219 steps from black to white in video range, 224 from one end of chroma to the other.
            compress(luma, 219, 16);
            compress(blue, 224, 16);
            compress(red, 224, 16);
        }
        Ok(())
    }
}

/// Averages each pair of rows; the last row of an odd number stands alone.
fn halve_rows(input: &[u8], output: &mut [u8], width: usize) {
    let mut rows = input.chunks_exact(width);
    for line in output.chunks_exact_mut(width) {
        let Some(upper) = rows.next() else { return };
        let lower = rows.next().unwrap_or(upper);
        for ((value, &a), &b) in line.iter_mut().zip(upper).zip(lower) {
            *value = a.midpoint(b);
        }
    }
}

/// Averages each square of four; a last row or column of an odd number stands alone.
fn halve_both(input: &[u8], width: usize, output: &mut [u8], out_width: usize) {
    let mut rows = input.chunks_exact(width);
    for line in output.chunks_exact_mut(out_width) {
        let Some(upper) = rows.next() else { return };
        let lower = rows.next().unwrap_or(upper);
        for ((value, a), b) in line.iter_mut().zip(upper.chunks(2)).zip(lower.chunks(2)) {
            *value = pair(a).midpoint(pair(b));
        }
    }
}

fn pair(samples: &[u8]) -> u8 {
    match samples {
        [a, b] => a.midpoint(*b),
        [a] => *a,
        _ => CHROMA_NEUTRAL,
    }
}

/// Maps 0..=255 to `base ..= base + steps`, rounded; the middle of chroma stays where it is.
fn compress(plane: &mut [u8], steps: u32, base: u32) {
    for value in plane {
        let scaled = u32::from(*value).saturating_mul(steps).saturating_add(127);
        let mapped = scaled.div_euclid(255).saturating_add(base);
        *value = u8::try_from(mapped).unwrap_or(u8::MAX);
    }
}
