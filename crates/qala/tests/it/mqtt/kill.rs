//! SIGKILLs while a broker has messages for us.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::broker::{BARE, Broker, City, OBJECTS, accepted, connected, feed, of, reading};
use crate::support::{pack, until};

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
                    // No faster than 20 messages at a time are taken, which is what 3.1.1 gets from this broker.
                    std::thread::sleep(Duration::from_millis(200));
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
