//! How bytes of a feed are fetched: a folder or file that is watched, an address that is asked again and again, topics of
//! a broker. Pushed messages come through the server.

mod folder;
mod mqtt;
mod poll;
mod schedule;
mod secret;
mod state;

use qala_core::spec::FeedSpec;

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Import, Payload};

pub(crate) use mqtt::{Stream, secured};
pub use poll::fetch;
pub(crate) use secret::{secret as secret_of, words as words_of};
pub use state::{BrokerState, TransportState, TransportStates};

/// The state of all transports.
#[derive(Debug, Default)]
pub struct Transports {
    seen: tokio::sync::Mutex<folder::Seen>,
}

impl Centre {
    /// The import of one payload of a feed of the pack.
    pub fn feed_import(&self, feed: &FeedSpec, payload: Payload) -> Import {
        let mut import = Import::new(feed.kind.clone(), payload, feed.id.clone());
        import.dataset.clone_from(&feed.dataset);
        import.mapping = feed.mapping.clone().map(|m| {
            let text = serde_json::to_string(&m).unwrap_or_default();
            (m, text)
        });
        import
    }

    /// A feed of the pack.
    ///
    /// # Errors
    /// An id that does not exist, with a suggestion.
    pub fn feed(&self, id: &str) -> Result<&FeedSpec> {
        self.feeds.iter().find(|f| f.id.as_str() == id).ok_or_else(|| {
            let hint = qala_core::spec::nearest(id, self.feeds.iter().map(|f| f.id.as_str()));
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            AppError::Usage(format!("there is no feed `{id}`{hint}"))
        })
    }
}
