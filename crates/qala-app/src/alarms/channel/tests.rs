//! Each way out against a stand-in that speaks its protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use qala_core::spec::{MailTls, Secret, Words};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Sent, http, mail};

type Heard = Arc<Mutex<Vec<String>>>;

/// Answers every request with one answer; what was heard is kept.
async fn http_stand_in(answer: &'static str) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let got = stream.read(&mut buffer).await.unwrap();
                bytes.extend_from_slice(&buffer[..got]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head.lines().find_map(|l| {
                    l.to_lowercase()
                        .strip_prefix("content-length: ")
                        .map(|n| n.parse::<usize>().unwrap())
                });
                if body.len() >= length.unwrap_or(0) || got == 0 {
                    break;
                }
            }
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&bytes).into_owned());
            if !answer.is_empty() {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (url, heard)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"ok\":true}";

#[tokio::test]
async fn a_webhook_gets_its_key_and_only_silence_leaves_doubt() {
    let client = reqwest::Client::new();
    let (url, heard) = http_stand_in(OK).await;
    let none = BTreeMap::new();
    assert_eq!(
        http::webhook(&client, &url, &none, "A-1:x", "{\"a\":1}").await,
        Sent::Taken
    );
    let asked = heard.lock().unwrap().pop().unwrap();
    assert!(
        asked.to_lowercase().contains("idempotency-key: a-1:x\r\n"),
        "{asked}"
    );
    assert!(asked.ends_with("{\"a\":1}"), "{asked}");
    let (url, _) =
        http_stand_in("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate").await;
    let refused = http::webhook(&client, &url, &none, "k", "{}").await;
    assert!(
        matches!(&refused, Sent::Refused(why) if why.contains("503") && why.contains("late")),
        "{refused:?}"
    );
    // The connection ends after the message went out.
    let (url, heard) = http_stand_in("").await;
    let unknown = http::webhook(&client, &url, &none, "k", "{}").await;
    assert!(matches!(unknown, Sent::Unknown(_)), "{unknown:?}");
    assert!(!heard.lock().unwrap().is_empty());
    // Nobody is there: nothing went out.
    let refused = http::webhook(&client, "http://127.0.0.1:1", &none, "k", "{}").await;
    assert!(matches!(refused, Sent::Refused(_)), "{refused:?}");
}

#[tokio::test]
async fn telegram_and_a_gateway_get_what_their_interfaces_ask_for() {
    let client = reqwest::Client::new();
    let folder = tempfile_of("12:secret");
    let token = Secret::File(folder.clone());
    let (url, heard) = http_stand_in(OK).await;
    assert_eq!(
        http::telegram(&client, &url, &token, "-100", "Түтін").await,
        Sent::Taken
    );
    let asked = heard.lock().unwrap().pop().unwrap();
    assert!(asked.starts_with("POST /bot12:secret/sendMessage "), "{asked}");
    assert!(
        asked.contains("\"chat_id\":\"-100\",\"text\":\"Түтін\""),
        "{asked}"
    );
    let (url, _) = http_stand_in(
        "HTTP/1.1 200 OK\r\ncontent-length: 41\r\nconnection: close\r\n\r\n{\"ok\":false,\"description\":\"chat not found\"}",
    )
    .await;
    let refused = http::telegram(&client, &url, &token, "0", "x").await;
    assert!(!matches!(refused, Sent::Taken), "{refused:?}");
    // A failure never repeats the token.
    let refused = http::telegram(&client, "http://127.0.0.1:1", &token, "0", "x").await;
    assert!(
        matches!(&refused, Sent::Refused(why) if !why.contains("secret")),
        "{refused:?}"
    );
    let (url, heard) = http_stand_in(OK).await;
    let fields = [("phone", ":to"), ("body", ":text"), ("id", ":key")];
    let fields = fields.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let headers = [("Authorization".to_owned(), Words::Secret(token))].into();
    let sent = http::sms(&client, &url, &headers, &fields, "+7", "about :key", "k1").await;
    assert_eq!(sent, Sent::Taken);
    let asked = heard.lock().unwrap().pop().unwrap();
    assert!(
        asked.contains("\"phone\":\"+7\"")
            && asked.contains("\"body\":\"about :key\"")
            && asked.contains("\"id\":\"k1\""),
        "{asked}"
    );
    assert!(
        asked.to_lowercase().contains("authorization: 12:secret"),
        "{asked}"
    );
    std::fs::remove_file(folder).unwrap();
}

fn tempfile_of(text: &str) -> String {
    let path = std::env::temp_dir().join(format!("qala-secret-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// A mail server that takes one letter, or breaks off in its middle.
async fn mail_stand_in(last: &'static str) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(GREETING).await.unwrap();
        take_letter(stream, last, kept).await;
    });
    (port, heard)
}

const GREETING: &[u8] = b"220 mail.example.org ESMTP\r\n";

/// The same behind TLS, from the first byte or after a greeting in plain.
async fn secret_mail_stand_in(acceptor: TlsAcceptor, after_greeting: bool) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut plain = BufReader::new(tcp);
        if after_greeting {
            let answers: [&[u8]; 2] = [b"250-mail.example.org\r\n250 STARTTLS\r\n", b"220 go on\r\n"];
            plain.get_mut().write_all(GREETING).await.unwrap();
            for answer in answers {
                let mut line = String::new();
                plain.read_line(&mut line).await.unwrap();
                kept.lock()
                    .unwrap()
                    .push(format!("in plain: {}", line.trim_end()));
                plain.get_mut().write_all(answer).await.unwrap();
            }
        }
        // Whoever does not trust us goes away here.
        let Ok(mut stream) = acceptor.accept(plain.into_inner()).await else {
            return;
        };
        if !after_greeting {
            stream.write_all(GREETING).await.unwrap();
        }
        take_letter(stream, "250 queued\r\n", kept).await;
    });
    (port, heard)
}

