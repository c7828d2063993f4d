//! Files of what is on the screen.

use std::io::Read;

use serde_json::Value;

use super::{crashes, get, import, instant};
use crate::support::{Server, json, ok};

#[test]
fn rows_and_values_are_files_that_others_read() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let rows = crashes(2_345, 1);
    import(&data, "traffic_incidents", "a", &rows);
    let server = Server::start(&data);
    let file = |format: &str, more: &str| {
        get(
            &server,
            &format!("/api/datasets/traffic_incidents/rows?format={format}{more}"),
        )
    };
    let csv = file("csv", "");
    assert!(csv.headers["content-disposition"].contains("traffic_incidents.csv"));
    let text = String::from_utf8(csv.body).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("incident_id,t,kind,"));
    assert_eq!(lines.count(), rows.len());
    let csv = file("csv", "&order=-incident_id&limit=2");
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.lines().nth(1).unwrap().starts_with("a999,"), "{text}");
    assert_eq!(text.lines().count(), 3);
    // A spreadsheet, by its parts.
    let sheet = file("xlsx", "").body;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(sheet.clone())).unwrap();
    let mut xml = String::new();
    zip.by_name("xl/worksheets/sheet1.xml")
        .unwrap()
        .read_to_string(&mut xml)
        .unwrap();
    assert_eq!(xml.matches("<row>").count(), rows.len() + 1);
    // And all of them back by our own readers of these formats, which were compared with others.
    for (format, kind, suffix) in [
        ("xlsx", "table", "xlsx"),
        ("csv", "table", "csv"),
        ("parquet", "table", "parquet"),
    ] {
        let again = dir.path().join(format!("again-{format}"));
        let path = dir.path().join(format!("rows.{suffix}"));
        std::fs::write(&path, file(format, "").body).unwrap();
        let path = path.to_str().unwrap();
        let report = json(
            &again,
            &[
                "import",
                kind,
                path,
                "--dataset",
                "traffic_incidents",
                "--feed",
                "f",
                "--format",
                "json",
            ],
        );
        let report = report.as_array().map_or(report.clone(), |list| list[0].clone());
        assert_eq!(report["accepted"], rows.len(), "{format}: {report}");
        let sum = |data: &std::path::Path| -> Value {
            let sql = "SELECT count(*) AS n, round(sum(lon), 3) AS x, min(t) AS first FROM traffic_incidents";
            json(data, &["sql", sql, "--format", "json"])[0].clone()
        };
        let found = sum(&again);
        let x: f64 = rows.iter().map(|r| r.1).sum();
        assert!(
            (found["x"].as_f64().unwrap() - x).abs() < 0.01,
            "{format}: {found}"
        );
        let first = rows.iter().map(|r| r.0).min().unwrap();
        let first = qala_core::parse_instant(&instant(first), None).unwrap();
        let said = qala_core::parse_instant(found["first"].as_str().unwrap(), None).unwrap();
        // A spreadsheet knows the city's clock, which in the reader's default is the city's too.
        assert!((said - first).abs() < 1_000_000, "{format}: {found}");
    }
    let geo = file("geoparquet", "");
    assert_eq!(geo.status, 200);
    let text = String::from_utf8_lossy(&geo.body).into_owned();
    assert!(
        text.contains("\"primary_column\":\"geometry\"")
            && text.starts_with("PAR1")
            && text.ends_with("PAR1")
    );
    // With the letters that were looked for, and as it was known.
    assert_eq!(
        String::from_utf8(file("csv", "&q=a77").body)
            .unwrap()
            .lines()
            .count(),
        12
    );
    assert_eq!(
        String::from_utf8(file("csv", "&as_of=2020-01-01T00:00:00Z").body)
            .unwrap()
            .lines()
            .count(),
        1
    );
    for (path, status) in [
        ("/api/datasets/traffic_incidents/rows?format=doc", 400),
        ("/api/datasets/nothing/rows?format=csv", 404),
        ("/api/datasets/feeds_trust/rows?format=geoparquet", 400),
        (
            "/api/datasets/traffic_incidents/rows?format=csv&order=nothing",
            404,
        ),
    ] {
        assert_eq!(get(&server, path).status, status, "{path}");
    }
}

#[test]
fn values_are_files_too() {
    let dir = tempfile::tempdir().unwrap();
    ok(dir.path(), &["demo", "--small", "--fill-only"]);
    let server = Server::start(dir.path());
    let path = "/api/indicators/air.pm25_mean/values?grain=day";
    let values = get(&server, path).json()["values"].as_array().unwrap().len();
    assert!(values > 3);
    let csv = String::from_utf8(get(&server, &format!("{path}&format=csv")).body).unwrap();
    assert_eq!(csv.lines().count(), values + 1);
    assert_eq!(get(&server, &format!("{path}&format=geoparquet")).status, 400);
    assert_eq!(
        get(&server, &format!("{path}&format=parquet")).body[..4],
        *b"PAR1"
    );
    // Nothing was known in 2020.
    assert_eq!(
        get(&server, &format!("{path}&as_of=2020-01-01T00:00:00Z")).json()["values"],
        serde_json::json!([])
    );
}
