//! `qala model`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use qala_app::lake::{Query, collect};
use qala_app::models::run::{Content, Input, Model, Refusal, Table};
use qala_app::models::{model, models};
use qala_app::{AppError, Centre, CentreOptions, city_site, is_question, model_file, model_table, table_of};
use qala_core::spec::{InputForm, ModelSpec, nearest};
use serde_json::{Map, Value as Json, json};

use crate::args::Format;
use crate::commands::output;
use crate::print;

/// Rows of an output that are printed for people; all of them go to a file.
const SHOWN: usize = 50;

fn usage(refusal: Refusal) -> AppError {
    AppError::Usage(refusal.0)
}

fn find(id: &str) -> Result<&'static Model, AppError> {
    model(id).ok_or_else(|| {
        let hint = nearest(id, models().map(|model| model.card.id));
        let hint = hint
            .map(|best| format!("; did you mean `{best}`?"))
            .unwrap_or_default();
        AppError::Usage(format!(
            "there is no model `{id}`{hint} (`qala model list` names them)"
        ))
    })
}

pub(crate) fn list(format: Format) -> Result<ExitCode> {
    let mut rows: Vec<Map<String, Json>> = Vec::new();
    for model in models() {
        let spec = model.spec().map_err(usage)?;
        let inputs: Vec<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
        let outputs: Vec<&str> = spec.outputs.iter().map(|output| output.name.as_str()).collect();
        rows.push(Map::from_iter([
            ("id".to_owned(), json!(spec.id)),
            ("title".to_owned(), json!(spec.title.en)),
            ("inputs".to_owned(), json!(inputs.join(", "))),
            ("outputs".to_owned(), json!(outputs.join(", "))),
        ]));
    }
    output::rows(&rows, format)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn show(id: &str, format: Format) -> Result<ExitCode> {
    let model = find(id)?;
    let spec = model.spec().map_err(usage)?;
    let card = &model.card;
    if format == Format::Json {
        let card = json!({
            "purpose": card.purpose, "method": card.method, "assumptions": card.assumptions, "limits": card.limits,
        });
        print::out(&serde_json::to_string_pretty(
            &json!({ "spec": spec, "card": card }),
        )?);
        return Ok(ExitCode::SUCCESS);
    }
    if format != Format::Table {
        output::only(format, "table or json")?;
    }
    print::out(&format!("{}, version {}", spec.id, spec.version));
    print::out(&format!(
        "  kk  {}\n  ru  {}\n  en  {}",
        spec.title.kk, spec.title.ru, spec.title.en
    ));
    print::out(&format!("\n{}\n\nmethod\n  {}", card.purpose, card.method));
    for (title, lines) in [("taken for granted", card.assumptions), ("does not", card.limits)] {
        print::out(&format!("\n{title}"));
        for line in lines {
            print::out(&format!("  - {line}"));
        }
    }
    tables(&spec);
    Ok(ExitCode::SUCCESS)
}

/// Prints what goes in, what can be set and what comes out.
fn tables(spec: &ModelSpec) {
    print::out("\ninputs");
    for input in &spec.inputs {
        let columns = match input.form {
            InputForm::File => "a file".to_owned(),
            InputForm::Table => input.columns.join(", "),
        };
        let more = if input.optional.is_empty() {
            String::new()
        } else {
            format!(" [, {}]", input.optional.join(", "))
        };
        let absent = if input.may_be_absent {
            "  (may be absent)"
        } else {
            ""
        };
        print::out(&format!("  {}: {columns}{more}{absent}", input.name));
    }
    if !spec.settings.is_empty() {
        print::out("\nsettings");
    }
    for setting in &spec.settings {
        let default = if setting.default.is_empty() {
            "not set".to_owned()
        } else {
            setting.default.clone()
        };
        let values = if setting.values.is_empty() {
            String::new()
        } else {
            format!(" ({})", setting.values.join(", "))
        };
        print::out(&format!(
            "  {} = {default}{values}  {}",
            setting.name, setting.title.en
        ));
    }
    print::out("\noutputs");
    for output in &spec.outputs {
        let columns: Vec<String> = output
            .columns
            .iter()
            .map(|column| {
                let unit = column.unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
                if column.optional {
                    format!("[{}{unit}]", column.name)
                } else {
                    format!("{}{unit}", column.name)
                }
            })
            .collect();
        let absent = if output.may_be_absent {
            "  (only for some settings)"
        } else {
            ""
        };
        print::out(&format!("  {}: {}{absent}", output.name, columns.join(", ")));
    }
}

pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) inputs: Vec<(String, String)>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) seed: u64,
    pub(crate) outputs: Vec<(String, String)>,
    pub(crate) format: Format,
}

