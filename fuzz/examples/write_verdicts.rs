//! Writes mutated bodies of the sample contract with what Rust says of each, for TypeScript's decoder to agree with:
//! `write_verdicts SEED COUNT FILE`. A line is a type, the body in hexadecimal, and `ok` or the kind of error and its path.

use std::io::{BufWriter, Write};
use std::path::Path;

use portcullis_fuzz::subjects::SUBJECTS;
use portcullis_fuzz::support::{Rng, hex, mutate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, count, path] = &arguments[..] else {
        return Err("usage: write_verdicts SEED COUNT FILE".into());
    };
    let (seed, count): (u64, usize) = (seed.parse()?, count.parse()?);
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let mut rng = Rng(seed);
    // Those that TypeScript has a codec for by name, and that say the same everywhere; the golden vectors are for those with
    // blobs.
    let subjects: Vec<_> = SUBJECTS
        .iter()
        .map(|subject| (subject.name.rsplit("::").next().unwrap_or_default(), subject))
        .filter(|(name, subject)| !subject.name.contains('<') && *name != "Converted")
        .filter(|(_, subject)| !subject.has_blobs())
        .collect();
    for _ in 0..count {
        let (name, subject) = rng.pick(&subjects);
        let mut body = subject.valid(&mut rng).bytes;
        if !rng.one_in(8) {
            mutate::mutate(&mut body, &mut rng);
        }
        let verdict = match subject.judge(&body)? {
            Ok(()) => "ok".to_owned(),
            Err((kind, path)) => format!("{kind} {path}").trim_end().to_owned(),
        };
        writeln!(out, "{name}\t{}\t{verdict}", hex(&body))?;
    }
    out.flush()?;
    Ok(())
}
