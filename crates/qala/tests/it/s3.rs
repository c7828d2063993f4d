//! An object store of a few lines: PUT, GET, HEAD, list, uploads in parts; path style, one bucket, in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The only access key that is let in.
pub(crate) const KEY: &str = "TESTKEY";
const BUCKET: &str = "/city/";
/// Names per page of a list, so that it is continued.
const PAGE: usize = 2;

#[derive(Debug, Default)]
struct Store {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    completed: usize,
    pages: usize,
    /// Requests that are answered with 503 before one is let through.
    busy: usize,
}

/// A running store.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    port: u16,
    store: Arc<Mutex<Store>>,
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    authorization: String,
    body: Vec<u8>,
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair: Vec<u8> = bytes.by_ref().take(2).collect();
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    });
    Some(Request {
        method,
        path: decoded(path),
        query: query.collect(),
        authorization,
        body,
    })
}

impl Store {
    fn answer(&mut self, r: Request) -> (u16, Vec<u8>) {
        if !r.authorization.contains(&format!("Credential={KEY}/")) {
            let body =
                "<Error><Code>InvalidAccessKeyId</Code><Message>the key is not known</Message></Error>";
            return (403, body.into());
        }
        if self.busy > 0 {
            self.busy -= 1;
            return (503, Vec::new());
        }
        let Some(key) = r.path.strip_prefix(BUCKET) else {
            if r.path == BUCKET.trim_end_matches('/') && r.query.get("list-type").is_some_and(|t| t == "2") {
                return self.list(&r.query);
            }
            return (404, b"<Error><Code>NoSuchBucket</Code></Error>".to_vec());
        };
        let upload = r.query.get("uploadId");
        match (r.method.as_str(), upload) {
            ("POST", None) if r.query.contains_key("uploads") => {
                let id = format!("upload-{}", self.uploads.len() + 1);
                self.uploads.insert(id.clone(), BTreeMap::new());
                let body = format!(
                    "<InitiateMultipartUploadResult><Bucket>city</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                (200, body.into())
            }
            ("PUT", Some(id)) => {
                let number = r.query["partNumber"].parse().unwrap();
                self.uploads.get_mut(id).unwrap().insert(number, r.body);
                (200, Vec::new())
            }
            ("POST", Some(id)) => {
                let parts = self.uploads.get(id).unwrap();
                let list = String::from_utf8_lossy(&r.body).matches("<PartNumber>").count();
                assert_eq!(list, parts.len(), "the parts that are put together");
                let whole = parts.values().flatten().copied().collect();
                self.objects.insert(key.to_owned(), whole);
                self.completed += 1;
                let body = format!(
                    "<CompleteMultipartUploadResult><Key>{key}</Key><ETag>\"m\"</ETag></CompleteMultipartUploadResult>"
                );
                (200, body.into())
            }
            ("PUT", None) => {
                self.objects.insert(key.to_owned(), r.body);
                (200, Vec::new())
            }
            ("GET" | "HEAD", None) => match self.objects.get(key) {
                Some(bytes) => (200, bytes.clone()),
                None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
            _ => (405, Vec::new()),
        }
    }

    fn list(&mut self, query: &BTreeMap<String, String>) -> (u16, Vec<u8>) {
        let prefix = query.get("prefix").map_or("", String::as_str);
        let delimiter = query.get("delimiter").map_or("", String::as_str);
        let after = query.get("continuation-token").map_or("", String::as_str);
        // An object, or the folder that stands for all below it.
        let mut names: Vec<(String, Option<usize>)> = Vec::new();
        for (key, bytes) in self.objects.iter().filter(|(k, _)| k.starts_with(prefix)) {
            let rest = &key[prefix.len()..];
            match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
                Some(end) => {
                    let folder = format!("{prefix}{}", &rest[..=end]);
                    if names.last().is_none_or(|(n, _)| *n != folder) {
                        names.push((folder, None));
                    }
                }
                None => names.push((key.clone(), Some(bytes.len()))),
            }
        }
        names.retain(|(name, _)| name.as_str() > after);
        let is_cut = names.len() > PAGE;
        names.truncate(PAGE);
        self.pages += 1;
        let mut body = format!("<ListBucketResult><IsTruncated>{is_cut}</IsTruncated>");
        if is_cut {
            let last = &names.last().unwrap().0;
            write!(body, "<NextContinuationToken>{last}</NextContinuationToken>").unwrap();
        }
        for (name, size) in names {
            match size {
                None => write!(body, "<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>").unwrap(),
                Some(size) => write!(
                    body,
                    "<Contents><Key>{name}</Key><LastModified>2026-03-02T00:00:00.000Z</LastModified><ETag>\"e\"</ETag><Size>{size}</Size></Contents>"
                )
                .unwrap(),
            }
        }
        body.push_str("</ListBucketResult>");
        (200, body.into())
    }
}

impl S3 {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let s3 = Self {
            port,
            store: Arc::default(),
        };
        let store = Arc::clone(&s3.store);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let store = Arc::clone(&store);
                std::thread::spawn(move || serve(stream, &store));
            }
        });
        s3
    }

    /// What the program must find in its environment.
    pub(crate) fn environment(&self, key: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", key.into()),
            ("AWS_SECRET_ACCESS_KEY", "secret".into()),
        ]
    }

    /// Names of all objects.
    pub(crate) fn names(&self) -> Vec<String> {
        self.store.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(crate) fn object(&self, name: &str) -> Vec<u8> {
        self.store.lock().unwrap().objects[name].clone()
    }

    /// Puts an object in the place of another.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.store.lock().unwrap().objects.insert(name.into(), bytes);
    }

    /// Uploads in parts that were completed, and pages of lists that were given.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let store = self.store.lock().unwrap();
        (store.completed, store.pages)
    }

    /// The next requests are answered with 503.
    pub(crate) fn busy(&self, requests: usize) {
        self.store.lock().unwrap().busy = requests;
    }
}

fn serve(stream: TcpStream, store: &Mutex<Store>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    stream.set_nodelay(true).unwrap();
    while let Some(request) = request(&mut reader) {
        let is_head = request.method == "HEAD";
        let (status, body) = store.lock().unwrap().answer(request);
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: \"e\"\r\nLast-Modified: Mon, 02 Mar 2026 00:00:00 GMT\r\n\r\n",
            body.len()
        );
        let body = if is_head { &[][..] } else { &body };
        if stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body))
            .is_err()
        {
            return;
        }
    }
}
