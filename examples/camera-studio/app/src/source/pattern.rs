//! A generated moving picture: a slow wash of colour, a disc that bounces, scrolling bars, and the
//! picture's number in large digits. The same number always gives the same picture.

use std::f32::consts::TAU;

use super::digits::Face;
use super::{Source, SourceError};
use crate::picture::{Canvas, Colour, Picture, Rate, Size};

/// How many digits of the picture's number are shown.
const COUNTER_DIGITS: usize = 6;

/// A generator of pictures without an end.
#[derive(Debug)]
pub struct Pattern {
    size: Size,
    rate: Rate,
    variant: u32,
    sequence: u64,
    /// One turn of a sine in 256 steps, from -127 to 127.
    sine: [i8; 256],
}

impl Pattern {
    /// Patterns of different variants differ in colour.
    pub fn new(size: Size, rate: Rate, variant: u32) -> Self {
        let sine = std::array::from_fn(|i| ((i as f32 / 256.0 * TAU).sin() * 127.0).round() as i8);
        Self { size, rate, variant, sequence: 0, sine }
    }

    /// A sine of `amplitude` at a phase of which 256 are one turn.
    fn wave(&self, phase: usize, amplitude: i32) -> i32 {
        i32::from(self.sine[phase % 256]) * amplitude / 127
    }

    /// Slanted waves of luma under two slow fields of chroma.
    fn background(&self, picture: &mut Picture, now: usize) {
        let size = self.size;
        let [luma, blue, red] = picture.planes_mut();
        let hue = now / 3 + self.variant as usize * 85;
        fill(luma, (size.width(), size.height()), (256, 256), |along, down| {
            let slant = self.wave(along + down / 2 + now, 26);
            let slow = self.wave(down + 512 - along / 2 + hue, 22);
            (84 + slant + slow) as u8
        });
        let chroma = (size.chroma_width(), size.chroma_height());
        fill(blue, chroma, (160, 1), |along, _| (128 + self.wave(along + hue, 52)) as u8);
        fill(red, chroma, (160, 200), |along, down| {
            (128 + self.wave(down + along / 3 + hue * 2 + 70, 48)) as u8
        });
    }

    /// A lit disc that bounces off all four edges.
    fn disc(&self, canvas: &mut Canvas<'_>, now: usize) {
        let (width, height) = (self.size.width() as i32, self.size.height() as i32);
        let radius = (width.min(height) / 9).max(2);
        let bounce = |steps: usize, range: i32| {
            let range = range.max(1);
            let at = (steps % (2 * range as usize)) as i32;
            if at < range { at } else { 2 * range - at }
        };
        let pace = (width / 120).max(1) as usize;
        let x = radius + bounce(now * pace + self.size.width() / 2, width - 2 * radius);
        let y = radius + bounce(now * pace * 3 / 4, height - 2 * radius);
        canvas.disc(x + radius / 6, y + radius / 5, radius, Colour::new(40, 128, 128));
        canvas.disc(x, y, radius, Colour::from_rgb(250, 246, 235));
        canvas.disc(x, y, radius * 4 / 5, Colour::from_rgb(232, 62, 54));
        canvas.disc(x - radius / 4, y - radius / 4, radius / 4, Colour::from_rgb(255, 176, 160));
    }

    /// Eight colour bars that scroll along the lower edge.
    fn bars(&self, canvas: &mut Canvas<'_>, now: usize) {
        const BARS: [(u8, u8, u8); 8] = [
            (191, 191, 191),
            (191, 191, 0),
            (0, 191, 191),
            (0, 191, 0),
            (191, 0, 191),
            (191, 0, 0),
            (0, 0, 191),
            (24, 24, 24),
        ];
        let (width, height) = (self.size.width() as i32, self.size.height() as i32);
        let tall = (height / 10).max(2);
        let wide = (width / 8).max(1);
        let shift = (now as i64 * 2 % i64::from(wide * 8)) as i32;
        for turn in [0, wide * 8] {
            for ((r, g, b), at) in BARS.into_iter().zip(0..) {
                let x = at * wide - shift + turn;
                canvas.rectangle(x, height - tall, wide, tall, Colour::from_rgb(r, g, b));
            }
        }
    }

    /// The picture's number on a dark plate, and below it a bar that fills once a second.
    fn counter(&self, canvas: &mut Canvas<'_>) {
        let face = Face { height: (self.size.height() as i32 / 8).max(7) };
        let margin = face.thickness() * 2;
        let wide = face.advance() * COUNTER_DIGITS as i32 - (face.advance() - face.width());
        let tall = face.height + margin + face.thickness();
        let plate = Colour::new(22, 128, 128);
        canvas.rectangle(margin, margin, wide + 2 * margin, tall + 2 * margin, plate);
        let (left, top) = (2 * margin, 2 * margin);
        let white = Colour::new(235, 128, 128);
        face.draw::<COUNTER_DIGITS>(canvas, left, top, self.sequence, white);

        let each = self.rate.per_second().round().max(1.0) as u64;
        let filled = i64::from(wide) * (self.sequence % each + 1) as i64 / each as i64;
        let y = top + face.height + margin;
        canvas.rectangle(left, y, wide, face.thickness(), Colour::new(70, 128, 128));
        canvas.rectangle(left, y, filled as i32, face.thickness(), Colour::from_rgb(255, 190, 60));
    }
}

