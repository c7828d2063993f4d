//! Prints the streets of a map that are open to cars, for other programs:
//! `cargo run -p qala-feeds --example osm_streets -- MAP.osm.pbf > streets.csv`.
//!
//! Columns: way, km/h along and against the nodes (empty where cars may not drive), and the nodes as
//! `id lon lat;…`, longitude and latitude in ten-millionths of a degree. Rules about turns follow as
//! `turn,no|only,from way,via node;to way`.

use std::fs::File;
use std::io::{BufWriter, Error, Write};

use qala_core::Problem;
use qala_feeds::Stopped;
use qala_feeds::osm::{Feature, Receiver, Road, read_map};

struct Streets<W>(W);

impl<W: Write> Streets<W> {
    fn street(&mut self, road: &Road) -> Result<(), Error> {
        let (forward, backward) = road.car_kmh();
        if forward.is_none() && backward.is_none() {
            return Ok(());
        }
        let speed = |kmh: Option<f64>| kmh.map(|kmh| kmh.to_string()).unwrap_or_default();
        write!(self.0, "{},{},{},", road.id, speed(forward), speed(backward))?;
        for (order, (node, point)) in road.nodes.iter().zip(&road.points).enumerate() {
            let (lon, lat) = point.e7();
            write!(self.0, "{}{node} {lon} {lat}", if order > 0 { ";" } else { "" })?;
        }
        writeln!(self.0)
    }
}

impl<W: Write> Receiver for Streets<W> {
    fn feature(&mut self, feature: Feature) -> Result<(), Stopped> {
        match feature {
            Feature::Street(road) => self.street(&road).map_err(|error| Stopped(Box::new(error))),
            Feature::Turn(rule) => {
                let word = if rule.is_only { "only" } else { "no" };
                let line = writeln!(self.0, "turn,{word},{},{};{}", rule.from, rule.via, rule.to);
                line.map_err(|error| Stopped(Box::new(error)))
            }
            _ => Ok(()),
        }
    }

    fn problem(&mut self, problem: Problem) -> Result<(), Stopped> {
        let line = writeln!(std::io::stderr(), "{}: {}", problem.code, problem.message);
        line.map_err(|error| Stopped(Box::new(error)))
    }
}

fn main() -> Result<(), Error> {
    let path = std::env::args()
        .nth(1)
        .ok_or_else(|| Error::other("usage: osm_streets MAP.osm.pbf"))?;
    let mut streets = Streets(BufWriter::new(std::io::stdout().lock()));
    writeln!(streets.0, "way,forward_kmh,backward_kmh,nodes")?;
    let totals = read_map(&mut File::open(path)?, 64 << 30, &mut streets).map_err(Error::other)?;
    writeln!(std::io::stderr(), "{totals:?}")?;
    streets.0.flush()
}
