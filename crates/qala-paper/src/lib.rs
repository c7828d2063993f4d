//! Pages of A4 as PDF: a list of blocks in, the bytes of a tagged document out.
//!
//! What belongs here: how blocks share a page or go over several, how a number and a date read in a language, the bytes of
//! PDF 1.7, the fonts. What does not: what stands on a page and who may see it, which is `qala-app`'s; the clock; files.
//!
//! Three things always hold. A sheet of one page ([`Pages::One`]) is one page, however much stands on it: blocks shrink, tables
//! end early, and what is left out is said. A sheet of many ([`Pages::Many`]) stands on paper as a whole: no words are cut, and
//! tables go on with their heads; only what has no room on sixty pages is left out, and that is said as well. The same sheet
//! gives the same bytes.

mod block;
mod canvas;
mod file;
mod flow;
mod font;
mod format;
mod page;
mod sheet;
mod stack;
mod wrap;

#[cfg(test)]
mod tests;

pub use format::{
    count, date, date_time, decimals_of, in_shown_unit, period, quantity, rounded, share, unit_word,
};
pub use sheet::{
    Align, Area, Block, Cell, Chart, Column, Figure, Limits, Map, Mark, Pages, Point, Row, Sheet, Table,
};

/// A document that cannot be made: the fonts of this crate are damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("make a page: {0}")]
pub struct PaperError(&'static str);

/// Makes the PDF of a sheet.
///
/// # Errors
/// Fonts that cannot be read, which no sheet can cause.
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, PaperError> {
    file::write(sheet, file::Packing::Deflate)
}
