//! What the checker lets pass really passes: random schemas and random edits, with the validator as the judge of every
//! value that a side of the one version writes and a side of the other reads. (Fault 48)

#[path = "../../portcullis-proto/tests/support/mod.rs"]
mod support;

use portcullis_codegen::compat::{Callers, Verdict, compare};
use portcullis_proto::codec::Body;
use portcullis_proto::schema::validate::Plan;
use portcullis_proto::schema::{
    Field, Fields, Int, Schema, Type, TypeBody, Variant, interface_hash,
};
use proptest::prelude::*;
use support::{Rng, schemas, valid};

/// Values for each pair of schemas and direction.
const BODIES: usize = 24;

/// What a run met.
#[derive(Debug, Default)]
struct Seen {
    additive: usize,
    harmless: usize,
    breaking: usize,
    /// Pairs of schemas that were called breaking, and of which a value was refused.
    refused: usize,
}

/// All types of fields, items and so on, of the whole schema.
fn types<'a>(ty: &'a mut Type, edit: &mut dyn FnMut(&mut Type)) {
    edit(ty);
    match ty {
        Type::Option(item) | Type::List { item, .. } | Type::Array { item, .. } => {
            types(item, edit)
        }
        Type::Map { key, value, .. } => {
            types(key, edit);
            types(value, edit);
        }
        Type::Tuple(all) => all.iter_mut().for_each(|ty| types(ty, edit)),
        _ => {}
    }
}

fn each_type(schema: &mut Schema, edit: &mut dyn FnMut(&mut Type)) {
    let each_field = |fields: &mut Vec<Field>, edit: &mut dyn FnMut(&mut Type)| {
        fields.iter_mut().for_each(|field| types(&mut field.ty, edit));
    };
    types(&mut schema.interfaces[0].channels[0].reply, edit);
    for def in schema.types.values_mut() {
        match &mut def.body {
            TypeBody::Struct(fields) | TypeBody::Table(fields) => each_field(fields, edit),
            TypeBody::Tuple(all) => all.iter_mut().for_each(|ty| types(ty, edit)),
            TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
                for variant in variants {
                    match &mut variant.fields {
                        Fields::Unit => {}
                        Fields::Tuple(all) => all.iter_mut().for_each(|ty| types(ty, edit)),
                        Fields::Struct(fields) => each_field(fields, edit),
                    }
                }
            }
        }
    }
}

/// Another limit, or another integer. Lists keep their least count, without which a type might have no end.
fn limit(ty: &mut Type, rng: &mut Rng) {
    let bound = |rng: &mut Rng| rng.one_in(2).then(|| rng.below(40) as u32);
    match ty {
        Type::Int { int, min, max } => {
            if rng.one_in(3) {
                *int = *rng.pick(&[Int::U16, Int::U32, Int::U64, Int::I32, Int::Safe, Int::U8]);
            }
            *min = bound(rng).map(|bound| i128::from(bound / 8));
            *max = bound(rng).map(i128::from);
        }
        Type::Float { min, max, .. } => {
            *min = bound(rng).map(|bound| -f64::from(bound));
            *max = bound(rng).map(f64::from);
        }
        Type::String { min, max }
        | Type::Bytes { min, max }
        | Type::Blob { min, max }
        | Type::TypedArray { min, max, .. } => {
            (*min, *max) = (bound(rng).map(|bound| bound / 8), bound(rng));
        }
        Type::List { max, .. } | Type::Map { max, .. } => *max = bound(rng),
        Type::Array { len, .. } => *len = rng.below(4) as u32,
        _ => {}
    }
}

fn small(rng: &mut Rng) -> Type {
    rng.pick(&[Type::Bool, Type::int(Int::U32), Type::String { min: None, max: Some(3) }]).clone()
}

