//! `qala model`: models run on files and on answers, and say what is wrong with what they were given.

use std::io::Write;
use std::path::Path;

use crate::support::{json, ok, qala};

const SCHOOLS: &str = "school,district,places,shifts,pupils\na,north,1000,2,1500\nb,north,800,1,600\n";

fn fails(data: &Path, args: &[&str], words: &str) {
    let output = qala(data, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(stderr.contains(words), "{args:?}: {stderr}");
}

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["model", "run", "schools.load"][..], more].concat()
}

#[test]
fn every_model_is_listed_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("none");
    let list = json(&data, &["model", "list", "--format", "json"]);
    for model in list.as_array().unwrap() {
        let id = model["id"].as_str().unwrap();
        let text = ok(&data, &["model", "show", id]);
        for word in ["taken for granted", "does not", "inputs", "outputs", id] {
            assert!(text.contains(word), "{id}: {text}");
        }
        let shown = json(&data, &["model", "show", id, "--format", "json"]);
        assert_eq!(shown["spec"]["id"].as_str(), Some(id));
    }
    assert!(!data.exists(), "a model that reads files opens no data directory");
    fails(
        &data,
        &["model", "show", "schools.laod"],
        "did you mean `schools.load`",
    );
}

#[test]
fn a_model_runs_on_files_of_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("none");
    let plain = dir.path().join("schools.csv");
    std::fs::write(&plain, SCHOOLS).unwrap();
    let lines = dir.path().join("schools.jsonl");
    let record = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [school, district, places, shifts, pupils] = cells[..] else {
            panic!("{line}")
        };
        format!(
            "{{\"school\":\"{school}\",\"district\":\"{district}\",\"places\":{places},\"shifts\":{shifts},\"pupils\":{pupils}}}\n"
        )
    };
    std::fs::write(&lines, SCHOOLS.lines().skip(1).map(record).collect::<String>()).unwrap();
    let packed = dir.path().join("schools.csv.gz");
    let mut gzip = std::process::Command::new("gzip")
        .stdin(std::process::Stdio::piped())
        .stdout(std::fs::File::create(&packed).unwrap())
        .spawn()
        .unwrap();
    gzip.stdin.take().unwrap().write_all(SCHOOLS.as_bytes()).unwrap();
    assert!(gzip.wait().unwrap().success());
    for file in [&plain, &lines, &packed] {
        let input = format!("schools={}", file.display());
        let (load, districts) = (dir.path().join("load.csv"), dir.path().join("districts.csv"));
        let outputs = [
            format!("load={}", load.display()),
            format!("districts={}", districts.display()),
        ];
        let args = [
            "model",
            "run",
            "schools.load",
            "--input",
            &input,
            "--out",
            &outputs[0],
            "--out",
            &outputs[1],
        ];
        ok(&data, &args);
        let read = |path| std::fs::read_to_string(path).unwrap();
        assert_eq!(
            read(&load),
            "school,load,shift_load,missing,free\na,1.5,0.75,500,0\nb,0.75,0.75,0,200\n"
        );
        assert_eq!(
            read(&districts),
            "district,places,pupils,missing,free\nnorth,1800,2100,500,200\n"
        );
    }
    let input = format!("schools={}", plain.display());
    let printed = ok(&data, &["model", "run", "schools.load", "--input", &input]);
    assert!(printed.contains("north"), "{printed}");
    fails(&data, &run(&[]), "the input `schools` is missing");
    fails(
        &data,
        &run(&["--input", "schols=x.csv"]),
        "unknown input `schols`",
    );
    fails(
        &data,
        &run(&["--input", "schools=x.csv"]),
        "there is no file x.csv",
    );
    fails(
        &data,
        &run(&["--input", &input, "--set", "k=2"]),
        "unknown setting `k`",
    );
    fails(
        &data,
        &run(&["--input", &input, "--out", "lode=x.csv"]),
        "unknown output `lode`",
    );
    fails(&data, &run(&["--input", "schools"]), "NAME=VALUE");
}

#[test]
fn a_model_runs_on_the_answer_to_a_question() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("lake");
    let file = dir.path().join("readings.csv");
    std::fs::write(
        &file,
        "station_id,quantity,t,value\ns,pm25,2026-03-02T00:00:00+05:00,10\n",
    )
    .unwrap();
    ok(
        &data,
        &[
            "import",
            "table",
            &file.display().to_string(),
            "--dataset",
            "air_readings",
        ],
    );
    let question = "readings=SELECT station_id AS station, t, quantity AS pollutant, value AS value_ug_m3 FROM air_readings";
    let printed = ok(
        &data,
        &["model", "run", "air.qc", "--input", question, "--format", "csv"],
    );
    assert_eq!(
        printed,
        "station,t,pollutant,value_ug_m3,flags\ns,2026-03-02T00:00:00+05:00,pm25,10,\n"
    );
    let wrong = "readings=SELECT station_id AS station FROM air_readings";
    fails(
        &data,
        &["model", "run", "air.qc", "--input", wrong],
        "the column `t` is missing",
    );
}
