use super::{SECOND, empty, place, place_id};
use crate::{OutboxOp, Place, Put, RegistryError};

fn intervals(places: &[Place]) -> Vec<(String, i64, Option<i64>)> {
    places
        .iter()
        .map(|place| (place.id.to_string(), place.valid_from, place.valid_to))
        .collect()
}

#[tokio::test]
async fn a_new_interval_ends_the_old_one() {
    let registry = empty().await;
    assert_eq!(
        registry
            .put_place(&place("north", 10, None), SECOND)
            .await
            .unwrap(),
        Put::Changed
    );
    assert_eq!(
        registry
            .put_place(&place("north", 20, None), SECOND)
            .await
            .unwrap(),
        Put::Changed
    );
    let all = registry.places().await.unwrap();
    assert_eq!(
        intervals(&all),
        [("north".into(), 10, Some(20)), ("north".into(), 20, None)]
    );
    assert_eq!(
        intervals(&registry.places_at(19).await.unwrap()),
        [("north".into(), 10, Some(20))]
    );
    assert_eq!(
        intervals(&registry.places_at(20).await.unwrap()),
        [("north".into(), 20, None)]
    );
    assert!(registry.places_at(9).await.unwrap().is_empty());
    // The end of the old interval is told before the start of the new one.
    let told: Vec<_> = registry.pending(1, 10).await.unwrap();
    assert_eq!(told[0].payload["valid_to"], 20);
    assert_eq!(told[1].payload["valid_from"], 20);
    assert!(told[1].payload["valid_to"].is_null());
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_tells_nothing() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 10, None), SECOND)
        .await
        .unwrap();
    registry
        .put_place(&place("north", 20, None), SECOND)
        .await
        .unwrap();
    let before = registry.position().await.unwrap();
    // The first interval is given with an open end, as it was at first.
    assert_eq!(
        registry
            .put_place(&place("north", 10, None), 9 * SECOND)
            .await
            .unwrap(),
        Put::Unchanged
    );
    assert_eq!(
        registry
            .put_place(&place("north", 20, None), 9 * SECOND)
            .await
            .unwrap(),
        Put::Unchanged
    );
    assert_eq!(registry.position().await.unwrap(), before);
}

#[tokio::test]
async fn an_interval_before_and_between_others_fits_in() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 30, None), SECOND)
        .await
        .unwrap();
    registry
        .put_place(&place("north", 10, None), SECOND)
        .await
        .unwrap();
    registry
        .put_place(&place("north", 20, Some(25)), SECOND)
        .await
        .unwrap();
    let all = registry.places().await.unwrap();
    let starts: Vec<_> = all
        .iter()
        .map(|place| (place.valid_from, place.valid_to))
        .collect();
    assert_eq!(starts, [(10, Some(20)), (20, Some(25)), (30, None)]);
}

#[tokio::test]
async fn contradictions_are_refused_and_leave_no_trace() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 30, None), SECOND)
        .await
        .unwrap();
    let refused = registry
        .put_place(&place("north", 10, Some(31)), SECOND)
        .await
        .unwrap_err();
    assert!(matches!(refused, RegistryError::Overlap { .. }), "{refused}");
    let refused = registry
        .put_place(&place("north", 10, Some(10)), SECOND)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, RegistryError::EmptyInterval { .. }),
        "{refused}"
    );
    let orphan = Place {
        parent: Some(place_id("nowhere")),
        ..place("south", 10, None)
    };
    let refused = registry.put_place(&orphan, SECOND).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("its parent `nowhere` is not in the registry"),
        "{refused}"
    );
    let mut nameless = place("south", 10, None);
    nameless.name.kk.clear();
    let refused = registry.put_place(&nameless, SECOND).await.unwrap_err();
    assert!(matches!(refused, RegistryError::Empty { .. }), "{refused}");
    assert_eq!(registry.places().await.unwrap().len(), 1);
    assert_eq!(registry.position().await.unwrap().last, 1);
}

#[tokio::test]
async fn a_mistake_is_taken_back_and_the_interval_before_it_is_open_again() {
    let registry = empty().await;
    registry
        .put_place(&place("north", 10, None), SECOND)
        .await
        .unwrap();
    registry
        .put_place(&place("north", 20, Some(40)), SECOND)
        .await
        .unwrap();
    registry
        .retract_place(&place_id("north"), 20, SECOND)
        .await
        .unwrap();
    let all = registry.places().await.unwrap();
    assert_eq!(intervals(&all), [("north".into(), 10, Some(40))]);
    let told = registry.pending(3, 10).await.unwrap();
    assert_eq!(told[0].op, OutboxOp::Retract);
    let names: Vec<&String> = told[0].payload.keys().collect();
    assert_eq!(names, ["place_id", "valid_from"]);
    let refused = registry
        .retract_place(&place_id("north"), 20, SECOND)
        .await
        .unwrap_err();
    assert!(matches!(refused, RegistryError::NotInForce { .. }), "{refused}");
}

#[tokio::test]
async fn every_field_comes_back() {
    let registry = empty().await;
    let whole = Place {
        kind: crate::PlaceKind::City,
        ..place("town", 10, None)
    };
    let part = Place {
        parent: Some(place_id("town")),
        kato: None,
        geometry: None,
        simulated: false,
        ..place("part", -5, Some(7))
    };
    registry.put_place(&whole, SECOND).await.unwrap();
    registry.put_place(&part, SECOND).await.unwrap();
    assert_eq!(registry.places().await.unwrap(), [part, whole]);
}
