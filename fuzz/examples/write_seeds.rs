//! Writes the seeds: the golden vectors of the codec, small schemas with a valid body each, conversations of the golden
//! transcripts and of the simulator's scripts. They are committed; write them anew when those change.
//! `cargo run --example write_seeds`

use std::fs;
use std::io::Result as IoResult;
use std::path::Path;

use portcullis::codec::Body;
use portcullis::web::fuzz::{CODE, COOKIE, ORIGIN, PORT, TICKET};
use portcullis_fuzz::subjects::SUBJECTS;
use portcullis_fuzz::support::{Rng, food, schemas, unhex, valid};
use portcullis_fuzz::targets::TARGETS;
use portcullis_fuzz::{hub, peer};

/// Longest seed in bytes.
const BYTES_MAX: usize = 200;
/// Longest seed that is a file of its own, in bytes.
const SCHEMA_BYTES_MAX: usize = 4096;
/// Seeds of schemas.
const SCHEMAS: u16 = 24;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = root.join("seeds");
    for target in TARGETS {
        // What is no seed any more must not stay.
        fs::remove_dir_all(seeds.join(target.name)).ok();
        fs::create_dir_all(seeds.join(target.name))?;
    }
    schema_files(&seeds)?;
    policies(root, &seeds)?;
    requests(&seeds)?;
    transcripts(root, &seeds)?;
    scripts(root, &seeds)?;
    let vectors = fs::read_to_string(root.join("../tests/vectors/codec/valid.json"))?;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&vectors)?;
    for (number, row) in rows.iter().enumerate() {
        let name = row["type"].as_str().unwrap_or_default();
        let blobs = row["blobs"].as_array().into_iter().flatten();
        let body = Body {
            bytes: unhex(row["hex"].as_str().unwrap_or_default()),
            blobs: blobs.map(|blob| unhex(blob.as_str().unwrap_or_default()).into()).collect(),
        };
        let ends = |subject: &str| subject.rsplit("::").next() == Some(name);
        let Some(index) = SUBJECTS.iter().position(|subject| ends(subject.name)) else { continue };
        let Some(data) = SUBJECTS[index].food(&body).filter(|data| data.len() <= BYTES_MAX) else {
            continue;
        };
        let file = format!("{number:03}-{name}");
        fs::write(seeds.join("codec_decode").join(&file), &data)?;
        let picked = [&[index as u8], &data[..]].concat();
        fs::write(seeds.join("validator_agreement").join(&file), picked)?;
    }
    let mut rng = Rng(1);
    for seed in 0..SCHEMAS {
        let schema = schemas::schema(&mut Rng(seed.into()));
        let mut data = seed.to_le_bytes().to_vec();
        let body = valid::body(&schema, schemas::reply(&schema), &mut rng);
        let Some(food) = food(&schema, &body) else { continue };
        data.extend(food);
        if data.len() <= BYTES_MAX {
            fs::write(seeds.join("schema_agreement").join(format!("{seed:02}")), &data)?;
            fs::write(seeds.join("shown").join(format!("{seed:02}")), data)?;
        }
    }
    Ok(())
}

/// Small contracts, as files.
fn schema_files(seeds: &Path) -> IoResult<()> {
    for seed in 0..6u16 {
        let text = schemas::schema(&mut Rng(seed.into())).to_json();
        if text.len() <= SCHEMA_BYTES_MAX {
            fs::write(seeds.join("schema_file").join(format!("{seed:02}")), text)?;
        }
    }
    Ok(())
}

/// Policies that tests keep.
fn policies(root: &Path, seeds: &Path) -> IoResult<()> {
    for entry in fs::read_dir(root.join("../crates/portcullis-policy/tests/policies"))? {
        let path = entry?.path();
        fs::copy(&path, seeds.join("policy_file").join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Requests to the gate: those that are granted, and what goes before them.
fn requests(seeds: &Path) -> IoResult<()> {
    let host = format!("Host: 127.0.0.1:{PORT}\r\n");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let offer = format!("Sec-WebSocket-Protocol: portcullis.v1, ticket.{TICKET}\r\n");
    let cookie = format!("Cookie: a=b; {COOKIE}\r\n");
    let origin = format!("Origin: {ORIGIN}\r\n");
    let code = format!("code={CODE}");
    let all = [
        ("connect", format!("GET /connect HTTP/1.1\r\n{host}{origin}{upgrade}{cookie}{offer}\r\n")),
        (
            "connect-with-data",
            format!("GET /connect HTTP/1.1\r\n{host}{origin}{upgrade}{cookie}{offer}\r\nmore"),
        ),
        (
            "enter",
            format!(
                "POST /enter HTTP/1.1\r\n{host}Origin: null\r\n{form}Content-Length: {}\r\n\r\n{code}",
                code.len()
            ),
        ),
        (
            "ticket",
            format!(
                "POST /ticket HTTP/1.1\r\n{host}{origin}{cookie}{form}\
                 Transfer-Encoding: chunked\r\n\r\nd\r\nwindow=viewer\r\n0\r\n\r\n"
            ),
        ),
        ("page", format!("GET /viewer HTTP/1.1\r\n{host}\r\n")),
        ("old", "GET / HTTP/1.0\r\n\r\n".to_owned()),
    ];
    for (name, text) in all {
        fs::write(seeds.join("ws_upgrade").join(name), text)?;
    }
    Ok(())
}

/// What a reference hub says in the golden transcripts: for a peer, a session and the parser of frames.
fn transcripts(root: &Path, seeds: &Path) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(root.join("../tests/vectors/transcripts"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let transcript: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let steps = transcript["steps"].as_array().into_iter().flatten();
        let received = steps.filter_map(|step| step["receive"].as_array()).flatten();
        let bytes: Vec<u8> = received.filter_map(|hex| hex.as_str()).flat_map(unhex).collect();
        let name = path.file_stem().unwrap_or_default();
        if (1..=BYTES_MAX).contains(&bytes.len()) {
            fs::write(seeds.join("peer").join(name), peer::seed(&bytes))?;
            fs::write(seeds.join("frames").join(name), [&[0], &bytes[..]].concat())?;
        }
    }
    Ok(())
}

/// What peers say in the simulator's scripts: for a hub.
fn scripts(root: &Path, seeds: &Path) -> IoResult<()> {
    for entry in fs::read_dir(root.join("../crates/portcullis-hub/tests/simulator/scripts"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        for (number, case) in text.split("\n== ").skip(1).enumerate() {
            let lines = case.lines().skip(1);
            let seed = hub::seed(lines);
            if (2..=BYTES_MAX).contains(&seed.len()) {
                fs::write(seeds.join("hub").join(format!("{name}-{number:02}")), seed)?;
            }
        }
    }
    Ok(())
}
