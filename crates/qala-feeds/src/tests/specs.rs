//! Specs, mappings and the list of kinds.

use std::collections::BTreeSet;

use qala_core::spec::Mapping;

use super::{datasets, files, root};
use crate::{KINDS, kind, schema};

#[test]
fn every_dataset_spec_is_good_and_has_its_own_name() {
    let specs = datasets();
    let names: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names.len(), specs.len());
    for spec in &specs {
        assert_eq!(schema(spec).fields().len(), spec.columns.len());
    }
    for needed in [
        "air_readings",
        "traffic_readings",
        "transit_vehicle_positions",
        "gtfs_stop_times",
    ] {
        assert!(names.contains(needed), "{needed}");
    }
}

#[test]
fn a_dataset_lies_in_the_file_of_its_name() {
    for folder in [
        "air",
        "appeals",
        "assets",
        "budget",
        "crime",
        "places",
        "population",
        "projects",
        "safety",
        "schools",
        "traffic",
        "transit",
    ] {
        for path in files(&root().join("datasets").join(folder)) {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(
                datasets()
                    .iter()
                    .any(|spec| spec.name.as_str() == stem && spec.subject == folder),
                "{stem}"
            );
        }
    }
}

#[test]
fn every_import_mapping_is_good() {
    let specs = datasets();
    for path in files(&root().join("packs/import")) {
        let name = path.display().to_string();
        let mapping = Mapping::from_toml(&name, &std::fs::read_to_string(&path).unwrap()).unwrap();
        let dataset = mapping.dataset.unwrap();
        assert!(specs.iter().any(|spec| spec.name == dataset), "{name}: {dataset}");
    }
}

#[test]
fn kinds_have_names_of_their_own() {
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), KINDS.len());
    assert!(kind("gtfs-rt").is_some() && kind("gtfs_rt").is_none());
}
