//! The code of tables: numbered fields that may be absent, each with its byte count.

use portcullis_proto::schema::Field;

use super::docs::documented;
use super::layout::{Doc, block, call, concat, list, text};
use super::messages::{guarded, read_function, write_function};
use super::names;
use super::scope::Scope;

/// A function that makes a table of the fields that are present: the others need not be written out, and a field that
/// the contract gains breaks no caller.
pub(super) fn maker(code: &str, fields: &[Field]) -> Doc {
    let mut members: Vec<Doc> =
        fields.iter().map(|field| text(format!("{}: null", names::camel(&field.name)))).collect();
    members.push(text("...fields"));
    documented(
        &format!("Makes a `{code}` of which only `fields` are present."),
        concat(vec![
            text(format!("export const {code} = (fields: Partial<{code}> = {{}}): {code} => (")),
            list("{", members, "}", true),
            text(");"),
        ]),
    )
}

/// The functions that write and read a table.
pub(super) fn functions(scope: &Scope<'_, '_>, name: &str, fields: &[Field]) -> (Doc, Doc) {
    let counts = scope.contract.nesting.counts(name);
    (write(scope, name, fields, counts), read(scope, name, fields, counts))
}

fn write(scope: &Scope<'_, '_>, name: &str, fields: &[Field], counts: bool) -> Doc {
    let values: Vec<String> =
        fields.iter().map(|field| format!("value.{}", names::camel(&field.name))).collect();
    let mut steps = Vec::new();
    for (field, value) in fields.iter().zip(&values) {
        let inside =
            if scope.nullable(&field.ty) { format!("{value}.value") } else { value.clone() };
        let mut lines = vec![
            text(format!("at = '{}';", field.name)),
            text(format!("out.count({});", field.number)),
            text("const part = out.beginPart();"),
        ];
        lines.extend(scope.write(&field.ty, &inside));
        lines.push(text("out.endPart(part);"));
        steps.push(block(format!("if ({value} !== null) "), lines, ""));
    }
    let mut body = Vec::new();
    if counts {
        body.push(text("out.enter();"));
    }
    let count = if values.is_empty() {
        text("out.count(0);")
    } else {
        let present = call(scope.value("present"), values.into_iter().map(text).collect());
        concat(vec![call("out.count", vec![present]), text(";")])
    };
    if steps.is_empty() {
        body.push(count);
        if counts {
            body.push(text("out.leave();"));
        }
        return block(
            format!(
                "export function encode{0}(out: {1}, _value: {0}): void ",
                scope.contract.names.ty(name),
                scope.ty("Writer")
            ),
            body,
            "",
        );
    }
    body.push(text("let at = '';"));
    let mut tries = vec![count];
    tries.extend(steps);
    if counts {
        tries.push(text("out.leave();"));
    }
    body.push(guarded(scope, tries, true, "at"));
    write_function(scope, name, body, true)
}

fn read(scope: &Scope<'_, '_>, name: &str, fields: &[Field], counts: bool) -> Doc {
    let locals = names::locals(fields.iter().map(|field| field.name.as_str()), &["left", "number"]);
    let mut body = Vec::new();
    if counts {
        body.push(text("input.enter();"));
    }
    for (field, local) in fields.iter().zip(&locals) {
        let ty = portcullis_proto::schema::Type::Option(Box::new(field.ty.clone()));
        body.push(text(format!("let {local}: {} = null;", scope.type_of(&ty))));
    }
    let mut cases = Vec::new();
    for (field, local) in fields.iter().zip(&locals) {
        let read = scope.read(&field.ty);
        let read = if scope.nullable(&field.ty) {
            list("{", vec![concat(vec![text("value: "), read])], "}", true)
        } else {
            read
        };
        let lines = vec![
            text(format!("at = '{}';", field.name)),
            text("const outer = input.beginPart();"),
            concat(vec![text(format!("{local} = ")), read, text(";")]),
            text("input.endPart(outer);"),
            text("break;"),
        ];
        cases.push(block(format!("case {}: ", field.number), lines, ""));
    }
    let skip = concat(vec![
        text("default:"),
        Doc::Indent(Box::new(concat(vec![
            Doc::Hard,
            text(format!("{}(input);", scope.value("skipPart"))),
        ]))),
    ]);
    cases.push(skip);
    let next = format!("number = {}(input, number);", scope.value("readFieldNumber"));
    let loop_lines = if fields.is_empty() {
        vec![text(next), text(format!("{}(input);", scope.value("skipPart")))]
    } else {
        vec![text("at = '';"), text(next), block("switch (number) ", cases, "")]
    };
    let walk = vec![
        text("let number = 0;"),
        block("for (let left = input.count(2); left > 0; left--) ", loop_lines, ""),
    ];
    if fields.is_empty() {
        body.extend(walk);
    } else {
        body.push(text("let at = '';"));
        body.push(guarded(scope, walk, false, "at"));
    }
    if counts {
        body.push(text("input.leave();"));
    }
    let members = fields.iter().zip(&locals).map(|(field, local)| {
        let member = names::camel(&field.name);
        if member == *local { text(member) } else { text(format!("{member}: {local}")) }
    });
    body.push(concat(vec![text("return "), list("{", members.collect(), "}", true), text(";")]));
    read_function(scope, name, body, true)
}
