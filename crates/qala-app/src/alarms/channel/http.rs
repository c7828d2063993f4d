//! Ways out over HTTP: webhooks, Telegram, gateways for short messages.

use std::collections::BTreeMap;
use std::time::Duration;

use qala_core::spec::{Secret, Words};
use serde_json::{Map, Value, json};

use super::Sent;
use crate::transport::{secret_of, words_of};

/// An answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Letters of an answer that are kept when it is a refusal.
const SHOWN: usize = 200;

/// Posts JSON. Whatever is not a 2xx is a refusal: the far side said so.
async fn post(request: reqwest::RequestBuilder, body: String) -> Result<String, Sent> {
    let request = request
        .timeout(PATIENCE)
        .header("content-type", "application/json")
        .body(body);
    let answer = match request.send().await {
        Ok(answer) => answer,
        // The address may hold a token: it is not repeated.
        Err(error) if error.is_connect() || error.is_builder() => {
            return Err(Sent::Refused(error.without_url().to_string()));
        }
        Err(error) => return Err(Sent::Unknown(error.without_url().to_string())),
    };
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    if status.is_success() {
        return Ok(text);
    }
    let shown: String = text.chars().take(SHOWN).collect();
    Err(Sent::Refused(format!("answered {status}: {shown}")))
}

fn with_headers(
    mut request: reqwest::RequestBuilder,
    headers: &BTreeMap<String, Words>,
) -> Result<reqwest::RequestBuilder, Sent> {
    for (name, words) in headers {
        request = request.header(name, words_of(words)?);
    }
    Ok(request)
}

/// To an address of the contact. The key tells repetitions.
pub(super) async fn webhook(
    client: &reqwest::Client,
    url: &str,
    headers: &BTreeMap<String, Words>,
    key: &str,
    body: &str,
) -> Sent {
    let request = client.post(url).header("idempotency-key", key);
    let request = match with_headers(request, headers) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    post(request, body.to_owned())
        .await
        .map_or_else(|end| end, |_| Sent::Taken)
}

/// [sendMessage](https://core.telegram.org/bots/api#sendmessage) of the Bot API. It knows no key: a repetition is a second message.
pub(super) async fn telegram(
    client: &reqwest::Client,
    url: &str,
    token: &Secret,
    chat: &str,
    text: &str,
) -> Sent {
    let token = match secret_of(token) {
        Ok(token) => token,
        Err(error) => return error.into(),
    };
    let url = format!("{}/bot{token}/sendMessage", url.trim_end_matches('/'));
    let body = json!({"chat_id": chat, "text": text, "disable_web_page_preview": true});
    match post(client.post(url), body.to_string()).await {
        Ok(answer) => {
            let said: Value = serde_json::from_str(&answer).unwrap_or_default();
            if said["ok"] == true {
                Sent::Taken
            } else {
                Sent::Refused(said["description"].as_str().unwrap_or("not ok").to_owned())
            }
        }
        Err(end) => end,
    }
}

/// To a gateway whose fields the spec names.
pub(super) async fn sms(
    client: &reqwest::Client,
    url: &str,
    headers: &BTreeMap<String, Words>,
    fields: &BTreeMap<String, String>,
    to: &str,
    text: &str,
    key: &str,
) -> Sent {
    let request = match with_headers(client.post(url).header("idempotency-key", key), headers) {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let filled: Map<String, Value> = fields
        .iter()
        .map(|(name, form)| {
            // The text last: what stands in it is no placeholder.
            let value = form
                .replace(":to", to)
                .replace(":key", key)
                .replace(":text", text);
            (name.clone(), Value::from(value))
        })
        .collect();
    post(request, Value::Object(filled).to_string())
        .await
        .map_or_else(|end| end, |_| Sent::Taken)
}
