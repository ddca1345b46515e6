//! What `#[interface]` stands before, and what is in a trait.

use portcullis::Call;

#[portcullis::interface(name = "a", version = 1)]
struct NoTrait;

#[portcullis::interface(name = "a", version = 1)]
pub trait Generic<T> {
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = "a", version = 1)]
pub trait Clause
where
    Self: Sized,
{
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = "a", version = 1)]
pub trait Above: Clone + Send {
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = "a", version = 1)]
pub unsafe trait Unsafe {
    #[call]
    async fn a(&self, cx: &Call);
}

#[portcullis::interface(name = "a", version = 1)]
pub trait Members {
    const MAX: u32;
    type Item;
    async fn unmarked(&self, cx: &Call);
    #[call]
    #[notify]
    async fn twice(&self, cx: &Call);
    #[cfg(unix)]
    #[call]
    async fn sometimes(&self, cx: &Call);
}

#[portcullis::interface(name = "a", version = 1)]
pub trait Broken {
    #[call]
    async fn a(&self, cx &Call);
}

fn main() {}
