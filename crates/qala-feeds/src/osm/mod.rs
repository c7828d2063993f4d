//! Import kind `osm`: an OpenStreetMap extract (PBF) into streets, junctions, buildings, objects and boundaries.
//!
//! What belongs here: the format and the meaning of tags. What does not: which place of the city an object belongs to,
//! and routes (`qala-models`). History files are not read.
//!
//! The messages are decoded by `prost` as those of GTFS-Realtime are, not by a reader of whole files: what a damaged
//! blob does must be decided here, blob by blob.

use std::io::Cursor;

use crate::archive::{Member, Packing, each_file, fill, packing, read_fault};
use crate::fault::whole;
use crate::{Context, FeedKind, Input, Sink, Stopped};

mod blob;
mod block;
mod coordinates;
mod feature;
mod map;
mod message;
mod outer;
mod point;
mod rings;
mod road;
mod rows;
mod turn;

#[cfg(test)]
mod tests;

pub use feature::{Boundary, Building, Element, Feature, Junction, Names, Object, ObjectKind, Receiver};
pub use map::{Totals, read_map};
pub use point::{Point, Polygon, area_text, line_text};
pub use road::{Direction, Limit, LimitSource, Road, assumed_kmh};
pub use turn::TurnRule;

/// Import kind `osm`.
pub(crate) struct Osm;

impl FeedKind for Osm {
    fn name(&self) -> &'static str {
        "osm"
    }

    fn parse(
        &self,
        input: &mut dyn Input,
        context: &Context<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        let mut head = [0_u8; 4];
        let start = fill(input, &mut head).and_then(|got| input.rewind().map(|()| got));
        match start {
            Ok(got) if packing(&head[..got]) == Packing::Plain => file(input, None, context, sink),
            Ok(_) => each_file(input, context, sink, &mut |mut member, sink| {
                packed(&mut member, context, sink)
            }),
            Err(error) => sink.problem(whole(read_fault(&error), None, 1)),
        }
    }
}

/// A map is read more than once, so one that lies in an archive is unpacked into memory first.
fn packed(member: &mut Member<'_>, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), Stopped> {
    let mut bytes = Vec::new();
    match member.bytes.read_to_end(&mut bytes) {
        Ok(_) => file(&mut Cursor::new(bytes), member.inside, context, sink),
        Err(error) => sink.problem(whole(read_fault(&error), member.inside, 1)),
    }
}

fn file(
    input: &mut dyn Input,
    inside: Option<&str>,
    context: &Context<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Stopped> {
    let mut rows = rows::Rows::new(context, inside, sink);
    let totals = read_map(input, context.max_unpacked, &mut rows)?;
    rows.finish(totals.is_whole, context.feed)
}
