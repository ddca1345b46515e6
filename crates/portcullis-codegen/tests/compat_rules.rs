//! The rules of compatibility, a few lines for each: what changes, and which callers fail then. (Fault 48)

mod common;

use common::{channel, def, field, interface, list, named, option, schema, u32, variant};
use portcullis_codegen::compat::{Callers, Verdict, compare};
use portcullis_proto::schema::{
    ChannelKind, Field, Fields, Float, Int, Number, Overflow, Schema, Type, TypeBody,
};

const ADDITIVE: Verdict = Verdict::Additive;
const HARMLESS: Verdict = Verdict::Harmless;
const BOTH: Verdict = Verdict::Breaking { old_callers: true, new_callers: true };
const OLD: Verdict = Verdict::Breaking { old_callers: true, new_callers: false };
const NEW: Verdict = Verdict::Breaking { old_callers: false, new_callers: true };

/// A contract with a type of each kind. `Ask` is written by callers, `Answer` by servers, the others by both.
fn base() -> Schema {
    let mut get = channel("get", ChannelKind::Call, vec![field("id", ranged(0, 9))]);
    get.reply = ranged(0, 9);
    let mut ask = channel("ask", ChannelKind::Call, vec![field("ask", named("Ask"))]);
    ask.reply = named("Answer");
    ask.error = Some(named("Trouble"));
    let everything = vec![field("a", named("Pair")), field("b", list(named("Options")))];
    let mut all = channel("all", ChannelKind::Stream, everything);
    all.reply = Type::Tuple(vec![named("Pair"), option(named("Options"))]);
    all.up = Some(named("Shade"));
    all.down = Some(named("Shade"));
    let news = channel("news", ChannelKind::Event, vec![field("value", named("Answer"))]);
    let strict = || {
        TypeBody::Enum(vec![
            variant("A", 0, Fields::Unit),
            variant("B", 1, Fields::Tuple(vec![u32()])),
        ])
    };
    schema(
        vec![interface("test.one", "One", vec![get, ask, all, news])],
        vec![
            ("Ask", strict()),
            ("Answer", strict()),
            ("Trouble", TypeBody::Struct(vec![])),
            ("Pair", TypeBody::Struct(vec![field("x", u32()), field("y", u32())])),
            ("Options", TypeBody::Table(vec![numbered("p", 1), numbered("q", 3)])),
            (
                "Shade",
                TypeBody::FlexibleEnum(vec![
                    variant("Dark", 0, Fields::Unit),
                    variant("Light", 4, Fields::Struct(vec![field("much", u32())])),
                ]),
            ),
        ],
    )
}

fn ranged(min: i128, max: i128) -> Type {
    Type::Int { int: Int::U32, min: Some(min), max: Some(max) }
}

fn numbered(name: &str, number: u32) -> Field {
    Field { number, ..field(name, u32()) }
}

type Edit = fn(&mut Schema);

fn fields<'a>(schema: &'a mut Schema, name: &str) -> &'a mut Vec<Field> {
    match &mut schema.types.get_mut(name).expect("the type").body {
        TypeBody::Struct(fields) | TypeBody::Table(fields) => fields,
        other => panic!("{other:?} has no fields"),
    }
}

fn variants<'a>(
    schema: &'a mut Schema,
    name: &str,
) -> &'a mut Vec<portcullis_proto::schema::Variant> {
    match &mut schema.types.get_mut(name).expect("the type").body {
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => variants,
        other => panic!("{other:?} has no variants"),
    }
}

fn channels(schema: &mut Schema) -> &mut Vec<portcullis_proto::schema::Channel> {
    &mut schema.interfaces[0].channels
}

