//! From a rejected row to the mended one.

use std::path::Path;

use serde_json::Value;

use crate::support::{json, ok, qala};

fn counts(report: &Value) -> (u64, u64, u64, u64) {
    let number = |name: &str| report[name].as_u64().unwrap();
    let counts = ["received", "accepted", "duplicate", "quarantined"].map(number);
    assert_eq!(counts[0], counts[1] + counts[2] + counts[3], "{report}");
    for message in report["messages"].as_array().unwrap() {
        let number = |name: &str| message[name].as_u64().unwrap();
        assert_eq!(
            number("received"),
            number("accepted") + number("duplicate") + number("quarantined"),
            "{message}"
        );
    }
    (counts[0], counts[1], counts[2], counts[3])
}

fn import(data: &Path, args: &[&str]) -> Value {
    let mut all = vec!["import", "table", "--format", "json"];
    all.extend(args);
    json(data, &all)
}

fn open(data: &Path, args: &[&str]) -> Vec<Value> {
    let mut all = vec!["quarantine", "list", "--format", "json"];
    all.extend(args);
    json(data, &all).as_array().unwrap().clone()
}

fn values(data: &Path) -> String {
    let sql = "SELECT station_id, value FROM air_readings ORDER BY station_id";
    ok(data, &["sql", sql, "--format", "csv"]).replace('\n', " ")
}

const MAPPING: &str = "[columns]\nstation_id = { from = \"station\" }\nt = { from = \"when\" }\n\
    quantity = { value = \"pm25\" }\nvalue = { from = \"pm\" }\n";

#[test]
fn mended_rows_are_taken_in_as_the_message_they_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let t = "2026-03-02T00:00:00+05:00";
    let mapping = write("own.toml", MAPPING);
    let target = ["--dataset", "air_readings", "--feed", "f", "--mapping", &mapping];
    let rows = format!("station,when,pm\ns1,{t},10\ns2,{t},x\ns3,{t},\"12,5\"\ns4,yesterday,4\n");
    let file = write("a.csv", &rows);
    let report = import(&data, &[&[file.as_str()], &target[..]].concat());
    assert_eq!(
        (&report["accepted"], &report["quarantined"]),
        (&1.into(), &3.into()),
        "{report}"
    );
    assert_eq!(open(&data, &[]).len(), 3);
    assert_eq!(open(&data, &["--code", "bad_time"]).len(), 1);
    assert_eq!(open(&data, &["--feed", "other"]).len(), 0);
    // A row that was good is corrected meanwhile; nothing below may take it back.
    let file = write("b.csv", &format!("station,when,pm\ns1,{t},99\n"));
    import(&data, &[&[file.as_str()], &target[..]].concat());

    // One row is mended, the others go back as they are.
    let bad = dir.path().join("bad.csv");
    let bad_text = bad.display().to_string();
    ok(
        &data,
        &["quarantine", "export", "--feed", "f", "--out", &bad_text],
    );
    let exported = std::fs::read_to_string(&bad).unwrap();
    assert!(
        exported.starts_with("id,feed,dataset,file,line,record,field,code,reason,raw\n"),
        "{exported}"
    );
    let mended = exported.replace(&format!("\"s2,{t},x\""), &format!("\"s2,{t},7\""));
    assert_ne!(exported, mended);
    std::fs::write(&bad, &mended).unwrap();
    let report = json(
        &data,
        &["quarantine", "retry", "--file", &bad_text, "--format", "json"],
    );
    assert_eq!(counts(&report), (3, 1, 0, 2), "{report}");
    assert_eq!(values(&data), "station_id,value s1,99.0 s2,7.0 ");
    let left = open(&data, &[]);
    assert_eq!(left.len(), 2);
    assert_eq!(left[0]["line"], 5);
    // The row walks back to the file that a person mended, and its message to the first one.
    let sql = "SELECT m.context, m.kind, m.digest FROM air_readings r JOIN lake_messages m ON m.id = r._source \
               WHERE r.station_id = 's2'";
    let message = json(&data, &["sql", sql, "--format", "json"]);
    assert_eq!(message[0]["kind"], "table");
    assert!(
        message[0]["context"].as_str().unwrap().contains("#again mended "),
        "{message}"
    );
    let all = open(&data, &["--all"]);
    assert_eq!(all.iter().filter(|r| r["resolved_by"].is_i64()).count(), 3);
    // The same file again is refused, and harms nothing.
    let again = qala(&data, &["quarantine", "retry", "--file", &bad_text]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("read again before"));

    // By a mended mapping; the row with the bad time stays.
    let comma = write("comma.toml", &format!("decimal = \",\"\n{MAPPING}"));
    let args = ["quarantine", "retry", "--mapping", &comma, "--format", "json"];
    assert_eq!(counts(&json(&data, &args)), (2, 1, 0, 1));
    assert_eq!(values(&data), "station_id,value s1,99.0 s2,7.0 s3,12.5 ");
    assert_eq!(open(&data, &[]).len(), 1);
    // Without a change it is still wrong: exit 1, and it stays open once.
    assert_eq!(qala(&data, &["quarantine", "retry"]).status.code(), Some(1));
    assert_eq!(open(&data, &[]).len(), 1);

    // Reading everything again keeps what was mended and what was corrected.
    ok(&data, &["reparse", "--feed", "f", "--from", "2020-01-01"]);
    assert_eq!(values(&data), "station_id,value s1,99.0 s2,7.0 s3,12.5 ");
    let lines: Vec<i64> = open(&data, &[])
        .iter()
        .map(|r| r["line"].as_i64().unwrap())
        .collect();
    assert_eq!(lines, [5, 4], "the mended line 3 is not rejected again");

    for (text, words) in [
        ("id,raw\n1-99,x\n", "there is no row 1-99"),
        ("code,raw\n1,x\n", "no column `id`"),
    ] {
        let file = write("wrong.csv", text);
        let output = qala(&data, &["quarantine", "retry", "--file", &file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(words));
    }
}

