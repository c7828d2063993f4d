//! The contract of the command line: exit codes, one-line errors, bad input of every kind.

use std::path::Path;

use crate::support::{json, ok, qala};

fn fails(data: &Path, args: &[&str], code: i32, words: &str) {
    let output = qala(data, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(stderr.contains(words), "{args:?}: {stderr}");
}

#[test]
fn bad_usage_exits_2_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    fails(data, &["import", "gtsf", "x.zip"], 2, "there is no file");
    std::fs::write(data.join("a.csv"), "x\n1\n").unwrap();
    let file = data.join("a.csv").display().to_string();
    let lake = data.join("lake");
    fails(&lake, &["import", "gtsf", &file], 2, "did you mean `gtfs`");
    fails(&lake, &["import", "table", &file], 2, "--dataset");
    fails(
        &lake,
        &["import", "table", &file, "--dataset", "air_reading"],
        2,
        "did you mean `air_readings`",
    );
    fails(&lake, &["sql", "SELECT * FROM nowhere"], 2, "nowhere");
    fails(&lake, &["sql", "DROP TABLE air_readings"], 2, "DDL");
    fails(
        &lake,
        &["indicator", "show", "air.pm25_meen"],
        2,
        "did you mean `air.pm25_mean`",
    );
    fails(
        &lake,
        &["indicator", "compute", "air.pm25_mean", "--grain", "fortnight"],
        2,
        "grains are",
    );
    fails(&lake, &["nonsense"], 2, "nonsense");
    for command in [
        "serve",
        "demo",
        "import",
        "sql",
        "indicator",
        "passport",
        "check",
        "backup",
        "restore",
        "quarantine",
        "reparse",
        "spec",
    ] {
        let help = ok(&lake, &[command, "--help"]);
        assert!(help.contains("Usage"), "{help}");
    }
    assert!(ok(&lake, &["completions", "bash"]).contains("qala"));
    ok(&lake, &["check"]);
    assert!(ok(&lake, &["spec", "schema"]).contains("from_previous"));
}

#[test]
fn bad_input_of_every_kind_is_refused_row_by_row_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let good = "station_id,quantity,t,value\ns1,pm25,2026-03-02T00:00:00+05:00,10\ns1,pm25,2026-03-02T01:00:00+05:00,20\n";
    ok(
        &data,
        &[
            "import",
            "table",
            &write("good.csv", good.as_bytes()),
            "--dataset",
            "air_readings",
            "--feed",
            "f",
        ],
    );
    let before = json(
        &data,
        &["sql", "SELECT * FROM air_readings ORDER BY t", "--format", "json"],
    );
    let noise: Vec<u8> = (0..4096_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let header = "station_id,quantity,t,value\n";
    let many = format!("{header}{}", "s9,pm25,nonsense,1\n".repeat(20_000));
    // (name, kind, bytes, what the first problem's code must be one of)
    let table: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty.csv", "table", Vec::new()),
        ("noise.csv", "table", noise.clone()),
        ("noise.json", "json", noise.clone()),
        ("noise.zip", "gtfs", noise.clone()),
        ("noise.pb", "gtfs-rt", noise),
        ("empty.json", "json", Vec::new()),
        ("empty.zip", "gtfs", Vec::new()),
        ("empty.pb", "gtfs-rt", Vec::new()),
        ("columns.csv", "table", b"a,b,c\n1,2,3\n".to_vec()),
        ("encoding.csv", "table", [b"\xff\xfe".as_slice(), header.as_bytes()].concat()),
        ("dates.csv", "table", format!("{header}s1,pm25,9999-01-01T00:00:00Z,1\ns1,pm25,0001-01-01T00:00:00Z,1\n").into_bytes()),
        ("numbers.csv", "table", format!("{header}s1,pm25,2026-03-02T05:00:00+05:00,NaN\ns1,pm25,2026-03-02T06:00:00+05:00,1e400\n").into_bytes()),
        ("units.json", "json", br#"[{"station_id":"s1","t":"2026-03-02T05:00:00+05:00","quantity":"pm25","value":5,"unit":"km/h"}]"#.to_vec()),
        ("many.csv", "table", many.into_bytes()),
    ];
    for (name, kind, bytes) in table {
        let file = write(name, &bytes);
        let mut args = vec!["import", kind, file.as_str(), "--feed", "f", "--format", "json"];
        if kind == "table" {
            args.extend(["--dataset", "air_readings"]);
        }
        let output = qala(&data, &args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {text}{stderr}");
        let report: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}{stderr}"));
        let file = &report["files"][0];
        let number = |n: &str| file[n].as_u64().unwrap();
        assert_eq!(
            number("received"),
            number("accepted") + number("duplicate") + number("quarantined"),
            "{name}"
        );
        assert_eq!(number("accepted"), 0, "{name}");
        let problem = &file["problems"][0];
        assert!(
            problem["message"].as_str().is_some_and(|m| m.len() > 10),
            "{name} has no explanation: {file}"
        );
        let after = json(
            &data,
            &["sql", "SELECT * FROM air_readings ORDER BY t", "--format", "json"],
        );
        assert_eq!(before, after, "{name} touched what was there");
    }
    let listed = json(&data, &["quarantine", "--format", "json", "--limit", "5"]);
    assert_eq!(listed.as_array().unwrap().len(), 5);
}

