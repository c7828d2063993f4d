//! Tests of the nine rules, one fault at a time in a clean register, and of what planted faults are found.

mod planted;

use std::fmt::Write;

use super::*;
use crate::fixture::run as run_csv;

const BODIES: &str = "body,parent,kind,from,to\n\
    city,,akimat,,\n\
    roads,city,department,2019-01-23,\n\
    air,city,department,2019-01-23,\n\
    parks,city,department,2019-01-23,\n\
    money,city,department,2019-01-23,\n\
    old-roads,city,department,2010-01-01,2019-01-23\n";
const POSTS: &str = "post,body,kind,filled\n\
    r1,roads,management,true\nr2,roads,core,true\nr3,roads,core,false\nr4,roads,core,true\nr5,roads,support,true\n";
const FUNCTIONS: &str = "function,owner,legal_basis,programme,from,to,title\n\
    f1,old-roads,law 1,p1,2010-01-01,2019-01-23,Maintenance of city streets\n\
    f1,roads,law 1,p1,2019-01-23,,Maintenance of city streets\n\
    f2,air,law 2,p2,2019-01-23,,Control of emissions\n\
    f3,money,law 3,p3,2019-01-23,,Execution of the budget\n";
const INDICATORS: &str = "indicator,function,source,target\n\
    i1,f1,road survey,0.9\ni2,f2,stations,\ni3,f3,treasury,1\n";

/// Rule, severity and object of each finding.
fn found(tables: [&str; 4], settings: &[(&str, &str)]) -> Vec<String> {
    let out = run_csv(
        "organisation.check",
        &[
            ("bodies", tables[0]),
            ("posts", tables[1]),
            ("functions", tables[2]),
            ("indicators", tables[3]),
        ],
        settings,
    );
    let out = out.expect("a run");
    out[0]
        .lines()
        .skip(1)
        .map(|line| line.splitn(4, ',').take(3).collect::<Vec<_>>().join(","))
        .collect()
}

/// Findings of the clean register with rows added to one table.
fn with(table: usize, rows: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let mut tables = [BODIES, POSTS, FUNCTIONS, INDICATORS].map(str::to_owned);
    tables[table].push_str(rows);
    found([&tables[0], &tables[1], &tables[2], &tables[3]], settings)
}

/// Findings of the clean register with a text of one table replaced.
fn replaced(table: usize, from: &str, to: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let mut tables = [BODIES, POSTS, FUNCTIONS, INDICATORS].map(str::to_owned);
    assert!(tables[table].contains(from), "{from}");
    tables[table] = tables[table].replacen(from, to, 1);
    found([&tables[0], &tables[1], &tables[2], &tables[3]], settings)
}

#[test]
fn a_clean_register_has_no_findings_at_any_date() {
    for as_of in ["", "2015-06-01", "2019-01-22", "2019-01-23", "2026-03-02"] {
        // Before the reform the city has one department below it.
        let settings = [("as_of", as_of), ("span_min", "0")];
        let findings = with(0, "", &settings);
        // The posts of today belong to a department that was founded in 2019.
        let early = as_of.starts_with("2015") || as_of == "2019-01-22";
        let others = findings.iter().filter(|each| {
            !early
                || !each.starts_with("post_without_body") && !each.starts_with("indicator_without_function")
        });
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new(), "{as_of}");
    }
    assert_eq!(with(0, "", &[]), Vec::<String>::new());
    let only = [
        ("bodies", "body,parent,kind,from,to\n"),
        (
            "functions",
            "function,owner,legal_basis,programme,from,to,title\n",
        ),
    ];
    assert_eq!(
        run_csv("organisation.check", &only, &[]).expect("a run"),
        ["rule,severity,object,finding,mend\n"]
    );
}

