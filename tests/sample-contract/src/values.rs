//! One call for each message, which answers with the same value.

use portcullis::Call;

use crate::{
    Arrays, BuiltIn, Change, ChangeKind, Converted, Empty, Expression, Foreign, Id, Level, Limits,
    Lists, Maps, Name, Node, Options, Pair, Preferences, Scalars, Shape, Tagged, Texts, Tree,
    Tuples, Wrapped,
};

/// Every message there and back.
#[portcullis::interface(name = "sample.values", version = 1)]
pub trait Values {
    /// Numbers.
    #[call]
    async fn scalars(&self, cx: &Call, value: Scalars) -> Scalars;
    /// Text and bytes.
    #[call]
    async fn texts(&self, cx: &Call, value: Texts) -> Texts;
    /// Built-in types.
    #[call]
    async fn built_in(&self, cx: &Call, value: BuiltIn) -> BuiltIn;
    /// Types of other crates.
    #[call]
    async fn foreign(&self, cx: &Call, value: Foreign) -> Foreign;
    /// What may be absent.
    #[call]
    async fn options(&self, cx: &Call, value: Options) -> Options;
    /// Lists.
    #[call]
    async fn lists(&self, cx: &Call, value: Lists) -> Lists;
    /// Arrays.
    #[call]
    async fn arrays(&self, cx: &Call, value: Arrays) -> Arrays;
    /// Maps.
    #[call]
    async fn maps(&self, cx: &Call, value: Maps) -> Maps;
    /// Tuples.
    #[call]
    async fn tuples(&self, cx: &Call, value: Tuples) -> Tuples;
    /// Structs of every form.
    #[call]
    async fn structs(&self, cx: &Call, empty: Empty, id: Id, name: Name, pair: Pair) -> Wrapped;
    /// Enums without data.
    #[call]
    async fn levels(&self, cx: &Call, level: Level, tagged: Tagged) -> (Level, Tagged);
    /// Enums with data.
    #[call]
    async fn shape(&self, cx: &Call, value: Shape) -> Shape;
    /// A list by hand.
    #[call]
    async fn node(&self, cx: &Call, value: Node) -> Node;
    /// A tree.
    #[call]
    async fn tree(&self, cx: &Call, value: Tree) -> Tree;
    /// A calculation.
    #[call]
    async fn expression(&self, cx: &Call, value: Expression) -> Expression;
    /// A table.
    #[call]
    async fn preferences(&self, cx: &Call, value: Preferences) -> Preferences;
    /// Flexible enums.
    #[call]
    async fn change(&self, cx: &Call, value: Change, kind: ChangeKind) -> (Change, ChangeKind);
    /// Limits.
    #[call]
    async fn limits(&self, cx: &Call, value: Limits) -> Limits;
    /// A conversion.
    #[call]
    async fn converted(&self, cx: &Call, value: Converted) -> Converted;
}
