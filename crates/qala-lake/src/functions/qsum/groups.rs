//! Exact sums as DataFusion accumulators: one for a whole column, one for many groups.
//!
//! Both feed the same [`Part`]s; between the phases of an aggregation a part travels as one Binary value.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, Decimal128Array, Float64Array, GenericBinaryArray,
};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::super::exact::ExactSum;
use super::super::integer::IntegerSum;
use super::{Input, Output};

/// A mergeable exact sum of one group.
pub(super) trait Part: fmt::Debug + Clone + Default + Send + Sync + 'static {
    /// Adds the chosen rows of a column to the parts that `slot` names for them; returns the bytes newly
    /// allocated.
    fn update(parts: &mut [Self], input: Input, values: &dyn Array, rows: &Rows) -> Result<usize>;
    /// Merges one encoded part; returns the bytes newly allocated.
    fn absorb(&mut self, bytes: &[u8]) -> Result<usize>;
    /// Appends the encoding of this part.
    fn write(&self, out: &mut Vec<u8>);
    /// Number of values summed.
    fn count(&self) -> u64;
    /// Bytes on the heap.
    fn heap_size(&self) -> usize;
    /// The results of parts, one row each; NULL where a part has no value.
    fn finish(parts: &[Self], input: Input, output: Output) -> Result<ArrayRef>;
}

/// Which rows of a batch count, and to which group each belongs.
pub(super) struct Rows<'a> {
    /// The group of each row; none when all belong to the first.
    groups: Option<&'a [usize]>,
    filter: Option<&'a BooleanArray>,
}

impl Rows<'_> {
    /// Calls `each(row, group)` for every row that is neither NULL in `values` nor filtered out.
    #[inline]
    fn each(&self, values: &dyn Array, mut each: impl FnMut(usize, usize)) {
        let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0);
        match (self.groups, nulls, self.filter) {
            (Some(groups), None, None) => {
                for (row, group) in groups.iter().enumerate() {
                    each(row, *group);
                }
            }
            (None, None, None) => {
                for row in 0..values.len() {
                    each(row, 0);
                }
            }
            (groups, nulls, filter) => {
                for row in 0..values.len() {
                    let valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
                    if valid && filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row)) {
                        each(row, groups.map_or(0, |groups| groups[row]));
                    }
                }
            }
        }
    }
}

impl Part for ExactSum {
    fn update(parts: &mut [Self], input: Input, values: &dyn Array, rows: &Rows) -> Result<usize> {
        let mut grown = 0;
        match input {
            Input::Float => {
                let Some(floats) = values.as_primitive_opt::<Float64Type>() else {
                    return internal_err!("an exact sum expected doubles, not {}", values.data_type());
                };
                let floats = floats.values();
                rows.each(values, |row, group| {
                    let part = &mut parts[group];
                    let before = part.heap_size();
                    part.add(floats[row]);
                    grown += part.heap_size() - before;
                });
            }
            Input::State => grown = absorb_each(parts, values, rows)?,
            Input::Integer | Input::Decimal { .. } => {
                return internal_err!("whole numbers have their own exact sum");
            }
        }
        Ok(grown)
    }

    fn absorb(&mut self, bytes: &[u8]) -> Result<usize> {
        let state = Self::from_bytes(bytes).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let before = self.heap_size();
        self.merge(&state);
        Ok(self.heap_size() - before)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn count(&self) -> u64 {
        self.count()
    }

    fn heap_size(&self) -> usize {
        self.heap_size()
    }

    fn finish(parts: &[Self], _: Input, output: Output) -> Result<ArrayRef> {
        Ok(match output {
            Output::Sum => {
                let sums = parts.iter().map(|part| (part.count() > 0).then(|| part.value()));
                Arc::new(sums.collect::<Float64Array>())
            }
            Output::Mean => Arc::new(parts.iter().map(Self::mean).collect::<Float64Array>()),
            Output::State => encode(parts)?,
        })
    }
}

impl Part for IntegerSum {
    fn update(parts: &mut [Self], input: Input, values: &dyn Array, rows: &Rows) -> Result<usize> {
        match input {
            Input::Integer => {
                let Some(integers) = values.as_primitive_opt::<Int64Type>() else {
                    return internal_err!("an exact sum expected integers, not {}", values.data_type());
                };
                let integers = integers.values();
                rows.each(values, |row, group| parts[group].add(i128::from(integers[row])));
            }
            Input::Decimal { .. } => {
                let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() else {
                    return internal_err!("an exact sum expected decimals, not {}", values.data_type());
                };
                let decimals = decimals.values();
                rows.each(values, |row, group| parts[group].add(decimals[row]));
            }
            Input::Float | Input::State => return internal_err!("floats have their own exact sum"),
        }
        Ok(0)
    }

    fn absorb(&mut self, bytes: &[u8]) -> Result<usize> {
        let state = Self::from_bytes(bytes).map_err(|error| DataFusionError::External(Box::new(error)))?;
        self.merge(&state);
        Ok(0)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.write(out);
    }

    fn count(&self) -> u64 {
        self.count()
    }

    fn heap_size(&self) -> usize {
        0
    }

