//! What the statistics need of a GTFS Schedule feed, read straight from its zip.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};

use csv::ByteRecord;
use zip::ZipArchive;

use crate::network::{Location, distance_m};
use crate::run::{Refusal, days_of};

/// More of a member than this is not read, bytes: no feed of a city comes near, and a bomb would.
const LARGEST: u64 = 4 << 30;
const CALENDAR: [&str; 10] = [
    "service_id",
    "start_date",
    "end_date",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A route.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) id: String,
    pub(super) short_name: String,
    pub(super) kind: String,
}

/// A trip of the timetable, from its first stop to its last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trip {
    pub(super) route: usize,
    pub(super) service: usize,
    /// 0, 1, or absent.
    pub(super) direction: Option<u8>,
    shape: Option<usize>,
    first: Option<Call>,
    last: Option<Call>,
    /// Departures of a trip that is repeated by headway, seconds.
    repeats: Vec<i64>,
}

/// One stop of a trip.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Call {
    sequence: u64,
    stop: usize,
    arrival: Option<i64>,
    departure: Option<i64>,
}

/// A feed.
#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) routes: Vec<Route>,
    pub(super) trips: Vec<Trip>,
    services: Names,
    /// Weekday pattern, first and last day, by service: days since 1970.
    weeks: HashMap<usize, ([bool; 7], i64, i64)>,
    /// Days added to and taken from a service.
    exceptions: HashMap<(usize, i64), bool>,
    stops: Names,
    places: Vec<Option<Location>>,
    /// Places of each shape by their numbers.
    shapes: Vec<Vec<(u64, Location)>>,
}

/// Numbers of names.
#[derive(Debug, Default)]
struct Names(HashMap<Box<[u8]>, usize>);

impl Names {
    fn place(&mut self, name: &[u8]) -> usize {
        if let Some(place) = self.0.get(name) {
            return *place;
        }
        let place = self.0.len();
        self.0.insert(name.into(), place);
        place
    }
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads the columns of a member that are asked for. False when the feed has no such member.
fn each<const N: usize>(
    archive: &mut Archive<'_>,
    member: &str,
    columns: [&str; N],
    mut row: impl FnMut([&[u8]; N]) -> Result<(), String>,
) -> Result<bool, Refusal> {
    // A feed may lie in a folder of its archive.
    let is_it = |name: &[u8]| name.rsplit(|byte| *byte == b'/').next() == Some(member.as_bytes());
    let Some(at) = archive.file_names_raw().position(is_it) else {
        return Ok(false);
    };
    let refusal = |what: &dyn std::fmt::Display| Refusal(format!("`{member}` of the feed: {what}"));
    let file = archive.by_index(at).map_err(|e| refusal(&e))?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(file.take(LARGEST));
    let head = reader.byte_headers().map_err(|e| refusal(&e))?;
    let trimmed = |cell: &[u8]| {
        let cell = cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell);
        cell.trim_ascii().to_vec()
    };
    let names: Vec<Vec<u8>> = head.iter().map(trimmed).collect();
    let places = columns.map(|column| {
        names
            .iter()
            .position(|name| name == column.trim_start_matches('?').as_bytes())
    });
    if let Some((column, _)) = columns
        .iter()
        .zip(&places)
        .find(|(column, place)| place.is_none() && !column.starts_with('?'))
    {
        return Err(refusal(&format!("there is no column `{column}`")));
    }
    let mut record = ByteRecord::new();
    let mut line = 1_u64;
    while reader.read_byte_record(&mut record).map_err(|e| refusal(&e))? {
        line += 1;
        let cells = places.map(|place| place.and_then(|p| record.get(p)).unwrap_or_default().trim_ascii());
        row(cells).map_err(|what| refusal(&format!("row {line}: {what}")))?;
    }
    Ok(true)
}

fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

