use std::fmt::Write as _;
use std::io::Cursor;

use qala_core::spec::Mapping;
use qala_core::{FeedId, Zone};

use super::{Proposal, propose, try_out};
use crate::tests::{Given, datasets};
use crate::{Context, kind};

fn proposed(name: &str, bytes: &[u8], dataset: Option<&str>) -> Proposal {
    let specs = datasets();
    let context = Context {
        name,
        feed: &FeedId::new("trial").unwrap(),
        dataset: dataset.map(|name| specs.iter().find(|spec| spec.name.as_str() == name).unwrap()),
        mapping: &Mapping::default(),
        datasets: &specs,
        city_zone: &Zone::new("Asia/Almaty").unwrap(),
        max_unpacked: 1 << 28,
        selection: None,
    };
    propose(&mut Cursor::new(bytes), &context).unwrap()
}

/// What an import with the proposed mapping, read back from its text, gives.
fn read(proposal: &Proposal, name: &str, bytes: &[u8]) -> crate::tests::Outcome {
    assert_eq!(
        Mapping::from_toml("saved", &proposal.toml).unwrap(),
        proposal.mapping
    );
    Given::new(proposal.guess.kind, name)
        .mapping(&proposal.toml)
        .read(bytes)
}

#[test]
fn a_table_of_an_air_department() {
    let text = "Код поста;Дата и время;PM2.5 (мкг/м3);PM10, мг/м3;Диоксид азота;Дежурный\n\
                1;01.03.2026 10:00;12,5;0,031;41;Асель\n\
                2;01.03.2026 10:00;-;0,02;1 040;Ержан\n\
                3;01.03.2026 10:20;-;0,02;40;Ержан\n";
    let bytes = encoding_rs::WINDOWS_1251.encode(text).0;
    let proposal = proposed("air.csv", &bytes, None);
    assert_eq!(
        proposal.mapping.dataset.as_ref().unwrap().as_str(),
        "air_readings",
        "{proposal:#?}"
    );
    assert_eq!(
        (proposal.guess.encoding, proposal.guess.delimiter),
        (Some("windows-1251"), Some(';'))
    );
    assert_eq!(proposal.unmapped, ["Дежурный"]);
    assert!(
        proposal.missing.is_empty() && proposal.mapping.decimal == ',' && proposal.mapping.missing == ["-"]
    );
    assert!(
        proposal
            .reasons
            .iter()
            .any(|reason| reason.why.contains("ug/m3 by its header"))
    );
    let outcome = read(&proposal, "air.csv", &bytes);
    assert_eq!(
        (outcome.given(), outcome.rejected),
        (7, 0),
        "{}\n{}",
        proposal.toml,
        outcome.text()
    );
    assert!(
        outcome.text().contains("pm10 | 2026-03-01T05:00:00Z | 31.0"),
        "{}",
        outcome.text()
    );
}

#[test]
fn a_list_of_kindergartens() {
    let bytes = "Наименование,Адрес,Тип,Широта,Долгота,Телефон\nСамал,\"Абая, 1\",ясли,43.25,76.9,1\nАйгөлек,Сатпаева 2,сад,43.2,76.8,2\n";
    let proposal = proposed("kindergartens.csv", bytes.as_bytes(), None);
    assert_eq!(
        proposal.mapping.dataset.as_ref().unwrap().as_str(),
        "schools_kindergartens",
        "{proposal:#?}"
    );
    assert_eq!(
        proposal.mapping.columns["kindergarten_id"].from.as_deref(),
        Some("@row")
    );
    let outcome = read(&proposal, "kindergartens.csv", bytes.as_bytes());
    assert_eq!(
        (outcome.given(), outcome.rejected),
        (2, 0),
        "{}\n{}",
        proposal.toml,
        outcome.text()
    );
}

#[test]
fn documents_and_features() {
    let bytes = br#"{"a":{"list":[{"vehicle_id":"1","capacity":85,"about":{"model":"X"}}]},"b":[]}"#;
    let proposal = proposed("fleet.json", bytes, Some("transit_fleet"));
    assert_eq!(proposal.mapping.records.as_deref(), Some("a.list[*]"));
    assert_eq!(read(&proposal, "fleet.json", bytes).given(), 1);
    let bytes = br#"{"features":[{"properties":{"id":5,"address":"x","startDate":"01.02.2026"},"geometry":{"type":"Point","coordinates":[76.9,43.2]}}]}"#;
    let proposal = proposed("works.geojson", bytes, Some("projects_works"));
    assert_eq!(proposal.guess.kind, "geojson");
    assert_eq!(
        proposal.mapping.columns["start_on"].from.as_deref(),
        Some("startDate")
    );
    assert_eq!(read(&proposal, "works.geojson", bytes).given(), 1);
}

