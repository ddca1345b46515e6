//! The flat form of a schema's types: what one value must be, in 24 bytes, with indices in place of pointers.

/// What a value must be. Children stand in the plan's list of nodes: `first` with `len` is a run of them, any other
/// index one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Unit,
    Bool,
    /// `u8` as a raw byte.
    Byte {
        min: u8,
        max: u8,
    },
    /// `i8` as a raw byte.
    SignedByte {
        min: i8,
        max: i8,
    },
    /// A varint within the range; of a duration too.
    Unsigned {
        bits: u32,
        min: u64,
        max: u64,
    },
    /// A zig-zag varint within the range; of a timestamp and a safe integer too.
    Signed {
        bits: u32,
        min: i64,
        max: i64,
    },
    /// `limited` says that a range was declared: then no NaN passes, however wide the range.
    F32 {
        limited: bool,
        min: f64,
        max: f64,
    },
    F64 {
        limited: bool,
        min: f64,
        max: f64,
    },
    Text {
        min: u32,
        max: u32,
    },
    Bytes {
        min: u32,
        max: u32,
    },
    Blob {
        min: u32,
        max: u32,
    },
    /// `size` is that of one number; the limits count numbers.
    TypedArray {
        size: usize,
        min: u32,
        max: u32,
    },
    /// So many bytes of any value: a UUID, an array of bytes.
    Raw {
        len: usize,
    },
    Json,
    Url,
    Option {
        inner: u32,
    },
    List {
        item: u32,
        min: u32,
        max: u32,
        /// The fewest bytes of an item.
        bytes_min: usize,
    },
    Array {
        item: u32,
        len: u32,
        /// The fewest bytes of the whole array.
        bytes_min: usize,
    },
    /// `pair` is the key, the node behind it the value.
    Map {
        pair: u32,
        min: u32,
        max: u32,
        /// The fewest bytes of an entry.
        bytes_min: usize,
    },
    /// Values one after the other, without a level of nesting: a tuple, the arguments of a call.
    Sequence {
        first: u32,
        len: u32,
    },
    /// Values one after the other as one level of nesting: a struct, a variant with fields.
    Struct {
        first: u32,
        len: u32,
    },
    /// Numbered fields; their labels' keys ascend.
    Table {
        first: u32,
        len: u32,
    },
    /// Variants; their labels' keys ascend.
    Enum {
        first: u32,
        len: u32,
        flexible: bool,
    },
    /// No value at all: what the schema says cannot be (it was not checked).
    Never,
}

/// Stands for a name that paths leave out.
pub(super) const NAMELESS: u32 = u32::MAX;

/// What a node is called where it stands in a run: beside it in the plan, at the same index.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Label {
    /// Index of the name that paths of errors show, or [`NAMELESS`].
    pub(super) name: u32,
    /// The number of a table's field or the tag of a variant.
    pub(super) key: u32,
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_node_stays_small() {
        assert!(size_of::<super::Node>() <= 24);
    }
}
