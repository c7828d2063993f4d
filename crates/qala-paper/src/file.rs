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
use crate::canvas::{Canvas, Child, HEIGHT, Node, Role, Used, WIDTH, face_name};
use crate::font::{Font, Fonts, Weight};
use crate::page;
use crate::sheet::Sheet;

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
    page::draw(sheet, &mut canvas);
    bytes(sheet, canvas, packing)
}

/// Numbers of objects, one after the other.
struct Numbers(Ref);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0.bump()
    }
}

/// The objects of a page.
#[derive(Debug, Clone, Copy)]
struct PageRefs {
    page: Ref,
    content: Ref,
    /// The nodes that its pieces of content belong to.
    parents: Ref,
}

fn bytes(sheet: &Sheet, canvas: Canvas<'_>, packing: Packing) -> Result<Vec<u8>, PaperError> {
    let Canvas {
        fonts,
        pages: drawn,
        used,
        nodes: tree,
        ..
    } = canvas;
    let mut numbers = Numbers(Ref::new(1));
    let [catalog, pages, page, content, info, metadata, root, parents] =
        std::array::from_fn(|_| numbers.next());
    let faces = [numbers.next(), numbers.next()];
    let nodes: Vec<Ref> = tree.iter().map(|_| numbers.next()).collect();
    let mut each = vec![PageRefs {
        page,
        content,
        parents,
    }];
    each.extend(drawn.iter().skip(1).map(|_| PageRefs {
        page: numbers.next(),
        content: numbers.next(),
        parents: numbers.next(),
    }));
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
        {
            let mut keys = tree.parent_tree();
            let mut keys = keys.nums();
            for (key, refs) in each.iter().enumerate() {
                keys.insert(key as i32, refs.parents);
            }
        }
        tree.parent_tree_next_key(each.len() as i32);
    }
    pdf.document_info(info)
        .title(TextStr(&sheet.title))
        .creator(TextStr(&sheet.maker))
        .producer(TextStr("Qala"));
    let described = described(sheet, sheet.lang.code());
    pdf.metadata(metadata, described.as_bytes());
    pdf.pages(pages)
        .kids(each.iter().map(|refs| refs.page))
        .count(each.len() as i32);
    for (key, refs) in each.iter().enumerate() {
        let mut one = pdf.page(refs.page);
        one.parent(pages)
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .contents(refs.content)
            .struct_parents(key as i32)
            .tab_order(TabOrder::StructureOrder);
        let mut resources = one.resources();
        let mut fonts = resources.fonts();
        for (face, id) in faces.iter().enumerate() {
            fonts.pair(Name(face_name(face)), *id);
        }
    }
    let mut owners = Vec::new();
    for (page, refs) in drawn.into_iter().zip(&each) {
        stream(&mut pdf, refs.content, page.content.finish().as_slice(), packing);
        owners.push(page.owners);
    }
    for (at, node) in tree.iter().enumerate() {
        element(pdf.struct_element(nodes[at]), node, &nodes, root, &each);
    }
    for (owners, refs) in owners.iter().zip(&each) {
        pdf.indirect(refs.parents)
            .array()
            .items(owners.iter().map(|owner| nodes[*owner]));
    }
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

fn element(mut element: StructElement<'_>, node: &Node, nodes: &[Ref], root: Ref, pages: &[PageRefs]) {
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
    element.page(pages[node.page].page);
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
            Child::Node(at) => {
                children.struct_element(nodes[*at]);
            }
            Child::Content(page, id) if *page == node.page => {
                children.marked_content_id(*id);
            }
            Child::Content(page, id) => {
                children
                    .marked_content_ref()
                    .page(pages[*page].page)
                    .marked_content_id(*id);
            }
        }
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
