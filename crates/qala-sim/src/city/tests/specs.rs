//! Feeds and datasets of the pack fit what the city sends.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{Column, ColumnType, DatasetSpec, FeedSpec};
use qala_core::{Arrivals, Listening, Standing};

use super::super::instruments::channels;
use super::super::*;
use super::{DAY, MINUTE, ONE, WINTER, root, rows_of, table, window};

#[test]
fn every_feed_has_its_spec_and_its_dataset() {
    let mut datasets = BTreeMap::new();
    for subject in std::fs::read_dir(root().join("datasets")).unwrap() {
        for entry in std::fs::read_dir(subject.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            datasets.insert(
                name.clone(),
                DatasetSpec::from_toml(&name, &std::fs::read_to_string(&path).unwrap()).unwrap(),
            );
        }
    }
    let functions = std::fs::read_to_string(root().join("packs/almaty/functions.toml")).unwrap();
    for feed in Feed::LISTS.into_iter().chain(Feed::STREAMS) {
        let path = root().join(format!("packs/almaty/feeds/{}.toml", feed.id()));
        let spec = FeedSpec::from_toml(feed.id(), &std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(
            (spec.id.as_str(), spec.kind.as_str(), spec.simulated),
            (feed.id(), feed.kind(), true)
        );
        assert!(
            functions.contains(&format!("id = \"{}\"", spec.owner_function.as_str())),
            "{feed:?}"
        );
        let Some(dataset) = &spec.dataset else { continue };
        let dataset = &datasets[dataset.as_str()];
        for channel in channels(feed) {
            assert!(
                dataset.quantities.contains_key(channel.quantity),
                "{feed:?} {}",
                channel.quantity
            );
        }
    }
}

#[test]
fn tables_name_the_columns_of_their_datasets() {
    let mut files: Vec<(String, Vec<u8>)> = ONE
        .lists(WINTER)
        .unwrap()
        .into_iter()
        .map(|f| (f.feed, f.bytes))
        .collect();
    let streams = window(&ONE, Pace::History, WINTER, WINTER + DAY);
    files.extend(
        streams
            .into_iter()
            .filter(|m| m.feed.kind() == "table")
            .map(|m| (m.feed.id().to_owned(), m.bytes)),
    );
    for (feed, bytes) in files {
        let text = std::fs::read_to_string(root().join(format!("packs/almaty/feeds/{feed}.toml"))).unwrap();
        let spec = FeedSpec::from_toml(&feed, &text).unwrap();
        let Some(name) = spec.dataset.as_ref().map(|d| d.as_str().to_owned()) else {
            continue;
        };
        let subject = name.split('_').next().unwrap();
        let path = root().join(format!("datasets/{subject}/{name}.toml"));
        let dataset = DatasetSpec::from_toml(&name, &std::fs::read_to_string(path).unwrap()).unwrap();
        let mapped: BTreeSet<String> = spec
            .mapping
            .iter()
            .flat_map(|m| m.columns.values().filter_map(|c| c.from.clone()))
            .collect();
        for column in table(&bytes)[0].keys() {
            assert!(
                dataset.column(column).is_some() || mapped.contains(column),
                "{feed}: {column}"
            );
        }
    }
}

/// Says why a cell would be stopped at the door; none when it fits its column.
fn misfit(column: &Column, cell: &str) -> Option<&'static str> {
    if cell.is_empty() {
        return column.required.then_some("is missing");
    }
    let number = cell.parse::<f64>();
    let fits = match column.kind {
        ColumnType::Text => column.values.is_empty() || column.values.iter().any(|v| v == cell),
        ColumnType::Int => cell.parse::<i64>().is_ok(),
        ColumnType::Float => number.is_ok(),
        ColumnType::Decimal => {
            let digits = cell.split_once('.').map_or(0, |c| c.1.len());
            number.is_ok() && digits <= usize::try_from(column.scale.unwrap_or(0)).unwrap_or(0)
        }
        ColumnType::Bool => matches!(cell, "true" | "false"),
        ColumnType::Time => qala_core::parse_instant(cell, None).is_ok(),
        ColumnType::Date => {
            cell.len() == 10 && qala_core::parse_instant(&format!("{cell}T00:00:00Z"), None).is_ok()
        }
    };
    if !fits {
        return Some("does not fit");
    }
    let inside = |n: f64| column.min.is_none_or(|min| n >= min) && column.max.is_none_or(|max| n <= max);
    number.is_ok_and(|n| !inside(n)).then_some("is out of its range")
}

