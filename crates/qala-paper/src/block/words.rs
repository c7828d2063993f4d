//! Headings, paragraphs, facts.

use std::ops::Range;

use crate::canvas::{Canvas, INK, Role, SECOND, Style};
use crate::flow::{self, Fate, Flow};
use crate::font::Weight;
use crate::stack::{self, Extent, Frame, Scale, Setting};
use crate::wrap::{cut, wrap};

/// Lines of a paragraph at most, and those without which it says nothing.
const MOST_LINES: usize = 8;
const LEAST_LINES: usize = 2;
const HEADING: Style = Style::new(Weight::Bold, 11.0, INK);
const HEADING_HEIGHT: f32 = 14.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Quiet,
}

/// The style of running words, and the height of a line.
fn running(scale: Scale, tone: Tone) -> (Style, f32) {
    let color = if tone == Tone::Quiet { SECOND } else { INK };
    match scale {
        Scale::Body => (Style::new(Weight::Regular, 9.5, color), 13.0),
        Scale::Foot => (Style::new(Weight::Regular, 7.5, color), 10.0),
    }
}

pub(super) fn heading_extent() -> Extent {
    Extent {
        least: HEADING_HEIGHT,
        natural: HEADING_HEIGHT,
    }
}

pub(super) fn draw_heading(setting: Setting<'_>, canvas: &mut Canvas<'_>, text: &str, frame: Frame) -> f32 {
    let text = cut(setting.fonts.of(HEADING.weight), HEADING.size, frame.width, text);
    canvas.part(Role::Heading, |canvas| {
        canvas.text(frame.x, frame.y + 10.5, HEADING, &text);
    });
    frame.y + HEADING_HEIGHT
}

pub(super) fn text_extent(setting: Setting<'_>, text: &str, width: f32) -> Extent {
    let (style, height) = running(setting.scale, Tone::Plain);
    let lines = wrap(
        setting.fonts.of(style.weight),
        style.size,
        width,
        text,
        MOST_LINES,
    )
    .len();
    Extent {
        least: lines.min(LEAST_LINES) as f32 * height,
        natural: lines as f32 * height,
    }
}

/// Whole lines that fit, one at least.
fn lines_in(height: f32, line: f32) -> usize {
    ((height / line + 0.01) as usize).max(1)
}

pub(super) fn draw_text(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    text: &str,
    tone: Tone,
    frame: Frame,
) -> f32 {
    let (style, height) = running(setting.scale, tone);
    let most = lines_in(frame.height, height).min(MOST_LINES);
    let lines = wrap(
        setting.fonts.of(style.weight),
        style.size,
        frame.width,
        text,
        most,
    );
    let mut y = frame.y;
    canvas.part(Role::Paragraph, |canvas| {
        for line in &lines {
            canvas.text(frame.x, y + style.size, style, line);
            y += height;
        }
    });
    y
}

/// The share of the width that names have.
const NAMES: f32 = 0.2;
/// Lines of a fact at most.
const FACT_LINES: usize = 3;

fn fact_lines(setting: Setting<'_>, text: &str, width: f32) -> Vec<String> {
    let (style, _) = running(setting.scale, Tone::Plain);
    let room = width * (1.0 - NAMES) - 8.0;
    wrap(setting.fonts.of(style.weight), style.size, room, text, FACT_LINES)
}

pub(super) fn facts_extent(setting: Setting<'_>, facts: &[(String, String)], width: f32) -> Extent {
    let (_, height) = running(setting.scale, Tone::Plain);
    let lines: usize = facts
        .iter()
        .map(|(_, text)| fact_lines(setting, text, width).len().max(1))
        .sum();
    Extent {
        least: facts.len().min(2) as f32 * height,
        natural: lines as f32 * height,
    }
}

pub(super) fn draw_facts(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    facts: &[(String, String)],
    frame: Frame,
) -> f32 {
    let (name_style, _) = running(setting.scale, Tone::Quiet);
    let (style, height) = running(setting.scale, Tone::Plain);
    let all: usize = facts
        .iter()
        .map(|(_, text)| fact_lines(setting, text, frame.width).len().max(1))
        .sum();
    let mut room = lines_in(frame.height, height);
    let is_cut = all > room;
    room -= usize::from(is_cut);
    let mut y = frame.y;
    for (name, text) in facts {
        if room == 0 {
            break;
        }
        let lines = fact_lines(setting, text, frame.width);
        let name = cut(
            setting.fonts.of(name_style.weight),
            name_style.size,
            frame.width * NAMES,
            name,
        );
        canvas.part(Role::Paragraph, |canvas| {
            canvas.text(frame.x, y + style.size, name_style, &name);
            for line in lines.iter().take(room) {
                canvas.text(frame.x + frame.width * NAMES + 8.0, y + style.size, style, line);
                y += height;
            }
            if lines.is_empty() {
                y += height;
            }
        });
        room = room.saturating_sub(lines.len().max(1));
    }
    if is_cut {
        canvas.part(Role::Paragraph, |canvas| {
            canvas.text(frame.x, y + style.size, style, "…");
        });
        y += height;
    }
    y
}

