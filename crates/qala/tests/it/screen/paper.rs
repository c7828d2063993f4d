//! Pages on paper: one page of A4 in each language, of values as somebody may see them.

use std::process::{Command, Stdio};

use super::{Answer, ask, get};
use crate::support::{Server, ok, skipped};

/// The words of a PDF as another program reads them; nothing where it is not there.
pub(crate) fn words_of(pdf: &[u8]) -> Option<String> {
    use std::io::Write as _;
    let mut child = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(pdf).unwrap();
    let read = child.wait_with_output().unwrap();
    assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
    Some(
        String::from_utf8(read.stdout)
            .unwrap()
            .replace(['\u{a0}', '\u{202f}'], " "),
    )
}

fn is_page(answer: &Answer, name: &str) {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.headers["content-type"], "application/pdf");
    assert_eq!(
        answer.headers["content-disposition"],
        format!("inline; filename=\"{name}.pdf\"")
    );
    assert!(answer.body.starts_with(b"%PDF-1.7"), "{name}");
    assert!(answer.body.len() < 200_000, "{name}: {}", answer.body.len());
}

#[test]
fn pages_say_what_the_screen_says_in_each_language() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    ok(
        &data,
        &["demo", "--small", "--fill-only", "--start", "2026-03-02"],
    );
    ok(
        &data,
        &["indicator", "compute", "air.pm25_mean", "--grain", "day"],
    );
    let server = Server::start(&data);
    let mut spoken = Vec::new();
    for (lang, title, state, simulated, value) in [
        (
            "kk",
            "PM2.5 орташа концентрациясы",
            "қалыптан тыс",
            "модельдік деректер",
            "99,2",
        ),
        (
            "ru",
            "Средняя концентрация PM2.5",
            "не в норме",
            "модельные данные",
            "99,2",
        ),
        ("en", "Mean PM2.5", "off target", "simulated data", "99.2"),
    ] {
        let path = format!("/api/indicators/air.pm25_mean/page.pdf?lang={lang}&to=2026-03-04");
        let page = get(&server, &path);
        is_page(&page, "air.pm25_mean");
        let now = get(&server, &format!("/api/now.pdf?lang={lang}"));
        is_page(&now, "now");
        let Some(words) = words_of(&page.body) else {
            continue;
        };
        for said in [
            title,
            state,
            simulated,
            value,
            "localhost/indicators/air.pm25_mean",
        ] {
            assert!(words.contains(said), "no `{said}` in {words}");
        }
        assert_eq!(words.matches('\u{c}').count(), 1, "{words}");
        let words = words_of(&now.body).unwrap();
        // A title may take two lines of its cell.
        assert!(words.contains("PM2.5") && words.contains(state), "{words}");
        assert_eq!(words.matches('\u{c}').count(), 1, "{words}");
        spoken.push(lang);
    }
    if spoken.is_empty() {
        skipped(
            "pages_say_what_the_screen_says_in_each_language",
            "pdftotext is not there: the words were not read",
        );
    }
    let path = "/api/indicators/air.pm25_mean/page.pdf?lang=ru";
    // What the caller has is not sent again, unless the minute in which it was made is another.
    let again = (0..3).any(|_| {
        let page = get(&server, path);
        let tag = page.headers["etag"].clone();
        ask(&server, "GET", path, &[("If-None-Match", &tag)], b"").status == 304
    });
    assert!(again);
    for (wrong, status) in [
        ("/api/indicators/air.nothing/page.pdf", 404),
        ("/api/indicators/air.pm25_mean/page.pdf?place=nowhere", 404),
        ("/api/indicators/air.pm25_mean/page.pdf?lang=de", 400),
        ("/api/indicators/air.pm25_mean/page.pdf?grain=moon", 400),
        ("/api/indicators/air.pm25_mean/page.pdf?from=soon", 400),
        ("/api/now.pdf?lang=", 400),
        ("/api/now.pdf?x=1", 400),
    ] {
        assert_eq!(get(&server, wrong).status, status, "{wrong}");
    }
    let place = get(
        &server,
        "/api/indicators/air.pm25_mean/page.pdf?lang=en&place=medeu&to=2026-03-04",
    );
    is_page(&place, "air.pm25_mean");
    if let Some(words) = words_of(&place.body) {
        assert!(words.contains("Medeu"), "{words}");
    }
}

/// A centre without any values has pages too.
#[test]
fn an_empty_centre_has_pages() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    is_page(&get(&server, "/api/now.pdf"), "now");
    is_page(
        &get(&server, "/api/indicators/air.pm25_mean/page.pdf"),
        "air.pm25_mean",
    );
}
