//! Running the binary.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The program with a data directory.
pub(crate) fn qala(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qala"))
        .arg("--data")
        .arg(data)
        .args(args)
        .output()
        .unwrap()
}

/// Standard output of a run that must succeed.
pub(crate) fn ok(data: &Path, args: &[&str]) -> String {
    let output = qala(data, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "qala {args:?}: {stderr}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// JSON of a run that must succeed.
pub(crate) fn json(data: &Path, args: &[&str]) -> Value {
    let text = ok(data, args);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"))
}

/// `../shared/data` beside the repository, or a notice that the test is skipped.
pub(crate) fn shared(test: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if path.is_dir() {
        return Some(path);
    }
    skipped(test, "../shared/data is not there");
    None
}

/// Says that a test is skipped, and why.
pub(crate) fn skipped(test: &str, reason: &str) {
    // Straight to the descriptor, so that the notice is seen although the test passes.
    drop(writeln!(std::io::stderr(), "skipped: {test}: {reason}"));
}

/// The pack of the city with more feeds: their names and texts.
pub(crate) fn pack(folder: &Path, feeds: &[(&str, String)]) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/almaty");
    for below in ["", "feeds"] {
        std::fs::create_dir_all(folder.join(below)).unwrap();
        for entry in std::fs::read_dir(own.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, folder.join(below).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    for (name, text) in feeds {
        std::fs::write(folder.join(format!("feeds/{name}.toml")), text).unwrap();
    }
}

/// Computes an indicator over a range and gives its values.
pub(crate) fn compute(data: &Path, id: &str, grain: &str, from: &str, to: &str) -> Value {
    let range = ["--grain", grain, "--from", from, "--to", to, "--format", "json"];
    json(data, &[&["indicator", "compute", id], &range[..]].concat())
}

/// Waits until `test` holds.
pub(crate) fn until<T>(what: &str, mut test: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = test() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A running server, killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_as(data, &["serve"], &[])
    }

    /// With other arguments and variables.
    pub(crate) fn start_as(data: &Path, args: &[&str], environment: &[(&'static str, String)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(env!("CARGO_BIN_EXE_qala"))
            .arg("--data")
            .arg(data)
            .args(args)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .envs(environment.iter().map(|(n, v)| (n, v)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "the server did not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// One request; the status and the body, or nothing when the connection broke.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<(u16, String)> {
        request(self.port, method, path, headers, body)
    }
}

pub(crate) fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(u16, String)> {
    let (status, _, body) = answer(port, method, path, headers, body)?;
    Some((status, body))
}

/// The same with the lines of the head.
pub(crate) fn answer(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") {
        dechunk(body)
    } else {
        body.to_owned()
    };
    Some((status, head.to_owned(), body))
}

fn dechunk(mut text: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else {
            break;
        };
        if size == 0 || rest.len() < size {
            break;
        }
        out.push_str(&rest[..size]);
        text = rest[size..].trim_start_matches("\r\n");
    }
    out
}