/// One edit at a random place.
fn edit(schema: &mut Schema, rng: &mut Rng) {
    if rng.one_in(3) {
        let mut count = 0;
        each_type(schema, &mut |_| count += 1);
        let chosen = rng.below(count);
        let mut index = 0;
        each_type(schema, &mut |ty| {
            if index == chosen {
                limit(ty, rng);
            }
            index += 1;
        });
        return;
    }
    let chosen = rng.below(schema.types.len());
    let Some(def) = schema.types.values_mut().nth(chosen) else { return };
    match &mut def.body {
        TypeBody::Struct(fields) => match rng.below(4) {
            0 => fields.push(field("more", 0, small(rng))),
            1 => fields.reverse(),
            2 => drop(fields.pop()),
            _ => fields.iter_mut().for_each(|field| field.name.push('x')),
        },
        TypeBody::Tuple(types) => match rng.below(2) {
            0 => types.push(small(rng)),
            _ => types.reverse(),
        },
        TypeBody::Table(fields) => {
            let most = fields.iter().map(|field| field.number).max().unwrap_or(0);
            match rng.below(5) {
                0 | 1 => fields.push(field("more", most + 1, small(rng))),
                2 => drop(fields.pop()),
                3 => fields.iter_mut().for_each(|field| field.name.push('x')),
                _ => fields.iter_mut().for_each(|field| field.number += 1),
            }
        }
        TypeBody::Enum(variants) | TypeBody::FlexibleEnum(variants) => {
            let most = variants.iter().map(|variant| variant.tag).max().unwrap_or(0);
            match rng.below(5) {
                0 | 1 => variants.push(Variant {
                    name: "More".into(),
                    tag: most + 1,
                    docs: String::new(),
                    fields: Fields::Tuple(vec![small(rng)]),
                }),
                // The plain one stays: it is where values end.
                2 => {
                    let last = variants.iter().rposition(|it| it.fields != Fields::Unit);
                    if let Some(last) = last {
                        variants.remove(last);
                    }
                }
                3 => variants.iter_mut().for_each(|variant| variant.name.push('x')),
                _ => variants.iter_mut().for_each(|variant| variant.tag += 1),
            }
        }
    }
}

fn field(name: &str, number: u32, ty: Type) -> Field {
    Field { name: name.into(), number, docs: String::new(), secret: false, ty }
}

/// The schema with its hash put right; `None` if no contract could be like this.
fn checked(mut schema: Schema) -> Option<Schema> {
    schema.interfaces[0].hash = interface_hash(&schema, &schema.interfaces[0]);
    Schema::from_json(&schema.to_json()).ok()
}

/// Has `writer` write values for `reader`: the first that is refused.
fn refused(writer: &Schema, reader: &Schema, request: bool, rng: &mut Rng) -> Option<Body> {
    let channel = &writer.interfaces[0].channels[0];
    let plan = Plan::compile(reader);
    let read = plan.interface("test").and_then(|it| it.channel(0)).expect("the channel");
    let (ty, root) = match request {
        true => (&channel.args[0].ty, read.args),
        false => (&channel.reply, read.reply),
    };
    (0..BODIES).find_map(|_| {
        let body = valid::own_body(writer, ty, rng);
        plan.validate_parts(root, &body.bytes, &body.blobs).is_err().then_some(body)
    })
}

fn holds(seed: u64, seen: &mut Seen) -> Result<(), TestCaseError> {
    let mut rng = Rng(seed);
    let mut old = schemas::schema(&mut rng);
    let mut new = old.clone();
    for _ in 0..=rng.below(2) {
        edit(&mut new, &mut rng);
    }
    let request = rng.one_in(2);
    if request {
        for schema in [&mut old, &mut new] {
            let channel = &mut schema.interfaces[0].channels[0];
            let ty = std::mem::replace(&mut channel.reply, Type::Unit);
            channel.args = vec![field("value", 0, ty)];
        }
    }
    let (Some(old), Some(new)) = (checked(old), checked(new)) else { return Ok(()) };
    let report = compare(&old, &new);
    let old_to_new = refused(&old, &new, request, &mut rng);
    let new_to_old = refused(&new, &old, request, &mut rng);
    // Old callers write requests that new servers read, and read what new servers reply.
    let (of_old, of_new) =
        if request { (&old_to_new, &new_to_old) } else { (&new_to_old, &old_to_new) };
    for (callers, body) in [(Callers::Old, of_old), (Callers::New, of_new)] {
        if let Some(body) = body {
            let said = report.breaks(callers);
            let texts = (old.to_json(), new.to_json());
            prop_assert!(said, "{callers:?}: {body:?}\n{report}\n{}\n{}", texts.0, texts.1);
        }
    }
    match report.interfaces.first().map_or(Verdict::Harmless, |it| it.verdict()) {
        Verdict::Breaking { .. } => {
            seen.breaking += 1;
            seen.refused += usize::from(old_to_new.is_some() || new_to_old.is_some());
        }
        Verdict::Additive => seen.additive += 1,
        Verdict::Harmless => seen.harmless += 1,
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f48_what_is_called_additive_is_understood(seed: u64) {
        holds(seed, &mut Seen::default())?;
    }
}

/// The same with fixed seeds, which meet every verdict often, and refused values where one is breaking.
#[test]
fn f48_fixed_seeds_meet_every_verdict() {
    let mut seen = Seen::default();
    for seed in 0..1500 {
        holds(seed, &mut seen).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let least = seen.additive.min(seen.harmless).min(seen.breaking).min(seen.refused);
    assert!(least >= 20, "{seen:?}");
}
