//! Names of columns in three languages: what is alike, and which unit a name tells.

use qala_core::spec::likeness;
use qala_core::{Text, Unit};

use super::sample::Sample;

/// Words of one meaning. The first is the one that specs use.
const MEANINGS: [&[&str]; 34] = [
    &["lat", "latitude", "широта", "ендік", "geo lat"],
    &["lon", "lng", "long", "longitude", "долгота", "бойлық", "geo lon"],
    &[
        "t",
        "time",
        "datetime",
        "date time",
        "timestamp",
        "date",
        "ts",
        "время",
        "дата",
        "дата и время",
        "дата время",
        "уақыты",
        "уақыт",
        "күні",
        "күні мен уақыты",
    ],
    &["day", "date", "дата", "күні", "күн", "число"],
    &["name", "title", "наименование", "название", "имя", "атауы", "аты"],
    &["address", "адрес", "местонахождение", "мекенжай", "мекенжайы"],
    &["district", "район", "rayon", "ауданы", "аудан"],
    &[
        "region",
        "place",
        "регион",
        "область",
        "территория",
        "өңір",
        "облыс",
        "city",
        "город",
        "қала",
        "country",
    ],
    &[
        "population",
        "население",
        "численность",
        "численность населения",
        "халық саны",
        "халық",
        "people",
    ],
    &["year", "год", "жыл", "жылы", "año", "ano"],
    &["period", "период", "кезең", "мерзім"],
    &["sex", "gender", "пол", "жынысы", "жыныс"],
    &[
        "age group",
        "age",
        "возраст",
        "возрастная группа",
        "жасы",
        "жас тобы",
    ],
    &[
        "station id",
        "station",
        "post",
        "site",
        "пост",
        "станция",
        "бекет",
        "пнз",
        "код поста",
    ],
    &["status", "state", "статус", "состояние", "күйі", "мәртебесі"],
    &["kind", "type", "category", "тип", "вид", "түрі", "санаты"],
    &[
        "amount",
        "sum",
        "сумма",
        "сумма тенге",
        "стоимость",
        "importe",
        "monto",
        "сома",
        "сомасы",
    ],
    &["value", "значение", "показание", "мәні", "көрсеткіш"],
    &["quantity", "parameter", "показатель", "параметр", "көрсеткіш"],
    &[
        "enrolment",
        "enrollment",
        "контингент",
        "число учащихся",
        "учащиеся",
        "количество учащихся",
        "оқушылар саны",
        "оқушылар",
    ],
    &[
        "capacity",
        "building capacity",
        "мощность",
        "проектная мощность",
        "вместимость",
        "сыйымдылығы",
        "қуаты",
    ],
    &["school id", "school code", "код школы", "мектеп коды"],
    &[
        "request id",
        "service request id",
        "номер обращения",
        "обращение",
        "өтініш нөмірі",
    ],
    &["project", "проект", "название проекта", "жоба"],
    &[
        "start on",
        "start",
        "start date",
        "начало",
        "дата начала",
        "басталуы",
    ],
    &[
        "end on",
        "end",
        "end date",
        "окончание",
        "дата окончания",
        "аяқталуы",
    ],
    &[
        "organisation",
        "organization",
        "организация",
        "учреждение",
        "ұйым",
        "мекеме",
    ],
    &["programme", "program", "программа", "бағдарлама"],
    &[
        "pm25",
        "pm2.5",
        "pm 2.5",
        "рм2.5",
        "рм2,5",
        "pm2,5",
        "взвешенные частицы pm2.5",
    ],
    &["pm10", "pm 10", "рм10", "взвешенные частицы pm10"],
    &["so2", "диоксид серы", "күкірт диоксиді"],
    &["no2", "диоксид азота", "азот диоксиді"],
    &["co", "оксид углерода", "көміртегі оксиді", "көміртек оксиді"],
    &["o3", "озон", "ozone"],
];

/// Names that say no more than that they name.
const GENERIC: [&str; 6] = ["id", "code", "код", "№", "номер", "нөмірі"];

/// Columns that lists of anything have, by the first words of their meanings.
const COMMON: [&str; 9] = [
    "lat", "lon", "t", "day", "name", "address", "district", "region", "kind",
];

/// Says whether a column of this name may stand in a list of anything, and so does not tell what is listed.
pub(super) fn is_common(name: &str) -> bool {
    let name = plain(name);
    let is_meant = |words: &&&[&str]| words.contains(&name.as_str());
    is_generic(&name)
        || MEANINGS
            .iter()
            .filter(is_meant)
            .any(|words| COMMON.contains(&words[0]))
}

