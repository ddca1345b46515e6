//! Seven-segment digits: large enough to be read in a small picture, and simple enough for a test
//! to read them back.

use crate::picture::{Canvas, Colour};

/// Which segments a digit lights: bit 0 is the top, then clockwise, bit 6 is the middle.
const SEGMENTS: [u8; 10] = [
    0b011_1111, 0b000_0110, 0b101_1011, 0b100_1111, 0b110_0110, 0b110_1101, 0b111_1101, 0b000_0111,
    0b111_1111, 0b110_1111,
];

/// How large digits are drawn, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    /// Height of a digit; its width and the gap to the next one follow from it.
    pub(super) height: i32,
}

impl Face {
    pub(super) fn thickness(self) -> i32 {
        (self.height / 7).max(1)
    }

    pub(super) fn width(self) -> i32 {
        self.height * 4 / 7
    }

    /// From one digit's left edge to the next one's.
    pub(super) fn advance(self) -> i32 {
        self.width() + self.thickness() * 3 / 2
    }

    /// Draws the last `COUNT` digits of a number, with leading zeros.
    pub(super) fn draw<const COUNT: usize>(
        self,
        canvas: &mut Canvas<'_>,
        x: i32,
        y: i32,
        number: u64,
        colour: Colour,
    ) {
        let mut rest = number;
        let mut digits = [0u8; COUNT];
        for digit in digits.iter_mut().rev() {
            *digit = (rest % 10) as u8;
            rest /= 10;
        }
        let mut left = x;
        for digit in digits {
            for (segment, (dx, dy, width, height)) in self.segments().into_iter().enumerate() {
                if SEGMENTS[usize::from(digit)] >> segment & 1 == 1 {
                    canvas.rectangle(left + dx, y + dy, width, height, colour);
                }
            }
            left += self.advance();
        }
    }

    /// The seven segments' rectangles: left, top, width, height.
    fn segments(self) -> [(i32, i32, i32, i32); 7] {
        let (t, w, h) = (self.thickness(), self.width(), self.height);
        let middle = (h - t) / 2;
        [
            (0, 0, w, t),
            (w - t, 0, t, middle + t),
            (w - t, middle, t, h - middle),
            (0, h - t, w, t),
            (0, middle, t, h - middle),
            (0, 0, t, middle + t),
            (0, middle, w, t),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Picture, Size};

    /// Reads a digit back from the middles of its segments.
    fn read(picture: &Picture, face: Face, left: i32) -> Option<usize> {
        let lit = |(x, y, w, h): (i32, i32, i32, i32)| {
            // A quarter in, so that neighbours which meet at the corners are not seen.
            let (x, y) = (left + x + w / 2, y + if h > w { h / 4 + w / 2 } else { h / 2 });
            picture.luma()[y as usize * picture.size().width() + x as usize] > 128
        };
        let seen =
            face.segments().iter().rev().fold(0u8, |bits, &at| bits << 1 | u8::from(lit(at)));
        SEGMENTS.iter().position(|&segments| segments == seen)
    }

    #[test]
    fn every_digit_can_be_read_back() {
        let face = Face { height: 28 };
        for number in [0, 123_456, 789_012, 999_999, 7_000_003] {
            let mut picture = Picture::new(Size::new(200, 40).expect("small"));
            let white = Colour::new(235, 128, 128);
            face.draw::<6>(&mut Canvas::new(&mut picture), 0, 0, number, white);
            let seen: Vec<_> = (0..6).map(|i| read(&picture, face, i * face.advance())).collect();
            let text = format!("{:06}", number % 1_000_000);
            let expected: Vec<_> = text.bytes().map(|b| Some(usize::from(b - b'0'))).collect();
            assert_eq!(seen, expected, "{number}");
        }
    }
}
