//! Devices that publish to a broker: a real Mosquitto, its own publishers, restarts of the broker and SIGKILLs of Qala.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Server, json, pack, skipped, until};

/// Objects with their own time.
const OBJECTS: &str = "id = \"objects\"\nkind = \"json\"\ndataset = \"air_readings\"\n";
/// Bare numbers: the topic tells what they are, their time is that of their arrival.
const BARE: &str = "id = \"bare\"\nkind = \"json\"\ndataset = \"air_readings\"\n\
    [mapping.columns]\nstation_id = { from = \"@topic/2\" }\nquantity = { from = \"@topic/3\" }\n\
    t = { from = \"@received\" }\nvalue = { from = \"@value\" }\n";
const ADDRESS: &str = "mqtt://127.0.0.1:";

/// A feed of the pack; `transport` follows its address.
fn feed(port: u16, spec: &str, transport: &str) -> String {
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

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A Mosquitto of our own on the local address.
struct Broker {
    child: Option<Child>,
    port: u16,
    folder: PathBuf,
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Broker {
    /// Starts one, or says that the test is skipped.
    fn start(test: &str, folder: &Path, more: &str) -> Option<Self> {
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

    fn again(&mut self) {
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
    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(Command::new("kill").arg(child.id().to_string()).status());
            drop(child.wait());
        }
    }

    fn publisher(&self, options: &[&str], topic: &str) -> Command {
        let mut command = Command::new(program("mosquitto_pub").unwrap());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-t", topic]);
        command.args(options).stderr(Stdio::null());
        command
    }

    /// Publishes one message; true when the broker acknowledged it, or with QoS 0 when it was sent.
    fn publish(&self, options: &[&str], topic: &str, message: &str) -> bool {
        let mut command = self.publisher(options, topic);
        command.args(["-m", message]).status().unwrap().success()
    }

    /// Publishes each line as a message; true when the broker acknowledged them all.
    fn publish_lines(&self, options: &[&str], topic: &str, lines: &str) -> bool {
        let mut command = self.publisher(options, topic);
        let mut child = command.arg("-l").stdin(Stdio::piped()).spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(lines.as_bytes());
        child.wait().unwrap().success() && written.is_ok()
    }
}

fn reading(station: &str, second: u64) -> String {
    format!(
        "{{\"station_id\":\"{station}\",\"t\":\"2026-03-02T{:02}:{:02}:{:02}Z\",\"quantity\":\"pm25\",\"value\":{}}}",
        second / 3600 % 24,
        second / 60 % 60,
        second % 60,
        second % 97
    )
}

fn of(server: &Server, id: &str) -> Value {
    let (status, body) = server.request("GET", "/api/feeds", &[], b"").unwrap();
    assert_eq!(status, 200, "{body}");
    let feeds: Value = serde_json::from_str(&body).unwrap();
    let found = feeds.as_array().unwrap().iter().find(|f| f["id"] == id);
    found.cloned().unwrap()
}

fn connected(server: &Server, id: &str) -> Value {
    until("a connection", || {
        let feed = of(server, id);
        // The subscription is confirmed with its QoS.
        let broker = &feed["transport"]["broker"];
        (broker["connected_since"].is_string() && broker["qos"].is_u64()).then_some(feed)
    })
}

fn accepted(server: &Server, id: &str) -> u64 {
    of(server, id)["accepted"].as_u64().unwrap()
}

struct City {
    dir: tempfile::TempDir,
}

impl City {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn start(&self, environment: &[(&'static str, String)]) -> Server {
        let pack = self.path("pack");
        Server::start_as(
            &self.path("lake"),
            &["serve", "--pack", pack.to_str().unwrap()],
            environment,
        )
    }

    fn sql(&self, sql: &str) -> Value {
        let pack = self.path("pack");
        json(
            &self.path("lake"),
            &["--pack", pack.to_str().unwrap(), "sql", sql, "--format", "json"],
        )
    }
}

#[test]
fn every_version_and_quality_of_service_comes_in_with_its_topic() {
    let city = City::new();
    let Some(broker) = Broker::start("mqtt::every_version", &city.path("broker"), "") else {
        return;
    };
    // What the broker retained before we came.
    assert!(broker.publish(&["-r", "-q", "1"], "old/readings", &reading("old", 0)));
    assert!(broker.publish(&["-r", "-q", "1"], "air/left/pm25", "1"));
    pack(
        &city.path("pack"),
        &[
            (
                "objects",
                feed(broker.port, OBJECTS, "topics = [\"+/readings\"], qos = 2"),
            ),
            (
                "bare",
                feed(
                    broker.port,
                    BARE,
                    "topics = [\"air/+/+\"], qos = 1, version = \"3.1.1\", retained = \"skip\"",
                ),
            ),
        ],
    );
    let server = city.start(&[]);
    let (objects, bare) = (connected(&server, "objects"), connected(&server, "bare"));
    assert_eq!(objects["transport"]["broker"]["qos"], 2);
    assert_eq!(bare["transport"]["broker"]["qos"], 1);
    assert_eq!(bare["transport"]["broker"]["session_kept"], false);
    let mut number = 0;
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let options = ["-V", version, "-q", qos];
            number += 1;
            assert!(broker.publish(
                &options,
                "north/readings",
                &reading(&format!("{version}-{qos}"), number)
            ));
            assert!(broker.publish(
                &options,
                &format!("air/{version}-{qos}/pm10"),
                &format!("{number}.5")
            ));
        }
    }
    // An array, several lines, and what is none of it.
    assert!(broker.publish(
        &[],
        "a/readings",
        &format!("[{},{}]", reading("array", 1), reading("array", 2))
    ));
    assert!(broker.publish(
        &[],
        "a/readings",
        &format!("{}\n{}\n", reading("lines", 1), reading("lines", 2))
    ));
    assert!(broker.publish(&["-q", "2"], "broken/readings", "{\"station_id\":"));
    assert!(broker.publish(&["-q", "1"], "air/s1/pm25", "n/a"));
    assert!(broker.publish(&["-q", "1"], "air/s1/unheard_of", "5"));
    until("all objects", || {
        (accepted(&server, "objects") == 11).then_some(())
    });
    until("all numbers", || (accepted(&server, "bare") == 6).then_some(()));
    let objects = until("the broken object", || {
        let feed = of(&server, "objects");
        (feed["quarantined"] == 1).then_some(feed)
    });
    let bare = until("the broken numbers", || {
        let feed = of(&server, "bare");
        (feed["quarantined"] == 2).then_some(feed)
    });
    let (objects, bare) = (&objects["transport"], &bare["transport"]);
    assert_eq!(
        (&objects["broker"]["retained"], &objects["broker"]["refused"]),
        (&1.into(), &1.into()),
        "{objects}"
    );
    assert_eq!(
        (&bare["broker"]["skipped"], &bare["broker"]["retained"]),
        (&1.into(), &0.into()),
        "{bare}"
    );
    assert_eq!(
        (&objects["kind"], &objects["failures"]),
        (&"mqtt".into(), &0.into())
    );
    assert!(
        objects["changed"].is_string() && objects["error"].is_null(),
        "{objects}"
    );
    drop(server);
    let stations = city.sql("SELECT string_agg(station_id, ' ' ORDER BY station_id) AS s FROM air_readings WHERE quantity = 'pm10'");
    assert_eq!(
        stations[0]["s"],
        "mqttv311-0 mqttv311-1 mqttv311-2 mqttv5-0 mqttv5-1 mqttv5-2"
    );
    let rejected = city.sql("SELECT feed, code, message, raw FROM lake_quarantine WHERE severity = 'rejected' ORDER BY feed, code");
    let words: Vec<(&str, &str, bool)> = rejected
        .as_array()
        .unwrap()
        .iter()
        .zip(["air/s1/pm25", "air/s1/unheard_of", "broken/readings"])
        .map(|(row, topic)| {
            let text = |name: &str| row[name].as_str().unwrap();
            (
                text("feed"),
                text("code"),
                text("raw").contains(&format!("\"@topic\":\"{topic}\"")),
            )
        })
        .collect();
    let expected = [
        ("bare", "bad_number", true),
        ("bare", "unknown_quantity", true),
        ("objects", "bad_payload", true),
    ];
    assert_eq!(words, expected, "{rejected}");
}

#[test]
fn a_broker_that_restarts_loses_nothing_it_acknowledged() {
    let city = City::new();
    let Some(mut broker) = Broker::start("mqtt::a_broker_that_restarts", &city.path("broker"), "") else {
        return;
    };
    pack(
        &city.path("pack"),
        &[(
            "objects",
            feed(
                broker.port,
                OBJECTS,
                "topics = [\"r\"], qos = 1, client = \"here\"",
            ),
        )],
    );
    let server = city.start(&[]);
    connected(&server, "objects");
    let mut sent = Vec::new();
    let mut second = 0;
    let mut publish = |broker: &Broker, count: u64| {
        for _ in 0..count {
            second += 1;
            if broker.publish(&["-q", "1"], "r", &reading("s", second)) {
                sent.push(second);
            }
        }
    };
    for _ in 0..3 {
        publish(&broker, 10);
        broker.stop();
        // Nobody is there to take these.
        publish(&broker, 2);
        let down = until("a failure", || {
            let feed = of(&server, "objects");
            feed["error"].is_string().then_some(feed)
        });
        assert!(
            down["transport"]["changed"].is_string(),
            "what was known stays: {down}"
        );
        assert!(
            down["transport"]["next"].is_string() && down["transport"]["broker"]["connected_since"].is_null()
        );
        broker.again();
        // At once, before we are back: the broker keeps them in our session.
        publish(&broker, 10);
        let up = connected(&server, "objects");
        assert_eq!(up["transport"]["broker"]["session_kept"], true, "{up}");
        assert!(up["error"].is_null(), "{up}");
    }
    assert_eq!(sent.len(), 60);
    until("every message", || {
        (accepted(&server, "objects") >= 60).then_some(())
    });
    drop(server);
    let found = city.sql("SELECT count(*) AS n, count(DISTINCT t) AS d FROM air_readings");
    assert_eq!((&found[0]["n"], &found[0]["d"]), (&60.into(), &60.into()));
}

#[test]
fn user_and_password_come_from_outside_and_a_refusal_is_told() {
    let city = City::new();
    if program("mosquitto_passwd").is_none() {
        skipped("mqtt::user_and_password", "mosquitto_passwd is not installed");
        return;
    }
    let users = city.path("users");
    let made = Command::new(program("mosquitto_passwd").unwrap())
        .args(["-b", "-c"])
        .arg(&users)
        .args(["city", "s3cret-words"])
        .status()
        .unwrap();
    assert!(made.success());
    let rule = format!("allow_anonymous false\npassword_file {}\n", users.display());
    let Some(broker) = Broker::start("mqtt::user_and_password", &city.path("broker"), &rule) else {
        return;
    };
    let secret = city.path("password");
    std::fs::write(&secret, "wrong\n").unwrap();
    let transport = format!(
        "topics = [\"r\"], username = \"env:QALA_TEST_USER\", password = \"file:{}\"",
        secret.display()
    );
    pack(
        &city.path("pack"),
        &[("objects", feed(broker.port, OBJECTS, &transport))],
    );
    let server = city.start(&[("QALA_TEST_USER", "city".into())]);
    let refused = until("a refusal", || {
        let feed = of(&server, "objects");
        feed["error"].is_string().then_some(feed)
    });
    let error = refused["error"].as_str().unwrap();
    assert!(
        error.contains("refused the connection") && error.contains("not authorized"),
        "{error}"
    );
    // The right one is read at the next try, without a restart.
    std::fs::write(&secret, "s3cret-words\n").unwrap();
    connected(&server, "objects");
    assert!(broker.publish(
        &["-q", "1", "-u", "city", "-P", "s3cret-words"],
        "r",
        &reading("s", 1)
    ));
    until("the message", || {
        (accepted(&server, "objects") == 1).then_some(())
    });
}

#[test]
fn a_message_of_another_kind_is_an_import_of_its_own() {
    let city = City::new();
    let Some(broker) = Broker::start("mqtt::another_kind", &city.path("broker"), "") else {
        return;
    };
    let simulated = qala_sim::generate(&qala_sim::CityOptions {
        start: 20_514,
        days: 1,
        ..qala_sim::CityOptions::default()
    });
    let simulated = simulated.unwrap();
    let mut positions = simulated.files.iter().filter(|f| f.kind == "gtfs-rt");
    let file = city.path("positions.pb");
    std::fs::write(&file, &positions.nth(100).unwrap().bytes).unwrap();
    let spec = "id = \"vehicles\"\nkind = \"gtfs-rt\"\n";
    let transport = "topics = [\"vehicles/#\"], qos = 1";
    pack(
        &city.path("pack"),
        &[("vehicles", feed(broker.port, spec, transport))],
    );
    let server = city.start(&[]);
    connected(&server, "vehicles");
    let publish = || {
        let mut command = broker.publisher(&["-q", "1", "-f"], "vehicles/positions");
        assert!(command.arg(&file).status().unwrap().success());
    };
    publish();
    let first = until("the positions", || {
        Some(accepted(&server, "vehicles")).filter(|n| *n > 0)
    });
    // The same once more changes nothing, and neither does what is no protobuf, which is in quarantine.
    publish();
    assert!(broker.publish(&["-q", "1"], "vehicles/positions", "nonsense"));
    let after = until("the nonsense", || {
        let feed = of(&server, "vehicles");
        (feed["transport"]["broker"]["messages"] == 3).then_some(feed)
    });
    assert_eq!(after["accepted"], first, "{after}");
}

/// SIGKILLs under full ingest, with publishers that never stop; every message that was acknowledged is there once.
fn kills(test: &str, version: &str, qos: u8, count: u64) -> Option<u64> {
    let city = City::new();
    let broker = Arc::new(Broker::start(test, &city.path("broker"), "")?);
    let transport = |topic: &str| format!("topics = [\"{topic}\"], qos = {qos}, version = \"{version}\"");
    pack(
        &city.path("pack"),
        &[
            ("objects", feed(broker.port, OBJECTS, &transport("readings"))),
            ("bare", feed(broker.port, BARE, &transport("air/+/co"))),
        ],
    );
    // The sessions are there from now on.
    let server = city.start(&[]);
    connected(&server, "objects");
    connected(&server, "bare");
    drop(server);
    let stop = Arc::new(AtomicBool::new(false));
    let sent: [Arc<AtomicU64>; 2] = Default::default();
    let publishers: Vec<_> = ["readings", "air/s/co"]
        .into_iter()
        .zip(sent.clone())
        .map(|(topic, sent)| {
            let (broker, stop, qos) = (Arc::clone(&broker), Arc::clone(&stop), qos.to_string());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let first = sent.load(Ordering::Relaxed);
                    let mut lines = String::new();
                    for number in first..first + 200 {
                        let text = if topic == "readings" {
                            reading(&format!("s{}", number / 86_400), number)
                        } else {
                            number.to_string()
                        };
                        writeln!(lines, "{text}").unwrap();
                    }
                    assert!(broker.publish_lines(&["-q", &qos, "-V", "mqttv5"], topic, &lines));
                    sent.fetch_add(200, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for kill in 0..count {
        let mut server = city.start(&[]);
        // Random enough, and the same in each run.
        let wait = 100 + (kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % 900;
        std::thread::sleep(Duration::from_millis(wait));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for publisher in publishers {
        publisher.join().unwrap();
    }
    let [objects, bare] = sent.map(|n| n.load(Ordering::Relaxed));
    let server = city.start(&[]);
    until("every message", || {
        let there = accepted(&server, "objects") >= objects && accepted(&server, "bare") >= bare;
        there.then_some(())
    });
    // Time for what would come twice.
    std::thread::sleep(Duration::from_secs(1));
    let states = ["objects", "bare"].map(|id| of(&server, id)["transport"]["broker"].clone());
    drop(server);
    let found = city.sql(
        "SELECT quantity, count(*) AS n, count(DISTINCT t) AS times, count(DISTINCT value) AS d, max(value) AS last \
         FROM air_readings GROUP BY quantity ORDER BY quantity",
    );
    let number = |row: usize, name: &str| found[row][name].as_f64().unwrap_or_default() as u64;
    assert_eq!(
        (number(0, "n"), number(0, "d"), number(0, "last") + 1),
        (bare, bare, bare),
        "{found} {states:?}"
    );
    assert_eq!(
        (number(1, "n"), number(1, "times")),
        (objects, objects),
        "{found} {states:?}"
    );
    let books = city.sql("SELECT sum(received - accepted - duplicate - quarantined) AS off, sum(quarantined) AS q FROM lake_messages");
    assert_eq!((&books[0]["off"], &books[0]["q"]), (&0.into(), &0.into()));
    Some(objects + bare)
}

#[test]
fn acknowledged_by_the_broker_survives_a_few_kills() {
    for (version, qos) in [("5", 1), ("5", 2), ("3.1.1", 1), ("3.1.1", 2)] {
        if kills("mqtt::acknowledged_by_the_broker", version, qos, 2).is_none() {
            return;
        }
    }
}

#[test]
#[ignore = "long: part of make prove"]
fn acknowledged_by_the_broker_survives_fifty_kills_each() {
    for (version, qos) in [("5", 1), ("5", 2), ("3.1.1", 1), ("3.1.1", 2)] {
        if let Some(messages) = kills("mqtt::fifty_kills", version, qos, 50) {
            println!(
                "proof: MQTT {version} QoS {qos} SIGKILL kills=50 acknowledged_messages={messages} lost=0 doubled=0"
            );
        }
    }
}

#[test]
fn paho_publishes() {
    let city = City::new();
    let python = std::env::var("QALA_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python)
        .args(["-c", "import paho.mqtt.client"])
        .stderr(Stdio::null())
        .status();
    if !has.is_ok_and(|s| s.success()) {
        skipped(
            "mqtt::paho_publishes",
            "paho-mqtt is not installed for the Python of QALA_TEST_PYTHON",
        );
        return;
    }
    let Some(broker) = Broker::start("mqtt::paho_publishes", &city.path("broker"), "") else {
        return;
    };
    pack(
        &city.path("pack"),
        &[(
            "objects",
            feed(
                broker.port,
                OBJECTS,
                "topics = [\"paho/#\"], qos = 2, shared = \"group\"",
            ),
        )],
    );
    let server = city.start(&[]);
    connected(&server, "objects");
    let script = r#"
import json, sys
import paho.mqtt.client as mqtt
for number, version in enumerate([mqtt.MQTTv311, mqtt.MQTTv5]):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=version)
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_start()
    for qos in [0, 1, 2]:
        body = {"station_id": f"paho{version}", "t": f"2026-03-02T00:0{qos}:00Z", "quantity": "pm25", "value": qos}
        client.publish(f"paho/{version}", json.dumps(body), qos=qos).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
"#;
    let ran = Command::new(&python)
        .args(["-c", script, &broker.port.to_string()])
        .status()
        .unwrap();
    assert!(ran.success());
    until("all six", || (accepted(&server, "objects") == 6).then_some(()));
}
