use serde_json::json;

use super::{KEPT, Live, Topic};

#[test]
fn who_was_cut_off_gets_what_it_missed_and_is_told_when_too_much_was() {
    let live = Live::default();
    for n in 0..10 {
        live.tell(Topic::Values, &json!({"n": n}));
    }
    let heard = live.join(Some(7)).unwrap();
    assert!(!heard.reset);
    assert_eq!(
        heard.missed.iter().map(|e| e.number).collect::<Vec<_>>(),
        [8, 9, 10]
    );
    assert_eq!(heard.missed[0].data, "{\"n\":7}");
    assert!(live.join(None).unwrap().missed.is_empty());
    // A number of another run of the program.
    assert!(live.join(Some(11)).unwrap().reset);
    for n in 0..KEPT {
        live.tell(Topic::Values, &json!({"n": n}));
    }
    assert!(live.join(Some(7)).unwrap().reset);
    assert!(!live.join(Some(10)).unwrap().reset);
}

#[test]
fn nothing_is_lost_or_doubled_between_joining_and_telling() {
    let live = Live::default();
    live.tell(Topic::Feeds, &json!(1));
    let mut heard = live.join(Some(0)).unwrap();
    live.tell(Topic::Feeds, &json!(2));
    let mut numbers: Vec<u64> = heard.missed.iter().map(|e| e.number).collect();
    numbers.push(heard.coming.try_recv().unwrap().number);
    assert_eq!(numbers, [1, 2]);
    assert!(heard.coming.try_recv().is_err());
    assert_eq!(live.listeners(), 1);
    drop(heard);
    assert_eq!(live.listeners(), 0);
}
