//! What has left its limits, as a review and its owner need it: the same rule as on the page of now.

use qala_core::{Text, Unit};
use qala_paper::Mark;

use super::view::{View, is_loud};
use crate::account::Reader;
use crate::centre::Centre;
use crate::error::Result;

/// An indicator that is off its target or to be watched, in the city or in a district.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loud {
    pub(crate) id: String,
    pub(crate) title: Text,
    pub(crate) function: String,
    pub(crate) unit: Unit,
    pub(crate) is_off: bool,
    pub(crate) value: Option<f64>,
    pub(crate) target: Option<f64>,
    /// Since when the city stands so, µs of UTC.
    pub(crate) since: Option<i64>,
    /// Districts that are off target.
    pub(crate) places: Vec<String>,
}

fn loud(view: &View<'_>) -> Option<Loud> {
    let places: Vec<String> = view.off().map(|d| d.place.clone()).collect();
    if !is_loud(view.mark()) && places.is_empty() {
        return None;
    }
    Some(Loud {
        id: view.spec.id.to_string(),
        title: view.spec.title.clone(),
        function: view.spec.owner_function.to_string(),
        unit: view.spec.unit,
        is_off: view.mark() == Mark::Off || !places.is_empty(),
        value: view.shown().and_then(|shown| shown.value),
        target: view.spec.targets.map(|targets| targets.target),
        since: view
            .since()
            .filter(|_| is_loud(view.mark()))
            .map(|(since, _)| since),
        places,
    })
}

impl Centre {
    /// What is off target or to be watched, the worst first.
    pub(crate) async fn loud_indicators(&self, reader: &Reader) -> Result<Vec<Loud>> {
        let now = self.moment(reader).await?;
        let mut views = self.views(None, now, reader).await?;
        views.sort_by_key(View::trouble);
        Ok(views.iter().filter_map(loud).collect())
    }
}
