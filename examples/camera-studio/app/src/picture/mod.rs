//! One picture in memory: I420 planes in one buffer, exactly as it travels. Drawing into a picture
//! is `canvas`, the camera's settings are `adjust`; where pictures come from is `source`.

pub mod adjust;
mod canvas;

pub(crate) use canvas::{Canvas, Colour};

/// The longest side a picture may have, in pixels.
pub const SIDE_PIXELS_MAX: u32 = 8192;

/// The most bytes one picture may take (a 3840 by 2160 picture takes 12.4 MB).
pub const PICTURE_BYTES_MAX: usize = 15 << 20;

/// What luma value is black in a picture, and what value is white (BT.601 video range).
pub const LUMA_BLACK: u8 = 16;
/// See [`LUMA_BLACK`].
pub const LUMA_WHITE: u8 = 235;

/// The chroma value that has no colour.
pub const CHROMA_NEUTRAL: u8 = 128;

/// Width and height of a picture that was found to be within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

/// A size that no picture may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// A side is zero or longer than [`SIDE_PIXELS_MAX`].
    #[error("{width}x{height} is outside 1x1 to {SIDE_PIXELS_MAX}x{SIDE_PIXELS_MAX}")]
    Side {
        /// The width asked for.
        width: u32,
        /// The height asked for.
        height: u32,
    },
    /// The picture would take more than [`PICTURE_BYTES_MAX`].
    #[error("a {width}x{height} picture takes more than {} MiB", PICTURE_BYTES_MAX >> 20)]
    Bytes {
        /// The width asked for.
        width: u32,
        /// The height asked for.
        height: u32,
    },
}

impl Size {
    /// 640 by 360.
    pub const WIDE_360: Self = Self { width: 640, height: 360 };

    /// 1920 by 1080.
    pub const HIGH_1080: Self = Self { width: 1920, height: 1080 };

    /// Checks both limits: the longest side, and the bytes of one picture.
    pub fn new(width: u32, height: u32) -> Result<Self, SizeError> {
        let sides = 1..=SIDE_PIXELS_MAX;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(SizeError::Side { width, height });
        }
        let size = Self { width, height };
        if size.picture_bytes() > PICTURE_BYTES_MAX {
            return Err(SizeError::Bytes { width, height });
        }
        Ok(size)
    }

    /// Pixels in a row.
    pub fn width(self) -> usize {
        self.width as usize
    }

    /// Rows.
    pub fn height(self) -> usize {
        self.height as usize
    }

    /// Samples in a row of a chroma plane: half the width, rounded up.
    pub fn chroma_width(self) -> usize {
        self.width().div_ceil(2)
    }

    /// Rows of a chroma plane: half the height, rounded up.
    pub fn chroma_height(self) -> usize {
        self.height().div_ceil(2)
    }

    /// Bytes of the luma plane.
    pub fn luma_bytes(self) -> usize {
        self.width() * self.height()
    }

    /// Bytes of one chroma plane.
    pub fn chroma_bytes(self) -> usize {
        self.chroma_width() * self.chroma_height()
    }

    /// Bytes of a whole picture.
    pub fn picture_bytes(self) -> usize {
        self.luma_bytes() + 2 * self.chroma_bytes()
    }

    /// The three planes of a picture of this size, to write to: luma, blue difference, red difference.
    fn planes_of(self, data: &mut [u8]) -> [&mut [u8]; 3] {
        let (luma, chroma) = data.split_at_mut(self.luma_bytes());
        let (blue, red) = chroma.split_at_mut(self.chroma_bytes());
        [luma, blue, red]
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Pictures a second, as a fraction, because 30000/1001 is common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
}

impl Rate {
    /// Thirty pictures a second.
    pub const THIRTY: Self = Self { numerator: 30, denominator: 1 };

    /// Sixty pictures a second.
    pub const SIXTY: Self = Self { numerator: 60, denominator: 1 };

    /// The slowest rate a source may have, in pictures a second.
    pub const MIN: u32 = 1;
    /// The fastest rate a source may have, in pictures a second.
    pub const MAX: u32 = 240;

    /// A rate between [`Rate::MIN`] and [`Rate::MAX`], or nothing.
    pub fn new(numerator: u32, denominator: u32) -> Option<Self> {
        let (n, d) = (u64::from(numerator), u64::from(denominator));
        let sane = d > 0 && n >= d * u64::from(Self::MIN) && n <= d * u64::from(Self::MAX);
        sane.then_some(Self { numerator, denominator })
    }

