//! Devices that publish to a broker: a real Mosquitto, its own publishers, restarts of the broker and SIGKILLs of Qala.

mod broker;
mod kill;

use std::process::{Command, Stdio};

use self::broker::{BARE, Broker, City, OBJECTS, accepted, connected, feed, of, program, reading};
use crate::support::{pack, skipped, until};

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
        let is_told = feed["transport"]["broker"]["refused"] == 1;
        (feed["quarantined"] == 1 && is_told).then_some(feed)
    });
    let bare = until("the broken numbers", || {
        let feed = of(&server, "bare");
        let is_told = feed["transport"]["broker"]["messages"] == 8;
        (feed["quarantined"] == 2 && is_told).then_some(feed)
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
fn observations_of_sensorthings_are_made_at_the_path_of_their_topic() {
    let city = City::new();
    let Some(broker) = Broker::start("mqtt::observations_of_sensorthings", &city.path("broker"), "") else {
        return;
    };
    let spec = "id = \"things\"\nkind = \"sensorthings\"\n";
    pack(
        &city.path("pack"),
        &[(
            "things",
            feed(broker.port, spec, "topics = [\"sta/v1.1/#\"], qos = 2"),
        )],
    );
    let server = city.start(&[]);
    connected(&server, "things");
    let thing = r#"{"name":"post","description":"roof","Locations":[{"name":"roof","description":"roof",
        "encodingType":"application/geo+json","location":{"type":"Point","coordinates":[10.0,50.0]}}],
        "Datastreams":[{"name":"PM2.5","description":"optical","observationType":"OM_Measurement",
        "unitOfMeasurement":{"name":"microgram per cubic metre","symbol":"ug/m3","definition":""},
        "ObservedProperty":{"name":"PM2.5","definition":"","description":""},
        "Sensor":{"name":"optical","description":"","encodingType":"text/plain","metadata":""}}]}"#;
    let json = [("Content-Type", "application/json")];
    let (status, body) = server
        .request("POST", "/sta/v1.1/Things", &json, thing.as_bytes())
        .unwrap();
    assert_eq!(status, 201, "{body}");
    let topic = "sta/v1.1/Datastreams(1)/Observations";
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            assert!(broker.publish(&["-V", version, "-q", qos], topic, "{\"result\":12.5}"));
        }
    }
    // No such datastream; no observation.
    assert!(broker.publish(
        &["-q", "1"],
        "sta/v1.1/Datastreams(77)/Observations",
        "{\"result\":1}"
    ));
    assert!(broker.publish(&["-q", "1"], topic, "nonsense"));
    let told = until("all eight", || {
        let feed = of(&server, "things");
        (feed["transport"]["broker"]["messages"] == 8 && feed["quarantined"] == 2).then_some(feed)
    });
    assert_eq!(told["transport"]["broker"]["refused"], 2, "{told}");
    let path = "/sta/v1.1/Datastreams(1)/Observations?$count=true&$top=1";
    let (status, body) = server.request("GET", path, &[], b"").unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"@iot.count\":6"), "{body}");
}

#[test]
fn a_broker_with_tls_is_checked() {
    let city = City::new();
    let Some(openssl) = program("openssl") else {
        skipped("mqtt::a_broker_with_tls", "openssl is not installed");
        return;
    };
    let folder = city.path("broker");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for command in [
        format!("req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=ca -days 2"),
        format!("req {new} -keyout key.pem -out request.pem -subj /CN=broker"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile ext".into(),
    ] {
        let mut openssl = Command::new(&openssl);
        let done = openssl.args(command.split(' ')).current_dir(&folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let tls = format!(
        "allow_anonymous true\ncertfile {0}/cert.pem\nkeyfile {0}/key.pem\n",
        folder.display()
    );
    let Some(broker) = Broker::start("mqtt::a_broker_with_tls", &folder, &tls) else {
        return;
    };
    let ca = format!("topics = [\"r\"], ca = \"{}/ca.pem\"", folder.display());
    let with_tls = |text: String| text.replace("mqtt://", "mqtts://");
    let unknown = OBJECTS.replace("objects", "unknown");
    pack(
        &city.path("pack"),
        &[
            ("objects", with_tls(feed(broker.port, OBJECTS, &ca))),
            // Not one of the usual public ones.
            (
                "unknown",
                with_tls(feed(broker.port, &unknown, "topics = [\"r\"]")),
            ),
        ],
    );
    let server = city.start(&[]);
    connected(&server, "objects");
    let error = until("a refusal", || {
        of(&server, "unknown")["error"].as_str().map(ToOwned::to_owned)
    });
    assert!(error.contains("certificate"), "{error}");
    let authority = folder.join("ca.pem");
    let options = ["-q", "1", "--cafile", authority.to_str().unwrap()];
    assert!(broker.publish(&options, "r", &reading("s", 1)));
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
