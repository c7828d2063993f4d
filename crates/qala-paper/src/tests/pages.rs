//! Sheets of many pages.

use proptest::prelude::*;

use super::{KAZAKH, chart, check_golden, check_room, count, digest, drawn, map, plain, sheet};
use crate::canvas::{Canvas, Child, HEIGHT, Node, Role, Shown};
use crate::font::Fonts;
use crate::sheet::{Align, Block, Cell, Column, Mark, Pages, Row, Sheet, Table};
use crate::{flow, stack};

fn column(title: &str, align: Align) -> Column {
    Column {
        title: title.to_owned(),
        align,
    }
}

/// Words of Kazakh, as many as wanted, that begin with their own number.
fn words(n: usize, letters: usize) -> String {
    const WORDS: [&str; 12] = [
        "көрсеткіш",
        "мақсатқа",
        "жеткен",
        "жоқ,",
        "сондықтан",
        "ауданның",
        "әкімдігі",
        "ұсынған",
        "шаралар",
        "қайта",
        "қаралды;",
        "өңделді",
    ];
    let mut text = format!("№{n}");
    let mut at = n * 7;
    while text.chars().count() < letters {
        text.push(' ');
        text.push_str(WORDS[at % WORDS.len()]);
        at += 5;
    }
    text
}

/// Minutes as a review writes them: an agenda and what was agreed, with long cells.
fn minutes(points: usize, lines: usize) -> Sheet {
    let point = |n: usize| -> Row {
        let mark = [Mark::Off, Mark::Watch, Mark::On][n % 3];
        vec![
            Cell::new(format!("{}. {}", n + 1, words(n, 40 + n * 13 % 60))),
            Cell::marked(mark, ["мерзімі өтті", "назарда", "орындалды"][n % 3]),
            Cell::new("Экология және қоршаған орта басқармасы"),
            Cell::new("41,2 мкг/м³ → 38,7 мкг/м³; мақсат 35 мкг/м³; 02.03.2026; 40\u{202f}%"),
            Cell::new(if n % 4 == 3 {
                String::new()
            } else {
                words(n, n * 97 % 420)
            }),
        ]
    };
    let line = |n: usize| -> Row {
        vec![
            Cell::new(words(n, 60 + n * 41 % 300)),
            Cell::new((n % 9 + 1).to_string()),
            Cell::new("Жолаушылар көлігі және автомобиль жолдары басқармасы"),
            Cell::new("02.03.2026"),
        ]
    };
    let head = |titles: &[&str]| titles.iter().map(|title| column(title, Align::Start)).collect();
    Sheet {
        pages: Pages::Many,
        over: "Алматы · Кеңес хаттамасы".to_owned(),
        title: "Апталық кеңес: ауа, жол, көлік және тұрғындардың өтініштері".to_owned(),
        mark: Some("ЖОБА".to_owned()),
        body: vec![
            Block::Facts(vec![
                ("Өткен күні".to_owned(), "02.03.2026 09:00".to_owned()),
                ("Қатысқандар".to_owned(), words(0, 500)),
            ]),
            Block::Heading("Күн тәртібі".to_owned()),
            Block::Table(Table {
                columns: head(&["Мәселе", "Күйі", "Жауапты", "Сандар", "Түсіндірме"]),
                rows: (0..points).map(point).collect(),
            }),
            Block::Heading("Келісілді".to_owned()),
            Block::Table(Table {
                columns: head(&["Келісілді", "Мәселе", "Жауапты", "Мерзімі"]),
                rows: (0..lines).map(line).collect(),
            }),
        ],
        foot: Vec::new(),
        ..sheet(0)
    }
}

/// A sheet of many pages with nothing but blocks.
fn many(body: Vec<Block>) -> Sheet {
    Sheet {
        pages: Pages::Many,
        body,
        foot: Vec::new(),
        ..sheet(0)
    }
}

/// A table of words: a name, and long words in the second column.
fn long_table(rows: usize, letters: usize) -> Table {
    let row = |n: usize| {
        vec![
            Cell::new(format!("Жол {n}")),
            Cell::marked(Mark::Watch, words(n, letters + n * 29 % (letters / 2 + 1))),
            Cell::new((n * n).to_string()),
        ]
    };
    Table {
        columns: vec![
            column("Атауы", Align::Start),
            column("Түсіндірме", Align::Start),
            column("Саны", Align::End),
        ],
        rows: (0..rows).map(row).collect(),
    }
}