/// Says whether a plain name says no more than that it names.
pub(super) fn is_generic(plain: &str) -> bool {
    GENERIC.contains(&plain)
}

/// True when the dataset's title stands over the table, or most records name its subject: of a list of `Детский сад № 1`
/// one knows what it lists, whatever its columns are called.
pub(super) fn is_about(title: &Text, sample: &Sample) -> bool {
    let stems = |title: &str| -> Vec<String> { plain(title).split(' ').map(stem).collect() };
    let titles = [stems(&title.kk), stems(&title.ru), stems(&title.en)];
    let says = |text: &str| {
        let text = plain(text);
        let has = |stems: &Vec<String>| {
            stems
                .iter()
                .all(|stem| stem.chars().count() > 2 && text.contains(stem))
        };
        titles.iter().any(has)
    };
    if sample.title.as_deref().is_some_and(says) {
        return true;
    }
    let named = sample.rows.iter().filter(|row| row.iter().any(|cell| says(cell)));
    !sample.rows.is_empty() && named.count() * 2 > sample.rows.len()
}

/// A word without the ending that number and case change.
fn stem(word: &str) -> String {
    let length = word.chars().count();
    let ending = match length {
        0..=3 => 0,
        4..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    word.chars().take(length - ending).collect()
}

/// Small letters, one blank between words, no unit and no signs.
pub(super) fn plain(name: &str) -> String {
    // A unit behind a comma is no part of the name.
    let name = match name.rsplit_once(", ") {
        Some((before, unit)) if Unit::parse(spelled(unit.trim())).is_ok() => before,
        _ => name,
    };
    let mut out = String::new();
    let mut depth = 0_u32;
    let mut before = ' ';
    for c in name.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c if c.is_alphanumeric() || c == '№' || ((c == '.' || c == ',') && before.is_ascii_digit()) => {
                // `startDate` is two words.
                if c.is_uppercase() && before.is_lowercase() {
                    out.push(' ');
                }
                out.extend(c.to_lowercase());
            }
            _ if !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
        before = c;
    }
    out.trim().trim_end_matches([',', '.']).to_owned()
}

/// How much a source name means what a wanted name means, and why, from 0 to 1.
pub(super) fn alike(source: &str, wanted: &[&str]) -> (f64, &'static str) {
    let source = plain(source);
    if source.is_empty() {
        return (0.0, "");
    }
    let wanted: Vec<String> = wanted.iter().map(|name| plain(name)).collect();
    if wanted.contains(&source) {
        return (1.0, "the same name");
    }
    let means = |words: &&&[&str]| words.contains(&source.as_str());
    let is_meant = |words: &&[&str]| wanted.iter().any(|name| words.contains(&name.as_str()));
    if MEANINGS.iter().filter(means).any(is_meant) {
        return (0.95, "a word of the same meaning");
    }
    if GENERIC.contains(&source.as_str()) && wanted.iter().any(|name| name.ends_with(" id")) {
        return (0.8, "it names the rows");
    }
    let best = wanted
        .iter()
        .map(|name| {
            let tokens: Vec<&str> = source.split(' ').collect();
            let shared = name
                .split(' ')
                .filter(|word| word.len() > 2 && tokens.contains(word))
                .count();
            let share = shared as f64 / name.split(' ').count().max(tokens.len()) as f64;
            let near = likeness(&source, name);
            // Short names are alike by chance.
            let near = if source.chars().count().min(name.chars().count()) < 4 {
                0.0
            } else {
                near
            };
            share.max(if near > 0.88 { near * 0.9 } else { 0.0 })
        })
        .fold(0.0, f64::max);
    (best, "a similar name")
}

/// The unit that stands in brackets, behind a comma or, as programs write it, at the end: `height_m`, `pm25_ug_m3`.
pub(super) fn unit(name: &str) -> Option<Unit> {
    let inside = name
        .rsplit_once(['(', '['])
        .map(|(_, rest)| rest.trim_end_matches([')', ']']));
    let behind = name.rsplit_once(", ").map(|(_, rest)| rest);
    inside
        .into_iter()
        .chain(behind)
        .find_map(|text| Unit::parse(spelled(text.trim())).ok())
        .or_else(|| at_the_end(&name.to_lowercase()))
}