fn whole(cell: &[u8]) -> Option<u64> {
    (!cell.is_empty() && cell.len() < 19 && cell.iter().all(u8::is_ascii_digit))
        .then(|| cell.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')))
}

/// Seconds after the start of the service day of `H:MM:SS`, beyond 24 hours too.
pub(super) fn seconds(cell: &[u8]) -> Option<i64> {
    let mut parts = cell.split(|byte| *byte == b':');
    let (h, m, s) = (
        whole(parts.next()?)?,
        whole(parts.next()?)?,
        whole(parts.next()?)?,
    );
    (parts.next().is_none() && h < 1_000 && m < 60 && s < 60).then(|| (h * 3600 + m * 60 + s) as i64)
}

/// Days since 1970 of `YYYYMMDD`.
fn day(cell: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(cell).ok()?;
    (cell.len() == 8 && cell.is_ascii())
        .then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
        .and_then(|text| days_of(&text))
}

impl Feed {
    /// Reads a feed.
    ///
    /// # Errors
    /// [`Refusal`] with the member and row: no zip, a member that must be there and is not, cells that cannot be read.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|e| Refusal(format!("the feed is no zip of text files: {e}")))?;
        let missing = |name: &str| Refusal(format!("the feed has no `{name}`"));
        let mut feed = Self::default();
        let mut routes = Names::default();
        let columns = ["route_id", "?route_short_name", "route_type"];
        let found = each(&mut archive, "routes.txt", columns, |cells| {
            if routes.place(cells[0]) == feed.routes.len() {
                feed.routes.push(Route {
                    id: text(cells[0]),
                    short_name: text(cells[1]),
                    kind: text(cells[2]),
                });
            }
            Ok(())
        })?;
        if !found {
            return Err(missing("routes.txt"));
        }
        let (mut trips, mut shapes) = (Names::default(), Names::default());
        let columns = ["route_id", "service_id", "trip_id", "?direction_id", "?shape_id"];
        let found = each(&mut archive, "trips.txt", columns, |cells| {
            let route = routes.0.get(cells[0]).copied();
            let route = route.ok_or_else(|| format!("there is no route `{}`", text(cells[0])))?;
            if trips.place(cells[2]) == feed.trips.len() {
                feed.trips.push(Trip {
                    route,
                    service: feed.services.place(cells[1]),
                    direction: whole(cells[3])
                        .and_then(|d| u8::try_from(d).ok())
                        .filter(|d| *d < 2),
                    shape: (!cells[4].is_empty()).then(|| shapes.place(cells[4])),
                    first: None,
                    last: None,
                    repeats: Vec::new(),
                });
            }
            Ok(())
        })?;
        if !found {
            return Err(missing("trips.txt"));
        }
        feed.read_days(&mut archive)?;
        feed.read_places(&mut archive, &shapes)?;
        feed.read_times(&mut archive, &trips)?;
        Ok(feed)
    }

    fn read_days(&mut self, archive: &mut Archive<'_>) -> Result<(), Refusal> {
        let bad_day = |cell: &[u8]| format!("`{}` is not a day like 20260302", text(cell));
        let weekly = each(archive, "calendar.txt", CALENDAR, |cells| {
            let first = day(cells[1]).ok_or_else(|| bad_day(cells[1]))?;
            let last = day(cells[2]).ok_or_else(|| bad_day(cells[2]))?;
            let mut runs = [false; 7];
            for (runs, cell) in runs.iter_mut().zip(&cells[3..]) {
                *runs = *cell == b"1";
            }
            let service = self.services.place(cells[0]);
            self.weeks.insert(service, (runs, first, last));
            Ok(())
        })?;
        let columns = ["service_id", "date", "exception_type"];
        let single = each(archive, "calendar_dates.txt", columns, |cells| {
            let at = day(cells[1]).ok_or_else(|| bad_day(cells[1]))?;
            let service = self.services.place(cells[0]);
            self.exceptions.insert((service, at), cells[2] == b"1");
            Ok(())
        })?;
        if weekly || single {
            Ok(())
        } else {
            Err(Refusal(
                "the feed has neither `calendar.txt` nor `calendar_dates.txt`".into(),
            ))
        }
    }

    fn read_places(&mut self, archive: &mut Archive<'_>, shapes: &Names) -> Result<(), Refusal> {
        let place = |lat: &[u8], lon: &[u8]| {
            let number = |cell: &[u8]| std::str::from_utf8(cell).ok()?.parse::<f64>().ok();
            number(lat)
                .zip(number(lon))
                .map(|(lat, lon)| Location { lon, lat })
        };
        each(
            archive,
            "stops.txt",
            ["stop_id", "?stop_lat", "?stop_lon"],
            |cells| {
                if self.stops.place(cells[0]) == self.places.len() {
                    self.places.push(place(cells[1], cells[2]));
                }
                Ok(())
            },
        )?;
        self.shapes = vec![Vec::new(); shapes.0.len()];
        let columns = ["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"];
        each(archive, "shapes.txt", columns, |cells| {
            let shape = shapes.0.get(cells[0]).and_then(|at| self.shapes.get_mut(*at));
            if let (Some(shape), Some(place), Some(n)) = (shape, place(cells[1], cells[2]), whole(cells[3])) {
                shape.push((n, place));
            }
            Ok(())
        })?;
        for shape in &mut self.shapes {
            shape.sort_by_key(|(n, _)| *n);
        }
        Ok(())
    }

    fn read_times(&mut self, archive: &mut Archive<'_>, trips: &Names) -> Result<(), Refusal> {
        let time = |cell: &[u8]| match seconds(cell) {
            None if !cell.is_empty() => Err(format!("`{}` is not a time like 07:30:00", text(cell))),
            time => Ok(time),
        };
        let columns = [
            "trip_id",
            "stop_sequence",
            "?stop_id",
            "?arrival_time",
            "?departure_time",
        ];
        // Rows of a trip mostly follow each other.
        let (mut last_id, mut last_trip): (Vec<u8>, Option<usize>) = (Vec::new(), None);
        let found = each(archive, "stop_times.txt", columns, |cells| {
            if last_id != cells[0] {
                last_id.clear();
                last_id.extend_from_slice(cells[0]);
                last_trip = trips.0.get(cells[0]).copied();
            }
            let Some(trip) = last_trip.and_then(|at| self.trips.get_mut(at)) else {
                return Err(format!("there is no trip `{}`", text(cells[0])));
            };
            let call = Call {
                sequence: whole(cells[1])
                    .ok_or_else(|| format!("`{}` is not a number of a stop", text(cells[1])))?,
                stop: self.stops.place(cells[2]),
                arrival: time(cells[3])?,
                departure: time(cells[4])?,
            };
            if trip.first.is_none_or(|first| call.sequence < first.sequence) {
                trip.first = Some(call);
            }
            if trip.last.is_none_or(|last| call.sequence > last.sequence) {
                trip.last = Some(call);
            }
            Ok(())
        })?;
        if !found {
            return Err(Refusal("the feed has no `stop_times.txt`".into()));
        }
        let columns = ["trip_id", "start_time", "end_time", "headway_secs"];
        each(archive, "frequencies.txt", columns, |cells| {
            let (Some(from), Some(to), Some(step)) = (time(cells[1])?, time(cells[2])?, whole(cells[3]))
            else {
                return Err("a time or the headway is empty".into());
            };
            if let Some(trip) = trips.0.get(cells[0]).and_then(|at| self.trips.get_mut(*at)) {
                trip.repeats.extend((from..to).step_by((step as usize).max(1)));
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Says whether a service runs on a day.
    fn runs(&self, service: usize, day: i64) -> bool {
        if let Some(added) = self.exceptions.get(&(service, day)) {
            return *added;
        }
        self.weeks.get(&service).is_some_and(|(week, first, last)| {
            // 1 January 1970 was a Thursday.
            (*first..=*last).contains(&day) && week[(day + 3).rem_euclid(7) as usize]
        })
    }

    /// Trips of a day.
    pub(super) fn trips_on(&self, day: i64) -> impl Iterator<Item = &Trip> {
        let runs: Vec<bool> = (0..self.services.0.len()).map(|s| self.runs(s, day)).collect();
        self.trips
            .iter()
            .filter(move |trip| runs.get(trip.service).copied().unwrap_or(false))
    }

    /// The first of the days with the most trips; absent when nothing ever runs.
    pub(super) fn busiest_day(&self) -> Option<i64> {
        let mut trips = vec![0_usize; self.services.0.len()];
        for trip in &self.trips {
            trips[trip.service] += trip.repeats.len().max(1);
        }
        let mut days: BTreeMap<i64, usize> = BTreeMap::new();
        let added = self
            .exceptions
            .iter()
            .filter(|(_, added)| **added)
            .map(|((_, day), _)| *day);
        let weekly = self
            .weeks
            .values()
            .flat_map(|(_, first, last)| *first..=(*last).min(first + 3 * 366));
        for day in added.chain(weekly) {
            days.entry(day).or_default();
        }
        for (day, sum) in &mut days {
            *sum = (0..trips.len())
                .filter(|s| self.runs(*s, *day))
                .map(|s| trips[s])
                .sum();
        }
        // The first of those that are equal.
        days.into_iter()
            .rev()
            .max_by_key(|(_, sum)| *sum)
            .filter(|(_, sum)| *sum > 0)
            .map(|(day, _)| day)
    }

    /// Start and end of every run of a trip, seconds after the start of the service day. None without times.
    pub(super) fn runs_of(trip: &Trip) -> Vec<(i64, i64)> {
        let ends = trip.first.zip(trip.last).and_then(|(first, last)| {
            Some((
                first.departure.or(first.arrival)?,
                last.arrival.or(last.departure)?,
            ))
        });
        let Some((start, end)) = ends else {
            return Vec::new();
        };
        if trip.repeats.is_empty() {
            return vec![(start, end)];
        }
        trip.repeats.iter().map(|at| (*at, at + end - start)).collect()
    }

    /// Length of a trip along its shape, metres: from the place of the shape nearest to its first stop to that nearest to its
    /// last, the whole shape where these come in the wrong order. Absent without a shape.
    pub(super) fn length_m(
        &self,
        trip: &Trip,
        known: &mut HashMap<(usize, usize, usize), f64>,
    ) -> Option<f64> {
        let (shape, first, last) = (trip.shape?, trip.first?.stop, trip.last?.stop);
        let places = self.shapes.get(shape).filter(|places| places.len() > 1)?;
        if let Some(length) = known.get(&(shape, first, last)) {
            return Some(*length);
        }
        let nearest = |stop: usize| {
            let stop = self.places.get(stop).copied().flatten()?;
            let far = |at: &usize| distance_m(places[*at].1, stop);
            (0..places.len()).min_by(|a, b| far(a).total_cmp(&far(b)))
        };
        let (from, to) = match (nearest(first), nearest(last)) {
            (Some(from), Some(to)) if from < to => (from, to),
            _ => (0, places.len() - 1),
        };
        let length = places[from..=to]
            .windows(2)
            .map(|pair| distance_m(pair[0].1, pair[1].1))
            .sum();
        known.insert((shape, first, last), length);
        Some(length)
    }
}
