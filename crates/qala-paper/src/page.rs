//! What stands around the blocks of a page: the head, the running head of the pages after the first, the last line.

use pdf_writer::types::ArtifactSubtype;

use crate::canvas::{AMBER, AMBER_SHAPE, Canvas, EDGE, HEIGHT, INK, LINE, Role, SECOND, Style, WIDTH};
use crate::flow;
use crate::font::Weight;
use crate::sheet::{Pages, Sheet};
use crate::stack::{self, Frame, Scale, Setting};
use crate::wrap::{cut, wrap};

pub(crate) const MARGIN: f32 = 40.0;
pub(crate) const ACROSS: f32 = WIDTH - 2.0 * MARGIN;
/// Base line of the last line.
pub(crate) const BOTTOM: f32 = HEIGHT - MARGIN + 8.0;
const OVER: Style = Style::new(Weight::Regular, 8.5, SECOND);
const BADGE: Style = Style::new(Weight::Bold, 8.0, AMBER);
const RUNNING: Style = Style::new(Weight::Bold, 8.5, INK);
const LAST: Style = Style::new(Weight::Regular, 7.0, SECOND);
/// Between the body and the foot.
pub(crate) const BETWEEN: f32 = 16.0;
/// What the foot has of a page at most.
const MOST_FOOT: f32 = HEIGHT * 0.4;
/// Lines of the title at most, in its largest, its smaller and its smallest size. The smallest is for sheets that go on.
const TITLE_LINES: [usize; 3] = [2, 3, 30];

/// Draws a sheet.
pub(crate) fn draw(sheet: &Sheet, canvas: &mut Canvas<'_>) {
    match sheet.pages {
        Pages::One => one(sheet, canvas),
        Pages::Many => flow::draw(sheet, canvas, flow::MOST_PAGES),
    }
}

fn one(sheet: &Sheet, canvas: &mut Canvas<'_>) {
    let setting = |scale| Setting {
        fonts: canvas.fonts,
        lang: sheet.lang,
        scale,
    };
    let (body, foot) = (setting(Scale::Body), setting(Scale::Foot));
    let top = head(sheet, canvas);
    let wanted = stack::extent(foot, &sheet.foot, ACROSS).natural;
    let foot_height = if sheet.foot.is_empty() {
        0.0
    } else {
        wanted.min(MOST_FOOT)
    };
    let foot_top = BOTTOM - 14.0 - foot_height;
    let frame = |y: f32, height: f32| Frame {
        x: MARGIN,
        y,
        width: ACROSS,
        height,
    };
    stack::draw(body, canvas, &sheet.body, frame(top, foot_top - BETWEEN - top));
    if !sheet.foot.is_empty() {
        rule(canvas, foot_top - 7.0);
        stack::draw(foot, canvas, &sheet.foot, frame(foot_top, foot_height + 0.1));
    }
    last_line(sheet, canvas, ACROSS);
}

/// The line above the foot.
pub(crate) fn rule(canvas: &mut Canvas<'_>, y: f32) {
    canvas.ornament(|canvas| {
        canvas.line(&[(MARGIN, y), (WIDTH - MARGIN, y)], 0.5, EDGE, None);
    });
}

/// What made the page, at the left, and where it is on the screen, at the right end of a width.
fn last_words(sheet: &Sheet, canvas: &Canvas<'_>, width: f32) -> [String; 2] {
    let font = canvas.fonts.of(LAST.weight);
    [
        cut(font, LAST.size, width * 0.35, &sheet.maker),
        cut(font, LAST.size, width * 0.62, &sheet.address),
    ]
}

fn last_line(sheet: &Sheet, canvas: &mut Canvas<'_>, width: f32) {
    let [maker, address] = last_words(sheet, canvas, width);
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(MARGIN, BOTTOM, LAST, &maker);
    });
    if !address.is_empty() {
        canvas.part(Role::Paragraph, |canvas| {
            canvas.text_to(MARGIN + width, BOTTOM, LAST, &address);
        });
    }
}

