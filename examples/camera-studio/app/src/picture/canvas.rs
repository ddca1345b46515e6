//! Drawing filled shapes into a picture, clipped to it. It knows nothing of what is drawn.

use super::{Picture, Size};

/// A colour as its three samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) luma: u8,
    pub(crate) blue: u8,
    pub(crate) red: u8,
}

impl Colour {
    pub(crate) const fn new(luma: u8, blue: u8, red: u8) -> Self {
        Self { luma, blue, red }
    }

    /// BT.601, video range.
    pub(crate) fn from_rgb(r: u8, g: u8, b: u8) -> Self {
        let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
        let sample = |value: i32, base: i32| (((value + 128) >> 8) + base).clamp(0, 255) as u8;
        Self {
            luma: sample(66 * r + 129 * g + 25 * b, 16),
            blue: sample(-38 * r - 74 * g + 112 * b, 128),
            red: sample(112 * r - 94 * g - 18 * b, 128),
        }
    }
}

/// A picture's planes, to draw on.
pub(crate) struct Canvas<'a> {
    size: Size,
    planes: [&'a mut [u8]; 3],
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(picture: &'a mut Picture) -> Self {
        Self { size: picture.size(), planes: picture.planes_mut() }
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Fills a rectangle; what lies outside the picture is left out.
    pub(crate) fn rectangle(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        for row in y..y.saturating_add(height) {
            self.span(row, x, x.saturating_add(width), colour);
        }
    }

    /// Fills a disc around a centre.
    pub(crate) fn disc(&mut self, x: i32, y: i32, radius: i32, colour: Colour) {
        for offset in -radius..=radius {
            let half = f64::from(radius * radius - offset * offset).sqrt() as i32;
            self.span(y + offset, x - half, x + half + 1, colour);
        }
    }

    /// Fills one row from `left` up to, not including, `right`. A chroma sample belongs to the
    /// last of its four pixels that is drawn.
    pub(crate) fn span(&mut self, row: i32, left: i32, right: i32, colour: Colour) {
        let (width, height) = (self.size.width() as i32, self.size.height() as i32);
        let (left, right) = (left.clamp(0, width) as usize, right.clamp(0, width) as usize);
        if row < 0 || row >= height || left >= right {
            return;
        }
        let row = row as usize;
        let start = row * self.size.width();
        self.planes[0][start + left..start + right].fill(colour.luma);
        let start = row / 2 * self.size.chroma_width();
        let chroma = start + left / 2..start + right.div_ceil(2);
        self.planes[1][chroma.clone()].fill(colour.blue);
        self.planes[2][chroma].fill(colour.red);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grey_has_no_colour_and_red_is_red() {
        assert_eq!(Colour::from_rgb(255, 255, 255), Colour::new(235, 128, 128));
        assert_eq!(Colour::from_rgb(0, 0, 0), Colour::new(16, 128, 128));
        assert_eq!(Colour::from_rgb(255, 0, 0), Colour::new(82, 90, 240));
    }

    proptest! {
        #[test]
        fn shapes_anywhere_stay_inside(
            (w, h) in (1u32..40, 1u32..40), x in -50..80i32, y in -50..80i32, side in 0..60i32,
        ) {
            let mut picture = Picture::new(Size::new(w, h).expect("small"));
            let mut canvas = Canvas::new(&mut picture);
            canvas.rectangle(x, y, side, side, Colour::new(200, 1, 2));
            let inside = |at: i32, len: u32| (at.max(0)..(at + side).min(len as i32)).len();
            let drawn = picture.luma().iter().filter(|&&v| v == 200).count();
            prop_assert_eq!(drawn, inside(x, w) * inside(y, h));
            Canvas::new(&mut picture).disc(x, y, side, Colour::new(201, 1, 2));
        }
    }
}
