//! Figures of speed and memory.

use std::collections::BTreeMap;

use super::super::*;
use super::{DAY, WINTER};

/// Kilobytes of memory in use at most, as the kernel tells; 0 where it does not.
fn memory_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

#[test]
#[ignore = "long: figures of speed and memory"]
fn figures() {
    use std::io::Write as _;
    let mut out = std::io::stderr();
    let start = std::time::Instant::now();
    let city = WholeCity::build(&WholeOptions::default()).unwrap();
    let _ = writeln!(out, "proof: full city built in {:?}", start.elapsed());
    let shape = &city.shape;
    let (lines, stops) = (shape.transit.lines.len(), shape.transit.stops.len());
    let buses: usize = shape
        .transit
        .lines
        .iter()
        .filter(|l| !l.is_metro)
        .map(|l| l.fleet)
        .sum();
    let trips: usize = shape.transit.lines.iter().map(transit::trips_of_a_weekday).sum();
    let _ = writeln!(
        out,
        "proof: {} streets, {} junctions, {} segments, {lines} lines, {stops} stops, {trips} trips on a weekday, \
         {buses} buses on the line",
        shape.network.streets.len(),
        shape.network.junctions.len(),
        shape.network.segments.len()
    );
    let start = std::time::Instant::now();
    let bytes: usize = city.lists(WINTER).unwrap().iter().map(|f| f.bytes.len()).sum();
    let _ = writeln!(
        out,
        "proof: full city lists: {bytes} bytes in {:?}",
        start.elapsed()
    );
    for (name, pace, from, to) in [
        (
            "live, two hours of a morning",
            Pace::Live,
            WINTER + 7 * HOUR,
            WINTER + 9 * HOUR,
        ),
        ("bulk, one day", Pace::Bulk, WINTER, WINTER + DAY),
        ("history, a year", Pace::History, WINTER - 365 * DAY, WINTER),
    ] {
        let start = std::time::Instant::now();
        let mut by: BTreeMap<Feed, (usize, usize, usize, f64)> = BTreeMap::new();
        let mut last = start;
        for message in city.messages(pace, from, to) {
            let now = std::time::Instant::now();
            let slot = by.entry(message.feed).or_default();
            slot.0 += 1;
            slot.1 += message.records;
            slot.2 += message.bytes.len();
            slot.3 += (now - last).as_secs_f64();
            last = now;
        }
        let seconds = start.elapsed().as_secs_f64();
        let (messages, records, bytes) = by
            .values()
            .fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let _ = writeln!(
            out,
            "proof: {name}: {messages} messages, {records} records, {bytes} bytes in {seconds:.1} s: \
             {:.0} messages/s, {:.0} records/s; memory at most {} kB",
            messages as f64 / seconds,
            records as f64 / seconds,
            memory_kb()
        );
        for (feed, (messages, records, bytes, seconds)) in by {
            let _ = writeln!(
                out,
                "       {}: {messages} messages, {records} records, {bytes} bytes, {seconds:.2} s",
                feed.id()
            );
        }
    }
}
