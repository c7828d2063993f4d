//! The blocks: what each needs, and how it is drawn.

mod chart;
mod figure;
mod long;
mod map;
mod mark;
mod table;
mod words;

use crate::canvas::Canvas;
use crate::flow::{Fate, Flow};
use crate::sheet::Block;
use crate::stack::{self, Extent, Frame, Setting};

/// Between columns of blocks.
const GUTTER: f32 = 20.0;

/// The widths of columns by their shares.
fn widths(columns: &[(f32, Vec<Block>)], width: f32) -> Vec<f32> {
    let room = (width - GUTTER * columns.len().saturating_sub(1) as f32).max(1.0);
    let all: f32 = columns.iter().map(|(share, _)| share.max(0.01)).sum();
    columns
        .iter()
        .map(|(share, _)| room * share.max(0.01) / all)
        .collect()
}

/// What a block needs in a width.
pub(crate) fn extent(setting: Setting<'_>, block: &Block, width: f32) -> Extent {
    match block {
        Block::Heading(_) => words::heading_extent(),
        Block::Text(text) | Block::Quiet(text) => words::text_extent(setting, text, width),
        Block::Facts(facts) => words::facts_extent(setting, facts, width),
        Block::Figure(figure) => figure::extent(setting, figure, width),
        Block::Chart(chart) => chart::extent(chart),
        Block::Table(table) => table::extent(setting, table, width),
        Block::Map(map) => map::extent(map, width),
        Block::Beside(columns) => {
            let each = columns.iter().zip(widths(columns, width));
            each.map(|((_, blocks), width)| stack::extent(setting, blocks, width))
                .fold(
                    Extent {
                        least: 0.0,
                        natural: 0.0,
                    },
                    |most, one| Extent {
                        least: most.least.max(one.least),
                        natural: most.natural.max(one.natural),
                    },
                )
        }
    }
}

/// Draws a block into a frame and says where it ends, at most at the frame's lower edge.
pub(crate) fn draw(setting: Setting<'_>, canvas: &mut Canvas<'_>, block: &Block, frame: Frame) -> f32 {
    match block {
        Block::Heading(text) => words::draw_heading(setting, canvas, text, frame),
        Block::Text(text) => words::draw_text(setting, canvas, text, words::Tone::Plain, frame),
        Block::Quiet(text) => words::draw_text(setting, canvas, text, words::Tone::Quiet, frame),
        Block::Facts(facts) => words::draw_facts(setting, canvas, facts, frame),
        Block::Figure(figure) => figure::draw(setting, canvas, figure, frame),
        Block::Chart(chart) => chart::draw(setting, canvas, chart, frame),
        Block::Table(table) => table::draw(setting, canvas, table, frame),
        Block::Map(map) => map::draw(canvas, map, frame),
        Block::Beside(columns) => {
            let mut x = frame.x;
            let mut end = frame.y;
            for ((_, blocks), width) in columns.iter().zip(widths(columns, frame.width)) {
                let own = stack::draw(setting, canvas, blocks, Frame { x, width, ..frame });
                end = end.max(own);
                x += width + GUTTER;
            }
            end
        }
    }
}

/// What must stand on one page where a block begins that goes over pages.
pub(crate) fn start(setting: Setting<'_>, block: &Block, width: f32) -> f32 {
    let height = match block {
        Block::Heading(text) => words::heading_start(setting, text, width),
        Block::Text(text) | Block::Quiet(text) => words::text_start(setting, text, width),
        Block::Facts(facts) => words::facts_start(setting, facts, width),
        Block::Table(table) => long::start(setting, table, width),
        Block::Figure(_) | Block::Chart(_) | Block::Map(_) | Block::Beside(_) => {
            extent(setting, block, width).natural
        }
    };
    height.min(Flow::whole_room())
}

/// Draws a block over as many pages as it needs.
pub(crate) fn flow(
    setting: Setting<'_>,
    canvas: &mut Canvas<'_>,
    block: &Block,
    flow: &mut Flow<'_>,
) -> Fate {
    match block {
        Block::Heading(text) => words::flow_heading(setting, canvas, text, flow),
        Block::Text(text) => words::flow_text(setting, canvas, text, words::Tone::Plain, flow),
        Block::Quiet(text) => words::flow_text(setting, canvas, text, words::Tone::Quiet, flow),
        Block::Facts(facts) => words::flow_facts(setting, canvas, facts, flow),
        Block::Table(table) => long::flow(setting, canvas, table, flow),
        Block::Figure(_) | Block::Chart(_) | Block::Map(_) | Block::Beside(_) => {
            flow.undivided(setting, canvas, block)
        }
    }
}
