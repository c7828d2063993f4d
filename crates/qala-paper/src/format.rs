//! How numbers, units, instants and periods read in a language. The screen has the same rules (`web/src/lib/format.ts`).

use qala_core::{Grain, Lang, Unit, Zone};

/// A blank that is narrow and does not break.
const NARROW: char = '\u{202f}';
/// A blank that does not break.
const FIRM: char = '\u{a0}';

fn of(lang: Lang, [kk, ru, en]: [&'static str; 3]) -> &'static str {
    match lang {
        Lang::Kk => kk,
        Lang::Ru => ru,
        Lang::En => en,
    }
}

/// Units that read otherwise than their symbol.
const UNITS: [(&str, [&str; 3]); 37] = [
    ("ug/m3", ["мкг/м³", "мкг/м³", "µg/m³"]),
    ("mg/m3", ["мг/м³", "мг/м³", "mg/m³"]),
    ("g/m3", ["г/м³", "г/м³", "g/m³"]),
    ("kg/m3", ["кг/м³", "кг/м³", "kg/m³"]),
    ("ppb", ["1/млрд", "1/млрд", "ppb"]),
    ("ppm", ["1/млн", "1/млн", "ppm"]),
    ("m", ["м", "м", "m"]),
    ("mm", ["мм", "мм", "mm"]),
    ("km", ["км", "км", "km"]),
    ("s", ["с", "с", "s"]),
    ("ms", ["мс", "мс", "ms"]),
    ("min", ["мин", "мин", "min"]),
    ("h", ["сағ", "ч", "h"]),
    ("d", ["тәул", "сут", "d"]),
    ("m/s", ["м/с", "м/с", "m/s"]),
    ("km/h", ["км/сағ", "км/ч", "km/h"]),
    ("1/h", ["сағатына", "в час", "per hour"]),
    ("veh/h", ["көлік/сағ", "авт./ч", "veh/h"]),
    ("veh/min", ["көлік/мин", "авт./мин", "veh/min"]),
    ("persons", ["адам", "чел.", "people"]),
    ("vehicles", ["көлік", "машин", "vehicles"]),
    ("trips", ["рейс", "рейсов", "trips"]),
    ("boardings", ["отырғызу", "посадок", "boardings"]),
    ("deg", ["°", "°", "°"]),
    ("Cel", ["°C", "°C", "°C"]),
    ("Pa", ["Па", "Па", "Pa"]),
    ("hPa", ["гПа", "гПа", "hPa"]),
    ("mmHg", ["мм сын. бағ.", "мм рт. ст.", "mmHg"]),
    ("kg", ["кг", "кг", "kg"]),
    ("t", ["т", "т", "t"]),
    ("kg/s", ["кг/с", "кг/с", "kg/s"]),
    ("t/y", ["т/жыл", "т/год", "t/y"]),
    ("m2", ["м²", "м²", "m²"]),
    ("km2", ["км²", "км²", "km²"]),
    ("W", ["Вт", "Вт", "W"]),
    ("kW", ["кВт", "кВт", "kW"]),
    ("dB", ["дБ", "дБ", "dB"]),
];

/// The word of a unit; empty where a bare number speaks for itself.
pub fn unit_word(lang: Lang, unit: Unit) -> &'static str {
    match unit.symbol() {
        "ratio" | "%" => "%",
        "1" | "count" => "",
        "KZT" => "₸",
        "1000 KZT" => of(lang, ["мың ₸", "тыс. ₸", "thousand ₸"]),
        "degF" => "°F",
        symbol => {
            let known = UNITS.iter().find(|(known, _)| *known == symbol);
            known.map_or(symbol, |(_, words)| of(lang, *words))
        }
    }
}

/// A value in the unit in which it is shown: ratios become percent.
pub fn in_shown_unit(value: f64, unit: Unit) -> f64 {
    if unit.symbol() == "ratio" {
        // Fourteen figures, so that 0.07 is 7 and not 7.000000000000001.
        format!("{:.13e}", value * 100.0).parse().unwrap_or(value * 100.0)
    } else {
        value
    }
}

/// A number with so many decimals; halves are rounded away from zero, as people do.
fn fixed(value: f64, decimals: usize) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    format!(
        "{sign}{:.decimals$}",
        if size < 1e300 { size.next_up() } else { size }
    )
}

/// Groups of three digits, the sign and the decimal sign of the language.
fn dress(lang: Lang, text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let is_zero = digits.bytes().all(|b| b == b'0' || b == b'.');
    let mut out = String::from(if is_zero { "" } else { sign });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(if lang == Lang::En { ',' } else { NARROW });
        }
        out.push(digit);
    }
    if !part.is_empty() {
        out.push(if lang == Lang::En { '.' } else { ',' });
        out.push_str(part);
    }
    out
}

