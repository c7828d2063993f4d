mod pages;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use proptest::prelude::*;
use qala_core::{Grain, Lang, Unit, Zone};

use crate::canvas::{Canvas, HEIGHT, Role, Shown, WIDTH};
use crate::file::{self, Packing};
use crate::font::{Fonts, Weight};
use crate::sheet::{
    Align, Area, Block, Cell, Chart, Column, Figure, Limits, Map, Mark, Pages, Point, Sheet, Table,
};
use crate::{format, page};

/// Pangrams: every letter of the alphabet.
const KAZAKH: &str = "Аа Әә Бб Вв Гг Ғғ Дд Ее Ёё Жж Зз Ии Йй Кк Ққ Лл Мм Нн Ңң Оо Өө Пп Рр Сс Тт Уу Ұұ Үү Фф Хх Һһ Цц Чч Шш Щщ Ъъ Ыы Іі Ьь Ээ Юю Яя";

fn table(rows: usize) -> Table {
    let column = |title: &str, align| Column {
        title: title.to_owned(),
        align,
    };
    let row = |n: usize| {
        let mark = [Mark::Off, Mark::Watch, Mark::On, Mark::Unknown][n % 4];
        vec![
            Cell::new(format!("Аудан {n}")),
            Cell::new(format::rounded(Lang::Kk, n as f64 * 1.37, Some(1))),
            Cell::marked(mark, "қалыптан тыс"),
        ]
    };
    Table {
        columns: vec![
            column("Аудан", Align::Start),
            column("мкг/м³", Align::End),
            column("Күйі", Align::Start),
        ],
        rows: (0..rows).map(row).collect(),
    }
}

fn chart(values: &[Option<f64>]) -> Chart {
    let point = |(n, value): (usize, &Option<f64>)| Point {
        at: n as i64 * 86_400_000_000,
        label: format!("{:02}.03.2026", n + 1),
        value: *value,
    };
    Chart {
        alt: "Барысы".to_owned(),
        unit: "мкг/м³".to_owned(),
        points: values.iter().enumerate().map(point).collect(),
        target: Some((15.0, "Мақсат 15".to_owned())),
        limit: Some((35.0, "Шек 35".to_owned())),
        usual: Some(Limits {
            centre: 30.0,
            lower: 20.0,
            upper: 40.0,
        }),
        note: Some("Сұр жолақ: әдеттегі ауытқу".to_owned()),
    }
}

fn map() -> Map {
    let area = |n: i32| {
        let (x, y) = (f64::from(n % 3) * 0.1 + 76.8, f64::from(n / 3) * 0.08 + 43.2);
        let ring = vec![(x, y), (x + 0.1, y), (x + 0.1, y + 0.08), (x, y + 0.08), (x, y)];
        Area {
            name: format!("Аудан {n}"),
            mark: [Mark::Off, Mark::Watch, Mark::On, Mark::Unknown][n as usize % 4],
            rings: vec![ring],
        }
    };
    Map {
        alt: "Аудандар картада".to_owned(),
        areas: (0..6).map(area).collect(),
        legend: vec![
            (Mark::Off, "қалыптан тыс".to_owned()),
            (Mark::Watch, "назарда".to_owned()),
        ],
    }
}

fn sheet(rows: usize) -> Sheet {
    let values: Vec<Option<f64>> = (0..30)
        .map(|n| (n % 11 != 5).then(|| 28.0 + f64::from((n * 37) % 17) - 8.0))
        .collect();
    let figure = Figure {
        value: "41,2".to_owned(),
        unit: "мкг/м³".to_owned(),
        mark: Mark::Off,
        standing: "қалыптан тыс".to_owned(),
        lines: vec!["02.03.2026 бастап".to_owned(), KAZAKH.to_owned()],
    };
    let facts = |n: usize| {
        (0..n)
            .map(|n| (format!("Атауы {n}"), "Мәтін ".repeat(n * 7 + 1)))
            .collect()
    };
    Sheet {
        pages: Pages::One,
        lang: Lang::Kk,
        over: "Қала · Ауа".to_owned(),
        title: "PM2.5 орташа концентрациясы".to_owned(),
        mark: Some("модельдік деректер".to_owned()),
        body: vec![
            Block::Quiet("Адамдар қандай ауамен тыныстап жүр?".to_owned()),
            Block::Beside(vec![
                (1.0, vec![Block::Figure(figure)]),
                (2.0, vec![Block::Chart(chart(&values))]),
            ]),
            Block::Heading("Аудандар бойынша".to_owned()),
            Block::Beside(vec![
                (1.2, vec![Block::Table(table(rows))]),
                (1.0, vec![Block::Map(map())]),
            ]),
        ],
        foot: vec![
            Block::Facts(facts(4)),
            Block::Quiet("Модель жасаған деректер.".to_owned()),
        ],
        maker: "Qala 0.1.0".to_owned(),
        address: "http://127.0.0.1:8080/indicators/air.pm25_mean".to_owned(),
    }
}

