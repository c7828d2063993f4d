//! Attacks on the sign-in, over the real server.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::people::{Browser, PASSWORD, add, token};
use crate::support::{Server, ok, qala};

#[test]
fn the_first_administrator_is_told_once_and_has_to_choose_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let start = || {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_qala"))
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let stderr = child.stderr.take().unwrap();
        // Read to its end: the server goes on to write.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        let mut said: Vec<String> = Vec::new();
        while !said.last().is_some_and(|line| line.contains("Qala is at")) {
            said.push(lines.recv_timeout(Duration::from_secs(60)).unwrap());
        }
        (Server { child, port }, said)
    };
    let (server, said) = start();
    let line = said
        .iter()
        .find(|line| line.contains("one-time password"))
        .unwrap();
    let password = line
        .split(' ')
        .find(|word| word.len() == 23 && word.matches('-').count() == 3)
        .unwrap()
        .to_owned();
    let mut admin = Browser::new(&server);
    let before = admin.get("/api/session");
    assert_eq!(before.body, json!({"user": null, "csrf": "", "first_run": true}));
    let answer = admin.sign_in("admin", &password);
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.header("Set-Cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.body["user"]["role"], "administrator");
    // The one-time password opens nothing but another one.
    assert_eq!(admin.get("/api/users").status, 403);
    assert_eq!(admin.get("/api/datasets/crime_offences/rows").status, 404);
    for (new, status) in [
        ("short", 400),
        ("admin admin admin", 400),
        (password.as_str(), 400),
    ] {
        let body = json!({"password": password, "new_password": new});
        assert_eq!(admin.ask("PUT", "/api/session/password", &body).status, status);
    }
    let wrong = json!({"password": "wrong", "new_password": PASSWORD});
    assert_eq!(admin.ask("PUT", "/api/session/password", &wrong).status, 401);
    let other = {
        let mut other = Browser::new(&server);
        other.begin("admin", &password);
        other
    };
    // The session from before is over, the one that changed the password goes on.
    assert_eq!(admin.get("/api/session").body["user"], Value::Null);
    assert_eq!(other.get("/api/users").status, 200);
    assert_eq!(other.get("/api/session").body["first_run"], false);
    assert_eq!(admin.sign_in("admin", &password).status, 401);
    assert_eq!(other.ask("DELETE", "/api/session", &Value::Null).status, 204);
    assert_eq!(other.get("/api/users").status, 401);
    drop(server);
    let (server, said) = start();
    assert!(!said.iter().any(|line| line.contains("password")), "{said:?}");
    // Neither password is in the data directory, nor in the audit.
    let audit = ok(data, &["audit", "list", "--format", "csv"]);
    for secret in [password.as_str(), PASSWORD] {
        assert!(!audit.contains(secret));
        for file in ["registry.sqlite", "registry.sqlite-wal"] {
            let bytes = std::fs::read(data.join(file)).unwrap_or_default();
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()));
        }
    }
    drop(server);
}

