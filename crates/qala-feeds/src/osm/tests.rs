//! Maps that are written here, sound and damaged.

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;

use super::message::{Blob, PrimitiveBlock, Relation, Way};
use crate::tests::{Given, Outcome, golden, gzip, zip};

mod encode;
mod real;
mod relations;

use encode::{Form, Map, data, frame, header, raw, zlib};

fn read(bytes: impl AsRef<[u8]>) -> Outcome {
    Given::new("osm", "town.osm.pbf").read(bytes)
}

/// A node at so many thousandths of a degree east and north of the town's corner.
fn node(
    id: i64,
    x: i64,
    y: i64,
    tags: &'static [(&'static str, &'static str)],
) -> (i64, i64, i64, &'static [(&'static str, &'static str)]) {
    (id, 769_000_000 + x * 10_000, 432_000_000 + y * 10_000, tags)
}

/// A town of all that is read and all that can be wrong with it.
fn town() -> Map {
    let mut nodes: Vec<_> = (0..10)
        .flat_map(|x| (0..10).map(move |y| node(x * 10 + y + 1, x, y, &[])))
        .collect();
    nodes[11] = node(12, 1, 1, &[("highway", "traffic_signals")]);
    nodes.extend([
        node(
            201,
            3,
            4,
            &[
                ("highway", "bus_stop"),
                ("name", "Орталық"),
                ("name:kk", "Орталық"),
                ("ref", "17"),
            ],
        ),
        node(202, 3, 5, &[("public_transport", "platform"), ("bus", "yes")]),
        node(
            203,
            5,
            5,
            &[
                ("amenity", "kindergarten"),
                ("name:ru", "Ромашка"),
                ("name:en", "Daisy"),
            ],
        ),
        node(204, 6, 6, &[("place", "suburb"), ("name", "Тастақ")]),
        node(205, 6, 7, &[("place", "suburb")]),
        node(206, 7, 7, &[("amenity", "cafe")]),
        (207, 2_000_000_000, 0, &[("highway", "bus_stop")]),
    ]);
    let mut map = Map {
        nodes,
        ..Map::default()
    };
    map.ways = vec![
        // The cross of two streets at node 12, and what branches off.
        (
            1,
            vec![2, 12, 22],
            &[
                ("highway", "primary"),
                ("name", "Абай даңғылы"),
                ("name:ru", "проспект Абая"),
                ("lanes", "4"),
                ("maxspeed", "60"),
            ],
        ),
        (
            2,
            vec![11, 12, 13],
            &[
                ("highway", "residential"),
                ("oneway", "yes"),
                ("surface", "asphalt"),
            ],
        ),
        (
            3,
            vec![22, 23],
            &[
                ("highway", "tertiary"),
                ("oneway", "-1"),
                ("maxspeed", "RU:urban"),
                ("maxspeed:backward", "40"),
            ],
        ),
        (
            4,
            vec![22, 32, 33, 23, 22],
            &[
                ("highway", "secondary"),
                ("junction", "roundabout"),
                ("maxspeed", "25 mph"),
            ],
        ),
        (
            5,
            vec![41, 42],
            &[("highway", "motorway"), ("bridge", "yes"), ("layer", "1")],
        ),
        (
            6,
            vec![42, 43],
            &[
                ("highway", "motorway"),
                ("oneway", "no"),
                ("tunnel", "yes"),
                ("layer", "-1"),
                ("access", "no"),
                ("motorcar", "yes"),
            ],
        ),
        (7, vec![43, 44], &[("highway", "service"), ("access", "private")]),
        (8, vec![44, 45], &[("highway", "footway"), ("bridge", "no")]),
        (
            9,
            vec![45, 46],
            &[
                ("highway", "residential"),
                ("oneway", "maybe"),
                ("maxspeed", "fast"),
                ("lanes", "many"),
                ("layer", "0.5"),
            ],
        ),
        (
            10,
            vec![46, 47],
            &[
                ("highway", "residential"),
                ("oneway", "reversible"),
                ("maxspeed", "DE:urban"),
            ],
        ),
        (11, vec![47, 999], &[("highway", "residential")]),
        (12, vec![48], &[("highway", "residential")]),
        (
            13,
            vec![48, 49, 59, 58, 48],
            &[("highway", "platform"), ("ref", "2")],
        ),
        (
            20,
            vec![51, 52, 62, 61, 51],
            &[
                ("building", "apartments"),
                ("building:levels", "9"),
                ("addr:street", "Абай даңғылы"),
                ("addr:housenumber", "10"),
            ],
        ),
        (
            21,
            vec![53, 54, 64, 63, 53],
            &[
                ("building", "school"),
                ("amenity", "school"),
                ("name", "№ 12 мектеп"),
            ],
        ),
        (22, vec![55, 56, 66], &[("building", "yes")]),
        (23, vec![55, 56, 55, 56, 55], &[("building", "yes")]),
        (24, vec![57, 58, 57], &[("building", "no")]),
        (25, vec![55, 66, 65, 66, 56, 55], &[("building", "yes")]),
        // Rings of relations.
        (30, vec![1, 91, 100], &[]),
        (31, vec![1, 10, 100], &[("boundary", "administrative")]),
        (32, vec![71, 73, 83, 81, 71], &[]),
        (33, vec![75, 77, 97, 95, 75], &[]),
        (34, vec![86, 87, 97], &[]),
    ];
    map.relations = vec![
        (
            1,
            vec![
                (1, 30, "outer"),
                (1, 31, "outer"),
                (1, 32, "inner"),
                (0, 12, "admin_centre"),
            ],
            &[
                ("type", "boundary"),
                ("boundary", "administrative"),
                ("admin_level", "6"),
                ("name", "Алмалы"),
                ("name:kk", "Алмалы ауданы"),
            ],
        ),
        (
            2,
            vec![(1, 33, "outer"), (1, 32, "outer")],
            &[
                ("type", "multipolygon"),
                ("building", "yes"),
                ("amenity", "school"),
            ],
        ),
        (
            3,
            vec![(1, 30, "outer"), (1, 777, "outer")],
            &[
                ("type", "boundary"),
                ("boundary", "administrative"),
                ("name", "Cut"),
            ],
        ),
        (
            4,
            vec![(1, 34, "outer")],
            &[("type", "multipolygon"), ("building", "yes")],
        ),
        (
            5,
            vec![(1, 32, "outer"), (1, 33, "inner")],
            &[("type", "multipolygon"), ("building", "yes")],
        ),
        (
            6,
            vec![(1, 1, "from"), (0, 12, "via"), (1, 2, "to")],
            &[("type", "restriction"), ("restriction", "no_left_turn")],
        ),
        (
            7,
            vec![(2, 1, "subarea")],
            &[
                ("type", "boundary"),
                ("boundary", "administrative"),
                ("name", "Empty"),
            ],
        ),
    ];
    map
}

