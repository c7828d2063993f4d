//! A dataset proposed for a file that fits none: its columns as they are, with types, units and a key.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use qala_core::spec::{Column, ColumnMap, ColumnType, DatasetSpec, Kind, Mapping, Role, Sensitivity};
use qala_core::{DatasetName, Text, TimeStyle, Unit};

use super::sample::Sample;
use super::values::Signs;
use super::{Proposal, ROWS_BY_NUMBER, Reason, names, values};
use crate::Context;

/// The subject of datasets that an office makes of its own files.
pub const OWN: &str = "own";
/// Share of a column's values that must have its type; the rest goes to quarantine and can be mended.
const TYPED: f64 = 0.98;
/// Longer numbers are codes.
const MOST_DIGITS: usize = 15;
/// Letters of a SQL name.
const MOST_LETTERS: usize = 40;
/// Words in the names of columns that tell who somebody is.
const PERSONAL: [&str; 24] = [
    "фио",
    "ф и о",
    "аты жөні",
    "т а ә",
    "иин",
    "жсн",
    "iin",
    "телефон",
    "тел",
    "phone",
    "mobile",
    "сотовый",
    "e mail",
    "email",
    "mail",
    "почта",
    "паспорт",
    "passport",
    "удостоверение",
    "грнз",
    "госномер",
    "plate",
    "мемлекеттік нөмір",
    "контакты",
];

