//! Whether the certificates at the other end are those that its answer names: webrtcbin of Debian 12 and 13 compares none.

use super::fingerprint::Fingerprints;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_webrtc::{WebRTCDTLSTransport, WebRTCRTPTransceiver};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Compares the certificate that each transport in use has seen with what the answer allows in each of its sections
/// (RFC 8827, section 6.5; RFC 8842, section 5.1). Bundled sections share a transport; it must suit all of them.
///
/// # Errors
/// What does not fit; not a word of a certificate is in it.
pub(super) async fn peer(webrtc: &gst::Element, allowed: &Fingerprints) -> Result<(), String> {
    let (webrtc, allowed) = (webrtc.clone(), allowed.clone());
    // Off the tokio threads: webrtcbin is asked under its lock.
    let compared = tokio::task::spawn_blocking(move || compare(&webrtc, &allowed));
    compared.await.unwrap_or_else(|error| Err(format!("the comparison of certificates broke off: {error}")))
}

fn compare(webrtc: &gst::Element, allowed: &Fingerprints) -> Result<(), String> {
    let mut open: Vec<usize> = allowed.sections().collect();
    for index in 0..allowed.len() {
        let Ok(index) = i32::try_from(index) else { break };
        let transceiver = webrtc.emit_by_name::<Option<WebRTCRTPTransceiver>>("get-transceiver", &[&index]);
        let Some(transceiver) = transceiver else { break };
        let section = usize::try_from(transceiver.mlineindex()).unwrap_or(usize::MAX);
        let Some(place) = open.iter().position(|open| *open == section) else { continue };
        let ends = [
            transceiver.sender().and_then(|sender| sender.transport()),
            transceiver.receiver().and_then(|receiver| receiver.transport()),
        ];
        for transport in ends {
            let transport = transport.ok_or_else(|| format!("section {section} of the answer has no transport"))?;
            if !allowed.allow(section, &certificate(&transport)?) {
                return Err(format!(
                    "the certificate at the other end is not the one that section {section} of its answer names"
                ));
            }
        }
        open.swap_remove(place);
    }
    match open.first() {
        Some(section) => Err(format!("nothing could be compared with section {section} of the answer")),
        None => Ok(()),
    }
}

fn certificate(transport: &WebRTCDTLSTransport) -> Result<CertificateDer<'static>, String> {
    let pem = transport.remote_certificate().ok_or("the other end has shown no certificate")?;
    CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "the other end's certificate cannot be read from its transport".to_owned())
}
