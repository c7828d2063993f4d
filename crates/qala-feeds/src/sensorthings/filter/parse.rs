//! From words to an expression, by the precedence of OData: `not`, `mul div mod`, `add sub`, `gt ge lt le`, `eq ne`, `and`,
//! `or`.

use super::word::{Placed, Word, as_time, words};
use super::{Arithmetic, Comparison, Expression, Field, Function, Kind, Literal, Path};
use crate::fault::hint;
use crate::sensorthings::{Entity, Holds, Refusal};

/// Brackets within brackets.
const DEEPEST: usize = 48;
/// Words of one expression; also the depth of a chain such as `a and b and …`, which is walked recursively.
const MOST_WORDS: usize = 1_000;

/// Reads a filter over one entity type.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str, entity: Entity) -> Result<Expression, Refusal> {
    let words = words(text).map_err(in_filter)?;
    if words.len() > MOST_WORDS {
        return Err(Refusal::wrong("the $filter is too long"));
    }
    let mut parser = Parser {
        words: &words,
        at: 0,
        entity,
        depth: 0,
    };
    let found = parser.or().and_then(|found| match parser.words.get(parser.at) {
        None => Ok(found),
        Some((_, place)) => Err(Refusal::Wrong(format!(
            "an operator is missing at character {place}"
        ))),
    });
    let found = found.map_err(in_filter)?;
    needs(&found, Kind::Bool, "the whole").map_err(in_filter)?;
    Ok(found)
}

fn in_filter(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Wrong(message) => Refusal::Wrong(format!("$filter: {message}")),
        other => other,
    }
}

/// Reads a path such as `Datastream/Thing/properties/owner`, seen from an entity type.
///
/// # Errors
/// A name that the entity does not have.
pub fn parse_path(text: &str, entity: Entity) -> Result<Path, Refusal> {
    let mut relations = Vec::new();
    let mut at = entity;
    let mut rest = text.split('/');
    while let Some(name) = rest.next() {
        if let Some(relation) = at.relation(name) {
            relations.push(relation);
            at = relation.target;
        } else if name == "id" || name == "@iot.id" {
            return match rest.next() {
                None => Ok(Path {
                    relations,
                    field: Field::Id,
                }),
                Some(below) => Err(Refusal::unknown(at, below)),
            };
        } else if let Some(property) = at.property(name) {
            let keys: Vec<String> = rest.map(ToOwned::to_owned).collect();
            let is_nested = matches!(property.holds, Holds::Object | Holds::Any | Holds::Geometry);
            if !keys.is_empty() && !is_nested {
                return Err(Refusal::Wrong(format!("`{name}` has nothing below it")));
            }
            return Ok(Path {
                relations,
                field: Field::Property(property, keys),
            });
        } else {
            return Err(Refusal::unknown(at, name));
        }
    }
    let short: String = text.chars().take(60).collect();
    Err(Refusal::Wrong(format!(
        "`{short}` is no property; add one, such as `{short}/id`"
    )))
}

/// Says no when a part has another type than its place needs.
fn needs(part: &Expression, kind: Kind, of: &str) -> Result<(), Refusal> {
    let found = part.kind();
    if found.meets(kind) {
        return Ok(());
    }
    Err(Refusal::Wrong(format!(
        "{of} must be {}, not {}",
        kind.word(),
        found.word()
    )))
}

struct Parser<'a> {
    words: &'a [Placed],
    at: usize,
    entity: Entity,
    depth: usize,
}

