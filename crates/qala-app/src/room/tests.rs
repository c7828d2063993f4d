use std::io::{Cursor, Read as _};

use qala_core::spec::ProcedureSpec;
use qala_core::{Lang, Text};
use qala_paper::{Align, Block, Cell, Column, Pages, Sheet, Table};
use qala_registry::{AgendaKind, Decision, DecisionState, Versioned};

use super::area::around;
use super::drill::{drill_script, play};
use super::review::promises;
use super::scenarios::SCENARIOS;
use super::{docx, incident};
use crate::content::Content;

const DAY: i64 = 86_400_000_000;

fn procedures() -> Vec<ProcedureSpec> {
    Content::procedures(&Content::packs()[0]).unwrap()
}

#[test]
fn the_same_seed_is_the_same_drill_to_the_byte_and_another_is_another() {
    let procedures = procedures();
    let districts = [Text::new("а", "б", "c"), Text::new("г", "д", "e")];
    for scenario in &SCENARIOS {
        let procedure = procedures
            .iter()
            .find(|procedure| procedure.id.as_str() == scenario.procedure)
            .unwrap();
        let log = |seed| play(scenario, seed, procedure, &districts).unwrap();
        let (one, again, other) = (log(7), log(7), log(8));
        assert_eq!(
            one.log().into_bytes(),
            again.log().into_bytes(),
            "{}",
            scenario.id
        );
        assert_ne!(one.log(), other.log(), "{}", scenario.id);
        let settled = one.counts.0 + one.counts.1 + one.counts.2;
        assert_eq!(settled, procedure.steps.len());
        assert_eq!(
            one.lines.len(),
            settled + drill_script(scenario.id, 7, &districts).unwrap().len()
        );
        assert!(one.lines.windows(2).all(|pair| pair[0].at_s <= pair[1].at_s));
        let log = one.log();
        assert!(!log.contains("{n}") && !log.contains("{place}"), "{log}");
        assert_eq!(incident::steps_of(procedure).len(), procedure.steps.len());
    }
    assert!(drill_script("flood", 1, &districts).is_err());
}

fn decision(id: i64, deadline: i64, state: DecisionState, done_at: Option<i64>) -> Versioned<Decision> {
    let record = Decision {
        text: format!("{id}"),
        function: "health".into(),
        given_at: 0,
        given_by: "ada".into(),
        deadline,
        state,
        progress: 0,
        explanation: None,
        incident: None,
        review: None,
        indicator: None,
        place: None,
        before: None,
        after: None,
        passports: Vec::new(),
        done_at,
        drill: false,
    };
    Versioned {
        id,
        revision: 1,
        changed_at: 0,
        changed_by: "ada".into(),
        record,
    }
}

#[test]
fn overdue_promises_come_first_and_drills_never() {
    use DecisionState::{Done, Dropped, Open};
    let mut drill = decision(7, DAY, Open, None);
    drill.record.drill = true;
    let all = [
        decision(1, 20 * DAY, Open, None),
        decision(2, 9 * DAY, Open, None),
        decision(3, 4 * DAY, Open, None),
        decision(4, 8 * DAY, Done, Some(9 * DAY)),
        decision(5, 8 * DAY, Done, Some(2 * DAY)),
        decision(6, 8 * DAY, Dropped, Some(9 * DAY)),
        drill,
    ];
    let found: Vec<(AgendaKind, i64)> = promises(&all, 10 * DAY, 5 * DAY)
        .iter()
        .map(|(kind, decision)| (*kind, decision.id))
        .collect();
    use AgendaKind::{Done as WasDone, Overdue, Promised};
    assert_eq!(found, [(Overdue, 3), (Overdue, 2), (Promised, 1), (WasDone, 4)]);
}

#[test]
fn a_district_is_a_circle_around_its_corners() {
    let area = around("MULTIPOLYGON(((76.8 43.2, 77.0 43.2, 77.0 43.3, 76.8 43.2)))").unwrap();
    assert!((area.lon - 76.9).abs() < 1e-9 && (area.lat - 43.25).abs() < 1e-9);
    // Half the diagonal of 16,199 m by 11,120 m.
    assert!((area.radius_m - 9_824.0).abs() < 5.0, "{area:?}");
    assert!(area.is_rough);
    assert_eq!(around("POLYGON EMPTY"), None);
}

#[test]
fn a_document_holds_what_the_page_says_and_is_the_same_each_time() {
    let sheet = Sheet {
        pages: Pages::Many,
        lang: Lang::Kk,
        over: "Қала".into(),
        title: "Хаттама <1> & «2»".into(),
        mark: Some("ЖОБА".into()),
        body: vec![
            Block::Heading("Күн тәртібі".into()),
            Block::Table(Table {
                columns: vec![Column {
                    title: "Мәселе".into(),
                    align: Align::Start,
                }],
                rows: vec![vec![Cell::new("Әңгіме\u{1}")]],
            }),
        ],
        foot: Vec::new(),
        maker: "Qala".into(),
        address: "host".into(),
    };
    let bytes = docx(&sheet).unwrap();
    assert_eq!(bytes, docx(&sheet).unwrap());
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    zip.by_name("word/document.xml")
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    for words in [
        "Хаттама &lt;1&gt; &amp; «2»",
        "Күн тәртібі",
        "Мәселе",
        "Әңгіме</w:t>",
        "ЖОБА",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for name in [
        "[Content_Types].xml",
        "_rels/.rels",
        "word/styles.xml",
        "word/_rels/document.xml.rels",
    ] {
        assert!(zip.by_name(name).is_ok(), "{name}");
    }
}
