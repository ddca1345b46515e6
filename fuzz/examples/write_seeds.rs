//! Writes the seeds: small valid bodies of every message, and small schemas with a body each. They are committed;
//! write them anew when a subject is added. `cargo run --example write_seeds`

use std::fs;
use std::path::Path;

use portcullis_fuzz::subjects::SUBJECTS;
use portcullis_fuzz::support::{Rng, schemas, valid};

/// Seeds of each message.
const EACH: usize = 2;
/// Longest seed in bytes.
const BYTES_MAX: usize = 200;
/// Seeds of schemas.
const SCHEMAS: u16 = 24;

fn main() -> std::io::Result<()> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for folder in ["codec_decode", "validator_agreement", "schema_agreement"] {
        fs::create_dir_all(seeds.join(folder))?;
    }
    let mut rng = Rng(1);
    for (index, subject) in SUBJECTS.iter().enumerate() {
        let short = subject.name.rsplit("::").next().unwrap_or(subject.name);
        let short: String = short.chars().filter(char::is_ascii_alphanumeric).collect();
        let bodies = std::iter::repeat_with(|| subject.valid(&mut rng));
        let bodies = bodies.take(400).filter(|body| body.len() <= BYTES_MAX).take(EACH);
        for (number, body) in bodies.enumerate() {
            let name = format!("{index:02}-{short}-{number}");
            fs::write(seeds.join("codec_decode").join(&name), &body)?;
            let picked = [&[index as u8], &body[..]].concat();
            fs::write(seeds.join("validator_agreement").join(&name), picked)?;
        }
    }
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
