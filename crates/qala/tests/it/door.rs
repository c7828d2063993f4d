//! What a clerk does at a browser instead of at the command line: mends rejected rows, brings a file in, looks when
//! something runs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::people::{Answer, Browser, add};
use crate::support::{Server, answer, json as cli_json, ok};

/// A server, and an analyst and a member of staff at their browsers.
fn opened(data: &Path) -> (Server, Browser, Browser) {
    let passwords = [
        add(data, "analyst", "analyst", &[]),
        add(data, "operator", "operator", &[]),
    ];
    let server = Server::start(data);
    let browser = |name: &str, password: &str| {
        let mut browser = Browser::new(&server);
        browser.begin(name, password);
        browser
    };
    let (analyst, operator) = (
        browser("analyst", &passwords[0]),
        browser("operator", &passwords[1]),
    );
    (server, analyst, operator)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn counts(report: &Value) -> [u64; 4] {
    let counts = ["received", "accepted", "duplicate", "quarantined"];
    let counts = counts.map(|name| {
        report[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name}: {report}"))
    });
    assert_eq!(counts[0], counts[1] + counts[2] + counts[3], "{report}");
    counts
}

#[test]
fn a_rejected_row_is_mended_on_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let t = "2026-03-02T00:00:00+05:00";
    let mapping = "[columns]\nstation_id = { from = \"station\" }\nt = { from = \"when\" }\n\
        quantity = { value = \"pm25\" }\nvalue = { from = \"pm\" }\n";
    let mapping = write(dir.path(), "own.toml", mapping);
    let rows = format!("station,when,pm\ns1,{t},10\ns2,{t},x\ns3,yesterday,4\n");
    let file = write(dir.path(), "a.csv", &rows);
    ok(
        &data,
        &[
            "import",
            "table",
            &file,
            "--dataset",
            "air_readings",
            "--feed",
            "f",
            "--mapping",
            &mapping,
        ],
    );
    let (_server, analyst, operator) = opened(&data);

    // What is there, and of whom.
    let page = analyst.get("/api/quarantine");
    assert_eq!((page.status, &page.body["total"]), (200, &json!(2)), "{page:?}");
    assert_eq!(page.body["groups"].as_array().unwrap().len(), 2);
    let found = analyst.get("/api/quarantine?feed=f&code=bad_number").body;
    assert_eq!(found["total"], 1, "{found}");
    let row = &found["rows"][0];
    assert_eq!(
        (&row["line"], &row["field"], &row["raw"], &row["mendable"]),
        (
            &json!(3),
            &json!("value"),
            &json!(format!("s2,{t},x")),
            &json!(true)
        ),
        "{row}"
    );
    assert_eq!(analyst.get("/api/quarantine?code=none").body["total"], 0);

    // One that is mended is in the table; the other is still wrong, and says why.
    let body = json!({"rows": [{"id": row["id"], "raw": format!("s2,{t},7.5")}]});
    assert_eq!(operator.ask("POST", "/api/quarantine/mended", &body).status, 403);
    let without_word = Browser {
        csrf: String::new(),
        ..analyst.clone()
    };
    assert_eq!(
        without_word.ask("POST", "/api/quarantine/mended", &body).status,
        403
    );
    let done = analyst.ask("POST", "/api/quarantine/mended", &body);
    assert_eq!((done.status, counts(&done.body)), (200, [1, 1, 0, 0]), "{done:?}");
    let sql = json!({"sql": "SELECT value FROM air_readings WHERE station_id = 's2'"});
    let answer = analyst.ask("POST", "/api/sql", &sql).body;
    assert_eq!(answer["rows"], json!([[7.5]]), "{answer}");
    let wanted = json!({"feed": "f"});
    assert_eq!(operator.ask("POST", "/api/quarantine/retry", &wanted).status, 403);
    let again = analyst.ask("POST", "/api/quarantine/retry", &wanted);
    assert_eq!(
        (again.status, counts(&again.body)),
        (200, [1, 0, 0, 1]),
        "{again:?}"
    );
    let problem = &again.body["messages"][0]["problems"][0];
    assert_eq!(problem["code"], "bad_time", "{again:?}");
    assert_eq!(analyst.get("/api/quarantine").body["total"], 1);
    let all = analyst.get("/api/quarantine?all=true").body;
    let read_again = all["rows"].as_array().unwrap().iter();
    assert_eq!(
        read_again.filter(|r| r["resolved_by"].is_i64()).count(),
        2,
        "{all}"
    );

    // What makes no sense is refused in words.
    for (path, body, status, words) in [
        ("mended", body, 400, "read again before"),
        (
            "mended",
            json!({"rows": [{"id": "9-9", "raw": "x"}]}),
            404,
            "there is no row 9-9",
        ),
        ("mended", json!({"rows": []}), 400, "send from 1 to"),
        (
            "mended",
            json!({"rows": [{"id": "9", "raw": "x"}, {"id": "9", "raw": "y"}]}),
            400,
            "twice",
        ),
        ("retry", json!({"feed": "none"}), 400, "no open row"),
        ("retry", json!({"feeds": "f"}), 422, "unknown field"),
    ] {
        let answer = analyst.ask("POST", &format!("/api/quarantine/{path}"), &body);
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(
            answer.body["error"].as_str().unwrap().contains(words),
            "{answer:?}"
        );
    }

    // It is written down who did it, without what stands in the rows.
    let entries = ok(&data.clone(), &["audit", "list", "--format", "json"]);
    assert!(
        entries.contains("quarantine_mend") && entries.contains("quarantine_retry"),
        "{entries}"
    );
    // With the comma: an instant may have these digits too.
    assert!(!entries.contains(",7.5"), "{entries}");
}