/// Draws the last line of every page with its number. Its words are content on the last page alone.
pub(crate) fn last_lines(sheet: &Sheet, canvas: &mut Canvas<'_>) {
    let all = canvas.pages.len();
    let number_width = canvas.width(&format!("{all} / {all}"), LAST);
    let width = ACROSS - number_width - 14.0;
    for page in 0..all {
        canvas.turn_to(page);
        if page + 1 == all {
            last_line(sheet, canvas, width);
        }
        let [maker, address] = last_words(sheet, canvas, width);
        canvas.repeated(Some(ArtifactSubtype::Footer), |canvas| {
            if page + 1 < all {
                canvas.text(MARGIN, BOTTOM, LAST, &maker);
                canvas.text_to(MARGIN + width, BOTTOM, LAST, &address);
            }
            canvas.text_to(WIDTH - MARGIN, BOTTOM, LAST, &format!("{} / {all}", page + 1));
        });
    }
}

/// The words of the mark, and the width they have with their frame: none without a mark.
fn badge(sheet: &Sheet, canvas: &Canvas<'_>) -> (String, f32) {
    let words = sheet.mark.as_deref().unwrap_or_default();
    let words = cut(canvas.fonts.of(BADGE.weight), BADGE.size, ACROSS * 0.5, words);
    let width = if words.is_empty() {
        0.0
    } else {
        canvas.width(&words, BADGE) + 12.0
    };
    (words, width)
}

fn draw_badge(canvas: &mut Canvas<'_>, words: &str, width: f32) {
    let (right, y) = (WIDTH - MARGIN, MARGIN);
    let left = right - width;
    let corners = [
        (left, y - 3.0),
        (right, y - 3.0),
        (right, y + 12.0),
        (left, y + 12.0),
        (left, y - 3.0),
    ];
    canvas.line(&corners, 0.9, AMBER_SHAPE, None);
    canvas.text(left + 6.0, y + 7.5, BADGE, words);
}

/// Draws what stands above the body and says where the body begins.
pub(crate) fn head(sheet: &Sheet, canvas: &mut Canvas<'_>) -> f32 {
    let mut y = MARGIN;
    let (words, badge_width) = badge(sheet, canvas);
    let over = cut(
        canvas.fonts.of(OVER.weight),
        OVER.size,
        ACROSS - badge_width - 12.0,
        &sheet.over,
    );
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(MARGIN, y + 8.0, OVER, &over);
    });
    if !words.is_empty() {
        canvas.part(Role::Paragraph, |canvas| draw_badge(canvas, &words, badge_width));
    }
    y += 18.0;
    let font = canvas.fonts.of(Weight::Bold);
    let [large, small, smallest] = TITLE_LINES;
    let lines = |size: f32, most: usize| wrap(font, size, ACROSS, &sheet.title, most);
    let is_whole = |size: f32, most: usize| lines(size, most + 1).len() <= most;
    let (size, height, lines) = if is_whole(20.0, large) {
        (20.0, 24.0, lines(20.0, large))
    } else if sheet.pages == Pages::One || is_whole(15.0, small) {
        (15.0, 18.5, lines(15.0, small))
    } else {
        (11.0, 14.5, lines(11.0, smallest))
    };
    let style = Style::new(Weight::Bold, size, INK);
    canvas.part(Role::Title, |canvas| {
        for line in &lines {
            canvas.text(MARGIN, y + size * 0.95, style, line);
            y += height;
        }
    });
    y + 8.0
}

/// Draws what stands above the body of a page after the first and says where the body begins.
pub(crate) fn running_head(sheet: &Sheet, canvas: &mut Canvas<'_>) -> f32 {
    let (words, badge_width) = badge(sheet, canvas);
    let font = canvas.fonts.of(OVER.weight);
    let over = cut(font, OVER.size, ACROSS * 0.4, &sheet.over);
    let over_width = match canvas.width(&over, OVER) {
        0.0 => 0.0,
        width => width + 12.0,
    };
    let room = ACROSS - over_width - badge_width - 12.0;
    let title = cut(canvas.fonts.of(RUNNING.weight), RUNNING.size, room, &sheet.title);
    canvas.repeated(Some(ArtifactSubtype::Header), |canvas| {
        canvas.text(MARGIN, MARGIN + 8.0, OVER, &over);
        canvas.text(MARGIN + over_width, MARGIN + 8.0, RUNNING, &title);
        if !words.is_empty() {
            draw_badge(canvas, &words, badge_width);
        }
        let y = MARGIN + 17.0;
        canvas.line(&[(MARGIN, y), (WIDTH - MARGIN, y)], 0.4, LINE, None);
    });
    MARGIN + 28.0
}