#[test]
fn a_mended_row_of_a_set_replaces_the_set_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let target = ["--dataset", "air_stations", "--feed", "stations"];
    let rows = "station_id,name_en,lon,lat\na,A,76.9,43.2\nb,B,76.9,443.2\n";
    let file = write("a.csv", rows);
    let report = import(&data, &[&[file.as_str()], &target[..]].concat());
    assert_eq!(
        (&report["accepted"], &report["quarantined"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let bad = dir.path().join("bad.csv").display().to_string();
    let mend = || {
        ok(&data, &["quarantine", "export", "--out", &bad]);
        let text = std::fs::read_to_string(&bad).unwrap();
        std::fs::write(&bad, text.replace(",443.2", ",43.2")).unwrap();
    };
    mend();
    let report = json(
        &data,
        &["quarantine", "retry", "--file", &bad, "--format", "json"],
    );
    assert_eq!(counts(&report), (2, 2, 0, 0), "{report}");
    let stations = || {
        let sql = "SELECT station_id FROM air_stations ORDER BY 1";
        ok(&data, &["sql", sql, "--format", "csv"]).replace('\n', " ")
    };
    assert_eq!(stations(), "station_id a b ");
    // A newer set is in force: an older one is not put back.
    let file = write("b.csv", &rows.replace("b,B", "c,C"));
    import(&data, &[&[file.as_str()], &target[..]].concat());
    let file = write("c.csv", "station_id,name_en,lon,lat\nd,D,76.9,43.2\n");
    import(&data, &[&[file.as_str()], &target[..]].concat());
    mend();
    let output = qala(&data, &["quarantine", "retry", "--file", &bad]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a newer set"));
    assert_eq!(stations(), "station_id d ");
}

#[test]
fn json_objects_are_mended_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let file = dir.path().join("m.json");
    let object = |id: &str, unit: &str| {
        format!(
            "{{\"station_id\":\"{id}\",\"t\":\"2026-03-02T00:00:00Z\",\"quantity\":\"pm25\",\"value\":5,\"unit\":\"{unit}\"}}"
        )
    };
    std::fs::write(
        &file,
        format!("[{},{}]", object("s1", "ug/m3"), object("s2", "km/h")),
    )
    .unwrap();
    let file = file.display().to_string();
    ok(&data, &["import", "json", &file]);
    let bad = dir.path().join("bad.csv").display().to_string();
    ok(&data, &["quarantine", "export", "--out", &bad]);
    let text = std::fs::read_to_string(&bad).unwrap();
    std::fs::write(&bad, text.replace("km/h\"\"}", "mg/m3\"\"}")).unwrap();
    let report = json(
        &data,
        &["quarantine", "retry", "--file", &bad, "--format", "json"],
    );
    assert_eq!(counts(&report), (1, 1, 0, 0), "{report}");
    assert_eq!(values(&data), "station_id,value s1,5.0 s2,5000.0 ");
}
