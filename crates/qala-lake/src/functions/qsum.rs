//! The exact aggregates of SQL: `qsum`, `qavg` and the mergeable states behind rollups.
//!
//! Here are the functions, their types and their words. How one state adds and merges is in `exact` and
//! `integer`; how states are kept per group is in `groups`.

mod groups;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef};
use datafusion::common::{Result, exec_err, internal_err, not_impl_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, DocSection, Documentation, GroupsAccumulator, Signature,
    Volatility,
};

use self::groups::{Groups, Single};
use super::exact::ExactSum;
use super::integer::IntegerSum;

static SECTION: DocSection = DocSection {
    include: true,
    label: "Exact aggregates",
    description: Some("Sums and means whose bits do not depend on the order of rows."),
};

/// The exact aggregate functions.
pub(super) fn functions() -> Vec<Arc<AggregateUDF>> {
    [
        Kind::Sum,
        Kind::Mean,
        Kind::State,
        Kind::SumOfStates,
        Kind::MeanOfStates,
        Kind::MergedState,
    ]
    .into_iter()
    .map(|kind| Arc::new(AggregateUDF::new_from_impl(ExactAggregate::new(kind))))
    .collect()
}

/// What an aggregate takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Sum,
    Mean,
    State,
    SumOfStates,
    MeanOfStates,
    MergedState,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Sum => "qsum",
            Self::Mean => "qavg",
            Self::State => "qsum_state",
            Self::SumOfStates => "qsum_merge",
            Self::MeanOfStates => "qavg_merge",
            Self::MergedState => "qstate_merge",
        }
    }

    fn takes_states(self) -> bool {
        matches!(self, Self::SumOfStates | Self::MeanOfStates | Self::MergedState)
    }

    fn documentation(self) -> Documentation {
        let (description, argument, example) = match self {
            Self::Sum => (
                "Returns the exact sum: the same bits in any order of rows and on any number of machines. \
                 Floats give a double, rounded once; integers and decimals give Decimal128(38, s), and a \
                 sum of more than 38 digits is an error. NULLs are skipped; a sum of nothing is NULL; a \
                 sum of zero is +0.0; NaN and infinities follow IEEE 754.",
                "a float, integer or decimal",
                "SELECT station, qsum(value) FROM air_readings GROUP BY station;",
            ),
            Self::Mean => (
                "Returns the mean as a double: the exact sum divided by the number of values, rounded \
                 once. NULLs are skipped; the mean of nothing is NULL.",
                "a float, integer or decimal",
                "SELECT station, qavg(value) FROM air_readings GROUP BY station;",
            ),
            Self::State => (
                "Returns the exact sum and the count of floats as bytes that can be stored and merged \
                 later. Equal values give equal bytes in any order. NULL when there is no value.",
                "a float",
                "SELECT station, qsum_state(value) AS parts FROM air_readings GROUP BY station;",
            ),
            Self::SumOfStates => (
                "Merges states of qsum_state and returns the exact sum as a double: the same bits as qsum \
                 over the rows.",
                "bytes made by qsum_state or qstate_merge",
                "SELECT station, qsum_merge(parts) FROM air_hours GROUP BY station;",
            ),
            Self::MeanOfStates => (
                "Merges states of qsum_state and returns the mean as a double: the same bits as qavg over \
                 the rows.",
                "bytes made by qsum_state or qstate_merge",
                "SELECT station, qavg_merge(parts) FROM air_hours GROUP BY station;",
            ),
            Self::MergedState => (
                "Merges states of qsum_state into one: the same bytes as qsum_state over the rows.",
                "bytes made by qsum_state or qstate_merge",
                "SELECT station, qstate_merge(parts) AS parts FROM air_hours GROUP BY station;",
            ),
        };
        let name = if self.takes_states() { "state" } else { "value" };
        Documentation::builder(SECTION.clone(), description, format!("{}({name})", self.name()))
            .with_argument(name, argument)
            .with_sql_example(format!("```sql\n{example}\n```"))
            .build()
    }
}

/// What an aggregate's argument is, after coercion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Float,
    Integer,
    Decimal { scale: i8 },
    State,
}