fn drawn(sheet: &Sheet, check: impl FnOnce(&Canvas<'_>)) {
    let fonts = Fonts::load().unwrap();
    let mut canvas = Canvas::new(&fonts);
    page::draw(sheet, &mut canvas);
    check(&canvas);
}

/// Everything stands between the margins, and no words stand on others.
fn check_room(sheet: &Sheet) {
    drawn(sheet, |canvas| {
        for shown in &canvas.texts {
            let [left, top, right, bottom] = shown.sides;
            assert!(left >= 38.0 && right <= WIDTH - 38.0, "{shown:?}");
            assert!(top >= 38.0 && bottom <= HEIGHT - 30.0, "{shown:?}");
        }
        let is_picture = |at: usize| matches!(canvas.nodes[at].role, Role::Figure(..));
        let words: Vec<&Shown> = (canvas.texts.iter())
            .filter(|shown| !shown.part.is_some_and(is_picture))
            .collect();
        for (n, shown) in words.iter().enumerate() {
            let others = words[n + 1..].iter().filter(|other| other.page == shown.page);
            for other in others {
                let (a, b) = (shown.sides, other.sides);
                let across = a[2].min(b[2]) - a[0].max(b[0]);
                let down = a[3].min(b[3]) - a[1].max(b[1]);
                assert!(across < 0.5 || down < 0.5, "{shown:?} and {other:?}");
            }
        }
    });
}

fn plain(sheet: &Sheet) -> Vec<u8> {
    file::write(sheet, Packing::None).unwrap()
}

fn count(bytes: &[u8], what: &str) -> usize {
    bytes
        .windows(what.len())
        .filter(|part| *part == what.as_bytes())
        .count()
}

#[test]
fn the_fonts_have_every_letter() {
    let fonts = Fonts::load().unwrap();
    let more = "0123456789 ABCXYZabcxyz «»„“”–—…·×÷±≤≥≈→←↑↓°µ³²¹₸№%‰€₽\u{a0}\u{202f}−";
    for weight in Weight::ALL {
        let font = fonts.of(weight);
        for letter in KAZAKH.chars().chain(more.chars()) {
            assert!(
                font.face.glyph_index(letter).is_some(),
                "{weight:?} has no `{letter}`"
            );
        }
        // Columns of numbers line up.
        let widths: Vec<f32> = ('0'..='9').map(|d| font.width(&d.to_string(), 10.0)).collect();
        assert!(widths.iter().all(|w| (w - widths[0]).abs() < 1e-6), "{widths:?}");
        // Pairs are kerned.
        assert!(font.width("Та", 10.0) < font.width("Т", 10.0) + font.width("а", 10.0));
    }
}

#[test]
fn a_page_is_one_page_however_much_stands_on_it() {
    for rows in [0, 1, 3, 8, 9, 40, 500] {
        let sheet = sheet(rows);
        check_room(&sheet);
        let bytes = plain(&sheet);
        assert_eq!(count(&bytes, "/Type /Page\n"), 1, "{rows}");
        // One row is the head.
        let shown = count(&bytes, "/S /TR") - 1;
        assert!(shown <= rows && (shown >= 3 || shown == rows), "{rows}: {shown}");
        let left = rows - shown;
        drawn(&sheet, |canvas| {
            let said = format!("… тағы {left}");
            assert_eq!(
                canvas.texts.iter().any(|shown| shown.text == said),
                left > 0,
                "{rows}"
            );
        });
    }
    assert!(count(&plain(&sheet(8)), "/S /TR") == 9, "eight districts fit");
}

#[test]
fn blocks_without_room_are_counted_and_headings_do_not_stand_alone() {
    let mut sheet = sheet(8);
    for n in 0..40 {
        sheet.body.push(Block::Heading(format!("Тарау {n}")));
        sheet.body.push(Block::Table(table(5)));
    }
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        let last = canvas
            .texts
            .iter()
            .rposition(|shown| shown.text.starts_with("… тағы "))
            .unwrap();
        let before = &canvas.texts[last - 1];
        assert_ne!(
            canvas.nodes[before.part.unwrap()].role,
            Role::Heading,
            "{before:?}"
        );
    });
}