/// The unit that the last words of a name of a program tell.
fn at_the_end(name: &str) -> Option<Unit> {
    const ENDINGS: [(&str, &str); 24] = [
        ("_ug_m3", "ug/m3"),
        ("_mg_m3", "mg/m3"),
        ("_ppb", "ppb"),
        ("_ppm", "ppm"),
        ("_mm", "mm"),
        ("_km", "km"),
        ("_kmh", "km/h"),
        ("_km_h", "km/h"),
        ("_kph", "km/h"),
        ("_m_s", "m/s"),
        ("_mph", "mph"),
        ("_deg", "deg"),
        ("_degc", "Cel"),
        ("_hpa", "hPa"),
        ("_kg", "kg"),
        ("_m2", "m2"),
        ("_km2", "km2"),
        ("_kzt", "KZT"),
        ("_км", "km"),
        ("_мм", "mm"),
        ("_кг", "kg"),
        ("_вт", "W"),
        ("_pct", "%"),
        ("_percent", "%"),
    ];
    // A single letter can be much else: `count_m` are men.
    const LENGTHS: [&str; 18] = [
        "height",
        "length",
        "width",
        "depth",
        "distance",
        "elevation",
        "altitude",
        "radius",
        "diameter",
        "thickness",
        "биіктігі",
        "ұзындығы",
        "тереңдігі",
        "қашықтығы",
        "высота",
        "длина",
        "ширина",
        "глубина",
    ];
    let stated = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
    let is_length = || {
        name.strip_suffix("_m")
            .or_else(|| name.strip_suffix("_м"))
            .is_some_and(|before| LENGTHS.iter().any(|word| before.ends_with(word)))
    };
    let symbol = stated
        .map(|(_, symbol)| *symbol)
        .or_else(|| is_length().then_some("m"))?;
    Unit::parse(symbol).ok()
}

/// Units as Kazakh and Russian headers spell them.
fn spelled(text: &str) -> &str {
    const SPELLED: [(&str, &str); 16] = [
        ("тенге", "KZT"),
        ("теңге", "KZT"),
        ("тг", "KZT"),
        ("тыс. тенге", "1000 KZT"),
        ("тыс.тенге", "1000 KZT"),
        ("мың теңге", "1000 KZT"),
        ("чел.", "persons"),
        ("человек", "persons"),
        ("адам", "persons"),
        ("м", "m"),
        ("км", "km"),
        ("мм", "mm"),
        ("кв. км", "km2"),
        ("гПа", "hPa"),
        ("Вт", "W"),
        ("кВт", "kW"),
    ];
    let found = SPELLED.iter().find(|(written, _)| *written == text);
    found.map_or(text, |(_, symbol)| symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_three_languages() {
        assert_eq!(plain("Численность, населения (чел.)"), "численность населения");
        assert_eq!(plain("startDate"), "start date");
        assert_eq!(plain("PM2.5 (мкг/м3)"), "pm2.5");
        for (source, wanted, least) in [
            ("Широта", "lat", 0.9),
            ("LATITUDE", "lat", 0.9),
            ("Ендік", "lat", 0.9),
            ("дата и время", "t", 0.9),
            ("Код", "school_id", 0.7),
            ("population_estimate_final", "population", 0.3),
            ("capacity", "capacity", 1.0),
        ] {
            assert!(
                alike(source, &[wanted]).0 >= least,
                "{source} {wanted} {:?}",
                alike(source, &[wanted])
            );
        }
        assert!(alike("co", &["o3"]).0 < 0.5 && alike("no", &["no2"]).0 < 0.5);
    }

    #[test]
    fn units_of_headers() {
        for (name, symbol) in [
            ("PM2.5 (мкг/м3)", "ug/m3"),
            ("CO, мг/м³", "mg/m3"),
            ("Temp [°C]", "Cel"),
            ("Сумма, тыс. тенге", "1000 KZT"),
            ("height_m", "m"),
            ("Tree_Height_M", "m"),
            ("биіктігі_м", "m"),
            ("Мощность, Вт", "W"),
            ("pm25_ug_m3", "ug/m3"),
            ("speed_kmh", "km/h"),
        ] {
            assert_eq!(unit(name).unwrap().symbol(), symbol, "{name}");
        }
        for name in ["Адрес (улица)", "name", "count_m", "m", "km"] {
            assert!(unit(name).is_none(), "{name}");
        }
    }
}
