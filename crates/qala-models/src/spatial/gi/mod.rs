//! Getis and Ord's local statistics: around which areas do high, or low, values lie together?

use std::collections::BTreeMap;

use super::areas::{self, Areas};
use super::conditional::{self, Drawing, Stopping, Ties};
use super::weights::Weights;
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use crate::{stats, threads};

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "spatial.gi",
    purpose: "Which areas lie amid high values (hot spots) or low ones (cold spots): Getis and Ord's Gi*, or Gi without the \
              area itself, with p by the normal distribution, by conditional permutation and adjusted for many areas.",
    method: "z of Ord and Getis (1995, doi 10.1111/j.1538-4632.1995.tb00912.x) for any weights: the weighted sum minus its \
             expectation by its standard deviation, over all areas (Gi*) or all others (Gi). p_normal is two-sided. \
             p_permutation = (min(c, P − c) + 1)/(P + 1), c draws with at least the observed statistic: the values of the \
             neighbours are drawn P times from all other areas. \
             p_adjusted: Benjamini and Hochberg over all areas that have a p.",
    assumptions: &[
        "star = true and weights as given (binary when made from k or distance_m): the area itself is added with weight 1; a \
         pair of an area with itself in the input is left out.",
        "ties = contract: a draw equal to the observed one counts in c only, as in esda. With counts of which many are the same \
         that makes the p of ordinary areas small (where all draws are the observed one, c = P and p = 1/(P + 1)); ties = both \
         counts equal draws on both sides, in c and in P − c, and such areas are no clusters. Without ties both are the same.",
        "p_permutation is the smaller tail, not doubled: at a limit of 0.05 one in ten areas without any pattern is below it.",
        "fdr: each area is `hot`, `cold` or `none`. Hot or cold when twice p_adjusted is at most fdr, for the direction is chosen after \
         looking; hot when z is above 0. Without fdr there is no such column.",
        "clusters (with fdr only): hot areas that are neighbours of each other, in either direction and through others, are one cluster, \
         and so are cold ones. It is named after its area of largest |z|, the first of equal ones; strongest first.",
        "Dividing the weights of a row by their sum changes neither z nor p; row_standardised is there for the sake of the \
         other models.",
        "An area without a value is no area; its row is empty. An area without neighbours counts among all, its row is empty.",
        "stopping = sequential ends the draws of an area after (P + 1)/60, at least 10, on both sides (Besag and Clifford); its \
         p is then that number by the draws made. It pays when weights are unequal; with equal weights full is faster still.",
    ],
    limits: &[
        "It says where values lie together, not why: where more people are, more happens. Use rates, or counts against what is usual.",
        "Neighbouring areas share neighbours, so their p depend on each other.",
        "The weights are not made symmetric: `from` is the area, `to` its neighbour.",
    ],
};

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let areas = areas::read(run)?;
    // z and p are those of weights divided by their sum as well, so `row_standardised` has nothing to do.
    let z = z(&areas.centred, &areas.weights, run.settings().flag("star"));
    let drawing = drawing(run);
    let ties = if counts_both(run) { Ties::Both } else { Ties::Above };
    let drawn = conditional::draw(&areas.centred, &areas.weights, &drawing, |_| ties);
    // Where nothing varies, every draw is the observed one: that is no result.
    let p: Vec<Option<f64>> = drawn
        .iter()
        .zip(&z)
        .map(|(drawn, z)| z.and(*drawn).map(|drawn| drawn.p(drawing.permutations)))
        .collect();
    let normal: Vec<Option<f64>> = z
        .iter()
        .map(|z| z.map(|z| 2.0 * stats::normal_above(z.abs())))
        .collect();
    let adjusted = stats::adjusted(&p);
    let table = Table::new("gi")
        .texts_of("area", &areas.ids)
        .floats_of("z", areas.spread(&z))
        .floats_of("p_normal", areas.spread(&normal))
        .floats_of("p_permutation", areas.spread(&p))
        .floats_of("p_adjusted", areas.spread(&adjusted));
    let Some(fdr) = run.settings().float("fdr") else {
        return Ok(vec![table]);
    };
    let classes: Vec<Option<&str>> = z
        .iter()
        .zip(&adjusted)
        .map(|(z, q)| Some(class((*z)?, (*q)?, fdr)))
        .collect();
    let told = areas.spread(&classes);
    let table = table.texts_of("class", told.iter().map(|class| class.unwrap_or("")));
    Ok(vec![table, clusters(&areas, &z, &classes)])
}

