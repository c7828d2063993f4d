//! Tests of the statistics of routes.

use std::io::{Cursor, Write};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;
use crate::fixture::{assert_close, numbers};

fn feed(members: &[(&str, &str)]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        out.start_file(*name, SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

const ROUTES: (&str, &str) = (
    "routes.txt",
    "\u{feff}route_id,route_short_name,route_type\nr1,1,3\nr2,2,0\n",
);
const STOPS: (&str, &str) = ("stops.txt", "stop_id,stop_lat,stop_lon\na,43,76\nb,43,76.1\n");
const CALENDAR: (&str, &str) = (
    "calendar.txt",
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
     work,1,1,1,1,1,0,0,20260302,20260308\nrest,0,0,0,0,0,1,1,20260302,20260308\n",
);
const TRIPS: (&str, &str) = (
    "trips.txt",
    "route_id,service_id,trip_id,direction_id,shape_id\nr1,work,t1,0,s\nr1,work,t2,0,s\nr1,work,t3,1,\nr2,rest,t4,,\n",
);
const TIMES: (&str, &str) = (
    "stop_times.txt",
    "trip_id,stop_sequence,stop_id,arrival_time,departure_time\nt1,2,b,07:30:00,07:31:00\nt1,1,a,7:00:00,07:01:00\n\
     t2,1,a,07:15:00,07:16:00\nt2,2,b,07:45:00,07:45:00\nt3,5,b,23:50:00,23:50:00\nt3,9,a,24:20:00,\n\
     t4,1,a,,08:00:00\nt4,2,b,08:30:00,\n",
);
const SHAPES: (&str, &str) = (
    "shapes.txt",
    "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,43,76.1,2\ns,43,75.9,0\ns,43,76,1\n",
);

fn stats(bytes: &[u8], settings: &[(&str, &str)]) -> Result<Table, String> {
    crate::fixture::with_file("transit.route_stats", "feed", bytes, settings).map(|mut all| all.remove(0))
}

#[test]
fn a_small_timetable_is_counted() {
    let bytes = feed(&[ROUTES, STOPS, CALENDAR, TRIPS, TIMES, SHAPES]);
    let table = stats(&bytes, &[("date", "2026-03-03")]).unwrap();
    assert_eq!(table.rows(), 1, "only the route that runs on a Tuesday");
    assert_eq!(
        table.row(0)[..8],
        ["2026-03-03", "r1", "1", "3", "", "3", "07:01:00", "24:20:00"]
    );
    assert_close(numbers(&table, "mean_headway_min")[0].unwrap(), 15.0, 1e-12);
    assert_close(numbers(&table, "peak_trips")[0].unwrap(), 2.0, 1e-12);
    // 29 + 29 + 30 minutes.
    assert_close(numbers(&table, "duration_h")[0].unwrap(), 88.0 / 60.0, 1e-12);
    assert_eq!(numbers(&table, "distance_km")[0], None, "a trip has no shape");

    let table = stats(&bytes, &[("date", "2026-03-03"), ("by_direction", "true")]).unwrap();
    assert_eq!(table.rows(), 2);
    // A tenth of a degree of longitude at 43 degrees north, twice: from the place of the shape nearest to the first stop.
    let metre = crate::network::MEAN_RADIUS_M * 43_f64.to_radians().cos() * 0.1_f64.to_radians();
    assert_close(
        numbers(&table, "distance_km")[0].unwrap(),
        2.0 * metre / 1e3,
        1e-6,
    );
}

#[test]
fn the_day_with_the_most_trips_is_the_default_and_exceptions_count() {
    let bytes = feed(&[ROUTES, STOPS, CALENDAR, TRIPS, TIMES]);
    assert_eq!(stats(&bytes, &[]).unwrap().row(0)[0], "2026-03-02");
    let dates = (
        "calendar_dates.txt",
        "service_id,date,exception_type\nwork,20260302,2\nrest,20260304,1\n",
    );
    let bytes = feed(&[ROUTES, STOPS, CALENDAR, TRIPS, TIMES, dates]);
    let table = stats(&bytes, &[]).unwrap();
    assert_eq!((table.rows(), table.row(0)[0].as_str()), (2, "2026-03-04"));
}

#[test]
fn trips_by_headway_are_as_many_as_their_headways() {
    let often = (
        "frequencies.txt",
        "trip_id,start_time,end_time,headway_secs\nt4,08:00:00,09:00:00,600\n",
    );
    let bytes = feed(&[ROUTES, STOPS, CALENDAR, TRIPS, TIMES, often]);
    let table = stats(&bytes, &[("date", "2026-03-07")]).unwrap();
    assert_close(numbers(&table, "trips")[0].unwrap(), 6.0, 1e-12);
    assert_close(numbers(&table, "max_headway_min")[0].unwrap(), 10.0, 1e-12);
    assert_close(numbers(&table, "peak_trips")[0].unwrap(), 3.0, 1e-12);
}

#[test]
fn what_is_wrong_is_said_with_its_member_and_row() {
    let refused = |members: &[(&str, &str)]| stats(&feed(members), &[]).unwrap_err();
    assert!(stats(b"no zip", &[]).unwrap_err().contains("no zip"));
    assert!(refused(&[ROUTES]).contains("trips.txt"));
    assert!(refused(&[ROUTES, STOPS, TRIPS, TIMES]).contains("calendar"));
    let times = (
        "stop_times.txt",
        "trip_id,stop_sequence,departure_time\nt1,1,7:00\n",
    );
    let said = refused(&[ROUTES, STOPS, CALENDAR, TRIPS, times]);
    assert!(
        said.contains("`stop_times.txt` of the feed: row 2: `7:00`"),
        "{said}"
    );
    let times = ("stop_times.txt", "stop_sequence,departure_time\n1,7:00:00\n");
    assert!(refused(&[ROUTES, STOPS, CALENDAR, TRIPS, times]).contains("no column `trip_id`"));
    assert!(
        stats(
            &feed(&[ROUTES, STOPS, CALENDAR, TRIPS, TIMES]),
            &[("date", "2.3.2026")]
        )
        .unwrap_err()
        .contains("2026-03-02")
    );
}
