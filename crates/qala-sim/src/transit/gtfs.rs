//! The timetable as a GTFS Schedule feed (reference of 2026-04-27, <https://gtfs.org/documentation/schedule/reference/>).

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::calendar::{Service, Validity};
use super::network::Network;
use super::timetable::{Timetable, Trip};
use crate::SimError;
use crate::clock::gtfs_date;
use crate::truth::Truth;

const AGENCY: &str = "sim";

/// Writes the feed. Files are stored without compression and without dates, so that the bytes depend on nothing but the
/// city.
pub(super) fn write(
    network: &Network,
    timetable: &Timetable,
    validity: Validity,
    truth: &mut Truth,
) -> Result<Vec<u8>, SimError> {
    let files = [
        ("agency.txt", agency()),
        ("feed_info.txt", feed_info(validity)),
        ("routes.txt", routes(network)),
        ("stops.txt", stops(network)),
        ("calendar.txt", calendar(validity)),
        ("calendar_dates.txt", calendar_dates(validity)),
        ("trips.txt", trips(network, timetable)),
        ("stop_times.txt", stop_times(network, timetable)),
        ("frequencies.txt", frequencies(timetable)),
        ("shapes.txt", shapes(network)),
        ("translations.txt", translations(network)),
    ];
    for (name, text) in &files {
        let rows = text.lines().count() as u64 - 1;
        truth.snapshot(&format!("gtfs_{}", name.trim_end_matches(".txt")), rows);
    }
    pack(&files)
}

/// Puts texts into an archive, without compression and without dates.
pub(crate) fn pack(files: &[(&str, String)]) -> Result<Vec<u8>, SimError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |e: &dyn std::fmt::Display| SimError(format!("the GTFS archive cannot be written: {e}"));
    for (name, text) in files {
        zip.start_file(*name, options).map_err(|e| failed(&e))?;
        zip.write_all(text.as_bytes()).map_err(|e| failed(&e))?;
    }
    Ok(zip.finish().map_err(|e| failed(&e))?.into_inner())
}

/// Seconds of the service day as `25:10:00`.
pub(crate) fn clock_text(seconds: i64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn agency() -> String {
    format!(
        "agency_id,agency_name,agency_url,agency_timezone,agency_lang\n\
         {AGENCY},Модельдік қалалық автобус,https://example.org/,{},kk\n",
        crate::ZONE
    )
}

fn feed_info(validity: Validity) -> String {
    format!(
        "feed_publisher_name,feed_publisher_url,feed_lang,default_lang,feed_start_date,feed_end_date,feed_version,\
         feed_contact_url\nQala: simulated city,https://example.org/,kk,kk,{},{},simulated,https://example.org/contact\n",
        gtfs_date(validity.first),
        gtfs_date(validity.last)
    )
}

fn routes(network: &Network) -> String {
    let mut text = String::from(
        "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color\n",
    );
    for line in &network.lines {
        let stops = &line.patterns[0].stops;
        let name = |stop: Option<&usize>| stop.map_or("", |s| network.stops[*s].names[0].as_str());
        let (from, to) = (name(stops.first()), name(stops.last()));
        let _ = writeln!(
            text,
            "{},{AGENCY},{},{from} – {to},3,{},FFFFFF",
            line.id, line.short_name, line.colour
        );
    }
    text
}

fn stops(network: &Network) -> String {
    let mut text = String::from("stop_id,stop_name,stop_lat,stop_lon,location_type,wheelchair_boarding\n");
    for stop in &network.stops {
        let _ = writeln!(
            text,
            "{},{},{:.6},{:.6},0,0",
            stop.id, stop.names[0], stop.point.lat, stop.point.lon
        );
    }
    text
}

fn calendar(validity: Validity) -> String {
    let mut text = String::from(
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n",
    );
    for service in Service::ALL {
        let (first, last) = (gtfs_date(validity.first), gtfs_date(validity.last));
        let _ = writeln!(text, "{},{},{first},{last}", service.id(), service.week());
    }
    text
}

fn calendar_dates(validity: Validity) -> String {
    let mut text = String::from("service_id,date,exception_type\n");
    for (day, usual, actual) in validity.exceptions() {
        let date = gtfs_date(day);
        let _ = writeln!(text, "{},{date},2\n{},{date},1", usual.id(), actual.id());
    }
    text
}

fn shape_id(line: &str, direction: usize) -> String {
    format!("{line}-{direction}")
}

fn trips(network: &Network, timetable: &Timetable) -> String {
    let mut text = String::from("route_id,service_id,trip_id,trip_headsign,direction_id,shape_id\n");
    for trip in &timetable.trips {
        let Trip {
            id,
            line,
            direction,
            service,
            ..
        } = trip;
        let line = &network.lines[*line];
        let last = timetable.pattern(trip).stops.last();
        let headsign = last.map_or("", |s| network.stops[*s].names[0].as_str());
        let shape = shape_id(&line.id, *direction);
        let _ = writeln!(
            text,
            "{},{},{id},{headsign},{direction},{shape}",
            line.id,
            service.id()
        );
    }
    text
}

fn stop_times(network: &Network, timetable: &Timetable) -> String {
    let mut text = String::from(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled,timepoint\n",
    );
    for trip in &timetable.trips {
        let pattern = timetable.pattern(trip);
        for (index, stop) in pattern.stops.iter().enumerate() {
            let arrival = clock_text(trip.start_s + pattern.arrival_s[index]);
            let departure = clock_text(trip.start_s + pattern.departure_s(index));
            let (stop, sequence) = (&network.stops[*stop].id, index + 1);
            let metres = pattern.metres[index];
            let _ = writeln!(
                text,
                "{},{arrival},{departure},{stop},{sequence},{metres:.1},1",
                trip.id
            );
        }
    }
    text
}

fn frequencies(timetable: &Timetable) -> String {
    let mut text = String::from("trip_id,start_time,end_time,headway_secs,exact_times\n");
    for trip in &timetable.trips {
        for (from, to, headway) in &trip.spans {
            let _ = writeln!(
                text,
                "{},{},{},{headway},1",
                trip.id,
                clock_text(*from),
                clock_text(*to)
            );
        }
    }
    text
}

fn shapes(network: &Network) -> String {
    let mut text = String::from("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n");
    for line in &network.lines {
        for (direction, pattern) in line.patterns.iter().enumerate() {
            for (index, stop) in pattern.stops.iter().enumerate() {
                let point = network.stops[*stop].point;
                let (id, sequence, metres) =
                    (shape_id(&line.id, direction), index + 1, pattern.metres[index]);
                let _ = writeln!(
                    text,
                    "{id},{:.6},{:.6},{sequence},{metres:.1}",
                    point.lat, point.lon
                );
            }
        }
    }
    text
}

fn translations(network: &Network) -> String {
    let mut text = String::from("table_name,field_name,language,translation,record_id\n");
    for stop in &network.stops {
        for (language, name) in [("ru", &stop.names[1]), ("en", &stop.names[2])] {
            let _ = writeln!(text, "stops,stop_name,{language},{name},{}", stop.id);
        }
    }
    text
}
