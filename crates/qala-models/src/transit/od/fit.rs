//! Iterative proportional fitting of a sparse matrix.

/// One pair of a matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// Value, 0 or more.
    pub value: f64,
}

/// The margin that is furthest from its total when no more can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// A row.
    Row(usize),
    /// A column.
    Column(usize),
}

/// Sweeps after which slow progress is looked for.
const BLOCK: usize = 100;
/// Sweeps at most.
const SWEEPS: usize = 10_000;

/// Brings a matrix to totals of its rows and columns, rows first, until no margin is off by more than `tolerance` times
/// the sum of all (1e-12 is about what sums of floating-point numbers can hold). `cells` holds the seed, each pair once, and then the result. Totals are 0 or more and sum to the same.
///
/// # Errors
/// [`Unmet`] when the zeros of the seed do not let the totals be met: the error no longer falls.
pub fn fit(cells: &mut [Cell], rows: &[f64], columns: &[f64], tolerance: f64) -> Result<(), Unmet> {
    let mut row_sums = vec![0.0; rows.len()];
    let mut column_sums = vec![0.0; columns.len()];
    let total: f64 = rows.iter().sum();
    let allowed = total * tolerance;
    sum(cells, &mut row_sums, |cell| cell.row);
    sum(cells, &mut column_sums, |cell| cell.column);
    if let Some(row) = without_trips(&row_sums, rows, allowed) {
        return Err(Unmet::Row(row));
    }
    if let Some(column) = without_trips(&column_sums, columns, allowed) {
        return Err(Unmet::Column(column));
    }
    let mut before = f64::INFINITY;
    for sweep in 1..=SWEEPS {
        scale(cells, &row_sums, rows, |cell| cell.row);
        sum(cells, &mut column_sums, |cell| cell.column);
        scale(cells, &column_sums, columns, |cell| cell.column);
        sum(cells, &mut row_sums, |cell| cell.row);
        sum(cells, &mut column_sums, |cell| cell.column);
        let (row, of_row) = worst(&row_sums, rows);
        let (column, of_column) = worst(&column_sums, columns);
        let error = of_row.max(of_column);
        if error <= allowed {
            return Ok(());
        }
        let stuck = sweep % BLOCK == 0 && error > before * (1.0 - 1e-6);
        if stuck || sweep == SWEEPS {
            return Err(if of_row >= of_column {
                Unmet::Row(row)
            } else {
                Unmet::Column(column)
            });
        }
        if sweep % BLOCK == 0 {
            before = error;
        }
    }
    Ok(())
}

/// The first line whose seed is zero while its total is not.
fn without_trips(sums: &[f64], totals: &[f64], allowed: f64) -> Option<usize> {
    sums.iter()
        .zip(totals)
        .position(|(sum, total)| *sum == 0.0 && *total > allowed)
}

fn sum(cells: &[Cell], sums: &mut [f64], place: impl Fn(&Cell) -> usize) {
    sums.fill(0.0);
    for cell in cells {
        sums[place(cell)] += cell.value;
    }
}

/// Multiplies each line to its total; a line without trips stays as it is.
fn scale(cells: &mut [Cell], sums: &[f64], totals: &[f64], place: impl Fn(&Cell) -> usize) {
    for cell in cells {
        let line = place(cell);
        if sums[line] > 0.0 {
            cell.value *= totals[line] / sums[line];
        }
    }
}

/// The line that is furthest from its total, and by how much; the first of several.
fn worst(sums: &[f64], totals: &[f64]) -> (usize, f64) {
    sums.iter()
        .zip(totals)
        .map(|(sum, total)| (sum - total).abs())
        .enumerate()
        .fold(
            (0, 0.0),
            |worst, (line, error)| if error > worst.1 { (line, error) } else { worst },
        )
}
