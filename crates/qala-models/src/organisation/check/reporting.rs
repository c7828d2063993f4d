//! Rules of bodies and posts: rings of reporting, posts without a body, spans.

use std::collections::{HashMap, HashSet};

use super::register::{Body, Lack, Life, Period, Register};
use super::rules::{Finding, Measures, Severity};
use super::words;
use crate::run::Names;

/// Rings of bodies that report to one another at the same time; each ring once, by the first of its bodies in the input.
pub(super) fn cycles(bodies: &[Body], as_of: Option<i64>) -> Vec<Finding> {
    let mut names = Names::default();
    for body in bodies {
        names.place(&body.id);
    }
    let edges: Vec<Edge> = bodies
        .iter()
        .filter(|body| as_of.is_none_or(|day| body.period.holds(day)))
        .filter_map(|body| {
            Some(Edge {
                body: names.find(&body.id)?,
                parent: names.find(&body.parent)?,
                period: body.period,
            })
        })
        .collect();
    let edges = closed(names.len(), edges);

    // A ring begins when one of its edges does: it is enough to look at those days.
    let mut days: Vec<i64> = edges
        .iter()
        .map(|edge| edge.period.from.unwrap_or(i64::MIN))
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut rings: Vec<Vec<usize>> = Vec::new();
    for day in days {
        let mut parents: HashMap<usize, usize> = HashMap::new();
        for edge in &edges {
            if as_of.is_some() || edge.period.holds(day) {
                parents.entry(edge.body).or_insert(edge.parent);
            }
        }
        for ring in rings_of(&parents) {
            if !rings.contains(&ring) {
                rings.push(ring);
            }
        }
    }
    rings.sort_unstable();
    rings
        .into_iter()
        .map(|ring| {
            let path: Vec<&str> = ring
                .iter()
                .chain(ring.first())
                .map(|body| names.name(*body))
                .collect();
            Finding {
                rule: "body_cycle",
                severity: Severity::Error,
                object: path[0].to_owned(),
                finding: words::ring(&path.join(" → ")),
                mend: words::mend_ring(),
            }
        })
        .collect()
}

/// A body that reports to another one for a time, by their places.
struct Edge {
    body: usize,
    parent: usize,
    period: Period,
}

impl Edge {
    fn up(&self) -> (usize, usize) {
        (self.body, self.parent)
    }

    fn down(&self) -> (usize, usize) {
        (self.parent, self.body)
    }
}

/// The edges that may be part of a ring: without those that lead from or to a body at an end of all chains.
fn closed(bodies: usize, mut edges: Vec<Edge>) -> Vec<Edge> {
    for direction in [Edge::up, Edge::down] {
        let mut coming = vec![0_usize; bodies];
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); bodies];
        for (from, to) in edges.iter().map(direction) {
            coming[to] += 1;
            leaving[from].push(to);
        }
        let mut free: Vec<usize> = (0..bodies).filter(|body| coming[*body] == 0).collect();
        let mut is_free = vec![false; bodies];
        while let Some(body) = free.pop() {
            is_free[body] = true;
            for to in &leaving[body] {
                coming[*to] -= 1;
                if coming[*to] == 0 {
                    free.push(*to);
                }
            }
        }
        edges.retain(|edge| !is_free[edge.body] && !is_free[edge.parent]);
    }
    edges
}

/// The rings of a map to parents, each from its smallest place on.
fn rings_of(parents: &HashMap<usize, usize>) -> Vec<Vec<usize>> {
    let mut walked: HashMap<usize, usize> = HashMap::new();
    let mut rings = Vec::new();
    let mut starts: Vec<usize> = parents.keys().copied().collect();
    starts.sort_unstable();
    for start in starts {
        let mut path = Vec::new();
        let mut at = start;
        while !walked.contains_key(&at) {
            walked.insert(at, start);
            path.push(at);
            match parents.get(&at) {
                Some(parent) => at = *parent,
                None => break,
            }
        }
        // Back on the same walk: the path from there on is a ring.
        if parents.contains_key(&at)
            && let Some(begin) = path.iter().position(|body| *body == at)
        {
            let mut ring = path.split_off(begin);
            let least = ring
                .iter()
                .enumerate()
                .min_by_key(|(_, body)| **body)
                .map_or(0, |(place, _)| place);
            ring.rotate_left(least);
            rings.push(ring);
        }
    }
    rings
}

/// Posts whose body is missing, unknown or gone.
pub(super) fn posts(register: &Register, lives: &HashMap<&str, Life>, as_of: Option<i64>) -> Vec<Finding> {
    let posts = register.posts.as_deref().unwrap_or_default();
    posts
        .iter()
        .filter_map(|post| {
            let finding = match lives.get(post.body.as_str()) {
                _ if post.body.is_empty() => words::no_body(),
                None => words::unknown_body(&post.body),
                Some(life) => match as_of {
                    Some(day) => match life.lack(Period::day(day))? {
                        Lack::Ends(day) => words::body_ends(&post.body, day),
                        Lack::Begins(day) => words::body_begins(&post.body, day),
                    },
                    None => words::body_ends(&post.body, life.end()?),
                },
            };
            Some(Finding {
                rule: "post_without_body",
                severity: Severity::Error,
                object: post.id.clone(),
                finding,
                mend: words::mend_post(),
            })
        })
        .collect()
}

/// Direct reports of a body, and those who manage it.
#[derive(Default)]
struct Reports<'a> {
    children: HashSet<&'a str>,
    posts: usize,
    managers: usize,
}

/// Bodies with too many or too few direct reports for each post that manages.
pub(super) fn spans(register: &Register, measures: &Measures) -> Vec<Finding> {
    let is_there = |body: &&Body| match measures.as_of {
        Some(day) => body.period.holds(day),
        None => body.period.to.is_none(),
    };
    let mut reports: HashMap<&str, Reports<'_>> = HashMap::new();
    for body in register.bodies.iter().filter(is_there) {
        if !body.parent.is_empty() && body.parent != body.id {
            reports.entry(&body.parent).or_default().children.insert(&body.id);
        }
    }
    for post in register.posts.as_deref().unwrap_or_default() {
        let of_body = reports.entry(&post.body).or_default();
        if measures
            .manager_kinds
            .iter()
            .any(|kind| kind.eq_ignore_ascii_case(&post.kind))
        {
            of_body.managers += 1;
        } else {
            of_body.posts += 1;
        }
    }
    let mut said: HashSet<&str> = HashSet::new();
    let mut findings = Vec::new();
    for body in register.bodies.iter().filter(is_there) {
        let Some(found) = reports.get(body.id.as_str()).filter(|_| said.insert(&body.id)) else {
            continue;
        };
        let count = found.children.len() + found.posts;
        let span = count as f64 / found.managers.max(1) as f64;
        // Posts without a head and without bodies below them report elsewhere.
        let has_head = found.managers > 0 || !found.children.is_empty();
        let (severity, mend) = if span > measures.span.1 {
            (Severity::Warning, words::mend_wide())
        } else if span < measures.span.0 && has_head {
            (Severity::Info, words::mend_narrow())
        } else {
            continue;
        };
        findings.push(Finding {
            rule: "span",
            severity,
            object: body.id.clone(),
            finding: words::span(count, found.managers),
            mend,
        });
    }
    findings
}
