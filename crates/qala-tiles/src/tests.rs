use proptest::prelude::*;

use crate::mvt::{Geometry, TileLayer, Value, encode};
use crate::{EXTENT, Form, Mark, PointIndex, ShapeIndex, Spot, Stone, TileId, distance_m, parse};

fn stone(lon: f64, lat: f64, second: i64, row: u32) -> Stone {
    Stone {
        spot: Spot::of(lon, lat).unwrap(),
        second,
        row,
    }
}

/// The tile of a place at a zoom, by the formula of the OpenStreetMap wiki ("Slippy map tilenames"), in floats.
fn tile_of(lon: f64, lat: f64, z: u8) -> TileId {
    let n = f64::from(1_u32 << z);
    let lat = lat.to_radians();
    let x = (lon + 180.0) / 360.0 * n;
    let y = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    TileId::new(z, x as u32, y as u32).unwrap()
}

#[test]
fn a_known_place_lies_in_its_known_tile() {
    // Worked out by the same formula in Python: 43.2389 N, 76.8897 E.
    assert_eq!(
        tile_of(76.8897, 43.2389, 12),
        TileId::new(12, 2922, 1501).unwrap()
    );
    let index = PointIndex::new(vec![stone(76.8897, 43.2389, 0, 7)]);
    for z in 0..=18 {
        let marks = index.tile(tile_of(76.8897, 43.2389, z), None);
        assert_eq!(marks.len(), 1, "{z}");
        assert_eq!((marks[0].count, marks[0].row), (1, Some(7)));
        assert!((0..EXTENT as i32).contains(&marks[0].x) && (0..EXTENT as i32).contains(&marks[0].y));
    }
    assert_eq!(TileId::new(3, 8, 0), None);
    assert_eq!(TileId::new(19, 0, 0), None);
}