#[test]
fn forged_cookies_are_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let password = add(data, "root", "administrator", &[]);
    let server = Server::start(data);
    let mut root = Browser::new(&server);
    root.begin("root", &password);
    let real = root.cookie.clone().unwrap();
    let secret = real.split_once('=').unwrap().1.to_owned();
    let flipped = if secret.starts_with('0') {
        secret.replacen('0', "1", 1)
    } else {
        format!("0{}", &secret[1..])
    };
    for forged in [
        format!("qala={flipped}"),
        format!("qala={}", secret.to_uppercase()),
        format!("qala={}", "0".repeat(64)),
        format!("qala={}", &secret[..63]),
        format!("qala={secret}0"),
        "qala=".to_owned(),
        format!("qala=' OR 1=1 --{}", "x".repeat(53)),
        format!("Qala={secret}"),
        format!("session={secret}"),
        // The word of the session is sent by the page; it is no secret.
        format!("qala={}", root.csrf),
    ] {
        let answer = root.bare("GET", "/api/users", &[("Cookie", &forged)], &Value::Null);
        assert_eq!(answer.status, 401, "{forged}: {answer:?}");
        let answer = root.bare("GET", "/api/session", &[("Cookie", &forged)], &Value::Null);
        assert_eq!(
            (answer.status, &answer.body["user"]),
            (200, &Value::Null),
            "{forged}"
        );
    }
    // Over TLS a neighbour could have set the plain cookie.
    let tls = [("Cookie", real.as_str()), ("X-Forwarded-Proto", "https")];
    assert_eq!(root.bare("GET", "/api/users", &tls, &Value::Null).status, 401);
    let host = format!("__Host-qala={secret}");
    let tls = [("Cookie", host.as_str()), ("X-Forwarded-Proto", "https")];
    assert_eq!(root.bare("GET", "/api/users", &tls, &Value::Null).status, 200);
    // Tokens that are none are told so.
    for bearer in [
        "Bearer qala_00",
        "Bearer",
        "Basic cm9vdDp4",
        &format!("Bearer {secret}"),
    ] {
        let answer = root.bare("GET", "/api/users", &[("Authorization", bearer)], &Value::Null);
        assert_eq!(answer.status, 401, "{bearer}");
    }
}

#[test]
fn passwords_are_taken_over_tls_or_from_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let password = add(data, "root", "administrator", &[]);
    let server = Server::start(data);
    let browser = Browser::new(&server);
    let body = json!({"name": "root", "password": password});
    let plain = [("X-Forwarded-For", "192.0.2.7")];
    assert_eq!(browser.bare("POST", "/api/session", &plain, &body).status, 403);
    let tls = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https")];
    let answer = browser.bare("POST", "/api/session", &tls, &body);
    let cookie = answer.header("Set-Cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-qala=") && cookie.contains("; Secure;"),
        "{cookie}"
    );
    let audit = ok(data, &["audit", "list", "--limit", "1", "--format", "json"]);
    assert!(audit.contains("192.0.2.7"), "{audit}");
    // A form of another site cannot send JSON, and a browser says where a page came from.
    let text = body.to_string();
    let form = [("Content-Type", "text/plain")];
    let (status, _) = server
        .request("POST", "/api/session", &form, text.as_bytes())
        .unwrap();
    assert_eq!(status, 415);
    let other = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(browser.bare("POST", "/api/session", &other, &body).status, 403);
    // Nor does another site push at a door that is open on this machine.
    let answer = browser.bare("POST", "/api/ingest/sim-air-readings", &other, &json!([]));
    assert_eq!(answer.status, 403);
}

#[test]
fn a_write_with_a_cookie_needs_the_word_of_its_session() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let one = add(data, "root", "administrator", &[]);
    let two = add(data, "aigul", "administrator", &[]);
    let server = Server::start(data);
    let (mut root, mut aigul) = (Browser::new(&server), Browser::new(&server));
    root.begin("root", &one);
    aigul.begin("aigul", &two);
    let cookie = root.cookie.clone().unwrap();
    let secret = cookie.split_once('=').unwrap().1.to_owned();
    let user = json!({"name": "eve", "title": "Eve", "role": "analyst"});
    let writes = [
        ("POST", "/api/users", user.clone()),
        ("PUT", "/api/users/aigul", user.clone()),
        ("DELETE", "/api/users/aigul", Value::Null),
        ("POST", "/api/users/aigul/password", Value::Null),
        (
            "POST",
            "/api/tokens",
            json!({"label": "x", "scopes": ["read"], "expires": "2099-01-01"}),
        ),
        ("DELETE", "/api/tokens/0123", Value::Null),
        ("DELETE", "/api/session", Value::Null),
        (
            "PUT",
            "/api/session/password",
            json!({"password": PASSWORD, "new_password": "another long password"}),
        ),
        ("POST", "/api/ingest/sim-air-readings", json!([])),
        (
            "POST",
            "/sta/v1.1/Things",
            json!({"name": "x", "description": "y"}),
        ),
    ];
    for (method, path, body) in &writes {
        for word in [
            None,
            Some(""),
            Some(aigul.csrf.as_str()),
            Some(secret.as_str()),
            Some("0"),
        ] {
            let mut headers = vec![("Cookie", cookie.as_str())];
            if let Some(word) = word {
                headers.push(("X-CSRF", word));
            }
            let answer = root.bare(method, path, &headers, body);
            assert_eq!(answer.status, 403, "{method} {path} {word:?}: {answer:?}");
        }
    }
    // Nothing of all that was done.
    assert_eq!(root.get("/api/users").body.as_array().unwrap().len(), 2);
    assert_eq!(root.ask("POST", "/api/users", &user).status, 201);
    // A token needs no word: no browser sends it of its own accord.
    let token = token(data, "root", "administer");
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(
        root.bare("DELETE", "/api/users/eve", &headers, &Value::Null)
            .status,
        204
    );
}

