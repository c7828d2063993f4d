//! Files as departments and open-data portals publish them, each with its saved mapping, compared with the counts of
//! other readers (scripts/reference_files.py).

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};

use super::data::{data, import, reference};
use super::root;

/// Kind, file, and the column that is added up. The mapping has the name of the file.
const FILES: [(&str, &str, &str); 57] = [
    ("table", "almaty/air_weather_hourly_model.csv.gz", "value"),
    (
        "table",
        "almaty/almaty_district_population_reference_v2.csv",
        "population",
    ),
    ("table", "almaty/bus_route137_api_response.json", "capacity"),
    ("table", "almaty/city_population_reference_v2.csv", "population"),
    ("geojson", "almaty/city_works_projects.geojson", "lon"),
    ("geojson", "almaty/districts_city_gis.geojson", "lon"),
    ("geojson", "almaty/districts_osm.geojson", "lon"),
    ("geojson", "almaty/grid_accessibility.geojson.gz", "accessible"),
    ("geojson", "almaty/health_extra_facilities.geojson", "lon"),
    ("geojson", "almaty/hospitals_emergency.geojson", "lon"),
    ("table", "almaty/kazhydromet_sample_2024-01-01.csv", "value"),
    ("table", "almaty/kazhydromet_stations.csv", "lon"),
    ("table", "almaty/kindergartens.csv", "lon"),
    ("geojson", "almaty/osm2013_poi.geojson", "lon"),
    ("geojson", "almaty/osm2013_roads.geojson.gz", "max_speed"),
    ("geojson", "almaty/planned_power_outages_2026-07.geojson", "lon"),
    ("table", "almaty/population_grid_500m_model.csv.gz", "population"),
    ("table", "almaty/population_points.csv", "population"),
    ("table", "almaty/traffic_scores_sample.csv", "value"),
    ("table", "kazakhstan/population_regions_2000_on.csv", "population"),
    ("table", "kazakhstan/population_regions_age_sex.csv", "population"),
    ("table", "kazakhstan/region_indicators.csv", "value"),
    (
        "table",
        "kazakhstan/stat_gov_population_source.xlsx",
        "population",
    ),
    ("table", "osm/spo_hexgrid.csv", "value"),
    ("table", "schools/dc_schools.csv", "enrolment"),
    ("geojson", "schools/dc_new-boundaries.json.gz", "lon"),
    ("geojson", "schools/dc_old-boundaries.json.gz", "lon"),
    ("table", "open311/sf_georeport_requests.csv", "lon"),
    ("table", "open311/sf_georeport_requests.json", "lon"),
    ("table", "budget/eu_allocations_2014_2020.csv", "amount"),
    ("table", "budget/eu_funds_absorption_2007_2013.csv", "amount"),
    ("table", "budget/madrid_spending_2012_2015.csv.gz", "amount"),
    ("table", "budget/mexico_ramo23_projects_2015.csv.gz", "amount"),
    (
        "table",
        "budget/mexico_ramo23_projects_2016_paid.csv.gz",
        "amount",
    ),
    ("table", "crash/nyc_manhattan_collisions.csv.gz", "lon"),
    ("table", "crash/west_hartford_crashes.csv.gz", "lon"),
    ("table", "crime/burkitt_space_time.csv", "age"),
    ("table", "crime/chicago_arson.csv", ""),
    ("table", "crime/chicago_be_month1.csv", ""),
    ("table", "crime/chicago_network_crimes.csv", ""),
    ("table", "crime/chicago_network_edges.csv", ""),
    ("table", "crime/chicago_network_vertices.csv", ""),
    ("table", "crime/memphis_robberies.csv", "lon"),
    ("table", "appeals/nyc_311_brooklyn.csv", "lon"),
    ("table", "air/london_marylebone_hourly.csv.gz", "value"),
    ("table", "ridership/hangzhou_metro_inflow.csv.gz", "passengers"),
    (
        "table",
        "demography/wpp2019_fertility_age_pattern.csv.gz",
        "value",
    ),
    ("table", "demography/wpp2019_mortality.csv.gz", "value"),
    (
        "table",
        "demography/wpp2019_population_age_sex_1950_2020.csv.gz",
        "value",
    ),
    (
        "table",
        "demography/wpp2019_population_projection_2025_2100.csv.gz",
        "value",
    ),
    ("table", "demography/wpp2019_tfr_e0_migration.csv", "value"),
    ("table", "demography/wpp2024_estimates_1950_2023.csv.gz", "value"),
    (
        "table",
        "demography/wpp2024_fertility_age_pattern.csv.gz",
        "value",
    ),
    (
        "table",
        "demography/wpp2024_migration_age_2020_2100.csv.gz",
        "value",
    ),
    ("table", "demography/wpp2024_misc_yearly.csv.gz", "value"),
    ("table", "demography/wpp2024_mortality_5yr.csv.gz", "value"),
    (
        "table",
        "demography/wpp2024_projections_2024_2100.csv.gz",
        "value",
    ),
];

