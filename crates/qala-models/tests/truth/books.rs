//! What stands in books and lists: schools, money, appeals, the administration, people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use qala_sim::city::{Change, Feed, Pace};

use crate::{DAY, Row, SEEDS, at, city, csv, list, run, sent};

#[test]
fn missing_places_are_exact() {
    for seed in SEEDS {
        let schools: Vec<Row> = list(&city(seed), Feed::Schools, at("2026-01-20T08:00:00+05:00"))
            .into_iter()
            .filter(|row| row["kind"] == "school")
            .collect();
        let input = csv(
            "school,district,places,shifts,pupils",
            &schools,
            &["institution_id", "place_id", "capacity", "shifts", "enrolled"],
        );
        let found = run("schools.load", &[("schools", &input)], &[]);
        let mut truth: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
        for row in &schools {
            let over = row["enrolled"].parse::<i64>().unwrap() - row["capacity"].parse::<i64>().unwrap();
            let sums = truth.entry(&row["place_id"]).or_default();
            *sums = [sums[0] + over.max(0), sums[1] + (-over).max(0)];
        }
        let districts = &found["districts"];
        let names = districts.texts("district").unwrap();
        let (missing, free) = (
            districts.floats("missing").unwrap(),
            districts.floats("free").unwrap(),
        );
        assert_eq!(names.len(), 8);
        for (name, sums) in names.iter().zip(missing.into_iter().zip(free)) {
            assert_eq!(
                [sums.0, sums.1].map(|sum| sum as i64),
                truth[name.as_str()],
                "seed {seed}, {name}"
            );
        }
    }
}

#[test]
fn the_execution_of_every_line_is_exact() {
    let (from, to) = (at("2025-01-01T00:00:00+05:00"), at("2026-01-01T00:00:00+05:00"));
    for seed in SEEDS {
        let city = city(seed);
        let of_year = |rows: Vec<Row>| -> Vec<Row> {
            rows.into_iter()
                .filter(|row| row["t"].starts_with("2025"))
                .collect()
        };
        let columns = ["t", "code", "amount_kzt"];
        let flow = |feed| sent(&city, feed, Pace::Bulk, from, to + DAY);
        let mut plan = list(&city, Feed::BudgetPlan, to);
        plan.extend(flow(Feed::Amendments));
        // The list has them too; an entry counts once.
        let plan: BTreeMap<String, Row> = plan
            .into_iter()
            .map(|row| (row["entry_id"].clone(), row))
            .collect();
        let plan = plan.into_values().collect();
        let head = "date,code,amount";
        let plan = csv(head, &of_year(plan), &columns);
        let committed = csv(head, &of_year(flow(Feed::Commitments)), &columns);
        let paid = csv(head, &of_year(flow(Feed::Payments)), &columns);
        let inputs = [
            ("plan", plan.as_str()),
            ("commitments", &committed),
            ("payments", &paid),
        ];
        let found = &run("budget.execution", &inputs, &[])["execution"];
        let tiyn = |name| -> Vec<Option<i64>> {
            let amounts = found.maybe_floats(name).unwrap();
            amounts
                .into_iter()
                .map(|amount| amount.map(|tenge| (tenge * 100.0).round() as i64))
                .collect()
        };
        let (plan, committed, paid) = (tiyn("plan"), tiyn("committed"), tiyn("paid"));
        let places: BTreeMap<String, usize> = found
            .texts("code")
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(at, code)| (code, at))
            .collect();
        let lines = city.truth().budget(city.zone().local_day(to - 1));
        assert!(lines.len() > 100, "{}", lines.len());
        for line in &lines {
            let at = places[&line.code];
            let truth = (line.plan, line.committed, line.paid);
            let told = (
                plan[at].unwrap_or(0),
                committed[at].unwrap_or(0),
                paid[at].unwrap_or(0),
            );
            assert_eq!(told, truth, "seed {seed}, {}", line.code);
        }
        eprintln!(
            "proof: seed {seed}, budget.execution: {} lines, exactly the truth",
            lines.len()
        );
    }
}

#[test]
fn appeals_wait_as_long_as_planted() {
    let (from, to) = (at("2025-01-01T00:00:00+05:00"), at("2025-09-01T00:00:00+05:00"));
    for seed in SEEDS {
        let city = city(seed);
        let truth = city.truth();
        let requests = truth.requests(from, to);
        let zone = city.zone();
        let mut input = String::from("group,opened,closed\n");
        for r in &requests {
            let closed = r.changes.iter().find(|change| change.1 == Change::Closed);
            let closed = closed.map_or(String::new(), |change| zone.format(change.0));
            writeln!(input, "{},{},{closed}", r.topic, zone.format(r.opened)).unwrap();
        }
        let found = &run(
            "appeals.closing_time",
            &[("cases", &input)],
            &[("as_of", "2026-06-01T00:00:00+05:00")],
        )["medians"];
        let groups = found.texts("group").unwrap().into_iter();
        let medians: BTreeMap<String, Option<f64>> =
            groups.zip(found.maybe_floats("median_days").unwrap()).collect();
        let mut compared = 0;
        for topic in truth.topics() {
            let n = requests.iter().filter(|r| r.topic == topic.topic).count();
            let Some(Some(median)) = medians.get(topic.topic).filter(|_| n >= 500) else {
                continue;
            };
            // A day is counted when it is over; the median of n has an error of some median/√n.
            let slack = 1.0 + 4.0 * topic.median_days / (n as f64).sqrt();
            assert!(
                (median - topic.median_days).abs() <= slack,
                "seed {seed}, {topic:?}: {median} of {n}"
            );
            compared += 1;
        }
        assert!(compared >= 5, "{compared}");
        eprintln!("proof: seed {seed}, appeals.closing_time: medians of {compared} topics as planted");
    }
}

