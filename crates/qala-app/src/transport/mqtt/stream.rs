//! The bytes to and from a broker, with or without TLS.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::{AppError, Result};

/// A connection of either kind.
pub(crate) type Stream = Box<dyn Both>;

/// Bytes both ways.
pub(crate) trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

/// Connects to `mqtt://host:port` or `mqtts://host:port`. A broker with TLS is checked against the certificates in `ca`, or
/// the usual public ones.
///
/// # Errors
/// An address that is none; nobody answers there, or not the one who was meant.
pub(super) async fn open(url: &str, ca: Option<&str>) -> Result<Stream> {
    let remote = |why: &dyn std::fmt::Display| AppError::Remote(format!("{url}: {why}"));
    let parsed = url::Url::parse(url).map_err(|e| remote(&e))?;
    let host = parsed.host_str().ok_or_else(|| remote(&"it names no host"))?;
    // An address of IPv6 stands in brackets.
    let host = host.trim_matches(['[', ']']);
    let is_secret = parsed.scheme() == "mqtts";
    let port = parsed.port().unwrap_or(if is_secret { 8883 } else { 1883 });
    let tcp = TcpStream::connect((host, port)).await.map_err(|e| remote(&e))?;
    tcp.set_nodelay(true).map_err(|e| remote(&e))?;
    if !is_secret {
        return Ok(Box::new(tcp));
    }
    secured(host, tcp, ca).await
}

/// TLS over a connection, checked against the certificates in the file `ca`, or the usual public ones.
///
/// # Errors
/// A file that cannot be read; a host that is no name; the far side is not the one who was meant.
pub(crate) async fn secured(host: &str, tcp: TcpStream, ca: Option<&str>) -> Result<Stream> {
    let remote = |why: &dyn std::fmt::Display| AppError::Remote(format!("{host}: {why}"));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| remote(&e))?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|e| remote(&e))?;
    let connector = TlsConnector::from(Arc::new(config));
    let tls = connector.connect(name, tcp).await.map_err(|e| remote(&e))?;
    Ok(Box::new(tls))
}

/// The certificates in a file (PEM), or the usual public ones.
fn roots(ca: Option<&str>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let wrong = |why: &dyn std::fmt::Display| AppError::Usage(format!("the certificates in {path}: {why}"));
    for one in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
        roots.add(one.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
    }
    Ok(roots)
}
