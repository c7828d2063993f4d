//! Writes a window of the full city into a folder, one folder for each feed:
//! `cargo run -p qala-sim --example stream -- DIR live|bulk|history FROM TO [SEED [FEED…]]`, times as `2026-01-20T08:00:00+05:00`.
//! With names of feeds, only their messages; the lists and `places.csv` with the outlines of the districts are written always.

use std::fmt::Write as _;
use std::io::{Error, Write};
use std::path::Path;

use qala_sim::city::{Feed, Op, Pace, WholeCity, WholeOptions};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::other("usage: stream DIR live|bulk|history FROM TO [SEED [FEED…]]");
    let [folder, pace, from, to, rest @ ..] = arguments.as_slice() else {
        return Err(usage());
    };
    let pace = match pace.as_str() {
        "live" => Pace::Live,
        "bulk" => Pace::Bulk,
        "history" => Pace::History,
        _ => return Err(usage()),
    };
    let instant = |text: &str| qala_core::parse_instant(text, None).map_err(Error::other);
    let (from, to) = (instant(from)?, instant(to)?);
    let mut options = WholeOptions::default();
    if let Some(text) = rest.first() {
        options.seed = text.parse().map_err(|_| usage())?;
    }
    let city = WholeCity::build(&options).map_err(Error::other)?;
    let folder = Path::new(folder);
    let write = |path: &Path, bytes: &[u8]| {
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, bytes)
    };
    for file in city.lists(to).map_err(Error::other)? {
        write(&folder.join(&file.path), &file.bytes)?;
    }
    let mut places = String::from("place_id,geometry\n");
    for place in city.places().map_err(Error::other)? {
        let _ = writeln!(places, "{},\"{}\"", place.id, place.geometry);
    }
    write(&folder.join("places.csv"), places.as_bytes())?;
    let (mut messages, mut records) = (0_usize, 0);
    let named = rest.get(1..).unwrap_or_default();
    let feeds: Vec<Feed> = Feed::STREAMS
        .into_iter()
        .filter(|feed| named.is_empty() || named.iter().any(|name| name == feed.id()))
        .collect();
    for message in city.messages_of(&feeds, pace, from, to) {
        // What takes rows back lies apart: it is imported with `--op retract`.
        let kind = if message.op == Op::Retract {
            "retract"
        } else {
            "upsert"
        };
        let path = folder.join(kind).join(message.feed.id()).join(&message.name);
        write(&path, &message.bytes)?;
        messages += 1;
        records += message.records;
    }
    writeln!(std::io::stdout(), "{messages} messages, {records} records")
}
