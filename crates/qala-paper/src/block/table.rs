//! Tables: words at the left, numbers at the right, and what does not fit is counted.

use crate::block::mark;
use crate::canvas::{AMBER, Canvas, EDGE, INK, LINE, RED, Role, SECOND, Style};
use crate::font::Weight;
use crate::sheet::{Align, Cell, Column, Mark, Table};
use crate::stack::{self, Extent, Frame, NOTE_HEIGHT, Setting};
use crate::wrap::{cut, wrap};

const HEAD: Style = Style::new(Weight::Regular, 7.5, SECOND);
const CELL: Style = Style::new(Weight::Regular, 8.5, INK);
/// Between two columns.
const GUTTER: f32 = 12.0;
pub(super) const LINE_HEIGHT: f32 = 11.0;
/// Above and below the words of a row, together.
pub(super) const PADDING: f32 = 5.0;
/// The shape before a cell, and the blank behind it.
const MARK: f32 = 12.0;
/// A column of words is never narrower, unless it needs less.
const NARROWEST: f32 = 52.0;
/// Longer words are broken, in points.
const WIDEST_WORD: f32 = 110.0;
const LEAST_ROWS: usize = 3;
/// Rows that are measured: no page has more.
const MEASURED: usize = 120;
/// Lines of a cell of words at most.
const CELL_LINES: usize = 2;
/// Lines of the title of a column at most.
const HEAD_LINES: usize = 2;
const HEAD_LINE_HEIGHT: f32 = 9.0;

fn indent(cell: &Cell) -> f32 {
    if cell.mark.is_some() { MARK } else { 0.0 }
}

/// The widths of the columns, which fill the width, by the first rows.
pub(super) fn widths(setting: Setting<'_>, table: &Table, width: f32, rows: usize) -> Vec<f32> {
    let (head, body) = (setting.fonts.of(HEAD.weight), setting.fonts.of(CELL.weight));
    let mut wishes: Vec<f32> = Vec::new();
    // Words stay whole.
    let mut least: Vec<f32> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let longest_word = column.title.split(' ').map(|word| head.width(word, HEAD.size));
        let longest_word = longest_word.fold(1.0, f32::max);
        let cells = || table.rows.iter().take(rows).filter_map(|row| row.get(at));
        let whole = cells().map(|cell| body.width(&cell.text, CELL.size) + indent(cell));
        let words = cells().flat_map(|cell| {
            let words = cell.text.split([' ', '\u{a0}']);
            words.map(move |word| body.width(word, CELL.size) + indent(cell))
        });
        wishes.push(whole.fold(longest_word, f32::max) + 0.5);
        least.push((words.fold(longest_word, f32::max) + 0.5).clamp(NARROWEST, WIDEST_WORD));
    }
    let room = (width - GUTTER * table.columns.len().saturating_sub(1) as f32).max(1.0);
    let spare = room - wishes.iter().sum::<f32>();
    let is_words = |at: usize| table.columns[at].align == Align::Start;
    if spare >= 0.0 {
        if let Some(first) = wishes.first_mut() {
            *first += spare;
        }
        return wishes;
    }
    // Words give way first: they take two lines.
    let may_give = |at: usize, wish: f32| {
        if is_words(at) {
            (wish - least[at]).max(0.0)
        } else {
            0.0
        }
    };
    let given: f32 = wishes
        .iter()
        .enumerate()
        .map(|(at, wish)| may_give(at, *wish))
        .sum();
    if given > 0.0 {
        let part = (-spare / given).min(1.0);
        for (at, wish) in wishes.iter_mut().enumerate() {
            *wish -= may_give(at, *wish) * part;
        }
    }
    let whole: f32 = wishes.iter().sum();
    if whole > room {
        for wish in &mut wishes {
            *wish *= room / whole;
        }
    }
    wishes
}

pub(super) fn cell_lines(
    setting: Setting<'_>,
    align: Align,
    cell: &Cell,
    width: f32,
    most: usize,
) -> Vec<String> {
    // A number that is as wide as its column is not broken by a rounding.
    let slack = if align == Align::End { 0.5 } else { 0.0 };
    let room = (width - indent(cell) + slack).max(1.0);
    wrap(setting.fonts.of(CELL.weight), CELL.size, room, &cell.text, most)
}

fn head_lines(setting: Setting<'_>, title: &str, width: f32, most: usize) -> Vec<String> {
    wrap(setting.fonts.of(HEAD.weight), HEAD.size, width, title, most)
}

pub(super) fn head_height(setting: Setting<'_>, table: &Table, widths: &[f32], most: usize) -> f32 {
    let lines = table.columns.iter().zip(widths);
    let lines = lines.map(|(column, width)| head_lines(setting, &column.title, *width, most).len());
    lines.max().unwrap_or(0) as f32 * HEAD_LINE_HEIGHT + 5.0
}

/// Draws the title of a column into a frame. Titles stand on the line below them.
pub(super) fn draw_title(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    column: &Column,
    frame: Frame,
    most: usize,
) {
    let lines = head_lines(setting, &column.title, frame.width, most);
    let top = frame.y + frame.height - 5.0 - lines.len() as f32 * HEAD_LINE_HEIGHT;
    for (at, line) in lines.iter().enumerate() {
        let base = top + at as f32 * HEAD_LINE_HEIGHT + 7.0;
        match column.align {
            Align::Start => canvas.text(frame.x, base, HEAD, line),
            Align::End => canvas.text_to(frame.x + frame.width, base, HEAD, line),
        }
    }
}

