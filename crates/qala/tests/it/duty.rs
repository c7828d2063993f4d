//! Feed obligations over the real server: kept, late, stopped, back; silent devices; whom to call; history as of any time.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Server, json, ok, qala};

/// The pack of the city with feeds of a quick cadence.
fn pack(folder: &Path) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/almaty");
    std::fs::create_dir_all(folder.join("feeds")).unwrap();
    for name in [
        "city.toml",
        "districts.toml",
        "functions.toml",
        "departments.toml",
        "calendar.toml",
    ] {
        std::fs::copy(own.join(name), folder.join(name)).unwrap();
    }
    let feed = |id: &str, more: &str| {
        let text = format!(
            "id = \"{id}\"\nkind = \"json\"\ntitle = {{ kk = \"а\", ru = \"б\", en = \"c\" }}\n\
             transport = {{ type = \"push\" }}\ndataset = \"air_readings\"\n{more}\
             owner_function = \"air-quality\"\nlicence = \"CC0-1.0\"\n"
        );
        std::fs::write(folder.join(format!("feeds/{id}.toml")), text).unwrap();
    };
    feed("quick", "cadence_s = 4\ngrace_s = 2\n");
    feed(
        "posts",
        "cadence_s = 3600\ndevices = { column = \"station_id\", silent_s = 600 }\n",
    );
    feed("quiet", "cadence_s = 60\n");
    feed("free", "");
    let contacts = "[[contact]]\nfeeds = [\"quick\", \"posts\"]\n\
        name = { kk = \"Кезекші\", ru = \"Дежурный\", en = \"Duty desk\" }\n\
        phone = \"+7 000 000-00-09\"\nemail = \"duty@example.org\"\n";
    std::fs::write(folder.join("contacts.toml"), contacts).unwrap();
}

struct Centre {
    pack: String,
    data: std::path::PathBuf,
    server: Option<Server>,
    bearer: String,
}

impl Centre {
    fn start(&mut self) {
        self.server = Some(Server::start_as(
            &self.data,
            &["serve", "--pack", &self.pack],
            &[],
        ));
    }

