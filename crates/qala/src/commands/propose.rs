//! What `qala import` does for a file without a mapping: offer one, write it out, keep it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use qala_app::{
    AppError, Offer, Payload, Saved, Shelf, Target, city_site, columns_of, mapping_for, offer, saved_name,
};
use qala_core::spec::DatasetSpec;
use qala_core::{DatasetName, Problem};
use serde_json::json;

use crate::args::Format;
use crate::commands::import::Request;
use crate::commands::output;
use crate::print;

/// Rows that are shown of a file.
const FIRST_ROWS: usize = 3;
/// Columns of them that fit on a screen.
const FIRST_COLUMNS: usize = 6;

/// What is wanted of an offer.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// Only offer.
    pub(crate) propose: bool,
    /// Write the offer to this file.
    pub(crate) out: Option<PathBuf>,
    /// Keep it, and take the file in.
    pub(crate) save: bool,
    /// A new dataset, named so unless empty.
    pub(crate) new: Option<String>,
}

/// Makes the offers that are needed before files are taken in; a code when that was all.
pub(crate) fn before(
    shelf: &Shelf,
    pack: &str,
    request: &Request,
    wishes: &Wishes,
    files: &[(String, Payload)],
) -> Result<Option<ExitCode>> {
    let is_offered = matches!(request.kind.as_str(), "table" | "geojson");
    let is_wanted = wishes.propose || wishes.new.is_some();
    if let Some(path) = &request.mapping {
        keep_given(shelf, path, wishes, files)?;
        return Ok(None);
    }
    if !is_offered || (request.dataset.is_some() && !is_wanted && !wishes.save) {
        return Ok(None);
    }
    let target = match (&request.dataset, &wishes.new) {
        (Some(name), _) => Target::Dataset(
            DatasetName::new(name.clone()).map_err(|error| AppError::Usage(error.to_string()))?,
        ),
        (None, Some(name)) => Target::New(Some(name.clone()).filter(|name| !name.is_empty())),
        (None, None) => Target::Best,
    };
    let site = city_site(pack)?;
    let mut offers = Vec::new();
    for (stem, payload) in files {
        if !is_wanted && shelf.mapping_for(stem, || columns_of(payload))?.is_some() {
            continue;
        }
        let made = offer(shelf, &site, (Some(&request.kind), payload, stem), &target)?;
        if wishes.save && !wishes.propose {
            keep(shelf, &made, &payload.name())?;
        }
        offers.push((payload.name(), made));
    }
    if offers.is_empty() {
        return Ok(None);
    }
    if request.format == Format::Json && (wishes.propose || !wishes.save) {
        let all: Vec<_> = offers.iter().map(|(file, offer)| as_json(file, offer)).collect();
        print::out(&serde_json::to_string_pretty(&all)?);
    } else if request.format != Format::Json {
        for (file, offer) in &offers {
            show(file, offer, request, wishes);
        }
    }
    if let Some(out) = &wishes.out {
        write_out(out, &offers)?;
    }
    if wishes.propose || request.dry_run {
        return Ok(Some(ExitCode::SUCCESS));
    }
    if wishes.save {
        return Ok(None);
    }
    Err(AppError::Usage(
        "nothing was taken in: there is no saved mapping for this file; add --save to keep the one above, or name a dataset with --dataset"
            .to_owned(),
    )
    .into())
}

/// Where the dataset of a mapping file is described: `gardens.toml` and `gardens.dataset.toml`.
fn dataset_file(mapping: &Path) -> PathBuf {
    mapping.with_extension("dataset.toml")
}

/// Keeps a mapping that was edited, with its dataset, when that is wished.
fn keep_given(shelf: &Shelf, path: &Path, wishes: &Wishes, files: &[(String, Payload)]) -> Result<()> {
    let beside = dataset_file(path);
    let Some((mapping, text)) = mapping_for(Some(path), "")? else {
        return Ok(());
    };
    let own = if beside.is_file() {
        let text =
            std::fs::read_to_string(&beside).map_err(AppError::io(format!("read {}", beside.display())))?;
        let spec = DatasetSpec::from_toml(&beside.display().to_string(), &text).map_err(AppError::from)?;
        Some((spec, text)).filter(|(spec, _)| Some(&spec.name) == mapping.dataset.as_ref())
    } else {
        None
    };
    if !wishes.save {
        let is_known = |spec: &DatasetSpec| {
            shelf
                .datasets()
                .map(|all| all.iter().any(|one| one.name == spec.name))
        };
        if let Some((spec, _)) = &own
            && !is_known(spec)?
        {
            return Err(AppError::Usage(format!(
                "the dataset `{}` is described in {} and not kept yet; add --save",
                spec.name,
                beside.display()
            ))
            .into());
        }
        return Ok(());
    }
    let Some((stem, payload)) = files.first() else {
        return Ok(());
    };
    let text = Shelf::for_files_like(&mapping, &text, stem, &columns_of(payload))?;
    let own = own.as_ref().map(|(spec, text)| (spec, text.as_str()));
    for path in shelf.save(&saved_name(stem), &text, own)? {
        print::err(&format!("kept {}", path.display()));
    }
    Ok(())
}

