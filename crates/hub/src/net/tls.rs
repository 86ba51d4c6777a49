//! TLS for a hub that other machines can reach: rustls, with the certificate and the key from two PEM files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use tokio_rustls::TlsAcceptor;

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM: the hub's certificate first, then the ones that vouch for it.
    pub cert: PathBuf,
    /// PEM: the private key of the first certificate.
    pub key: PathBuf,
}

/// The certificate or the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read, or is not PEM.
    #[error("cannot read {path}: {source}; --tls-cert and --tls-key name PEM files that the hub's user can read")]
    Pem {
        /// The path of the file.
        path: PathBuf,
        /// What went wrong.
        source: Box<pem::Error>,
    },
    /// There is no certificate in the file.
    #[error("{path} holds no certificate; --tls-cert names a PEM file with `BEGIN CERTIFICATE` in it")]
    NoCertificate {
        /// The path of the file.
        path: PathBuf,
    },
    /// The key is not the certificate's, or of a kind that rustls does not know.
    #[error("the key in {key} does not serve the certificate in {cert}: {source}; name the two files that were made together")]
    Unfit {
        /// The path of the certificate.
        cert: PathBuf,
        /// The path of the key.
        key: PathBuf,
        /// What went wrong.
        source: Box<rustls::Error>,
    },
}

pub(crate) fn acceptor(TlsFiles { cert, key }: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let certificates = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable(cert))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate { path: cert.clone() });
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(certificates, private))
        .map_err(|source| TlsError::Unfit { cert: cert.clone(), key: key.clone(), source: Box::new(source) })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unreadable(path: &Path) -> impl Fn(pem::Error) -> TlsError {
    move |source| TlsError::Pem { path: path.to_owned(), source: Box::new(source) }
}