    fn stop(&mut self) {
        self.server = None;
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self
            .server
            .as_ref()
            .unwrap()
            .request("GET", path, &[("Authorization", &self.bearer)], b"")
            .unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn obligation(&self, feed: &str) -> Value {
        let feeds = self.get("/api/feeds");
        let found = feeds.as_array().unwrap().iter().find(|f| f["id"] == feed);
        found.unwrap()["obligation"].clone()
    }

    /// Sends readings of the last minutes: station and minutes before now.
    #[expect(clippy::disallowed_methods, reason = "a sender has a clock of its own")]
    fn send(&self, feed: &str, readings: &[(&str, u64)]) {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let rows: Vec<String> = readings
            .iter()
            .map(|(station, before)| {
                let t = qala_core::Zone::utc().format((now - before * 60) as i64 * 1_000_000);
                format!(
                    r#"{{"station_id":"{station}","t":"{t}","quantity":"pm25","value":1,"unit":"ug/m3"}}"#
                )
            })
            .collect();
        let path = format!("/api/ingest/{feed}");
        let body = format!("[{}]", rows.join(","));
        let (status, receipt) = self
            .server
            .as_ref()
            .unwrap()
            .request("POST", &path, &[], body.as_bytes())
            .unwrap();
        assert_eq!(status, 200, "{receipt}");
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(receipt["accepted"], readings.len(), "{receipt}");
    }

    fn command(&self, args: &[&str]) -> Value {
        json(
            &self.data,
            &[&["--pack", &self.pack], args, &["--format", "json"]].concat(),
        )
    }
}

fn until<T>(what: &str, mut test: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = test() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn feeds_are_held_to_what_they_promised() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("pack");
    pack(&folder);
    let mut centre = Centre {
        pack: folder.display().to_string(),
        data: dir.path().join("lake"),
        server: None,
        bearer: String::new(),
    };
    centre.start();
    // Whom to call is told to those who work here.
    crate::people::add(&centre.data, "serik", "operator", &[]);
    centre.bearer = format!("Bearer {}", crate::people::token(&centre.data, "serik", "read"));
    for (feed, state) in [("quick", "never"), ("posts", "never"), ("free", "free")] {
        assert_eq!(centre.obligation(feed)["state"], state);
    }
    centre.send("quick", &[("s1", 0)]);
    let now = centre.obligation("quick");
    assert_eq!(now["state"], "kept", "{now}");
    assert_eq!((&now["cadence_s"], &now["grace_s"]), (&4.into(), &2.into()));
    assert_eq!(now["contact"]["phone"], "+7 000 000-00-09");
    assert_eq!(now["contact"]["name"]["ru"], "Дежурный");
    for lang in ["kk", "ru", "en"] {
        assert!(!now["function"][lang].as_str().unwrap().is_empty());
        assert!(!now["department"][lang].as_str().unwrap().is_empty());
    }
    let first = now["since"].clone();
    // Late after six seconds, stopped after fourteen; since when is told by the promise, not by whoever looks.
    let at = |o: &Value, name: &str| qala_core::parse_instant(o[name].as_str().unwrap(), None).unwrap();
    let last = at(&now, "last_arrival");
    let late = until("late", || {
        Some(centre.obligation("quick")).filter(|o| o["state"] == "late")
    });
    assert_eq!(at(&late, "since"), last + 6_000_001);
    assert_eq!(at(&late, "due"), last + 6_000_000);
    let stopped = until("stopped", || {
        Some(centre.obligation("quick")).filter(|o| o["state"] == "stopped")
    });
    assert_eq!(at(&stopped, "since"), last + 14_000_001);
    assert!(stopped["kept_7d"].as_f64().unwrap() < 0.5, "{stopped}");
    // A message without one good row keeps no promise.
    let bad = br#"{"station_id":"s1","t":"yesterday","quantity":"pm25","value":1,"unit":"ug/m3"}"#;
    let (status, _) = centre
        .server
        .as_ref()
        .unwrap()
        .request("POST", "/api/ingest/quick", &[], bad)
        .unwrap();
    assert_eq!(status, 200);
    assert_eq!(centre.obligation("quick")["state"], "stopped");
    centre.send("quick", &[("s7", 0)]);
    let back = centre.obligation("quick");
    assert_eq!(back["state"], "kept");
    assert!(back["since"].as_str() > first.as_str());

    // Devices: s2 was last heard 20 minutes before the others, s3 has a clock that runs an hour ahead.
    let now = centre.obligation("posts");
    assert_eq!((&now["state"], &now["devices"]), (&"never".into(), &0.into()));
    centre.send("posts", &[("s1", 0), ("s2", 20), ("s4", 1)]);
    let ahead = qala_core::Zone::utc().format(last + 3_600_000_000);
    let body = format!(r#"{{"station_id":"s3","t":"{ahead}","quantity":"pm25","value":1,"unit":"ug/m3"}}"#);
    let (status, _) = centre
        .server
        .as_ref()
        .unwrap()
        .request("POST", "/api/ingest/posts", &[], body.as_bytes())
        .unwrap();
    assert_eq!(status, 200);
    let posts = until("a silent device", || {
        Some(centre.obligation("posts")).filter(|o| o["silent_devices"] == 1 && o["devices"] == 4)
    });
    assert_eq!(posts["silent"][0]["device"], "s2", "{posts}");
    assert_eq!(posts["state"], "kept");
    assert!(
        posts["last_event"].as_str() <= posts["last_arrival"].as_str(),
        "{posts}"
    );

    // History is rows: they come within the watch's turn.
    let changes = until("the history of quick", || {
        let history = centre.get("/api/feeds/quick");
        let changes = history["changes"].as_array().unwrap().clone();
        (changes.len() >= 5).then_some((history, changes))
    });
    let (history, changes) = changes;
    let mut states: Vec<&str> = changes
        .iter()
        .rev()
        .map(|c| c["state"].as_str().unwrap())
        .collect();
    states.truncate(5);
    assert_eq!(states, ["never", "kept", "late", "stopped", "kept"]);
    let today = &history["days"][0];
    assert_eq!(history["days"].as_array().unwrap().len(), 30);
    assert_eq!(
        (&today["messages"], &today["accepted"], &today["quarantined"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert!(today["promised"].as_i64().unwrap() > today["kept"].as_i64().unwrap());
    assert_eq!(history["contacts"][0]["email"], "duty@example.org");
    assert_eq!(
        centre
            .server
            .as_ref()
            .unwrap()
            .request("GET", "/api/feeds/nowhere", &[], b"")
            .unwrap()
            .0,
        404
    );
    until("the silence of s2", || {
        let (_, body) = centre
            .server
            .as_ref()
            .unwrap()
            .request("GET", "/api/feeds/posts", &[], b"")
            .unwrap();
        body.contains("\"s2\"").then_some(())
    });
    centre.stop();

    // Without a server: the command line says the same.
    let list = centre.command(&["feed", "list"]);
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 4);
    let row = |feed: &str| list.iter().find(|r| r["feed"] == feed).unwrap();
    assert_eq!(
        (&row("posts")["state"], &row("posts")["silent"]),
        (&"kept".into(), &1.into()),
        "{list:?}"
    );
    assert_eq!(row("quiet")["state"], "never");
    assert_eq!(row("quick")["contact"], "Duty desk");
    let shown = centre.command(&["feed", "show", "posts"]);
    assert_eq!(shown["silent_devices"][0]["device"], "s2", "{shown}");
    let table = ok(&centre.data, &["--pack", &centre.pack, "feed", "list"]);
    assert!(
        table.contains("+7 000 000-00-09")
            && table.contains("stopped") | table.contains("late") | table.contains("kept"),
        "{table}"
    );
    let csv = ok(
        &centre.data,
        &["--pack", &centre.pack, "feed", "list", "--format", "csv"],
    );
    assert!(csv.starts_with("feed,state,since,last_arrival,"), "{csv}");
    assert_eq!(
        qala(&centre.data, &["--pack", &centre.pack, "feed", "show", "post"])
            .status
            .code(),
        Some(2)
    );

    // As of the moment when it had stopped, it had stopped.
    let then = qala_core::Zone::utc().format(last + 14_001_000);
    let sql = format!(
        "SELECT state FROM feeds_obligation_states WHERE feed = 'quick' AND valid_from <= '{then}' \
         AND (valid_to IS NULL OR valid_to > '{then}')"
    );
    assert_eq!(centre.command(&["sql", &sql])[0]["state"], "stopped");
    let sql = "SELECT device, valid_to FROM feeds_device_silences WHERE feed = 'posts'";
    let silences = centre.command(&["sql", sql]);
    assert_eq!(
        (&silences[0]["device"], &silences[0]["valid_to"]),
        (&"s2".into(), &Value::Null),
        "{silences}"
    );

    // A new contact is history too, and the pack does not undo it.
    let args = [
        "--pack",
        &centre.pack,
        "feed",
        "contact",
        "quick",
        "--name",
        "Aigul",
        "--phone",
        "+7 000 1",
    ];
    ok(&centre.data, &args);
    assert_eq!(
        qala(
            &centre.data,
            &[
                "--pack",
                &centre.pack,
                "feed",
                "contact",
                "nowhere",
                "--name",
                "A",
                "--phone",
                "1"
            ]
        )
        .status
        .code(),
        Some(2)
    );
    let sql = "SELECT name_en, phone, email, valid_to IS NULL AS open FROM feeds_contacts WHERE feed_id = 'quick' ORDER BY valid_from";
    let contacts = centre.command(&["sql", sql]);
    assert_eq!(
        contacts.to_string(),
        r#"[{"name_en":"Duty desk","phone":"+7 000 000-00-09","email":"duty@example.org","open":false},{"name_en":"Aigul","phone":"+7 000 1","email":null,"open":true}]"#
    );

    // The silent device reports again.
    centre.start();
    assert_eq!(centre.obligation("quick")["contact"]["name"]["en"], "Aigul");
    centre.send("posts", &[("s2", 0)]);
    until("s2 is back", || {
        (centre.obligation("posts")["silent_devices"] == 0).then_some(())
    });
    centre.stop();
    let sql = "SELECT device, valid_to IS NULL AS open FROM feeds_device_silences WHERE feed = 'posts'";
    let silences = centre.command(&["sql", sql]);
    assert_eq!(
        (&silences[0]["device"], &silences[0]["open"]),
        (&"s2".into(), &false.into()),
        "{silences}"
    );
}
