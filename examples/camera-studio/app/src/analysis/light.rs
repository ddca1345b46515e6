//! Brightness and motion of pictures, from luma alone.

use crate::picture::{LUMA_BLACK, LUMA_WHITE, Picture, Size};

/// What one picture measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Mean luma: 0 is black, 1 is white.
    pub brightness: f64,
    /// Mean absolute luma difference to the picture before: 0 is the same picture, 1 is black
    /// against white. 0 for the first picture, and for the first of another size.
    pub motion: f64,
}

/// Measures one picture after another.
#[derive(Debug, Default)]
pub struct LightMeter {
    previous: Vec<u8>,
    size: Option<Size>,
}

impl LightMeter {
    /// Measures a picture against the one before, and remembers it.
    pub fn measure<D: AsRef<[u8]>>(&mut self, picture: &Picture<D>) -> Light {
        let luma = picture.luma();
        let pixels = luma.len() as f64;
        let range = f64::from(LUMA_WHITE - LUMA_BLACK);
        // Rows of at most 8192 bytes fit a 32-bit sum, which the compiler can vectorize.
        let rows = || luma.chunks(picture.size().width());
        let sum: u64 =
            rows().map(|row| u64::from(row.iter().map(|&v| u32::from(v)).sum::<u32>())).sum();
        let brightness = ((sum as f64 / pixels - f64::from(LUMA_BLACK)) / range).clamp(0.0, 1.0);

        let motion = if self.size == Some(picture.size()) {
            let before = self.previous.chunks(picture.size().width());
            let difference: u64 = rows().zip(before).map(|(a, b)| row_difference(a, b)).sum();
            (difference as f64 / pixels / range).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.size = Some(picture.size());
        self.previous.clear();
        self.previous.extend_from_slice(luma);
        Light { brightness, motion }
    }

    /// Forgets the picture before: what comes next is another scene.
    pub fn reset(&mut self) {
        self.size = None;
    }
}

fn row_difference(a: &[u8], b: &[u8]) -> u64 {
    u64::from(a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum::<u32>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grey(width: u32, height: u32, luma: u8) -> Picture {
        let mut picture = Picture::new(Size::new(width, height).expect("small"));
        picture.planes_mut()[0].fill(luma);
        picture
    }

    #[test]
    fn black_is_zero_and_white_is_one() {
        let mut meter = LightMeter::default();
        assert_eq!(meter.measure(&grey(5, 3, 16)), Light { brightness: 0.0, motion: 0.0 });
        assert_eq!(meter.measure(&grey(5, 3, 235)), Light { brightness: 1.0, motion: 1.0 });
        assert_eq!(meter.measure(&grey(5, 3, 235)), Light { brightness: 1.0, motion: 0.0 });
        assert_eq!(meter.measure(&grey(5, 3, 255)).brightness, 1.0);
    }

    #[test]
    fn motion_is_the_share_of_what_changed() {
        let mut meter = LightMeter::default();
        meter.measure(&grey(10, 10, 16));
        let mut half = grey(10, 10, 16);
        half.planes_mut()[0][..50].fill(235);
        assert_eq!(meter.measure(&half), Light { brightness: 0.5, motion: 0.5 });
    }

    #[test]
    fn another_size_or_scene_is_no_motion() {
        let mut meter = LightMeter::default();
        meter.measure(&grey(10, 10, 16));
        assert_eq!(meter.measure(&grey(5, 20, 235)).motion, 0.0);
        meter.reset();
        assert_eq!(meter.measure(&grey(5, 20, 16)).motion, 0.0);
        assert_eq!(meter.measure(&grey(5, 20, 235)).motion, 1.0);
    }

    proptest! {
        #[test]
        fn measures_stay_between_zero_and_one(a: [u8; 12], b: [u8; 12]) {
            let mut meter = LightMeter::default();
            let mut picture = grey(4, 3, 16);
            for luma in [a, b] {
                picture.planes_mut()[0].copy_from_slice(&luma);
                let Light { brightness, motion } = meter.measure(&picture);
                prop_assert!((0.0..=1.0).contains(&brightness) && (0.0..=1.0).contains(&motion));
            }
        }
    }
}
