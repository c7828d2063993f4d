//! A small tree that is tidy, and for each rule the change that breaks it.

use std::path::Path;

use super::*;

const TABLE: &str = r#"
[crate.low]
level = 0
forbidden = ["tokio*"]
forbidden_text = ["std::fs"]

[crate.kinds]
level = 1

[crate.high]
level = 2
tests_are_free = true

[crate.xtask]

[only]
"axum*" = ["high"]

[lists]
crates = ["kinds"]

[cities]
names = ["almaty", "алматы"]
except_crates = ["kinds"]
"#;

const TIDY: &[(&str, &str)] = &[
    (
        "crates/low/Cargo.toml",
        "[package]\nname = \"low\"\n\n[lints]\nworkspace = true\n",
    ),
    ("crates/low/src/lib.rs", "//! Low.\npub struct Low;\n"),
    (
        "crates/kinds/Cargo.toml",
        "[package]\nname = \"kinds\"\n\n[lints]\nworkspace = true\n\n[dependencies]\nlow.workspace = true\n",
    ),
    (
        "crates/kinds/src/lib.rs",
        "mod gtfs;\npub const KINDS: &[&str] = &[gtfs::NAME];\n",
    ),
    (
        "crates/kinds/src/gtfs/mod.rs",
        "pub(crate) const NAME: &str = \"gtfs\";\n",
    ),
    (
        "crates/high/Cargo.toml",
        "[package]\nname = \"high\"\n\n[lints]\nworkspace = true\n\n[dependencies]\naxum.workspace = true\nkinds.workspace = true\nlow = { workspace = true, optional = true }\n",
    ),
    ("crates/high/src/main.rs", "fn main() {}\n"),
    (
        "xtask/Cargo.toml",
        "[package]\nname = \"xtask\"\n\n[lints]\nworkspace = true\n",
    ),
    ("xtask/src/main.rs", "fn main() {}\n"),
    ("docs/ARCHITECTURE.md", "# Map\n\n`low` `kinds` `high` `xtask`\n"),
    (
        "datasets/air/readings.toml",
        "name = \"air_readings\"\nversion = 1\n",
    ),
    (
        "datasets/traffic/readings.toml",
        "name = \"traffic_readings\"\nversion = 1\n",
    ),
    ("indicators/air/pm25.sql", "SELECT 1\n"),
];

/// The findings on the tidy tree with some files replaced or added.
fn findings(changes: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in TIDY.iter().chain(changes) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    check(
        &Tree::read(folder.path()).unwrap(),
        &toml::from_str(TABLE).unwrap(),
    )
    .iter()
    .map(Problem::to_string)
    .collect()
}

/// Exactly one finding, which begins with `start` and holds `part`.
fn only(changes: &[(&str, &str)], start: &str, part: &str) {
    let found = findings(changes);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with(start) && found[0].contains(part),
        "{found:#?}"
    );
}

fn manifest(name: &str, rest: &str) -> String {
    let separator = if rest.is_empty() {
        ""
    } else {
        "
"
    };
    format!(
        "[package]
name = \"{name}\"

[lints]
workspace = true
{separator}{rest}"
    )
}

#[test]
fn the_tidy_tree_is_tidy() {
    assert_eq!(findings(&[]), Vec::<String>::new());
}

#[test]
fn the_table_of_this_workspace_can_be_read() {
    let table = Table::built_in().unwrap();
    assert!(table.crates.contains_key("qala-core"));
}