#[test]
fn orphan_function() {
    let no_owner = "f4,,law 4,p4,2020-01-01,,Lighting of yards\n";
    let mut tables = [BODIES, POSTS, FUNCTIONS, INDICATORS].map(str::to_owned);
    tables[2].push_str(no_owner);
    tables[3].push_str("i4,f4,lamps,\n");
    let tables = [tables[0].as_str(), &tables[1], &tables[2], &tables[3]];
    assert_eq!(found(tables, &[]), ["orphan_function,error,f4"]);
    assert_eq!(
        found(tables, &[("as_of", "2019-12-31")]),
        ["indicator_without_function,warning,i4"]
    );
    // No money and no indicator are warnings, and one finding.
    assert_eq!(
        with(2, "f4,air,law 4,,2020-01-01,,Lighting of yards\n", &[]),
        ["orphan_function,warning,f4"]
    );
    assert_eq!(
        replaced(3, "i2,f2,stations,\n", "", &[]),
        ["orphan_function,warning,f2"]
    );
    // A function that ended needs neither.
    assert_eq!(
        with(2, "f4,air,law 4,,2019-02-01,2020-01-01,Lighting of yards\n", &[]),
        Vec::<String>::new()
    );
    // A register without any programme and any indicator says nothing about them.
    let bare = FUNCTIONS
        .replace(",p1,", ",,")
        .replace(",p2,", ",,")
        .replace(",p3,", ",,");
    assert_eq!(
        found([BODIES, POSTS, &bare, "indicator,function,source,target\n"], &[]),
        Vec::<String>::new()
    );
}

#[test]
fn unknown_owner() {
    assert_eq!(replaced(2, "f2,air", "f2,aır", &[]), ["unknown_owner,error,f2"]);
    // An owner that is not there yet is one on that day only.
    let late = |as_of| {
        replaced(
            0,
            "air,city,department,2019-01-23",
            "air,city,department,2021-01-01",
            &[("as_of", as_of)],
        )
    };
    assert_eq!(late(""), Vec::<String>::new());
    assert_eq!(late("2020-01-01"), ["unknown_owner,error,f2", "span,info,city"]);
    assert_eq!(late("2021-01-01"), Vec::<String>::new());
}

#[test]
fn ended_owner() {
    let findings = replaced(
        0,
        "air,city,department,2019-01-23,",
        "air,city,department,2019-01-23,2025-08-07",
        &[],
    );
    assert_eq!(findings, ["ended_owner,error,f2", "span,info,city"]);
    let on = |as_of| {
        replaced(
            0,
            "air,city,department,2019-01-23,",
            "air,city,department,2019-01-23,2025-08-07",
            &[("as_of", as_of)],
        )
    };
    assert_eq!(on("2025-08-06"), Vec::<String>::new());
    assert_eq!(on("2025-08-07"), ["ended_owner,error,f2", "span,info,city"]);
    // A body that is renamed in its row goes on.
    let renamed = "air,city,department,2019-01-23,2025-08-07\nair,city,agency,2025-08-07,";
    assert_eq!(
        replaced(0, "air,city,department,2019-01-23,", renamed, &[]),
        Vec::<String>::new()
    );
}

#[test]
fn duplicate_function() {
    let extra =
        |owner: &str, dates: &str| format!("f4,{owner},law 4,p4,{dates},Street maintenance of the CITY\n");
    let only = |rows: &str, settings: &[(&str, &str)]| {
        let mut findings = with(2, rows, settings);
        findings.retain(|each| each.starts_with("duplicate"));
        findings
    };
    let same = "f4,parks,law 4,p4,2020-01-01,,City streets: maintenance of\n";
    assert_eq!(only(same, &[]), ["duplicate_function,warning,f1;f4"]);
    assert_eq!(
        only(&extra("parks", "2020-01-01,"), &[("similarity", "0.5")]),
        ["duplicate_function,warning,f1;f4"]
    );
    assert_eq!(
        only(&same.replace("2020-01-01,", "2000-01-01,2010-01-01"), &[]),
        Vec::<String>::new()
    );
    assert_eq!(only(same, &[("as_of", "2019-12-31")]), Vec::<String>::new());
    // Two owners at the same time.
    assert_eq!(
        only("f2,parks,law 2,p2,2020-01-01,,Control of emissions\n", &[]),
        ["duplicate_function,error,f2;f2"]
    );
    // Two districts, each on its own territory.
    let districts = format!("{BODIES}d1,city,district,,\nd2,city,District,,\n");
    let functions = format!("{FUNCTIONS}g1,d1,law,p1,,,Clearing of snow\ng2,d2,law,p1,,,Clearing of snow\n");
    let indicators = format!("{INDICATORS}j1,g1,x,\nj2,g2,x,\n");
    let tables = [districts.as_str(), POSTS, &functions, &indicators];
    assert_eq!(found(tables, &[]), Vec::<String>::new());
    assert_eq!(
        found(tables, &[("district_kinds", "town")]),
        ["duplicate_function,warning,g1;g2"]
    );
}

#[test]
fn indicators_hang_in_the_air() {
    assert_eq!(
        replaced(3, "road survey", "", &[]),
        ["indicator_without_source,warning,i1"]
    );
    assert_eq!(
        with(3, "i4,,x,\ni5,f9,x,\n", &[]),
        [
            "indicator_without_function,error,i4",
            "indicator_without_function,error,i5"
        ]
    );
}

