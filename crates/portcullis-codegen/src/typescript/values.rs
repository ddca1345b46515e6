//! The code that reads and writes a value: an expression that reads, a statement that writes. Which checks stand in it
//! follows from the type alone, and they come in the order of the Rust codec.

use portcullis_proto::schema::{Float, Int, Type};

use super::layout::{Doc, call, concat, list, text};
use super::scope::Scope;
use super::types::array_class;
use crate::prose::is_byte;

impl Scope<'_, '_> {
    /// An expression that reads a value from `input`.
    pub(super) fn read(&self, ty: &Type) -> Doc {
        match ty {
            Type::Unit => text("undefined"),
            Type::Bool => text("input.bool()"),
            Type::Int { int, min, max } => {
                let read = text(format!("input.{}()", int_method(*int)));
                self.in_range(read, int_bounds(*int, *min, *max))
            }
            Type::Float { float, min, max } => {
                let read = text(format!("input.{}()", float_method(*float)));
                self.in_range(read, float_bounds(*min, *max))
            }
            Type::String { min, max } => call("input.string", lengths(*min, *max)),
            Type::Bytes { min, max } => call("input.bytes", lengths(*min, *max)),
            Type::Blob { min, max } => call("input.blob", lengths(*min, *max)),
            Type::TypedArray { item, min, max } => {
                let mut arguments = vec![text(array_class(*item))];
                arguments.extend(lengths(*min, *max));
                self.call_with("readTypedArray", arguments)
            }
            Type::Option(inner) => {
                let value = self.read(inner);
                let value = if self.nullable(inner) {
                    list("{", vec![concat(vec![text("value: "), value])], "}", true)
                } else {
                    value
                };
                let branches = vec![Doc::Line, text("? "), value, Doc::Line, text(": null")];
                Doc::Group(Box::new(concat(vec![
                    text("input.bool()"),
                    Doc::Indent(Box::new(concat(branches))),
                ])))
            }
            Type::List { item, min, max } => {
                let mut arguments = vec![self.bytes_min(item), self.reader(item)];
                arguments.extend(lengths(*min, *max));
                self.call_with("readList", arguments)
            }
            Type::Array { item, len } if is_byte(item) => text(format!("input.raw({len})")),
            Type::Array { len: 0, .. } => text("[] as const"),
            Type::Array { item, len } => {
                let name = format!("{}<{}>", self.value("readArray"), self.type_of(ty));
                let arguments = vec![text(len.to_string()), self.bytes_min(ty), self.reader(item)];
                call(&name, with_first("input", arguments))
            }
            Type::Map { key, value, min, max } => {
                let sizes = &self.contract.sizes;
                let bytes_min = sizes.of(key).saturating_add(sizes.of(value));
                let mut arguments =
                    vec![text(bytes_min.to_string()), self.reader(key), self.reader(value)];
                arguments.extend(lengths(*min, *max));
                self.call_with("readMap", arguments)
            }
            Type::Tuple(types) => {
                self.call_with("readTuple", types.iter().map(|ty| self.reader(ty)).collect())
            }
            Type::Timestamp => self.call_with("readTimestamp", Vec::new()),
            Type::Duration => self.call_with("readDuration", Vec::new()),
            Type::Uuid => self.call_with("readUuid", Vec::new()),
            Type::Json => self.call_with("readJson", Vec::new()),
            Type::Url => self.call_with("readUrl", Vec::new()),
            Type::Named(name) => call(&self.codec_part("decode", name, ""), vec![text("input")]),
        }
    }

    /// A function that reads a value.
    pub(super) fn reader(&self, ty: &Type) -> Doc {
        match ty {
            Type::Named(name) => text(self.codec_part("decode", name, "")),
            Type::Unit => text("() => undefined"),
            Type::Option(_) => concat(vec![text("(input) => ("), self.read(ty), text(")")]),
            _ => match builtin(ty) {
                Some(name) => text(self.value(&format!("read{name}")).to_owned()),
                None => concat(vec![text("(input) => "), self.read(ty)]),
            },
        }
    }

    /// A statement that writes `value` to `out`; `None` where there is nothing to write.
    pub(super) fn write(&self, ty: &Type, value: &str) -> Option<Doc> {
        let statement = |expression: Doc| Some(concat(vec![expression, text(";")]));
        let Type::Option(inner) = ty else { return statement(self.write_expression(ty, value)?) };
        let head = format!("out.option({value})");
        let inside = if self.nullable(inner) { format!("{value}.value") } else { value.to_owned() };
        match self.write(inner, &inside) {
            Some(write) => Some(concat(vec![
                text(format!("if ({head}) {{")),
                Doc::Indent(Box::new(concat(vec![Doc::Hard, write]))),
                Doc::Hard,
                text("}"),
            ])),
            None => statement(text(head)),
        }
    }

