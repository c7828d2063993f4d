//! A Mosquitto of our own, feeds that subscribe to it, and what Qala says of them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{Server, json, skipped, until};

/// Objects with their own time.
pub(super) const OBJECTS: &str = "id = \"objects\"\nkind = \"json\"\ndataset = \"air_readings\"\n";
/// Bare numbers: the topic tells what they are, their time is that of their arrival.
pub(super) const BARE: &str = "id = \"bare\"\nkind = \"json\"\ndataset = \"air_readings\"\n\
    [mapping.columns]\nstation_id = { from = \"@topic/2\" }\nquantity = { from = \"@topic/3\" }\n\
    t = { from = \"@received\" }\nvalue = { from = \"@value\" }\n";
pub(super) const ADDRESS: &str = "mqtt://127.0.0.1:";

/// A feed of the pack; `transport` follows its address.
pub(super) fn feed(port: u16, spec: &str, transport: &str) -> String {
    let (head, mapping) = spec
        .split_once("[mapping")
        .map_or((spec, String::new()), |(head, rest)| {
            (head, format!("[mapping{rest}"))
        });
    format!(
        "{head}title = {{ kk = \"а\", ru = \"б\", en = \"c\" }}\nowner_function = \"air-quality\"\nlicence = \"CC0-1.0\"\n\
         transport = {{ type = \"mqtt\", url = \"{ADDRESS}{port}\", {transport} }}\n{mapping}"
    )
}

pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A Mosquitto of our own on the local address.
pub(super) struct Broker {
    child: Option<Child>,
    pub(super) port: u16,
    folder: PathBuf,
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Broker {
    /// Starts one, or says that the test is skipped.
    pub(super) fn start(test: &str, folder: &Path, more: &str) -> Option<Self> {
        if program("mosquitto").is_none() || program("mosquitto_pub").is_none() {
            skipped(test, "mosquitto and mosquitto_pub are not installed");
            return None;
        }
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        std::fs::create_dir_all(folder).unwrap();
        // Without a limit of its queue it drops what comes while Qala is away; `user` keeps it out of other accounts.
        let text = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence true\npersistence_location {}/\nmax_queued_messages 0\n\
             log_dest file {}/log\n{}",
            folder.display(),
            folder.display(),
            if more.is_empty() {
                "allow_anonymous true\n"
            } else {
                more
            }
        );
        std::fs::write(folder.join("conf"), text).unwrap();
        let mut broker = Self {
            child: None,
            port,
            folder: folder.to_owned(),
        };
        broker.again();
        Some(broker)
    }

    pub(super) fn again(&mut self) {
        let mut command = Command::new(program("mosquitto").unwrap());
        command.arg("-c").arg(self.folder.join("conf"));
        self.child = Some(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        until("a broker", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// Ends it as its service would; what is queued is kept on its disk.
    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(Command::new("kill").arg(child.id().to_string()).status());
            drop(child.wait());
        }
    }

    pub(super) fn publisher(&self, options: &[&str], topic: &str) -> Command {
        let mut command = Command::new(program("mosquitto_pub").unwrap());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", topic]);
        command.args(options).stderr(Stdio::null());
        command
    }

    /// Publishes one message; true when the broker acknowledged it, or with QoS 0 when it was sent.
    pub(super) fn publish(&self, options: &[&str], topic: &str, message: &str) -> bool {
        let mut command = self.publisher(options, topic);
        command.args(["-m", message]).status().unwrap().success()
    }

    /// Publishes each line as a message; true when the broker acknowledged them all.
    pub(super) fn publish_lines(&self, options: &[&str], topic: &str, lines: &str) -> bool {
        let mut command = self.publisher(options, topic);
        let mut child = command.arg("-l").stdin(Stdio::piped()).spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(lines.as_bytes());
        child.wait().unwrap().success() && written.is_ok()
    }
}

pub(super) fn reading(station: &str, second: u64) -> String {
    format!(
        "{{\"station_id\":\"{station}\",\"t\":\"2026-03-02T{:02}:{:02}:{:02}Z\",\"quantity\":\"pm25\",\"value\":{}}}",
        second / 3600 % 24,
        second / 60 % 60,
        second % 60,
        second % 97
    )
}

pub(super) fn of(server: &Server, id: &str) -> Value {
    let (status, body) = server.request("GET", "/api/feeds", &[], b"").unwrap();
    assert_eq!(status, 200, "{body}");
    let feeds: Value = serde_json::from_str(&body).unwrap();
    let found = feeds.as_array().unwrap().iter().find(|f| f["id"] == id);
    found.cloned().unwrap()
}

pub(super) fn connected(server: &Server, id: &str) -> Value {
    until("a connection", || {
        let feed = of(server, id);
        // The subscription is confirmed with its QoS.
        let broker = &feed["transport"]["broker"];
        (broker["connected_since"].is_string() && broker["qos"].is_u64()).then_some(feed)
    })
}

pub(super) fn accepted(server: &Server, id: &str) -> u64 {
    of(server, id)["accepted"].as_u64().unwrap()
}

pub(super) struct City {
    dir: tempfile::TempDir,
}

impl City {
    pub(super) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn start(&self, environment: &[(&'static str, String)]) -> Server {
        let pack = self.path("pack");
        Server::start_as(
            &self.path("lake"),
            &["serve", "--pack", pack.to_str().unwrap()],
            environment,
        )
    }

    pub(super) fn sql(&self, sql: &str) -> Value {
        let pack = self.path("pack");
        json(
            &self.path("lake"),
            &["--pack", pack.to_str().unwrap(), "sql", sql, "--format", "json"],
        )
    }
}
