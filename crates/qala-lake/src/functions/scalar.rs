//! What the scalar functions share: one row of a table per function, arguments that stay scalar, and type
//! checks.
//!
//! The functions themselves do not belong here.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// What an argument takes, and how it reaches the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Text of any layout; reaches the body as Utf8.
    Text,
    /// Any number; reaches the body as Float64.
    Float,
    /// Any integer; reaches the body as Int64.
    Integer,
    /// A timestamp of any unit; reaches the body as Timestamp(µs, UTC). One without a zone is read as UTC,
    /// text is parsed.
    Instant,
    /// A date; reaches the body as Date32. Text is parsed.
    Date,
}

impl Takes {
    fn coerce(self, given: &DataType) -> Option<DataType> {
        let given = match given {
            DataType::Dictionary(_, values) => values,
            plain => plain,
        };
        let text = matches!(given, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let (fits, target) = match self {
            Self::Text => (text, DataType::Utf8),
            Self::Float => (given.is_numeric(), DataType::Float64),
            Self::Integer => (given.is_integer(), DataType::Int64),
            Self::Instant => (text || matches!(given, DataType::Timestamp(..)), instant_type()),
            Self::Date => (
                text || matches!(given, DataType::Date32 | DataType::Date64),
                DataType::Date32,
            ),
        };
        (fits || given.is_null()).then_some(target)
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Float => "a number",
            Self::Integer => "an integer",
            Self::Instant => "a timestamp",
            Self::Date => "a date",
        }
    }
}

/// The type of every instant: Timestamp(µs, "UTC").
pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()))
}

/// The work of a function on arguments that have been coerced: `rows` rows in, one array of `rows` rows out.
pub(super) type Body = fn(&Arguments) -> Result<ArrayRef>;

/// One scalar function, described as data.
pub(super) struct Definition {
    /// The name in SQL.
    pub(super) name: &'static str,
    /// Arguments in order: name, what it takes, and its words.
    pub(super) arguments: &'static [(&'static str, Takes, &'static str)],
    /// The type of the result.
    pub(super) returns: DataType,
    /// What it does, with units, NULLs and errors.
    pub(super) description: &'static str,
    /// A call that can be tried as it stands.
    pub(super) example: &'static str,
    /// The work.
    pub(super) body: Body,
}

/// A [`Definition`] as a DataFusion function.
pub(super) struct Function {
    definition: Definition,
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(super) fn new(section: &DocSection, definition: Definition) -> Self {
        let names: Vec<_> = definition.arguments.iter().map(|argument| argument.0).collect();
        let syntax = format!("{}({})", definition.name, names.join(", "));
        let mut documentation = Documentation::builder(section.clone(), definition.description, syntax)
            .with_sql_example(format!("```sql\n{}\n```", definition.example));
        for (name, _, words) in definition.arguments {
            documentation = documentation.with_argument(*name, *words);
        }
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: documentation.build(),
            definition,
        }
    }
}

// A function is its name: the list holds each name once, which a test checks.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.definition.name)
            .finish_non_exhaustive()
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = self.definition.arguments;
        let syntax = &self.documentation.syntax_example;
        if given.len() != wanted.len() {
            return plan_err!("{syntax} takes {} arguments, not {}", wanted.len(), given.len());
        }
        let mut types = Vec::with_capacity(given.len());
        for (given, (name, takes, _)) in given.iter().zip(wanted) {
            match takes.coerce(given) {
                Some(coerced) => types.push(coerced),
                None => return plan_err!("in {syntax}, {name} is {}, not {given}", takes.describe()),
            }
        }
        Ok(types)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.definition.returns.clone())
    }

    /// Every function here is NULL where an argument is; a test calls each with each argument NULL.
    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let result = (self.definition.body)(&Arguments {
            values: &args.args,
            rows,
        })?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
        }
        Ok(ColumnarValue::Array(result))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

/// The coerced arguments of one call.
pub(super) struct Arguments<'a> {
    values: &'a [ColumnarValue],
    /// Number of rows of the result.
    pub(super) rows: usize,
}

impl Arguments<'_> {
    fn value(&self, index: usize) -> Result<&ColumnarValue> {
        let Some(value) = self.values.get(index) else {
            return exec_err!("argument {} is missing", index + 1);
        };
        Ok(value)
    }

    /// A column of numbers, dates or instants; a constant is repeated.
    pub(super) fn column(&self, index: usize) -> Result<ArrayRef> {
        self.value(index)?.to_array(self.rows)
    }

    /// Text, kept as one value when it is a constant.
    pub(super) fn text(&self, index: usize) -> Result<Text> {
        match self.value(index)? {
            ColumnarValue::Scalar(scalar) => {
                let Some(text) = scalar.try_as_str() else {
                    return internal_err!("expected text, not {}", scalar.data_type());
                };
                Ok(Text::Constant(text.map(str::to_owned)))
            }
            ColumnarValue::Array(array) => {
                let Some(strings) = array.as_string_opt::<i32>() else {
                    return internal_err!("expected text, not {}", array.data_type());
                };
                Ok(Text::Column(strings.clone()))
            }
        }
    }
}

/// A primitive column read row by row.
pub(super) struct Column<'a, T: ArrowPrimitiveType>(&'a PrimitiveArray<T>);

impl<'a, T: ArrowPrimitiveType> Column<'a, T> {
    /// Reads an array that coercion has made a `T`.
    pub(super) fn of(array: &'a ArrayRef) -> Result<Self> {
        let Some(array) = array.as_primitive_opt::<T>() else {
            return internal_err!("expected {}, not {}", T::DATA_TYPE, array.data_type());
        };
        Ok(Self(array))
    }

    /// The value of a row; `None` for NULL.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<T::Native> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

/// A text argument.
pub(super) enum Text {
    /// The same text, or NULL, for every row.
    Constant(Option<String>),
    /// A text per row.
    Column(StringArray),
}

impl Text {
    /// The text of a row; `None` for NULL.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Constant(text) => text.as_deref(),
            Self::Column(texts) => texts.is_valid(row).then(|| texts.value(row)),
        }
    }
}