#[test]
fn a_token_opens_its_scope_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    add(data, "root", "administrator", &[]);
    add(data, "aigul", "analyst", &[]);
    for (user, scope) in [
        ("aigul", "administer"),
        ("aigul", "everything"),
        ("nobody", "read"),
    ] {
        let args = [
            "token",
            "issue",
            "--user",
            user,
            "--scope",
            scope,
            "--for",
            "x",
            "--expires",
            "2099-01-01",
        ];
        assert_eq!(qala(data, &args).status.code(), Some(2), "{user} {scope}");
    }
    let read = token(data, "aigul", "read");
    let sql = token(data, "aigul", "sql,export");
    let reading_root = token(data, "root", "read");
    let root = token(data, "root", "administer");
    let sender = ok(
        data,
        &["token", "issue", "--for", "X", "--feed", "sim-air-readings"],
    );
    let server = Server::start(data);
    let browser = Browser::new(&server);
    let status = |token: &str, path: &str| {
        let bearer = format!("Bearer {}", token.trim());
        browser
            .bare("GET", path, &[("Authorization", &bearer)], &Value::Null)
            .status
    };
    let offences = "/api/datasets/crime_offences/rows";
    assert_eq!(status(&read, offences), 200);
    assert_eq!(status(&sql, offences), 404);
    assert_eq!(status(&sender, offences), 404);
    assert_eq!(status(&root, offences), 404);
    assert_eq!(status(&reading_root, "/api/users"), 403);
    assert_eq!(status(&reading_root, "/api/audit"), 403);
    assert_eq!(status(&root, "/api/audit"), 200);
    assert_eq!(status(&read, "/api/users"), 403);
    assert_eq!(status(&sender, "/api/users"), 401);
    // A demoted administrator's token opens no more than the new role.
    add(data, "other", "administrator", &[]);
    ok(
        data,
        &["user", "role", "root", "staff", "--department", "road-traffic"],
    );
    assert_eq!(status(&root, "/api/audit"), 403);
    // The last administrator stays one.
    let refused = qala(data, &["user", "role", "other", "analyst"]);
    assert_eq!(refused.status.code(), Some(2));
    let refused = qala(data, &["user", "remove", "other"]);
    assert_eq!(refused.status.code(), Some(2));
    // Nobody's token outlives its user.
    ok(data, &["user", "remove", "aigul"]);
    assert_eq!(status(&read, "/api/datasets"), 401);
}