fn shows<'c>(canvas: &'c Canvas<'_>, role: &Role) -> Vec<&'c Shown> {
    let is_in = |at: usize| {
        let mut node = Some(at);
        while let Some(at) = node {
            if canvas.nodes[at].role == *role {
                return true;
            }
            node = canvas.nodes[at].parent;
        }
        false
    };
    let texts = canvas.texts.iter();
    texts.filter(|shown| shown.part.is_some_and(is_in)).collect()
}

/// The words of a part and of the parts in it, in the order of the tree.
fn said(canvas: &Canvas<'_>, at: usize) -> String {
    let own = canvas.texts.iter().filter(|shown| shown.part == Some(at));
    let mut words: Vec<String> = own.map(|shown| shown.text.clone()).collect();
    for child in &canvas.nodes[at].children {
        if let Child::Node(child) = child {
            words.push(said(canvas, *child));
        }
    }
    words.join(" ")
}

/// The parts of a role, in the order of the tree.
fn parts(canvas: &Canvas<'_>, role: &Role) -> Vec<usize> {
    let nodes = canvas.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| node.role == *role)
        .map(|(at, _)| at)
        .collect()
}

/// Every piece of content is in the tree once, where it says that it is, and a part names the page on which it begins.
fn check_tree(canvas: &Canvas<'_>) {
    let mut found: Vec<Vec<Option<usize>>> = canvas
        .pages
        .iter()
        .map(|page| vec![None; page.owners.len()])
        .collect();
    let mut waiting = vec![0];
    let mut reached = 0;
    let mut before = 0;
    while let Some(at) = waiting.pop() {
        reached += 1;
        let Node { page, children, .. } = &canvas.nodes[at];
        assert!(*page >= before, "parts go from page to page");
        before = *page;
        let pieces = children.iter().filter_map(|child| match child {
            Child::Content(page, id) => Some((*page, *id)),
            Child::Node(_) => None,
        });
        let pieces: Vec<(usize, i32)> = pieces.collect();
        assert!(pieces.first().is_none_or(|(first, _)| first == page), "{at}");
        assert!(
            pieces.windows(2).all(|two| two[0].0 + 1 == two[1].0),
            "{pieces:?}"
        );
        for (page, id) in pieces {
            assert_eq!(found[page][id as usize].replace(at), None);
        }
        for child in children.iter().rev() {
            if let Child::Node(child) = child {
                assert_eq!(canvas.nodes[*child].parent, Some(at));
                waiting.push(*child);
            }
        }
    }
    assert_eq!(reached, canvas.nodes.len());
    for (page, found) in canvas.pages.iter().zip(&found) {
        let owners: Vec<Option<usize>> = page.owners.iter().copied().map(Some).collect();
        assert_eq!(owners, *found);
        let content = String::from_utf8_lossy(page.content.as_bytes()).into_owned();
        assert_eq!(content.matches("/MCID ").count(), owners.len());
        let begun = content.matches(" BDC").count() + content.matches(" BMC").count();
        assert_eq!(begun, content.matches("EMC").count());
    }
}

/// What follows a heading stands on its page: two rows of a table, or the beginning of other blocks.
fn check_headings(canvas: &Canvas<'_>) {
    let body = &canvas.nodes[0].children;
    for (n, child) in body.iter().enumerate() {
        let Child::Node(at) = child else { continue };
        if canvas.nodes[*at].role != Role::Heading {
            continue;
        }
        let Some(Child::Node(next)) = body.get(n + 1) else {
            continue;
        };
        let next = &canvas.nodes[*next];
        assert_eq!(next.page, canvas.nodes[*at].page, "{}", said(canvas, *at));
        if next.role == Role::Table {
            let rows = next.children.iter().take(3).map(|row| match row {
                Child::Node(row) => canvas.nodes[*row].page,
                Child::Content(page, _) => *page,
            });
            assert!({ rows }.all(|page| page == next.page), "{}", said(canvas, *at));
        }
    }
}

/// No row goes over pages.
fn check_rows(canvas: &Canvas<'_>) {
    for row in parts(canvas, &Role::Row) {
        let page = canvas.nodes[row].page;
        for cell in &canvas.nodes[row].children {
            let Child::Node(cell) = cell else { continue };
            let pieces = &canvas.nodes[*cell].children;
            assert!(matches!(pieces[..], [Child::Content(on, _)] if on == page));
        }
    }
}