/// The talk after the greeting.
async fn take_letter(stream: impl AsyncRead + AsyncWrite + Unpin, last: &str, kept: Heard) {
    let mut stream = BufReader::new(stream);
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
            return;
        }
        let answer: &[u8] = match line.trim_end() {
            "." if in_data => {
                in_data = false;
                last.as_bytes()
            }
            _ if in_data => b"",
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            text if text.starts_with("EHLO") => b"250-mail.example.org\r\n250 SIZE 1000000\r\n",
            _ => b"250 fine\r\n",
        };
        kept.lock().unwrap().push(line.trim_end().to_owned());
        stream.get_mut().write_all(answer).await.unwrap();
        stream.get_mut().flush().await.unwrap();
        if last.is_empty() && line.trim_end() == "." {
            return;
        }
    }
}

/// A server's side of TLS with a certificate of its own authority, whose file is told; none where openssl is missing.
fn authority(folder: &std::path::Path) -> Option<(TlsAcceptor, String)> {
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for command in [
        format!("req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=ca -days 2"),
        format!("req {new} -keyout key.pem -out request.pem -subj /CN=mail"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile ext".into(),
    ] {
        let mut openssl = std::process::Command::new("openssl");
        let done = openssl.args(command.split(' ')).current_dir(folder).output().ok()?;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    let ca = folder.join("ca.pem").to_string_lossy().into_owned();
    Some((TlsAcceptor::from(Arc::new(config)), ca))
}

#[tokio::test]
async fn mail_behind_tls_is_checked_before_anything_is_said() {
    let folder = std::env::temp_dir().join(format!("qala-mail-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let Some((acceptor, ca)) = authority(&folder) else {
        eprintln!("skipped: channel::mail_behind_tls: openssl is not installed");
        return;
    };
    std::fs::write(folder.join("password"), "pass").unwrap();
    let password = Secret::File(folder.join("password").to_string_lossy().into_owned());
    let username = Words::Plain("qala".into());
    for (tls, after_greeting) in [(MailTls::Tls, false), (MailTls::Starttls, true)] {
        let server = |port, ca| mail::Server {
            host: "127.0.0.1",
            port,
            tls,
            ca,
            username: Some(&username),
            password: Some(&password),
        };
        let (port, heard) = secret_mail_stand_in(acceptor.clone(), after_greeting).await;
        let sent = mail::send(&server(port, Some(ca.as_str())), &letter()).await;
        assert_eq!(sent, Sent::Taken, "{tls:?}");
        let said = heard.lock().unwrap().clone();
        let (plain, secret): (Vec<&String>, Vec<&String>) =
            said.iter().partition(|line| line.starts_with("in plain"));
        assert_eq!(plain.len(), if after_greeting { 2 } else { 0 }, "{said:?}");
        assert!(secret[1].starts_with("AUTH PLAIN "), "{said:?}");
        // One whose authority nobody has named hears nothing of ours.
        let (port, heard) = secret_mail_stand_in(acceptor.clone(), after_greeting).await;
        let refused = mail::send(&server(port, None), &letter()).await;
        assert!(
            matches!(&refused, Sent::Refused(why) if why.contains("certificate")),
            "{refused:?}"
        );
        assert!(
            heard
                .lock()
                .unwrap()
                .iter()
                .all(|line| line.starts_with("in plain"))
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn letter<'a>() -> mail::Letter<'a> {
    mail::Letter {
        from: "qala@example.org",
        to: "desk@example.org",
        subject: "Ауыр",
        text: "Түтін",
        key: "A-1:x",
        at: std::time::UNIX_EPOCH,
        paper: None,
    }
}

#[tokio::test]
async fn a_letter_is_taken_refused_or_in_doubt_as_the_server_says() {
    let server = |port| mail::Server {
        host: "127.0.0.1",
        port,
        tls: MailTls::None,
        ca: None,
        username: None,
        password: None,
    };
    let (port, heard) = mail_stand_in("250 queued\r\n").await;
    assert_eq!(mail::send(&server(port), &letter()).await, Sent::Taken);
    let said = heard.lock().unwrap().clone();
    assert_eq!(
        said[..4],
        [
            "EHLO qala",
            "MAIL FROM:<qala@example.org>",
            "RCPT TO:<desk@example.org>",
            "DATA"
        ]
    );
    assert!(said.contains(&mail::base64("Түтін".as_bytes())), "{said:?}");
    let (port, _) = mail_stand_in("554 spam\r\n").await;
    let refused = mail::send(&server(port), &letter()).await;
    assert!(
        matches!(&refused, Sent::Refused(why) if why.contains("spam")),
        "{refused:?}"
    );
    let (port, _) = mail_stand_in("").await;
    let unknown = mail::send(&server(port), &letter()).await;
    assert!(matches!(unknown, Sent::Unknown(_)), "{unknown:?}");
    assert!(matches!(
        mail::send(&server(1), &letter()).await,
        Sent::Refused(_)
    ));
}
