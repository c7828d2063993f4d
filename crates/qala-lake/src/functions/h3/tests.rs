//! Cells against the H3 reference library: constants made with PyPI `h3` 4.5.0 (C library 4.5.0).

use super::super::tests::{answer, only, refusal, session};

/// Longitude, latitude, and the cells of resolution 0, 7, 9 and 15: `h3.latlng_to_cell(lat, lon, r)`.
/// `h3.cell_to_parent` of the last gives the others, except at (0, 0): the parent of resolution 7 there is the
/// neighbour of the cell that holds the point, for children only nearly fill their parents.
const POINTS: [(&str, &str, [&str; 4]); 4] = [
    (
        "76.8897",
        "43.2389",
        [
            "8021fffffffffff",
            "8720e60a0ffffff",
            "8920e60a09bffff",
            "8f20e60a09880a4",
        ],
    ),
    (
        "-122.418307270836",
        "37.7752702151959",
        [
            "8029fffffffffff",
            "872830828ffffff",
            "8928308280fffff",
            "8f28308280e6c59",
        ],
    ),
    (
        "0.0",
        "0.0",
        [
            "8075fffffffffff",
            "87754e64dffffff",
            "89754e64993ffff",
            "8f754e64992d6d8",
        ],
    ),
    (
        "-68.3",
        "-54.8",
        [
            "80dffffffffffff",
            "87df45175ffffff",
            "89df4517547ffff",
            "8fdf45175446888",
        ],
    ),
];

#[tokio::test]
async fn cells_and_parents_agree_with_the_reference() {
    for (lon, lat, cells) in POINTS {
        for (res, expected) in [0, 7, 9, 15].into_iter().zip(cells) {
            let parent = if expected == "87754e64dffffff" {
                "87754e649ffffff"
            } else {
                expected
            };
            let cell = format!("h3_cell({lon}, {lat}, {res})");
            let sql = format!(
                "SELECT {cell}, h3_parent('{}', {res}), h3_resolution({cell})",
                cells[3]
            );
            assert_eq!(only(&sql).await, format!("{expected}|{parent}|{res}"));
        }
    }
}

#[tokio::test]
async fn centre_and_outline_agree_with_the_reference() {
    // h3.cell_to_latlng('8920e60a09bffff') = (43.238847829364246, 76.88797022734317)
    let near = "abs(h3_lon(c) - 76.88797022734317) < 1e-12 AND abs(h3_lat(c) - 43.238847829364246) < 1e-12";
    assert_eq!(
        only(&format!(
            "SELECT {near} FROM (VALUES ('8920e60a09bffff')) AS t(c)"
        ))
        .await,
        "true"
    );

    // h3.cell_to_boundary('8920e60a09bffff'), and a pentagon, '821c07fffffffff'.
    let hexagon = [
        (76.885_273_782_767_41, 43.239_074_208_927_22),
        (76.886_345_374_467_92, 43.237_257_807_696_885),
        (76.889_041_725_311_88, 43.237_031_407_953_964),
        (76.890_666_638_759_97, 43.238_621_387_573_72),
        (76.889_595_165_267_68, 43.240_437_828_274_096),
        (76.886_898_660_111_97, 43.240_664_249_885_7),
    ];
    let pentagon = [
        (-143.064_496_134_626_24, 51.311_333_256_852_826),
        (-145.167_886_625_138_6, 50.710_755_837_549_64),
        (-144.888_335_034_867_88, 49.268_689_394_068_2),
        (-142.715_064_821_775_43, 48.970_551_942_138_05),
        (-141.556_666_302_343_07, 50.214_791_888_920_6),
    ];
    for (cell, corners) in [
        ("8920e60a09bffff", &hexagon[..]),
        ("821c07fffffffff", &pentagon[..]),
    ] {
        let text = only(&format!("SELECT h3_boundary_wkt('{cell}')")).await;
        let inner = text
            .strip_prefix("POLYGON((")
            .and_then(|t| t.strip_suffix("))"))
            .unwrap();
        let points: Vec<(f64, f64)> = inner
            .split(',')
            .map(|point| {
                point
                    .split_once(' ')
                    .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                    .unwrap()
            })
            .collect();
        assert_eq!(points.len(), corners.len() + 1);
        assert_eq!(points.first(), points.last());
        for (point, corner) in points.iter().zip(corners) {
            assert!(
                (point.0 - corner.0).abs() < 1e-12 && (point.1 - corner.1).abs() < 1e-12,
                "{point:?} {corner:?} in {text}"
            );
        }
    }
}

#[tokio::test]
async fn distances_agree_with_the_reference_and_are_null_without_an_answer() {
    // h3.grid_distance: 11; across continents it raises H3FailedError.
    assert_eq!(
        only("SELECT h3_distance('8920e60a09bffff', '8920e601243ffff')").await,
        "11"
    );
    assert_eq!(
        only("SELECT h3_distance('8920e60a09bffff', '8920e60a09bffff')").await,
        "0"
    );
    assert_eq!(
        only("SELECT h3_distance('8920e60a09bffff', '8928308280fffff')").await,
        "NULL"
    );
    assert_eq!(
        only("SELECT h3_distance('8920e60a09bffff', '8720e60a0ffffff')").await,
        "NULL"
    );
}

#[tokio::test]
async fn bad_rows_are_null_and_bad_resolutions_errors() {
    let rows = answer(
        &session(1),
        "SELECT h3_cell(lon, lat, 5), h3_lon(cell), h3_boundary_wkt(cell), h3_resolution(cell), \
         h3_parent(cell, 3) \
         FROM (VALUES (180.5, 0.0, 'x'), (0.0, 90.01, ''), (NULL, 1.0, NULL), \
         (1.0, 'NaN'::double, '+8920e60a09bffff'), (1.0, 1.0, '0000000000000000'), \
         (180.0, 90.0, '80dffffffffffff')) AS t(lon, lat, cell)",
    )
    .await
    .unwrap();
    let (last, bad) = rows.split_last().unwrap();
    for row in &bad[..4] {
        assert_eq!(row, "NULL|NULL|NULL|NULL|NULL");
    }
    assert!(bad[4].ends_with("|NULL|NULL|NULL|NULL") && !bad[4].starts_with("NULL"));
    assert!(last.starts_with("85") && last.ends_with("|0|NULL"), "{last}");
    assert_eq!(only("SELECT h3_cell(1, 2, NULL)").await, "NULL");
    for res in ["-1", "16", "300"] {
        let error = refusal(&format!("SELECT h3_cell(1.0, 2.0, {res})")).await;
        assert!(error.contains("resolutions are 0 to 15"), "{error}");
    }
    let error = refusal("SELECT h3_cell('east', 2.0, 7)").await;
    assert!(error.contains("lon is a number"), "{error}");
}