#[test]
fn a_long_table_stands_on_paper_as_a_whole() {
    let table = long_table(120, 160);
    let sheet = many(vec![
        Block::Heading("Кесте".to_owned()),
        Block::Table(table.clone()),
    ]);
    check_room(&sheet);
    let bytes = plain(&sheet);
    drawn(&sheet, |canvas| {
        check_tree(canvas);
        check_headings(canvas);
        let pages = canvas.pages.len();
        assert_eq!(pages, 7);
        assert_eq!(count(&bytes, "/Type /Page\n"), pages);
        assert_eq!(count(&bytes, "/StructParents "), pages);
        assert_eq!(count(&bytes, &format!("/ParentTreeNextKey {pages}")), 1);
        // One table, one head, and every row once, in its order, with all its words.
        assert_eq!(count(&bytes, "/S /Table"), 1);
        assert_eq!(parts(canvas, &Role::ColumnHead).len(), 3);
        let rows = parts(canvas, &Role::Row);
        assert_eq!(rows.len(), 121);
        for (row, wanted) in rows[1..].iter().zip(&table.rows) {
            let cells: Vec<&str> = wanted.iter().map(|cell| cell.text.as_str()).collect();
            assert_eq!(said(canvas, *row), cells.join(" "));
        }
        // Further down, or on a later page.
        let names = shows(canvas, &Role::RowHead);
        assert_eq!(names.len(), 120);
        for two in names.windows(2) {
            assert!((two[0].page, two[0].sides[1]) < (two[1].page, two[1].sides[1]));
        }
        for page in 0..pages {
            let on = |shown: &&Shown| shown.page == page;
            let titles = canvas.texts.iter().filter(on);
            let titles: Vec<&Shown> = titles.filter(|shown| shown.text == "Түсіндірме").collect();
            assert_eq!(titles.len(), 1, "{page}");
            assert_eq!(titles[0].part.is_some(), page == 0);
            let rows: Vec<&&Shown> = names.iter().filter(|shown| shown.page == page).collect();
            assert!(rows.iter().all(|row| row.sides[1] > titles[0].sides[3]));
            // No page ends long before it must: the highest row has five lines.
            let low = rows.iter().map(|row| row.sides[3]).fold(0.0, f32::max);
            assert!(
                page + 1 == pages || low > HEIGHT - 40.0 - 2.0 * 62.0,
                "{page}: {low}"
            );
        }
    });
}

#[test]
fn every_page_has_its_number_and_the_last_words_are_told_once() {
    for (sheet, pages) in [(minutes(24, 30), 6), (minutes(0, 0), 1)] {
        check_room(&sheet);
        drawn(&sheet, |canvas| {
            check_tree(canvas);
            check_rows(canvas);
            assert_eq!(canvas.pages.len(), pages);
            for page in 0..pages {
                let on = |text: &str| {
                    let texts = canvas.texts.iter().filter(|shown| shown.page == page);
                    let found: Vec<&Shown> = texts.filter(|shown| shown.text == text).collect();
                    assert!(found.len() <= 1, "{text}");
                    found.first().map(|shown| shown.part.is_some())
                };
                let is_last = page + 1 == pages;
                assert_eq!(on(&format!("{} / {pages}", page + 1)), Some(false));
                assert_eq!(on(&sheet.maker), Some(is_last));
                assert_eq!(on(&sheet.address), Some(is_last));
                // That it is a draft must not be overlooked on any page.
                assert_eq!(on("ЖОБА"), Some(page == 0));
                assert_eq!(on(&sheet.over), Some(page == 0));
                assert_eq!(on(&sheet.title), (page > 0).then_some(false));
            }
        });
    }
}

#[test]
fn a_table_without_rows_has_its_head() {
    let sheet = many(vec![
        Block::Heading("Кесте".to_owned()),
        Block::Table(long_table(0, 40)),
        Block::Text(words(1, 40)),
    ]);
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        check_tree(canvas);
        assert_eq!(parts(canvas, &Role::Row).len(), 1);
        assert_eq!(parts(canvas, &Role::ColumnHead).len(), 3);
        assert_eq!(canvas.pages.len(), 1);
    });
    drawn(&many(Vec::new()), |canvas| assert_eq!(canvas.pages.len(), 1));
}