/// Runs a model. The data directory is opened only for questions.
pub(crate) async fn run(options: CentreOptions, request: Request) -> Result<ExitCode> {
    let model = find(&request.id)?;
    let spec = model.spec().map_err(usage)?;
    if request.outputs.is_empty() && !matches!(request.format, Format::Table | Format::Csv) {
        output::only(request.format, "table or csv")?;
    }
    let mut paths = std::collections::BTreeSet::new();
    if let Some((_, twice)) = request.outputs.iter().find(|(_, path)| !paths.insert(path)) {
        return Err(AppError::Usage(format!("two outputs would go to {twice}; name a file for each")).into());
    }
    for names in [&request.inputs, &request.settings, &request.outputs] {
        let mut seen = std::collections::BTreeSet::new();
        if let Some((twice, _)) = names.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(AppError::Usage(format!("`{twice}` is named twice")).into());
        }
    }
    if let Some((name, _)) = request
        .outputs
        .iter()
        .find(|(name, _)| spec.outputs.iter().all(|o| o.name != *name))
    {
        let known: Vec<&str> = spec.outputs.iter().map(|output| output.name.as_str()).collect();
        return Err(AppError::Usage(format!("unknown output `{name}` (known: {})", known.join(", "))).into());
    }
    let zone = city_site(&options.pack)?.zone;
    let mut centre = None;
    let mut inputs = Vec::new();
    for (name, source) in request.inputs {
        if spec.inputs.iter().all(|input| input.name != name) {
            let known: Vec<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
            return Err(
                AppError::Usage(format!("unknown input `{name}` (known: {})", known.join(", "))).into(),
            );
        }
        let is_file = spec
            .inputs
            .iter()
            .any(|input| input.name == name && input.form == InputForm::File);
        let content = if is_question(&source) {
            let centre = match &centre {
                Some(centre) => centre,
                None => centre.insert(Centre::open(options.clone()).await?),
            };
            let (batches, _) = collect(&*centre.engine, &Query::system(source))
                .await
                .map_err(AppError::from)?;
            Content::Table(table_of(&name, &batches, &centre.zone))
        } else {
            let bytes = model_file(Path::new(&source))?;
            if is_file {
                Content::File(bytes)
            } else {
                Content::Table(model_table(&name, bytes, &zone)?)
            }
        };
        inputs.push(Input { name, content });
    }
    let tables = model
        .run(inputs, &request.settings, request.seed)
        .map_err(usage)?;
    if let Some(centre) = centre {
        centre.close().await?;
    }
    write_all(&tables, &request.outputs)?;
    if request.outputs.is_empty() {
        for table in &tables {
            print_table(table, tables.len() > 1, request.format)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes outputs to their files: all of them, or none.
fn write_all(tables: &[Table], outputs: &[(String, String)]) -> Result<()> {
    let mut written: Vec<(&Table, &String, String)> = Vec::new();
    for (name, path) in outputs {
        let part = format!("{path}.part");
        let done = match tables.iter().find(|table| table.name() == name) {
            Some(table) => {
                let done =
                    std::fs::write(&part, table.to_csv()).map_err(AppError::io(format!("write {path}")));
                written.push((table, path, part));
                done
            }
            None => Err(AppError::Usage(format!(
                "there is no `{name}` with these settings; `qala model show` tells when it is made"
            ))),
        };
        if let Err(error) = done {
            for (.., part) in &written {
                drop(std::fs::remove_file(part));
            }
            return Err(error.into());
        }
    }
    for (table, path, part) in written {
        std::fs::rename(&part, path).map_err(AppError::io(format!("write {path}")))?;
        print::err(&format!("{}: {} rows in {path}", table.name(), table.rows()));
    }
    Ok(())
}

fn print_table(table: &Table, is_one_of_many: bool, format: Format) -> Result<()> {
    match format {
        Format::Csv => print::bytes(table.to_csv().as_bytes()),
        Format::Table => {
            if is_one_of_many {
                print::out(&format!("\n{}", table.name()));
            }
            let names: Vec<String> = table.names().cloned().collect();
            let shown = table.rows().min(SHOWN);
            let rows: Vec<Vec<String>> = (0..shown).map(|row| table.row(row)).collect();
            output::table(&names, &rows);
            if table.rows() > shown {
                print::out(&format!(
                    "… {} more rows; --out {}=FILE writes all",
                    table.rows() - shown,
                    table.name()
                ));
            }
        }
        Format::Json | Format::Arrow => output::only(format, "table or csv")?,
    }
    Ok(())
}
