//! The bytes of the file: PDF 1.7 (ISO 32000-1) with its tree of parts.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{
    CidFontType, FontFlags, StructRole, SystemInfo, TabOrder, TableHeaderScope, UnicodeCmap,
};
use pdf_writer::writers::{StructElement, StructTreeRoot};
use pdf_writer::{Filter, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::PaperError;
use crate::canvas::{Canvas, Child, HEIGHT, INK, Node, Role, SECOND, Style, Used, WIDTH, face_name};
use crate::font::{Font, Fonts, Weight};
use crate::sheet::Sheet;
use crate::stack::{self, Frame, Scale, Setting};
use crate::wrap::{cut, wrap};

const MARGIN: f32 = 40.0;
const ACROSS: f32 = WIDTH - 2.0 * MARGIN;
const OVER: Style = Style::new(Weight::Regular, 8.5, SECOND);
const BADGE: Style = Style::new(Weight::Bold, 8.0, crate::canvas::AMBER);
const LAST: Style = Style::new(Weight::Regular, 7.0, SECOND);
/// Between the body and the foot.
const BETWEEN: f32 = 16.0;
/// What the foot has of the page at most.
const MOST_FOOT: f32 = HEIGHT * 0.4;
const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// Whether streams are packed. Packed bytes depend on who packs, so that a golden file holds the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Deflate,
    #[cfg(test)]
    None,
}

impl Packing {
    fn pack(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            #[cfg(test)]
            Self::None => None,
        }
    }
}

/// Makes the file of a sheet.
///
/// # Errors
/// A font that is damaged.
pub(crate) fn write(sheet: &Sheet, packing: Packing) -> Result<Vec<u8>, PaperError> {
    let fonts = Fonts::load()?;
    let mut canvas = Canvas::new(&fonts);
    draw(sheet, &mut canvas);
    bytes(sheet, canvas, packing)
}

pub(crate) fn draw(sheet: &Sheet, canvas: &mut Canvas<'_>) {
    let setting = |scale| Setting {
        fonts: canvas.fonts,
        lang: sheet.lang,
        scale,
    };
    let (body, foot) = (setting(Scale::Body), setting(Scale::Foot));
    let top = head(sheet, canvas);
    let bottom = HEIGHT - MARGIN + 8.0;
    let wanted = stack::extent(foot, &sheet.foot, ACROSS).natural;
    let foot_height = if sheet.foot.is_empty() {
        0.0
    } else {
        wanted.min(MOST_FOOT)
    };
    let foot_top = bottom - 14.0 - foot_height;
    let frame = |y: f32, height: f32| Frame {
        x: MARGIN,
        y,
        width: ACROSS,
        height,
    };
    stack::draw(body, canvas, &sheet.body, frame(top, foot_top - BETWEEN - top));
    let rule = |canvas: &mut Canvas<'_>, y: f32| {
        canvas.ornament(|canvas| {
            canvas.line(
                &[(MARGIN, y), (WIDTH - MARGIN, y)],
                0.5,
                crate::canvas::EDGE,
                None,
            );
        });
    };
    if !sheet.foot.is_empty() {
        rule(canvas, foot_top - 7.0);
        stack::draw(foot, canvas, &sheet.foot, frame(foot_top, foot_height + 0.1));
    }
    let maker = cut(
        canvas.fonts.of(LAST.weight),
        LAST.size,
        ACROSS * 0.35,
        &sheet.maker,
    );
    let address = cut(
        canvas.fonts.of(LAST.weight),
        LAST.size,
        ACROSS * 0.62,
        &sheet.address,
    );
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(MARGIN, bottom, LAST, &maker);
    });
    if !address.is_empty() {
        canvas.part(Role::Paragraph, |canvas| {
            canvas.text_to(WIDTH - MARGIN, bottom, LAST, &address);
        });
    }
}