    /// The same as an expression; not for options.
    fn write_expression(&self, ty: &Type, value: &str) -> Option<Doc> {
        let method = |name: &str, mut arguments: Vec<Doc>| {
            arguments.insert(0, text(value));
            Some(call(&format!("out.{name}"), arguments))
        };
        let helper = |name: &str, mut arguments: Vec<Doc>| {
            arguments.insert(0, text(value));
            Some(call(self.value(name), with_first("out", arguments)))
        };
        match ty {
            Type::Unit | Type::Option(_) => None,
            Type::Bool => method("bool", Vec::new()),
            Type::Int { int, min, max } => {
                let checked = self.in_range(text(value), int_bounds(*int, *min, *max));
                Some(call(&format!("out.{}", int_method(*int)), vec![checked]))
            }
            Type::Float { float, min, max } => {
                let bounds = float_bounds(*min, *max);
                let rounded = match (float, &bounds) {
                    // What counts is the value that the other side will see.
                    (Float::F32, Some(_)) => text(format!("Math.fround({value})")),
                    _ => text(value),
                };
                let checked = self.in_range(rounded, bounds);
                Some(call(&format!("out.{}", float_method(*float)), vec![checked]))
            }
            Type::String { min, max } => method("string", lengths(*min, *max)),
            Type::Bytes { min, max } => method("bytes", lengths(*min, *max)),
            Type::Blob { min, max } => method("blob", lengths(*min, *max)),
            Type::TypedArray { item, min, max } => {
                let mut arguments = vec![text(array_class(*item))];
                arguments.extend(lengths(*min, *max));
                helper("writeTypedArray", arguments)
            }
            Type::List { item, min, max } => {
                let mut arguments = vec![self.writer(item)];
                arguments.extend(lengths(*min, *max));
                helper("writeList", arguments)
            }
            Type::Array { item, len } if is_byte(item) => {
                method("raw", vec![text(len.to_string())])
            }
            Type::Array { item, len } => {
                helper("writeArray", vec![text(len.to_string()), self.writer(item)])
            }
            Type::Map { key, value, min, max } => {
                let mut arguments = vec![self.writer(key), self.writer(value)];
                arguments.extend(lengths(*min, *max));
                helper("writeMap", arguments)
            }
            Type::Tuple(types) => {
                helper("writeTuple", types.iter().map(|ty| self.writer(ty)).collect())
            }
            Type::Timestamp => helper("writeTimestamp", Vec::new()),
            Type::Duration => helper("writeDuration", Vec::new()),
            Type::Uuid => helper("writeUuid", Vec::new()),
            Type::Json => helper("writeJson", Vec::new()),
            Type::Url => helper("writeUrl", Vec::new()),
            Type::Named(name) => {
                let name = self.codec_part("encode", name, "");
                Some(call(&name, with_first("out", vec![text(value)])))
            }
        }
    }

    /// A function that writes a value.
    pub(super) fn writer(&self, ty: &Type) -> Doc {
        if let Type::Named(name) = ty {
            return text(self.codec_part("encode", name, ""));
        }
        if let Some(name) = builtin(ty) {
            return text(self.value(&format!("write{name}")).to_owned());
        }
        match (self.write_expression(ty, "value"), self.write(ty, "value")) {
            (Some(expression), _) => concat(vec![text("(out, value) => "), expression]),
            (None, Some(statement)) => concat(vec![
                text("(out, value) => {"),
                Doc::Indent(Box::new(concat(vec![Doc::Hard, statement]))),
                Doc::Hard,
                text("}"),
            ]),
            (None, None) => text("() => undefined"),
        }
    }

    fn call_with(&self, name: &str, arguments: Vec<Doc>) -> Doc {
        call(self.value(name), with_first("input", arguments))
    }

    fn bytes_min(&self, ty: &Type) -> Doc {
        text(self.contract.sizes.of(ty).to_string())
    }

    fn in_range(&self, value: Doc, bounds: Option<(String, String)>) -> Doc {
        match bounds {
            Some((min, max)) => call(self.value("inRange"), vec![value, text(min), text(max)]),
            None => value,
        }
    }
}

fn with_first(first: &str, mut arguments: Vec<Doc>) -> Vec<Doc> {
    arguments.insert(0, text(first));
    arguments
}

/// The arguments for limits of a length: none, the least, or both.
fn lengths(min: Option<u32>, max: Option<u32>) -> Vec<Doc> {
    match (min.filter(|&min| min > 0), max) {
        (None, None) => Vec::new(),
        (Some(min), None) => vec![text(min.to_string())],
        (min, Some(max)) => vec![text(min.unwrap_or(0).to_string()), text(max.to_string())],
    }
}

/// The types that the runtime reads and writes by functions of their own.
fn builtin(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Timestamp => Some("Timestamp"),
        Type::Duration => Some("Duration"),
        Type::Uuid => Some("Uuid"),
        Type::Json => Some("Json"),
        Type::Url => Some("Url"),
        _ => None,
    }
}

fn int_method(int: Int) -> &'static str {
    match int {
        Int::U8 => "u8",
        Int::U16 => "u16",
        Int::U32 => "u32",
        Int::U64 => "u64",
        Int::I8 => "i8",
        Int::I16 => "i16",
        Int::I32 => "i32",
        Int::I64 => "i64",
        Int::Safe => "safe",
    }
}

fn float_method(float: Float) -> &'static str {
    match float {
        Float::F32 => "f32",
        Float::F64 => "f64",
    }
}

/// Both ends of a declared range that is narrower than the type.
fn int_bounds(int: Int, min: Option<i128>, max: Option<i128>) -> Option<(String, String)> {
    let (least, greatest) = int.range();
    let (min, max) = (min.unwrap_or(least), max.unwrap_or(greatest));
    if min <= least && max >= greatest {
        return None;
    }
    let suffix = if matches!(int, Int::U64 | Int::I64) { "n" } else { "" };
    Some((format!("{min}{suffix}"), format!("{max}{suffix}")))
}

fn float_bounds(min: Option<f64>, max: Option<f64>) -> Option<(String, String)> {
    if min.is_none() && max.is_none() {
        return None;
    }
    let number = |bound: Option<f64>, none: &str| match bound {
        // The shortest digits that give the same float back, which JavaScript reads as the same.
        Some(bound) => format!("{bound:?}").trim_end_matches(".0").to_owned(),
        None => none.to_owned(),
    };
    Some((number(min, "-Infinity"), number(max, "Infinity")))
}
