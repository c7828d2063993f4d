//! The words of an expression.

use qala_core::parse_date;

use super::Literal;
use crate::sensorthings::time::DAY;
use crate::sensorthings::{Period, Refusal, geometry, time};

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name: operator, function, property with its path.
    Name(String),
    /// A literal.
    Literal(Literal),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `-` before something that is no number.
    Minus,
}

/// A word with its place, in characters from 1.
pub(super) type Placed = (Word, usize);

/// Cuts a text into words.
pub(super) fn words(text: &str) -> Result<Vec<Placed>, Refusal> {
    let mut cutter = Cutter {
        text: text.chars().collect(),
        at: 0,
    };
    let mut out = Vec::new();
    while let Some(word) = cutter.next()? {
        out.push(word);
    }
    Ok(out)
}

struct Cutter {
    text: Vec<char>,
    at: usize,
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '@' || c == '$'
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_@./:-$".contains(c)
}

impl Cutter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn wrong(&self, message: &str) -> Refusal {
        Refusal::Wrong(format!("{message} at character {}", self.at + 1))
    }

    fn next(&mut self) -> Result<Option<Placed>, Refusal> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let place = self.at + 1;
        let Some(first) = self.peek(0) else {
            return Ok(None);
        };
        let next = self.peek(1);
        let word = match first {
            '(' => self.take(Word::Open),
            ')' => self.take(Word::Close),
            ',' => self.take(Word::Comma),
            '\'' => Word::Literal(Literal::Text(self.quoted()?)),
            '0'..='9' => Word::Literal(self.number_or_time()?),
            '-' | '+' if next.is_some_and(|c| c.is_ascii_digit()) => Word::Literal(self.number_or_time()?),
            '-' => self.take(Word::Minus),
            c if is_name_start(c) => self.name()?,
            _ => return Err(self.wrong("there is a character that means nothing here")),
        };
        Ok(Some((word, place)))
    }

    fn take(&mut self, word: Word) -> Word {
        self.at += 1;
        word
    }

    /// A text in single quotes; two quotes stand for one.
    fn quoted(&mut self) -> Result<String, Refusal> {
        self.at += 1;
        let mut out = String::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('\''), Some('\'')) => {
                    out.push('\'');
                    self.at += 2;
                }
                (Some('\''), _) => {
                    self.at += 1;
                    return Ok(out);
                }
                (Some(c), _) => {
                    out.push(c);
                    self.at += 1;
                }
                (None, _) => return Err(self.wrong("a text is not closed with a quote")),
            }
        }
    }

    fn name(&mut self) -> Result<Word, Refusal> {
        let mut name = String::new();
        while let Some(c) = self.peek(0).filter(|c| is_name(*c)) {
            name.push(c);
            self.at += 1;
        }
        if self.peek(0) == Some('\'') {
            let text = self.quoted()?;
            return Ok(Word::Literal(self.typed(&name, &text)?));
        }
        Ok(match name.as_str() {
            "null" => Word::Literal(Literal::Null),
            "true" => Word::Literal(Literal::Bool(true)),
            "false" => Word::Literal(Literal::Bool(false)),
            _ => Word::Name(name),
        })
    }

    /// A literal with its type before it: `geography'POINT(77 43)'`.
    fn typed(&self, name: &str, text: &str) -> Result<Literal, Refusal> {
        match name {
            "geography" | "geometry" => Ok(Literal::Geometry(geometry::parse_wkt(text)?)),
            "datetime" | "datetimeoffset" => Ok(Literal::Time(Period::parse(text)?)),
            "duration" => duration(text)
                .map(Literal::Duration)
                .ok_or_else(|| self.wrong("a duration looks like duration'P1DT2H', and ends")),
            "date" => parse_date(text)
                .map(Literal::Date)
                .ok_or_else(|| self.wrong("a date looks like 2026-03-01")),
            _ => Err(self.wrong("a text has an unknown type before its quote")),
        }
    }

    /// A number, a time, an interval, a date or a time of day.
    fn number_or_time(&mut self) -> Result<Literal, Refusal> {
        let mut text = String::new();
        loop {
            while let Some(c) = self
                .peek(0)
                .filter(|c| c.is_ascii_alphanumeric() || "+-.:/".contains(*c))
            {
                text.push(c);
                self.at += 1;
            }
            // A plus sign that was sent without encoding has become a space: `…T10:00:00 05:00`.
            let offset = |ahead: usize| self.peek(ahead).is_some_and(|c| c.is_ascii_digit());
            let is_offset = text.contains('T')
                && self.peek(0) == Some(' ')
                && offset(1)
                && offset(2)
                && self.peek(3) == Some(':')
                && offset(4)
                && offset(5);
            if !is_offset {
                break;
            }
            text.push('+');
            self.at += 1;
        }
        if let Ok(whole) = text.parse::<i64>() {
            return Ok(Literal::Number {
                value: whole as f64,
                whole: Some(whole),
            });
        }
        if let Some(value) = text.parse::<f64>().ok().filter(|value| value.is_finite()) {
            return Ok(Literal::Number { value, whole: None });
        }
        if let Some(day) = parse_date(&text).filter(|_| text.len() == 10) {
            return Ok(Literal::Date(day));
        }
        if let Some(seconds) = time_of_day(&text) {
            return Ok(Literal::TimeOfDay(seconds));
        }
        time_or(&text).ok_or_else(|| {
            let short: String = text.chars().take(60).collect();
            self.wrong(&format!(
                "`{short}` is neither a number nor a time with its offset, which ends"
            ))
        })
    }
}

fn time_or(text: &str) -> Option<Literal> {
    Period::parse(text).ok().map(Literal::Time)
}

/// `12:30` or `12:30:05.5` in seconds.
fn time_of_day(text: &str) -> Option<f64> {
    let mut parts = text.split(':');
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute: u32 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let is_sound = parts.next().is_none() && hour < 24 && minute < 60 && (0.0..60.0).contains(&second);
    is_sound.then(|| f64::from(hour * 3600 + minute * 60) + second)
}

/// `P1DT2H30M5.5S` in µs; months and years have no fixed length and are refused.
fn duration(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let text = text.strip_prefix('P')?;
    let (days, times) = text.split_once('T').unwrap_or((text, ""));
    let mut sum = 0.0;
    let mut add = |part: &str, units: &[(char, f64)]| -> Option<()> {
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
            } else {
                let (_, factor) = units.iter().find(|(unit, _)| *unit == c)?;
                sum += number.parse::<f64>().ok()? * factor;
                number.clear();
            }
        }
        number.is_empty().then_some(())
    };
    add(days, &[('D', DAY as f64), ('W', 7.0 * DAY as f64)])?;
    add(times, &[('H', 3.6e9), ('M', 6e7), ('S', 1e6)])?;
    let micros = sign * sum;
    // A thousand years: what is longer could not be added to a time.
    (micros.abs() <= 3.2e16).then_some(micros.round() as i64)
}

/// A text that is compared with a time, as a time.
pub(super) fn as_time(text: &str) -> Option<Literal> {
    time::instant(text)
        .ok()
        .map(|at| Literal::Time(Period::instant(at)))
        .or_else(|| time_or(text))
}