fn row_heights(setting: Setting<'_>, table: &Table, widths: &[f32]) -> Vec<f32> {
    let rows = table.rows.iter().take(MEASURED).map(|row| {
        let cells = row.iter().zip(&table.columns).zip(widths);
        let lines = cells.map(|((cell, column), width)| {
            let most = match column.align {
                Align::Start => CELL_LINES,
                Align::End => 1,
            };
            cell_lines(setting, column.align, cell, *width, most).len()
        });
        lines.max().unwrap_or(1).max(1) as f32 * LINE_HEIGHT + PADDING
    });
    rows.collect()
}

pub(super) fn extent(setting: Setting<'_>, table: &Table, width: f32) -> Extent {
    let widths = widths(setting, table, width, MEASURED);
    let heights = row_heights(setting, table, &widths);
    let head = head_height(setting, table, &widths, HEAD_LINES);
    let least = heights.iter().take(LEAST_ROWS).sum::<f32>();
    let note = if heights.len() > LEAST_ROWS {
        NOTE_HEIGHT
    } else {
        0.0
    };
    Extent {
        least: head + least + note,
        natural: (head + heights.iter().sum::<f32>()).max(head + least + note),
    }
}

/// Where columns begin.
pub(super) fn lefts(from: f32, widths: &[f32]) -> Vec<f32> {
    let next = |x: &mut f32, width: &f32| {
        let left = *x;
        *x += width + GUTTER;
        Some(left)
    };
    widths.iter().scan(from, next).collect()
}

/// How many rows fit, with the line that counts the others.
fn rows_in(heights: &[f32], all: usize, room: f32) -> usize {
    if heights.len() == all && heights.iter().sum::<f32>() <= room + 0.01 {
        return all;
    }
    let mut end = NOTE_HEIGHT;
    let fit = heights.iter().take_while(|height| {
        end += **height;
        end <= room + 0.01
    });
    fit.count().min(all)
}

pub(super) fn draw(setting: Setting<'_>, canvas: &mut Canvas<'_>, table: &Table, frame: Frame) -> f32 {
    let widths = widths(setting, table, frame.width, MEASURED);
    let heights = row_heights(setting, table, &widths);
    let head = head_height(setting, table, &widths, HEAD_LINES);
    let shown = rows_in(&heights, table.rows.len(), frame.height - head);
    let lefts = lefts(frame.x, &widths);
    let mut y = frame.y;
    let right = frame.x + frame.width;
    canvas.group(Role::Table, |canvas| {
        canvas.group(Role::Row, |canvas| {
            for ((column, width), left) in table.columns.iter().zip(&widths).zip(&lefts) {
                let place = Frame {
                    x: *left,
                    y,
                    width: *width,
                    height: head,
                };
                canvas.part(Role::ColumnHead, |canvas| {
                    draw_title(setting, canvas, column, place, HEAD_LINES);
                });
            }
        });
        y += head;
        canvas.ornament(|canvas| line_below_head(canvas, [frame.x, right], y));
        for (row, height) in table.rows.iter().zip(&heights).take(shown) {
            canvas.group(Role::Row, |canvas| {
                for (at, cell) in row.iter().enumerate().take(table.columns.len()) {
                    let role = if at == 0 { Role::RowHead } else { Role::Cell };
                    let place = Frame {
                        x: lefts[at],
                        y,
                        width: widths[at],
                        height: *height,
                    };
                    canvas.part(role, |canvas| {
                        draw_cell(setting, canvas, table.columns[at].align, cell, place);
                    });
                }
            });
            y += height;
            canvas.ornament(|canvas| line_below_row(canvas, [frame.x, right], y));
        }
    });
    let left = table.rows.len() - shown;
    if left > 0 {
        stack::note(canvas, frame.x, y, frame.width, &stack::more(setting.lang, left));
        y += NOTE_HEIGHT;
    }
    y
}

pub(super) fn line_below_head(canvas: &mut Canvas<'_>, [left, right]: [f32; 2], y: f32) {
    canvas.line(&[(left, y - 2.0), (right, y - 2.0)], 0.7, EDGE, None);
}

pub(super) fn line_below_row(canvas: &mut Canvas<'_>, [left, right]: [f32; 2], y: f32) {
    canvas.line(&[(left, y - 1.5), (right, y - 1.5)], 0.4, LINE, None);
}

fn draw_cell(setting: Setting<'_>, canvas: &mut Canvas<'_>, align: Align, cell: &Cell, frame: Frame) {
    let lines = match align {
        Align::Start => cell_lines(setting, align, cell, frame.width, CELL_LINES),
        Align::End => {
            let room = frame.width - indent(cell) + 0.5;
            vec![cut(setting.fonts.of(CELL.weight), CELL.size, room, &cell.text)]
        }
    };
    if let Some(mark) = cell.mark {
        mark::draw(canvas, mark, frame.x, frame.y + 1.5, 8.5);
    }
    draw_lines(canvas, align, cell, &lines, frame);
}

/// Draws lines of a cell from the upper edge of a frame.
pub(super) fn draw_lines(canvas: &mut Canvas<'_>, align: Align, cell: &Cell, lines: &[String], frame: Frame) {
    let color = match cell.mark {
        Some(Mark::Off) => RED,
        Some(Mark::Watch) => AMBER,
        _ => INK,
    };
    let style = Style { color, ..CELL };
    for (at, line) in lines.iter().enumerate() {
        let base = frame.y + 9.0 + at as f32 * LINE_HEIGHT;
        match align {
            Align::Start => canvas.text(frame.x + indent(cell), base, style, line),
            Align::End => canvas.text_to(frame.x + frame.width, base, style, line),
        }
    }
}
