//! What a camera's settings do to a picture: exposure, gain, mirroring and a smaller size. Choosing
//! the settings, and leaving out pictures to slow down, belong to the camera worker.
//!
//! The adjusted picture is written where it is wanted, shared memory say, in the one pass that reads the original.

use super::{LUMA_BLACK, LUMA_WHITE, Picture, Size};

/// How much smaller than the source a picture is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shrink {
    /// As it was taken.
    #[default]
    Full,
    /// Half the width and half the height.
    Half,
    /// A quarter of the width and a quarter of the height.
    Quarter,
}

impl Shrink {
    fn factor(self) -> usize {
        match self {
            Self::Full => 1,
            Self::Half => 2,
            Self::Quarter => 4,
        }
    }

    fn applied_to(self, size: Size) -> Size {
        let side = |pixels: u32| (pixels / self.factor() as u32).max(1);
        Size { width: side(size.width), height: side(size.height) }
    }
}

/// The settings, ready to be applied to any number of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    luma: [u8; 256],
    /// No value that a picture may have becomes another.
    keeps_luma: bool,
    mirror: bool,
    shrink: Shrink,
}

impl Adjustment {
    /// Brightens by `exposure_ev` stops and `gain_db` decibels together; black stays black.
    pub fn new(exposure_ev: f32, gain_db: f32, mirror: bool, shrink: Shrink) -> Self {
        let factor = exposure_ev.exp2() * 10f32.powf(gain_db / 20.0);
        let black = f32::from(LUMA_BLACK);
        let luma = std::array::from_fn(|value| {
            let scaled = (value as f32 - black) * factor + black;
            scaled.round().clamp(black, f32::from(LUMA_WHITE)) as u8
        });
        let in_range = LUMA_BLACK..=LUMA_WHITE;
        let keeps_luma = in_range.into_iter().all(|value| luma[usize::from(value)] == value);
        Self { luma, keeps_luma, mirror, shrink }
    }

    /// The size that a picture of `size` has afterwards.
    pub fn size_of(&self, size: Size) -> Size {
        self.shrink.applied_to(size)
    }

    /// Writes all planes of the adjusted picture into `output`.
    ///
    /// # Panics
    ///
    /// When `output` is not as long as a picture of [`Self::size_of`] the original's size.
    pub fn apply(&self, input: &Picture, output: &mut [u8]) {
        let from = input.size();
        let size = self.size_of(from);
        assert_eq!(output.len(), size.picture_bytes(), "the picture's own length");
        let (blue, red) = input.chroma();
        let [luma_out, blue_out, red_out] = size.planes_of(output);
        self.plane(input.luma(), from.width(), luma_out, size.width());
        if !self.keeps_luma {
            for value in luma_out.iter_mut() {
                *value = self.luma[usize::from(*value)];
            }
        }
        self.plane(blue, from.chroma_width(), blue_out, size.chroma_width());
        self.plane(red, from.chroma_width(), red_out, size.chroma_width());
    }

    /// Shrinks a plane by averaging squares (cut off at the right and lower edge), and mirrors it.
    fn plane(&self, input: &[u8], width: usize, output: &mut [u8], out_width: usize) {
        let factor = self.shrink.factor();
        let square_rows = input.chunks(width * factor);
        for (row, rows) in output.chunks_exact_mut(out_width).zip(square_rows) {
            if factor == 1 {
                row.copy_from_slice(rows);
            } else {
                average_row(rows, width, factor, row);
            }
            if self.mirror {
                row.reverse();
            }
        }
    }
}

fn average_row(rows: &[u8], width: usize, factor: usize, output: &mut [u8]) {
    for (column, value) in output.iter_mut().enumerate() {
        let left = (column * factor).min(width - 1);
        let right = (left + factor).min(width);
        let mut sum = 0u32;
        let mut count = 0u32;
        for row in rows.chunks_exact(width) {
            sum += row[left..right].iter().map(|&v| u32::from(v)).sum::<u32>();
            count += (right - left) as u32;
        }
        *value = (sum / count.max(1)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ramp(width: u32, height: u32) -> Picture {
        let mut picture = Picture::new(Size::new(width, height).expect("small"));
        for (i, value) in picture.planes_mut()[0].iter_mut().enumerate() {
            *value = 16 + (i % 200) as u8;
        }
        picture
    }

    fn apply(adjustment: Adjustment, input: &Picture) -> Picture {
        let mut output = Picture::new(adjustment.size_of(input.size()));
        adjustment.apply(input, output.data_mut());
        output
    }

    #[test]
    fn neutral_settings_change_nothing() {
        let input = ramp(7, 5);
        assert_eq!(apply(Adjustment::new(0.0, 0.0, false, Shrink::Full), &input), input);
    }

    #[test]
    fn one_stop_doubles_the_distance_from_black() {
        let output = apply(Adjustment::new(1.0, 0.0, false, Shrink::Full), &ramp(200, 1));
        assert_eq!(output.luma()[..4], [16, 18, 20, 22]);
        assert_eq!(output.luma()[199], 235);
        let output = apply(Adjustment::new(0.0, 20.0, false, Shrink::Full), &ramp(200, 1));
        assert_eq!(output.luma()[2], 36);
    }

    #[test]
    fn mirroring_reverses_each_row() {
        let output = apply(Adjustment::new(0.0, 0.0, true, Shrink::Full), &ramp(3, 2));
        assert_eq!(output.luma(), [18, 17, 16, 21, 20, 19]);
    }

    #[test]
    fn shrinking_averages_squares() {
        let output = apply(Adjustment::new(0.0, 0.0, false, Shrink::Half), &ramp(4, 2));
        assert_eq!(output.luma(), [16 + (1 + 4 + 5) / 4, 16 + (2 + 3 + 6 + 7) / 4]);
    }

    proptest! {
        #[test]
        fn every_size_shrinks_to_a_whole_picture(w in 1u32..40, h in 1u32..40, mirror: bool) {
            for shrink in [Shrink::Full, Shrink::Half, Shrink::Quarter] {
                let output = apply(Adjustment::new(0.3, 3.0, mirror, shrink), &ramp(w, h));
                prop_assert_eq!(output.data().len(), output.size().picture_bytes());
                prop_assert!(output.luma().iter().all(|v| (16..=235).contains(v)));
                let (blue, red) = output.chroma();
                prop_assert!(blue.iter().chain(red).all(|&v| v == 128));
            }
        }
    }
}
