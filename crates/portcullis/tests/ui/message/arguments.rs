//! What stands in the parentheses of `#[message(…)]`.

#[portcullis::message(tabel)]
struct Misspelt {
    a: u32,
}

#[portcullis::message(table, table)]
struct Twice {
    #[field(1)]
    a: Option<u32>,
}

#[portcullis::message(crate)]
struct NoCrate {
    a: u32,
}

#[portcullis::message(crate = "not a path")]
struct BadCrate {
    a: u32,
}

#[portcullis::message(flexible)]
struct Flexible {
    a: u32,
}

#[portcullis::message(table)]
enum Table {
    A,
}

#[portcullis::message(table)]
struct TupleTable(Option<u32>);

fn main() {}
