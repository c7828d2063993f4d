//! Tables that go over pages: the head is repeated, a row stays on one page, and all words are there.

use crate::block::{mark, table};
use crate::canvas::{Canvas, Role};
use crate::flow::{self, Fate, Flow};
use crate::sheet::{Column, Row, Table};
use crate::stack::{self, Frame, Setting};

/// Lines of the title of a column at most.
const HEAD_LINES: usize = 6;
/// Rows that stand below the head where a table begins.
const FIRST_ROWS: usize = 2;
/// Lines that stand there at least of a row that is higher than a page.
const FIRST_LINES: usize = 3;

fn height(lines: usize) -> f32 {
    lines as f32 * table::LINE_HEIGHT + table::PADDING
}

/// A table, and how it stands on pages.
struct Long<'t, 'f> {
    setting: Setting<'f>,
    table: &'t Table,
    widths: Vec<f32>,
    /// Height of the head.
    head: f32,
}

impl<'t, 'f> Long<'t, 'f> {
    fn new(setting: Setting<'f>, table: &'t Table, width: f32) -> Self {
        let widths = table::widths(setting, table, width, flow::MEASURED);
        let head = table::head_height(setting, table, &widths, HEAD_LINES);
        Self {
            setting,
            table,
            widths,
            head,
        }
    }

    /// The lines of each cell of a row.
    fn lines(&self, row: &Row) -> Vec<Vec<String>> {
        let cells = row.iter().zip(&self.table.columns).zip(&self.widths);
        cells
            .map(|((cell, column), width)| {
                table::cell_lines(self.setting, column.align, cell, *width, flow::MEASURED)
            })
            .collect()
    }

    /// The height of a row that stays on one page; of one that is higher than a page, of its first lines.
    fn undivided(&self, lines: usize) -> f32 {
        let whole = height(lines);
        if self.head + whole <= Flow::whole_room() {
            whole
        } else {
            height(FIRST_LINES)
        }
    }

    /// Each column with the place of its title.
    fn titles(&self, x: f32, y: f32) -> Vec<(&'t Column, Frame)> {
        let lefts = table::lefts(x, &self.widths);
        let places = self.widths.iter().zip(lefts).map(|(width, left)| Frame {
            x: left,
            y,
            width: *width,
            height: self.head,
        });
        self.table.columns.iter().zip(places).collect()
    }

    fn draw_title(&self, canvas: &mut Canvas<'_>, column: &Column, place: Frame) {
        table::draw_title(self.setting, canvas, column, place, HEAD_LINES);
    }

    fn end_head(&self, canvas: &mut Canvas<'_>, flow: &mut Flow<'_>) {
        flow.y += self.head;
        let (sides, y) = ([flow.x, flow.x + flow.width], flow.y);
        canvas.ornament(|canvas| table::line_below_head(canvas, sides, y));
    }

    fn draw_head(&self, canvas: &mut Canvas<'_>, flow: &mut Flow<'_>) {
        canvas.group(Role::Row, |canvas| {
            for (column, place) in self.titles(flow.x, flow.y) {
                canvas.part(Role::ColumnHead, |canvas| {
                    self.draw_title(canvas, column, place);
                });
            }
        });
        self.end_head(canvas, flow);
    }

    /// Goes to the next page, where the head stands again.
    fn turn(&self, canvas: &mut Canvas<'_>, flow: &mut Flow<'_>) -> bool {
        if !flow.turn(canvas) {
            return false;
        }
        canvas.repeated(None, |canvas| {
            for (column, place) in self.titles(flow.x, flow.y) {
                self.draw_title(canvas, column, place);
            }
        });
        self.end_head(canvas, flow);
        true
    }

    /// Draws a row, over pages if one is too low for it, and says whether all of it stands.
    fn draw_row(&self, canvas: &mut Canvas<'_>, flow: &mut Flow<'_>, row: &Row, is_first: bool) -> bool {
        let lines = self.lines(row);
        let all = lines.iter().map(Vec::len).max().unwrap_or(0).max(1);
        // The first row stays below the head.
        if !is_first && !flow.fits(self.undivided(all)) && !self.turn(canvas, flow) {
            return false;
        }
        let mut cells: Option<Vec<usize>> = None;
        let mut done = 0;
        while done < all {
            let fit = (flow.room() - table::PADDING) / table::LINE_HEIGHT + 0.01;
            let here = flow::divided(all - done, fit.max(0.0) as usize, flow::TOGETHER);
            if here > 0 {
                let cells = cells.get_or_insert_with(|| add_row(canvas, lines.len()));
                self.draw_lines(canvas, flow, row, (cells.as_slice(), &lines), done, done + here);
                done += here;
                flow.y += height(here);
            }
            if done < all && !self.turn(canvas, flow) {
                return false;
            }
        }
        let (sides, y) = ([flow.x, flow.x + flow.width], flow.y);
        canvas.ornament(|canvas| table::line_below_row(canvas, sides, y));
        true
    }

    /// Draws some lines of each cell.
    fn draw_lines(
        &self,
        canvas: &mut Canvas<'_>,
        flow: &Flow<'_>,
        row: &Row,
        (parts, lines): (&[usize], &[Vec<String>]),
        from: usize,
        to: usize,
    ) {
        let lefts = table::lefts(flow.x, &self.widths);
        for (at, (part, lines)) in parts.iter().zip(lines).enumerate() {
            let place = Frame {
                x: lefts[at],
                y: flow.y,
                width: self.widths[at],
                height: height(to - from),
            };
            let shown = lines.get(from..to.min(lines.len())).unwrap_or_default();
            if from > 0 && shown.is_empty() {
                continue;
            }
            canvas.within(*part, |canvas| {
                canvas.piece(|canvas| {
                    if let Some(mark) = row[at].mark.filter(|_| from == 0) {
                        mark::draw(canvas, mark, place.x, place.y + 1.5, 8.5);
                    }
                    table::draw_lines(canvas, self.table.columns[at].align, &row[at], shown, place);
                });
            });
        }
    }
}

/// The parts of a row: one for each of its cells.
fn add_row(canvas: &mut Canvas<'_>, cells: usize) -> Vec<usize> {
    let row = canvas.add(Role::Row);
    canvas.within(row, |canvas| {
        let role = |at: usize| if at == 0 { Role::RowHead } else { Role::Cell };
        (0..cells).map(|at| canvas.add(role(at))).collect()
    })
}

/// What must stand on one page where a table begins: its head with two rows.
pub(super) fn start(setting: Setting<'_>, table: &Table, width: f32) -> f32 {
    let long = Long::new(setting, table, width);
    let rows = table.rows.iter().take(FIRST_ROWS).map(|row| {
        let lines = long.lines(row).iter().map(Vec::len).max();
        long.undivided(lines.unwrap_or(0).max(1))
    });
    long.head + rows.sum::<f32>()
}

/// Draws a table over as many pages as it needs.
pub(super) fn flow(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    table: &Table,
    flow: &mut Flow<'_>,
) -> Fate {
    let long = Long::new(setting, table, flow.width);
    let part = canvas.add(Role::Table);
    let left = canvas.within(part, |canvas| {
        long.draw_head(canvas, flow);
        let mut rows = table.rows.iter().enumerate();
        let end = rows.find(|(at, row)| !long.draw_row(canvas, flow, row, *at == 0));
        end.map_or(0, |(at, _)| table.rows.len() - at)
    });
    if left == 0 {
        return Fate::Whole;
    }
    flow.note(canvas, &stack::more(setting.lang, left));
    Fate::Begun
}
