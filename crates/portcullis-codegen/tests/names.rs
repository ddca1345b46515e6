//! Names that mean something else in TypeScript or Python, and names that would be the same there. (R3)

mod common;

use common::{channel, field, interface, list, named, option, schema, string, u32, variant};
use portcullis_codegen::{GenerateError, Options, PythonError, python, typescript};
use portcullis_proto::schema::{ChannelKind, Fields, Schema, Type, TypeBody};

fn module(schema: &Schema, path: &str) -> String {
    let files = typescript(schema, &Options::default()).expect("a form in TypeScript");
    files.into_iter().find(|file| file.path == path).map(|file| file.text).expect("the module")
}

#[test]
fn keywords_and_names_of_the_code_itself_are_told_apart() {
    let hand = schema(
        vec![interface(
            "odd.names",
            "Names",
            vec![
                channel(
                    "delete",
                    ChannelKind::Call,
                    vec![
                        field("class", u32()),
                        field("in", string()),
                        field("options", u32()),
                        field("out", list(named("Words"))),
                        field("delete_channel", u32()),
                        field("open_stream", u32()),
                    ],
                ),
                channel("then", ChannelKind::Call, Vec::new()),
                channel("on_changed", ChannelKind::Notify, vec![field("at", u32())]),
                channel("changed", ChannelKind::Event, vec![field("listener", u32())]),
                channel("changed_reported", ChannelKind::Event, vec![field("within_ms", u32())]),
            ],
        )],
        vec![
            (
                "Words",
                TypeBody::Struct(vec![
                    field("function", u32()),
                    field("input", string()),
                    field("at", option(u32())),
                    field("read_list", list(u32())),
                    field("constructor", u32()),
                    field("__proto__", u32()),
                ]),
            ),
            (
                "Type",
                TypeBody::FlexibleEnum(vec![
                    variant("Unknown", 0, Fields::Tuple(vec![u32()])),
                    variant("Default", 1, Fields::Struct(vec![field("type", string())])),
                ]),
            ),
            ("Map", TypeBody::Tuple(vec![string()])),
        ],
    );
    insta::assert_snapshot!("odd_types", module(&hand, "types.ts"));
    insta::assert_snapshot!("odd_interface", module(&hand, "odd-names.ts"));
}

#[test]
fn a_topic_and_the_report_of_another_are_told_apart_in_either_order() {
    for names in [["changed", "changed_reported"], ["changed_reported", "changed"]] {
        let channels = names
            .map(|name| channel(name, ChannelKind::Event, vec![field("value", u32())]))
            .to_vec();
        let hand = schema(vec![interface("one", "One", channels)], Vec::new());
        let text = module(&hand, "one.ts");
        let publisher = &text[text.find("interface OnePublisher").expect("the publisher")..];
        let mut members: Vec<&str> = publisher
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split_once("(value"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(members.len(), 4, "{publisher}");
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), 4, "{publisher}");
    }
}

#[test]
fn an_interface_gives_way_to_a_message_of_its_name() {
    let hand = schema(
        vec![
            interface("studio.settings", "Settings", Vec::new()),
            interface("studio.other", "Other", Vec::new()),
            interface("lab.other", "Other", Vec::new()),
        ],
        vec![("Settings", TypeBody::Struct(vec![field("gain", u32())]))],
    );
    assert!(module(&hand, "studio-settings.ts").contains("export const StudioSettings: "));
    assert!(module(&hand, "studio-other.ts").contains("export const Other: "));
    assert!(module(&hand, "lab-other.ts").contains("export const LabOther: "));
}

#[test]
fn what_cannot_be_told_apart_is_refused_in_one_sentence() {
    let unit = || TypeBody::Struct(Vec::new());
    let refusal = |hand: Schema| typescript(&hand, &Options::default()).expect_err("a refusal");

    let same = refusal(schema(Vec::new(), vec![("A-b", unit()), ("AB", unit())]));
    assert_eq!(
        same.to_string(),
        "`A-b` and `AB` would both be `encodeAB` in TypeScript: rename one"
    );
    let same = refusal(schema(
        vec![interface("a.b", "One", Vec::new()), interface("a-b", "Two", Vec::new())],
        Vec::new(),
    ));
    assert_eq!(
        same.to_string(),
        "`a.b` and `a-b` would both be `a-b.ts` in TypeScript: rename one"
    );
    let module = refusal(schema(vec![interface("types", "One", Vec::new())], Vec::new()));
    assert_eq!(module, GenerateError::ModuleName("types".to_owned()));
    let none = refusal(schema(
        vec![interface("one", "One", Vec::new())],
        vec![("One", unit()), ("OneInterface", unit())],
    ));
    assert_eq!(none, GenerateError::InterfaceName("one".to_owned()));
}