#[test]
fn distances_are_those_of_a_sphere() {
    // One degree of a meridian on a sphere of 6,371,008.8 m: 111,195.1 m.
    assert!((distance_m((76.0, 43.0), (76.0, 44.0)) - 111_195.08).abs() < 0.1);
    assert!(distance_m((76.0, 43.0), (76.0, 43.0)).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_point_is_counted_once_at_every_zoom_and_time(
        points in prop::collection::vec((76.6..77.2_f64, 43.0..43.5_f64, 0..5_000_i64), 1..3_000),
        from in 0..5_000_i64, length in 0..5_000_i64, z in 5..15_u8,
    ) {
        let stones = points.iter().enumerate().map(|(n, (x, y, t))| stone(*x, *y, *t, n as u32)).collect();
        let index = PointIndex::new(stones);
        let window = from..from + length;
        let expected = points.iter().filter(|p| window.contains(&p.2)).count();
        prop_assert_eq!(index.total(Some(&window)), expected);
        let mut tiles: Vec<TileId> = points.iter().map(|p| tile_of(p.0, p.1, z)).collect();
        tiles.sort_by_key(|t| (t.x, t.y));
        tiles.dedup();
        let mut seen = 0;
        for tile in tiles {
            let marks = index.tile(tile, Some(&window));
            let here = points.iter().filter(|p| window.contains(&p.2) && tile_of(p.0, p.1, z) == tile).count();
            let count: u32 = marks.iter().map(|m| m.count).sum();
            prop_assert_eq!(count as usize, here);
            for mark in &marks {
                prop_assert_eq!(mark.row.is_some(), mark.count == 1);
            }
            seen += count as usize;
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn nearest_are_those_of_a_plain_search(
        points in prop::collection::vec((76.6..77.2_f64, 43.0..43.5_f64), 1..500),
        radius in 10.0..20_000.0_f64,
    ) {
        let stones = points.iter().enumerate().map(|(n, (x, y))| stone(*x, *y, 0, n as u32)).collect();
        let (found, count) = PointIndex::new(stones).near(76.9, 43.25, radius, None, 10);
        let away = |p: &(f64, f64)| distance_m((76.9, 43.25), *p);
        // Spots are 4 cm wide.
        let sure = points.iter().filter(|p| away(p) < radius - 0.2).count();
        let perhaps = points.iter().filter(|p| away(p) < radius + 0.2).count();
        prop_assert!((sure..=perhaps).contains(&count));
        prop_assert!(found.windows(2).all(|p| p[0].1 <= p[1].1) && found.len() == count.min(10));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC*") {
        let _ = parse(&text);
    }
}

#[test]
fn small_cells_are_never_shown() {
    let mut stones: Vec<Stone> = (0..4).map(|n| stone(76.9, 43.25, i64::from(n), n)).collect();
    stones.extend((0..6).map(|n| stone(76.95, 43.25, i64::from(n), 10 + n)));
    let index = PointIndex::new(stones);
    for z in 0..=18 {
        let here = index.crowds(tile_of(76.95, 43.25, z), 16, None, 5);
        assert_eq!(here.iter().map(|c| c.1).collect::<Vec<_>>(), [6], "{z}");
        let there = index.crowds(tile_of(76.9, 43.25, z), 16, None, 5);
        assert!(there.iter().all(|c| c.1 == 6), "{z}");
    }
    assert_eq!(index.crowds(tile_of(76.95, 43.25, 12), 16, Some(&(0..4)), 5), []);
}

#[test]
fn well_known_text_is_read() {
    assert_eq!(parse("POINT (1 2)"), Some(Form::Points(vec![(1.0, 2.0)])));
    assert_eq!(parse("point z(1 2 3)"), Some(Form::Points(vec![(1.0, 2.0)])));
    assert_eq!(
        parse("MULTIPOINT ((1 2), (3 4))"),
        Some(Form::Points(vec![(1.0, 2.0), (3.0, 4.0)]))
    );
    assert_eq!(
        parse("LINESTRING(1 2,3 -4e0)"),
        Some(Form::Lines(vec![vec![(1.0, 2.0), (3.0, -4.0)]]))
    );
    let Some(Form::Areas(areas)) =
        parse("MULTIPOLYGON (((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1)),((9 9,10 9,10 10,9 9)))")
    else {
        panic!("no areas")
    };
    assert_eq!(areas.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    for wrong in [
        "POINT EMPTY",
        "POINT (1)",
        "LINESTRING (1 2",
        "CIRCLE (1 2)",
        "POINT (1 2) x",
        "",
    ] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}

#[test]
fn lines_and_areas_are_cut_to_the_tile() {
    let mut shapes = ShapeIndex::default();
    assert!(shapes.add(0, &parse("LINESTRING (76 43.25, 78 43.25)").unwrap()));
    assert!(shapes.add(1, &parse("POLYGON ((76 43, 78 43, 78 44, 76 44, 76 43), (76.8 43.2, 77 43.2, 77 43.3, 76.8 43.3, 76.8 43.2))").unwrap()));
    assert!(!shapes.add(2, &parse("POINT (76 43)").unwrap()));
    let tile = tile_of(76.9, 43.25, 12);
    let found = shapes.tile(tile, |_| true);
    assert_eq!(found.len(), 2);
    let Geometry::Lines(lines) = &found[0].geometry else {
        panic!()
    };
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].iter().map(|p| p.0).collect::<Vec<_>>(), [-128, 4224]);
    // The tile lies in the hole: its outer ring and the hole cover the same square.
    let Geometry::Rings(rings) = &found[1].geometry else {
        panic!()
    };
    assert_eq!(rings.iter().map(|r| r.0).collect::<Vec<_>>(), [false, true]);
    let near = shapes.near(76.9, 43.251, 200.0);
    assert_eq!(near.len(), 1);
    assert!((near[0].1 - 111.1).abs() < 1.0, "{near:?}");
    assert_eq!(shapes.near(77.5, 43.5, 10.0), [(1, 0.0)]);
    // A line smaller than a pixel is not drawn from afar.
    let mut shapes = ShapeIndex::default();
    shapes.add(0, &parse("LINESTRING (76.9 43.25, 76.9001 43.25)").unwrap());
    assert!(shapes.tile(tile_of(76.9, 43.25, 8), |_| true).is_empty());
    assert_eq!(shapes.tile(tile_of(76.9, 43.25, 16), |_| true).len(), 1);
}

#[test]
fn the_bytes_are_those_of_the_standard() {
    // Section 4.3.5.1 and 4.3.5.6 of the standard: a point at (25, 17) is 9 50 34; a square with a hole in it.
    let mut layer = TileLayer::new("hello");
    layer.add(
        &Geometry::Points(vec![(25, 17)]),
        [("h", Value::Text("world".into()))],
    );
    let bytes = encode(vec![layer]);
    let expected: [u8; 39] = [
        0x1a, 0x25, 0x0a, 5, b'h', b'e', b'l', b'l', b'o', 0x12, 0x0b, 0x12, 2, 0, 0, 0x18, 1, 0x22, 3, 9,
        50, 34, 0x1a, 1, b'h', 0x22, 7, 0x0a, 5, b'w', b'o', b'r', b'l', b'd', 0x28, 0x80, 0x20, 0x78, 2,
    ];
    assert_eq!(bytes, expected);
    assert!(encode(vec![TileLayer::new("empty")]).is_empty());
}

#[test]
#[ignore = "a figure: five million points"]
fn five_million_points() {
    let mut state = 1_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let year = 365 * 86_400;
    let stones: Vec<Stone> = (0..5_000_000)
        .map(|row| {
            // Half of them around the middle.
            let wide = if row % 2 == 0 { 1.0 } else { 0.2 };
            let (x, y) = (random() - 0.5, random() - 0.5);
            stone(
                76.9 + x * 0.6 * wide,
                43.25 + y * 0.5 * wide,
                (random() * f64::from(5 * year)) as i64,
                row,
            )
        })
        .collect();
    let begin = std::time::Instant::now();
    let index = PointIndex::new(stones);
    let built = begin.elapsed();
    let mut took = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    for _ in 0..2_000 {
        let z = 8 + (random() * 10.0) as u8;
        let tile = tile_of(76.6 + random() * 0.6, 43.0 + random() * 0.5, z);
        let from = (random() * f64::from(5 * year)) as i64;
        let window = from..from + (random() * f64::from(year)) as i64;
        let begin = std::time::Instant::now();
        marks = index.tile(tile, Some(&window));
        took.push(begin.elapsed());
    }
    took.sort();
    println!(
        "built {built:?}, {} MB, p50 {:?} p95 {:?} max {:?} ({} marks at last)",
        index.bytes() >> 20,
        took[1_000],
        took[1_900],
        took[1_999],
        marks.len()
    );
}
