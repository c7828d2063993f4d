//! The document of the interface, and what every answer has in common.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{ask, get};
use crate::support::Server;

/// The routes of the server's source, with `{name}` for every parameter.
fn routes() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qala-server/src/lib.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let found = source
        .split(".route(")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"'))
        .map(|rest| rest.split('"').next().unwrap().to_owned());
    found
        .filter(|path| {
            ["/api/", "/catalog.", "/health/", "/hooks/", "/metrics", "/tiles/"]
                .iter()
                .any(|start| path.starts_with(start))
        })
        .collect()
}

/// A path of the document as the router writes it.
fn routed(path: &str) -> String {
    match path {
        "/tiles/{layer}.json" => "/tiles/{file}".into(),
        "/tiles/{layer}/{z}/{x}/{y}.mvt" => "/tiles/{layer}/{z}/{x}/{file}".into(),
        other => other.into(),
    }
}

#[test]
fn the_document_names_every_route_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let document = get(&server, "/api/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.1");
    assert_eq!(get(&server, "/api/openapi-3.0.json").json()["openapi"], "3.0.3");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    assert_eq!(document, committed);
    let paths = document["paths"].as_object().unwrap();
    let told: BTreeSet<String> = paths
        .keys()
        .filter(|p| !p.starts_with("/sta/"))
        .map(|p| routed(p))
        .collect();
    assert_eq!(told, routes());
    for (path, operations) in paths {
        let holes = path.replace("{z}", "1").replace("{x}", "1").replace("{y}", "1");
        let address: String = holes
            .split('{')
            .enumerate()
            .map(|(n, part)| {
                if n == 0 {
                    part.to_owned()
                } else {
                    format!("nothing{}", part.split_once('}').unwrap().1)
                }
            })
            .collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"] {
            let known = operations.get(method.to_lowercase());
            let is_stream = path == "/api/events" || path.starts_with("/sta/");
            if is_stream {
                continue;
            }
            let answer = ask(&server, method, &address, &[], b"");
            match known {
                None => {
                    assert_eq!(answer.status, 405, "{method} {address}");
                    assert!(answer.headers.contains_key("allow") && answer.json()["error"].is_string());
                }
                Some(operation) => {
                    let told = &operation["responses"][answer.status.to_string()];
                    assert!(told.is_object(), "{method} {address} answers {}", answer.status);
                    if !answer.body.is_empty() {
                        let kind = answer.headers["content-type"].split(';').next().unwrap();
                        assert!(
                            told["content"][kind].is_object(),
                            "{method} {address} answers {kind}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_answer_is_safe_small_and_not_sent_twice() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let plain = get(&server, "/api/catalog");
    assert!(plain.headers["content-security-policy"].starts_with("default-src 'self'"));
    assert_eq!(plain.headers["x-content-type-options"], "nosniff");
    assert!(plain.headers["vary"].contains("authorization"));
    let packed = ask(
        &server,
        "GET",
        "/api/sql/schema",
        &[("accept-encoding", "br, gzip;q=0.8")],
        b"",
    );
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.body.len() < get(&server, "/api/sql/schema").body.len() / 2);
    let refused = ask(
        &server,
        "GET",
        "/api/sql/schema",
        &[("accept-encoding", "gzip;q=0")],
        b"",
    );
    assert!(!refused.headers.contains_key("content-encoding"));
    let tag = packed.headers["etag"].clone();
    let again = ask(&server, "GET", "/api/sql/schema", &[("if-none-match", &tag)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = ask(
        &server,
        "GET",
        "/api/sql/schema",
        &[("if-none-match", &tag), ("cookie", "a=b")],
        b"",
    );
    assert_eq!(other.status, 200, "somebody else's answer");
    let head = ask(&server, "HEAD", "/api/catalog", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    for path in [
        "/api/nothing",
        "/api/feeds/x/y/z",
        "/tiles/x/y",
        "/api/datasets/%ff/rows",
    ] {
        let answer = get(&server, path);
        assert!(matches!(answer.status, 400 | 404), "{path}");
        assert!(answer.json()["error"].is_string(), "{path}");
    }
    assert_eq!(get(&server, "/health/live").json()["status"], "ok");
    assert_eq!(get(&server, "/health/ready").json()["status"], "ok");
    let figures = String::from_utf8(get(&server, "/metrics").body).unwrap();
    assert!(
        figures.contains("qala_http_request_seconds_count{route=\"/api/sql\",status=\"200\"}"),
        "{figures}"
    );
    assert!(figures.contains("qala_lake_seq "));
    // A page of some kind is always there.
    let page = get(&server, "/");
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].starts_with("text/html"));
    // Where the screen is built in, its own addresses are pages, and what has a digest in its name is kept for ever.
    let text = String::from_utf8_lossy(&page.body).into_owned();
    if let Some(asset) = text.split('"').find(|part| part.starts_with("/assets/")) {
        let asset = ask(&server, "GET", asset, &[("accept-encoding", "br")], b"");
        assert!(asset.headers["cache-control"].contains("immutable"));
        assert_eq!(asset.headers["content-encoding"], "br");
        assert_eq!(get(&server, "/indicators/air.pm25_mean").status, 200);
    }
}

#[test]
fn harvesters_are_told_of_open_datasets_and_of_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let turtle = String::from_utf8(get(&server, "/catalog.ttl").body).unwrap();
    let document = get(&server, "/catalog.jsonld").json();
    let graph = document["@graph"].as_array().unwrap();
    let datasets: Vec<&str> = graph
        .iter()
        .filter(|node| node["@type"] == "dcat:Dataset")
        .map(|node| node["@id"].as_str().unwrap())
        .collect();
    let open = get(&server, "/api/catalog").json()["datasets"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(datasets.len(), open);
    for id in &datasets {
        assert!(turtle.contains(&format!("<{id}> a dcat:Dataset")), "{id}");
        // Its page is where it says.
        let path = &id[id.find("/data/").unwrap()..];
        assert_eq!(get(&server, path).status, 200, "{path}");
    }
    for closed in [
        "crime_offences",
        "safety_crashes",
        "appeals_requests",
        "appeals_changes",
    ] {
        assert!(
            !turtle.contains(closed) && !document.to_string().contains(closed),
            "{closed}"
        );
    }
    for node in graph.iter().filter(|node| node["@type"] == "dcat:Distribution") {
        let file = node["dcat:downloadURL"][0]["@id"].as_str().unwrap();
        assert!(
            file.contains("/api/datasets/") && file.contains("format="),
            "{file}"
        );
    }
}
