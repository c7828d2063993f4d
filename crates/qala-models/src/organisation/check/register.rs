//! The register as it was handed in: bodies, posts, functions and indicators, with their dates.

use std::collections::HashMap;

/// Days from one date to another, without the latter; absent bounds are open. Days are counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// First day.
    pub from: Option<i64>,
    /// First day after.
    pub to: Option<i64>,
}

impl Period {
    /// One day.
    pub fn day(day: i64) -> Self {
        Self {
            from: Some(day),
            to: Some(day + 1),
        }
    }

    /// Says whether that day is one of them.
    pub fn holds(self, day: i64) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// Says whether a day belongs to both.
    pub fn meets(self, other: Self) -> bool {
        let before = |from: Option<i64>, to: Option<i64>| from.zip(to).is_none_or(|(from, to)| from < to);
        before(self.from, other.to) && before(other.from, self.to)
    }
}

/// A department, a division, an administration: one row for each period with one parent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Id.
    pub id: String,
    /// Id of the body above it; empty: none.
    pub parent: String,
    /// Kind.
    pub kind: String,
    /// When it is so.
    pub period: Period,
}

/// A post of the establishment, filled or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Post {
    /// Id.
    pub id: String,
    /// Id of the body it belongs to.
    pub body: String,
    /// Kind: management, support, core.
    pub kind: String,
}

/// A function of government: one row for each period with one owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// Id.
    pub id: String,
    /// Id of the body that performs it; empty: none.
    pub owner: String,
    /// Budget programme that pays for it; empty: none.
    pub programme: String,
    /// When it is so.
    pub period: Period,
    /// Title.
    pub title: String,
}

/// An indicator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indicator {
    /// Id.
    pub id: String,
    /// Id of the function it measures.
    pub function: String,
    /// Where its numbers come from.
    pub source: String,
}

/// A whole register.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// Rows of bodies.
    pub bodies: Vec<Body>,
    /// Rows of posts; absent when they were not handed in.
    pub posts: Option<Vec<Post>>,
    /// Rows of functions.
    pub functions: Vec<Function>,
    /// Rows of indicators; absent when they were not handed in.
    pub indicators: Option<Vec<Indicator>>,
}

/// When a body is there: periods that follow one another within a day are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life(Vec<Period>);

/// What a body lacks of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// It ends on that day.
    Ends(i64),
    /// It begins on that day.
    Begins(i64),
}

impl Life {
    /// The life of a body with rows of these periods.
    pub fn new(mut periods: Vec<Period>) -> Self {
        periods.sort_by_key(|period| period.from.unwrap_or(i64::MIN));
        let mut merged: Vec<Period> = Vec::new();
        for period in periods {
            match merged.last_mut() {
                // A last day that was written as inclusive is one day short.
                Some(last)
                    if last
                        .to
                        .is_none_or(|to| period.from.is_none_or(|from| from <= to + 1)) =>
                {
                    last.to = last.to.zip(period.to).map(|(a, b)| a.max(b));
                }
                _ => merged.push(period),
            }
        }
        Self(merged)
    }

    /// What the body lacks of `period`; absent when it is there all the time. An unknown begin is not asked for.
    pub fn lack(&self, period: Period) -> Option<Lack> {
        let start = period.from.or_else(|| self.0.last()?.from);
        let here = self
            .0
            .iter()
            .rfind(|life| life.from.zip(start).is_none_or(|(from, start)| from <= start));
        let Some(here) = here else {
            return self.0.first()?.from.map(Lack::Begins);
        };
        match (here.to, period.to) {
            (Some(ends), None) => Some(Lack::Ends(ends)),
            (Some(ends), Some(needed))
                if ends + 1 < needed || period.from.is_some_and(|from| ends <= from) =>
            {
                Some(Lack::Ends(ends))
            }
            _ => None,
        }
    }

    /// The day on which the body is gone for good; absent when it has no end.
    pub fn end(&self) -> Option<i64> {
        self.0.last()?.to
    }
}

/// The life of every body, by id.
pub fn lives(bodies: &[Body]) -> HashMap<&str, Life> {
    let mut periods: HashMap<&str, Vec<Period>> = HashMap::new();
    for body in bodies {
        periods.entry(&body.id).or_default().push(body.period);
    }
    periods
        .into_iter()
        .map(|(id, periods)| (id, Life::new(periods)))
        .collect()
}
