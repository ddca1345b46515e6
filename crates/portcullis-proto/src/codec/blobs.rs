//! The blobs of a message that has come. Most messages have none, which costs a look; most others have one, which is no
//! reason to allocate.

use std::fmt;
use std::ops::Deref;

use super::Blob;

/// Blobs of a message, in the order of their numbers.
#[derive(Clone, Default)]
pub struct Blobs(Held);

#[derive(Clone, Default)]
enum Held {
    #[default]
    None,
    One(Blob),
    Many(Vec<Blob>),
}

impl Blobs {
    /// None.
    #[inline]
    pub const fn new() -> Self {
        Self(Held::None)
    }

    /// Puts one behind the others.
    pub fn push(&mut self, blob: Blob) {
        self.0 = match std::mem::take(&mut self.0) {
            Held::None => Held::One(blob),
            Held::One(first) => Held::Many(vec![first, blob]),
            Held::Many(mut blobs) => {
                blobs.push(blob);
                Held::Many(blobs)
            }
        };
    }

    /// Drops all.
    #[inline]
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

impl Deref for Blobs {
    type Target = [Blob];

    #[inline]
    fn deref(&self) -> &[Blob] {
        match &self.0 {
            Held::None => &[],
            Held::One(blob) => std::slice::from_ref(blob),
            Held::Many(blobs) => blobs,
        }
    }
}

impl From<&[Blob]> for Blobs {
    #[inline]
    fn from(blobs: &[Blob]) -> Self {
        match blobs {
            [] => Self::new(),
            [blob] => Self(Held::One(blob.clone())),
            _ => Self(Held::Many(blobs.to_vec())),
        }
    }
}

impl FromIterator<Blob> for Blobs {
    fn from_iter<T: IntoIterator<Item = Blob>>(blobs: T) -> Self {
        let mut all = Self::new();
        blobs.into_iter().for_each(|blob| all.push(blob));
        all
    }
}

impl PartialEq for Blobs {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Blobs {}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&**self).finish()
    }
}
