//! Values over time as a line.

use crate::canvas::{ACCENT, AMBER, Canvas, EDGE, INK, LINE, PAPER, RED, Role, SECOND, Style};
use crate::font::Weight;
use crate::format::{decimals_of, rounded};
use crate::sheet::{Chart, Point};
use crate::stack::{Extent, Frame, Setting};
use crate::wrap::cut;

const SMALL: Style = Style::new(Weight::Regular, 7.5, SECOND);
const BAND: [u8; 3] = [0xe6, 0xed, 0xf5];
/// Above the plot: the unit; below it: times; then the note.
const ABOVE: f32 = 12.0;
const BELOW: f32 = 13.0;
const NOTE: f32 = 11.0;
/// Steps of the scale at most.
const MOST_STEPS: f64 = 4.0;
/// More points than this are one line of ink: of each run, only the lowest and the highest are drawn.
const MOST_POINTS: usize = 700;

pub(super) fn extent(chart: &Chart) -> Extent {
    let note = if chart.note.is_some() { NOTE } else { 0.0 };
    Extent {
        least: 84.0 + note,
        natural: 150.0 + note,
    }
}

/// What a scale shows: its ends, and its step.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

/// A scale of round numbers for what is drawn. What lies far from the values would flatten them, and is left to the words.
fn scale(chart: &Chart) -> Option<Scale> {
    let values = chart
        .points
        .iter()
        .filter_map(|p| p.value)
        .filter(|v| v.is_finite());
    let (mut low, mut high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return None;
    }
    let reach = if high > low {
        high - low
    } else {
        high.abs().max(1.0)
    };
    let (least, most) = (low - 2.0 * reach, high + 2.0 * reach);
    let marks = [&chart.target, &chart.limit]
        .into_iter()
        .flatten()
        .map(|(v, _)| *v);
    let usual = chart.usual.into_iter().flat_map(|l| [l.lower, l.upper]);
    let values_low = low;
    for v in marks.chain(usual).filter(|v| (least..=most).contains(v)) {
        (low, high) = (low.min(v), high.max(v));
    }
    if high <= low {
        (low, high) = (low - reach * 0.5, high + reach * 0.5);
    }
    // What cannot be negative is not drawn as if it could.
    if values_low >= 0.0 && low < 0.0 {
        low = 0.0;
    }
    let rough = (high - low) / MOST_STEPS;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|n| n * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    Some(Scale {
        low: (low / step + 1e-9).floor() * step,
        high: (high / step - 1e-9).ceil() * step,
        step,
    })
}

/// Neighbouring points that have values.
fn runs(points: &[Point]) -> Vec<Vec<(i64, f64)>> {
    let mut out: Vec<Vec<(i64, f64)>> = vec![Vec::new()];
    for point in points {
        match point.value.filter(|v| v.is_finite()) {
            Some(value) => {
                if let Some(run) = out.last_mut() {
                    run.push((point.at, value));
                }
            }
            None => out.push(Vec::new()),
        }
    }
    out.retain(|run| !run.is_empty());
    out
}

/// The lowest and the highest of each stretch of a long run.
fn thinned(run: &[(i64, f64)]) -> Vec<(i64, f64)> {
    if run.len() <= MOST_POINTS {
        return run.to_vec();
    }
    let stretch = run.len().div_ceil(MOST_POINTS / 2);
    let ends = run.chunks(stretch).flat_map(|part| {
        let by = |a: &&(i64, f64), b: &&(i64, f64)| a.1.total_cmp(&b.1);
        let mut two: Vec<(i64, f64)> = [part.iter().min_by(by), part.iter().max_by(by)]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        two.sort_by_key(|(at, _)| *at);
        two
    });
    ends.collect()
}

pub(super) fn draw(setting: Setting<'_>, canvas: &mut Canvas<'_>, chart: &Chart, frame: Frame) -> f32 {
    let note = if chart.note.is_some() { NOTE } else { 0.0 };
    let bottom = frame.y + frame.height;
    let sides = [frame.x, frame.y, frame.x + frame.width, bottom - note];
    canvas.part(Role::Figure(chart.alt.clone(), sides), |canvas| {
        if let Some(scale) = scale(chart) {
            plot(setting, canvas, chart, scale, sides);
        }
    });
    if let Some(words) = &chart.note {
        let words = cut(setting.fonts.of(SMALL.weight), SMALL.size, frame.width, words);
        canvas.part(Role::Paragraph, |canvas| {
            canvas.text(frame.x, bottom - 2.0, SMALL, &words);
        });
    }
    bottom
}

