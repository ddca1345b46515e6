//! A family of tasks as lines, one for each system, on logarithmic scales.

use super::svg::{Anchor, Svg};
use super::{Figure, colour};
use crate::load::{Grows, Task};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 40.0;
/// The least distance of two names at the right, so that each can be read.
const NAME_STEP: f64 = 13.0;

pub(super) fn picture(family: Grows, steps: &[(&Task, Vec<Figure<'_>>)]) -> String {
    let size = |task: &Task| match family {
        Grows::Payload => task.load.bytes as f64,
        Grows::Peers | Grows::Idle => task.load.peers as f64,
    };
    let sizes: Vec<f64> = steps.iter().map(|(task, _)| size(task)).collect();
    let figures = || steps.iter().flat_map(|(_, figures)| figures);
    let medians = figures().map(|figure| figure.row.spread.median);
    let (least, most) =
        medians.fold((f64::MAX, 0.0_f64), |(a, b), value| (a.min(value), b.max(value)));
    let across = scale(&sizes, LEFT, WIDTH - RIGHT);
    let up = scale(&[least, most], HEIGHT - BOTTOM, TOP);

    let mut svg = Svg::new(WIDTH, HEIGHT);
    let (title, below) = match family {
        Grows::Payload => ("bytes to one process, until it has read all", "bytes"),
        Grows::Peers | Grows::Idle => ("64 bytes to each of so many processes", "processes"),
    };
    svg.text(8.0, 18.0, Anchor::Start, "title", title);
    svg.text(
        8.0,
        36.0,
        Anchor::Start,
        "small",
        "p50, us, all processes on one core; logarithmic both ways",
    );
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0, Anchor::Middle, "small", below);
    for (task, _) in steps {
        let label = task.name.split_once('-').map_or(task.name, |(_, label)| label);
        svg.text(across(size(task)), HEIGHT - BOTTOM + 16.0, Anchor::Middle, "small", label);
    }
    for exponent in least.log10().ceil() as i32..=most.log10().floor() as i32 {
        let value = 10_f64.powi(exponent);
        svg.line(&[(LEFT, up(value)), (WIDTH - RIGHT, up(value))], "#d0d7de", 1.0);
        svg.text(LEFT - 6.0, up(value) + 4.0, Anchor::End, "small", value);
    }

    let mut systems: Vec<&str> = figures().map(|figure| figure.system).collect();
    systems.sort_unstable();
    systems.dedup();
    let mut names = Vec::new();
    for system in systems {
        let points: Vec<_> = steps
            .iter()
            .filter_map(|(task, figures)| {
                let figure = figures.iter().find(|figure| figure.system == system)?;
                Some((across(size(task)), up(figure.row.spread.median)))
            })
            .collect();
        svg.line(&points, colour(system), if system.starts_with("portcullis") { 2.5 } else { 1.5 });
        names.extend(points.last().map(|(x, y)| (*x, *y, system)));
    }
    names.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut above = 0.0_f64;
    for (x, y, system) in names {
        above = y.max(above + NAME_STEP);
        svg.line(&[(x, y), (WIDTH - RIGHT + 6.0, above)], "#d0d7de", 1.0);
        svg.text(WIDTH - RIGHT + 8.0, above + 4.0, Anchor::Start, "small", system);
    }
    svg.finish()
}

/// From values to pixels, so that the values given fill the room.
fn scale(values: &[f64], start: f64, end: f64) -> impl Fn(f64) -> f64 + use<> {
    let least = values.iter().copied().fold(f64::MAX, f64::min).ln();
    let most = values.iter().copied().fold(f64::MIN, f64::max).ln();
    move |value| start + (value.ln() - least) / (most - least) * (end - start)
}
