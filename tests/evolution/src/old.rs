//! The contract as it was released.

use portcullis::{Call, Error, Sink, Unknown};

/// What is looked for.
#[portcullis::message(table)]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The name.
    #[field(1)]
    #[limit(len <= 64)]
    pub name: Option<String>,
}

/// How something is.
#[portcullis::message(flexible)]
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mood {
    /// Calm.
    #[default]
    Calm,
    /// What this build does not know.
    #[unknown]
    Other(Unknown),
}

/// Something that can be found.
#[portcullis::message(table)]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Its name.
    #[field(1)]
    #[limit(len <= 64)]
    pub name: Option<String>,
    /// How it is.
    #[field(2)]
    pub mood: Option<Mood>,
}

/// Why nothing was found.
#[portcullis::message(flexible)]
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// There is none of that name.
    Missing,
    /// What this build does not know.
    #[unknown]
    Other(Unknown),
}

/// Things, to be found and heard of.
#[portcullis::interface(name = "evolution.catalog", version = 1)]
pub trait Catalog {
    /// Finds something.
    #[call(idempotent)]
    async fn find(&self, cx: &Call, query: Query) -> Result<Item, Problem>;

    /// Everything, one by one; ends with how many there were.
    #[stream]
    async fn all(&self, cx: &Call, out: Sink<Item>) -> Result<u32, Error>;

    /// Something was added.
    #[event]
    fn added(item: Item);

    /// What was added last.
    #[state]
    fn latest(value: Item);
}

portcullis::contract! { name = "evolution", interfaces = [Catalog] }

/// Serves what it knows.
#[derive(Debug, Default)]
pub struct Shelf;

impl Catalog for Shelf {
    async fn find(&self, _: &Call, query: Query) -> Result<Item, Problem> {
        match query.name.as_deref() {
            Some("lamp") => Ok(item("lamp")),
            _ => Err(Problem::Missing),
        }
    }

    async fn all(&self, _: &Call, mut out: Sink<Item>) -> Result<u32, Error> {
        for name in ["lamp", "chair"] {
            out.send(&item(name)).await?;
        }
        Ok(2)
    }
}

/// Something of that name.
pub fn item(name: &str) -> Item {
    Item { name: Some(name.to_owned()), mood: Some(Mood::Calm) }
}
