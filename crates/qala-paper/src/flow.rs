//! How blocks go over pages: each keeps its height, and what has no room on a page goes on on the next one.
//!
//! Words and tables are divided between lines and rows. Numbers, charts, maps and columns stand on one page each, drawn as on a
//! sheet of one page; they shrink only where a whole page is too low for them.

use std::ops::Range;

use crate::block;
use crate::canvas::Canvas;
use crate::page::{self, ACROSS, BETWEEN, BOTTOM, MARGIN};
use crate::sheet::{Block, Sheet};
use crate::stack::{self, Frame, NOTE_HEIGHT, Scale, Setting};

/// Pages of a sheet at most. What has no room on them is counted.
pub(crate) const MOST_PAGES: usize = 60;
/// Lines and rows that are measured: a hundred and twenty for each page, and no page has more.
pub(crate) const MEASURED: usize = 120 * MOST_PAGES;
/// Lower edge of the body.
const END: f32 = BOTTOM - 20.0;
/// Upper edge of the body on pages after the first, for a guess of their height before they are there.
const TOP: f32 = MARGIN + 28.0;
/// Lines that stand together on a page at least, where a page ends within them.
pub(crate) const TOGETHER: usize = 2;
/// The same at most.
const MOST_TOGETHER: usize = 20;

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Whole,
    /// The last page ended within it, and it says so.
    Begun,
    /// There was no room for it at all.
    Left,
}

/// How many of the lines that are left stand on this page, of those that fit: `least` of them and two on the next page, or none.
pub(crate) fn divided(left: usize, fit: usize, least: usize) -> usize {
    if left <= fit {
        return left;
    }
    match fit.min(left.saturating_sub(TOGETHER)) {
        here if here < least => 0,
        here => here,
    }
}

/// Lines that a text has at least on the page where it begins: `first` of them, but never so many that a page is too low.
fn least(first: usize) -> usize {
    first.clamp(TOGETHER, MOST_TOGETHER)
}

/// Lines of a text that stand together where it begins.
pub(crate) fn together(lines: usize, first: usize) -> usize {
    let least = least(first);
    if lines < least + TOGETHER { lines } else { least }
}

/// A place that goes on from page to page.
pub(crate) struct Flow<'s> {
    sheet: &'s Sheet,
    most: usize,
    pub(crate) x: f32,
    pub(crate) width: f32,
    /// Upper edge of what comes next.
    pub(crate) y: f32,
    top: f32,
    end: f32,
    /// Nothing but headings stands on the page: what comes next stays on it, whatever its height.
    is_bare: bool,
}

impl<'s> Flow<'s> {
    fn new(sheet: &'s Sheet, top: f32, most: usize) -> Self {
        let mut flow = Self {
            sheet,
            most,
            x: MARGIN,
            width: ACROSS,
            y: top,
            top,
            end: END,
            is_bare: true,
        };
        flow.begin(top, 1);
        flow
    }

    fn begin(&mut self, top: f32, pages: usize) {
        (self.y, self.top, self.is_bare) = (top, top, true);
        // On the last page two lines say what is left out: of the block within which it ends, and of the blocks after it.
        let notes = if pages >= self.most {
            2.0 * NOTE_HEIGHT
        } else {
            0.0
        };
        self.end = END - notes;
    }

    /// What is left of the page.
    pub(crate) fn room(&self) -> f32 {
        self.end - self.y
    }

    /// What a page after the first has.
    pub(crate) fn whole_room() -> f32 {
        END - TOP
    }

    /// How many lines of a height fit on the page.
    pub(crate) fn lines_in(&self, height: f32) -> usize {
        (self.room() / height + 0.01).max(0.0) as usize
    }

    /// Whether something of a height fits on the page.
    pub(crate) fn fits(&self, height: f32) -> bool {
        height <= self.room() + 0.01
    }

    /// Goes to the next page; there is none after the last one.
    pub(crate) fn turn(&mut self, canvas: &mut Canvas<'_>) -> bool {
        if canvas.pages.len() >= self.most {
            return false;
        }
        canvas.begin_page();
        let top = page::running_head(self.sheet, canvas);
        self.begin(top, canvas.pages.len());
        true
    }