#[test]
fn a_session_ends_with_the_password_and_follows_the_role() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let root_password = add(data, "root", "administrator", &[]);
    let password = add(data, "aigul", "analyst", &[]);
    let server = Server::start(data);
    let mut root = Browser::new(&server);
    root.begin("root", &root_password);
    let mut first = Browser::new(&server);
    first.begin("aigul", &password);
    let mut second = Browser::new(&server);
    assert_eq!(second.sign_in("aigul", PASSWORD).status, 200);
    let offences = "/api/datasets/crime_offences/rows";
    assert_eq!(
        (first.get(offences).status, second.get(offences).status),
        (200, 200)
    );
    // A new role holds from the next request on.
    let staff = json!({"title": "Aigul", "role": "staff", "department": "no-such"});
    assert_eq!(root.ask("PUT", "/api/users/aigul", &staff).status, 400);
    let operator = json!({"title": "Aigul", "role": "operator"});
    assert_eq!(root.ask("PUT", "/api/users/aigul", &operator).status, 204);
    assert_eq!(first.get(offences).status, 404);
    let analyst = json!({"title": "Aigul", "role": "analyst"});
    assert_eq!(root.ask("PUT", "/api/users/aigul", &analyst).status, 204);
    assert_eq!(first.get(offences).status, 200);
    // Another password ends every other session.
    let body = json!({"password": PASSWORD, "new_password": "көп сөз бір мақал"});
    let changed = second.ask("PUT", "/api/session/password", &body);
    assert_eq!(changed.status, 200, "{changed:?}");
    let old = second.clone();
    second.keep(&changed);
    assert_eq!(first.get(offences).status, 404);
    assert_eq!(old.get(offences).status, 404);
    assert_eq!(second.get(offences).status, 200);
    // An administrator's new password, too, and it is a one-time one.
    let reset = root.ask("POST", "/api/users/aigul/password", &Value::Null);
    assert_eq!(reset.status, 200, "{reset:?}");
    assert_eq!(second.get(offences).status, 404);
    let one_time = reset.body["password"].as_str().unwrap();
    assert_eq!(second.sign_in("aigul", "көп сөз бір мақал").status, 401);
    assert_eq!(second.sign_in("aigul", one_time).status, 200);
    assert_eq!(second.get(offences).status, 404);
    // Sessions outlive a restart, and end with their user.
    drop(server);
    let server = Server::start(data);
    root.port = server.port;
    assert_eq!(root.get("/api/users").status, 200);
    assert_eq!(root.ask("DELETE", "/api/users/aigul", &Value::Null).status, 204);
    second.port = server.port;
    assert_eq!(second.get("/api/session").body["user"], Value::Null);
}

/// A try from an address of its own, as a proxy on this machine passes it on.
fn try_from(
    browser: &Browser,
    address: &str,
    name: &str,
    password: &str,
) -> (u16, Duration, Value, Option<u64>) {
    let headers = [("X-Forwarded-For", address), ("X-Forwarded-Proto", "https")];
    let start = Instant::now();
    let answer = browser.bare(
        "POST",
        "/api/session",
        &headers,
        &json!({"name": name, "password": password}),
    );
    let wait = answer.header("Retry-After").map(|s| s.parse().unwrap());
    (answer.status, start.elapsed(), answer.body, wait)
}

#[test]
fn a_name_that_nobody_has_is_answered_like_one_that_somebody_has() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    add(data, "aigul", "analyst", &[]);
    let server = Server::start(data);
    let browser = Browser::new(&server);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..15 {
        for (name, times) in [("aigul", &mut known), ("eve", &mut unknown)] {
            let (status, time, body, _) = try_from(&browser, &format!("192.0.2.{n}"), name, "wrong password");
            assert_eq!(
                (status, &body["error"]),
                (401, &json!("name or password is wrong"))
            );
            times.push(time);
        }
    }
    known.sort();
    unknown.sort();
    let (known, unknown) = (known[7].as_secs_f64(), unknown[7].as_secs_f64());
    let ratio = unknown / known;
    assert!(
        (0.5..2.0).contains(&ratio),
        "a known name takes {known:.4} s, an unknown one {unknown:.4} s"
    );
    assert!(unknown > 0.01, "nothing was computed in {unknown:.4} s");
}