#[test]
fn the_table_of_this_workspace_forbids_what_the_design_forbids() {
    let table = Table::built_in().unwrap();
    let forbidden = [
        ("qala-core", "arrow-array"),
        ("qala-core", "tokio"),
        ("qala-core", "async-trait"),
        ("qala-core", "qala-disk"),
        ("qala-disk", "qala-core"),
        ("qala-feeds", "reqwest"),
        ("qala-feeds", "qala-lake"),
        ("qala-models", "datafusion"),
        ("qala-registry", "datafusion"),
        ("qala-registry", "axum"),
        ("qala-sim", "qala-lake"),
        ("qala-sim", "axum"),
        ("qala-api", "arrow"),
        ("qala-lake", "qala-registry"),
        ("qala-app", "datafusion"),
        ("qala-app", "axum"),
        ("qala-app", "qala-cluster"),
        ("qala-server", "deltalake-core"),
        ("qala", "axum"),
        ("xtask", "qala-core"),
        ("qala", "xtask"),
    ];
    for (from, to) in forbidden {
        let text = manifest(from, &format!("[dependencies]\n{to}.workspace = true\n"));
        assert_eq!(graph_findings(&table, from, &text), 1, "{from} -> {to}");
    }
    let permitted = [
        ("qala-lake", "datafusion"),
        ("qala-lake", "qala-disk"),
        ("qala-registry", "qala-disk"),
        ("qala-feeds", "arrow"),
        ("qala-app", "reqwest"),
        ("qala-server", "axum"),
        ("qala", "qala-cluster"),
    ];
    for (from, to) in permitted {
        let text = manifest(from, &format!("[dependencies]\n{to}.workspace = true\n"));
        assert_eq!(graph_findings(&table, from, &text), 0, "{from} -> {to}");
    }
    let text = manifest("qala", "[dev-dependencies]\naxum.workspace = true\n");
    assert_eq!(
        graph_findings(&table, "qala", &text),
        0,
        "tests of the binary are free"
    );
    for (table_of, found) in [("dev-dependencies", 0), ("dependencies", 1)] {
        let text = manifest(
            "qala-models",
            &format!("[{table_of}]\nqala-sim.workspace = true\n"),
        );
        assert_eq!(graph_findings(&table, "qala-models", &text), found, "{table_of}");
    }
}

fn graph_findings(table: &Table, name: &str, text: &str) -> usize {
    let path = if name == "xtask" {
        "xtask/Cargo.toml".to_owned()
    } else {
        format!("crates/{name}/Cargo.toml")
    };
    let tree = Tree {
        files: vec![tree::File {
            path,
            text: text.to_owned(),
        }],
    };
    let mut problems = Vec::new();
    let manifests = manifest::read_all(&tree, &mut problems);
    graph::check(&manifests, table, &mut problems);
    problems.len()
}

#[test]
fn an_edge_upwards_is_found_at_its_line() {
    let text = manifest("low", "[dev-dependencies]\nkinds.workspace = true\n");
    only(
        &[("crates/low/Cargo.toml", &text)],
        "crates/low/Cargo.toml:8: ",
        "must not know `kinds` (level 1)",
    );
}

#[test]
fn a_crate_without_level_knows_nobody() {
    let text = manifest("xtask", "[dependencies]\nlow.workspace = true\n");
    only(
        &[("xtask/Cargo.toml", &text)],
        "xtask/Cargo.toml:8: ",
        "stands alone",
    );
}

#[test]
fn a_crate_outside_the_table_is_found() {
    only(
        &[
            ("crates/extra/Cargo.toml", &manifest("extra", "")),
            ("crates/extra/src/lib.rs", "pub struct Extra;\n"),
            ("docs/ARCHITECTURE.md", "`low` `kinds` `high` `xtask` `extra`\n"),
        ],
        "crates/extra/Cargo.toml:1: ",
        "not in xtask/crates.toml",
    );
}

#[test]
fn a_forbidden_outside_crate_is_found_in_every_kind_of_table() {
    for section in [
        "dependencies",
        "dev-dependencies",
        "build-dependencies",
        "target.'cfg(unix)'.dependencies",
    ] {
        let text = manifest("low", &format!("[{section}]\ntokio-util.workspace = true\n"));
        only(
            &[("crates/low/Cargo.toml", &text)],
            "crates/low/Cargo.toml:8: ",
            "must never know `tokio-util`",
        );
    }
}

#[test]
fn an_outside_crate_with_owners_is_for_them_only() {
    let text = manifest("kinds", "[dependencies.axum-extra]\nworkspace = true\n");
    only(
        &[("crates/kinds/Cargo.toml", &text)],
        "crates/kinds/Cargo.toml:7: ",
        "only high may know `axum-extra`",
    );
}