#[test]
fn corrections_retractions_and_as_of() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let send = |name: &str, rows: &str, more: &[&str]| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("station_id,quantity,t,value\n{rows}")).unwrap();
        let path = path.display().to_string();
        let mut args = vec![
            "import",
            "table",
            &path,
            "--dataset",
            "air_readings",
            "--feed",
            "f",
            "--format",
            "json",
        ];
        args.extend(more);
        json(&data, &args)
    };
    let t = "2026-03-02T00:00:00+05:00";
    let first = send("a.csv", &format!("s1,pm25,{t},10\ns2,pm25,{t},20\n"), &[]);
    let seq = first["files"][0]["datasets"][0]["seq_to"].as_i64().unwrap();
    let second = send("b.csv", &format!("s1,pm25,{t},11\ns2,pm25,{t},20\n"), &[]);
    assert_eq!(
        (second["accepted"].as_u64(), second["duplicate"].as_u64()),
        (Some(1), Some(1))
    );
    let third = send("c.csv", &format!("s2,pm25,{t},\n"), &["--op", "retract"]);
    assert_eq!(third["accepted"].as_u64(), Some(1), "{third}");
    let values = |more: &[&str]| {
        let mut args = vec![
            "sql",
            "SELECT station_id, value FROM air_readings ORDER BY station_id",
            "--format",
            "json",
        ];
        args.extend(more);
        json(&data, &args).to_string()
    };
    assert_eq!(values(&[]), r#"[{"station_id":"s1","value":11.0}]"#);
    assert_eq!(
        values(&["--as-of", &seq.to_string()]),
        r#"[{"station_id":"s1","value":10.0},{"station_id":"s2","value":20.0}]"#
    );
    // The same file again is nothing new.
    let again = send("c.csv", &format!("s2,pm25,{t},\n"), &["--op", "retract"]);
    assert_eq!(again["files"][0]["repeated"], true);
    // A copy elsewhere says the same.
    let copy = dir.path().join("copy").display().to_string();
    ok(&data, &["backup", &copy]);
    let restored = dir.path().join("restored");
    ok(&restored, &["restore", &copy]);
    let sql = "SELECT station_id, value, _seq FROM air_readings";
    assert_eq!(
        json(&data, &["sql", sql, "--format", "json"]),
        json(&restored, &["sql", sql, "--format", "json"])
    );
    let registry = "SELECT place_id, valid_from FROM organisation_places ORDER BY place_id, valid_from";
    assert_eq!(
        json(&data, &["sql", registry, "--format", "json"]),
        json(&restored, &["sql", registry, "--format", "json"])
    );
}
