//! What the screen asks for: layers and tiles, questions, files, events, and what every answer has in common.

mod document;
mod events;
mod files;
mod map;
mod paper;
mod questions;
mod tile;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use crate::support::{Server, ok};

pub(crate) use self::paper::words_of as paper_words;

/// An answer with its headers, in lower case, and its bytes.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }
}

pub(crate) fn ask(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    stream.write_all((head + "\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let mut body = all.split_off(end + 4);
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    if headers.get("transfer-encoding").is_some_and(|e| e == "chunked") {
        body = dechunked(&body);
    }
    Answer {
        status,
        headers,
        body,
    }
}

fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|w| w == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
    out
}

pub(crate) fn get(server: &Server, path: &str) -> Answer {
    ask(server, "GET", path, &[], b"")
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// A crash: seconds since 2025-01-01T00:00Z, longitude, latitude.
pub(crate) type Crash = (i64, f64, f64);

/// 2025-01-01T00:00:00Z.
pub(crate) const NEW_YEAR: i64 = 1_735_689_600;

pub(crate) fn crashes(count: usize, seed: u64) -> Vec<Crash> {
    let mut dice = Dice::new(seed);
    let one = |_| {
        let second = (dice.unit() * 300.0 * 86_400.0) as i64;
        // To five digits, as they are written.
        let place = |middle: f64, wide: f64, dice: &mut Dice| {
            ((middle + (dice.unit() - 0.5) * wide) * 1e5).round() / 1e5
        };
        (second, place(76.9, 0.3, &mut dice), place(43.25, 0.2, &mut dice))
    };
    (0..count).map(one).collect()
}

/// An instant as text.
pub(crate) fn instant(second: i64) -> String {
    qala_core::Zone::utc()
        .format((NEW_YEAR + second) * 1_000_000)
        .replace("+00:00", "Z")
}

/// Imports crashes, or offences, as CSV.
pub(crate) fn import(data: &Path, dataset: &str, prefix: &str, rows: &[Crash]) {
    let mut text = match dataset {
        "traffic_incidents" => "incident_id,t,kind,lon,lat\n".to_owned(),
        _ => "offence_id,t,kind,lon,lat\n".to_owned(),
    };
    for (n, (second, lon, lat)) in rows.iter().enumerate() {
        writeln!(text, "{prefix}{n},{},crash,{lon:.5},{lat:.5}", instant(*second)).unwrap();
    }
    let file = data.with_extension(format!("{prefix}.csv"));
    std::fs::write(&file, text).unwrap();
    ok(
        data,
        &[
            "import",
            "table",
            file.to_str().unwrap(),
            "--dataset",
            dataset,
            "--feed",
            dataset,
        ],
    );
    std::fs::remove_file(file).unwrap();
}

/// The tiles that cover the crashes at a zoom.
pub(crate) fn tiles(z: u8) -> Vec<(u32, u32)> {
    let at = |lon: f64, lat: f64| {
        let n = f64::from(1_u32 << z);
        let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
        (((lon + 180.0) / 360.0 * n) as u32, y as u32)
    };
    let ((west, north), (east, south)) = (at(76.74, 43.36), at(77.06, 43.14));
    (west..=east)
        .flat_map(|x| (north..=south).map(move |y| (x, y)))
        .collect()
}

/// The clock of the machine, µs of UTC.
pub(crate) fn now() -> i64 {
    use qala_app::lake::Clock as _;
    qala_app::SystemClock.now()
}

/// The token of an analyst.
pub(crate) fn person(data: &Path) -> String {
    ok(
        data,
        &["user", "add", "ada", "--name", "Ada", "--role", "analyst"],
    );
    let said = ok(
        data,
        &[
            "token",
            "issue",
            "--user",
            "ada",
            "--scope",
            "read,sql,export",
            "--for",
            "tests",
            "--expires",
            "2099-01-01",
        ],
    );
    said.split_whitespace()
        .find(|word| word.starts_with("qala_"))
        .unwrap()
        .to_owned()
}