    /// Draws lines of a height one below the other, the `first` of them on one page. `draw` is told which of them stand on a page,
    /// and from where.
    pub(crate) fn lines(
        &mut self,
        canvas: &mut Canvas<'_>,
        (all, first): (usize, usize),
        height: f32,
        mut draw: impl FnMut(&mut Canvas<'_>, Range<usize>, f32),
    ) -> Fate {
        let mut done = 0;
        while done < all {
            let least = least(if done == 0 { first } else { 0 });
            let here = divided(all - done, self.lines_in(height), least);
            if here > 0 {
                draw(canvas, done..done + here, self.y);
                self.y += here as f32 * height;
                done += here;
            }
            if done < all && !self.turn(canvas) {
                return if done > 0 { Fate::Begun } else { Fate::Left };
            }
        }
        Fate::Whole
    }

    /// Says what is left out.
    pub(crate) fn note(&mut self, canvas: &mut Canvas<'_>, text: &str) {
        stack::note(canvas, self.x, self.y, self.width, text);
        self.y += NOTE_HEIGHT;
    }

    /// Draws a block that is not divided.
    pub(crate) fn undivided(&mut self, setting: Setting<'_>, canvas: &mut Canvas<'_>, block: &Block) -> Fate {
        let natural = block::extent(setting, block, self.width).natural;
        if !self.fits(natural) && !self.is_bare && !self.turn(canvas) {
            return Fate::Left;
        }
        let frame = Frame {
            x: self.x,
            y: self.y,
            width: self.width,
            height: natural.min(self.room()),
        };
        self.y = block::draw(setting, canvas, block, frame);
        Fate::Whole
    }
}

/// A block, with its letters and what is between it and the block before it.
struct Piece<'s, 'f> {
    setting: Setting<'f>,
    block: &'s Block,
    gap: f32,
    /// What must stand on one page where it begins.
    start: f32,
    /// The first block of the foot: a line stands above it.
    is_foot: bool,
}

/// The blocks of a sheet that say something.
fn pieces<'s, 'f>(sheet: &'s Sheet, canvas: &Canvas<'f>) -> Vec<Piece<'s, 'f>> {
    let piece = |scale: Scale, block: &'s Block| {
        let setting = Setting {
            fonts: canvas.fonts,
            lang: sheet.lang,
            scale,
        };
        Piece {
            setting,
            block,
            gap: stack::gap(scale, block),
            start: block::start(setting, block, ACROSS),
            is_foot: false,
        }
    };
    let mut pieces = Vec::new();
    for (scale, blocks) in [(Scale::Body, &sheet.body), (Scale::Foot, &sheet.foot)] {
        let own = blocks.iter().map(|block| piece(scale, block));
        let mut own: Vec<Piece<'s, 'f>> = own.filter(|piece| piece.start > 0.0).collect();
        if let Some(first) = own.first_mut().filter(|_| scale == Scale::Foot) {
            (first.gap, first.is_foot) = (BETWEEN, true);
        }
        pieces.append(&mut own);
    }
    pieces
}

/// The height of what must stand on one page from a block on: headings with the beginning of what follows them.
fn start(pieces: &[Piece<'_, '_>]) -> f32 {
    let mut height = 0.0;
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            height += piece.gap;
        }
        height += piece.start;
        if !matches!(piece.block, Block::Heading(_)) {
            break;
        }
    }
    height
}

/// Draws a sheet over as many pages as it needs, at most `most`. The foot follows the body.
pub(crate) fn draw(sheet: &Sheet, canvas: &mut Canvas<'_>, most: usize) {
    let top = page::head(sheet, canvas);
    let mut flow = Flow::new(sheet, top, most);
    let pieces = pieces(sheet, canvas);
    let mut done = 0;
    while let Some(piece) = pieces.get(done) {
        let above = flow.y;
        if flow.y > flow.top {
            flow.y += piece.gap;
        }
        if !flow.is_bare && !flow.fits(start(&pieces[done..])) {
            if !flow.turn(canvas) {
                flow.y = above;
                break;
            }
        } else if piece.is_foot {
            page::rule(canvas, flow.y - 7.0);
        }
        let fate = block::flow(piece.setting, canvas, piece.block, &mut flow);
        flow.is_bare &= matches!(piece.block, Block::Heading(_));
        done += usize::from(fate != Fate::Left);
        if fate != Fate::Whole {
            break;
        }
    }
    let left = pieces.len() - done;
    if left > 0 {
        flow.note(canvas, &stack::more(sheet.lang, left));
    }
    page::last_lines(sheet, canvas);
}