/// A group of areas of one verdict.
struct Cluster {
    /// Its area of largest |z|.
    heart: usize,
    areas: i64,
}

/// Groups of neighbouring areas of one verdict, strongest first. Positions are among the areas that have a value.
fn clusters(areas: &Areas, z: &[Option<f64>], classes: &[Option<&str>]) -> Table {
    let strength = |area: usize| z[area].unwrap_or(0.0).abs();
    let verdict = |area: usize| classes[area].filter(|class| *class != "none");
    let mut parents: Vec<usize> = (0..classes.len()).collect();
    for area in 0..classes.len() {
        let Some(class) = verdict(area) else { continue };
        for neighbour in areas.weights.row(area).0 {
            let neighbour = *neighbour as usize;
            if verdict(neighbour) == Some(class) {
                let (a, b) = (root(&mut parents, area), root(&mut parents, neighbour));
                parents[a.max(b)] = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Cluster> = BTreeMap::new();
    for area in (0..classes.len()).filter(|area| verdict(*area).is_some()) {
        let group = groups.entry(root(&mut parents, area)).or_insert(Cluster {
            heart: area,
            areas: 0,
        });
        group.areas += 1;
        if strength(area) > strength(group.heart) {
            group.heart = area;
        }
    }
    let mut groups: Vec<Cluster> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let order = strength(b.heart).total_cmp(&strength(a.heart));
        order.then(a.heart.cmp(&b.heart))
    });
    let names = areas.names();
    Table::new("clusters")
        .texts_of("area", groups.iter().map(|group| names[group.heart]))
        .texts_of(
            "class",
            groups.iter().map(|group| verdict(group.heart).unwrap_or("")),
        )
        .ints_of("areas", groups.iter().map(|group| group.areas))
        .floats_of("z", groups.iter().map(|group| z[group.heart]))
}

/// The first of the group of an area; ways to it are shortened.
fn root(parents: &mut [usize], mut area: usize) -> usize {
    while parents[area] != area {
        parents[area] = parents[parents[area]];
        area = parents[area];
    }
    area
}

/// The verdict on an area: `hot`, `cold` or `none`. `q` is adjusted for many areas, of the smaller tail.
fn class(z: f64, q: f64, fdr: f64) -> &'static str {
    if 2.0 * q > fdr {
        "none"
    } else if z > 0.0 {
        "hot"
    } else {
        "cold"
    }
}

/// How the settings of a local statistic say to draw.
pub(super) fn drawing(run: &Run) -> Drawing {
    let settings = run.settings();
    let permutations = settings.int("permutations").unwrap_or(0) as u32;
    Drawing {
        permutations,
        stopping: match settings.text("stopping") {
            "sequential" => Stopping::Sequential(Drawing::enough(permutations)),
            _ => Stopping::Full,
        },
        seed: run.seed(),
        threads: threads::available(),
    }
}

/// Says whether a draw equal to the observed one counts in P − c as well as in c.
pub(super) fn counts_both(run: &Run) -> bool {
    run.settings().text("ties") == "both"
}

/// Gi (with `star` Gi*, the area itself added with weight 1) as standard deviates; `centred` are values minus their mean.
/// Absent for an area without neighbours, where all values are the same, and where all areas are neighbours.
pub fn z(centred: &[f64], weights: &Weights, star: bool) -> Vec<Option<f64>> {
    let all = centred.len() as f64;
    let squares: f64 = centred.iter().map(|value| value * value).sum();
    (0..centred.len())
        .map(|area| {
            let row = weights.row(area).1;
            if row.is_empty() {
                return None;
            }
            let own = centred[area];
            let (mut sum, mut of_squares) = (row.iter().sum::<f64>(), row.iter().map(|w| w * w).sum::<f64>());
            let mut lag = weights.lag(area, centred);
            // Gi leaves the area itself out of everything.
            let (count, mean, variance) = if star {
                sum += 1.0;
                of_squares += 1.0;
                lag += own;
                (all, 0.0, squares / all)
            } else {
                let mean = -own / (all - 1.0);
                (all - 1.0, mean, (squares - own * own) / (all - 1.0) - mean * mean)
            };
            let spread = (count * of_squares - sum * sum) / (count - 1.0);
            let varies = variance > 1e-14 * squares / all && spread > 1e-12 * of_squares;
            varies.then(|| (lag - sum * mean) / (variance * spread).sqrt())
        })
        .collect()
}
