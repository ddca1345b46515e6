//! Writes the seeds: the golden vectors of the codec, small schemas with a valid body each, conversations of the golden
//! transcripts and of the simulator's scripts. They are committed; write them anew when those change.
//! `cargo run --example write_seeds`

use std::fs;
use std::path::Path;

use portcullis_fuzz::subjects::SUBJECTS;
use portcullis_fuzz::support::{Rng, schemas, unhex, valid};

/// Longest seed in bytes.
const BYTES_MAX: usize = 200;
/// Seeds of schemas.
const SCHEMAS: u16 = 24;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = root.join("seeds");
    for folder in ["codec_decode", "validator_agreement", "schema_agreement"] {
        // What is no seed any more must not stay.
        fs::remove_dir_all(seeds.join(folder)).ok();
        fs::create_dir_all(seeds.join(folder))?;
    }
    let vectors = fs::read_to_string(root.join("../tests/vectors/codec/valid.json"))?;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&vectors)?;
    for (number, row) in rows.iter().enumerate() {
        let name = row["type"].as_str().unwrap_or_default();
        let body = unhex(row["hex"].as_str().unwrap_or_default());
        let ends = |subject: &str| subject.rsplit("::").next() == Some(name);
        let Some(index) = SUBJECTS.iter().position(|subject| ends(subject.name)) else { continue };
        if body.len() > BYTES_MAX {
            continue;
        }
        let file = format!("{number:03}-{name}");
        fs::write(seeds.join("codec_decode").join(&file), &body)?;
        let picked = [&[index as u8], &body[..]].concat();
        fs::write(seeds.join("validator_agreement").join(&file), picked)?;
    }
    let mut rng = Rng(1);
    for seed in 0..SCHEMAS {
        let schema = schemas::schema(&mut Rng(seed.into()));
        let mut data = seed.to_le_bytes().to_vec();
        valid::value(&schema, schemas::reply(&schema), &mut rng, &mut data);
        if data.len() <= BYTES_MAX {
            fs::write(seeds.join("schema_agreement").join(format!("{seed:02}")), data)?;
        }
    }
    Ok(())
}