#[test]
fn a_town_is_read() {
    let outcome = read(town().bytes(Form::Dense));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/osm/samples/town.golden");
    golden(&path, &outcome.text());
    assert_eq!(outcome.published.len(), 1);
}

#[test]
fn every_form_says_the_same() {
    let expected = read(town().bytes(Form::Dense)).text();
    assert_eq!(read(town().bytes(Form::Plain)).text(), expected);
    assert_eq!(read(gzip(&town().bytes(Form::Dense))).text(), expected);
    // Blobs of unknown kinds are passed over; a file may begin without a header.
    let mut other = frame("Elevation", &raw(vec![1, 2, 3]));
    other.extend(town().bytes(Form::Plain));
    assert_eq!(read(other).given(), read(town().bytes(Form::Plain)).given());
    // Ways before nodes.
    let mut blocks = town().blocks(Form::Plain);
    blocks.rotate_left(1);
    let bytes: Vec<u8> = blocks.iter().flat_map(|block| data(block, Form::Dense)).collect();
    assert_eq!(read(bytes).given(), read(town().bytes(Form::Plain)).given());
}

#[test]
fn maps_in_an_archive_are_feeds() {
    let town = town().bytes(Form::Dense);
    let outcome = read(zip(&[("north/a.osm.pbf", &town), ("south/a.osm.pbf", &town)]));
    let feeds: Vec<&str> = outcome.published.iter().map(|(feed, _)| feed.as_str()).collect();
    assert_eq!(feeds, ["north", "south"]);
}