/// Columns that a table names as its dataset does, with the dataset.
fn dataset_of(feed: &str) -> Option<DatasetSpec> {
    let text = std::fs::read_to_string(root().join(format!("packs/almaty/feeds/{feed}.toml"))).unwrap();
    let name = FeedSpec::from_toml(feed, &text)
        .unwrap()
        .dataset?
        .as_str()
        .to_owned();
    let subject = name.split('_').next().unwrap();
    let path = root().join(format!("datasets/{subject}/{name}.toml"));
    Some(DatasetSpec::from_toml(&name, &std::fs::read_to_string(path).unwrap()).unwrap())
}

#[test]
fn every_cell_of_a_book_fits_its_column_and_no_key_comes_twice() {
    let mut tables: Vec<(String, Vec<BTreeMap<String, String>>)> = ONE
        .lists(WINTER)
        .unwrap()
        .into_iter()
        .filter(|f| f.kind == "table")
        .map(|f| (f.feed, table(&f.bytes)))
        .collect();
    // From the end of one year to the sixth night of the next, so that months and the new plan are among it.
    let new_year = ONE.zone().day_start(crate::clock::month_start(2026, 1));
    let books = Feed::STREAMS.into_iter().filter(|f| {
        f.kind() == "table"
            && !matches!(
                f,
                Feed::Traffic | Feed::TrafficHours | Feed::AirHours | Feed::Incidents
            )
    });
    for feed in books {
        let rows = rows_of(&ONE, feed, Pace::Bulk, new_year - DAY, new_year + 6 * DAY);
        tables.push((feed.id().to_owned(), rows));
    }
    let mut empty = Vec::new();
    for (feed, rows) in tables {
        let dataset = dataset_of(&feed).unwrap();
        let mut keys = BTreeSet::new();
        if rows.is_empty() {
            empty.push(feed.clone());
        }
        for row in rows {
            for (name, cell) in &row {
                let Some(column) = dataset.column(name) else {
                    continue;
                };
                let wrong = misfit(column, cell.trim_matches('"'));
                assert_eq!(wrong, None, "{feed}: {name} of {row:?}");
            }
            for column in dataset.columns.iter().filter(|c| c.required && c.role.is_none()) {
                // Tables with a mapping name their columns otherwise.
                assert!(
                    row.contains_key(&column.name) || feed.contains("hours"),
                    "{feed}: {}",
                    column.name
                );
            }
            let key: Vec<&String> = dataset.key.iter().filter_map(|k| row.get(k)).collect();
            assert!(keys.insert(format!("{key:?}")), "{feed}: {key:?} twice");
        }
    }
    // Nothing is promised anew or blocked in those days; the rest all send something.
    assert!(empty.iter().all(|f| f.ends_with("-news")), "{empty:?}");
}

#[test]
fn positions_keep_their_promise_all_night_and_a_stop_in_service_is_told() {
    let path = root().join("packs/almaty/feeds/sim-city-vehicle-positions.toml");
    let spec = FeedSpec::from_toml("positions", &std::fs::read_to_string(path).unwrap()).unwrap();
    let promise = spec.promise().unwrap();
    let on = Listening {
        zone: ONE.zone(),
        dark: &[],
        is_day_off: &|_| false,
    };
    let truth = ONE.truth();
    let step = spec.cadence_s.unwrap() as i64 * SECOND;
    // Two days as they are, but for the messages between two instants.
    let standings = |silent: (i64, i64)| {
        let mut arrivals = Arrivals::default();
        let mut standings = Vec::new();
        let mut runs = false;
        for at in (WINTER + 12 * HOUR..WINTER + 60 * HOUR).step_by(step as usize) {
            if at % MINUTE == 0 {
                runs = truth.buses(at) > 0;
            }
            if runs && !(silent.0..silent.1).contains(&at) {
                arrivals.add(at, Some((&promise, &on)));
            }
            if at % (5 * MINUTE) == 0 {
                standings.push((at, arrivals.standing(&promise, &on, at).0));
            }
        }
        standings
    };
    let all = standings((0, 0));
    assert!(all.iter().all(|(_, standing)| *standing == Standing::Kept));
    assert!(
        all.iter().any(|(at, _)| truth.buses(*at) == 0),
        "there is a night"
    );
    // Silent from ten in the morning, and from half past midnight: both are told within five minutes.
    for from in [WINTER + 34 * HOUR, WINTER + 24 * HOUR + 30 * MINUTE] {
        let told = standings((from, from + 20 * MINUTE));
        let stopped: Vec<i64> = told
            .iter()
            .filter(|s| s.1 == Standing::Stopped)
            .map(|s| s.0 - from)
            .collect();
        assert_eq!(stopped.first(), Some(&(5 * MINUTE)), "{stopped:?}");
        assert_eq!(stopped.last(), Some(&(15 * MINUTE)), "{stopped:?}");
    }
}
