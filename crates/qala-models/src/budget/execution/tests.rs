//! Tests of the execution of the budget.

use super::*;
use crate::run::{Content, Input};

fn run(inputs: &[(&str, &str)], levels: &str) -> Result<String, String> {
    let mut tables = Vec::new();
    for (name, csv) in inputs {
        let csv = format!("date,code,amount\n{csv}");
        let table = Table::from_csv(name, csv.as_bytes()).map_err(|refusal| refusal.to_string())?;
        tables.push(Input {
            name: (*name).to_owned(),
            content: Content::Table(table),
        });
    }
    MODEL
        .run(tables, &[("levels".to_owned(), levels.to_owned())], 0)
        .map(|tables| tables[0].to_csv())
        .map_err(|refusal| refusal.to_string())
}

const PLAN: (&str, &str) = (
    "plan",
    "2026-01-01,04.1.355,0.10\n2026-01-01,04.1.355,0.20\n2026-01-01,04.2,100\n2026-01-01,01.1.112,7\n2026-01-01,09,0\n",
);
const COMMITMENTS: (&str, &str) = ("commitments", "2026-02-01,04.1.355,0.3\n2026-02-01,01.1.112,8\n");
const PAYMENTS: (&str, &str) = (
    "payments",
    "2026-03-01,04.1.355,0.1\n2026-03-01,04.1.355,0.05\n2026-04-01,04,1\n2026-04-01,12.9,3\n",
);

#[test]
fn every_level_is_the_exact_sum_of_its_rows() {
    let wanted = "code,level,plan,committed,paid,share\n\
        04,1,100.3,0.3,1.15,0.011465603190428714\n\
        04.1,2,0.3,0.3,0.15,0.5\n\
        04.1.355,3,0.3,0.3,0.15,0.5\n\
        04.2,2,100,0,0,0\n\
        01,1,7,8,0,0\n\
        01.1,2,7,8,0,0\n\
        01.1.112,3,7,8,0,0\n\
        09,1,0,0,0,\n\
        12,1,0,0,3,\n\
        12.9,2,0,0,3,\n";
    assert_eq!(run(&[PLAN, COMMITMENTS, PAYMENTS], ""), Ok(wanted.to_owned()));
    let second: String = std::iter::once("code,level,plan,committed,paid,share")
        .chain(wanted.lines().filter(|line| line.split(',').nth(1) == Some("2")))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(run(&[PLAN, COMMITMENTS, PAYMENTS], "2"), Ok(second));
    assert_eq!(
        run(&[PLAN, COMMITMENTS, PAYMENTS], "1, 2,3"),
        Ok(wanted.to_owned())
    );
}

#[test]
fn what_is_not_known_stays_empty() {
    let found = run(&[("plan", ",1.1,5\n,1.2,\n,2,3\n"), ("payments", ",1.1,1\n")], "");
    let wanted = "code,level,plan,committed,paid,share\n1,1,,,1,\n1.1,2,5,,1,0.2\n1.2,2,,,0,\n2,1,3,,0,0\n";
    assert_eq!(found, Ok(wanted.to_owned()));
    let found = run(&[("plan", ",1,5\n")], "");
    assert_eq!(
        found,
        Ok("code,level,plan,committed,paid,share\n1,1,5,,,\n".to_owned())
    );
    assert_eq!(
        run(&[("plan", "")], ""),
        Ok("code,level,plan,committed,paid,share\n".to_owned())
    );
}

#[test]
fn what_cannot_be_used_is_named() {
    for (row, levels, message) in [
        (",,5\n", "", "input `plan`, row 1, column `code`: `` is empty"),
        (
            ",1..2,5\n",
            "",
            "input `plan`, row 1, column `code`: `1..2` has an empty part",
        ),
        (
            ",1.,5\n",
            "",
            "input `plan`, row 1, column `code`: `1.` has an empty part",
        ),
        (
            ",1,5\n,1,\"1,5\"\n",
            "",
            "input `plan`, row 2, column `amount`: `1,5` is no amount with at most 18 decimals, like -1250.50",
        ),
        (
            ",1,1e20\n,1,1e20\n",
            "",
            "input `plan`, row 2, column `amount`: `1e20` makes a sum that is too large",
        ),
        (",1,5\n", "0", "setting `levels`: `0` is no level; the first is 1"),
        (
            ",1,5\n",
            "1;2",
            "setting `levels`: `1;2` is no level; the first is 1",
        ),
    ] {
        assert_eq!(run(&[("plan", row)], levels), Err(message.to_owned()));
    }
}

#[test]
fn many_rows_balance_to_the_last_digit() {
    let mut tree = Tree::default();
    let mut total = Amount::default();
    for row in 0..200_000_u32 {
        let text = format!("{}.{:02}", row % 977, row % 100);
        let amount = Amount::parse(&text).unwrap();
        let code = format!("{}.{}.{}.{}", row % 10, row % 70, row % 350, row % 7);
        tree.add((row % 3) as usize, &code, Some(amount)).unwrap();
        total = total.plus(amount).unwrap();
    }
    for level in 1..=4 {
        let sum = tree
            .lines()
            .filter(|line| line.level == level)
            .flat_map(|line| line.sums.iter().flatten())
            .try_fold(Amount::default(), |sum, amount| sum.plus(*amount))
            .unwrap();
        assert_eq!(sum, total, "level {level}");
    }
}

#[test]
fn the_budget_of_a_large_city_balances() {
    let test = "the_budget_of_a_large_city_balances";
    let Some(bytes) = crate::fixture::public_bytes(test, "budget/madrid_spending_2012_2015.csv.gz") else {
        return;
    };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let (section, program, amount) = (column("SECCION"), column("PROGRAMA"), column("IMPORTE"));
    let mut tree = Tree::default();
    let mut total = Amount::default();
    for record in reader.records() {
        let record = record.unwrap();
        let parsed = Amount::parse(record[amount].trim()).unwrap();
        tree.add(
            0,
            &format!("{}.{}", &record[section], &record[program]),
            Some(parsed),
        )
        .unwrap();
        total = total.plus(parsed).unwrap();
    }
    for level in 1..=2 {
        let sum = tree
            .lines()
            .filter(|line| line.level == level)
            .try_fold(Amount::default(), |sum, line| sum.plus(line.sums[0]?))
            .unwrap();
        assert_eq!(sum, total, "level {level}");
    }
}