type Parsed = Result<Expression, Refusal>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at).map(|(word, _)| word)
    }

    fn wrong(&self, message: &str) -> Refusal {
        match self.words.get(self.at) {
            Some((_, place)) => Refusal::Wrong(format!("{message} at character {place}")),
            None => Refusal::Wrong(format!("{message} at the end")),
        }
    }

    /// Takes one of these names, if it comes next.
    fn name<T: Copy>(&mut self, names: &[(&str, T)]) -> Option<T> {
        let Some(Word::Name(word)) = self.peek() else {
            return None;
        };
        let found = names.iter().find(|(name, _)| name == word)?;
        self.at += 1;
        Some(found.1)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.name(&[("or", ())]).is_some() {
            let right = self.and()?;
            needs(&left, Kind::Bool, "what stands before `or`")?;
            needs(&right, Kind::Bool, "what stands after `or`")?;
            left = Expression::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.equal()?;
        while self.name(&[("and", ())]).is_some() {
            let right = self.equal()?;
            needs(&left, Kind::Bool, "what stands before `and`")?;
            needs(&right, Kind::Bool, "what stands after `and`")?;
            left = Expression::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn equal(&mut self) -> Parsed {
        let names = [("eq", Comparison::Equal), ("ne", Comparison::NotEqual)];
        let mut left = self.less()?;
        while let Some(comparison) = self.name(&names) {
            let right = self.less()?;
            left = compare(comparison, left, right)?;
        }
        Ok(left)
    }

    fn less(&mut self) -> Parsed {
        let names = [
            ("lt", Comparison::Less),
            ("le", Comparison::LessOrEqual),
            ("gt", Comparison::Greater),
            ("ge", Comparison::GreaterOrEqual),
        ];
        let mut left = self.sum()?;
        while let Some(comparison) = self.name(&names) {
            let right = self.sum()?;
            left = compare(comparison, left, right)?;
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        let names = [("add", Arithmetic::Add), ("sub", Arithmetic::Subtract)];
        let mut left = self.product()?;
        while let Some(operator) = self.name(&names) {
            let right = self.product()?;
            left = compute(operator, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let names = [
            ("mul", Arithmetic::Multiply),
            ("div", Arithmetic::Divide),
            ("mod", Arithmetic::Remainder),
        ];
        let mut left = self.one()?;
        while let Some(operator) = self.name(&names) {
            let right = self.one()?;
            left = compute(operator, left, right)?;
        }
        Ok(left)
    }

    fn one(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("the brackets are too deep"));
        }
        let found = self.one_below();
        self.depth -= 1;
        found
    }

    fn one_below(&mut self) -> Parsed {
        let Some(word) = self.peek() else {
            return Err(self.wrong("something is missing"));
        };
        match word {
            Word::Literal(literal) => {
                self.at += 1;
                Ok(Expression::Literal(literal.clone()))
            }
            Word::Open => {
                self.at += 1;
                let inner = self.or()?;
                self.close()?;
                Ok(inner)
            }
            Word::Minus => {
                self.at += 1;
                let inner = self.one()?;
                needs(&inner, Kind::Number, "what stands after `-`")?;
                Ok(Expression::Negative(Box::new(inner)))
            }
            Word::Name(name) if name == "not" => {
                self.at += 1;
                let inner = self.one()?;
                needs(&inner, Kind::Bool, "what stands after `not`")?;
                Ok(Expression::Not(Box::new(inner)))
            }
            Word::Name(name) => {
                let is_call = self
                    .words
                    .get(self.at + 1)
                    .is_some_and(|(word, _)| *word == Word::Open);
                if is_call {
                    self.call(name)
                } else {
                    let path = parse_path(name, self.entity)?;
                    self.at += 1;
                    Ok(Expression::Path(path))
                }
            }
            Word::Close | Word::Comma => Err(self.wrong("something is missing")),
        }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        if self.peek() == Some(&Word::Close) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.wrong("a bracket is not closed"))
        }
    }

    fn call(&mut self, name: &str) -> Parsed {
        let Some(function) = Function::of(name) else {
            let short: String = name.chars().take(60).collect();
            return Err(Refusal::Wrong(format!(
                "there is no function `{short}`{}",
                hint(name, Function::words())
            )));
        };
        self.at += 2;
        let mut given = Vec::new();
        if self.peek() != Some(&Word::Close) {
            loop {
                given.push(self.or()?);
                if self.peek() != Some(&Word::Comma) {
                    break;
                }
                self.at += 1;
            }
        }
        self.close()?;
        if !function.parameters().contains(&given.len()) {
            let wanted = function.parameters();
            return Err(Refusal::Wrong(format!(
                "`{name}` takes {} parameters, not {}",
                wanted.start(),
                given.len()
            )));
        }
        if name == "contains" {
            given.reverse();
        }
        check_parameters(function, &mut given)?;
        Ok(Expression::Call(function, given))
    }
}

/// The parameters' types. A text where a time or a geometry is needed is read as one.
fn check_parameters(function: Function, given: &mut [Expression]) -> Result<(), Refusal> {
    use Function as F;
    let kinds: &[Kind] = match function {
        F::SubstringOf | F::EndsWith | F::StartsWith | F::IndexOf | F::Concat => &[Kind::Text, Kind::Text],
        F::Length | F::ToLower | F::ToUpper | F::Trim => &[Kind::Text],
        F::Substring => &[Kind::Text, Kind::Number, Kind::Number],
        F::Year
        | F::Month
        | F::Day
        | F::Hour
        | F::Minute
        | F::Second
        | F::FractionalSeconds
        | F::Date
        | F::TimeOfDay
        | F::TotalOffsetMinutes => &[Kind::Time],
        F::Now | F::MinDateTime | F::MaxDateTime => &[],
        F::Round | F::Floor | F::Ceiling => &[Kind::Number],
        F::GeoLength => &[Kind::Geometry],
        F::Relate => &[Kind::Geometry, Kind::Geometry, Kind::Text],
        _ => &[Kind::Geometry, Kind::Geometry],
    };
    for (part, kind) in given.iter_mut().zip(kinds) {
        if *kind == Kind::Time {
            read_time(part);
        }
        needs(part, *kind, &format!("a parameter of `{}`", function.word()))?;
    }
    Ok(())
}

fn read_time(part: &mut Expression) {
    if let Expression::Literal(Literal::Text(text)) = part
        && let Some(time) = as_time(text)
    {
        *part = Expression::Literal(time);
    }
}

fn compare(comparison: Comparison, mut left: Expression, mut right: Expression) -> Parsed {
    let is_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let kinds = (left.kind(), right.kind());
    for (here, there) in [(kinds.0, &mut right), (kinds.1, &mut left)] {
        if here == Kind::Time {
            read_time(there);
            // A date alone is its first instant.
            if let Expression::Literal(Literal::Date(day)) = there {
                let start = i64::from(*day) * crate::sensorthings::time::DAY;
                *there = Expression::Literal(Literal::Time(crate::sensorthings::Period::instant(start)));
            }
        }
    }
    let (a, b) = (left.kind(), right.kind());
    if !a.meets(b) {
        return Err(Refusal::Wrong(format!(
            "{} cannot be compared with {}",
            a.word(),
            b.word()
        )));
    }
    if is_order
        && [a, b]
            .iter()
            .any(|kind| matches!(kind, Kind::Bool | Kind::Geometry))
    {
        return Err(Refusal::Wrong(format!(
            "{} has no order; only `eq` and `ne` make sense",
            if matches!(a, Kind::Bool | Kind::Geometry) {
                a
            } else {
                b
            }
            .word()
        )));
    }
    Ok(Expression::Compare(comparison, Box::new(left), Box::new(right)))
}

fn compute(operator: Arithmetic, left: Expression, right: Expression) -> Parsed {
    let (a, b) = (left.kind(), right.kind());
    let number = |kind: Kind| matches!(kind, Kind::Number | Kind::Any);
    let sound = match operator {
        Arithmetic::Add => matches!((a, b), (Kind::Time | Kind::Duration, Kind::Duration)),
        Arithmetic::Subtract => matches!(
            (a, b),
            (Kind::Time, Kind::Time) | (Kind::Time | Kind::Duration, Kind::Duration)
        ),
        _ => false,
    };
    if !(sound || number(a) && number(b)) {
        return Err(Refusal::Wrong(format!(
            "{} and {} cannot be computed with",
            a.word(),
            b.word()
        )));
    }
    Ok(Expression::Compute(operator, Box::new(left), Box::new(right)))
}