#[test]
fn long_words_stay_on_the_page() {
    let mut sheet = sheet(6);
    sheet.title = "Қаланың әр ауданындағы ауа сапасының тәуліктік көрсеткіші ".repeat(9);
    sheet.over = "Ұзақ атау ".repeat(60);
    sheet.mark = Some("модельдік деректер ".repeat(12));
    sheet.address = format!("http://{}.kz/", "qala".repeat(80));
    sheet.body.insert(0, Block::Text("х".repeat(900)));
    if let Block::Beside(columns) = &mut sheet.body[2]
        && let Block::Figure(figure) = &mut columns[0].1[0]
    {
        figure.value = "1 234 567 890 123 456".to_owned();
        figure.unit = "отырғызу бір тәулікте".repeat(3);
        figure.standing = "қалыптан тыс және назарда ".repeat(5);
    }
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        assert!(canvas.texts.iter().any(|shown| shown.text.ends_with('…')));
    });
}

#[test]
fn every_piece_of_content_is_in_the_tree() {
    drawn(&sheet(8), |canvas| {
        let content = String::from_utf8_lossy(canvas.pages[0].content.as_bytes()).into_owned();
        let (begun, ended) = (content.matches(" BDC").count(), content.matches("EMC").count());
        assert_eq!(begun, canvas.pages[0].owners.len());
        assert_eq!(begun + content.matches(" BMC").count(), ended);
        let roles: Vec<&Role> = canvas.nodes.iter().map(|node| &node.role).collect();
        assert_eq!(roles.iter().filter(|role| ***role == Role::Title).count(), 1);
        assert_eq!(
            roles
                .iter()
                .filter(|role| matches!(role, Role::Figure(..)))
                .count(),
            2
        );
    });
    let bytes = plain(&sheet(8));
    for said in [
        "/Lang (kk)",
        "/DisplayDocTitle true",
        "/Marked true",
        "/Scope /Column",
        "/Alt ",
    ] {
        assert!(count(&bytes, said) > 0, "{said}");
    }
}

