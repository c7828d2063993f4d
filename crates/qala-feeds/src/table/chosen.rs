//! JSON records that are selected, mended ones in the place of theirs.

use serde_json::{Map, Value as Json};

use super::jsonl::{Place, Receiver, bad_json, no_object};
use crate::fault::{Fault, PERSONAL};
use crate::selection::{Choice, Selection};
use crate::{Sink, Stopped};

/// Passes on the records that are selected, mended ones in the place of theirs.
pub(super) struct Chosen<'a> {
    pub(super) receiver: &'a mut dyn Receiver,
    pub(super) file: Option<&'a str>,
    pub(super) selection: Option<&'a Selection>,
}

impl Chosen<'_> {
    fn is_skipped(&self, place: Place) -> bool {
        self.selection
            .is_some_and(|s| s.at(&place.position(self.file)) == Choice::Skip)
    }

    pub(super) fn object(
        &mut self,
        object: &Map<String, Json>,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if self.is_skipped(place) {
            return Ok(());
        }
        self.receiver.object(object, place, sink)
    }

    pub(super) fn broken(
        &mut self,
        fault: Fault,
        raw: &str,
        place: Place,
        sink: &mut dyn Sink,
    ) -> Result<(), Stopped> {
        if self.is_skipped(place) {
            return Ok(());
        }
        self.receiver.broken(fault, raw, place, sink)
    }

    /// The record that a person wrote in the place of this one; what is personal comes from `own`.
    pub(super) fn mended(
        &self,
        place: Place,
        own: Option<&Json>,
    ) -> Option<Result<Map<String, Json>, (Fault, String)>> {
        let text = self.selection?.text(&place.position(self.file))?;
        let fault = |fault| Some(Err((fault, text.to_owned())));
        match serde_json::from_str::<Json>(text) {
            Ok(mut mended) => {
                if let Some(own) = own {
                    reveal(&mut mended, own);
                }
                match mended {
                    Json::Object(object) => Some(Ok(object)),
                    _ => fault(no_object()),
                }
            }
            Err(error) => fault(bad_json(&error)),
        }
    }
}

/// Puts hidden values back in their places.
fn reveal(mended: &mut Json, own: &Json) {
    match (mended, own) {
        (Json::Object(mended), Json::Object(own)) => {
            for (key, value) in mended {
                if let Some(own) = own.get(key) {
                    reveal(value, own);
                }
            }
        }
        (mended, own) if mended.as_str() == Some(PERSONAL) => *mended = own.clone(),
        _ => {}
    }
}
