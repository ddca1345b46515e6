//! What a schema must keep so that it can be written to a file, read back and validated by.

mod support;

use portcullis_proto::codec::{ErrorKind, Message};
use portcullis_proto::schema::validate::Plan;
use portcullis_proto::schema::{
    Field, Float, Int, Schema, SchemaBuilder, SchemaError, Type, TypeBody, TypeDef, interface_hash,
};
use support::{plan_of, reply_channel, verdict};

/// The check of a schema whose one channel replies with `ty`.
fn check(ty: Type) -> Result<Schema, SchemaError> {
    let mut builder = SchemaBuilder::new();
    builder.interface("test", 1, "Test", "", vec![reply_channel(ty)]);
    builder.finish("test")
}

fn int(int: Int, min: i128, max: i128) -> Type {
    Type::Int { int, min: Some(min), max: Some(max) }
}

fn nested(levels: usize) -> Type {
    (0..levels).fold(Type::Bool, |ty, _| Type::Option(Box::new(ty)))
}

#[test]
fn limits_of_named_types_survive_the_file() {
    for ty in [
        int(Int::U64, 0, u64::MAX.into()),
        int(Int::I64, i64::MIN.into(), i64::MAX.into()),
        int(Int::Safe, -1, 1),
        Type::Float { float: Float::F64, min: Some(-0.5), max: Some(1e300) },
        Type::String { min: Some(1), max: Some(u32::MAX) },
    ] {
        let mut schema = check(Type::Unit).expect("a schema");
        let field = Field {
            name: "f".into(),
            number: 0,
            docs: String::new(),
            secret: false,
            ty: Type::List { item: Box::new(ty), min: None, max: Some(3) },
        };
        let def = TypeDef { docs: String::new(), body: TypeBody::Struct(vec![field]) };
        schema.types.insert("Holder".into(), def);
        schema.interfaces[0].channels[0].reply = Type::Named("Holder".into());
        schema.interfaces[0].hash = interface_hash(&schema, &schema.interfaces[0]);
        assert_eq!(Schema::from_json(&schema.to_json()).expect("its own file form"), schema);
    }
}

#[test]
fn limits_that_no_value_meets_are_refused() {
    let float = |min, max| Type::Float { float: Float::F32, min: Some(min), max: Some(max) };
    for ty in [
        int(Int::U8, 0, 256),
        int(Int::U16, -1, 5),
        int(Int::I32, 2, 1),
        int(Int::Safe, 0, 1 << 53),
        float(1.0, 0.0),
        float(0.0, f64::INFINITY),
        float(f64::NAN, 1.0),
        Type::String { min: Some(2), max: Some(1) },
        Type::List { item: Box::new(Type::Bool), min: Some(2), max: Some(1) },
    ] {
        let found = check(ty.clone());
        assert!(matches!(found, Err(SchemaError::BadLimit(_))), "{ty:?}: {found:?}");
    }
}

#[test]
fn types_nest_to_the_limit_and_not_beyond() {
    assert!(check(nested(16)).is_ok());
    assert!(matches!(check(nested(17)), Err(SchemaError::NestedTypes(_))));
    // A schema that nobody checked does not make the plan recurse: what lies deeper has no values.
    let (plan, root) = plan_of(nested(1000), []);
    let found = plan.validate(root, &[1; 1000]).map_err(|error| error.kind());
    assert_eq!(found, Err(ErrorKind::BadValue));
    assert_eq!(verdict(plan.validate(root, &[0])), Ok(()));
}

#[test]
fn an_unchecked_schema_is_closed() {
    let list = |item| Type::List { item: Box::new(item), min: None, max: None };
    for ty in [
        Type::Named("Nobody".into()),
        list(Type::Unit),
        Type::Array { item: Box::new(Type::Unit), len: u32::MAX },
        Type::Map { key: Box::new(Type::Unit), value: Box::new(Type::Bool), min: None, max: None },
    ] {
        let (plan, root) = plan_of(ty.clone(), []);
        for body in [&[][..], &[0], &[5, 0, 0, 0, 0, 0]] {
            assert!(plan.validate(root, body).is_err(), "{ty:?} {body:?}");
        }
    }
    // A range that lies outside its type holds nothing.
    for ty in [int(Int::U8, 300, 400), int(Int::I16, 5, 4), int(Int::U64, -5, -1)] {
        let (plan, root) = plan_of(ty.clone(), []);
        let found = plan.validate(root, &[5]).map_err(|error| error.kind());
        assert_eq!(found, Err(ErrorKind::OutOfRange), "{ty:?}");
    }
}

#[test]
fn a_chain_of_types_is_measured_in_linear_time() {
    // Each type holds the next one twice: 2^40 paths, 40 types.
    let named = |index: usize| Type::Named(format!("T{index}"));
    let types = (0..40).map(|index| {
        let types = if index == 39 { vec![Type::Bool] } else { vec![named(index + 1); 2] };
        (format!("T{index}"), TypeDef { docs: String::new(), body: TypeBody::Tuple(types) })
    });
    let list = Type::List { item: Box::new(named(0)), min: None, max: None };
    let (plan, root) = plan_of(list, types);
    assert_eq!(verdict(plan.validate(root, &[0])), Ok(()));
    assert_eq!(
        plan.validate(root, &[1, 1, 1]).map_err(|error| error.kind()),
        Err(ErrorKind::Truncated),
    );
}

#[test]
fn a_plan_knows_interfaces_channels_and_types() {
    let mut builder = SchemaBuilder::new();
    let mut channel = reply_channel(String::describe(&mut builder));
    channel.args = vec![
        Field {
            name: "id".into(),
            number: 0,
            docs: String::new(),
            secret: false,
            ty: Type::int(Int::U32),
        },
        Field {
            name: "names".into(),
            number: 0,
            docs: String::new(),
            secret: false,
            ty: Type::List { item: Box::new(Type::Bool), min: None, max: Some(2) },
        },
    ];
    channel.error = Some(Type::Bool);
    builder.interface("b.second", 2, "Second", "", vec![channel]);
    builder.interface("a.first", 1, "First", "", Vec::new());
    let schema = builder.finish("test").expect("a schema");
    let plan = Plan::compile(&schema);
    let names: Vec<_> = plan.interfaces().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a.first", "b.second"]);
    assert!(plan.interface("c").is_none());
    let second = plan.interface("b.second").expect("the interface");
    assert_eq!((second.version, second.hash), (2, schema.interfaces[1].hash));
    assert!(second.channel(1).is_none());
    let get = second.channel(0).expect("the channel");
    assert_eq!((get.name.as_str(), get.full_name.as_str()), ("get", "b.second.get"));
    assert_eq!((get.up, get.down), (None, None));
    let check = |root, body: &[u8]| verdict(plan.validate(root, body));
    assert_eq!(check(get.args, &[7, 1, 1]), Ok(()));
    assert_eq!(check(get.args, &[0x80]), Err(("truncated", "id".into())));
    assert_eq!(check(get.args, &[7, 2, 1, 9]), Err(("bad_bool", "names[1]".into())));
    assert_eq!(check(get.args, &[7, 3, 1, 1, 1]), Err(("too_long", "names".into())));
    assert_eq!(check(get.args, &[7, 0, 0]), Err(("trailing_bytes", String::new())));
    assert_eq!(check(get.reply, b"\x02hi"), Ok(()));
    assert_eq!(check(get.error.expect("an error type"), &[1]), Ok(()));
    assert_eq!(plan.named_type("Nobody"), None);
}
