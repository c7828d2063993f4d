//! The timetable as a GTFS Schedule feed (reference of 2026-04-27, <https://gtfs.org/documentation/schedule/reference/>).

use std::fmt::Write;

use super::lines::{Line, Transit};
use crate::SimError;
use crate::clock::gtfs_date;
use crate::transit::calendar::{Service, Validity};
use crate::transit::{clock_text, pack};

const AGENCY: &str = "sim";

/// Writes the feed.
pub(in super::super) fn write(transit: &Transit, validity: Validity) -> Result<Vec<u8>, SimError> {
    let (first, last) = (gtfs_date(validity.first), gtfs_date(validity.last));
    let agency = format!(
        "agency_id,agency_name,agency_url,agency_timezone,agency_lang\n\
         {AGENCY},Модельдік қалалық көлік,https://example.org/,{},kk\n",
        crate::ZONE
    );
    let feed_info = format!(
        "feed_publisher_name,feed_publisher_url,feed_lang,default_lang,feed_start_date,feed_end_date,feed_version,\
         feed_contact_url\nQala: simulated city,https://example.org/,kk,kk,{first},{last},simulated,\
         https://example.org/contact\n"
    );
    let mut calendar = String::from(
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n",
    );
    for service in Service::ALL {
        let _ = writeln!(calendar, "{},{},{first},{last}", service.id(), service.week());
    }
    let mut dates = String::from("service_id,date,exception_type\n");
    for (day, usual, actual) in validity.exceptions() {
        let date = gtfs_date(day);
        let _ = writeln!(dates, "{},{date},2\n{},{date},1", usual.id(), actual.id());
    }
    let (trips, stop_times, frequencies) = trips(transit);
    pack(&[
        ("agency.txt", agency),
        ("feed_info.txt", feed_info),
        ("routes.txt", routes(transit)),
        ("stops.txt", stops(transit)),
        ("calendar.txt", calendar),
        ("calendar_dates.txt", dates),
        ("trips.txt", trips),
        ("stop_times.txt", stop_times),
        ("frequencies.txt", frequencies),
        ("shapes.txt", shapes(transit)),
        ("translations.txt", translations(transit)),
    ])
}

fn end_name<'a>(transit: &'a Transit, line: &Line, direction: usize) -> &'a str {
    let last = line.patterns[direction].stops.last();
    last.map_or("", |s| transit.stops[*s].names[0].as_str())
}

fn routes(transit: &Transit) -> String {
    let mut text = String::from(
        "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color\n",
    );
    for line in &transit.lines {
        let (from, to) = (end_name(transit, line, 1), end_name(transit, line, 0));
        // 1: metro, 3: bus.
        let (kind, colour) = if line.is_metro {
            (1, "B3261E")
        } else {
            (3, "0B57D0")
        };
        let _ = writeln!(
            text,
            "{},{AGENCY},{},{from} – {to},{kind},{colour},FFFFFF",
            line.id, line.short_name
        );
    }
    text
}

fn stops(transit: &Transit) -> String {
    let mut text = String::from("stop_id,stop_name,stop_lat,stop_lon,location_type,wheelchair_boarding\n");
    for stop in &transit.stops {
        let _ = writeln!(
            text,
            "{},{},{:.6},{:.6},0,0",
            stop.id, stop.names[0], stop.point.lat, stop.point.lon
        );
    }
    text
}

fn shape_id(line: &Line, direction: usize) -> String {
    format!("{}-{direction}", line.id)
}

/// Trips, their stop times, and the headways of the frequent lines.
fn trips(transit: &Transit) -> (String, String, String) {
    let mut trips = String::from("route_id,service_id,trip_id,trip_headsign,direction_id,shape_id\n");
    let mut times = String::from(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled,timepoint\n",
    );
    let mut frequencies = String::from("trip_id,start_time,end_time,headway_secs,exact_times\n");
    for line in &transit.lines {
        for (service, kind) in Service::ALL.into_iter().enumerate() {
            for direction in 0..2 {
                let runs = &line.runs[service][direction];
                let count = if line.is_frequent { 1 } else { runs.len() };
                for (index, run) in runs.iter().enumerate().take(count) {
                    let id = line.trip_id(service, direction, index);
                    let _ = writeln!(
                        trips,
                        "{},{},{id},{},{direction},{}",
                        line.id,
                        kind.id(),
                        end_name(transit, line, direction),
                        shape_id(line, direction)
                    );
                    let pattern = &line.patterns[direction];
                    for (place, stop) in pattern.stops.iter().enumerate() {
                        let arrival = clock_text(run.start_s + pattern.arrival_s[place]);
                        let departure = clock_text(run.start_s + pattern.departure_s(place));
                        let _ = writeln!(
                            times,
                            "{id},{arrival},{departure},{},{},{:.1},1",
                            transit.stops[*stop].id,
                            place + 1,
                            pattern.metres[place]
                        );
                    }
                }
                if line.is_frequent {
                    let id = line.trip_id(service, direction, 0);
                    for (from, to, headway) in &line.spans[service][direction] {
                        let (from, to) = (clock_text(*from), clock_text(*to));
                        let _ = writeln!(frequencies, "{id},{from},{to},{headway},1");
                    }
                }
            }
        }
    }
    (trips, times, frequencies)
}

fn shapes(transit: &Transit) -> String {
    let mut text = String::from("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n");
    for line in &transit.lines {
        for (direction, pattern) in line.patterns.iter().enumerate() {
            for (index, stop) in pattern.stops.iter().enumerate() {
                let point = transit.stops[*stop].point;
                let _ = writeln!(
                    text,
                    "{},{:.6},{:.6},{},{:.1}",
                    shape_id(line, direction),
                    point.lat,
                    point.lon,
                    index + 1,
                    pattern.metres[index]
                );
            }
        }
    }
    text
}

fn translations(transit: &Transit) -> String {
    let mut text = String::from("table_name,field_name,language,translation,record_id\n");
    for stop in &transit.stops {
        for (language, name) in [("ru", &stop.names[1]), ("en", &stop.names[2])] {
            let _ = writeln!(text, "stops,stop_name,{language},{name},{}", stop.id);
        }
    }
    text
}