impl Input {
    fn of(kind: Kind, data_type: &DataType) -> Result<Self> {
        match data_type {
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView if kind.takes_states() => {
                Ok(Self::State)
            }
            DataType::Float64 if !kind.takes_states() => Ok(Self::Float),
            DataType::Int64 if !kind.takes_states() => Ok(Self::Integer),
            DataType::Decimal128(_, scale) if !kind.takes_states() => Ok(Self::Decimal { scale: *scale }),
            other => internal_err!("{} cannot take {other}", kind.name()),
        }
    }

    fn scale(self) -> i8 {
        if let Self::Decimal { scale } = self {
            scale
        } else {
            0
        }
    }

    fn is_whole(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. })
    }
}

/// What an aggregate returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Sum,
    Mean,
    State,
}

/// One of the exact aggregates as a DataFusion function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactAggregate {
    kind: Kind,
    signature: Signature,
    documentation: Documentation,
}

impl ExactAggregate {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: kind.documentation(),
        }
    }

    fn plan(&self, args: &AccumulatorArgs) -> Result<(Input, Output)> {
        if args.is_distinct {
            return not_impl_err!(
                "{0}(DISTINCT …) is not supported beside other aggregates; aggregate over a SELECT \
                 DISTINCT instead",
                self.kind.name()
            );
        }
        let Some(field) = args.expr_fields.first() else {
            return exec_err!("{} takes one argument", self.kind.name());
        };
        let output = match self.kind {
            Kind::Sum | Kind::SumOfStates => Output::Sum,
            Kind::Mean | Kind::MeanOfStates => Output::Mean,
            Kind::State | Kind::MergedState => Output::State,
        };
        Ok((Input::of(self.kind, field.data_type())?, output))
    }
}

impl AggregateUDFImpl for ExactAggregate {
    fn name(&self) -> &str {
        self.kind.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.kind.name();
        let [argument] = arg_types else {
            return plan_err!("{name} takes one argument, not {}", arg_types.len());
        };
        let argument = match argument {
            DataType::Dictionary(_, values) => values,
            plain => plain,
        };
        let coerced = match argument {
            DataType::Null if self.kind.takes_states() => DataType::Binary,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView if self.kind.takes_states() => {
                argument.clone()
            }
            _ if self.kind.takes_states() => {
                return plan_err!("{name} takes states made by qsum_state, not {argument}");
            }
            DataType::Null | DataType::Float16 | DataType::Float32 | DataType::Float64 => DataType::Float64,
            _ if self.kind == Kind::State => {
                return plan_err!(
                    "{name} takes floats, not {argument}; sums of integers and decimals are exact already: \
                     keep qsum and count"
                );
            }
            DataType::UInt64 => DataType::Decimal128(20, 0),
            integer if integer.is_integer() => DataType::Int64,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => DataType::Decimal128(*precision, *scale),
            _ => {
                return plan_err!(
                    "{name} takes floats, integers and decimals of up to 38 digits, not {argument}"
                );
            }
        };
        Ok(vec![coerced])
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match (self.kind, arg_types.first()) {
            (Kind::State | Kind::MergedState, _) => Ok(DataType::Binary),
            (Kind::Sum, Some(DataType::Int64)) => Ok(DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)),
            (Kind::Sum, Some(DataType::Decimal128(_, scale))) => {
                Ok(DataType::Decimal128(DECIMAL128_MAX_PRECISION, *scale))
            }
            _ => Ok(DataType::Float64),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(
            format_state_name(args.name, "exact"),
            DataType::Binary,
            true,
        ))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let (input, output) = self.plan(&args)?;
        Ok(if input.is_whole() {
            Box::new(Single::<IntegerSum>::new(input, output))
        } else {
            Box::new(Single::<ExactSum>::new(input, output))
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        let (input, output) = self.plan(&args)?;
        Ok(if input.is_whole() {
            Box::new(Groups::<IntegerSum>::new(input, output))
        } else {
            Box::new(Groups::<ExactSum>::new(input, output))
        })
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