/// FNV-1a: no more is asked of it than to be the same tomorrow.
fn digest(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Compares with a file of the sources.
fn check_golden(name: &str, said: &str) {
    let path = format!("{}/src/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("QALA_BLESS").is_some() {
        std::fs::write(&path, said).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said, golden, "look at a page, then QALA_BLESS=1 writes this");
}

#[test]
fn the_same_sheet_gives_the_same_bytes() {
    assert_eq!(crate::pdf(&sheet(8)).unwrap(), crate::pdf(&sheet(8)).unwrap());
    let mut said = String::new();
    for rows in [0, 8, 500] {
        let bytes = plain(&sheet(rows));
        writeln!(
            said,
            "{rows} rows: {} bytes, {:016x}",
            bytes.len(),
            digest(&bytes)
        )
        .unwrap();
    }
    check_golden("golden.txt", &said);
}

#[test]
fn another_program_reads_the_letters() {
    let folder = std::env::temp_dir().join(format!("qala-paper-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("page.pdf");
    std::fs::write(&path, crate::pdf(&sheet(40)).unwrap()).unwrap();
    let read = Command::new("pdftotext")
        .arg("-layout")
        .arg(&path)
        .arg("-")
        .output();
    std::fs::remove_dir_all(&folder).unwrap();
    let Ok(read) = read else {
        // Straight to the descriptor, so that the notice is seen although the test passes.
        drop(writeln!(
            std::io::stderr(),
            "skipped: another_program_reads_the_letters: pdftotext is not there"
        ));
        return;
    };
    assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
    let text = String::from_utf8(read.stdout).unwrap();
    for letter in "әғқңөұі41,2мкг/м³PM2.5".chars() {
        assert!(text.contains(letter), "no `{letter}` in {text}");
    }
    for words in [
        "PM2.5 орташа концентрациясы",
        "қалыптан тыс",
        "Аудандар бойынша",
        "модельдік деректер",
    ] {
        assert!(text.contains(words), "no `{words}` in {text}");
    }
    // It ends each page with a form feed.
    assert_eq!(text.matches('\u{c}').count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever the words and the numbers: one page, nothing outside of it, nothing on top of something else.
    #[test]
    fn any_sheet_is_a_page(
        title in "[ a-zА-Яәғқңөұүһі0-9]{0,300}",
        words in proptest::collection::vec("\\PC{0,120}", 0..12),
        values in proptest::collection::vec(proptest::option::of(-1e9..1e9f64), 0..60),
        rows in 0..60usize,
        tables in 0..6usize,
    ) {
        let mut sheet = sheet(rows);
        sheet.title = title;
        sheet.foot.extend(words.iter().cloned().map(Block::Text));
        sheet.body.push(Block::Facts(words.iter().map(|w| (w.clone(), w.repeat(3))).collect()));
        sheet.body.push(Block::Chart(chart(&values)));
        for _ in 0..tables {
            sheet.body.push(Block::Table(table(rows)));
        }
        sheet.body.extend(words.into_iter().map(Block::Text));
        check_room(&sheet);
        prop_assert_eq!(count(&plain(&sheet), "/Type /Page\n"), 1);
    }
}

fn unit(symbol: &str) -> Unit {
    Unit::parse(symbol).unwrap()
}

#[test]
fn numbers_read_as_on_the_screen() {
    let cases = [
        (0.0, "0", "0"),
        (41.234, "41,2", "41.2"),
        (12.25, "12,3", "12.3"),
        (1234.0, "1\u{202f}230", "1,230"),
        (999.6, "1\u{202f}000", "1,000"),
        (0.012_345, "0,0123", "0.0123"),
        (-3.0, "−3", "−3"),
        (1_234_567.0, "1,23\u{202f}млн", "1.23\u{202f}m"),
        (2e9, "2\u{202f}млрд", "2\u{202f}bn"),
    ];
    for (value, russian, english) in cases {
        assert_eq!(format::rounded(Lang::Ru, value, None), russian);
        assert_eq!(format::rounded(Lang::En, value, None), english);
    }
    assert_eq!(format::quantity(Lang::Kk, 0.07, unit("ratio")), "7\u{202f}%");
    assert_eq!(format::quantity(Lang::En, 0.07, unit("ratio")), "7%");
    assert_eq!(
        format::quantity(Lang::Kk, 41.2, unit("ug/m3")),
        "41,2\u{202f}мкг/м³"
    );
    assert_eq!(format::quantity(Lang::Ru, 12.0, unit("count")), "12");
    assert_eq!(format::share(Lang::En, 0.9999), "99.9%");
    assert_eq!(format::share(Lang::En, 1.0), "100%");
    assert_eq!(format::rounded(Lang::Ru, -0.04, Some(1)), "0,0");
    assert_eq!(format::count(Lang::Kk, 1_234_567), "1\u{202f}234\u{202f}567");
    assert_eq!(format::rounded(Lang::Kk, f64::NAN, None), "–");
}

#[test]
fn periods_read_as_on_the_screen() {
    let zone = Zone::new("Asia/Almaty").unwrap();
    let at = qala_core::parse_instant("2026-03-02T08:00:00+05:00", None).unwrap();
    let day = Grain::Day.start(at, &zone);
    assert_eq!(format::date(Lang::Kk, at, &zone), "02.03.2026");
    assert_eq!(format::date(Lang::En, at, &zone), "2\u{a0}Mar\u{a0}2026");
    assert_eq!(format::date_time(Lang::Ru, at, &zone), "02.03.2026\u{a0}08:00");
    assert_eq!(
        format::period(Lang::Ru, Grain::Hour, at, &zone),
        "02.03.2026\u{a0}08:00–09:00"
    );
    assert_eq!(format::period(Lang::Ru, Grain::Day, day, &zone), "02.03.2026");
    let month = Grain::Month.start(at, &zone);
    assert_eq!(format::period(Lang::Kk, Grain::Month, month, &zone), "03.2026");
    assert_eq!(
        format::period(Lang::En, Grain::Month, month, &zone),
        "Mar\u{a0}2026"
    );
    assert_eq!(
        format::period(Lang::En, Grain::Year, Grain::Year.start(at, &zone), &zone),
        "2026"
    );
    let week = Grain::Week.start(at, &zone);
    assert_eq!(
        format::period(Lang::Ru, Grain::Week, week, &zone),
        "02.03.2026 – 08.03.2026"
    );
}
