//! Routes of feed trust.

use axum::extract::{Path, State as Extract};
use qala_api as api;

use crate::State;
use crate::read::{Found, answer};

/// What was last said of each feed: the measures of its newest day.
pub(crate) async fn newest(Extract(state): Extract<State>) -> Found<Vec<api::Row>> {
    let centre = state.centre.clone();
    answer(async move { centre.newest_trust(None).await }).await
}

/// What was last said of a feed, and the faults that were found.
pub(crate) async fn of_feed(Extract(state): Extract<State>, Path(id): Path<String>) -> Found<api::FeedTrust> {
    let centre = state.centre.clone();
    answer(async move {
        Ok(api::FeedTrust {
            measures: centre.newest_trust(Some(&id)).await?,
            faults: centre.newest_faults(&id).await?,
        })
    })
    .await
}
