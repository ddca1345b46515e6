//! Properties of the codec over all messages of the contract: every value comes back from its bytes, and bytes that
//! were changed are refused at a place, or are those of another value. The schema's validator must say the same.

mod strategies;

use portcullis::codec::{self, Decoder, Encoder, ErrorKind, Message};
use portcullis::schema::validate::{Plan, Root};
use portcullis::schema::{SchemaBuilder, Type};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// The validator's view of a type.
struct View {
    plan: Plan,
    root: Root,
}

impl View {
    fn of<T: Message>() -> Self {
        let mut builder = SchemaBuilder::new();
        let Type::Named(name) = T::describe(&mut builder) else { panic!("a message has a name") };
        let plan = Plan::compile(&builder.finish("test").expect("the contract holds"));
        let root = plan.named_type(&name).expect("the type is in its schema");
        Self { plan, root }
    }
}

/// A value comes back from its bytes, which are the same every time.
fn returns<T: Message>(view: &View, value: &T) -> Result<Vec<u8>, TestCaseError> {
    let bytes = codec::to_bytes(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let again: T =
        codec::from_bytes(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(codec::to_bytes(&again), Ok(bytes.clone()));
    prop_assert!(bytes.len() >= T::BYTES_MIN, "BYTES_MIN is a promise");
    prop_assert_eq!(view.plan.validate(view.root, &bytes), Ok(()));
    Ok(bytes)
}

/// Bytes are refused at a place, or they are those of a value.
fn refused_or_canonical<T: Message>(view: &View, bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut input = Decoder::new(bytes);
    let decoded = T::decode(&mut input);
    let skipped = input.skipped();
    let outcome = decoded.and_then(|value| input.finish().map(|()| value));
    let validated = view.plan.validate(view.root, bytes);
    let value = match outcome {
        Ok(value) => value,
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            // A conversion that the contract names is not in the schema.
            if error.kind() != ErrorKind::BadValue {
                let found = validated.err().map(|error| (error.kind(), error.path()));
                prop_assert_eq!(found, Some((error.kind(), error.path())));
            }
            return Ok(());
        }
    };
    prop_assert_eq!(validated, Ok(()));
    let mut again = Vec::new();
    let encoded = value.encode(&mut Encoder::new(&mut again));
    prop_assert_eq!(encoded, Ok(()), "what was decoded keeps its limits");
    if skipped {
        // An unknown field of a table is gone, and nothing else.
        prop_assert!(again.len() < bytes.len());
        prop_assert!(codec::from_bytes::<T>(&again).is_ok());
    } else {
        prop_assert_eq!(again, bytes);
    }
    Ok(())
}

/// Every byte changed, every place cut, and something added.
fn mutations<T: Message>(
    view: &View,
    bytes: &[u8],
    flips: &[u8],
    more: &[u8],
) -> Result<(), TestCaseError> {
    for place in 0..bytes.len() {
        refused_or_canonical::<T>(view, &bytes[..place])?;
        let mut cut_out = bytes.to_vec();
        cut_out.remove(place);
        refused_or_canonical::<T>(view, &cut_out)?;
        for flip in flips {
            let mut changed = bytes.to_vec();
            changed[place] ^= flip.max(&1);
            refused_or_canonical::<T>(view, &changed)?;
            let mut longer = bytes.to_vec();
            longer.insert(place, *flip);
            refused_or_canonical::<T>(view, &longer)?;
        }
    }
    refused_or_canonical::<T>(view, &[bytes, more].concat())
}

macro_rules! properties {
    ($($name:ident: $type:ident = $strategy:expr;)*) => {$(
        #[test]
        fn $name() {
            let view = View::of::<sample_contract::$type>();
            let parts = (
                $strategy,
                prop::collection::vec(any::<u8>(), 3),
                prop::collection::vec(any::<u8>(), 1..9),
            );
            let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) };
            proptest!(config, |((value, flips, more) in parts)| {
                let bytes = returns(&view, &value)?;
                mutations::<sample_contract::$type>(&view, &bytes, &flips, &more)?;
            });
        }
    )*};
}

properties! {
    scalars: Scalars = strategies::scalars();
    texts: Texts = strategies::texts();
    built_in: BuiltIn = strategies::built_in();
    foreign: Foreign = strategies::foreign();
    options: Options = strategies::options();
    lists: Lists = strategies::lists();
    arrays: Arrays = strategies::arrays();
    maps: Maps = strategies::maps();
    tuples: Tuples = strategies::tuples();
    empty: Empty = Just(sample_contract::Empty);
    ids: Id = strategies::id();
    names: Name = strategies::name();
    wrapped: Wrapped = strategies::id().prop_map(sample_contract::Wrapped);
    pairs: Pair = strategies::pair();
    levels: Level = strategies::level();
    tagged: Tagged = strategies::tagged();
    shapes: Shape = strategies::shape();
    nodes: Node = strategies::node();
    trees: Tree = strategies::tree();
    expressions: Expression = strategies::expression();
    preferences: Preferences = strategies::preferences();
    changes: Change = strategies::change();
    change_kinds: ChangeKind = strategies::change_kind();
    limits: Limits = strategies::limits();
    converted: Converted = strategies::converted();
}

/// Bytes that come from nowhere.
#[test]
fn noise() {
    fn all(bytes: &[u8]) -> Result<(), TestCaseError> {
        refused_or_canonical::<sample_contract::Scalars>(
            &View::of::<sample_contract::Scalars>(),
            bytes,
        )?;
        refused_or_canonical::<sample_contract::Maps>(&View::of::<sample_contract::Maps>(), bytes)?;
        refused_or_canonical::<sample_contract::Shape>(
            &View::of::<sample_contract::Shape>(),
            bytes,
        )?;
        refused_or_canonical::<sample_contract::Tree>(&View::of::<sample_contract::Tree>(), bytes)?;
        refused_or_canonical::<sample_contract::Change>(
            &View::of::<sample_contract::Change>(),
            bytes,
        )?;
        refused_or_canonical::<sample_contract::Preferences>(
            &View::of::<sample_contract::Preferences>(),
            bytes,
        )
    }
    // Small numbers are more often tags and counts that lead somewhere.
    let bytes = prop::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..40);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) };
    proptest!(config, |(bytes in bytes)| all(&bytes)?);
}
