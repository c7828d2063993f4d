//! What is drawn, and what it is: the content of the pages and the tree of their parts for those who do not see them.
//!
//! Lengths are points; x goes to the right, y goes down from the upper edge.

use pdf_writer::types::{ArtifactSubtype, ArtifactType, LineJoinStyle};
use pdf_writer::{Content, Name, Str};
use subsetter::GlyphRemapper;

use crate::font::{Fonts, Weight};

/// Size of the page (ISO 216, A4).
pub(crate) const WIDTH: f32 = 595.28;
pub(crate) const HEIGHT: f32 = 841.89;

/// A colour: red, green, blue.
pub(crate) type Color = [u8; 3];
pub(crate) const INK: Color = [0x1c, 0x21, 0x26];
pub(crate) const SECOND: Color = [0x55, 0x5f, 0x69];
pub(crate) const LINE: Color = [0xd9, 0xdc, 0xd8];
pub(crate) const EDGE: Color = [0x7d, 0x86, 0x8d];
pub(crate) const AMBER: Color = [0x8a, 0x5a, 0x0f];
pub(crate) const AMBER_SHAPE: Color = [0xb7, 0x79, 0x1f];
pub(crate) const RED: Color = [0xb9, 0x2d, 0x24];
pub(crate) const ACCENT: Color = [0x1f, 0x5f, 0xa8];
pub(crate) const PAPER: Color = [0xff, 0xff, 0xff];

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    pub(crate) size: f32,
    pub(crate) color: Color,
}

impl Style {
    pub(crate) const fn new(weight: Weight, size: f32, color: Color) -> Self {
        Self { weight, size, color }
    }
}

/// What a part of the page is (ISO 32000-1, 14.8.4).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    Document,
    Title,
    Heading,
    Paragraph,
    Table,
    Row,
    /// The head of a column.
    ColumnHead,
    /// The head of a row.
    RowHead,
    Cell,
    /// A picture: what is told instead of it; left, upper, right and lower edge.
    Figure(String, [f32; 4]),
}

/// A part of the tree.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) parent: Option<usize>,
    /// The page it begins on.
    pub(crate) page: usize,
    pub(crate) children: Vec<Child>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Child {
    Node(usize),
    /// A piece of content: its page, and its number there.
    Content(usize, i32),
}

/// The glyphs of a face that are used.
pub(crate) struct Used {
    pub(crate) ids: GlyphRemapper,
    /// Letter and width, in sizes of the font, of each glyph by its number in the file.
    pub(crate) letters: Vec<(char, f32)>,
}

impl Used {
    fn new() -> Self {
        Self {
            ids: GlyphRemapper::new(),
            // The first glyph stands for letters that the font does not have.
            letters: vec![('\u{fffd}', 0.5)],
        }
    }

    fn take(&mut self, id: u16, letter: char, width: f32) -> u16 {
        let new = self.ids.remap(id);
        if usize::from(new) >= self.letters.len() {
            self.letters.push((letter, width));
        }
        new
    }
}

/// What is drawn on a page.
pub(crate) struct Page {
    pub(crate) content: Content,
    /// Which node each piece of content belongs to.
    pub(crate) owners: Vec<usize>,
}

impl Page {
    fn new() -> Self {
        Self {
            content: Content::new(),
            owners: Vec::new(),
        }
    }
}

/// A text that was drawn.
#[cfg(test)]
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) page: usize,
    /// Left, upper, right and lower edge.
    pub(crate) sides: [f32; 4],
    /// The part it is in; none for what a page repeats.
    pub(crate) part: Option<usize>,
    pub(crate) text: String,
}

/// The pages that are being drawn: one at first.
pub(crate) struct Canvas<'a> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) pages: Vec<Page>,
    /// The page that is drawn on.
    at: usize,
    pub(crate) used: [Used; 2],
    pub(crate) nodes: Vec<Node>,
    open: usize,
    #[cfg(test)]
    is_repeated: bool,
    #[cfg(test)]
    pub(crate) texts: Vec<Shown>,
}

/// A hundredth of a point is finer than any printer; more digits would only make the file longer.
fn exact(length: f32) -> f32 {
    (length * 100.0).round() / 100.0
}

