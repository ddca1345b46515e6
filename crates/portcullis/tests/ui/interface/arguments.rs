//! What stands in the parentheses of `#[interface(…)]`.

use portcullis::Call;

#[portcullis::interface]
pub trait Nothing {
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = "a b", version = 0)]
pub trait Wrong {
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = cameras, version = 1)]
pub trait NoText {}

#[portcullis::interface(name = "a", version = "1")]
pub trait TextVersion {}

#[portcullis::interface(name = "a", version = 65536)]
pub trait GreatVersion {}

#[portcullis::interface(name = "a", vresion = 1)]
pub trait Misspelt {}

#[portcullis::interface(name = "a", name = "b", version = 1)]
pub trait Twice {}

#[portcullis::interface(name)]
pub trait NoValue {}

fn main() {}
