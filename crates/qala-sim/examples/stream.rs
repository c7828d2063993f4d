//! Writes a window of the full city into a folder, one folder for each feed:
//! `cargo run -p qala-sim --example stream -- DIR live|bulk|history FROM TO [SEED]`, times as `2026-01-20T08:00:00+05:00`.

use std::io::{Error, Write};
use std::path::Path;

use qala_sim::city::{Op, Pace, WholeCity, WholeOptions};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::other("usage: stream DIR live|bulk|history FROM TO [SEED]");
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
    let (mut messages, mut records) = (0_usize, 0);
    for message in city.messages(pace, from, to) {
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
