//! `date_trunc` and `date_part`: DataFusion's own, with a short way for columns in UTC, where all days have one length.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, FieldRef, Int32Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::datetime::{date_part, date_trunc};
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 1970-01-01 was a Thursday.
const MONDAY: i64 = 3 * DAY;

pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let short = |long: Arc<ScalarUDF>, way: Way| Arc::new(ScalarUDF::new_from_impl(Short { long, way }));
    vec![short(date_trunc(), Way::Trunc), short(date_part(), Way::Part)]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    Trunc,
    Part,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Short {
    long: Arc<ScalarUDF>,
    way: Way,
}

/// Starts of periods of one length.
fn trunc(grain: &str, instants: &TimestampMicrosecondArray) -> Option<ArrayRef> {
    let (length, from) = match grain {
        "second" => (SECOND, 0),
        "minute" => (MINUTE, 0),
        "hour" => (HOUR, 0),
        "day" => (DAY, 0),
        "week" => (7 * DAY, -MONDAY),
        _ => return None,
    };
    let starts = instants.unary::<_, TimestampMicrosecondType>(|t| t - (t - from).rem_euclid(length));
    Some(Arc::new(starts.with_timezone_opt(instants.timezone())))
}

/// Parts of the clock.
fn part(part: &str, instants: &TimestampMicrosecondArray) -> Option<ArrayRef> {
    let (unit, count) = match part {
        "hour" => (HOUR, 24),
        "minute" => (MINUTE, 60),
        _ => return None,
    };
    Some(Arc::new(instants.unary::<_, Int32Type>(|t| {
        (t.div_euclid(unit)).rem_euclid(count) as i32
    })))
}

impl Short {
    fn in_utc(&self, arguments: &[ColumnarValue]) -> Option<ArrayRef> {
        let [ColumnarValue::Scalar(word), ColumnarValue::Array(array)] = arguments else {
            return None;
        };
        let word = match word {
            ScalarValue::Utf8(word) | ScalarValue::Utf8View(word) | ScalarValue::LargeUtf8(word) => {
                word.as_deref()?
            }
            _ => return None,
        };
        let DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) = array.data_type() else {
            return None;
        };
        if !matches!(&**zone, "UTC" | "+00:00" | "Z") {
            return None;
        }
        let instants = array.as_primitive::<TimestampMicrosecondType>();
        let word = word.to_lowercase();
        match self.way {
            Way::Trunc => trunc(&word, instants),
            Way::Part => part(&word, instants),
        }
    }
}

impl ScalarUDFImpl for Short {
    fn name(&self) -> &str {
        self.long.name()
    }
    fn aliases(&self) -> &[String] {
        self.long.aliases()
    }
    fn signature(&self) -> &Signature {
        self.long.signature()
    }
    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.long.return_type(types)
    }
    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.long.return_field_from_args(args)
    }
    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.long.output_ordering(inputs)
    }
    fn preimage(&self, args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        self.long.preimage(args, literal, info)
    }
    fn documentation(&self) -> Option<&Documentation> {
        self.long.documentation()
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match self.in_utc(&args.args) {
            Some(found) => Ok(ColumnarValue::Array(found)),
            None => self.long.invoke_with_args(args),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;
    use datafusion::config::ConfigOptions;

    use super::*;

    /// The short way against DataFusion's own, before and after 1970, at the edges of periods.
    #[test]
    fn the_short_way_equals_the_long_one() {
        let mut instants = vec![None];
        for day in [-100_000, -1, 0, 1, 3, 4, 20_515] {
            for around in [-1, 0, 1, HOUR - SECOND, 12 * HOUR + 7] {
                instants.push(Some(day * DAY + around));
            }
        }
        let rows = instants.len();
        let array: ArrayRef = Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC"));
        let kind = array.data_type().clone();
        let grains = [
            "second", "minute", "hour", "day", "Week", "month", "quarter", "year",
        ];
        for (function, long) in functions().into_iter().zip([date_trunc(), date_part()]) {
            for grain in grains {
                let returns = if function.name() == "date_part" {
                    DataType::Int32
                } else {
                    kind.clone()
                };
                let arguments = || ScalarFunctionArgs {
                    args: vec![
                        ColumnarValue::Scalar(ScalarValue::Utf8(Some(grain.into()))),
                        ColumnarValue::Array(Arc::clone(&array)),
                    ],
                    arg_fields: vec![
                        Arc::new(Field::new("grain", DataType::Utf8, false)),
                        Arc::new(Field::new("t", kind.clone(), true)),
                    ],
                    number_rows: rows,
                    return_field: Arc::new(Field::new("value", returns.clone(), true)),
                    config_options: Arc::new(ConfigOptions::default()),
                };
                let value = |function: &ScalarUDF| {
                    let value = function.invoke_with_args(arguments()).unwrap();
                    value.into_array(rows).unwrap()
                };
                assert_eq!(&value(&function), &value(&long), "{} {grain}", long.name());
            }
        }
    }
}