fn keep(shelf: &Shelf, offer: &Offer, file: &str) -> Result<()> {
    let wanted = &offer.proposal.mapping.dataset;
    let is_before = |saved: &&Saved| saved.name == offer.name && saved.mapping.dataset != *wanted;
    if let Some(Some(before)) = shelf
        .mappings()?
        .iter()
        .find(is_before)
        .map(|saved| &saved.mapping.dataset)
    {
        print::err(&format!(
            "files called like {file} filled {before} until now; from now on they fill {}",
            offer.dataset.name
        ));
    }
    for path in offer.keep(shelf, file)? {
        print::err(&format!("kept {}", path.display()));
    }
    Ok(())
}

/// The options of this command that say which centre is meant, for a command that is to follow it.
fn own_place() -> String {
    let given: Vec<String> = std::env::args().collect();
    let mut place = String::new();
    for (at, word) in given.iter().enumerate() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), given.get(at + 1).map(String::as_str)),
        };
        if let ("--data" | "--pack", Some(value)) = (name, value) {
            let _ = write!(place, " {name} {}", shell_word(value));
        }
    }
    place
}

fn write_out(out: &Path, offers: &[(String, Offer)]) -> Result<()> {
    let [(_, offer)] = offers else {
        return Err(AppError::Usage("--out takes the mapping of one file; name one".to_owned()).into());
    };
    let mut files = vec![(out.to_owned(), offer.mapping.as_str())];
    if let Some((_, text)) = &offer.proposal.dataset {
        files.push((dataset_file(out), text));
    }
    for (path, text) in files {
        std::fs::write(&path, text).map_err(AppError::io(format!("write {}", path.display())))?;
        print::err(&format!("wrote {}", path.display()));
    }
    Ok(())
}

fn as_json(file: &str, offer: &Offer) -> serde_json::Value {
    let proposal = &offer.proposal;
    let guess = &proposal.guess;
    let reasons: Vec<_> = proposal
        .reasons
        .iter()
        .map(|one| json!({"column": one.column, "from": one.from, "sure": one.score, "why": one.why}))
        .collect();
    json!({
        "file": file, "kind": guess.kind, "dataset": proposal.mapping.dataset, "is_new": proposal.dataset.is_some(),
        "encoding": guess.encoding, "delimiter": guess.delimiter, "header_row": guess.header_row, "sheet": guess.sheet,
        "records": guess.records, "columns": reasons, "left_out": proposal.unmapped, "missing": proposal.missing,
        "others": proposal.others, "received": offer.trial.received, "accepted": offer.trial.accepted,
        "quarantined": offer.trial.quarantined, "problems": offer.trial.first, "notes": offer.trial.notes,
        "mapping": offer.mapping, "spec": proposal.dataset.as_ref().map(|(_, text)| text),
    })
}

