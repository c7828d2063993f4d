//! Tables: words at the left, numbers at the right, and what does not fit is counted.

use crate::block::mark;
use crate::canvas::{AMBER, Canvas, EDGE, INK, LINE, RED, Role, SECOND, Style};
use crate::font::Weight;
use crate::sheet::{Align, Cell, Mark, Table};
use crate::stack::{self, Extent, Frame, NOTE_HEIGHT, Setting};
use crate::wrap::{cut, wrap};

const HEAD: Style = Style::new(Weight::Regular, 7.5, SECOND);
const CELL: Style = Style::new(Weight::Regular, 8.5, INK);
/// Between two columns.
const GUTTER: f32 = 12.0;
const LINE_HEIGHT: f32 = 11.0;
/// Above and below the words of a row, together.
const PADDING: f32 = 5.0;
/// The shape before a cell, and the blank behind it.
const MARK: f32 = 12.0;
/// A column of words is never narrower, unless it needs less.
const NARROWEST: f32 = 52.0;
/// Longer words are broken, in points.
const WIDEST_WORD: f32 = 110.0;
const LEAST_ROWS: usize = 3;
/// Rows that are measured: no page has more.
const MEASURED: usize = 120;

fn indent(cell: &Cell) -> f32 {
    if cell.mark.is_some() { MARK } else { 0.0 }
}

/// The widths of the columns, which fill the width.
fn widths(setting: Setting<'_>, table: &Table, width: f32) -> Vec<f32> {
    let (head, body) = (setting.fonts.of(HEAD.weight), setting.fonts.of(CELL.weight));
    let mut wishes: Vec<f32> = Vec::new();
    // Words stay whole.
    let mut least: Vec<f32> = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let longest_word = column.title.split(' ').map(|word| head.width(word, HEAD.size));
        let longest_word = longest_word.fold(1.0, f32::max);
        let cells = || table.rows.iter().take(MEASURED).filter_map(|row| row.get(at));
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

fn cell_lines(setting: Setting<'_>, align: Align, cell: &Cell, width: f32) -> Vec<String> {
    let font = setting.fonts.of(CELL.weight);
    let most = if align == Align::Start { 2 } else { 1 };
    wrap(font, CELL.size, (width - indent(cell)).max(1.0), &cell.text, most)
}

fn head_lines(setting: Setting<'_>, title: &str, width: f32) -> Vec<String> {
    wrap(setting.fonts.of(HEAD.weight), HEAD.size, width, title, 2)
}

fn head_height(setting: Setting<'_>, table: &Table, widths: &[f32]) -> f32 {
    let lines = table.columns.iter().zip(widths);
    let lines = lines.map(|(column, width)| head_lines(setting, &column.title, *width).len());
    lines.max().unwrap_or(0) as f32 * 9.0 + 5.0
}

fn row_heights(setting: Setting<'_>, table: &Table, widths: &[f32]) -> Vec<f32> {
    let rows = table.rows.iter().take(MEASURED).map(|row| {
        let cells = row.iter().zip(&table.columns).zip(widths);
        let lines =
            cells.map(|((cell, column), width)| cell_lines(setting, column.align, cell, *width).len());
        lines.max().unwrap_or(1).max(1) as f32 * LINE_HEIGHT + PADDING
    });
    rows.collect()
}

pub(super) fn extent(setting: Setting<'_>, table: &Table, width: f32) -> Extent {
    let widths = widths(setting, table, width);
    let heights = row_heights(setting, table, &widths);
    let head = head_height(setting, table, &widths);
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
    let widths = widths(setting, table, frame.width);
    let heights = row_heights(setting, table, &widths);
    let head = head_height(setting, table, &widths);
    let shown = rows_in(&heights, table.rows.len(), frame.height - head);
    let lefts: Vec<f32> = widths
        .iter()
        .scan(frame.x, |x, width| {
            let left = *x;
            *x += width + GUTTER;
            Some(left)
        })
        .collect();
    let mut y = frame.y;
    let right = frame.x + frame.width;
    canvas.group(Role::Table, |canvas| {
        canvas.group(Role::Row, |canvas| {
            for ((column, width), left) in table.columns.iter().zip(&widths).zip(&lefts) {
                let lines = head_lines(setting, &column.title, *width);
                // Titles stand on the line below them.
                let top = y + head - 5.0 - lines.len() as f32 * 9.0;
                canvas.part(Role::ColumnHead, |canvas| {
                    for (at, line) in lines.iter().enumerate() {
                        let base = top + at as f32 * 9.0 + 7.0;
                        match column.align {
                            Align::Start => canvas.text(*left, base, HEAD, line),
                            Align::End => canvas.text_to(left + width, base, HEAD, line),
                        }
                    }
                });
            }
        });
        y += head;
        canvas.ornament(|canvas| canvas.line(&[(frame.x, y - 2.0), (right, y - 2.0)], 0.7, EDGE, None));
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
            canvas.ornament(|canvas| canvas.line(&[(frame.x, y - 1.5), (right, y - 1.5)], 0.4, LINE, None));
        }
    });
    let left = table.rows.len() - shown;
    if left > 0 {
        stack::note(canvas, frame.x, y, frame.width, &stack::more(setting.lang, left));
        y += NOTE_HEIGHT;
    }
    y
}

fn draw_cell(setting: Setting<'_>, canvas: &mut Canvas<'_>, align: Align, cell: &Cell, frame: Frame) {
    let mut x = frame.x;
    let mut style = CELL;
    if let Some(mark) = cell.mark {
        mark::draw(canvas, mark, x, frame.y + 1.5, 8.5);
        x += MARK;
        style.color = match mark {
            Mark::Off => RED,
            Mark::Watch => AMBER,
            _ => INK,
        };
    }
    match align {
        Align::Start => {
            for (at, line) in cell_lines(setting, align, cell, frame.width).iter().enumerate() {
                canvas.text(x, frame.y + 9.0 + at as f32 * LINE_HEIGHT, style, line);
            }
        }
        Align::End => {
            let room = frame.width - indent(cell) + 0.5;
            let text = cut(setting.fonts.of(style.weight), style.size, room, &cell.text);
            canvas.text_to(frame.x + frame.width, frame.y + 9.0, style, &text);
        }
    }
}