/// What is edited, where the first change must stand, and what the whole interface comes to.
const RULES: &[(&str, Edit, &str, Verdict)] = &[
    // Interfaces and channels.
    ("interface added", |s| s.interfaces.push(interface("two", "Two", vec![])), "two", ADDITIVE),
    ("interface removed", |s| s.interfaces.clear(), "test.one", OLD),
    ("version", |s| s.interfaces[0].version = 2, "test.one", HARMLESS),
    ("trait", |s| s.interfaces[0].trait_name = "Uno".into(), "test.one", HARMLESS),
    ("docs", |s| channels(s)[0].docs = "New.".into(), "test.one.get", HARMLESS),
    (
        "appended",
        |s| channels(s).push(channel("z", ChannelKind::Call, vec![])),
        "test.one.z",
        ADDITIVE,
    ),
    (
        "inserted",
        |s| channels(s).insert(0, channel("z", ChannelKind::Call, vec![])),
        "test.one.get",
        BOTH,
    ),
    ("last removed", |s| drop(channels(s).pop()), "test.one.news", OLD),
    ("first removed", |s| drop(channels(s).remove(0)), "test.one.get", BOTH),
    ("reordered", |s| channels(s).swap(0, 1), "test.one.get", BOTH),
    ("channel renamed", |s| channels(s)[0].name = "fetch".into(), "test.one.get", BOTH),
    ("kind", |s| channels(s)[0].kind = ChannelKind::Notify, "test.one.get", BOTH),
    ("overflow", |s| channels(s)[3].overflow = Overflow::DropOldest, "test.one.news", BOTH),
    ("idempotent", |s| channels(s)[0].idempotent = true, "test.one.get", NEW),
    ("deadline", |s| channels(s)[0].deadline_ms = 9, "test.one.get", HARMLESS),
    ("depth", |s| channels(s)[3].depth = 9, "test.one.news", HARMLESS),
    ("capability", |s| channels(s)[0].capability = "x".into(), "test.one.get", HARMLESS),
    ("argument added", |s| channels(s)[0].args.push(field("more", u32())), "test.one.get(", BOTH),
    (
        "argument renamed",
        |s| channels(s)[0].args[0].name = "key".into(),
        "test.one.get(id)",
        HARMLESS,
    ),
    ("error added", |s| channels(s)[0].error = Some(u32()), "test.one.get error", OLD),
    ("error removed", |s| channels(s)[1].error = None, "test.one.ask error", NEW),
    ("items removed", |s| channels(s)[2].up = None, "test.one.all items sent", BOTH),
    // Limits: the same edit breaks other callers in a reply than in a request.
    ("request wider", |s| channels(s)[0].args[0].ty = ranged(0, 10), "test.one.get(id)", NEW),
    ("request narrower", |s| channels(s)[0].args[0].ty = ranged(0, 8), "test.one.get(id)", OLD),
    ("request shifted", |s| channels(s)[0].args[0].ty = ranged(1, 10), "test.one.get(id)", BOTH),
    ("reply wider", |s| channels(s)[0].reply = ranged(0, 10), "test.one.get reply", OLD),
    ("reply narrower", |s| channels(s)[0].reply = ranged(0, 8), "test.one.get reply", NEW),
    (
        "same range",
        |s| channels(s)[0].reply = Type::Int { int: Int::U64, min: Some(0), max: Some(9) },
        "test.one.get reply",
        HARMLESS,
    ),
    (
        "other bytes",
        |s| channels(s)[0].reply = Type::Int { int: Int::I64, min: Some(0), max: Some(9) },
        "test.one.get reply",
        BOTH,
    ),
    ("unit", |s| channels(s)[0].reply = Type::Unit, "test.one.get reply", BOTH),
    // Strict enums.
    ("asked more", |s| variants(s, "Ask").push(variant("C", 2, Fields::Unit)), "Ask.C", NEW),
    ("asked less", |s| drop(variants(s, "Ask").pop()), "Ask.B", OLD),
    (
        "answers more",
        |s| variants(s, "Answer").push(variant("C", 2, Fields::Unit)),
        "Answer.C",
        OLD,
    ),
    ("answers less", |s| drop(variants(s, "Answer").pop()), "Answer.B", NEW),
    ("variant renamed", |s| variants(s, "Ask")[0].name = "Z".into(), "Ask.A", HARMLESS),
    (
        "variants swapped",
        |s| {
            let all = variants(s, "Ask");
            all[0].tag = 1;
            all[1].tag = 0;
        },
        "Ask.A",
        BOTH,
    ),
    ("variants listed otherwise", |s| variants(s, "Ask").reverse(), "", HARMLESS),
    (
        "carries something",
        |s| variants(s, "Ask")[0].fields = Fields::Tuple(vec![u32()]),
        "Ask.A",
        BOTH,
    ),
    // Flexible enums.
    (
        "shade added",
        |s| variants(s, "Shade").push(variant("Red", 5, Fields::Unit)),
        "Shade.Red",
        ADDITIVE,
    ),
    ("shade removed", |s| drop(variants(s, "Shade").pop()), "Shade.Light", ADDITIVE),
    ("shade's tag", |s| variants(s, "Shade")[1].tag = 5, "Shade.Light", BOTH),
    (
        "no longer strict",
        |s| {
            let all = variants(s, "Ask").clone();
            s.types.insert("Ask".into(), def(TypeBody::FlexibleEnum(all)));
        },
        "Ask",
        BOTH,
    ),
    // Tables and structs.
    ("field added", |s| fields(s, "Options").push(numbered("r", 4)), "Options.r", ADDITIVE),
    ("field removed", |s| drop(fields(s, "Options").pop()), "Options.q", ADDITIVE),
    ("field's number", |s| fields(s, "Options")[1].number = 9, "Options.q", BOTH),
    ("field's type", |s| fields(s, "Options")[1].ty = Type::Bool, "Options.q", BOTH),
    ("field renamed", |s| fields(s, "Options")[1].name = "w".into(), "Options.q", HARMLESS),
    ("secret", |s| fields(s, "Options")[1].secret = true, "Options.q", HARMLESS),
    ("struct grown", |s| fields(s, "Pair").push(field("z", u32())), "Pair", BOTH),
    ("struct reordered", |s| fields(s, "Pair").reverse(), "Pair.x", BOTH),
    ("struct's field renamed", |s| fields(s, "Pair")[0].name = "w".into(), "Pair.x", HARMLESS),
    (
        "now a table",
        |s| {
            let all = vec![numbered("x", 1)];
            s.types.insert("Pair".into(), def(TypeBody::Table(all)));
        },
        "Pair",
        BOTH,
    ),
    (
        "now a tuple",
        |s| {
            s.types.insert("Pair".into(), def(TypeBody::Tuple(vec![u32(), u32()])));
        },
        "",
        HARMLESS,
    ),
    // Names of types.
    (
        "type renamed",
        |s| {
            let ask = s.types.remove("Ask").expect("it");
            s.types.insert("Question".into(), ask);
            channels(s)[1].args[0].ty = named("Question");
        },
        "Ask",
        HARMLESS,
    ),
    ("another type", |s| channels(s)[1].args[0].ty = named("Answer"), "test.one.ask(ask)", BOTH),
    (
        "unused type",
        |s| {
            s.types.insert("Unused".into(), def(TypeBody::Struct(vec![])));
        },
        "",
        HARMLESS,
    ),
];