/// How the file was read, in a few words.
fn reading(offer: &Offer) -> String {
    let guess = &offer.proposal.guess;
    let words = [
        guess.sheet.as_ref().map(|sheet| format!("sheet `{sheet}`")),
        guess.encoding.map(|encoding| format!("encoding {encoding}")),
        guess.delimiter.map(|sign| {
            format!(
                "fields separated by {}",
                if sign == '\t' {
                    "tabs".to_owned()
                } else {
                    format!("`{sign}`")
                }
            )
        }),
        guess.records.as_ref().map(|path| format!("records at {path}")),
        (guess.kind == "table" && guess.records.is_none()).then(|| {
            guess
                .header_row
                .map_or("no header: columns are counted".to_owned(), |row| {
                    format!("header in row {row}")
                })
        }),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A row of a file by a problem's words.
fn told(problem: &Problem) -> String {
    let place = &problem.position;
    let at: Vec<String> = [
        place.line.map(|line| format!("line {line}")),
        place.record.map(|record| format!("record {record}")),
        place.field.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let at = if at.is_empty() {
        String::new()
    } else {
        format!("{}: ", at.join(", "))
    };
    format!("  {}: {at}{}", problem.code, problem.message)
}

fn show(file: &str, offer: &Offer, request: &Request, wishes: &Wishes) {
    let (proposal, trial) = (&offer.proposal, &offer.trial);
    let name = &offer.dataset.name;
    print::out(&format!("{file}: {}", reading(offer)));
    if proposal.dataset.is_some() {
        print::out(&format!(
            "no dataset fits, so it would get one of its own: {name}"
        ));
        if offer.dataset.sensitivity.is_public() {
            print::out(
                "everybody may see it, residents too; `sensitivity = \"internal\"` in its description keeps it to staff",
            );
        }
    } else {
        print::out(&format!("it would fill {name} ({})", offer.dataset.title.en));
    }
    print::out("");
    let rows: Vec<Vec<String>> = proposal
        .reasons
        .iter()
        .map(|one| {
            let column = offer.dataset.column(&one.column);
            let kind = column.map(|column| format!("{:?}", column.kind).to_lowercase());
            let unit = column.and_then(|column| column.unit).map(|unit| unit.to_string());
            vec![
                one.column.clone(),
                one.from.clone(),
                kind.unwrap_or_default(),
                unit.unwrap_or_default(),
                format!("{:.0} %", one.score * 100.0),
                one.why.clone(),
            ]
        })
        .collect();
    output::table(
        &["column", "from", "type", "unit", "sure", "why"].map(String::from),
        &rows,
    );
    print::out("");
    if !proposal.unmapped.is_empty() {
        print::out(&format!(
            "left out, for nothing takes them: {}",
            proposal.unmapped.join(", ")
        ));
    }
    if !proposal.missing.is_empty() {
        print::out(&format!("needed and not found: {}", proposal.missing.join(", ")));
    }
    for note in &trial.notes {
        print::out(&told(note));
    }
    print::out(&format!(
        "dry run: received {}, accepted {}, quarantined {}",
        trial.received, trial.accepted, trial.quarantined
    ));
    for problem in trial.first.iter().take(5) {
        print::out(&told(problem));
    }
    if wishes.save {
        // What was kept lies in its files.
        return print::out("");
    }
    if !trial.rows.is_empty() {
        print::out("");
        let cut = |cells: &[String]| cells.iter().take(FIRST_COLUMNS).cloned().collect::<Vec<_>>();
        let rows: Vec<_> = trial.rows.iter().take(FIRST_ROWS).map(|row| cut(row)).collect();
        output::table(&cut(&trial.columns), &rows);
    }
    print::out("");
    if wishes.propose {
        print::out(offer.mapping.trim_end());
        if let Some((_, text)) = &proposal.dataset {
            print::out("");
            print::out(text.trim_end());
        }
        return print::out("");
    }
    let input = request.inputs.first().map_or(file, String::as_str);
    let command = format!(
        "qala import {} {}{}",
        request.kind,
        shell_word(input),
        own_place()
    );
    print::out(&format!("keep this and take the file in:   {command} --save"));
    print::out(&format!(
        "change it first:                  {command} --propose --out {}.toml",
        offer.name
    ));
    print::out(&format!(
        "                                  {command} --mapping {}.toml --save",
        offer.name
    ));
    if !proposal.others.is_empty() {
        let others: Vec<&str> = proposal.others.iter().map(DatasetName::as_str).collect();
        print::out(&format!(
            "another dataset:                  {command} --propose --dataset {}",
            others.join(" | ")
        ));
    }
    if proposal.dataset.is_none() {
        print::out(&format!(
            "a dataset of its own:             {command} --propose --new"
        ));
    }
}

/// A word as a shell takes it.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// `qala mapping list`.
pub(crate) fn list(shelf: &Shelf, format: Format) -> Result<ExitCode> {
    let rows: Vec<_> = shelf
        .mappings()?
        .into_iter()
        .map(|saved| {
            let taken = saved.mapping.taken_for.unwrap_or_default();
            let row = json!({
                "name": saved.name,
                "dataset": saved.mapping.dataset,
                "files": taken.names.join(", "),
                "columns": taken.header.join(", "),
                "path": saved.path,
            });
            row.as_object().cloned().unwrap_or_default()
        })
        .collect();
    if rows.is_empty() && format == Format::Table {
        print::out("no mapping was saved yet; `qala import table FILE` offers one");
        return Ok(ExitCode::SUCCESS);
    }
    output::rows(&rows, format)?;
    Ok(ExitCode::SUCCESS)
}

/// `qala mapping show`.
pub(crate) fn show_saved(shelf: &Shelf, name: &str) -> Result<ExitCode> {
    let found = shelf.mappings()?.into_iter().find(|saved| saved.name == name);
    let Some(saved) = found else {
        return Err(AppError::Usage(format!("there is no saved mapping `{name}`")).into());
    };
    print::out(saved.text.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// `qala mapping remove`.
pub(crate) fn remove(shelf: &Shelf, name: &str) -> Result<ExitCode> {
    let path = shelf.remove(name)?;
    print::out(&format!(
        "removed {}; the rows it brought in stay",
        path.display()
    ));
    Ok(ExitCode::SUCCESS)
}