#[test]
fn body_cycle() {
    let ring = "a,c,unit,,\nb,a,unit,,\nc,b,unit,,\nd,c,unit,,\ne,e,unit,,\n";
    let settings = [("span_min", "0")];
    assert_eq!(
        with(0, ring, &settings),
        ["body_cycle,error,a", "body_cycle,error,e"]
    );
    let out = run_csv(
        "organisation.check",
        &[("bodies", &format!("{BODIES}{ring}")), ("functions", FUNCTIONS)],
        &[("span_min", "0"), ("language", "kk")],
    );
    assert!(out.expect("a run")[0].contains("бағыныстылық тұйықталған: a → c → b → a,осы органдардың"));
    // Parents that changed places are no ring, unless for a time both hold.
    let turned = |day: &str| {
        format!(
            "a,b,unit,2010-01-01,{day}\nb,city,unit,2010-01-01,2015-01-01\nb,a,unit,2015-01-01,\na,city,unit,{day},\n"
        )
    };
    assert_eq!(with(0, &turned("2015-01-01"), &settings), Vec::<String>::new());
    assert_eq!(with(0, &turned("2015-03-01"), &settings), ["body_cycle,error,a"]);
    assert_eq!(
        with(
            0,
            &turned("2015-03-01"),
            &[("span_min", "0"), ("as_of", "2020-01-01")]
        ),
        Vec::<String>::new()
    );
    assert!(
        with(0, &turned("2015-03-01"), &[("as_of", "2015-02-01")]).contains(&"body_cycle,error,a".to_owned())
    );
}

#[test]
fn post_without_body() {
    let posts = "x1,,core,true\nx2,nobody,core,true\nx3,old-roads,core,true\nx4,parks,core,true\n";
    let error = |post: &str| format!("post_without_body,error,{post}");
    assert_eq!(with(1, posts, &[]), [error("x1"), error("x2"), error("x3")]);
    let early = with(1, posts, &[("as_of", "2018-01-01"), ("span_min", "0")]);
    assert!(
        !early.contains(&error("x3")) && early.contains(&error("x4")),
        "{early:?}"
    );
}