/// A form with a wish and a file, as a browser sends it.
fn send(browser: &Browser, path: &str, wish: &Value, file: Option<(&str, &[u8])>) -> Answer {
    let mut body =
        format!("--edge\r\nContent-Disposition: form-data; name=\"wish\"\r\n\r\n{wish}\r\n").into_bytes();
    if let Some((name, bytes)) = file {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let cookie = browser.cookie.clone().unwrap_or_default();
    let headers = [
        ("Cookie", cookie.as_str()),
        ("X-CSRF", browser.csrf.as_str()),
        ("Content-Type", "multipart/form-data; boundary=edge"),
    ];
    let (status, head, body) = answer(browser.port, "POST", path, &headers, &body).unwrap();
    Answer {
        status,
        head,
        body: serde_json::from_str(&body).unwrap_or(Value::String(body)),
    }
}

/// The wish of an import by what was offered.
fn wish(offer: &Value) -> Value {
    let mut wish = json!({"kind": offer["kind"], "mapping": offer["mapping"]});
    if offer["is_new"] == true {
        wish["spec"] = offer["spec"].clone();
    }
    wish
}

fn three(report: &Value) -> [u64; 3] {
    ["received", "accepted", "quarantined"].map(|name| {
        report[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name}: {report}"))
    })
}

/// Parks under Russian headings; one of them has no number where there should be one.
fn parks() -> Vec<Vec<String>> {
    let mut rows = vec![
        ["Код парка", "Наименование", "Площадь, га", "Открыт"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for n in 1..=60 {
        let area = if n == 7 {
            "около 5".to_owned()
        } else {
            format!("{}.5", n * 3)
        };
        rows.push(vec![format!("П-{n}"), format!("Парк {n}"), area, "да".to_owned()]);
    }
    rows
}

#[test]
fn a_workbook_is_brought_in_on_the_page_as_at_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let book = crate::spreadsheet::workbook("Парки города", &parks(), &["Итого", "", "5490", ""]);
    let file = dir.path().join("Парки 2026.xlsx");
    std::fs::write(&file, &book).unwrap();
    let file = file.display().to_string();
    // At the command line.
    let cli = dir.path().join("cli");
    let offered = cli_json(&cli, &["import", "table", &file, "--propose", "--format", "json"]);
    let taken = cli_json(&cli, &["import", "table", &file, "--save", "--format", "json"]);
    assert_eq!(three(&offered[0]), [60, 59, 1], "{offered}");

    let data = dir.path().join("lake");
    let (server, analyst, operator) = opened(&data);
    let name = Some(("Парки 2026.xlsx", &*book));
    assert_eq!(
        send(&operator, "/api/mapping/propose", &json!({}), name).status,
        403
    );
    let offer = send(&analyst, "/api/mapping/propose", &json!({}), name);
    assert_eq!(offer.status, 200, "{offer:?}");
    let offer = offer.body;
    assert_eq!(three(&offer["trial"]), three(&offered[0]), "{offer}");
    assert_eq!(
        (
            &offer["is_new"],
            &offer["known"],
            &offer["header_row"],
            &offer["sheet"]
        ),
        (&json!(true), &json!(false), &json!(3), &json!("Лист1")),
        "{offer}"
    );
    let notes = offer["trial"]["notes"].to_string();
    assert!(notes.contains("totals_left_out"), "{notes}");
    let area = &offer["columns"][2];
    assert_eq!(
        (&area["name"], &area["samples"][0]),
        (&json!("Площадь, га"), &json!("3.5"))
    );
    let column = offer["spec"]["columns"].as_array().unwrap().iter();
    let column = column.clone().find(|c| c["name"] == "ploshchad_ga").unwrap();
    assert_eq!(column["type"], "float", "{offer}");

    // Edited: a title in English, only staff see the rows; text instead of a number takes every row.
    let mut wanted = wish(&offer);
    wanted["spec"]["title"]["en"] = json!("Parks of the city");
    wanted["spec"]["sensitivity"] = json!("internal");
    let preview = send(&analyst, "/api/mapping/preview", &wanted, name);
    assert_eq!(
        (preview.status, three(&preview.body)),
        (200, [60, 59, 1]),
        "{preview:?}"
    );
    assert_eq!(preview.body["by_code"]["bad_number"], 1, "{preview:?}");
    let mut as_text = wanted.clone();
    for column in as_text["spec"]["columns"].as_array_mut().unwrap() {
        if column["name"] == "ploshchad_ga" {
            column["type"] = json!("text");
            column.as_object_mut().unwrap().remove("unit");
        }
    }
    let preview = send(&analyst, "/api/mapping/preview", &as_text, name);
    assert_eq!(
        (preview.status, three(&preview.body)),
        (200, [60, 60, 0]),
        "{preview:?}"
    );
    // Nothing was written so far.
    assert!(!data.join("mappings").exists() && !data.join("datasets").exists());
    let dataset = offer["spec"]["name"].as_str().unwrap();
    let rows = format!("/api/datasets/{dataset}/rows");
    assert_eq!(analyst.get(&rows).status, 404);

    // Taken in: the counts are those of the command line, and the table is there at once.
    wanted["save"] = json!(true);
    assert_eq!(send(&operator, "/api/import", &wanted, name).status, 403);
    let done = send(&analyst, "/api/import", &wanted, name);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(
        counts(&done.body["receipt"]),
        counts(&taken["files"][0]),
        "{done:?}"
    );
    assert_eq!(done.body["kept"].as_array().unwrap().len(), 2, "{done:?}");
    let page = analyst.get(&rows);
    assert_eq!((page.status, &page.body["total"]), (200, &json!(59)), "{page:?}");
    assert_eq!(operator.get(&rows).status, 200);
    assert_eq!(Browser::new(&server).get(&rows).status, 404);
    // Once more: nothing is written again, and the mapping is known by the next file's name.
    assert_eq!(
        send(&analyst, "/api/import", &wanted, name).body["repeated"],
        true
    );
    let next = send(
        &analyst,
        "/api/mapping/propose",
        &json!({}),
        Some(("Парки 2027.xlsx", &*book)),
    );
    assert_eq!(
        (&next.body["known"], &next.body["is_new"]),
        (&json!(true), &json!(false)),
        "{next:?}"
    );
    assert!(next.body["came_before"].is_string(), "{next:?}");

    // The row that was rejected is mended on the page.
    let bad = analyst.get("/api/quarantine").body;
    let id = bad["rows"][0]["id"].clone();
    let raw = bad["rows"][0]["raw"].as_str().unwrap().replace("около 5", "5");
    let mended = analyst.ask(
        "POST",
        "/api/quarantine/mended",
        &json!({"rows": [{"id": id, "raw": raw}]}),
    );
    assert_eq!(mended.status, 200, "{mended:?}");
    assert_eq!(analyst.get(&rows).body["total"], 60, "{mended:?} {bad}");

    // After a restart all of it is there.
    drop(server);
    let mut server = Server::start(&data);
    let mut analyst = Browser::new(&server);
    assert_eq!(analyst.sign_in("analyst", crate::people::PASSWORD).status, 200);
    let page = analyst.get(&rows).body;
    assert_eq!(
        (&page["total"], &page["dataset"]["title"]["en"]),
        (&json!(60), &json!("Parks of the city"))
    );
    drop(server.child.kill());
}

#[test]
fn a_text_fills_a_table_that_is_there_and_what_makes_no_sense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let (_server, analyst, _) = opened(&data);
    let mut text = String::from("Код поста;Дата и время;PM2.5 (мкг/м3);Дежурный\r\n");
    for n in 0..20 {
        write!(text, "{};01.03.2026 {n:02}:00;{n},5;Асель\r\n", n % 3 + 1).unwrap();
    }
    text.push_str("1;01.03.2026 23:00;много;Асель\r\n");
    let file = Some(("air.csv", text.as_bytes()));
    let offer = send(&analyst, "/api/mapping/propose", &json!({}), file);
    assert_eq!(offer.status, 200, "{offer:?}");
    let offer = offer.body;
    assert_eq!(
        (
            &offer["spec"]["name"],
            &offer["is_new"],
            &offer["delimiter"],
            &offer["mapping"]["decimal"]
        ),
        (&json!("air_readings"), &json!(false), &json!(";"), &json!(",")),
        "{offer}"
    );
    let other = send(&analyst, "/api/mapping/propose", &json!({"new": ""}), file);
    assert_eq!(
        (&other.body["is_new"], &other.body["spec"]["name"]),
        (&json!(true), &json!("own_air"))
    );
    let done = send(&analyst, "/api/import", &wish(&offer), file);
    assert_eq!(
        (done.status, counts(&done.body["receipt"])),
        (200, [21, 20, 0, 1]),
        "{done:?}"
    );
    assert_eq!(done.body["kept"], json!([]));
    // A later file with some of the same rows: these are duplicates.
    let more = text.replace("19,5", "77,5");
    let done = send(
        &analyst,
        "/api/import",
        &wish(&offer),
        Some(("air.csv", more.as_bytes())),
    );
    assert_eq!(counts(&done.body["receipt"])[2], 19, "{done:?}");

    let mut nowhere = wish(&offer);
    nowhere["mapping"]["dataset"] = json!("air_nothing");
    let mut internal = wish(&offer);
    internal["mapping"]["dataset"] = json!("lake_messages");
    let mut stranger = wish(&offer);
    stranger["mapping"]["columns"]["colour"] = json!({"from": "Дежурный"});
    let mut of_pack = wish(&offer);
    of_pack["feed"] = json!("sim-air-readings");
    let mut unread = wish(&offer);
    unread["mapping"]["columns"]["t"]["from"] = json!("Дежурный");
    let mut unit = wish(&offer);
    unit["mapping"]["unpivot"]["units"] = json!({"PM2.5 (мкг/м3)": "parsecs per litre"});
    let mut taken = wish(&other.body);
    taken["spec"]["name"] = json!("air_own");
    for (path, wish, file, status, words) in [
        (
            "mapping/preview",
            &nowhere,
            file,
            404,
            "there is no dataset `air_nothing`",
        ),
        ("mapping/preview", &internal, file, 404, "there is no dataset"),
        ("mapping/preview", &stranger, file, 400, "has no column `colour`"),
        ("mapping/preview", &unit, file, 400, "parsecs"),
        ("mapping/preview", &taken, file, 400, "begins with `own_`"),
        (
            "mapping/preview",
            &json!({"kind": "gtfs", "mapping": {"dataset": "air_readings"}}),
            file,
            400,
            "gtfs",
        ),
        (
            "mapping/preview",
            &json!({"mapping": {}}),
            file,
            400,
            "missing field `kind`",
        ),
        ("mapping/preview", &wish(&offer), None, 400, "no part `file`"),
        ("import", &of_pack, file, 400, "is a feed of the pack"),
        ("import", &unread, file, 400, "not one row would be accepted"),
        (
            "mapping/propose",
            &json!({"dataset": "air_readingz"}),
            file,
            404,
            "did you mean `air_readings`",
        ),
        (
            "mapping/propose",
            &json!({}),
            Some(("empty.csv", &b""[..])),
            400,
            "empty",
        ),
    ] {
        let answer = send(&analyst, &format!("/api/{path}"), wish, file);
        assert_eq!(answer.status, status, "{path} {wish}: {answer:?}");
        assert!(
            answer.body["error"].as_str().unwrap().contains(words),
            "{words}: {answer:?}"
        );
    }
    let json = analyst.ask("POST", "/api/mapping/propose", &json!({}));
    assert_eq!(json.status, 400, "{json:?}");
    assert!(!data.join("mappings").exists() && !data.join("datasets").exists());
    let entries = ok(&data, &["audit", "list", "--format", "json"]);
    assert!(
        entries.contains("\"import\"") && entries.contains("air.csv"),
        "{entries}"
    );
}

#[test]
fn an_administrator_sees_what_runs_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let password = add(&data, "admin2", "administrator", &[]);
    let pack = dir.path().join("pack");
    // Nobody listens there.
    let feed = "id = \"test-poll\"\nkind = \"table\"\ndataset = \"air_readings\"\n\
        title = { kk = \"а\", ru = \"б\", en = \"asked\" }\nowner_function = \"air-quality\"\nlicence = \"x\"\n\
        transport = { type = \"poll\", url = \"http://127.0.0.1:9/none.csv\", every_s = 3600 }\n";
    crate::support::pack(&pack, &[("test-poll", feed.to_owned())]);
    let backup = dir.path().join("copies").display().to_string();
    let pack = pack.display().to_string();
    let args = [
        "--pack",
        &pack,
        "serve",
        "--backup",
        &backup,
        "--backup-every-s",
        "2",
    ];
    let server = Server::start_as(&data, &args, &[]);
    let mut admin = Browser::new(&server);
    admin.begin("admin2", &password);
    let found = crate::support::until("a backup and a poll", || {
        let body = admin.get("/api/schedules").body;
        let task = |name: &str| {
            let tasks = body["tasks"].as_array()?;
            tasks.iter().find(|t| t["task"] == name).cloned()
        };
        let feed = body["feeds"]
            .as_array()?
            .iter()
            .find(|f| f["id"] == "test-poll")?
            .clone();
        let is_done = task("backup")?["ended"].is_string() && feed["error"].is_string();
        is_done.then(|| {
            (
                task("backup").unwrap(),
                task("watch").unwrap(),
                feed,
                body.clone(),
            )
        })
    });
    let (copy, watch, feed, body) = found;
    assert_eq!(
        (&copy["every_s"], &copy["what"], &copy["error"]),
        (&json!(2), &json!(backup), &Value::Null)
    );
    assert!(copy["next"].as_str() > copy["ended"].as_str(), "{copy}");
    assert!(watch["ended"].is_string(), "{watch}");
    assert_eq!(
        (&feed["transport"], &feed["every_s"]),
        (&json!("poll"), &json!(3600)),
        "{feed}"
    );
    assert!(
        feed["failures"].as_u64().unwrap() >= 1 && feed["next"].is_string(),
        "{feed}"
    );
    let indicators = body["indicators"].as_array().unwrap();
    assert!(
        indicators.iter().any(|i| i["every_min"].as_u64().unwrap() > 0),
        "{body}"
    );
}