#[test]
fn a_trial_counts_and_keeps_nothing() {
    let specs = datasets();
    let mapping = Mapping::from_toml("m", "dataset = \"traffic_city_figures\"").unwrap();
    let context = Context {
        name: "a.csv",
        feed: &FeedId::new("trial").unwrap(),
        dataset: None,
        mapping: &mapping,
        datasets: &specs,
        city_zone: &Zone::new("Asia/Almaty").unwrap(),
        max_unpacked: 1 << 20,
        selection: None,
    };
    let bytes = "t,figure,value,more\n2026-03-01,a,1,\n2026-03-02,a,x,\n2026-03-03,a,3,\n";
    let trial = try_out(kind("table").unwrap(), &mut Cursor::new(bytes), &context, None);
    assert_eq!((trial.received, trial.accepted, trial.quarantined), (3, 2, 1));
    assert_eq!(trial.by_code["bad_number"], 1);
    assert_eq!((trial.first.len(), trial.notes.len()), (1, 1));
    assert_eq!(trial.columns, ["t", "figure", "value"]);
    assert_eq!(trial.rows[1], ["2026-03-02T19:00:00Z", "a", "3.0"]);
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let specs = datasets();
    let context = Context {
        name: "a",
        feed: &FeedId::new("trial").unwrap(),
        dataset: None,
        mapping: &Mapping::default(),
        datasets: &specs,
        city_zone: &Zone::utc(),
        max_unpacked: 1 << 20,
        selection: None,
    };
    for (bytes, code) in [
        (b"".as_slice(), "empty"),
        (b"{\"a\": [", "broken_json"),
        (b"PAR1", "no_proposal"),
        (b"PK\x03\x04", "damaged_archive"),
        (b"\x1f\x8b\x08\0\0", "damaged_archive"),
    ] {
        let problem = propose(&mut Cursor::new(bytes), &context).unwrap_err();
        assert_eq!(problem.code, code, "{problem:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), text in "[a-zа-я0-9,;.\n\"{}\\[\\]:-]{0,200}") {
        let specs = datasets();
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let context = Context {
                name: "a.csv",
                feed: &FeedId::new("trial").unwrap(),
                dataset: specs.iter().find(|spec| spec.name.as_str() == "air_readings"),
                mapping: &Mapping::default(),
                datasets: &specs,
                city_zone: &Zone::utc(),
                max_unpacked: 1 << 20,
                selection: None,
            };
            let _ = propose(&mut Cursor::new(bytes), &context);
        }
    }
}

#[test]
fn titles_above_and_totals_below_a_text() {
    // As a spreadsheet writes it: titles and the total have the cells of the table.
    let padded = "Список детских садов, на 1 марта 2026 года;;;;\n\
                  ;;;;\n\
                  \"Управление образования;\nпервый отдел\";;;;\n\
                  \n\
                  Наименование;Адрес;Широта;Долгота;Мест\n\
                  Самал;Абая, 1;43,25;76,9;120\n\
                  Айгөлек;Сатпаева, 2;43,2;76,8;90\n\
                  Балапан;Жандосова, 3;сорок три;76,7;80\n\
                  Еркемай;Толе би, 4;43,21;76,7;80\n\
                  Ақбота;Толе би, 5;43,22;76,8;80\n\
                  Балдаурен;Толе би, 6;43,23;76,9;80\n\
                  Итого по городу;;;;290\n";
    // As people write it: titles with commas of their own, a total of two cells.
    let bare = "Детские сады, города, 2026\n\n\
                Наименование;Адрес;Широта;Долгота;Мест\n\
                Самал;Абая, 1;43,25;76,9;120\n\
                Айгөлек;Сатпаева, 2;43,2;76,8;90\n\
                Балапан;Жандосова, 3;сорок три;76,7;80\n\
                Еркемай;Толе би, 4;43,21;76,7;80\n\
                Ақбота;Толе би, 5;43,22;76,8;80\n\
                Балдаурен;Толе би, 6;43,23;76,9;80\n\
                Всего;290\n";
    for (text, row, wrong, word, title) in [
        (
            padded,
            6,
            9,
            "итого",
            "Список детских садов, на 1 марта 2026 года",
        ),
        (bare, 3, 6, "всего", "Детские сады"),
    ] {
        for bytes in [
            text.as_bytes().to_vec(),
            text.replace('\n', "\r\n").into_bytes(),
            encoding_rs::WINDOWS_1251
                .encode(&text.replace(['ө', 'қ'], "о"))
                .0
                .into_owned(),
        ] {
            let proposal = proposed("list.csv", &bytes, None);
            assert_eq!(
                proposal.mapping.dataset.as_ref().unwrap().as_str(),
                "schools_kindergartens",
                "{proposal:#?}"
            );
            assert_eq!(
                (proposal.guess.header_row, proposal.guess.delimiter),
                (Some(row), Some(';'))
            );
            assert_eq!(proposal.mapping.header_row, Some(row));
            assert_eq!(proposal.mapping.totals, Some(vec![word.to_owned()]), "{title}");
            assert_eq!(proposal.mapping.decimal, ',');
            let outcome = read(&proposal, "list.csv", &bytes);
            let codes = outcome.codes();
            assert_eq!(
                (outcome.given(), outcome.rejected),
                (5, 1),
                "{}\n{}",
                proposal.toml,
                outcome.text()
            );
            assert!(
                codes.iter().any(|(code, _)| *code == "totals_left_out"),
                "{codes:?}"
            );
            let lines: Vec<Option<u64>> = outcome
                .problems
                .iter()
                .filter(|(_, problem)| problem.rows > 0)
                .map(|(_, problem)| problem.position.line)
                .collect();
            assert_eq!(lines, [Some(wrong)]);
        }
    }
}

#[test]
fn a_header_below_titles_is_found_in_a_long_text_too() {
    let mut text = "Численность, на начало года,,\n,,,\nРегион,Год,Численность,Примечание\n".to_owned();
    for row in 0..60_000 {
        let count = if row == 55_555 {
            "нет данных".to_owned()
        } else {
            row.to_string()
        };
        writeln!(text, "область {row},2023,{count},примечание {row}").unwrap();
    }
    text.push_str("Итого,2023,1799970000,\n");
    assert!(text.len() > 2 << 20);
    let specs = datasets();
    let wanted = specs
        .iter()
        .find(|spec| spec.name.as_str() == "population_counts")
        .unwrap();
    assert!(wanted.column("population").is_some());
    let proposal = proposed("list.csv", text.as_bytes(), Some("population_counts"));
    assert_eq!(proposal.mapping.header_row, Some(3));
    assert_eq!(proposal.mapping.totals, Some(vec!["итого".to_owned()]));
    let mapping = "dataset = \"population_counts\"\nheader_row = 3\ntotals = [\"итого\"]\n[columns]\nplace = { from = \"Регион\" }\n\
                   period = { from = \"Год\" }\nyear = { from = \"Год\" }\nsex = { value = \"total\" }\nage_group = { value = \"total\" }\n\
                   locality = { value = \"total\" }\npopulation = { from = \"Численность\" }\n";
    let outcome = Given::new("table", "list.csv")
        .mapping(mapping)
        .read(text.as_bytes());
    assert_eq!(
        (outcome.given(), outcome.rejected),
        (59_999, 1),
        "{:?}",
        outcome.codes()
    );
    let wrong = outcome
        .problems
        .iter()
        .find(|(_, problem)| problem.rows > 0)
        .unwrap();
    assert_eq!(wrong.1.position.line, Some(55_555 + 4));
}

#[test]
fn a_plain_text_is_read_from_its_first_line() {
    // A word for sums that is a value among others leaves nothing out.
    let text = "sex,year,population\nmale,2024,10\nfemale,2024,11\ntotal,2024,21\nmale,2025,11\nfemale,2025,12\ntotal,2025,23\n";
    let proposal = proposed("population.csv", text.as_bytes(), Some("population_counts"));
    let mapping = &proposal.mapping;
    assert_eq!(
        (mapping.header_row, &mapping.totals, mapping.delimiter),
        (None, &None, None)
    );
    assert_eq!(proposal.guess.header_row, Some(1));
    // A first line that is short, and no header below it: as it was.
    let text = "a,b,,,\n1,2,3,4,5\n6,7,8,9,10\n";
    let proposal = proposed("x.csv", text.as_bytes(), Some("population_counts"));
    assert_eq!(
        (proposal.guess.header_row, proposal.mapping.header_row),
        (Some(1), None)
    );
}

#[test]
fn names_and_places_do_not_tell_what_is_listed() {
    let bytes = "name,address,lat,lon\nPoplar 1,Abay 1,43.21,76.91\nPoplar 2,Abay 2,43.22,76.92\n".as_bytes();
    assert!(!proposed("poplars.csv", bytes, None).fits());
    assert!(proposed("schools.csv", bytes, None).fits());
}

#[test]
fn points_outside_of_the_city_are_told_of() {
    let specs = datasets();
    let mapping = Mapping::from_toml(
        "m",
        "dataset = \"schools_schools\"\n[columns]\nschool_id = { from = \"@row\" }",
    )
    .unwrap();
    let context = Context {
        name: "a.csv",
        feed: &FeedId::new("trial").unwrap(),
        dataset: None,
        mapping: &mapping,
        datasets: &specs,
        city_zone: &Zone::utc(),
        max_unpacked: 1 << 20,
        selection: None,
    };
    let note = |bytes: &str| {
        let city = Some([76.7, 43.0, 77.25, 43.45]);
        let trial = try_out(kind("table").unwrap(), &mut Cursor::new(bytes), &context, city);
        assert_eq!(trial.accepted, 2, "{trial:?}");
        trial
            .notes
            .into_iter()
            .find(|note| matches!(note.code.as_str(), "outside_city" | "swapped_coordinates"))
            .map(|note| format!("{}: {}", note.code, note.message))
    };
    assert_eq!(note("name,lat,lon\nA,43.2,76.9\nB,43.3,76.8\n"), None);
    let one = note("name,lat,lon\nA,43.2,76.9\nB,0,0\n").unwrap();
    assert!(
        one.starts_with("outside_city: 1 of 2 points") && one.contains("does not show"),
        "{one}"
    );
    let turned = note("name,lat,lon\nA,76.9,43.2\nB,76.8,43.1\n").unwrap();
    assert!(
        turned.starts_with("swapped_coordinates: 2 of 2 points") && turned.contains("one for the other"),
        "{turned}"
    );
}
