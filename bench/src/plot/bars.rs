//! One task as bars on a logarithmic scale, the best first, with the quartiles as a line across the end of each.

use super::svg::{Anchor, Svg};
use super::{Figure, colour};
use crate::load::Task;
use crate::report::{caption, short};

const WIDTH: f64 = 720.0;
const NAMES: f64 = 150.0;
const FIGURES: f64 = 90.0;
const STEP: f64 = 22.0;
const TOP: f64 = 48.0;

pub(super) fn picture(task: &Task, variant: &str, mut figures: Vec<Figure<'_>>) -> String {
    let more_is_better = figures.first().is_some_and(|figure| figure.row.metric == "rate");
    figures.sort_by(|a, b| {
        let order = a.row.spread.median.total_cmp(&b.row.spread.median);
        if more_is_better { order.reverse() } else { order }
    });
    let values = figures.iter().map(|figure| figure.row.spread.median);
    let (least, most) =
        values.fold((f64::MAX, 0.0_f64), |(a, b), value| (a.min(value), b.max(value)));
    // The shortest bar is still seen.
    let (from, to) = ((least / 2.0).ln(), most.ln());
    let room = WIDTH - NAMES - FIGURES;
    let length = |value: f64| (value.ln() - from) / (to - from) * room;

    let mut svg = Svg::new(WIDTH, TOP + STEP * figures.len() as f64 + 8.0);
    let direction = if more_is_better { "more is better" } else { "less is better" };
    svg.text(8.0, 18.0, Anchor::Start, "title", format!("{}, {variant}", task.name));
    let caption = caption(task.load.work).split(',').next().unwrap_or_default();
    let note = format!("{caption}; logarithmic; {direction}");
    svg.text(8.0, 36.0, Anchor::Start, "small", note);
    for (place, Figure { system, row }) in figures.iter().enumerate() {
        let y = TOP + STEP * place as f64;
        let (spread, middle) = (row.spread, y + STEP / 2.0 - 2.0);
        let end = NAMES + length(spread.median);
        svg.text(NAMES - 6.0, middle + 4.0, Anchor::End, "", system);
        svg.bar(NAMES, y, length(spread.median), STEP - 5.0, colour(system));
        let quartiles = [spread.low, spread.high].map(|at| (NAMES + length(at).max(0.0), middle));
        svg.line(&quartiles, "#24292f", 1.5);
        svg.text(
            end.max(quartiles[1].0) + 6.0,
            middle + 4.0,
            Anchor::Start,
            "",
            short(spread.median),
        );
    }
    svg.finish()
}