/// Letters of Kazakh and Russian in Latin ones.
const LATIN: [(char, &str); 42] = [
    ('а', "a"),
    ('ә', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('ғ', "g"),
    ('д', "d"),
    ('е', "e"),
    ('ё', "e"),
    ('ж', "zh"),
    ('з', "z"),
    ('и', "i"),
    ('й', "i"),
    ('к', "k"),
    ('қ', "q"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('ң', "n"),
    ('о', "o"),
    ('ө', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ұ', "u"),
    ('ү', "u"),
    ('ф', "f"),
    ('х', "kh"),
    ('һ', "h"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('щ', "shch"),
    ('ъ', ""),
    ('ы', "y"),
    ('і', "i"),
    ('ь', ""),
    ('э', "e"),
    ('ю', "yu"),
    ('я', "ya"),
];

/// Small Latin letters, digits and `_`, a letter first; empty when nothing is left.
pub fn latin(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        let latin = LATIN.iter().find(|(letter, _)| *letter == c);
        match (latin, c) {
            (Some((_, latin)), _) => out.push_str(latin),
            (None, c) if c.is_ascii_alphanumeric() => out.push(c),
            _ if !out.ends_with('_') && !out.is_empty() => out.push('_'),
            _ => {}
        }
    }
    let mut out: String = out.trim_matches('_').chars().take(MOST_LETTERS).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "n_");
    }
    out.trim_end_matches('_').to_owned()
}

/// The name of an office's own dataset.
pub(super) fn own_name(wanted: &str) -> Option<DatasetName> {
    let name = latin(wanted);
    let own = format!("{OWN}_");
    let name = name.strip_prefix(&own).unwrap_or(&name);
    let name = if name.is_empty() { "table" } else { name };
    DatasetName::new(format!("{own}{name}")).ok()
}

/// The same words in all languages: nobody knows the others yet.
fn same(words: &str) -> Text {
    let words: String = words.chars().filter(|c| !c.is_control()).collect();
    Text::new(words.clone(), words.clone(), words)
}

/// The three forms of a column's name, where a dataset has a column of that name.
fn known_title(name: &str, datasets: &[DatasetSpec]) -> Option<Text> {
    let name = names::plain(name);
    let titles = || {
        datasets
            .iter()
            .flat_map(|spec| &spec.columns)
            .map(|column| &column.title)
    };
    let has = |title: &&Text| {
        [&title.kk, &title.ru, &title.en]
            .iter()
            .any(|form| names::plain(form) == name)
    };
    titles().find(has).cloned()
}

/// What the values of a column are.
struct Typed {
    kind: ColumnType,
    time: TimeStyle,
    share: f64,
    why: &'static str,
}

fn typed(sample: &Sample, source: usize, signs: Signs) -> Typed {
    let text = |share, why| Typed {
        kind: ColumnType::Text,
        time: TimeStyle::default(),
        share,
        why,
    };
    let all: Vec<&str> = sample.values(source).collect();
    if all.is_empty() {
        return text(0.0, "no values were seen");
    }
    let share =
        |is_good: &dyn Fn(&str) -> bool| all.iter().filter(|v| is_good(v)).count() as f64 / all.len() as f64;
    let is_code = |value: &str| {
        let digits = value.trim_start_matches('-');
        let is_long = digits.chars().filter(char::is_ascii_digit).count() > MOST_DIGITS;
        is_long || (digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    if all.iter().any(|value| is_code(value)) {
        return text(1.0, "codes: long, or with zeros in front");
    }
    let numbers = signs.numbers(sample, source);
    if numbers >= TYPED {
        let is_whole = all
            .iter()
            .all(|value| !value.contains(signs.decimal) && !value.contains(['e', 'E']));
        let (kind, why) = if is_whole {
            (ColumnType::Int, "whole numbers")
        } else {
            (ColumnType::Float, "numbers")
        };
        return Typed {
            kind,
            why,
            time: TimeStyle::default(),
            share: numbers,
        };
    }
    let truths = share(&|value| crate::number::truth(value).is_some());
    if truths >= TYPED {
        return Typed {
            kind: ColumnType::Bool,
            time: TimeStyle::default(),
            share: truths,
            why: "yes and no",
        };
    }
    let time = values::time_style(all.iter().copied());
    let times = share(&|value| values::is_time(value, time));
    if times >= TYPED {
        let is_day = all.iter().all(|value| !value.contains(':'));
        let (kind, why) = if is_day {
            (ColumnType::Date, "dates")
        } else {
            (ColumnType::Time, "times")
        };
        return Typed {
            kind,
            time,
            share: times,
            why,
        };
    }
    text(1.0, "text")
}

/// Says whether a name tells that its column says who somebody is.
fn is_personal(name: &str) -> bool {
    let name = format!(" {} ", names::plain(name).replace('.', " "));
    PERSONAL.iter().any(|word| name.contains(&format!(" {word} ")))
}

/// A column that tells the rows apart: it is called so, and each of its values is there once.
fn key_column(sample: &Sample, columns: &[(usize, Column)]) -> Option<String> {
    let is_unique = |source: usize| {
        let mut seen = BTreeSet::new();
        sample.rows.iter().all(|row| {
            row.get(source)
                .is_some_and(|value| !value.is_empty() && seen.insert(value))
        })
    };
    let is_called_so = |source: usize| {
        let name = names::plain(&sample.names[source]);
        let starts = ["код ", "номер ", "№"];
        let ends = [" id", " коды", " нөмірі", " code", " number"];
        names::is_generic(&name)
            || starts.iter().any(|word| name.starts_with(word))
            || ends.iter().any(|word| name.ends_with(word))
    };
    let found = columns.iter().find(|(source, column)| {
        is_called_so(*source)
            && is_unique(*source)
            && matches!(column.kind, ColumnType::Text | ColumnType::Int)
            && column.sensitivity != Sensitivity::Personal
    });
    found.map(|(_, column)| column.name.clone())
}

/// A dataset of its own for a file, and the mapping that fills it.
pub(super) fn proposal(sample: &Sample, wanted: &str, context: &Context<'_>) -> Result<Proposal, String> {
    let signs = Signs::of(sample);
    let name = own_name(wanted).ok_or_else(|| format!("`{wanted}` makes no name of a dataset"))?;
    let mut columns: Vec<(usize, Column)> = Vec::new();
    let mut maps: Vec<ColumnMap> = Vec::new();
    let mut reasons = Vec::new();
    let mut unmapped = Vec::new();
    let mut sources = BTreeSet::new();
    let place = |role: Role| {
        let wanted = if role == Role::Lat { "lat" } else { "lon" };
        let column = plain_column(wanted, Text::default(), Some(role));
        (0..sample.names.len()).find(|source| {
            names::alike(&sample.names[*source], &[wanted]).0 >= 0.95
                && signs.fit(sample, *source, &column) >= TYPED
        })
    };
    let (lon, lat) = (place(Role::Lon), place(Role::Lat));
    for (source, name) in sample.names.iter().enumerate() {
        if name.is_empty() || !sources.insert(name) {
            unmapped.extend((!name.is_empty()).then(|| name.clone()));
            continue;
        }
        let mut found = typed(sample, source, signs);
        let is_personal = is_personal(name);
        if is_personal {
            found.kind = ColumnType::Text;
            found.why = "personal by its name: a pseudonym takes its place before anything is written";
        }
        let role = [(lon, Role::Lon), (lat, Role::Lat)]
            .into_iter()
            .find(|(at, _)| *at == Some(source) && lon.is_some() && lat.is_some())
            .map(|(_, role)| role);
        let is_number = matches!(found.kind, ColumnType::Int | ColumnType::Float);
        let mut unit = names::unit(name).filter(|_| is_number);
        if role.is_some() {
            unit = Unit::parse("deg").ok();
            found.kind = ColumnType::Float;
        }
        let mut sql = match role {
            Some(Role::Lon) => "lon".to_owned(),
            Some(_) => "lat".to_owned(),
            None => latin(&names::plain(name)),
        };
        if sql.is_empty() || matches!(sql.as_str(), "feed" | "row_id" | "geometry") {
            sql = format!(
                "column_{}{}",
                source + 1,
                if sql.is_empty() {
                    String::new()
                } else {
                    format!("_{sql}")
                }
            );
        }
        let plain = sql.clone();
        let mut again = 1;
        while columns.iter().any(|(_, known)| known.name == sql) {
            again += 1;
            sql = format!("{plain}_{again}");
        }
        reasons.push(Reason {
            column: sql.clone(),
            from: name.clone(),
            score: found.share,
            why: unit.map_or_else(
                || found.why.to_owned(),
                |unit| format!("{}, in {unit}", found.why),
            ),
        });
        maps.push(ColumnMap {
            from: Some(name.clone()),
            time: found.time,
            ..ColumnMap::default()
        });
        columns.push((
            source,
            Column {
                name: sql,
                kind: found.kind,
                scale: None,
                unit,
                title: role
                    .map(position_title)
                    .or_else(|| known_title(name, context.datasets))
                    .unwrap_or_else(|| same(name)),
                required: false,
                min: None,
                max: None,
                values: Vec::new(),
                sensitivity: if is_personal {
                    Sensitivity::Personal
                } else {
                    Sensitivity::Public
                },
                role,
            },
        ));
    }
    if columns.is_empty() {
        return Err("no column of the file has a name; give them names in its first row".to_owned());
    }
    let mut mapping = Mapping {
        dataset: Some(name.clone()),
        encoding: sample.encoding,
        decimal: signs.decimal,
        thousands: signs.thousands,
        header: sample.has_header,
        header_row: sample.header_row,
        delimiter: sample.delimiter,
        totals: sample.totals.clone(),
        records: sample.guess.records.clone(),
        missing: signs.missing(sample, columns.iter().map(|(source, _)| *source)),
        ..Mapping::default()
    };
    for ((_, column), map) in columns.iter().zip(maps) {
        mapping.columns.insert(column.name.clone(), map);
    }
    let key = key_column(sample, &columns).unwrap_or_else(|| "row_id".to_owned());
    let mut all: Vec<Column> = Vec::new();
    if key == "row_id" {
        reasons.insert(
            0,
            Reason {
                column: key.clone(),
                from: "@row".to_owned(),
                score: 0.3,
                why: ROWS_BY_NUMBER.to_owned(),
            },
        );
        let map = ColumnMap {
            from: Some("@row".to_owned()),
            ..ColumnMap::default()
        };
        mapping.columns.insert(key.clone(), map);
        let title = Text::new("Жол нөмірі", "Номер строки", "Row number");
        all.push(plain_column(&key, title, None));
    }
    all.extend(columns.into_iter().map(|(_, column)| column));
    if let Some(column) = all.iter_mut().find(|column| column.name == key) {
        column.required = true;
        column.kind = ColumnType::Text;
    }
    if sample.guess.kind == "geojson" {
        add_geometry(&mut all);
    }
    let spec = DatasetSpec {
        name: name.clone(),
        subject: OWN.to_owned(),
        kind: Kind::Snapshot,
        version: 1,
        title: same(&sample.title.clone().unwrap_or_else(|| spaced(wanted))),
        description: None,
        zone: "city".to_owned(),
        key: vec![key],
        columns: all,
        quantities: std::collections::BTreeMap::new(),
        rollups: Vec::new(),
        sensitivity: Sensitivity::Public,
        owner_function: None,
        retention_days: None,
        internal: false,
        from_previous: None,
    };
    let text = spec_toml(&spec, context.name);
    let spec = DatasetSpec::from_toml(name.as_str(), &text).map_err(|error| error.to_string())?;
    let toml = mapping.to_toml().map_err(|error| error.to_string())?;
    Ok(Proposal {
        mapping,
        toml,
        guess: sample.guess.clone(),
        names: sample.names.clone(),
        samples: sample.firsts(),
        reasons,
        unmapped,
        missing: Vec::new(),
        others: Vec::new(),
        is_telling: true,
        dataset: Some((spec, text)),
    })
}

fn plain_column(name: &str, title: Text, role: Option<Role>) -> Column {
    let is_degree = matches!(role, Some(Role::Lon | Role::Lat));
    Column {
        name: name.to_owned(),
        kind: if is_degree {
            ColumnType::Float
        } else {
            ColumnType::Text
        },
        scale: None,
        unit: Unit::parse("deg").ok().filter(|_| is_degree),
        title,
        required: false,
        min: None,
        max: None,
        values: Vec::new(),
        sensitivity: Sensitivity::Public,
        role,
    }
}

/// What every feature has besides its properties.
fn add_geometry(columns: &mut Vec<Column>) {
    for (name, role) in [
        ("lon", Role::Lon),
        ("lat", Role::Lat),
        ("geometry", Role::Geometry),
    ] {
        if columns.iter().all(|column| column.name != name) {
            columns.push(plain_column(name, position_title(role), Some(role)));
        }
    }
}

fn position_title(role: Role) -> Text {
    match role {
        Role::Lon => Text::new("Бойлық", "Долгота", "Longitude"),
        Role::Lat => Text::new("Ендік", "Широта", "Latitude"),
        _ => Text::new("Геометрия", "Геометрия", "Geometry"),
    }
}

/// The name of a file as a title: `street_lamps` is `Street lamps`.
fn spaced(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.trim().chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A text in quotes; JSON's escapes are TOML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.replace('\u{7f}', "")).to_string()
}

fn title_toml(title: &Text) -> String {
    let (kk, ru, en) = (quoted(&title.kk), quoted(&title.ru), quoted(&title.en));
    format!("title = {{ kk = {kk}, ru = {ru}, en = {en} }}")
}

fn sensitivity_word(sensitivity: Sensitivity) -> String {
    quoted(&format!("{sensitivity:?}").to_lowercase())
}

/// The spec of an office's own dataset as people write it: its name, key and titles, and of each column the type, the unit,
/// whether it is required, who may see it, and its role. `file` is where it comes from.
pub fn spec_toml(spec: &DatasetSpec, file: &str) -> String {
    let mut out = format!(
        "# Proposed from {}. Titles stand in the file's own words; write them in the other languages where they are missing.\n",
        file.replace(char::is_control, " ")
    );
    out.push_str("# A new file of the same feed replaces the rows of the one before.\n");
    let key = spec
        .key
        .iter()
        .map(|name| quoted(name))
        .collect::<Vec<_>>()
        .join(", ");
    let _ = writeln!(
        out,
        "name = {}\nsubject = {}\nkind = \"snapshot\"\nversion = {}\n{}\nzone = {}\nkey = [{key}]",
        quoted(spec.name.as_str()),
        quoted(&spec.subject),
        spec.version,
        title_toml(&spec.title),
        quoted(&spec.zone),
    );
    if spec.sensitivity != Sensitivity::Public {
        let _ = writeln!(out, "sensitivity = {}", sensitivity_word(spec.sensitivity));
    }
    for column in &spec.columns {
        let kind = format!("{:?}", column.kind).to_lowercase();
        let _ = writeln!(
            out,
            "\n[[columns]]\nname = {}\ntype = \"{kind}\"",
            quoted(&column.name)
        );
        if let Some(unit) = column.unit {
            let _ = writeln!(out, "unit = {}", quoted(&unit.to_string()));
        }
        if column.required {
            out.push_str("required = true\n");
        }
        if column.sensitivity != Sensitivity::Public {
            let _ = writeln!(out, "sensitivity = {}", sensitivity_word(column.sensitivity));
        }
        if let Some(role) = column.role {
            let _ = writeln!(out, "role = \"{}\"", format!("{role:?}").to_lowercase());
        }
        let _ = writeln!(out, "{}", title_toml(&column.title));
    }
    out
}
