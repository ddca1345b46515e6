//! One contract in two versions: [`old`] was released, [`new`] has grown since. `contract.lock` has the shape of the old one,
//! by which builds of the new one know that they get along with it.
//!
//! | what has grown | how |
//! |---|---|
//! | `Query`, `Item` | tables, by a field each |
//! | `Problem`, an error; `Mood` | flexible enums, by a variant each |
//! | `evolution.catalog` | by a call at its end |

pub mod new;
pub mod old;
