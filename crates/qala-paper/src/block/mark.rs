//! The shapes of standings: they tell without colour what the colour tells.

use crate::canvas::{AMBER_SHAPE, Canvas, Color, EDGE, PAPER, RED, SECOND};
use crate::sheet::Mark;

/// The ground of an area of a map.
pub(super) fn ground(mark: Mark) -> Color {
    match mark {
        Mark::Off => [0xf3, 0xc4, 0xbd],
        Mark::Watch => [0xf6, 0xe3, 0xb8],
        Mark::On => [0xdd, 0xe8, 0xe2],
        Mark::Unknown => PAPER,
        Mark::Aimless => [0xe9, 0xec, 0xef],
    }
}

/// Draws a mark into a square: its left and upper edge and its side.
pub(super) fn draw(canvas: &mut Canvas<'_>, mark: Mark, x: f32, y: f32, side: f32) {
    let at = |across: f32, down: f32| (x + side * across, y + side * down);
    let stroke = (side * 0.11).max(0.6);
    // An exclamation mark, cut out of the shape.
    let cut = |canvas: &mut Canvas<'_>, from: f32, to: f32, dot: f32| {
        canvas.line(&[at(0.5, from), at(0.5, to)], stroke, PAPER, None);
        canvas.line(&[at(0.5, dot), at(0.5, dot + 0.09)], stroke, PAPER, None);
    };
    match mark {
        Mark::Off => {
            let corners = vec![at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)];
            canvas.area(&[corners], RED, None);
            cut(canvas, 0.25, 0.56, 0.68);
        }
        Mark::Watch => {
            let corners = vec![at(0.5, 0.06), at(1.0, 0.94), at(0.0, 0.94)];
            canvas.area(&[corners], AMBER_SHAPE, None);
            cut(canvas, 0.36, 0.64, 0.75);
        }
        Mark::On => canvas.line(
            &[at(0.12, 0.55), at(0.4, 0.82), at(0.9, 0.2)],
            stroke * 1.2,
            SECOND,
            None,
        ),
        Mark::Unknown => {
            let corners = [
                at(0.1, 0.1),
                at(0.9, 0.1),
                at(0.9, 0.9),
                at(0.1, 0.9),
                at(0.1, 0.1),
            ];
            canvas.line(&corners, stroke * 0.8, EDGE, None);
            canvas.line(&[at(0.1, 0.5), at(0.5, 0.1)], stroke * 0.8, EDGE, None);
            canvas.line(&[at(0.1, 0.9), at(0.9, 0.1)], stroke * 0.8, EDGE, None);
            canvas.line(&[at(0.5, 0.9), at(0.9, 0.5)], stroke * 0.8, EDGE, None);
        }
        Mark::Aimless => canvas.line(&[at(0.2, 0.5), at(0.8, 0.5)], stroke, SECOND, None),
    }
}