#[test]
fn lints_must_be_inherited() {
    only(
        &[("crates/low/Cargo.toml", "[package]\nname = \"low\"\n")],
        "crates/low/Cargo.toml:1: ",
        "lint wall is not inherited",
    );
}

#[test]
fn versions_and_features_stand_in_the_root_manifest() {
    let cases = [
        ("serde = \"1\"", "states its own version"),
        (
            "serde = { path = \"../serde\" }",
            "does not come from the root manifest",
        ),
        (
            "serde = { workspace = true, features = [\"rc\"] }",
            "sets `features` here",
        ),
    ];
    for (dependency, what) in cases {
        let text = manifest("low", &format!("[dependencies]\n{dependency}\n"));
        only(
            &[("crates/low/Cargo.toml", &text)],
            "crates/low/Cargo.toml:8: ",
            what,
        );
    }
}

#[test]
fn a_broken_manifest_is_a_finding_not_a_crash() {
    let found = findings(&[("crates/low/Cargo.toml", "[package\n")]);
    assert!(found.iter().any(|line| line.contains("not TOML")), "{found:#?}");
}

#[test]
fn a_crate_of_comments_is_empty() {
    only(
        &[("crates/low/src/lib.rs", "//! Soon.\n")],
        "crates/low/Cargo.toml:1: ",
        "holds no code",
    );
}

#[test]
fn a_package_is_named_as_its_folder() {
    let found = findings(&[("crates/low/Cargo.toml", &manifest("high", ""))]);
    assert!(
        found.iter().any(|line| line.contains("lies in folder `low`")),
        "{found:#?}"
    );
}

#[test]
fn white_space_at_the_end_of_lines_and_files_is_found() {
    only(
        &[("docs/a.md", "one \ntwo\n")],
        "docs/a.md:1: ",
        "end of the line",
    );
    only(&[("docs/a.md", "one\r\n")], "docs/a.md:1: ", "end of the line");
    only(&[("docs/a.md", "one\ntwo")], "docs/a.md:2: ", "no newline");
    only(&[("docs/a.md", "one\n\n")], "docs/a.md:2: ", "empty lines");
}

#[test]
fn recordings_are_kept_byte_for_byte() {
    assert_eq!(
        findings(&[("crates/kinds/src/gtfs/samples/a.md", "one \ntwo")]),
        Vec::<String>::new()
    );
}

#[test]
fn a_long_file_is_a_warning_unless_it_says_why() {
    let long = "struct A;\n".repeat(601);
    only(
        &[("crates/low/src/long.rs", &long)],
        "crates/low/src/long.rs:1: warning: 601 lines",
        "Long because:",
    );
    let reasoned = format!("// Long because: it is a table.\n{long}");
    assert_eq!(
        findings(&[("crates/low/src/long.rs", &reasoned)]),
        Vec::<String>::new()
    );
}

#[test]
fn allow_is_found() {
    let text = format!("fn a() {{}}\n#{}(dead_code)]\nfn b() {{}}\n", "[allow");
    only(
        &[("crates/low/src/a.rs", &text)],
        "crates/low/src/a.rs:2: ",
        "#[expect(",
    );
}

#[test]
fn forbidden_text_is_found_outside_tests_and_comments() {
    let text = "use std::fs;\n";
    only(
        &[("crates/low/src/a.rs", text)],
        "crates/low/src/a.rs:1: ",
        "`std::fs` is not for `low`",
    );
    let hidden = "// std::fs\nfn a() {}\n\n#[cfg(test)]\nmod inner {\n    use std::fs;\n}\n";
    assert_eq!(findings(&[("crates/low/src/a.rs", hidden)]), Vec::<String>::new());
    assert_eq!(
        findings(&[("crates/low/src/tests.rs", text)]),
        Vec::<String>::new()
    );
    let after = format!("{hidden}\nuse std::fs;\n");
    only(
        &[("crates/low/src/a.rs", &after)],
        "crates/low/src/a.rs:9: ",
        "std::fs",
    );
}