#[test]
fn the_administration_has_the_planted_faults_and_no_other() {
    let instant = at("2026-01-20T08:00:00+05:00");
    for seed in SEEDS {
        let city = city(seed);
        let of = |feed| list(&city, feed, instant);
        let bodies = csv(
            "body,parent,kind,from,to",
            &of(Feed::Bodies),
            &["body_id", "parent_id", "kind", "begins_on", "ends_on"],
        );
        let posts = csv(
            "post,body,kind,filled",
            &of(Feed::Staff),
            &["post_id", "body_id", "kind", "filled"],
        );
        let columns = [
            "function_id",
            "owner_body_id",
            "legal_basis",
            "programme",
            "begins_on",
            "ends_on",
            "title",
        ];
        let functions = csv(
            "function,owner,legal_basis,programme,from,to,title",
            &of(Feed::Statutes),
            &columns,
        );
        let indicators = csv(
            "indicator,function,source,target",
            &of(Feed::Declared),
            &["indicator_id", "function_id", "source", "target"],
        );
        let inputs = [
            ("bodies", bodies.as_str()),
            ("posts", &posts),
            ("functions", &functions),
            ("indicators", &indicators),
        ];
        let found = &run("organisation.check", &inputs, &[])["findings"];
        let told: BTreeSet<(String, String)> = found
            .texts("rule")
            .unwrap()
            .into_iter()
            .zip(found.texts("object").unwrap())
            .collect();
        let planted: BTreeSet<(String, String)> = city
            .truth()
            .organisation_faults()
            .into_iter()
            .map(|fault| (fault.rule.to_owned(), fault.object))
            .collect();
        assert_eq!(told, planted, "seed {seed}");
        eprintln!(
            "proof: seed {seed}, organisation.check: {} faults, exactly those that were planted",
            planted.len()
        );
    }
}

#[test]
fn five_years_of_a_projection_are_those_of_the_city() {
    for seed in SEEDS {
        let city = city(seed);
        let instant = at("2021-06-01T08:00:00+06:00");
        let of_year =
            |rows: Vec<Row>| -> Vec<Row> { rows.into_iter().filter(|row| row["year"] == "2021").collect() };
        let people = of_year(list(&city, Feed::Pyramids, instant));
        let population = csv(
            "area,sex,age,count",
            &people,
            &["place_id", "sex", "age", "residents"],
        );
        let rates = list(&city, Feed::Rates, instant);
        let of = |kind: &str, head: &str| {
            let mut text = format!("{head}\n");
            for row in rates.iter().filter(|row| row["kind"] == kind) {
                let sex = if kind == "fertility" {
                    String::new()
                } else {
                    format!("{},", row["sex"])
                };
                writeln!(
                    text,
                    "{},2021,{sex}{},{}",
                    row["place_id"], row["age"], row["value"]
                )
                .unwrap();
            }
            text
        };
        let fertility = of("fertility", "area,year,age,rate");
        let survival = of("survival", "area,year,sex,age,sx");
        let migration = of("migration", "area,year,sex,age,count");
        let inputs = [
            ("population", population.as_str()),
            ("fertility", &fertility),
            ("survival", &survival),
            ("migration", &migration),
        ];
        let settings = [
            ("steps", "1"),
            ("age_width", "5"),
            ("start_year", "2021"),
            ("sex_ratio_at_birth", "1.06"),
        ];
        let found = &run("population.project", &inputs, &settings)["projection"];
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        let years = found
            .texts("area")
            .unwrap()
            .into_iter()
            .zip(found.ints("year").unwrap());
        for ((area, year), count) in years.zip(found.floats("count").unwrap()) {
            if year == 2026 {
                *sums.entry(area).or_default() += count;
            }
        }
        assert_eq!(sums.len(), 8);
        let truth = city.truth();
        let mut worst = 0.0_f64;
        for (area, projected) in &sums {
            let error = projected / truth.residents(area, 2026, 1).unwrap() as f64 - 1.0;
            worst = worst.max(error.abs());
        }
        eprintln!(
            "proof: seed {seed}, population.project: five years, largest error of a district {:.2} %",
            100.0 * worst
        );
        assert!(worst < 0.01, "seed {seed}: {worst}");
    }
}
