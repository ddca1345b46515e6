//! A message is one concrete type.

#[portcullis::message]
struct Page<T> {
    items: Vec<T>,
}

#[portcullis::message]
struct Borrowed<'a> {
    name: &'a str,
}

#[portcullis::message]
enum Constant<const N: usize> {
    A([u8; N]),
}

#[portcullis::message]
struct Clause
where
    u8: Copy,
{
    a: u8,
}

fn main() {}
