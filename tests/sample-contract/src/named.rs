//! Structs and strict enums of every form, and types that hold themselves.

use portcullis::SafeInt;

/// A struct without fields.
#[portcullis::message]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty;

/// A number of its own kind.
#[portcullis::message]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u32);

/// A text of its own kind.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(#[limit(len = 1..=16)] pub String);

/// A newtype around a newtype.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wrapped(pub Id);

/// A tuple struct.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair(pub i32, pub String);

/// An enum without data.
#[portcullis::message]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Little.
    #[default]
    Low,
    /// In between.
    HalfWay,
    /// Much.
    High,
}

/// An enum without data whose tags were chosen.
#[portcullis::message]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tagged {
    /// The first one.
    #[tag = 1]
    #[default]
    One,
    /// One with a tag of two bytes.
    #[tag = 300]
    ThreeHundred,
    /// The greatest tag.
    #[tag = 4294967295]
    Greatest,
}

/// An enum with every form of variant.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// Nothing.
    #[default]
    Point,
    /// One value.
    Circle(f64),
    /// Two values.
    Segment(Id, Pair),
    /// Named values.
    BoundingBox {
        /// From the left.
        left_edge: i32,
        /// From the top.
        top: i32,
        /// To the right.
        width: u32,
        /// Down.
        height: u32,
    },
    /// Another shape.
    Inside(Box<Shape>),
    /// Many shapes, at most four.
    Many {
        /// The shapes.
        #[limit(items <= 4)]
        shapes: Vec<Shape>,
    },
}

/// A list by hand: recursion through an option.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The value.
    pub value: u8,
    /// The rest.
    pub next: Option<Box<Node>>,
}

/// A tree: recursion through a list.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The label.
    pub label: String,
    /// The branches.
    pub branches: Vec<Tree>,
}

/// A calculation: recursion through an enum.
#[portcullis::message]
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(SafeInt),
    /// The negative of another.
    Negative(Box<Expression>),
    /// The sum of two.
    Sum(Box<Expression>, Box<Expression>),
}

impl Default for Expression {
    fn default() -> Self {
        Self::Number(SafeInt(0))
    }
}
