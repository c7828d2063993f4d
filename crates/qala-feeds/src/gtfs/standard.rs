//! The files of GTFS Schedule (reference of 2026-04-27) and how they hang together.
//!
//! What belongs here: facts of the reference that a dataset spec cannot say. Columns, types and keys are in
//! `datasets/transit/gtfs_*.toml`.

/// Whether a feed can do without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    /// One of `calendar.txt` and `calendar_dates.txt`.
    Calendar,
    Optional,
}

/// A file of the standard.
#[derive(Debug)]
pub(super) struct FileRule {
    /// File name without `.txt`; the dataset is `gtfs_<stem>`.
    pub(super) stem: &'static str,
    pub(super) presence: Presence,
    /// Fields of the key that may be empty: kept as empty text, or as the given number.
    pub(super) may_be_empty: &'static [(&'static str, i64)],
}

const fn required(stem: &'static str) -> FileRule {
    FileRule {
        stem,
        presence: Presence::Required,
        may_be_empty: &[],
    }
}

const fn optional(stem: &'static str) -> FileRule {
    FileRule {
        stem,
        presence: Presence::Optional,
        may_be_empty: &[],
    }
}

const fn with_empty(stem: &'static str, may_be_empty: &'static [(&'static str, i64)]) -> FileRule {
    FileRule {
        stem,
        presence: Presence::Optional,
        may_be_empty,
    }
}

/// All files, those that others refer to before those that refer to them.
pub(super) const FILES: &[FileRule] = &[
    FileRule {
        stem: "agency",
        presence: Presence::Required,
        may_be_empty: &[("agency_id", 0)],
    },
    optional("levels"),
    required("stops"),
    required("routes"),
    FileRule {
        stem: "calendar",
        presence: Presence::Calendar,
        may_be_empty: &[],
    },
    FileRule {
        stem: "calendar_dates",
        presence: Presence::Calendar,
        may_be_empty: &[],
    },
    optional("shapes"),
    optional("booking_rules"),
    optional("location_groups"),
    optional("location_group_stops"),
    required("trips"),
    required("stop_times"),
    optional("frequencies"),
    with_empty(
        "transfers",
        &[
            ("from_stop_id", 0),
            ("to_stop_id", 0),
            ("from_route_id", 0),
            ("to_route_id", 0),
            ("from_trip_id", 0),
            ("to_trip_id", 0),
        ],
    ),
    optional("pathways"),
    optional("fare_attributes"),
    with_empty(
        "fare_rules",
        &[
            ("route_id", 0),
            ("origin_id", 0),
            ("destination_id", 0),
            ("contains_id", 0),
        ],
    ),
    optional("rider_categories"),
    optional("fare_media"),
    optional("areas"),
    optional("stop_areas"),
    optional("networks"),
    optional("route_networks"),
    with_empty("timeframes", &[("start_time", 0), ("end_time", 86_400)]),
    with_empty("fare_products", &[("rider_category_id", 0), ("fare_media_id", 0)]),
    with_empty(
        "fare_leg_rules",
        &[
            ("network_id", 0),
            ("from_area_id", 0),
            ("to_area_id", 0),
            ("from_timeframe_group_id", 0),
            ("to_timeframe_group_id", 0),
        ],
    ),
    with_empty("fare_leg_join_rules", &[("from_stop_id", 0), ("to_stop_id", 0)]),
    with_empty(
        "fare_transfer_rules",
        &[
            ("from_leg_group_id", 0),
            ("to_leg_group_id", 0),
            ("fare_product_id", 0),
            ("transfer_count", 0),
            ("duration_limit", 0),
        ],
    ),
    optional("feed_info"),
    with_empty(
        "translations",
        &[("record_id", 0), ("record_sub_id", 0), ("field_value", 0)],
    ),
    with_empty(
        "attributions",
        &[
            ("attribution_id", 0),
            ("agency_id", 0),
            ("route_id", 0),
            ("trip_id", 0),
        ],
    ),
];

/// The rule of a file by its name.
pub(super) fn rule(name: &str) -> Option<&'static FileRule> {
    let stem = name.strip_suffix(".txt")?;
    FILES.iter().find(|rule| rule.stem == stem)
}

/// Fields written `H:MM:SS` and kept as seconds since the start of the service day.
pub(super) const CLOCKS: &[&str] = &[
    "arrival_time",
    "departure_time",
    "start_time",
    "end_time",
    "start_pickup_drop_off_window",
    "end_pickup_drop_off_window",
    "prior_notice_last_time",
    "prior_notice_start_time",
];

/// (file, field, what its values name).
pub(super) type Link = (&'static str, &'static str, &'static str);

/// Fields that give a thing its id.
pub(super) const DEFINES: &[Link] = &[
    ("agency", "agency_id", "agency"),
    ("levels", "level_id", "level"),
    ("stops", "stop_id", "stop"),
    ("stops", "zone_id", "zone"),
    ("routes", "route_id", "route"),
    ("routes", "network_id", "network"),
    ("calendar", "service_id", "service"),
    ("calendar_dates", "service_id", "service"),
    ("shapes", "shape_id", "shape"),
    ("booking_rules", "booking_rule_id", "booking rule"),
    ("location_groups", "location_group_id", "location group"),
    ("trips", "trip_id", "trip"),
    ("fare_attributes", "fare_id", "fare"),
    ("rider_categories", "rider_category_id", "rider category"),
    ("fare_media", "fare_media_id", "fare media"),
    ("areas", "area_id", "area"),
    ("networks", "network_id", "network"),
    ("timeframes", "timeframe_group_id", "timeframe"),
    ("fare_products", "fare_product_id", "fare product"),
    ("fare_leg_rules", "leg_group_id", "leg group"),
];

/// Fields that name a thing by its id.
pub(super) const REFERS: &[Link] = &[
    ("stops", "parent_station", "stop"),
    ("stops", "level_id", "level"),
    ("routes", "agency_id", "agency"),
    ("location_group_stops", "location_group_id", "location group"),
    ("location_group_stops", "stop_id", "stop"),
    ("booking_rules", "prior_notice_service_id", "service"),
    ("trips", "route_id", "route"),
    ("trips", "service_id", "service"),
    ("trips", "shape_id", "shape"),
    ("stop_times", "trip_id", "trip"),
    ("stop_times", "stop_id", "stop"),
    ("stop_times", "location_group_id", "location group"),
    ("stop_times", "pickup_booking_rule_id", "booking rule"),
    ("stop_times", "drop_off_booking_rule_id", "booking rule"),
    ("frequencies", "trip_id", "trip"),
    ("transfers", "from_stop_id", "stop"),
    ("transfers", "to_stop_id", "stop"),
    ("transfers", "from_route_id", "route"),
    ("transfers", "to_route_id", "route"),
    ("transfers", "from_trip_id", "trip"),
    ("transfers", "to_trip_id", "trip"),
    ("pathways", "from_stop_id", "stop"),
    ("pathways", "to_stop_id", "stop"),
    ("fare_attributes", "agency_id", "agency"),
    ("fare_rules", "fare_id", "fare"),
    ("fare_rules", "route_id", "route"),
    ("fare_rules", "origin_id", "zone"),
    ("fare_rules", "destination_id", "zone"),
    ("fare_rules", "contains_id", "zone"),
    ("stop_areas", "area_id", "area"),
    ("stop_areas", "stop_id", "stop"),
    ("route_networks", "network_id", "network"),
    ("route_networks", "route_id", "route"),
    ("timeframes", "service_id", "service"),
    ("fare_products", "rider_category_id", "rider category"),
    ("fare_products", "fare_media_id", "fare media"),
    ("fare_leg_rules", "network_id", "network"),
    ("fare_leg_rules", "from_area_id", "area"),
    ("fare_leg_rules", "to_area_id", "area"),
    ("fare_leg_rules", "from_timeframe_group_id", "timeframe"),
    ("fare_leg_rules", "to_timeframe_group_id", "timeframe"),
    ("fare_leg_rules", "fare_product_id", "fare product"),
    ("fare_leg_join_rules", "from_network_id", "network"),
    ("fare_leg_join_rules", "to_network_id", "network"),
    ("fare_leg_join_rules", "from_stop_id", "stop"),
    ("fare_leg_join_rules", "to_stop_id", "stop"),
    ("fare_transfer_rules", "from_leg_group_id", "leg group"),
    ("fare_transfer_rules", "to_leg_group_id", "leg group"),
    ("fare_transfer_rules", "fare_product_id", "fare product"),
    ("attributions", "agency_id", "agency"),
    ("attributions", "route_id", "route"),
    ("attributions", "trip_id", "trip"),
];

/// A time of the service day as seconds; hours may pass 24.
pub(crate) fn clock(text: &[u8]) -> Option<i64> {
    let two = |pair: &[u8]| -> Option<i64> {
        let [tens @ b'0'..=b'5', ones @ b'0'..=b'9'] = pair else {
            return None;
        };
        Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (hours, rest) = text.split_at(colon);
    if rest.len() != 6 || rest[3] != b':' || !(1..=3).contains(&hours.len()) {
        return None;
    }
    if !hours.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let hours = hours
        .iter()
        .fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
    Some(hours * 3600 + two(&rest[1..3])? * 60 + two(&rest[4..6])?)
}
