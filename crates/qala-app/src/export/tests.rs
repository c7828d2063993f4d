use qala_tiles::parse;

use super::geo;

#[test]
fn geometry_is_well_known_binary() {
    // As PostGIS gives them: SELECT ST_AsBinary('POINT(1 2)') and so on, little endian.
    let hex = |text: &str| {
        let bytes = geo::bytes(&parse(text).unwrap());
        bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    assert_eq!(hex("POINT (1 2)"), "0101000000000000000000f03f0000000000000040");
    assert_eq!(
        hex("LINESTRING (1 2, 3 4)"),
        "010200000002000000000000000000f03f000000000000004000000000000008400000000000001040"
    );
    assert!(hex("MULTIPOINT (1 2, 3 4)").starts_with("01040000000200000001010000"));
    assert!(
        hex("MULTIPOLYGON (((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))")
            .starts_with("010600000002000000010300000001000000")
    );
    assert!(hex("POLYGON ((0 0,1 0,1 1,0 0))").starts_with("01030000000100000004000000"));
}