#[test]
fn places_are_scaled_as_the_block_says() {
    let map = Map {
        nodes: vec![(1, 769_123, 432_456, &[("highway", "bus_stop")])],
        ..Map::default()
    };
    let mut block = map.blocks(Form::Dense).remove(0);
    block.granularity = Some(100_000);
    block.lon_offset = Some(1_000);
    block.lat_offset = Some(-2_000);
    let outcome = read(data(&block, Form::Dense));
    let text = outcome.text();
    assert!(text.contains("| 76.912301 | 43.245598"), "{text}");
}

/// The codes of the problems of a file, and whether its set is published.
fn told(bytes: impl AsRef<[u8]>) -> (Vec<String>, bool) {
    let outcome = read(bytes);
    let codes = outcome
        .codes()
        .iter()
        .map(|(code, _)| (*code).to_owned())
        .collect();
    (codes, !outcome.published.is_empty())
}

#[test]
fn a_broken_blob_is_a_problem_and_the_rest_is_read() {
    let good = Map {
        relations: Vec::new(),
        ..town()
    };
    let blocks = good.blocks(Form::Dense);
    let mut torn = zlib(&blocks[1].encode_to_vec());
    torn.zlib = torn.zlib.map(|bytes| bytes.slice(..bytes.len() / 2));
    let mut bytes = header(&["OsmSchema-V0.6"]);
    bytes.extend(frame("OSMData", &torn));
    bytes.extend(frame("OSMData", &raw(vec![0xFF; 50])));
    bytes.extend(frame("OSMData", &Blob::default()));
    let lzma = Blob {
        lzma: Some(Bytes::from_static(b"x")),
        ..Blob::default()
    };
    bytes.extend(frame("OSMData", &lzma));
    bytes.extend(data(&blocks[0], Form::Dense));
    let (codes, is_published) = told(&bytes);
    let damaged = [
        "damaged_blob",
        "damaged_blob",
        "damaged_blob",
        "unknown_compression",
        "bad_coordinate",
    ];
    assert_eq!(codes[..5], damaged);
    assert!(!is_published && codes.contains(&"set_not_published".to_owned()));
    // Four objects of nodes are there all the same.
    assert_eq!(read(&bytes).given(), 4);
}

#[test]
fn what_is_no_map_is_said() {
    let first = |bytes: &[u8]| told(bytes).0.first().cloned().unwrap_or_default();
    assert_eq!(first(b""), "empty");
    assert_eq!(first(b"id;name\n1;a\n"), "damaged_file");
    assert_eq!(first(b"\0\0\0\x02{}"), "damaged_file");
    assert_eq!(first(&header(&["HistoricalInformation"])), "unknown_format");
    let whole = town().bytes(Form::Dense);
    assert_eq!(first(&whole[..whole.len() - 3]), "damaged_file");
    let (codes, is_published) = told(&whole[..whole.len() - 3]);
    assert!(!is_published, "{codes:?}");
    // A blob that claims more than the format allows.
    let huge = super::message::BlobHeader {
        kind: Some("OSMData".into()),
        size: Some(i32::MAX),
    };
    let huge = huge.encode_to_vec();
    let bytes = [&u32::try_from(huge.len()).unwrap().to_be_bytes()[..], &huge].concat();
    assert_eq!(first(&bytes), "damaged_file");
    // A bomb: 33 MiB of zeros in one blob.
    assert_eq!(
        first(&frame("OSMData", &zlib(&vec![0; 33 << 20]))),
        "damaged_blob"
    );
    let given = Given {
        max_unpacked: 100,
        ..Given::new("osm", "town.osm.pbf")
    };
    assert_eq!(given.read(&whole).codes()[0].0, "too_large");
}