fn plot(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    chart: &Chart,
    scale: Scale,
    [left, top, right, bottom]: [f32; 4],
) {
    let steps = ((scale.high - scale.low) / scale.step).round() as usize;
    let decimals = decimals_of(scale.step);
    let ticks: Vec<(f64, String)> = (0..=steps)
        .map(|n| {
            let value = scale.low + n as f64 * scale.step;
            (value, rounded(setting.lang, value, Some(decimals)))
        })
        .collect();
    let labels = ticks.iter().map(|(_, text)| canvas.width(text, SMALL));
    let from = left + labels.fold(0.0, f32::max) + 6.0;
    let (above, below) = (top + ABOVE, bottom - BELOW);
    let y = |value: f64| {
        let share = (value - scale.low) / (scale.high - scale.low);
        below - (share.clamp(0.0, 1.0) as f32) * (below - above)
    };
    let first = chart.points.first().map_or(0, |p| p.at);
    let last = chart.points.last().map_or(0, |p| p.at);
    let x = |at: i64| {
        if last == first {
            return f32::midpoint(from, right);
        }
        from + 3.0 + ((at - first) as f64 / (last - first) as f64) as f32 * (right - from - 6.0)
    };
    canvas.text(left, top + 7.0, SMALL, &chart.unit);
    if let Some(usual) = chart.usual {
        canvas.rectangle([from, y(usual.upper), right, y(usual.lower)], BAND);
    }
    for (value, text) in &ticks {
        canvas.line(&[(from, y(*value)), (right, y(*value))], 0.4, LINE, None);
        canvas.text_to(from - 5.0, y(*value) + 2.6, SMALL, text);
    }
    if let Some(usual) = chart
        .usual
        .filter(|u| (scale.low..=scale.high).contains(&u.centre))
    {
        canvas.line(
            &[(from, y(usual.centre)), (right, y(usual.centre))],
            0.5,
            EDGE,
            None,
        );
    }
    border(canvas, chart, scale, &y, [from, right]);
    for run in runs(&chart.points) {
        let run: Vec<(f32, f32)> = thinned(&run).iter().map(|(at, v)| (x(*at), y(*v))).collect();
        match run[..] {
            [(across, down)] => canvas.dot(across, down, 1.2, ACCENT, None),
            _ => canvas.line(&run, 1.2, ACCENT, None),
        }
    }
    if let Some(usual) = chart.usual {
        let beyond = chart.points.iter().filter_map(|p| Some((p.at, p.value?)));
        for (at, value) in beyond.filter(|(_, v)| *v < usual.lower || *v > usual.upper) {
            canvas.dot(x(at), y(value), 2.0, PAPER, Some((0.9, ACCENT)));
        }
    }
    if let Some((point, value)) = chart.points.iter().rev().find_map(|p| Some((p, p.value?))) {
        canvas.dot(x(point.at), y(value), 2.4, INK, Some((0.8, PAPER)));
    }
    times(canvas, chart, &x, [from, right], bottom - 3.0);
}

/// The lines of target and limit with their names. Where both lie close to each other, one name stands below its line.
fn border(
    canvas: &mut Canvas<'_>,
    chart: &Chart,
    scale: Scale,
    y: &dyn Fn(f64) -> f32,
    [from, right]: [f32; 2],
) {
    let seen =
        |mark: &Option<(f64, String)>| mark.clone().filter(|(v, _)| (scale.low..=scale.high).contains(v));
    let (target, limit) = (seen(&chart.target), seen(&chart.limit));
    let apart = match (&target, &limit) {
        (Some((a, _)), Some((b, _))) => y(*a) - y(*b),
        _ => f32::INFINITY,
    };
    for (mark, color, other) in [(limit, RED, apart), (target, AMBER, -apart)] {
        let Some((value, name)) = mark else {
            continue;
        };
        let at = y(value);
        canvas.line(&[(from, at), (right, at)], 0.9, color, Some(3.0));
        let style = Style { color, ..SMALL };
        // The upper one has its name above.
        let base = if other.abs() < 11.0 && other < 0.0 {
            at + 7.5
        } else {
            at - 2.5
        };
        let width = canvas.width(&name, style);
        canvas.rectangle([right - width - 2.0, base - 6.5, right, base + 1.6], PAPER);
        canvas.text_to(right - 1.0, base, style, &name);
    }
}

/// The first, the middle and the last time.
fn times(canvas: &mut Canvas<'_>, chart: &Chart, x: &dyn Fn(i64) -> f32, [from, right]: [f32; 2], base: f32) {
    let (Some(first), Some(last)) = (chart.points.first(), chart.points.last()) else {
        return;
    };
    canvas.text(from, base, SMALL, &first.label);
    if chart.points.len() < 2 {
        return;
    }
    canvas.text_to(right, base, SMALL, &last.label);
    let middle = &chart.points[chart.points.len() / 2];
    let half = canvas.width(&middle.label, SMALL) / 2.0;
    let free = [
        from + canvas.width(&first.label, SMALL) + 10.0,
        right - canvas.width(&last.label, SMALL) - 10.0,
    ];
    let at = x(middle.at);
    if at - half > free[0] && at + half < free[1] {
        canvas.text_around(at, base, SMALL, &middle.label);
    }
}
