//! Pictures of rows, as SVG: a chart of bars for each task of one size, one of lines for each family that grows. Which rows
//! there are is the report's business.

mod bars;
mod lines;
mod svg;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::load::{Grows, TASKS};
use crate::report::Row;

/// What is shown of a row that goes into a picture.
struct Figure<'a> {
    system: &'a str,
    row: &'a Row,
}

/// Writes a picture for each task and family that the rows have, into this folder. Those that they do not have stay.
pub(crate) fn write(rows: &[Row], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let save = |name: &str, picture: String| {
        let path = folder.join(format!("bench-{name}.svg"));
        fs::write(&path, picture)
            .with_context(|| format!("{} is not to be written", path.display()))
    };
    for task in TASKS.iter().filter(|task| task.grows.is_none()) {
        for variant in ["same", "diff"] {
            let figures: Vec<_> = figures(rows, task.name, variant).collect();
            if !figures.is_empty() {
                save(&format!("{}-{variant}", task.name), bars::picture(task, variant, figures))?;
            }
        }
    }
    for (family, name) in [(Grows::Payload, "payload"), (Grows::Peers, "peers")] {
        let steps = TASKS.iter().filter(|task| task.grows == Some(family));
        let steps: Vec<_> = steps
            .map(|task| (task, figures(rows, task.name, "same").collect::<Vec<_>>()))
            .collect();
        if steps.iter().filter(|(_, figures)| !figures.is_empty()).count() > 1 {
            save(name, lines::picture(family, &steps))?;
        }
    }
    Ok(())
}

/// The rows of a task that are compared: its first metric.
fn figures<'a>(
    rows: &'a [Row],
    task: &'a str,
    variant: &'a str,
) -> impl Iterator<Item = Figure<'a>> {
    let of_task = move |row: &&Row| row.name == task && row.variant == variant;
    let compared =
        rows.iter().filter(of_task).filter(|row| ["p50", "rate"].contains(&&*row.metric));
    compared.map(|row| Figure { system: &row.system, row })
}

/// Groups of systems, which have a colour each.
fn colour(system: &str) -> &'static str {
    match system {
        _ if system.starts_with("portcullis") || system.starts_with("shm-") => "#1f6feb",
        _ if system.starts_with("raw-") || system.starts_with("tokio-") => "#8b949e",
        _ => "#bf8700",
    }
}