#[test]
fn guessing_is_slowed_by_name_and_address() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let password = add(data, "aigul", "analyst", &[]);
    let server = Server::start(data);
    let browser = Browser::new(&server);
    let status = |address: &str, name: &str, password: &str| {
        let (status, _, _, wait) = try_from(&browser, address, name, password);
        assert_eq!(status == 429, wait.is_some());
        assert!(wait.unwrap_or(1) <= 60 && wait.unwrap_or(1) >= 1);
        status
    };
    for n in 0..5 {
        assert_eq!(status("192.0.2.1", "aigul", &format!("guess {n}")), 401);
    }
    assert_eq!(status("192.0.2.1", "aigul", "guess"), 429);
    // Also with the right password: who is held learns nothing.
    assert_eq!(status("192.0.2.1", "aigul", &password), 429);
    assert_eq!(status("192.0.2.2", "aigul", &password), 200);
    // A name that nobody has is held just so.
    for _ in 0..5 {
        assert_eq!(status("192.0.2.1", "eve", "guess"), 401);
    }
    assert_eq!(status("192.0.2.1", "eve", "guess"), 429);
    // One address at many names.
    let tried = (0..30)
        .filter(|n| status("192.0.2.1", &format!("user{n}"), "guess") == 401)
        .count();
    assert!((10..=20).contains(&tried), "{tried}");
    // The limit of one network of version 6 is that of one address.
    let tried = (0..30)
        .filter(|n| status(&format!("2001:db8::{n}"), "serik", "guess") == 401)
        .count();
    assert!((5..=6).contains(&tried), "{tried}");
    // What was held is not in the audit; what was tried is, without names that nobody has.
    let audit = ok(data, &["audit", "list", "--limit", "200", "--format", "csv"]);
    let failed = audit.matches("sign_in_failed").count();
    assert!((20..=40).contains(&failed), "{failed}");
    assert!(!audit.contains("user3") && !audit.contains("serik"), "{audit}");
}

#[test]
fn the_audit_names_the_entry_that_was_tampered_with() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    add(data, "root", "administrator", &[]);
    add(data, "zzqyx", "analyst", &[]);
    ok(data, &["user", "remove", "zzqyx"]);
    // While the server runs it is asked; it keeps the head of the day.
    let server = Server::start(data);
    let said = ok(data, &["check"]);
    assert!(
        said.contains("audit: 5 entries, each as it was written"),
        "{said}"
    );
    let kept = || std::fs::read_dir(data.join("audit-head")).ok()?.next();
    crate::support::until("the head of the day", kept).unwrap();
    drop(server);
    assert!(ok(data, &["check"]).contains("audit: 5 entries"));
    let head = std::fs::read_dir(data.join("audit-head"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let elsewhere = dir.path().join("elsewhere.json");
    std::fs::copy(&head, &elsewhere).unwrap();
    ok(data, &["audit", "check", "--head", elsewhere.to_str().unwrap()]);
    let broken = |what: &str, args: &[&str]| {
        let output = qala(data, args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(what), "{said}");
    };
    // A head of other content says that all was written anew.
    let text = std::fs::read_to_string(&elsewhere).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let mut other = kept.clone();
    other["hash"] = "00".into();
    std::fs::write(&elsewhere, other.to_string()).unwrap();
    broken(
        "entry 5: it is not the one whose hash was kept",
        &["audit", "check", "--head", elsewhere.to_str().unwrap()],
    );
    let mut other = kept.clone();
    other["entry"] = 9.into();
    std::fs::write(&elsewhere, other.to_string()).unwrap();
    broken(
        "entry 6: it is missing",
        &["audit", "check", "--head", elsewhere.to_str().unwrap()],
    );
    // Somebody with an editor makes it that somebody else was removed.
    let file = data.join("registry.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<usize> = (0..bytes.len() - 5)
        .filter(|i| &bytes[*i..*i + 5] == b"zzqyx")
        .collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + 5].copy_from_slice(b"zzqya");
    }
    std::fs::write(&file, bytes).unwrap();
    broken(
        "entry 3: its content is not what its hash was made of",
        &["check"],
    );
    broken("entry 3", &["audit", "check"]);
}
