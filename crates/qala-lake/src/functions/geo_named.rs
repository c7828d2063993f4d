//! Geometry columns whose extension name was lost on the way, and functions that do not mind.
//!
//! An Arrow column of geometry is an ordinary list, struct or union; its field carries the name of the GeoArrow type. A
//! plan that travels keeps the Arrow type of a function's result and drops the name, so on an executor
//! `st_contains(st_geomfromtext(…), …)` meets a geometry that does not say it is one. Here the name is told from the
//! Arrow type: GeoArrow names the children of each type differently. The reference system is not restored; no function
//! of ours asks for it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Where a field carries the name of its extension type.
pub(super) const NAME: &str = "ARROW:extension:name";

/// The GeoArrow type that has this Arrow type; `None` for all that is no geometry.
fn geometry_of(kind: &DataType) -> Option<&'static str> {
    match kind {
        DataType::Union(..) => Some("geoarrow.geometry"),
        DataType::Struct(fields) => match fields.first().map(|f| f.name().as_str()) {
            Some("x") => Some("geoarrow.point"),
            Some("xmin") => Some("geoarrow.box"),
            _ => None,
        },
        DataType::FixedSizeList(field, _) => field.name().starts_with("xy").then_some("geoarrow.point"),
        DataType::List(field) | DataType::LargeList(field) => match field.name().as_str() {
            "vertices" => Some("geoarrow.linestring"),
            "rings" => Some("geoarrow.polygon"),
            "points" => Some("geoarrow.multipoint"),
            "linestrings" => Some("geoarrow.multilinestring"),
            "polygons" => Some("geoarrow.multipolygon"),
            "geometries" => Some("geoarrow.geometrycollection"),
            _ => None,
        },
        _ => None,
    }
}

/// The field with its GeoArrow name, when it is a geometry without any name.
pub(super) fn named(field: &FieldRef) -> FieldRef {
    match geometry_of(field.data_type()) {
        Some(name) if !field.metadata().contains_key(NAME) => {
            let mut metadata = field.metadata().clone();
            metadata.insert(NAME.into(), name.into());
            Arc::new(Field::clone(field).with_metadata(metadata))
        }
        _ => Arc::clone(field),
    }
}

/// A function whose arguments and result get their names back before it looks at them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Named(ScalarUDF);

/// Makes a function that does not mind lost names.
pub(super) fn function(inner: ScalarUDF) -> ScalarUDF {
    ScalarUDF::new_from_impl(Named(inner))
}

impl ScalarUDFImpl for Named {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn aliases(&self) -> &[String] {
        self.0.aliases()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.0.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let fields: Vec<FieldRef> = arguments.arg_fields.iter().map(named).collect();
        self.0.return_field_from_args(ReturnFieldArgs {
            arg_fields: &fields,
            scalar_arguments: arguments.scalar_arguments,
        })
    }

    fn invoke_with_args(&self, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        arguments.arg_fields = arguments.arg_fields.iter().map(named).collect();
        arguments.return_field = named(&arguments.return_field);
        self.0.inner().invoke_with_args(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.documentation()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::session;
    use super::*;

    const SHAPES: [&str; 6] = [
        "POINT(1 2)",
        "LINESTRING(0 0, 1 1)",
        "POLYGON((0 0, 1 0, 1 1, 0 0))",
        "MULTIPOINT((1 2), (3 4))",
        "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))",
        "GEOMETRYCOLLECTION(POINT(1 2))",
    ];

    #[tokio::test]
    async fn names_are_told_from_types() {
        let session = session(1);
        let mut seen = std::collections::BTreeSet::new();
        for shape in SHAPES {
            for call in [
                "st_geomfromtext(w)",
                "st_point(x, x)",
                "st_makepoint(x, x)",
                "st_centroid(st_geomfromtext(w))",
                "st_convexhull(st_geomfromtext(w))",
                "st_pointonsurface(st_geomfromtext(w))",
                "box2d(st_geomfromtext(w))",
            ] {
                let sql = format!("SELECT {call} FROM (VALUES ('{shape}', 1.5)) AS v(w, x)");
                let Ok(frame) = session.sql(&sql).await else {
                    continue;
                };
                let field = frame.schema().field(0).clone();
                let Some(name) = field.metadata().get(NAME).cloned() else {
                    continue;
                };
                let bare: FieldRef =
                    Arc::new(Field::clone(&field).with_metadata(std::collections::HashMap::default()));
                assert_eq!(named(&bare).metadata().get(NAME), Some(&name), "{call}");
                seen.insert(name);
            }
        }
        assert!(seen.len() >= 4, "{seen:?}");
    }

    #[test]
    fn what_has_a_name_or_is_no_geometry_stays() {
        let text: FieldRef = Arc::new(Field::new("a", DataType::Utf8, true));
        assert!(Arc::ptr_eq(&named(&text), &text));
        let metadata = [(NAME.to_owned(), "other".to_owned())].into();
        let list = DataType::List(Arc::new(Field::new("rings", DataType::Int64, true)));
        let other: FieldRef = Arc::new(Field::new("b", list, true).with_metadata(metadata));
        assert!(Arc::ptr_eq(&named(&other), &other));
    }
}
