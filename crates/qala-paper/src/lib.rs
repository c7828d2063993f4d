//! One page of A4 as PDF: a list of blocks in, the bytes of a tagged document out.
//!
//! What belongs here: how blocks share a page, how a number and a date read in a language, the bytes of PDF 1.7, the fonts.
//! What does not: what stands on a page and who may see it, which is `qala-app`'s; the clock; files.
//!
//! Two things always hold. A sheet is one page, however much stands on it: blocks shrink, tables end early, and what is left out
//! is said. The same sheet gives the same bytes.

mod block;
mod canvas;
mod file;
mod font;
mod format;
mod sheet;
mod stack;
mod wrap;

#[cfg(test)]
mod tests;

pub use format::{
    count, date, date_time, decimals_of, in_shown_unit, period, quantity, rounded, share, unit_word,
};
pub use sheet::{
    Align, Area, Block, Cell, Chart, Column, Figure, Limits, Map, Mark, Point, Row, Sheet, Table,
};

/// A page that cannot be made: the fonts of this crate are damaged.
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
