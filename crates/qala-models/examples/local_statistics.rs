//! Local statistics of a lattice, timed; `benches/spatial.py` holds them against esda:
//! `cargo run -p qala-models --example local_statistics -- values.txt HEIGHT WIDTH gi|moran rook|graded full|sequential
//! PERMUTATIONS SEED THREADS > results.csv`.
//!
//! `values.txt` holds one number a line, row after row of the lattice. Neighbours share a side; `rook` weighs them all the
//! same (moran: row-standardised), `graded` each by its direction. Printed: the statistic, p by permutation and adjusted p
//! of each cell; the seconds from weights and values to these go to standard error.

use std::io::{BufWriter, Error, Write};
use std::time::Instant;

use qala_models::spatial::conditional::{self, Drawing, Stopping, Ties};
use qala_models::spatial::weights::Weights;
use qala_models::spatial::{gi, local_moran};
use qala_models::stats;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [
        values,
        height,
        width,
        statistic,
        graded,
        stopping,
        permutations,
        seed,
        threads,
    ] = arguments.as_slice()
    else {
        return Err(Error::other("usage: see the head of the file"));
    };
    let number = |text: &String| text.parse::<u32>().map_err(Error::other);
    let (height, width, permutations) = (number(height)?, number(width)?, number(permutations)?);
    let values = std::fs::read_to_string(values)?
        .lines()
        .map(|line| line.parse::<f64>().map_err(Error::other))
        .collect::<Result<Vec<f64>, Error>>()?;
    let drawing = Drawing {
        permutations,
        stopping: match stopping.as_str() {
            "sequential" => Stopping::Sequential(Drawing::enough(permutations)),
            _ => Stopping::Full,
        },
        seed: u64::from(number(seed)?),
        threads: number(threads)? as usize,
    };
    let mut weights = Weights::from_pairs(values.len(), &pairs(height, width, graded == "graded"));
    if statistic == "moran" {
        weights = weights.row_standardised();
    }
    let start = Instant::now();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let found: Vec<Option<f64>> = if statistic == "gi" {
        gi::z(&centred, &weights, true)
    } else {
        let locals = local_moran::local_moran(&centred, &weights);
        locals
            .into_iter()
            .map(|local| local.map(|local| local.i))
            .collect()
    };
    let ties = |cell: usize| {
        if statistic == "moran" && centred[cell] < 0.0 {
            Ties::Below
        } else {
            Ties::Above
        }
    };
    let p: Vec<Option<f64>> = conditional::draw(&centred, &weights, &drawing, ties)
        .into_iter()
        .map(|drawn| drawn.map(|drawn| drawn.p(permutations)))
        .collect();
    let adjusted = stats::adjusted(&p);
    writeln!(std::io::stderr(), "{}", start.elapsed().as_secs_f64())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let text = |cell: Option<f64>| cell.map(|cell| format!("{cell:?}")).unwrap_or_default();
    for ((found, p), adjusted) in found.into_iter().zip(p).zip(adjusted) {
        writeln!(out, "{},{},{}", text(found), text(p), text(adjusted))?;
    }
    out.flush()
}

/// Cells that share a side; graded: 1 to the right, 1.25 to the left, 1.5 below, 1.75 above.
fn pairs(height: u32, width: u32, is_graded: bool) -> Vec<(u32, u32, f64)> {
    let mut pairs = Vec::new();
    let weigh = |weight: f64| if is_graded { weight } else { 1.0 };
    for cell in 0..height * width {
        if (cell + 1) % width > 0 {
            pairs.extend([(cell, cell + 1, 1.0), (cell + 1, cell, weigh(1.25))]);
        }
        if cell + width < height * width {
            pairs.extend([
                (cell, cell + width, weigh(1.5)),
                (cell + width, cell, weigh(1.75)),
            ]);
        }
    }
    pairs
}