#[test]
fn a_paragraph_goes_over_pages_and_loses_nothing() {
    let text = words(1, 14_000);
    let fact = ("Өте ұзақ атау ".repeat(9).trim_end().to_owned(), words(2, 9_000));
    let sheet = many(vec![Block::Text(text.clone()), Block::Facts(vec![fact.clone()])]);
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        check_tree(canvas);
        // The maker and the address are paragraphs, too, and so are the words above the title and the mark.
        let paragraphs = parts(canvas, &Role::Paragraph);
        assert_eq!(paragraphs.len(), 6);
        assert_eq!(said(canvas, paragraphs[2]), text);
        assert_eq!(said(canvas, paragraphs[3]), format!("{} {}", fact.0, fact.1));
        for at in &paragraphs[2..4] {
            for (page, _) in canvas.pages.iter().enumerate() {
                let lines = canvas
                    .texts
                    .iter()
                    .filter(|s| s.part == Some(*at) && s.page == page);
                assert_ne!(lines.count(), 1, "a line alone on page {page}");
            }
        }
        let spans = |at: usize| canvas.nodes[at].children.len();
        assert_eq!((spans(paragraphs[2]), spans(paragraphs[3])), (3, 3));
    });
    // The first piece is of the page of the part; the others name theirs.
    assert_eq!(count(&plain(&sheet), "/Type /MCR"), 4);
}

#[test]
fn a_row_higher_than_a_page_is_divided_between_its_lines() {
    let mut table = long_table(6, 60);
    table.rows[3][1].text = words(3, 11_000);
    let sheet = many(vec![Block::Table(table.clone())]);
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        check_tree(canvas);
        let rows = parts(canvas, &Role::Row);
        for (row, wanted) in rows[1..].iter().zip(&table.rows) {
            let cells: Vec<&str> = wanted.iter().map(|cell| cell.text.as_str()).collect();
            assert_eq!(said(canvas, *row), cells.join(" "));
        }
        // It begins where there is room for it, and only its long cell goes on.
        let row = &canvas.nodes[rows[4]];
        assert_eq!(row.page, 0);
        let pieces = row.children.iter().map(|child| match child {
            Child::Node(cell) => canvas.nodes[*cell].children.len(),
            Child::Content(..) => 0,
        });
        assert_eq!(pieces.collect::<Vec<usize>>(), [1, 3, 1]);
    });
}

#[test]
fn a_heading_is_never_the_last_on_a_page() {
    // Wherever a page ends, it ends between other things.
    for lines in 0..60 {
        for next in [
            Block::Table(long_table(9, 90)),
            Block::Text(words(2, 700)),
            Block::Facts(vec![
                ("А".to_owned(), words(3, 30)),
                ("Ә".to_owned(), words(4, 30)),
            ]),
            Block::Chart(chart(&[Some(1.0), Some(2.0)])),
            Block::Map(map()),
        ] {
            let mut body: Vec<Block> = (0..lines).map(|n| Block::Text(format!("Жол {n}"))).collect();
            body.push(Block::Heading("Бірінші".to_owned()));
            body.push(Block::Heading(words(5, 90)));
            body.push(next);
            let sheet = many(body);
            drawn(&sheet, |canvas| {
                check_headings(canvas);
                check_tree(canvas);
            });
        }
    }
}

#[test]
fn pictures_and_columns_are_not_divided_and_do_not_shrink() {
    let one = sheet(8);
    let body = (0..5).flat_map(|_| one.body.clone()).collect();
    let sheet = Sheet {
        foot: one.foot,
        ..many(body)
    };
    check_room(&sheet);
    drawn(&sheet, |canvas| {
        check_tree(canvas);
        check_headings(canvas);
        assert_eq!(canvas.pages.len(), 4);
        let heights = canvas.nodes.iter().filter_map(|node| match &node.role {
            Role::Figure(_, [_, top, _, bottom]) => Some(bottom - top),
            _ => None,
        });
        let heights: Vec<f32> = heights.collect();
        assert_eq!(heights.len(), 10);
        for two in heights.chunks(2) {
            assert!((two[0] - heights[0]).abs() < 0.01, "{heights:?}");
            assert!((two[1] - heights[1]).abs() < 0.01, "{heights:?}");
        }
        // The foot follows the body, once.
        let last = shows(canvas, &Role::Paragraph);
        let foot = last.iter().filter(|s| s.text == "Модель жасаған деректер.");
        assert_eq!(foot.map(|s| s.page).collect::<Vec<usize>>(), [3]);
    });
}