/// The saved mapping of a file.
fn mapping(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap();
    format!("{}.toml", name.split('.').next().unwrap())
}

/// The sum of a column's numbers.
fn sum(column: &dyn Array) -> f64 {
    match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().iter().flatten().sum(),
        DataType::Int64 => column
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .map(|value| value as f64)
            .sum(),
        DataType::Decimal128(_, scale) => {
            let whole: i128 = column.as_primitive::<Decimal128Type>().iter().flatten().sum();
            whole as f64 / 10_f64.powi(i32::from(*scale))
        }
        other => panic!("{other}"),
    }
}

#[test]
fn every_mapping_is_short() {
    for (_, path, _) in FILES {
        let mapping = mapping(path);
        let path = root().join("packs/import").join(&mapping);
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        assert!(lines <= 15, "{mapping}: {lines} lines");
    }
}

#[test]
fn files_as_they_are_published() {
    let Some(folder) = data("files_as_they_are_published") else {
        return;
    };
    let reference = reference();
    let mut wrong = Vec::new();
    for (kind, path, column) in FILES {
        let outcome = import(&folder, kind, path, &mapping(path));
        let counts = &reference["files"][path];
        let of = |name: &str| counts[name].as_u64().unwrap();
        if (outcome.given(), outcome.rejected) != (of("rows"), of("quarantined")) {
            let mut codes = outcome.codes();
            codes.truncate(8);
            let said = outcome
                .problems
                .first()
                .map(|(_, problem)| problem.message.clone());
            wrong.push(format!(
                "{path}: {} rows and {} rejected, the reference has {counts}; {codes:?} {said:?}",
                outcome.given(),
                outcome.rejected
            ));
            continue;
        }
        if let Some(expected) = counts["sum"].as_f64().filter(|_| !column.is_empty()) {
            let found: f64 = outcome
                .batches
                .iter()
                .filter_map(|(_, _, batch)| batch.column_by_name(column))
                .map(|column| sum(column))
                .sum();
            if (found - expected).abs() > expected.abs() * 1e-9 {
                wrong.push(format!(
                    "{path}: the sum of `{column}` is {found}, the reference has {expected}"
                ));
            }
        }
        println!(
            "proof: {path}: {} rows and {} in quarantine, as pandas, geopandas or openpyxl count",
            outcome.given(),
            outcome.rejected
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn invalid_geometries_are_named() {
    let Some(folder) = data("invalid_geometries_are_named") else {
        return;
    };
    for (path, count) in [
        ("almaty/planned_power_outages_2026-07.geojson", 34),
        ("schools/dc_new-boundaries.json.gz", 20),
    ] {
        let outcome = import(&folder, "geojson", path, &mapping(path));
        let named: Vec<u64> = outcome
            .problems
            .iter()
            .filter(|(_, problem)| problem.code == "invalid_geometry")
            .filter_map(|(_, problem)| problem.position.record)
            .collect();
        assert_eq!(named.len(), count, "{path}: {named:?}");
    }
}

#[test]
fn shapefiles_of_pysal() {
    let Some(folder) = data("shapefiles_of_pysal") else {
        return;
    };
    let mapping = "dataset = \"places_boundaries\"\n[columns]\nboundary_id = { from = \"@row\" }\nkind = { value = \"county\" }\n";
    for (file, rows) in [("columbus.zip", 49), ("sids2.zip", 100), ("stl.zip", 78)] {
        let bytes = std::fs::read(folder.join("spatial").join(file)).unwrap();
        let outcome = super::Given::new("shapefile", file).mapping(mapping).read(bytes);
        let counts = (outcome.given(), outcome.received());
        println!("proof: spatial/{file}: {} of {rows} shapes", counts.0);
        assert_eq!(counts.1, rows, "{file}: {:?}", outcome.codes());
    }
}