#[test]
fn span() {
    let rows = |count: usize| {
        (0..count)
            .map(|at| format!("x{at},parks,core,true\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    let boss = "boss,parks,management,true\n";
    assert_eq!(with(1, &format!("{boss}{}", rows(12)), &[]), Vec::<String>::new());
    assert_eq!(
        with(1, &format!("{boss}{}", rows(13)), &[]),
        ["span,warning,parks"]
    );
    assert_eq!(
        with(
            1,
            &format!("{boss}second,parks,Management,false\n{}", rows(13)),
            &[]
        ),
        Vec::<String>::new()
    );
    assert_eq!(with(1, &format!("{boss}{}", rows(3)), &[]), ["span,info,parks"]);
    assert_eq!(with(1, boss, &[]), ["span,info,parks"]);
    assert_eq!(
        with(1, &format!("{boss}{}", rows(13)), &[("span_max", "13")]),
        Vec::<String>::new()
    );
    // Without a head, only too many are a finding.
    assert_eq!(with(1, &rows(2), &[]), Vec::<String>::new());
    assert_eq!(with(1, &rows(13), &[]), ["span,warning,parks"]);
    // Bodies below a body are its reports.
    let below = (0..13)
        .map(|at| format!("u{at},parks,unit,,\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(with(0, &below, &[]), ["span,warning,parks"]);
}

/// Six departments are abolished, their functions go to others on the same day.
#[test]
fn a_reform_leaves_no_function_behind_or_says_which() {
    let day = "2019-01-23";
    let mut bodies = String::from("body,parent,kind,from,to\ncity,,akimat,,\n");
    let mut functions = String::from("function,owner,legal_basis,programme,from,to,title\n");
    let topics = ["roads", "parks", "schools", "clinics", "markets", "archives"];
    for (at, topic) in topics.into_iter().enumerate() {
        writeln!(
            bodies,
            "old{at},city,department,2010-01-01,{day}\nnew{at},city,department,{day},"
        )
        .expect("a text");
        for (work, title) in [("a", "Planning"), ("b", "Inspection"), ("c", "Repair")] {
            writeln!(
                functions,
                "{topic}-{work},old{at},law,p{at},2010-01-01,{day},{title} of {topic}"
            )
            .expect("a text");
            writeln!(
                functions,
                "{topic}-{work},new{at},law,p{at},{day},,{title} of {topic}"
            )
            .expect("a text");
        }
    }
    let findings = |bodies: &str, posts: &str, functions: &str, as_of: &str| {
        let posts = format!("post,body,kind,filled\n{posts}");
        found(
            [bodies, &posts, functions, "indicator,function,source,target\n"],
            &[("as_of", as_of)],
        )
    };
    for as_of in ["", "2019-01-22", day, "2026-01-01"] {
        assert_eq!(
            findings(&bodies, "", &functions, as_of),
            Vec::<String>::new(),
            "{as_of}"
        );
    }
    // Registers that write the last day mean the same.
    let last_day = (
        bodies.replace(&format!(",{day}\n"), ",2019-01-22\n"),
        functions.replace(&format!("2010-01-01,{day}"), "2010-01-01,2019-01-22"),
    );
    assert_eq!(findings(&last_day.0, "", &last_day.1, ""), Vec::<String>::new());

    // Forgotten: nobody took it over.
    let forgotten = functions
        .replace(
            &format!("schools-b,old2,law,p2,2010-01-01,{day},"),
            "schools-b,old2,law,p2,2010-01-01,,",
        )
        .replace(
            &format!("schools-b,new2,law,p2,{day},,Inspection of schools\n"),
            "",
        );
    assert_eq!(
        findings(&bodies, "", &forgotten, ""),
        ["ended_owner,error,schools-b"]
    );
    assert_eq!(
        findings(&bodies, "", &forgotten, "2019-01-22"),
        Vec::<String>::new()
    );
    assert_eq!(
        findings(&bodies, "", &forgotten, day),
        ["ended_owner,error,schools-b"]
    );
    // Late: for two months nobody owned it.
    let late = functions.replace(
        &format!("parks-c,new1,law,p1,{day},"),
        "parks-c,new1,law,p1,2019-03-23,",
    );
    assert_eq!(
        findings(&bodies, "", &late, ""),
        ["orphan_function,error,parks-c"]
    );
    assert_eq!(
        findings(&bodies, "", &late, "2019-02-01"),
        ["orphan_function,error,parks-c"]
    );
    assert_eq!(findings(&bodies, "", &late, "2019-03-23"), Vec::<String>::new());
    // Twice: two heirs.
    let twice = format!("{functions}roads-a,new5,law,p5,{day},,Planning of roads\n");
    assert_eq!(
        findings(&bodies, "", &twice, ""),
        ["duplicate_function,error,roads-a;roads-a"]
    );
    // A post stayed behind.
    assert_eq!(
        findings(&bodies, "p1,old3,core,true\n", &functions, ""),
        ["post_without_body,error,p1"]
    );
}

#[test]
fn texts_are_in_the_language_that_is_set_and_say_what_to_do() {
    let functions = format!("{FUNCTIONS}f4,old-roads,law,p,2015-01-01,,Bridges\n");
    let line = |language| {
        let out = run_csv(
            "organisation.check",
            &[("bodies", BODIES), ("functions", &functions)],
            &[("language", language)],
        );
        out.expect("a run")[0]
            .lines()
            .nth(1)
            .expect("a finding")
            .to_owned()
    };
    assert_eq!(
        line("en"),
        "ended_owner,error,f4,its owner `old-roads` ends on 2019-01-23 and the function goes on,\
         \"hand the function to another body from 2019-01-23 on, or end it\""
    );
    assert!(line("ru").contains("владелец `old-roads` упразднён с 2019-01-23"));
    assert!(line("kk").contains("2019-01-23 күнінен бастап функцияны басқа органға беріңіз"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let functions = FUNCTIONS.replacen("2019-01-23,,Control", "2019-01-23,2018-01-01,Control", 1);
    let refusal = |functions: &str, settings: &[(&str, &str)]| {
        run_csv(
            "organisation.check",
            &[("bodies", BODIES), ("functions", functions)],
            settings,
        )
        .expect_err("a refusal")
    };
    assert_eq!(
        refusal(&functions, &[]),
        "input `functions`, row 3, column `to`: `2018-01-01` is before `from`; mend one of the two"
    );
    assert!(refusal(FUNCTIONS, &[("as_of", "yesterday")]).contains("`yesterday` is not a date"));
    assert!(refusal(FUNCTIONS, &[("span_min", "9"), ("span_max", "5")]).contains("it is above `span_max`"));
}
