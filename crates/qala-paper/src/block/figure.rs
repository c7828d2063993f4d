//! The number that is read first.

use crate::block::mark;
use crate::canvas::{AMBER, Canvas, INK, RED, Role, SECOND, Style};
use crate::font::Weight;
use crate::sheet::{Figure, Mark};
use crate::stack::{Extent, Frame, Setting};
use crate::wrap::{cut, wrap};

const VALUE: Style = Style::new(Weight::Bold, 34.0, INK);
const UNIT: Style = Style::new(Weight::Regular, 13.0, SECOND);
const STANDING: Style = Style::new(Weight::Bold, 11.0, INK);
const BELOW: Style = Style::new(Weight::Regular, 9.5, INK);
const VALUE_HEIGHT: f32 = 38.0;
const STANDING_HEIGHT: f32 = 18.0;
const LINE_HEIGHT: f32 = 13.0;
/// Lines that one of the lines below takes at most.
const MOST_LINES: usize = 3;

fn lines(setting: Setting<'_>, figure: &Figure, width: f32) -> Vec<Vec<String>> {
    let font = setting.fonts.of(BELOW.weight);
    let each = figure.lines.iter();
    each.map(|line| wrap(font, BELOW.size, width, line, MOST_LINES))
        .collect()
}

pub(super) fn extent(setting: Setting<'_>, figure: &Figure, width: f32) -> Extent {
    let lines = lines(setting, figure, width).concat().len() as f32;
    let height = VALUE_HEIGHT + STANDING_HEIGHT + lines * LINE_HEIGHT;
    Extent {
        least: height,
        natural: height,
    }
}

pub(super) fn draw(setting: Setting<'_>, canvas: &mut Canvas<'_>, figure: &Figure, frame: Frame) -> f32 {
    let mut y = frame.y;
    // A long number is set smaller rather than cut.
    let natural = canvas.width(&figure.value, VALUE);
    let size = (VALUE.size * (frame.width / natural.max(1.0)).min(1.0)).max(12.0);
    let value = Style { size, ..VALUE };
    let number = cut(setting.fonts.of(value.weight), size, frame.width, &figure.value);
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(frame.x, y + 30.0, value, &number);
        let end = frame.x + canvas.width(&number, value) + 5.0;
        let unit = cut(
            setting.fonts.of(UNIT.weight),
            UNIT.size,
            (frame.x + frame.width - end).max(0.0),
            &figure.unit,
        );
        if !unit.is_empty() && unit != "…" {
            canvas.text(end, y + 30.0, UNIT, &unit);
        }
    });
    y += VALUE_HEIGHT;
    canvas.part(Role::Paragraph, |canvas| {
        mark::draw(canvas, figure.mark, frame.x, y + 1.0, 11.0);
        let color = match figure.mark {
            Mark::Off => RED,
            Mark::Watch => AMBER,
            _ => INK,
        };
        let words = cut(
            setting.fonts.of(STANDING.weight),
            STANDING.size,
            frame.width - 16.0,
            &figure.standing,
        );
        canvas.text(frame.x + 16.0, y + 10.5, Style { color, ..STANDING }, &words);
    });
    y += STANDING_HEIGHT;
    let mut room = ((frame.y + frame.height - y) / LINE_HEIGHT + 0.01) as usize;
    for paragraph in lines(setting, figure, frame.width) {
        if room == 0 {
            break;
        }
        canvas.part(Role::Paragraph, |canvas| {
            for line in paragraph.iter().take(room) {
                canvas.text(frame.x, y + BELOW.size, BELOW, line);
                y += LINE_HEIGHT;
            }
        });
        room = room.saturating_sub(paragraph.len());
    }
    y
}
