//! Feeds and datasets of the pack fit what the city sends.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::spec::{DatasetSpec, FeedSpec};

use super::super::instruments::channels;
use super::super::*;
use super::{DAY, ONE, WINTER, root, table, window};

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
