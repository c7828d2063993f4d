//! The functions of geodatafusion as lists.
//!
//! The crate registers into a session only; Ballista's scheduler and executors need lists. A test compares
//! these with what the crate registers, so that an upgrade with new functions is noticed.

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use geodatafusion::udf::geo::{measurement, processing, relationships, validation};
use geodatafusion::udf::geohash;
use geodatafusion::udf::native::{accessors, bounding_box, constructors, io};

use super::geo_named;

/// The scalar functions of geodatafusion.
pub(super) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    let all: [ScalarUDF; 60] = [
        measurement::Area.into(),
        measurement::Distance.into(),
        measurement::Length.into(),
        processing::Centroid::default().into(),
        processing::ConvexHull::default().into(),
        processing::OrientedEnvelope::default().into(),
        processing::PointOnSurface::default().into(),
        processing::Simplify::default().into(),
        processing::SimplifyPreserveTopology::default().into(),
        processing::SimplifyVW::default().into(),
        relationships::Contains::default().into(),
        relationships::CoveredBy::default().into(),
        relationships::Covers::default().into(),
        relationships::Crosses::default().into(),
        relationships::Disjoint::default().into(),
        relationships::Equals::default().into(),
        relationships::Intersects::default().into(),
        relationships::Overlaps::default().into(),
        relationships::Touches::default().into(),
        relationships::Within::default().into(),
        validation::IsValid.into(),
        validation::IsValidReason.into(),
        geohash::GeoHash.into(),
        geohash::Box2DFromGeoHash.into(),
        geohash::PointFromGeoHash::default().into(),
        accessors::CoordDim.into(),
        accessors::NDims.into(),
        accessors::GeometryType.into(),
        accessors::ST_GeometryType.into(),
        accessors::IsClosed.into(),
        accessors::IsEmpty.into(),
        accessors::Dump::default().into(),
        accessors::EndPoint::default().into(),
        accessors::StartPoint::default().into(),
        accessors::NPoints.into(),
        accessors::NumInteriorRings.into(),
        accessors::M::default().into(),
        accessors::X::default().into(),
        accessors::Y::default().into(),
        accessors::Z::default().into(),
        bounding_box::Box2D.into(),
        bounding_box::Box3D.into(),
        bounding_box::XMax.into(),
        bounding_box::XMin.into(),
        bounding_box::YMax.into(),
        bounding_box::YMin.into(),
        bounding_box::ZMax.into(),
        bounding_box::ZMin.into(),
        bounding_box::MakeBox2D.into(),
        bounding_box::MakeBox3D.into(),
        constructors::MakePoint::default().into(),
        constructors::MakePointM::default().into(),
        constructors::Point::default().into(),
        constructors::PointM::default().into(),
        constructors::PointZ::default().into(),
        constructors::PointZM::default().into(),
        io::AsBinary.into(),
        io::GeomFromWKB::default().into(),
        io::AsText.into(),
        io::GeomFromText::default().into(),
    ];
    all.into_iter()
        .map(|function| Arc::new(geo_named::function(function)))
        .collect()
}

/// The aggregate functions of geodatafusion.
pub(super) fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    vec![Arc::new(bounding_box::Extent.into())]
}