/// Fills a plane from `value` at each of its points on a grid of so many columns and rows. However large the plane is, each
/// row of the grid is computed once, and what lies within it is copied: a picture of 1920 by 1080 must not take long.
fn fill(
    plane: &mut [u8],
    (width, height): (usize, usize),
    (columns, rows): (usize, usize),
    value: impl Fn(usize, usize) -> u8,
) {
    let mut line = [0u8; 256];
    let mut drawn: Option<usize> = None;
    // As many turns as the plane has rows.
    for y in 0..height {
        let (before, rest) = plane.split_at_mut(y * width);
        let row = &mut rest[..width];
        let down = y * rows / height;
        if drawn.replace(down) == Some(down) {
            row.copy_from_slice(&before[(y - 1) * width..]);
            continue;
        }
        for (along, point) in line[..columns].iter_mut().enumerate() {
            *point = value(along, down);
        }
        for (x, point) in row.iter_mut().enumerate() {
            *point = line[x * columns / width];
        }
    }
}

impl Source for Pattern {
    fn size(&self) -> Size {
        self.size
    }

    fn rate(&self) -> Rate {
        self.rate
    }

    fn read(&mut self, captured_us: u64, picture: &mut Picture) -> Result<(), SourceError> {
        picture.resize(self.size);
        picture.sequence = self.sequence;
        picture.captured_us = captured_us;
        // Everything moves the same way a second at any rate, and comes round after a while.
        let steps = self.sequence as f64 * 60.0 / self.rate.per_second();
        let now = (steps as u64 % (1 << 20)) as usize;
        self.background(picture, now);
        let mut canvas = Canvas::new(picture);
        debug_assert_eq!(canvas.size(), self.size);
        self.bars(&mut canvas, now);
        self.disc(&mut canvas, now);
        self.counter(&mut canvas);
        self.sequence += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pictures(width: u32, height: u32, variant: u32, count: usize) -> Vec<Picture> {
        let size = Size::new(width, height).expect("small");
        let rate = Rate::new(30, 1).expect("sane");
        let mut pattern = Pattern::new(size, rate, variant);
        let mut picture = Picture::new(size);
        let read = |at: usize| {
            pattern.read(at as u64, &mut picture).expect("a pattern does not fail");
            picture.clone()
        };
        (0..count).map(read).collect()
    }

    #[test]
    fn it_moves_and_is_colourful() {
        let pictures = pictures(160, 90, 0, 10);
        for pair in pictures.windows(2) {
            let changed = pair[0].luma().iter().zip(pair[1].luma()).filter(|(a, b)| a != b).count();
            assert!(changed * 10 > pair[0].luma().len(), "{changed} pixels changed");
        }
        let (blue, red) = pictures[0].chroma();
        for plane in [blue, red] {
            let range = plane.iter().max().zip(plane.iter().min()).map(|(a, b)| a - b);
            assert!(range > Some(60), "{range:?}");
        }
    }

    #[test]
    fn the_same_number_gives_the_same_picture_and_variants_differ() {
        assert_eq!(pictures(64, 48, 1, 5), pictures(64, 48, 1, 5));
        assert_ne!(pictures(64, 48, 1, 1), pictures(64, 48, 2, 1));
        let numbers: Vec<_> = pictures(16, 16, 0, 3).iter().map(|p| p.sequence).collect();
        assert_eq!(numbers, [0, 1, 2]);
    }

    #[test]
    fn a_plane_has_at_each_point_what_its_grid_has_there() {
        let value = |along: usize, down: usize| (along * 3 + down * 7) as u8;
        for (width, height) in [(1, 1), (7, 5), (300, 260)] {
            let mut plane = vec![0; width * height];
            fill(&mut plane, (width, height), (160, 200), value);
            for (at, point) in plane.into_iter().enumerate() {
                let (x, y) = (at % width, at / width);
                assert_eq!(point, value(x * 160 / width, y * 200 / height), "{x},{y}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_size_can_be_drawn(w in 1u32..150, h in 1u32..150, sequence: u32, fps in 1u32..=240) {
            let size = Size::new(w, h).expect("small");
            let mut pattern = Pattern::new(size, Rate::new(fps, 1).expect("sane"), sequence);
            pattern.sequence = u64::from(sequence);
            let mut picture = Picture::new(size);
            prop_assert!(pattern.read(0, &mut picture).is_ok());
            prop_assert!(picture.luma().iter().all(|v| (16..=235).contains(v)));
        }
    }
}
