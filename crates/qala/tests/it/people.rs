//! Somebody at a browser: signs in, keeps the cookie and the word, asks.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Server, answer, ok};

/// A password that nobody has but the people of these tests.
pub(crate) const PASSWORD: &str = "жеті рет өлшеп бір кес";

/// An answer of the server.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Answer {
    /// A line of the head.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What a browser keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    pub(crate) port: u16,
    /// `name=secret`.
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            port: server.port,
            ..Self::default()
        }
    }

    /// Asks with exactly these headers.
    pub(crate) fn bare(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut all = headers.to_vec();
        if !body.is_null() {
            all.push(("Content-Type", "application/json"));
        }
        let (status, head, body) = answer(self.port, method, path, &all, text.as_bytes()).unwrap();
        Answer {
            status,
            head,
            body: serde_json::from_str(&body).unwrap_or(Value::String(body)),
        }
    }

    /// Asks as the page does: with the cookie, and the word when it writes.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let mut headers = Vec::new();
        if let Some(cookie) = &self.cookie {
            headers.push(("Cookie", cookie.as_str()));
            if method != "GET" {
                headers.push(("X-CSRF", self.csrf.as_str()));
            }
        }
        self.bare(method, path, &headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null)
    }

    /// Keeps the cookie and the word of an answer.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        let cookie = answer.header("Set-Cookie").unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        self.csrf = answer.body["csrf"].as_str().unwrap().to_owned();
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let answer = self.bare(
            "POST",
            "/api/session",
            &[],
            &json!({"name": name, "password": password}),
        );
        if answer.status == 200 {
            self.keep(&answer);
        }
        answer
    }

    /// Signs in with a one-time password, and chooses the one of the tests.
    pub(crate) fn begin(&mut self, name: &str, one_time: &str) {
        let answer = self.sign_in(name, one_time);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["user"]["must_change"], true, "{answer:?}");
        let body = json!({"password": one_time, "new_password": PASSWORD});
        let answer = self.ask("PUT", "/api/session/password", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["user"]["must_change"], false);
        self.keep(&answer);
    }
}

/// Adds somebody at the machine; the one-time password.
pub(crate) fn add(data: &Path, name: &str, role: &str, more: &[&str]) -> String {
    let args = ["user", "add", name, "--name", name, "--role", role];
    ok(data, &[&args[..], more].concat()).trim().to_owned()
}

/// A token of somebody.
pub(crate) fn token(data: &Path, name: &str, scopes: &str) -> String {
    let args = [
        "token",
        "issue",
        "--user",
        name,
        "--scope",
        scopes,
        "--for",
        "test",
        "--expires",
        "2099-01-01",
    ];
    ok(data, &args).trim().to_owned()
}