    fn finish(parts: &[Self], input: Input, output: Output) -> Result<ArrayRef> {
        let scale = input.scale();
        Ok(match output {
            Output::Sum => {
                let sums = parts.iter().map(|part| match part.total() {
                    _ if part.count() == 0 => Ok(None),
                    Some(total) => Ok(Some(total)),
                    None => exec_err!(
                        "the exact sum has more than 38 digits and does not fit Decimal128(38, {scale})"
                    ),
                });
                let sums = sums.collect::<Result<Decimal128Array>>()?;
                Arc::new(sums.with_precision_and_scale(DECIMAL128_MAX_PRECISION, scale)?)
            }
            Output::Mean => Arc::new(
                parts
                    .iter()
                    .map(|part| part.mean(scale))
                    .collect::<Float64Array>(),
            ),
            Output::State => encode(parts)?,
        })
    }
}

/// Merges the encoded parts of a Binary, LargeBinary or BinaryView column.
fn absorb_each<P: Part>(parts: &mut [P], values: &dyn Array, rows: &Rows) -> Result<usize> {
    fn run<'a, P: Part>(
        parts: &mut [P],
        values: &dyn Array,
        rows: &Rows,
        bytes: impl Fn(usize) -> &'a [u8],
    ) -> Result<usize> {
        let mut grown = 0;
        let mut outcome = Ok(());
        rows.each(values, |row, group| {
            if outcome.is_ok() {
                outcome = parts[group].absorb(bytes(row)).map(|more| grown += more);
            }
        });
        outcome.map(|()| grown)
    }
    match values.data_type() {
        DataType::Binary => {
            let array: &GenericBinaryArray<i32> = values.as_binary();
            run(parts, values, rows, |row| array.value(row))
        }
        DataType::LargeBinary => {
            let array: &GenericBinaryArray<i64> = values.as_binary();
            run(parts, values, rows, |row| array.value(row))
        }
        DataType::BinaryView => {
            let array = values.as_binary_view();
            run(parts, values, rows, |row| array.value(row))
        }
        other => internal_err!("an exact sum expected states, not {other}"),
    }
}

/// The encoded parts as one Binary column; NULL where a part has no value.
fn encode<P: Part>(parts: &[P]) -> Result<ArrayRef> {
    let mut builder = BinaryBuilder::with_capacity(parts.len(), parts.len() * 20);
    let mut bytes = Vec::with_capacity(24);
    let mut total = 0;
    for part in parts {
        if part.count() == 0 {
            builder.append_null();
            continue;
        }
        bytes.clear();
        part.write(&mut bytes);
        total += bytes.len();
        if total > i32::MAX as usize {
            return exec_err!(
                "the states of {} exact sums exceed 2 GiB in one batch",
                parts.len()
            );
        }
        builder.append_value(&bytes);
    }
    Ok(Arc::new(builder.finish()))
}

fn one(values: &[ArrayRef]) -> Result<&dyn Array> {
    let [array] = values else {
        return internal_err!("an exact sum takes one column, not {}", values.len());
    };
    Ok(array.as_ref())
}

/// The accumulator of a whole column.
#[derive(Debug)]
pub(super) struct Single<P> {
    part: P,
    input: Input,
    output: Output,
}

impl<P: Part> Single<P> {
    pub(super) fn new(input: Input, output: Output) -> Self {
        Self {
            part: P::default(),
            input,
            output,
        }
    }

    fn result(&self, output: Output) -> Result<ScalarValue> {
        let array = P::finish(std::slice::from_ref(&self.part), self.input, output)?;
        ScalarValue::try_from_array(&array, 0)
    }
}

impl<P: Part> Accumulator for Single<P> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = Rows {
            groups: None,
            filter: None,
        };
        P::update(
            std::slice::from_mut(&mut self.part),
            self.input,
            one(values)?,
            &rows,
        )?;
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.result(self.output)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.part.heap_size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.result(Output::State)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = Rows {
            groups: None,
            filter: None,
        };
        absorb_each(std::slice::from_mut(&mut self.part), one(states)?, &rows)?;
        Ok(())
    }
}

/// The accumulator of many groups: one [`Part`] each in a flat vector.
#[derive(Debug)]
pub(super) struct Groups<P> {
    parts: Vec<P>,
    /// Bytes that the parts hold on the heap.
    heap: usize,
    input: Input,
    output: Output,
}

impl<P: Part> Groups<P> {
    pub(super) fn new(input: Input, output: Output) -> Self {
        Self {
            parts: Vec::new(),
            heap: 0,
            input,
            output,
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<P> {
        let taken = emit_to.take_needed(&mut self.parts);
        if self.heap > 0 {
            self.heap -= taken.iter().map(P::heap_size).sum::<usize>();
        }
        taken
    }
}

impl<P: Part> GroupsAccumulator for Groups<P> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.parts.resize_with(total_num_groups, P::default);
        let rows = Rows {
            groups: Some(group_indices),
            filter: opt_filter,
        };
        self.heap += P::update(&mut self.parts, self.input, one(values)?, &rows)?;
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let parts = self.take(emit_to);
        P::finish(&parts, self.input, self.output)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let parts = self.take(emit_to);
        Ok(vec![encode(&parts)?])
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.parts.resize_with(total_num_groups, P::default);
        let rows = Rows {
            groups: Some(group_indices),
            filter: None,
        };
        self.heap += absorb_each(&mut self.parts, one(values)?, &rows)?;
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let values = one(values)?;
        let mut parts = vec![P::default(); values.len()];
        let own: Vec<usize> = (0..values.len()).collect();
        let rows = Rows {
            groups: Some(&own),
            filter: opt_filter,
        };
        P::update(&mut parts, self.input, values, &rows)?;
        Ok(vec![encode(&parts)?])
    }

    fn size(&self) -> usize {
        self.parts.capacity() * size_of::<P>() + self.heap
    }
}
