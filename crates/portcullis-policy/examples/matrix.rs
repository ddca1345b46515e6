//! Prints what a policy file comes to: `matrix policy.toml contract.schema`. Warnings go to the error output.

use std::process::ExitCode;
use std::{env, fs};

use portcullis_hub::Matrix;
use portcullis_proto::schema::Schema;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [file, schema_file] = arguments.as_slice() else {
        return Err("matrix POLICY_FILE CONTRACT_SCHEMA".to_owned());
    };
    let read = |path: &String| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let schema = Schema::from_json(&read(schema_file)?)
        .map_err(|error| format!("{schema_file} is no schema: {error}"))?;
    let policy = portcullis_policy::parse(&read(file)?, &schema)
        .map_err(|problems| problems.in_file(file).to_string())?;
    if !policy.warnings.is_empty() {
        eprintln!("{}\n", policy.warnings.in_file(file));
    }
    let matrix = Matrix::new(&schema, &policy.roles).map_err(|error| error.to_string())?;
    print!("{}", matrix.user_budget(&policy.user_budget));
    Ok(())
}
