//! Well-known text ([OGC 06-103r4](https://www.ogc.org/standards/sfa/), section 7) as far as rows hold it: points, lines, areas
//! and several of them.

/// A geometry in degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Points.
    Points(Vec<(f64, f64)>),
    /// Lines.
    Lines(Vec<Vec<(f64, f64)>>),
    /// Areas: of each the outer ring and then its holes.
    Areas(Vec<Vec<Vec<(f64, f64)>>>),
}

/// Reads a geometry; `None` for an empty one and for what is none.
pub fn parse(text: &str) -> Option<Form> {
    let mut reader = Reader { rest: text.trim() };
    if reader
        .rest
        .get(..5)
        .is_some_and(|s| s.eq_ignore_ascii_case("SRID="))
    {
        reader.rest = reader.rest.split_once(';')?.1;
    }
    let word = reader.word().to_ascii_uppercase();
    reader.skip_dimension();
    let form = match word.as_str() {
        "POINT" => Form::Points(vec![reader.one()?]),
        "MULTIPOINT" => Form::Points(reader.list(|r| if r.is_open() { r.one() } else { r.position() })?),
        "LINESTRING" => Form::Lines(vec![reader.line()?]),
        "MULTILINESTRING" => Form::Lines(reader.list(Reader::line)?),
        "POLYGON" => Form::Areas(vec![reader.list(Reader::line)?]),
        "MULTIPOLYGON" => Form::Areas(reader.list(|r| r.list(Reader::line))?),
        _ => return None,
    };
    reader.rest.trim().is_empty().then_some(form)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// `Z`, `M`, `ZM` after the name: numbers after the second are passed over anyway.
    fn skip_dimension(&mut self) {
        let start = self.rest;
        let word = self.word();
        if !matches!(word.to_ascii_uppercase().as_str(), "Z" | "M" | "ZM") {
            self.rest = start;
        }
    }

    fn is_open(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with('(')
    }

    fn eat(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }

    fn number(&mut self) -> Option<f64> {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
            .unwrap_or(self.rest.len());
        let number = self
            .rest
            .get(..end)?
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite())?;
        self.rest = &self.rest[end..];
        Some(number)
    }

    fn position(&mut self) -> Option<(f64, f64)> {
        let at = (self.number()?, self.number()?);
        while self.number().is_some() {}
        Some(at)
    }

    fn one(&mut self) -> Option<(f64, f64)> {
        self.eat('(')?;
        let at = self.position()?;
        self.eat(')')?;
        Some(at)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat('(')?;
        let mut found = vec![item(self)?];
        while self.eat(',').is_some() {
            found.push(item(self)?);
        }
        self.eat(')')?;
        Some(found)
    }

    fn line(&mut self) -> Option<Vec<(f64, f64)>> {
        self.list(Self::position)
    }
}