#[test]
fn a_city_is_named_only_in_packs_and_tests() {
    only(
        &[("crates/low/src/a.rs", "const A: &str = \"Алматы\";\n")],
        "crates/low/src/a.rs:1: ",
        "names a city",
    );
    only(
        &[("crates/low/src/a.toml", "zone = \"Asia/Almaty\"\n")],
        "crates/low/src/a.toml:1: ",
        "names a city",
    );
    let permitted = [
        ("crates/kinds/src/a.rs", "const A: &str = \"Almaty\";\n"),
        ("crates/low/src/tests.rs", "const A: &str = \"Almaty\";\n"),
        (
            "crates/low/src/b.rs",
            "fn b() {}\n\n#[cfg(test)]\nmod tests;\n\n#[cfg(test)]\nconst A: &str = \"Almaty\";\n",
        ),
        ("packs/almaty/city.toml", "name = \"Almaty\"\n"),
    ];
    assert_eq!(findings(&permitted), Vec::<String>::new());
}

#[test]
fn a_folder_missing_from_its_list_is_found() {
    let lib = "crates/kinds/src/lib.rs";
    let new = (
        "crates/kinds/src/gtfs_rt/mod.rs",
        "pub(crate) const NAME: &str = \"gtfs-rt\";\n",
    );
    let found = findings(&[new]);
    assert_eq!(found.len(), 2, "{found:#?}");
    only(
        &[
            new,
            (
                lib,
                "mod gtfs;\nmod gtfs_rt;\npub const KINDS: &[&str] = &[gtfs::NAME];\n",
            ),
        ],
        "crates/kinds/src/lib.rs:1: ",
        "src/gtfs_rt is not in the list",
    );
    let complete = "mod gtfs;\npub mod gtfs_rt;\npub const KINDS: &[&str] = &[\n    gtfs::NAME,\n    gtfs_rt::NAME,\n];\n";
    assert_eq!(findings(&[new, (lib, complete)]), Vec::<String>::new());
    let commented = "mod gtfs;\nmod gtfs_rt;\npub const KINDS: &[&str] = &[\n    gtfs::NAME,\n    // gtfs_rt::NAME,\n];\n";
    only(&[new, (lib, commented)], lib, "not in the list");
}

#[test]
fn names_of_indicators_and_datasets_are_unique() {
    only(
        &[("indicators/safety/pm25.sql", "SELECT 2\n")],
        "indicators/safety/pm25.sql:1: ",
        "already in indicators/air",
    );
    let twin = "name = \"air_readings\"\nversion = 1\n";
    only(
        &[("datasets/safety/other.toml", twin)],
        "datasets/safety/other.toml:1: ",
        "already in datasets/air",
    );
    let next = "name = \"air_readings\"\nversion = 2\n";
    assert_eq!(
        findings(&[("datasets/air/readings_2.toml", next)]),
        Vec::<String>::new()
    );
}

#[test]
fn the_architecture_is_there_short_and_complete() {
    let map = "docs/ARCHITECTURE.md";
    only(
        &[(map, "`low` `kinds` `high`\n")],
        "docs/ARCHITECTURE.md:1: ",
        "`xtask` is not described",
    );
    let long = format!("`low` `kinds` `high` `xtask`\n{}", "line\n".repeat(300));
    only(&[(map, &long)], "docs/ARCHITECTURE.md:301: ", "301 lines");
    let mut problems = Vec::new();
    docs::check(&Tree { files: Vec::new() }, &[], &mut problems);
    assert_eq!(problems.len(), 1);
}

#[test]
fn build_output_is_not_read() {
    let changes = [
        ("target/a.md", "one "),
        ("web/node_modules/a.md", "one "),
        (".git/a.md", "one "),
    ];
    assert_eq!(findings(&changes), Vec::<String>::new());
    only(&[(".ci/run", "one \n")], ".ci/run:1: ", "end of the line");
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(Tree::read(Path::new("/does/not/exist")).is_err());
}
