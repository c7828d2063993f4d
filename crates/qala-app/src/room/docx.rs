//! A page as a document of a word processor (Office Open XML, ECMA-376): headings, paragraphs, tables. The same page gives the
//! same bytes.

use std::io::{Cursor, Write as _};

use qala_core::Lang;
use qala_paper::{Block, Sheet, Table};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::{AppError, Result};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;
const LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const DOCUMENT_LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// The namespace of the text.
const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
/// Width of the text of a page of A4, twentieths of a point.
const TEXT_WIDTH: usize = 9_638;

/// The letters of a text as XML has them; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn paragraph(style: Option<&str>, text: &str) -> String {
    let style = style.map_or_else(String::new, |style| {
        format!("<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>")
    });
    format!(
        "<w:p>{style}<w:r><w:t xml:space=\"preserve\">{}</w:t></w:r></w:p>",
        escaped(text)
    )
}

fn table(table: &Table) -> String {
    let width = TEXT_WIDTH / table.columns.len().max(1);
    let grid = format!("<w:gridCol w:w=\"{width}\"/>").repeat(table.columns.len());
    let cell = |style: Option<&str>, text: &str| {
        format!(
            "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>{}</w:tc>",
            paragraph(style, text)
        )
    };
    let head: String = table
        .columns
        .iter()
        .map(|column| cell(Some("Head"), &column.title))
        .collect();
    let mut rows = format!("<w:tr><w:trPr><w:tblHeader/></w:trPr>{head}</w:tr>");
    for row in &table.rows {
        let cells: String = row.iter().map(|found| cell(None, &found.text)).collect();
        rows.push_str("<w:tr>");
        rows.push_str(&cells);
        rows.push_str("</w:tr>");
    }
    // A table is followed by a paragraph, or the file is not one.
    format!(
        "<w:tbl><w:tblPr><w:tblStyle w:val=\"Lines\"/><w:tblW w:w=\"{TEXT_WIDTH}\" w:type=\"dxa\"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>{}",
        paragraph(None, "")
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => paragraph(Some("Heading1"), text),
        Block::Text(text) => paragraph(None, text),
        Block::Quiet(text) => paragraph(Some("Quiet"), text),
        Block::Facts(facts) => facts
            .iter()
            .map(|(name, fact)| paragraph(None, &format!("{name}: {fact}")))
            .collect(),
        Block::Table(found) => table(found),
        Block::Beside(columns) => columns
            .iter()
            .flat_map(|(_, blocks)| blocks)
            .map(self::block)
            .collect(),
        // Pictures stay on paper.
        Block::Figure(figure) => paragraph(
            None,
            &format!("{} {} — {}", figure.value, figure.unit, figure.standing),
        ),
        Block::Chart(chart) => paragraph(Some("Quiet"), &chart.alt),
        Block::Map(map) => paragraph(Some("Quiet"), &map.alt),
    }
}

fn styles(lang: Lang) -> String {
    let lang = match lang {
        Lang::Kk => "kk-KZ",
        Lang::Ru => "ru-RU",
        Lang::En => "en-GB",
    };
    let style = |id: &str, next: &str, run: &str| {
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{id}\"/><w:basedOn w:val=\"Normal\"/>{next}<w:rPr>{run}</w:rPr></w:style>"
        )
    };
    let keep =
        "<w:pPr><w:keepNext/><w:spacing w:before=\"240\" w:after=\"80\"/><w:outlineLvl w:val=\"0\"/></w:pPr>";
    let edge = |name: &str| format!("<w:{name} w:val=\"single\" w:sz=\"4\" w:color=\"999999\"/>");
    let edges = ["top", "bottom", "insideH"].map(edge).concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:styles xmlns:w=\"{W}\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Arial\" w:hAnsi=\"Arial\" w:cs=\"Arial\"/><w:sz w:val=\"20\"/><w:lang w:val=\"{lang}\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after=\"80\"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>{}{}{}{}<w:style w:type=\"table\" w:styleId=\"Lines\"><w:name w:val=\"Lines\"/><w:tblPr><w:tblBorders>{edges}</w:tblBorders><w:tblCellMar><w:left w:w=\"60\" w:type=\"dxa\"/><w:right w:w=\"60\" w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style></w:styles>",
        style("Title", "", "<w:b/><w:sz w:val=\"32\"/>"),
        style("Heading1", keep, "<w:b/><w:sz w:val=\"24\"/>"),
        style("Quiet", "", "<w:color w:val=\"5C6670\"/><w:sz w:val=\"18\"/>"),
        style("Head", "", "<w:b/><w:sz w:val=\"18\"/>"),
    )
}

fn document(sheet: &Sheet) -> String {
    let mut body = paragraph(Some("Quiet"), &sheet.over);
    body.push_str(&paragraph(Some("Title"), &sheet.title));
    if let Some(mark) = &sheet.mark {
        body.push_str(&paragraph(Some("Head"), mark));
    }
    for part in sheet.body.iter().chain(&sheet.foot) {
        body.push_str(&block(part));
    }
    body.push_str(&paragraph(
        Some("Quiet"),
        &format!("{} · {}", sheet.maker, sheet.address),
    ));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document xmlns:w=\"{W}\"><w:body>{body}<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1134\" w:right=\"1134\" w:bottom=\"1134\" w:left=\"1134\" w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
    )
}

/// Makes the document of a page.
///
/// # Errors
/// Nothing that a page can cause: the zip is written to memory.
pub(crate) fn docx(sheet: &Sheet) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| AppError::Remote(format!("write the document: {error}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", TYPES.to_owned()),
        ("_rels/.rels", LINKS.to_owned()),
        ("word/document.xml", document(sheet)),
        ("word/styles.xml", styles(sheet.lang)),
        ("word/_rels/document.xml.rels", DOCUMENT_LINKS.to_owned()),
    ] {
        zip.start_file(name, options).map_err(|e| failed(&e))?;
        zip.write_all(text.as_bytes()).map_err(|e| failed(&e))?;
    }
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
}
