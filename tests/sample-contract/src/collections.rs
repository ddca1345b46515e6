//! Values that hold values.

use std::collections::{BTreeMap, HashMap};

use portcullis::Json;

use crate::{Id, Level, Pair};

/// What may be absent.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// A number, perhaps.
    pub number: Option<u32>,
    /// A text, perhaps.
    pub text: Option<String>,
    /// A list, perhaps.
    pub list: Option<Vec<bool>>,
    /// A message, perhaps.
    pub pair: Option<Pair>,
    /// A large number, perhaps.
    pub long: Option<u64>,
    /// A boxed float, perhaps.
    pub boxed: Option<Box<f64>>,
    /// A number, perhaps unknown, perhaps known to be absent.
    pub nested: Option<Option<u8>>,
    /// Open data, perhaps; `null` is not the same as absent.
    pub json: Option<Json>,
}

/// Lists.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lists {
    /// Of numbers.
    pub numbers: Vec<u32>,
    /// Of large numbers.
    pub longs: Vec<i64>,
    /// Of floats.
    pub floats: Vec<f64>,
    /// Of texts.
    pub texts: Vec<String>,
    /// Of bytes.
    pub blobs: Vec<Vec<u8>>,
    /// Of lists.
    pub nested: Vec<Vec<u16>>,
    /// Of what may be absent.
    pub options: Vec<Option<bool>>,
    /// Of messages.
    pub pairs: Vec<Pair>,
}

/// Arrays of a fixed length.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays {
    /// Of numbers.
    pub numbers: [u16; 3],
    /// Of bytes, which are numbers here.
    pub bytes: [u8; 4],
    /// Of texts.
    pub texts: [String; 2],
    /// Of arrays.
    pub matrix: [[f32; 2]; 2],
    /// Of nothing.
    pub none: [u64; 0],
}

/// Maps.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maps {
    /// By text, in order.
    pub by_text: BTreeMap<String, u32>,
    /// By number, in no order of its own.
    pub by_number: HashMap<u32, String>,
    /// By large number, signed.
    pub by_long: BTreeMap<i64, bool>,
    /// By newtype, to lists.
    pub by_id: BTreeMap<Id, Vec<u8>>,
    /// By variant.
    pub by_level: BTreeMap<Level, f64>,
    /// Map of maps.
    pub nested: BTreeMap<String, BTreeMap<bool, u8>>,
}

/// Tuples.
#[portcullis::message]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuples {
    /// Of two.
    pub two: (u8, String),
    /// Of three.
    pub three: (bool, i64, f32),
    /// Of four, one of them a message.
    pub four: (u8, u16, u32, Pair),
    /// A list of tuples.
    pub list: Vec<(u32, Option<String>)>,
}