#[test]
fn f48_each_rule_says_who_fails() {
    let old = base();
    for (name, edit, path, verdict) in RULES {
        let mut new = old.clone();
        edit(&mut new);
        let report = compare(&old, &new);
        let found = report.interfaces.first().map_or(HARMLESS, |interface| interface.verdict());
        assert_eq!(found, *verdict, "{name}\n{report}");
        let first = report.changes().next().map_or("", |change| change.path.as_str());
        assert_eq!(first, *path, "{name}\n{report}");
        let back = compare(&new, &old);
        let other = |callers| match callers {
            Callers::Old => Callers::New,
            _ => Callers::Old,
        };
        // What old callers are to new servers, new callers are the other way round; only what is added or removed as a
        // whole is asked for by whoever has it.
        let whole =
            ["added", "appended", "removed", "inserted"].iter().any(|word| name.contains(word));
        for callers in [Callers::Old, Callers::New] {
            let same = report.breaks(callers) == back.breaks(other(callers));
            assert!(same || whole, "{name}, the other way\n{back}");
        }
    }
}

/// A typed array keeps the kind of its numbers, even where another is as long; its limit is one as a list's.
#[test]
fn f48_typed_arrays() {
    let of = |ty: Type| {
        let get = channel("get", ChannelKind::Call, vec![field("wave", ty)]);
        schema(vec![interface("test.one", "One", vec![get])], vec![])
    };
    let array = |item, max| Type::TypedArray { item, min: None, max };
    let old = array(Number::F32, Some(9));
    for (new, verdict, what) in [
        (array(Number::I32, Some(9)), BOTH, "typed array of i32"),
        (array(Number::F64, Some(9)), BOTH, "typed array of f64"),
        (Type::Blob { min: None, max: None }, BOTH, "is blob"),
        (list(Type::Float { float: Float::F32, min: None, max: None }), BOTH, "list of f32"),
        (array(Number::F32, Some(10)), NEW, "0 to 9 and is 0 to 10"),
        (array(Number::F32, Some(8)), OLD, "0 to 9 and is 0 to 8"),
        (array(Number::F32, Some(9)), HARMLESS, "No changes."),
    ] {
        let report = compare(&of(old.clone()), &of(new));
        let found = report.interfaces.first().map_or(HARMLESS, |interface| interface.verdict());
        assert_eq!(found, verdict, "{report}");
        assert!(report.to_string().contains(what), "{what}: {report}");
    }
}

#[test]
fn nothing_changed_is_no_report() {
    let report = compare(&base(), &base());
    assert_eq!(report.interfaces, []);
    assert_eq!(report.to_string(), "No changes.\n");
}

#[test]
fn the_report_reads_well() {
    let (old, mut new) = (base(), base());
    new.interfaces[0].version = 2;
    for edit in ["request wider", "answers more", "field added", "field renamed", "appended"] {
        let (_, edit, ..) = RULES.iter().find(|(name, ..)| *name == edit).expect("the rule");
        edit(&mut new);
    }
    insta::assert_snapshot!(compare(&old, &new).to_string());
}