/// A part whose lines go over pages, as [`Flow::lines`] says.
fn flow_part(
    canvas: &mut Canvas<'_>,
    flow: &mut Flow<'_>,
    role: &Role,
    lines: (usize, usize),
    height: f32,
    mut draw: impl FnMut(&mut Canvas<'_>, Range<usize>, f32),
) -> Fate {
    let mut part = None;
    flow.lines(canvas, lines, height, |canvas, range, y| {
        // Not before there is room for it: a part names the page on which it begins.
        let part = *part.get_or_insert_with(|| canvas.add(role.clone()));
        canvas.within(part, |canvas| canvas.piece(|canvas| draw(canvas, range, y)));
    })
}

/// All lines of a text.
fn all_lines(setting: Setting<'_>, style: Style, width: f32, text: &str) -> Vec<String> {
    wrap(
        setting.fonts.of(style.weight),
        style.size,
        width,
        text,
        flow::MEASURED,
    )
}

pub(super) fn heading_start(setting: Setting<'_>, text: &str, width: f32) -> f32 {
    all_lines(setting, HEADING, width, text).len() as f32 * HEADING_HEIGHT
}

pub(super) fn flow_heading(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    text: &str,
    flow: &mut Flow<'_>,
) -> Fate {
    let lines = all_lines(setting, HEADING, flow.width, text);
    let (x, size) = (flow.x, (lines.len(), lines.len()));
    flow_part(
        canvas,
        flow,
        &Role::Heading,
        size,
        HEADING_HEIGHT,
        |canvas, range, mut y| {
            for line in &lines[range] {
                canvas.text(x, y + 10.5, HEADING, line);
                y += HEADING_HEIGHT;
            }
        },
    )
}

pub(super) fn text_start(setting: Setting<'_>, text: &str, width: f32) -> f32 {
    let (style, height) = running(setting.scale, Tone::Plain);
    flow::together(all_lines(setting, style, width, text).len(), 0) as f32 * height
}

pub(super) fn flow_text(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    text: &str,
    tone: Tone,
    flow: &mut Flow<'_>,
) -> Fate {
    let (style, height) = running(setting.scale, tone);
    let lines = all_lines(setting, style, flow.width, text);
    let (x, size) = (flow.x, (lines.len(), 0));
    let fate = flow_part(
        canvas,
        flow,
        &Role::Paragraph,
        size,
        height,
        |canvas, range, mut y| {
            for line in &lines[range] {
                canvas.text(x, y + style.size, style, line);
                y += height;
            }
        },
    );
    if fate == Fate::Begun {
        flow.note(canvas, "…");
    }
    fate
}

/// All lines of the name of a fact, and of the fact.
fn all_fact_lines(setting: Setting<'_>, (name, text): &(String, String), width: f32) -> [Vec<String>; 2] {
    let (style, _) = running(setting.scale, Tone::Plain);
    [
        all_lines(setting, style, width * NAMES, name),
        all_lines(setting, style, width * (1.0 - NAMES) - 8.0, text),
    ]
}

fn longer([name, text]: &[Vec<String>; 2]) -> usize {
    name.len().max(text.len()).max(1)
}

pub(super) fn facts_start(setting: Setting<'_>, facts: &[(String, String)], width: f32) -> f32 {
    let (_, height) = running(setting.scale, Tone::Plain);
    let mut together = 0;
    for fact in facts.iter().take(2) {
        let columns = all_fact_lines(setting, fact, width);
        let lines = longer(&columns);
        let first = flow::together(lines, columns[0].len());
        together += first;
        if first < lines {
            break;
        }
    }
    together as f32 * height
}

pub(super) fn flow_facts(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    facts: &[(String, String)],
    flow: &mut Flow<'_>,
) -> Fate {
    let (name_style, _) = running(setting.scale, Tone::Quiet);
    let (style, height) = running(setting.scale, Tone::Plain);
    let (x, width) = (flow.x, flow.width);
    for (at, fact) in facts.iter().enumerate() {
        let columns = all_fact_lines(setting, fact, width);
        // A name is read before its fact: it stays on one page.
        let size = (longer(&columns), columns[0].len());
        let fate = flow_part(
            canvas,
            flow,
            &Role::Paragraph,
            size,
            height,
            |canvas, range, y| {
                let lefts = [(x, name_style), (x + width * NAMES + 8.0, style)];
                for (lines, (left, style)) in columns.iter().zip(lefts) {
                    let shown = lines.iter().take(range.end).skip(range.start);
                    for (n, line) in shown.enumerate() {
                        canvas.text(left, y + n as f32 * height + style.size, style, line);
                    }
                }
            },
        );
        if fate == Fate::Left && at == 0 {
            return Fate::Left;
        }
        if fate != Fate::Whole {
            flow.note(canvas, &stack::more(setting.lang, facts.len() - at));
            return Fate::Begun;
        }
    }
    Fate::Whole
}