    /// The time from one picture to the next, in microseconds.
    pub fn interval_us(self) -> u64 {
        u64::from(self.denominator) * 1_000_000 / u64::from(self.numerator)
    }

    /// Pictures a second.
    pub fn per_second(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{:.2}", self.per_second())
        }
    }
}

/// One picture. The buffer holds the luma plane, then both chroma planes at half the width and
/// height (I420, BT.601, video range); it is reused from picture to picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture<D = Vec<u8>> {
    size: Size,
    /// Counts the pictures of one source from zero, without a gap.
    pub sequence: u64,
    /// When it was taken, in microseconds since the Unix epoch.
    pub captured_us: u64,
    data: D,
}

impl<D: AsRef<[u8]>> Picture<D> {
    /// A picture of planes that came from elsewhere; nothing when they are not those of that size.
    pub fn from_data(size: Size, data: D) -> Option<Self> {
        let fits = data.as_ref().len() == size.picture_bytes();
        fits.then_some(Self { size, sequence: 0, captured_us: 0, data })
    }

    /// Its width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// All planes, in the order in which they travel.
    pub fn data(&self) -> &[u8] {
        self.data.as_ref()
    }

    /// The luma plane.
    pub fn luma(&self) -> &[u8] {
        &self.data()[..self.size.luma_bytes()]
    }

    /// Both chroma planes, blue difference first.
    pub fn chroma(&self) -> (&[u8], &[u8]) {
        self.data()[self.size.luma_bytes()..].split_at(self.size.chroma_bytes())
    }
}

impl Picture {
    /// A black picture.
    pub fn new(size: Size) -> Self {
        let mut data = vec![CHROMA_NEUTRAL; size.picture_bytes()];
        data[..size.luma_bytes()].fill(LUMA_BLACK);
        Self { size, sequence: 0, captured_us: 0, data }
    }

    /// Makes it a black picture of another size; nothing happens when the size is right already.
    pub fn resize(&mut self, size: Size) {
        if self.size != size {
            let (sequence, captured_us) = (self.sequence, self.captured_us);
            *self = Self { sequence, captured_us, ..Self::new(size) };
        }
    }

    /// All planes, to write to.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The three planes to write to: luma, blue difference, red difference.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        self.size.planes_of(&mut self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded_by_side_and_by_bytes() {
        assert!(Size::new(640, 360).is_ok());
        assert!(Size::new(3840, 2160).is_ok());
        assert_eq!(Size::new(0, 4), Err(SizeError::Side { width: 0, height: 4 }));
        assert_eq!(Size::new(8193, 4), Err(SizeError::Side { width: 8193, height: 4 }));
        assert_eq!(Size::new(8192, 8192), Err(SizeError::Bytes { width: 8192, height: 8192 }));
    }

    #[test]
    fn planes_of_another_size_are_no_picture() {
        let size = Size::new(5, 3).expect("within limits");
        let data = Picture::new(size).data().to_vec();
        assert_eq!(Picture::from_data(size, data.clone()), Some(Picture::new(size)));
        assert_eq!(Picture::from_data(size, data[1..].to_vec()), None);
    }

    #[test]
    fn odd_sides_round_chroma_up() {
        let size = Size::new(5, 3).expect("within limits");
        assert_eq!(size.picture_bytes(), 15 + 2 * 6);
        let mut picture = Picture::new(size);
        assert_eq!(picture.luma().len(), 15);
        assert_eq!(picture.chroma().1.len(), 6);
        assert!(picture.planes_mut()[2].iter().all(|&v| v == CHROMA_NEUTRAL));
    }

    #[test]
    fn rates_outside_one_to_two_hundred_and_forty_are_refused() {
        assert_eq!(Rate::new(30, 1).map(Rate::interval_us), Some(33_333));
        assert_eq!(Rate::new(30_000, 1001).map(Rate::interval_us), Some(33_366));
        for (n, d) in [(0, 1), (30, 0), (0, 0), (1, 2), (241, 1), (u32::MAX, 1), (1, u32::MAX)] {
            assert_eq!(Rate::new(n, d), None, "{n}/{d}");
        }
        assert_eq!(Rate::new(30_000, 1001).map(|r| r.to_string()).as_deref(), Some("29.97"));
    }
}