/// Draws what stands above the body and says where the body begins.
fn head(sheet: &Sheet, canvas: &mut Canvas<'_>) -> f32 {
    let mut y = MARGIN;
    let badge = sheet.mark.as_deref().unwrap_or_default();
    let badge = cut(canvas.fonts.of(BADGE.weight), BADGE.size, ACROSS * 0.5, badge);
    let badge_width = if badge.is_empty() {
        0.0
    } else {
        canvas.width(&badge, BADGE) + 12.0
    };
    let over = cut(
        canvas.fonts.of(OVER.weight),
        OVER.size,
        ACROSS - badge_width - 12.0,
        &sheet.over,
    );
    canvas.part(Role::Paragraph, |canvas| {
        canvas.text(MARGIN, y + 8.0, OVER, &over);
    });
    if !badge.is_empty() {
        let right = WIDTH - MARGIN;
        let left = right - badge_width;
        canvas.part(Role::Paragraph, |canvas| {
            let corners = [
                (left, y - 3.0),
                (right, y - 3.0),
                (right, y + 12.0),
                (left, y + 12.0),
                (left, y - 3.0),
            ];
            canvas.line(&corners, 0.9, crate::canvas::AMBER_SHAPE, None);
            canvas.text(left + 6.0, y + 7.5, BADGE, &badge);
        });
    }
    y += 18.0;
    let font = canvas.fonts.of(Weight::Bold);
    let large = wrap(font, 20.0, ACROSS, &sheet.title, 3);
    let (size, height, lines) = if large.len() <= 2 {
        (20.0, 24.0, large)
    } else {
        (15.0, 18.5, wrap(font, 15.0, ACROSS, &sheet.title, 3))
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

/// Numbers of objects, one after the other.
struct Numbers(Ref);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0.bump()
    }
}

fn bytes(sheet: &Sheet, canvas: Canvas<'_>, packing: Packing) -> Result<Vec<u8>, PaperError> {
    let mut numbers = Numbers(Ref::new(1));
    let [catalog, pages, page, content, info, metadata, root, parents] =
        std::array::from_fn(|_| numbers.next());
    let faces = [numbers.next(), numbers.next()];
    let nodes: Vec<Ref> = canvas.nodes.iter().map(|_| numbers.next()).collect();
    let mut pdf = Pdf::new();
    {
        let mut whole = pdf.catalog(catalog);
        whole.pages(pages);
        whole.lang(TextStr(sheet.lang.code()));
        whole.metadata(metadata);
        whole.mark_info().marked(true);
        whole.viewer_preferences().display_doc_title(true);
        // A direct one could not be named as a parent.
        whole.pair(Name(b"StructTreeRoot"), root);
    }
    {
        let mut tree: StructTreeRoot<'_> = pdf.indirect(root).start();
        tree.child(nodes[0]);
        tree.parent_tree().nums().insert(0, parents);
        tree.parent_tree_next_key(1);
    }
    pdf.document_info(info)
        .title(TextStr(&sheet.title))
        .creator(TextStr(&sheet.maker))
        .producer(TextStr("Qala"));
    let described = described(sheet, sheet.lang.code());
    pdf.metadata(metadata, described.as_bytes());
    pdf.pages(pages).kids([page]).count(1);
    {
        let mut one = pdf.page(page);
        one.parent(pages)
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .contents(content)
            .struct_parents(0)
            .tab_order(TabOrder::StructureOrder);
        let mut resources = one.resources();
        let mut fonts = resources.fonts();
        for (face, id) in faces.iter().enumerate() {
            fonts.pair(Name(face_name(face)), *id);
        }
    }
    let Canvas {
        fonts,
        content: drawn,
        used,
        nodes: tree,
        owners,
        ..
    } = canvas;
    stream(&mut pdf, content, drawn.finish().as_slice(), packing);
    for (at, node) in tree.iter().enumerate() {
        element(pdf.struct_element(nodes[at]), node, &nodes, root, page);
    }
    pdf.indirect(parents)
        .array()
        .items(owners.iter().map(|owner| nodes[*owner]));
    for ((weight, used), id) in Weight::ALL.into_iter().zip(&used).zip(faces) {
        face(&mut pdf, &mut numbers, fonts.of(weight), used, id, packing)?;
    }
    Ok(pdf.finish())
}

fn stream(pdf: &mut Pdf, id: Ref, bytes: &[u8], packing: Packing) {
    match packing.pack(bytes) {
        Some(packed) => {
            pdf.stream(id, &packed).filter(Filter::FlateDecode);
        }
        None => {
            pdf.stream(id, bytes);
        }
    }
}

