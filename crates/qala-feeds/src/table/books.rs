//! Workbooks of any shape.

use std::fmt::Write as _;

use proptest::prelude::*;
use qala_core::Position;

use crate::Selection;
use crate::tests::{Given, zip};

/// A workbook of one sheet: `A1` and the XML of the cell's inside.
fn book(cells: &[(&str, &str)], merged: &[&str]) -> Vec<u8> {
    let mut rows: std::collections::BTreeMap<u32, String> = std::collections::BTreeMap::new();
    for (place, text) in cells {
        let row = place
            .trim_start_matches(|c: char| c.is_ascii_uppercase())
            .parse()
            .unwrap();
        let cell = match text.parse::<f64>() {
            Ok(number) => format!("<c r=\"{place}\"><v>{number}</v></c>"),
            Err(_) => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
        };
        rows.entry(row).or_default().push_str(&cell);
    }
    let mut sheet = String::from(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (row, cells) in rows {
        let _ = write!(sheet, "<row r=\"{row}\">{cells}</row>");
    }
    sheet.push_str("</sheetData>");
    if !merged.is_empty() {
        let _ = write!(sheet, "<mergeCells count=\"{}\">", merged.len());
        for place in merged {
            let _ = write!(sheet, "<mergeCell ref=\"{place}\"/>");
        }
        sheet.push_str("</mergeCells>");
    }
    sheet.push_str("</worksheet>");
    packed(sheet.as_bytes())
}

fn packed(sheet: &[u8]) -> Vec<u8> {
    zip(&[
        (
            "[Content_Types].xml",
            b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "_rels/.rels",
            b"<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Лист\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>".as_bytes(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn figures(name: &str) -> Given<'_> {
    Given::new("table", name).dataset("traffic_city_figures")
}

const HEADER: [(&str, &str); 3] = [("B3", "t"), ("C3", "figure"), ("D3", "value")];

#[test]
fn dates_as_text_as_serial_numbers_and_out_of_their_years() {
    let mut cells = HEADER.to_vec();
    cells.extend([("B4", "01.03.2026 10:30"), ("C4", "a"), ("D4", "1")]);
    cells.extend([("B5", "46082.4375"), ("C5", "a"), ("D5", "1 000")]);
    cells.extend([("B6", "5"), ("C6", "a"), ("D6", "1e9")]);
    cells.extend([("B7", "9e12"), ("C7", "a"), ("D7", "1")]);
    cells.extend([("B8", "30.02.2026"), ("C8", "a"), ("D8", "1")]);
    let outcome = figures("a.xlsx").read(book(&cells, &[]));
    let text = outcome.text();
    assert_eq!((outcome.given(), outcome.rejected), (3, 2), "{text}");
    assert!(text.contains("2026-03-01T05:30:00Z | a | 1.0"), "{text}");
    assert!(text.contains("2026-03-01T05:30:00Z | a | 1000.0"), "{text}");
    let places: Vec<(Option<u64>, &str)> = outcome
        .problems
        .iter()
        .filter(|(_, problem)| problem.rows > 0)
        .map(|(_, problem)| (problem.position.line, problem.code.as_str()))
        .collect();
    assert_eq!(
        places,
        [(Some(7), "absurd_time"), (Some(8), "bad_time")],
        "{text}"
    );
    assert_eq!(
        outcome.problems.last().unwrap().1.position.file.as_deref(),
        Some("Лист")
    );
}

#[test]
fn a_sheet_may_lie_about_its_size() {
    let mut cells = HEADER.to_vec();
    cells.extend([
        ("B4", "2026-03-01"),
        ("C4", "a"),
        ("D4", "1"),
        ("XFD1048576", "far"),
    ]);
    let outcome = figures("a.xlsx").read(book(&cells, &[]));
    assert_eq!(outcome.given(), 1, "{}", outcome.text());
}

#[test]
fn bombs_and_damaged_books() {
    let bomb = packed(&vec![b' '; 100 << 20]);
    assert_eq!(figures("a.xlsx").read(bomb).codes(), [("too_large", 0)]);
    let small = Given {
        max_unpacked: 100,
        ..figures("a.xlsx")
    };
    assert_eq!(small.read(book(&HEADER, &[])).codes(), [("too_large", 0)]);
    assert_eq!(
        figures("a.xlsx").read(packed(b"<no")).codes(),
        [("damaged_file", 0)]
    );
    assert_eq!(figures("a.xlsx").read(book(&[], &[])).codes(), [("empty", 0)]);
    let missing = figures("a.xlsx")
        .mapping("sheet = \"Лист 2\"")
        .read(book(&HEADER, &[]));
    assert_eq!(missing.codes(), [("missing_sheet", 0)]);
    let chosen = figures("a.xlsx")
        .mapping("sheet = \"1\"")
        .read(book(&HEADER, &[]));
    assert!(
        chosen.codes().iter().all(|(code, _)| *code == "found_header"),
        "{:?}",
        chosen.codes()
    );
}

#[test]
fn a_workbook_inside_an_archive_belongs_to_its_feed() {
    let mut cells = HEADER.to_vec();
    cells.extend([("B4", "2026-03-01"), ("C4", "a"), ("D4", "1")]);
    let inner = book(&cells, &[]);
    let outcome = figures("a.zip").read(zip(&[("in/a.xlsx", &inner), ("out/b.xlsx", &inner)]));
    let feeds: Vec<String> = outcome.rows().into_keys().map(|(feed, _)| feed).collect();
    assert_eq!(feeds, ["in", "out"], "{}", outcome.text());
}

#[test]
fn a_mended_row_is_read_in_its_place() {
    let mut cells = HEADER.to_vec();
    cells.extend([("B4", "2026-03-01"), ("C4", "a"), ("D4", "x")]);
    let bytes = book(&cells, &[]);
    let first = figures("a.xlsx").read(&bytes);
    let (_, problem) = first
        .problems
        .iter()
        .find(|(_, problem)| problem.rows == 1)
        .unwrap();
    assert_eq!(
        problem.raw.as_deref(),
        Some(r#"{"t":"2026-03-01","figure":"a","value":"x"}"#)
    );
    let place = Position {
        field: None,
        ..problem.position.clone()
    };
    let mut selection = Selection::default();
    assert!(selection.mend(&place, r#"{"t":"2026-03-01","figure":"a","value":"7"}"#));
    let outcome = figures("a.xlsx").selection(selection).read(&bytes);
    assert_eq!((outcome.given(), outcome.rejected), (1, 0), "{}", outcome.text());
}

#[test]
fn merged_names_stand_over_their_columns() {
    let cells = [
        ("A1", "Отчёт"),
        ("A2", "Район"),
        ("B2", "2025"),
        ("D2", "2026"),
        ("B3", "план"),
        ("C3", "факт"),
        ("D3", "план"),
        ("E3", "факт"),
        ("A4", "Медеу"),
        ("B4", "1"),
        ("C4", "2"),
        ("D4", "3"),
        ("E4", "4"),
        ("A5", "Итого:"),
        ("B5", "1"),
    ];
    let mapping =
        "[columns]\nregion = { from = \"Район\" }\n[unpivot]\nname_to = \"figure\"\nvalue_to = \"value\"\n";
    let outcome = Given::new("table", "a.xlsx")
        .dataset("population_region_figures")
        .mapping(mapping)
        .read(book(&cells, &["A1:E1", "A2:A3", "B2:C2", "D2:E2"]));
    let text = outcome.text();
    assert_eq!((outcome.given(), outcome.rejected), (4, 0), "{text}");
    assert!(
        text.contains("Медеу | 2025 факт | 2.0") && text.contains("Медеу | 2026 план | 3.0"),
        "{text}"
    );
    assert!(
        text.contains("totals_left_out") && text.contains("1 rows that add up"),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        figures("a.xlsx").read(packed(&bytes));
        figures("a.xls").read([b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &bytes].concat());
        figures("a.xlsx").read([b"PK\x03\x04".as_slice(), &bytes].concat());
    }

    #[test]
    fn every_row_is_accounted_for(values in prop::collection::vec("[0-9a-z., ]{1,8}", 1..20)) {
        let names: Vec<[String; 3]> = (0..values.len()).map(|row| ["B", "C", "D"].map(|column| format!("{column}{}", row + 4))).collect();
        let mut cells = HEADER.to_vec();
        for (place, value) in names.iter().zip(&values) {
            cells.extend([(place[0].as_str(), "2026-03-01"), (place[1].as_str(), "a"), (place[2].as_str(), value.as_str())]);
        }
        let outcome = figures("a.xlsx").read(book(&cells, &[]));
        prop_assert_eq!(outcome.received(), values.len() as u64);
    }
}