#[test]
fn what_has_no_room_on_the_last_page_is_counted() {
    let mut sheet = many(vec![
        Block::Table(long_table(200, 120)),
        Block::Heading("Соңы".to_owned()),
        Block::Text(words(1, 80)),
    ]);
    sheet.foot = vec![Block::Quiet(words(2, 80))];
    let fonts = Fonts::load().unwrap();
    let mut canvas = Canvas::new(&fonts);
    flow::draw(&sheet, &mut canvas, 3);
    assert_eq!(canvas.pages.len(), 3);
    check_tree(&canvas);
    let shown = parts(&canvas, &Role::Row).len() - 1;
    let has = |n: usize| {
        let note = stack::more(sheet.lang, n);
        canvas.texts.iter().any(|s| s.part.is_some() && s.text == note)
    };
    assert!(has(200 - shown), "{shown}");
    assert!(has(3));
    assert!(canvas.texts.iter().all(|s| s.sides[3] <= HEIGHT - 30.0));

    // Words end with dots; what follows them is counted.
    let sheet = many(vec![Block::Text(words(1, 20_000)), Block::Map(map())]);
    let mut canvas = Canvas::new(&fonts);
    flow::draw(&sheet, &mut canvas, 2);
    assert_eq!(canvas.pages.len(), 2);
    let notes: Vec<&str> = canvas.texts.iter().map(|s| s.text.as_str()).collect();
    assert!(notes.contains(&"…") && notes.contains(&stack::more(sheet.lang, 1).as_str()));

    // As it is printed.
    let sheet = many(vec![Block::Table(long_table(3_000, 160))]);
    drawn(&sheet, |canvas| {
        assert_eq!(canvas.pages.len(), flow::MOST_PAGES);
        let shown = parts(canvas, &Role::Row).len() - 1;
        let note = stack::more(sheet.lang, 3_000 - shown);
        assert!(canvas.texts.iter().any(|s| s.text == note));
    });
}

#[test]
fn the_same_sheet_of_many_pages_gives_the_same_bytes() {
    let sheet = minutes(24, 30);
    assert_eq!(crate::pdf(&sheet).unwrap(), crate::pdf(&sheet).unwrap());
    let bytes = plain(&sheet);
    let said = format!("{} bytes, {:016x}\n", bytes.len(), digest(&bytes));
    check_golden("golden_pages.txt", &said);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever stands on it: all words are there, in their order, between the margins and not on top of each other.
    #[test]
    fn any_sheet_of_many_pages_stands_as_a_whole(
        title in "[ a-zА-Яәғқңөұүһі0-9]{0,300}",
        blocks in proptest::collection::vec((0..7u8, 0..30usize, 1..900usize), 0..14),
    ) {
        let around = sheet(0);
        let mut told = around.over + &around.mark.unwrap_or_default();
        let mut tell = |text: String| {
            told.push_str(&text);
            told.push(' ');
            text
        };
        let mut body = Vec::new();
        for (kind, n, letters) in blocks {
            body.push(match kind {
                0 | 1 => Block::Heading(tell(words(n, letters % 120))),
                2 => Block::Text(tell(words(n, letters * 4))),
                3 => {
                    let fact = |n: usize| (tell(words(n, letters % 60)), tell(words(n, letters)));
                    Block::Facts((0..n % 7).map(fact).collect())
                }
                4 => {
                    let map = map();
                    for (_, word) in &map.legend {
                        tell(word.clone());
                    }
                    Block::Map(map)
                }
                _ => {
                    let table = long_table(n, letters);
                    for title in &table.columns {
                        tell(title.title.clone());
                    }
                    for cell in table.rows.iter().flatten() {
                        tell(cell.text.clone());
                    }
                    Block::Table(table)
                }
            });
        }
        // A heading with nothing below it has nothing to stand with.
        body.push(Block::Quiet(tell(KAZAKH.to_owned())));
        let sheet = Sheet { title, ..many(body) };
        check_room(&sheet);
        drawn(&sheet, |canvas| {
            check_tree(canvas);
            check_headings(canvas);
            let is_body = |at: usize| {
                matches!(&canvas.nodes[at].role, Role::Heading | Role::Paragraph | Role::Table)
            };
            let body = canvas.nodes[0].children.iter().filter_map(|child| match child {
                Child::Node(at) if is_body(*at) => Some(said(canvas, *at)),
                _ => None,
            });
            let body = body.collect::<Vec<String>>().join(" ");
            told.push_str(&around.maker);
            told.push_str(&around.address);
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&body), bare(&told));
        });
    }
}