fn element(mut element: StructElement<'_>, node: &Node, nodes: &[Ref], root: Ref, page: Ref) {
    let role = match node.role {
        Role::Document => StructRole::Document,
        Role::Title => StructRole::H1,
        Role::Heading => StructRole::H2,
        Role::Paragraph => StructRole::P,
        Role::Table => StructRole::Table,
        Role::Row => StructRole::TR,
        Role::ColumnHead | Role::RowHead => StructRole::TH,
        Role::Cell => StructRole::TD,
        Role::Figure(..) => StructRole::Figure,
    };
    element.kind(role);
    element.parent(node.parent.map_or(root, |parent| nodes[parent]));
    element.page(page);
    match &node.role {
        Role::Figure(alt, [left, top, right, bottom]) => {
            element.alt(TextStr(alt));
            let sides = Rect::new(*left, HEIGHT - bottom, *right, HEIGHT - top);
            element.attributes().push().layout().bbox(sides);
        }
        Role::ColumnHead => {
            element
                .attributes()
                .push()
                .table()
                .scope(TableHeaderScope::Column);
        }
        Role::RowHead => {
            element.attributes().push().table().scope(TableHeaderScope::Row);
        }
        _ => {}
    }
    let mut children = element.children();
    for child in &node.children {
        match child {
            Child::Node(at) => children.struct_element(nodes[*at]),
            Child::Content(id) => children.marked_content_id(*id),
        };
    }
}

/// Six letters that differ where the glyphs do (ISO 32000-1, 9.6.4): FNV-1a of their numbers.
fn letters(used: &Used) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (letter, _) in &used.letters {
        hash = (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3);
    }
    (0..6)
        .map(|at| char::from(b'A' + ((hash >> (at * 8)) % 26) as u8))
        .collect()
}

fn face(
    pdf: &mut Pdf,
    numbers: &mut Numbers,
    font: &Font,
    used: &Used,
    id: Ref,
    packing: Packing,
) -> Result<(), PaperError> {
    let [descendant, descriptor, file, letters_of] = std::array::from_fn(|_| numbers.next());
    let name = format!("{}+{}", letters(used), font.name);
    let base = Name(name.as_bytes());
    pdf.type0_font(id)
        .base_font(base)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(letters_of);
    {
        let mut cid = pdf.cid_font(descendant);
        cid.subtype(CidFontType::Type2)
            .base_font(base)
            .system_info(IDENTITY)
            .font_descriptor(descriptor)
            .default_width(0.0)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = used.letters.iter().map(|(_, width)| (width * 1000.0).round());
        cid.widths().consecutive(0, widths);
    }
    let thousandth = |units: i16| f32::from(units) * 1000.0 / f32::from(font.face.units_per_em());
    let sides = font.face.global_bounding_box();
    pdf.font_descriptor(descriptor)
        .name(base)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(
            thousandth(sides.x_min).round(),
            thousandth(sides.y_min).round(),
            thousandth(sides.x_max).round(),
            thousandth(sides.y_max).round(),
        ))
        .italic_angle(0.0)
        .ascent(thousandth(font.face.ascender()).round())
        .descent(thousandth(font.face.descender()).round())
        .cap_height(thousandth(font.face.capital_height().unwrap_or(700)).round())
        .stem_v(if font.name.ends_with("Regular") {
            80.0
        } else {
            120.0
        })
        .font_file2(file);
    let cut = subsetter::subset(font.data, 0, &used.ids).map_err(|_| PaperError("a font cannot be cut"))?;
    match packing.pack(&cut) {
        Some(packed) => {
            let mut written = pdf.stream(file, &packed);
            written.filter(Filter::FlateDecode);
            written.pair(Name(b"Length1"), cut.len() as i32);
        }
        None => {
            pdf.stream(file, &cut).pair(Name(b"Length1"), cut.len() as i32);
        }
    }
    let mut map = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
    for (at, (letter, _)) in used.letters.iter().enumerate() {
        map.pair(at as u16, *letter);
    }
    stream(pdf, letters_of, map.finish().as_slice(), packing);
    Ok(())
}

/// What the file says of itself (XMP, ISO 16684-1).
fn described(sheet: &Sheet, language: &str) -> String {
    let mut title = String::new();
    for letter in sheet.title.chars() {
        match letter {
            '&' => title.push_str("&amp;"),
            '<' => title.push_str("&lt;"),
            '>' => title.push_str("&gt;"),
            letter if letter.is_control() => title.push(' '),
            letter => title.push(letter),
        }
    }
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
         <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>\
         <dc:format>application/pdf</dc:format><pdf:Producer>Qala</pdf:Producer>\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}