fn rgb(color: Color) -> [f32; 3] {
    color.map(|part| (f32::from(part) / 255.0 * 1000.0).round() / 1000.0)
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        let root = Node {
            role: Role::Document,
            parent: None,
            page: 0,
            children: Vec::new(),
        };
        Self {
            fonts,
            pages: vec![Page::new()],
            at: 0,
            used: [Used::new(), Used::new()],
            nodes: vec![root],
            open: 0,
            #[cfg(test)]
            is_repeated: false,
            #[cfg(test)]
            texts: Vec::new(),
        }
    }

    /// Begins a page after the last one.
    pub(crate) fn begin_page(&mut self) {
        self.at = self.pages.len();
        self.pages.push(Page::new());
    }

    /// Goes on with a page that was begun.
    pub(crate) fn turn_to(&mut self, page: usize) {
        self.at = page.min(self.pages.len() - 1);
    }

    fn content(&mut self) -> &mut Content {
        &mut self.pages[self.at].content
    }

    /// A part of the part that is open, still empty.
    pub(crate) fn add(&mut self, role: Role) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node {
            role,
            parent: Some(self.open),
            page: self.at,
            children: Vec::new(),
        });
        self.nodes[self.open].children.push(Child::Node(at));
        at
    }

    /// What is drawn here belongs to a part that was added.
    pub(crate) fn within<T>(&mut self, part: usize, draw: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.open, part);
        let drawn = draw(self);
        self.open = outer;
        drawn
    }

    /// A part that has parts.
    pub(crate) fn group(&mut self, role: Role, draw: impl FnOnce(&mut Self)) {
        let part = self.add(role);
        self.within(part, draw);
    }

    /// Content of the part that is open. A part that goes over pages has a piece on each.
    pub(crate) fn piece(&mut self, draw: impl FnOnce(&mut Self)) {
        let tag = tag(&self.nodes[self.open].role);
        let page = &mut self.pages[self.at];
        let id = page.owners.len() as i32;
        page.owners.push(self.open);
        page.content
            .begin_marked_content_with_properties(Name(tag))
            .properties()
            .identify(id);
        self.nodes[self.open].children.push(Child::Content(self.at, id));
        draw(self);
        self.content().end_marked_content();
    }

    /// A part that has content. What is drawn in it belongs to it.
    pub(crate) fn part(&mut self, role: Role, draw: impl FnOnce(&mut Self)) {
        self.group(role, |canvas| canvas.piece(draw));
    }

    /// Lines and grounds that say nothing.
    pub(crate) fn ornament(&mut self, draw: impl FnOnce(&mut Self)) {
        self.content().begin_marked_content(Name(b"Artifact"));
        draw(self);
        self.content().end_marked_content();
    }

    /// Words that are there because a page ends: those who hear the document have heard them, or need them not.
    pub(crate) fn repeated(&mut self, edge: Option<ArtifactSubtype<'_>>, draw: impl FnOnce(&mut Self)) {
        {
            let mut mark = self
                .content()
                .begin_marked_content_with_properties(Name(b"Artifact"));
            let mut artifact = mark.properties().artifact();
            artifact.kind(ArtifactType::Pagination);
            if let Some(edge) = edge {
                artifact.subtype(edge);
            }
        }
        #[cfg(test)]
        {
            self.is_repeated = true;
        }
        draw(self);
        #[cfg(test)]
        {
            self.is_repeated = false;
        }
        self.content().end_marked_content();
    }

    pub(crate) fn width(&self, text: &str, style: Style) -> f32 {
        self.fonts.of(style.weight).width(text, style.size)
    }

    /// Words from a point of their base line.
    pub(crate) fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let glyphs = self.fonts.of(style.weight).glyphs(text);
        #[cfg(test)]
        {
            let sides = [
                x,
                y - style.size * 0.75,
                x + self.width(text, style),
                y + style.size * 0.2,
            ];
            self.texts.push(Shown {
                page: self.at,
                sides,
                part: (!self.is_repeated).then_some(self.open),
                text: text.to_owned(),
            });
        }
        let face = usize::from(style.weight == Weight::Bold);
        let used = &mut self.used[face];
        let [red, green, blue] = rgb(style.color);
        let content = &mut self.pages[self.at].content;
        content.begin_text();
        content.set_font(Name(face_name(face)), style.size);
        content.set_fill_rgb(red, green, blue);
        content.set_text_matrix([1.0, 0.0, 0.0, 1.0, exact(x), exact(HEIGHT - y)]);
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        let mut piece: Vec<u8> = Vec::new();
        for glyph in &glyphs {
            let id = used.take(glyph.id, glyph.letter, glyph.advance);
            piece.extend(id.to_be_bytes());
            if glyph.kern != 0.0 {
                items.show(Str(&piece));
                piece.clear();
                items.adjust(exact(-glyph.kern * 1000.0));
            }
        }
        if !piece.is_empty() {
            items.show(Str(&piece));
        }
        drop(items);
        drop(shown);
        content.end_text();
    }

    /// Words that end at a point of their base line.
    pub(crate) fn text_to(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let width = self.width(text, style);
        self.text(x - width, y, style, text);
    }

    /// Words around a point of their base line.
    pub(crate) fn text_around(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let width = self.width(text, style);
        self.text(x - width / 2.0, y, style, text);
    }

    fn path(&mut self, points: &[(f32, f32)]) {
        let content = self.content();
        for (at, (x, y)) in points.iter().enumerate() {
            let (x, y) = (exact(*x), exact(HEIGHT - y));
            if at == 0 {
                content.move_to(x, y);
            } else {
                content.line_to(x, y);
            }
        }
    }

    /// A line through points; `dash` is the length of strokes and gaps, none for a whole line.
    pub(crate) fn line(&mut self, points: &[(f32, f32)], width: f32, color: Color, dash: Option<f32>) {
        if points.len() < 2 {
            return;
        }
        let [red, green, blue] = rgb(color);
        let content = self.content();
        content.set_stroke_rgb(red, green, blue);
        content.set_line_width(width);
        content.set_line_join(LineJoinStyle::RoundJoin);
        content.set_dash_pattern(dash, 0.0);
        self.path(points);
        self.content().stroke();
    }

    /// An area: rings inside of rings are holes.
    pub(crate) fn area(&mut self, rings: &[Vec<(f32, f32)>], fill: Color, edge: Option<(f32, Color)>) {
        if rings.iter().all(|ring| ring.len() < 3) {
            return;
        }
        let [red, green, blue] = rgb(fill);
        let content = self.content();
        content.set_fill_rgb(red, green, blue);
        if let Some((width, color)) = edge {
            let [red, green, blue] = rgb(color);
            content.set_stroke_rgb(red, green, blue);
            content.set_line_width(width);
            content.set_line_join(LineJoinStyle::RoundJoin);
            content.set_dash_pattern(None, 0.0);
        }
        for ring in rings.iter().filter(|ring| ring.len() >= 3) {
            self.path(ring);
            self.content().close_path();
        }
        if edge.is_some() {
            self.content().fill_even_odd_and_stroke();
        } else {
            self.content().fill_even_odd();
        }
    }

    /// A rectangle.
    pub(crate) fn rectangle(&mut self, [left, top, right, bottom]: [f32; 4], fill: Color) {
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom)];
        self.area(&[corners], fill, None);
    }

    /// A round dot.
    pub(crate) fn dot(&mut self, x: f32, y: f32, radius: f32, fill: Color, edge: Option<(f32, Color)>) {
        // Eight corners are round enough at this size.
        let corner = radius * std::f32::consts::FRAC_1_SQRT_2;
        let around = vec![
            (x + radius, y),
            (x + corner, y + corner),
            (x, y + radius),
            (x - corner, y + corner),
            (x - radius, y),
            (x - corner, y - corner),
            (x, y - radius),
            (x + corner, y - corner),
        ];
        self.area(&[around], fill, edge);
    }
}

/// The name of a face in the resources of the page.
pub(crate) fn face_name(face: usize) -> &'static [u8] {
    if face == 0 { b"F0" } else { b"F1" }
}

fn tag(role: &Role) -> &'static [u8] {
    match role {
        Role::Document => b"Document",
        Role::Title => b"H1",
        Role::Heading => b"H2",
        Role::Paragraph => b"P",
        Role::Table => b"Table",
        Role::Row => b"TR",
        Role::ColumnHead | Role::RowHead => b"TH",
        Role::Cell => b"TD",
        Role::Figure(..) => b"Figure",
    }
}
