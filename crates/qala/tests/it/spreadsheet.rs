//! An office's own spreadsheet: offered a mapping, kept, taken again without being asked about, and shown as a table.

use std::io::Write;
use std::path::{Path, PathBuf};

use qala_sim::city::{Feed, WholeCity, WholeOptions};
use serde_json::Value;

use crate::support::{Server, json, ok, qala, shared};

/// A workbook of one sheet as offices make them: a title over the table, an empty row, the table, a row of totals.
pub(crate) fn workbook(title: &str, rows: &[Vec<String>], totals: &[&str]) -> Vec<u8> {
    let line = |number: usize, cells: &[&str]| {
        use std::fmt::Write as _;
        let mut line = format!("<row r=\"{number}\">");
        for (column, text) in ('A'..).zip(cells) {
            let written = match text.parse::<f64>() {
                Ok(value) => write!(line, "<c r=\"{column}{number}\"><v>{value}</v></c>"),
                Err(_) => {
                    let text = text.replace('&', "&amp;").replace('<', "&lt;");
                    write!(
                        line,
                        "<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"
                    )
                }
            };
            written.unwrap();
        }
        line + "</row>"
    };
    let mut sheet = String::from(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    sheet.push_str(&line(1, &[title]));
    for (number, row) in rows.iter().enumerate() {
        sheet.push_str(&line(
            number + 3,
            &row.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
    }
    sheet.push_str(&line(rows.len() + 3, totals));
    sheet.push_str("</sheetData></worksheet>");
    let parts = [
        (
            "[Content_Types].xml",
            "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "_rels/.rels",
            "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Лист1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The kindergartens of the seeded city under the headings of an office.
fn seeded_kindergartens() -> Vec<Vec<String>> {
    let city = WholeCity::build(&WholeOptions::default()).unwrap();
    let lists = city.lists(1_790_000_000_000_000).unwrap();
    let list = lists.iter().find(|file| file.feed == Feed::Schools.id()).unwrap();
    let text = String::from_utf8(list.bytes.clone()).unwrap();
    let heads = ["Наименование", "Вид", "Долгота", "Широта", "Мест"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[1] != "school" {
            rows.push(
                [cells[3], cells[1], cells[6], cells[7], cells[9]]
                    .map(str::to_owned)
                    .to_vec(),
            );
        }
    }
    rows
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn get(server: &Server, path: &str, token: Option<&str>) -> (u16, Value) {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|value| ("Authorization", value.as_str()))
        .collect();
    let (status, body) = server.request("GET", path, &headers, &[]).unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

#[test]
fn a_spreadsheet_of_kindergartens_is_a_table_on_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let rows = seeded_kindergartens();
    let count = rows.len() - 1;
    assert!(count > 900, "{count}");
    let book = workbook(
        "Детские сады на 1 сентября 2026 года",
        &rows,
        &["Итого", "", "", "", "1"],
    );
    let file = write(dir.path(), "Детские сады 2026-09.xlsx", &book);

    // Without a mapping: an offer, and nothing is kept.
    let output = qala(&data, &["import", "table", &file]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}{error}");
    assert!(error.contains("--save") && error.lines().count() == 1, "{error}");
    for words in [
        "header in row 3",
        "schools_kindergartens",
        "totals_left_out",
        &format!("dry run: received {count}, accepted {count}, quarantined 0"),
        "keep this and take the file in",
    ] {
        assert!(said.contains(words), "`{words}` is not said:\n{said}");
    }
    assert!(!data.join("mappings").exists());
    let offered = json(
        &data,
        &["import", "table", &file, "--propose", "--format", "json"],
    );
    assert_eq!(offered[0]["header_row"], 3, "{offered}");
    assert_eq!(offered[0]["left_out"][0], "Мест", "{offered}");

    // Kept and taken in.
    ok(&data, &["import", "table", &file, "--save"]);
    let listed = json(&data, &["mapping", "list", "--format", "json"]);
    assert_eq!(listed[0]["dataset"], "schools_kindergartens");
    assert_eq!(listed[0]["files"], "Детские сады *");

    // The file of the next month, and one of another name with the same columns, need no flag.
    for name in ["Детские сады 2026-10.xlsx", "list.xlsx"] {
        let file = write(dir.path(), name, &workbook(name, &rows, &["Всего"]));
        let report = json(&data, &["import", "table", &file, "--format", "json"]);
        assert_eq!(report["accepted"], count, "{name}: {report}");
    }

    // On the page.
    let server = Server::start(&data);
    let (status, tables) = get(&server, "/api/datasets", None);
    assert_eq!(status, 200);
    let table = tables
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["name"] == "schools_kindergartens")
        .unwrap();
    assert_eq!(table["rows"], 3 * count);
    let path = "/api/datasets/schools_kindergartens/rows";
    let (status, page) = get(&server, &format!("{path}?limit=2&offset=1&order=-name"), None);
    assert_eq!(
        (status, page["rows"].as_array().unwrap().len()),
        (200, 2),
        "{page}"
    );
    assert_eq!(page["total"], 3 * count);
    let names: Vec<&str> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert!(names[0] >= names[1], "{names:?}");
    let source = &page["rows"][0]["_source"];
    let message = page["sources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == *source)
        .unwrap();
    assert!(message["name"].as_str().unwrap().ends_with(".xlsx"), "{message}");
    // One of them, by some letters of its name in another case.
    let wanted = rows[5][0].to_uppercase();
    let letters: Vec<String> = wanted.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let letters = letters.concat();
    let (_, found) = get(&server, &format!("{path}?q={letters}"), None);
    let total = found["total"].as_u64().unwrap();
    assert!(total >= 3 && total < 3 * count as u64, "{total}");
    for (path, status) in [
        ("/api/datasets/schools_kindergartens/rows?order=nonsense", 404),
        ("/api/datasets/nowhere/rows", 404),
        ("/api/datasets/schools_kindergartens/rows?what=1", 400),
        ("/data", 200),
        ("/data/schools_kindergartens", 200),
        ("/page/data/app.js", 200),
    ] {
        assert_eq!(get(&server, path, None).0, status, "{path}");
    }
}

#[test]
fn a_file_that_fits_no_dataset_gets_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let text = "Инв. номер;Название фонтана;Телефон смотрителя;Год;Площадь, кв. км;Открыт;Осмотр\n\
                0017;Восход;+7 700 000 00 01;1981;0,25;да;01.04.2026\n\
                0018;Неделька;+7 700 000 00 02;1967;0,5;нет;15.04.2026\n\
                0019;Немо;+7 700 000 00 03;2002;1,75;да;31.04.2026\n";
    let bytes: Vec<u8> = text
        .chars()
        .map(|letter| match letter {
            'А'..='я' => (letter as u32 - 'А' as u32 + 0xC0) as u8,
            other => other as u8,
        })
        .collect();
    let file = write(dir.path(), "фонтаны.csv", &bytes);
    let out = dir.path().join("fountains.toml").display().to_string();
    let said = ok(&data, &["import", "table", &file, "--propose", "--out", &out]);
    for words in ["own_fontany", "windows-1251", "`;`", "personal", "accepted 3"] {
        assert!(said.contains(words), "`{words}` is not said:\n{said}");
    }
    let beside = PathBuf::from(&out).with_extension("dataset.toml");
    let spec = std::fs::read_to_string(&beside).unwrap();
    // A person mends what the guess could not know: the last column is a day.
    let spec = spec.replace(
        "name = \"osmotr\"\ntype = \"text\"",
        "name = \"osmotr\"\ntype = \"date\"",
    );
    std::fs::write(&beside, &spec).unwrap();
    let mapping = std::fs::read_to_string(&out).unwrap();
    let mapping = mapping.replace(
        "osmotr = { from = \"Осмотр\" }",
        "osmotr = { from = \"Осмотр\", time = \"dmy\" }",
    );
    std::fs::write(&out, &mapping).unwrap();
    // Not kept yet, so it is not known.
    let output = qala(&data, &["import", "table", &file, "--mapping", &out]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--save"));
    let report = json(
        &data,
        &[
            "import",
            "table",
            &file,
            "--mapping",
            &out,
            "--save",
            "--format",
            "json",
        ],
    );
    assert_eq!(
        (&report["accepted"], &report["quarantined"]),
        (&2.into(), &1.into()),
        "{report}"
    );
    // The same file under the same name asks nothing any more.
    let report = json(&data, &["import", "table", &file, "--format", "json"]);
    assert_eq!(report["files"][0]["repeated"], true);
    // The day that is none is mended and sent back.
    let bad = dir.path().join("bad.csv").display().to_string();
    ok(
        &data,
        &["quarantine", "export", "--dataset", "own_fontany", "--out", &bad],
    );
    let mended = std::fs::read_to_string(&bad)
        .unwrap()
        .replace("31.04.2026", "30.04.2026");
    std::fs::write(&bad, mended).unwrap();
    ok(&data, &["quarantine", "retry", "--file", &bad]);
    let sql = "SELECT * FROM own_fontany ORDER BY god";
    let rows = json(&data, &["sql", sql, "--format", "json"]);
    assert_eq!(rows.as_array().unwrap().len(), 3, "{rows}");
    assert_eq!(rows[0]["inv_nomer"], "0018");
    assert!(!rows.to_string().contains("+7 700"), "{rows}");
    // A copy of the data knows it too.
    let copy = dir.path().join("copy").display().to_string();
    ok(&data, &["backup", &copy]);
    let restored = dir.path().join("restored");
    ok(&restored, &["restore", &copy]);
    assert_eq!(json(&restored, &["sql", sql, "--format", "json"]), rows);
    // What says who somebody is, only people who signed in see, as a pseudonym.
    ok(
        &data,
        &["user", "add", "aigul", "--name", "Айгүл", "--role", "analyst"],
    );
    let of_aigul = [
        "token",
        "issue",
        "--user",
        "aigul",
        "--scope",
        "read",
        "--for",
        "test",
        "--expires",
        "2099-01-01",
    ];
    let token = ok(&data, &of_aigul).trim().to_owned();
    let server = Server::start(&data);
    let path = "/api/datasets/own_fontany/rows";
    let (_, page) = get(&server, path, None);
    assert_eq!(
        (&page["total"], &page["hidden"]),
        (&3.into(), &1.into()),
        "{page}"
    );
    assert!(page["rows"][0].get("telefon_smotritelya").is_none(), "{page}");
    assert_eq!(
        get(&server, &format!("{path}?order=telefon_smotritelya"), None).0,
        404
    );
    assert_eq!(get(&server, path, Some("nobody")).0, 401);
    let (_, page) = get(&server, path, Some(&token));
    assert_eq!(page["hidden"], 0, "{page}");
    assert!(page["rows"][0]["telefon_smotritelya"].is_string());
    drop(server);
    ok(&data, &["mapping", "show", "fontany"]);
    ok(&data, &["mapping", "remove", "fontany"]);
    assert_eq!(
        json(&data, &["mapping", "list", "--format", "json"]),
        Value::Array(Vec::new())
    );
}

/// The way of README.md, with the file of a real office.
#[test]
fn the_readme_leads_to_a_table() {
    let Some(shared) = shared("the_readme_leads_to_a_table") else {
        return;
    };
    let start = std::time::Instant::now();
    let text = std::fs::read_to_string(shared.join("almaty/kindergartens.csv")).unwrap();
    let rows = fields(&text);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("qala-data");
    let file = write(
        dir.path(),
        "kindergartens.xlsx",
        &workbook("Детские сады", &rows, &["Итого: 924"]),
    );
    // Under this name the program has a mapping of its own; another name is an office's.
    let own = write(dir.path(), "sadiki.xlsx", &std::fs::read(&file).unwrap());
    for (file, more) in [(&file, None), (&own, Some("--save"))] {
        let mut args = vec!["import", "table", file.as_str(), "--format", "json"];
        args.extend(more);
        let report = json(&data, &args);
        assert_eq!(
            (&report["accepted"], &report["quarantined"]),
            (&924.into(), &0.into()),
            "{report}"
        );
    }
    let server = Server::start(&data);
    let (_, page) = get(
        &server,
        "/api/datasets/schools_kindergartens/rows?limit=500",
        None,
    );
    assert_eq!(page["total"], 2 * 924);
    drop(writeln!(
        std::io::stderr(),
        "proof: a spreadsheet of 924 kindergartens with title and totals is on the table page {:.1} s after the first command",
        start.elapsed().as_secs_f64()
    ));
}

/// Cells of a CSV with quotes.
fn fields(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut row, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '"' if is_quoted && letters.peek() == Some(&'"') => {
                    cell.push('"');
                    letters.next();
                }
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
                other => cell.push(other),
            }
        }
        row.push(cell);
        rows.push(row);
    }
    rows
}
