//! How blocks share a height: each has what it must have, and of the rest in proportion to what it would like.

use qala_core::{Lang, Text};

use crate::block;
use crate::canvas::{Canvas, Role, SECOND, Style};
use crate::font::{Fonts, Weight};
use crate::sheet::Block;

/// Between two blocks, points.
const GAP: f32 = 9.0;
/// More above a heading.
const ABOVE_HEADING: f32 = 5.0;
const NOTE: Style = Style::new(Weight::Regular, 8.0, SECOND);
/// Height of the line that says what is left out.
pub(crate) const NOTE_HEIGHT: f32 = 13.0;

/// What a block needs, points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    /// With less it says nothing.
    pub(crate) least: f32,
    /// With more it says no more.
    pub(crate) natural: f32,
}

/// Letters of the body, or the smaller ones of the foot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Body,
    Foot,
}

/// Where something is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// Everything that measuring and drawing need to know.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) lang: Lang,
    pub(crate) scale: Scale,
}

/// The words for what is left out.
pub(crate) fn more(lang: Lang, n: usize) -> String {
    let words = Text::new("тағы", "и ещё", "and");
    let n = crate::format::count(lang, n as i64);
    match lang {
        Lang::En => format!("… {} {n} more", words.en),
        _ => format!("… {} {n}", words.get(lang)),
    }
}

/// A note in small letters of the second colour, as a paragraph of its own.
pub(crate) fn note(canvas: &mut Canvas<'_>, x: f32, top: f32, width: f32, text: &str) {
    let text = crate::wrap::cut(canvas.fonts.of(NOTE.weight), NOTE.size, width, text);
    canvas.part(Role::Paragraph, |canvas| canvas.text(x, top + 9.0, NOTE, &text));
}

/// What is between a block and the one above it.
pub(crate) fn gap(scale: Scale, block: &Block) -> f32 {
    match (scale, block) {
        (Scale::Foot, _) => 3.0,
        (Scale::Body, Block::Heading(_)) => GAP + ABOVE_HEADING,
        (Scale::Body, _) => GAP,
    }
}

fn gaps(setting: Setting<'_>, blocks: &[Block]) -> f32 {
    blocks.iter().skip(1).map(|block| gap(setting.scale, block)).sum()
}

/// What blocks need together.
pub(crate) fn extent(setting: Setting<'_>, blocks: &[Block], width: f32) -> Extent {
    let between = gaps(setting, blocks);
    let start = Extent {
        least: between,
        natural: between,
    };
    blocks.iter().fold(start, |sum, block| {
        let one = block::extent(setting, block, width);
        Extent {
            least: sum.least + one.least,
            natural: sum.natural + one.natural,
        }
    })
}

/// Draws blocks one below the other into a frame and says where the last one ends. Blocks for which no room is left are counted.
pub(crate) fn draw(setting: Setting<'_>, canvas: &mut Canvas<'_>, blocks: &[Block], frame: Frame) -> f32 {
    let mut shown = blocks.len();
    let mut room = frame.height;
    while shown > 0 && extent(setting, &blocks[..shown], frame.width).least > room {
        shown -= 1;
        // A heading without its block says nothing.
        while shown > 0 && matches!(blocks[shown - 1], Block::Heading(_)) {
            shown -= 1;
        }
        room = frame.height - NOTE_HEIGHT;
    }
    let (shown, left) = blocks.split_at(shown);
    let whole = extent(setting, shown, frame.width);
    let wish = whole.natural - whole.least;
    let given = if wish > 0.0 {
        ((room - whole.least) / wish).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let mut y = frame.y;
    for (at, block) in shown.iter().enumerate() {
        if at > 0 {
            y += gap(setting.scale, block);
        }
        let one = block::extent(setting, block, frame.width);
        let height = one.least + (one.natural - one.least) * given;
        // What a table cannot fill with a whole row goes to the next one.
        y = block::draw(setting, canvas, block, Frame { y, height, ..frame });
    }
    if !left.is_empty() {
        note(canvas, frame.x, y, frame.width, &more(setting.lang, left.len()));
        y += NOTE_HEIGHT;
    }
    y
}