/// Decimals that show three figures of a number; whole numbers have none.
pub fn decimals_of(value: f64) -> usize {
    let size = value.abs();
    if size.fract() == 0.0 || size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.9995 {
        2
    } else {
        let power = (size * 1.0005).log10().floor();
        (2.0 - power).clamp(0.0, 9.0) as usize
    }
}

/// A number rounded for reading: three figures, or so many decimals; millions and more in words.
pub fn rounded(lang: Lang, value: f64, decimals: Option<usize>) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if let Some(decimals) = decimals {
        return dress(lang, &fixed(value, decimals));
    }
    let three = |value: f64| format!("{value:.2e}").parse().unwrap_or(value);
    let large = [
        (1e12, ["трлн", "трлн", "tn"]),
        (1e9, ["млрд", "млрд", "bn"]),
        (1e6, ["млн", "млн", "m"]),
    ];
    if let Some((least, words)) = large.into_iter().find(|(least, _)| size >= *least) {
        let scaled: f64 = three(value / least);
        let text = dress(lang, &fixed(scaled, decimals_of(scaled)));
        return format!("{text}{NARROW}{}", of(lang, words));
    }
    if size >= 1000.0 {
        return dress(lang, &fixed(three(value), 0));
    }
    dress(lang, &fixed(value, decimals_of(value)))
}

/// A whole number.
pub fn count(lang: Lang, n: i64) -> String {
    dress(lang, &n.to_string())
}

/// A value with its unit, rounded for reading. The percent sign touches the number in English.
pub fn quantity(lang: Lang, value: f64, unit: Unit) -> String {
    let text = rounded(lang, in_shown_unit(value, unit), None);
    match unit_word(lang, unit) {
        "" => text,
        "%" if lang == Lang::En => format!("{text}%"),
        word => format!("{text}{NARROW}{word}"),
    }
}

/// A share as percent, cut off: only all is 100 %.
pub fn share(lang: Lang, value: f64) -> String {
    let percent = (value * 1000.0 + 1e-9).floor() / 10.0;
    let text = rounded(lang, percent, None);
    if lang == Lang::En {
        format!("{text}%")
    } else {
        format!("{text}{NARROW}%")
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Year, month, day and clock of an instant in a zone, as texts of digits.
struct Fields(String);

impl Fields {
    fn new(at: i64, zone: &Zone) -> Self {
        Self(zone.format(at))
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.0.get(from..to).unwrap_or_default()
    }

    fn month(&self) -> &'static str {
        let number: usize = self.part(5, 7).parse().unwrap_or(1);
        MONTHS.get(number.saturating_sub(1)).copied().unwrap_or_default()
    }

    fn date(&self, lang: Lang) -> String {
        let (year, month, day) = (self.part(0, 4), self.part(5, 7), self.part(8, 10));
        match lang {
            Lang::En => format!(
                "{}{FIRM}{}{FIRM}{year}",
                day.trim_start_matches('0'),
                self.month()
            ),
            _ => format!("{day}.{month}.{year}"),
        }
    }

    fn clock(&self) -> &str {
        self.part(11, 16)
    }
}

/// The day of an instant.
pub fn date(lang: Lang, at: i64, zone: &Zone) -> String {
    Fields::new(at, zone).date(lang)
}

/// The day and the minute of an instant.
pub fn date_time(lang: Lang, at: i64, zone: &Zone) -> String {
    let fields = Fields::new(at, zone);
    format!("{}{FIRM}{}", fields.date(lang), fields.clock())
}

/// A period in words: a day, an hour of a day, a month.
pub fn period(lang: Lang, grain: Grain, from: i64, zone: &Zone) -> String {
    let to = grain.end(from, zone);
    let fields = Fields::new(from, zone);
    match grain {
        Grain::Minute15 | Grain::Hour => {
            let end = Fields::new(to, zone);
            format!("{}{FIRM}{}–{}", fields.date(lang), fields.clock(), end.clock())
        }
        Grain::Day => fields.date(lang),
        Grain::Month => match lang {
            Lang::En => format!("{}{FIRM}{}", fields.month(), fields.part(0, 4)),
            _ => format!("{}.{}", fields.part(5, 7), fields.part(0, 4)),
        },
        Grain::Year => fields.part(0, 4).to_owned(),
        Grain::Week | Grain::Quarter => {
            format!("{} – {}", fields.date(lang), date(lang, to - 1, zone))
        }
    }
}