#[test]
fn a_block_that_contradicts_itself_is_not_used() {
    let block = |change: fn(&mut PrimitiveBlock)| {
        let mut block = town().blocks(Form::Dense).remove(0);
        change(&mut block);
        told(data(&block, Form::Plain))
            .0
            .first()
            .cloned()
            .unwrap_or_default()
    };
    let damaged = "damaged_blob";
    assert_eq!(
        block(|block| block.groups[0].dense.as_mut().unwrap().ids.truncate(3)),
        damaged
    );
    assert_eq!(
        block(|block| block.groups[0].dense.as_mut().unwrap().tags.truncate(3)),
        damaged
    );
    assert_eq!(
        block(|block| block.groups[0].dense.as_mut().unwrap().tags[0] = 1),
        damaged
    );
    assert_eq!(
        block(|block| block.strings.as_mut().unwrap().texts.truncate(2)),
        damaged
    );
    assert_eq!(
        block(|block| block.groups[0].dense.as_mut().unwrap().tags.push(-1)),
        damaged
    );
    let mut with_way = town().blocks(Form::Dense).remove(0);
    with_way.groups[0].ways.push(Way {
        keys: vec![0],
        ..Way::default()
    });
    assert_eq!(told(data(&with_way, Form::Plain)).0[0], damaged);
    for relation in [
        Relation {
            members: vec![1],
            roles: vec![0],
            kinds: vec![3],
            ..Relation::default()
        },
        Relation {
            members: vec![1],
            roles: vec![-1],
            kinds: vec![1],
            ..Relation::default()
        },
        Relation {
            members: vec![1],
            roles: vec![9_999],
            kinds: vec![1],
            ..Relation::default()
        },
        Relation {
            members: vec![1],
            ..Relation::default()
        },
    ] {
        let mut block = town().blocks(Form::Dense).remove(0);
        block.groups[0].relations.push(relation);
        assert_eq!(told(data(&block, Form::Plain)).0[0], damaged);
    }
}

#[test]
fn extreme_numbers_do_not_overflow() {
    let map = Map {
        nodes: vec![
            (i64::MAX, i64::from(i32::MAX), 0, &[("highway", "bus_stop")]),
            (1, -1_800_000_000, 900_000_000, &[("highway", "bus_stop")]),
        ],
        ..Map::default()
    };
    let mut blocks = map.blocks(Form::Plain);
    blocks[0].granularity = Some(i32::MAX);
    blocks[0].lat_offset = Some(i64::MAX);
    assert_eq!(read(data(&blocks[0], Form::Plain)).given(), 0);
    assert_eq!(read(map.bytes(Form::Plain)).given(), 1);
}

#[test]
fn a_repeated_map_holds_everything_so_many_times() {
    let once = town().bytes(Form::Dense);
    let mut sound = town();
    sound.nodes.retain(|node| node.0 != 207);
    let once_sound = sound.bytes(Form::Dense);
    assert_eq!(
        read(encode::repeat(&once_sound, 3)).given(),
        3 * read(once).given()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
        read(frame("OSMData", &raw(bytes.clone())));
        read(frame("OSMData", &zlib(&bytes)));
        read([header(&[]), frame("OSMHeader", &raw(bytes))].concat());
    }

    #[test]
    fn damaged_files(at in 0_usize..20_000, byte: u8, cut in 0_usize..20_000) {
        for form in [Form::Plain, Form::Dense] {
            let mut bytes = town().bytes(form);
            let length = bytes.len();
            bytes[at % length] = byte;
            let outcome = read(&bytes);
            prop_assert!(outcome.published.len() <= 1);
            bytes.truncate(cut % length);
            read(&bytes);
        }
    }
}