#[test]
fn an_option_of_what_may_be_null_stands_in_an_object() {
    let hand = schema(
        Vec::new(),
        vec![
            ("Maybe", TypeBody::Tuple(vec![option(u32())])),
            (
                "Nested",
                TypeBody::Struct(vec![
                    field("twice", option(option(u32()))),
                    field("newtype", option(named("Maybe"))),
                    field("json", option(Type::Json)),
                    field("nothing", option(Type::Unit)),
                    field("list", list(option(option(string())))),
                ]),
            ),
        ],
    );
    insta::assert_snapshot!("nested_options", module(&hand, "types.ts"));
}

#[test]
fn only_types_that_can_nest_too_deep_count_their_depth() {
    let hand = schema(
        Vec::new(),
        vec![
            (
                "Tree",
                TypeBody::Struct(vec![
                    field("branches", list(named("Tree"))),
                    field("leaf", named("Leaf")),
                ]),
            ),
            ("Leaf", TypeBody::Struct(vec![field("value", u32())])),
            ("Forest", TypeBody::Struct(vec![field("trees", list(named("Tree")))])),
            ("Stone", TypeBody::Struct(vec![field("weight", u32())])),
        ],
    );
    let text = module(&hand, "types.ts");
    let counts = |name: &str| {
        let start = text.find(&format!("export function decode{name}(")).expect("the function");
        let body = &text[start..];
        body[..body.find("\n}\n").expect("its end")].contains("input.enter();")
    };
    assert!(counts("Tree"), "it holds itself");
    assert!(counts("Leaf"), "it can stand as deep as a tree");
    assert!(counts("Forest"), "what is inside can be too deep because of it");
    assert!(!counts("Stone"), "it holds nothing, and nothing holds it");
}

#[test]
fn in_a_long_chain_of_types_all_count() {
    let names: Vec<String> = (0..70).map(|index| format!("Link{index:02}")).collect();
    let types = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let fields = match names.get(index + 1) {
                Some(next) => vec![field("next", option(named(next)))],
                None => vec![field("value", u32())],
            };
            (name.as_str(), TypeBody::Struct(fields))
        })
        .collect();
    let text = module(&schema(Vec::new(), types), "types.ts");
    assert_eq!(text.matches("input.enter();").count(), 70);
}

#[test]
fn keywords_of_python_and_members_that_hide_types_are_told_apart() {
    let hand = schema(
        vec![interface(
            "odd.names",
            "Names",
            vec![
                channel(
                    "import",
                    ChannelKind::Call,
                    vec![field("class", u32()), field("timeout", u32())],
                ),
                channel("bytes", ChannelKind::Call, vec![field("self", string())]),
                channel("int", ChannelKind::Event, vec![field("value", u32())]),
            ],
        )],
        vec![
            (
                "Words",
                TypeBody::Struct(vec![
                    field("from", u32()),
                    field("int", u32()),
                    field("__x", string()),
                ]),
            ),
            ("None", TypeBody::Tuple(vec![string()])),
            ("Kind", TypeBody::Enum(vec![variant("HalfWay", 3, Fields::Unit)])),
        ],
    );
    let files = python(&hand).expect("a form in Python");
    let text = |path: &str| {
        files.iter().find(|file| file.path == path).map(|file| file.text.as_str()).expect(path)
    };
    let types = text("types.py");
    for wanted in [
        "from_: _builtins.int\n",
        "    int: _builtins.int\n",
        "    _x: _builtins.str\n",
        "None_ =",
        "HALF_WAY = 3",
    ] {
        assert!(types.contains(wanted), "{wanted}: {types}");
    }
    let names = text("odd_names.py");
    for wanted in [
        "async def import_(self, class_: _builtins.int, timeout_: _builtins.int,",
        "self_: _builtins.str",
    ] {
        assert!(names.contains(wanted), "{wanted}: {names}");
    }
}

#[test]
fn two_things_that_python_would_call_the_same_are_refused() {
    let hand = schema(
        Vec::new(),
        vec![
            ("Shape", TypeBody::Enum(vec![variant("Round", 0, Fields::Tuple(vec![u32()]))])),
            ("ShapeRound", TypeBody::Struct(Vec::new())),
        ],
    );
    assert!(matches!(python(&hand), Err(PythonError::SameName { .. })));
    let hand = schema(vec![interface("types", "Types", Vec::new())], Vec::new());
    assert_eq!(python(&hand), Err(PythonError::ModuleName("types".to_owned())));
}
