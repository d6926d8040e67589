//! A stranger on the path: forwards the ends' connectivity checks, and answers the handshake of either end himself.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Names of connections are the whole process's.
static LEGS: AtomicU32 = AtomicU32::new(0);

/// What he has seen so far.
#[derive(Default)]
pub(crate) struct Loot {
    /// Packets of the appliance's picture and sound that he could decrypt.
    pub(crate) packets: AtomicU32,
    /// When his handshake with the appliance began.
    pub(crate) begun: Mutex<Option<Instant>>,
    /// His handshake with the appliance went through: he has its keys.
    pub(crate) keyed: AtomicBool,
}

/// The stranger, with a port for either end.
pub(crate) struct Stranger {
    /// Where the browser has to send, to reach the appliance by him.
    pub(crate) for_browser: SocketAddr,
    /// Where the appliance has to send, to reach the browser by him.
    pub(crate) for_box: SocketAddr,
    pub(crate) loot: Arc<Loot>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl Stranger {
    /// Sits down at the appliance's address with a certificate of his own and its key, in PEM.
    pub(crate) async fn before(appliance: SocketAddr, pem: &str) -> Self {
        Self::between(appliance.ip(), Some(appliance), None, pem).await
    }

    /// Sits down at an address of this machine. Of one end it has to be known where it is, the other is whoever sends.
    pub(crate) async fn between(
        own: IpAddr,
        appliance: Option<SocketAddr>,
        browser: Option<SocketAddr>,
        pem: &str,
    ) -> Self {
        let near_browser = Arc::new(UdpSocket::bind((own, 0)).await.unwrap());
        let near_box = Arc::new(UdpSocket::bind((own, 0)).await.unwrap());
        let (at_browser, at_box) = (near_browser.local_addr().unwrap(), near_box.local_addr().unwrap());
        let loot = Arc::new(Loot::default());
        let (to_box, for_box) = mpsc::unbounded_channel();
        let (to_browser, for_browser) = mpsc::unbounded_channel();
        // The browser answers and so is the client of its handshake (RFC 5763); he is whatever suits the other end.
        let box_leg = Arc::new(Leg::new(pem, true, to_box.clone()));
        let browser_leg = Arc::new(Leg::new(pem, false, to_browser.clone()));
        let (noted, leg) = (loot.clone(), browser_leg.clone());
        box_leg.decrypted(move |packet| {
            noted.packets.fetch_add(1, Ordering::Relaxed);
            leg.encrypt(packet);
        });
        let leg = box_leg.clone();
        browser_leg.decrypted(move |packet| leg.encrypt(packet));
        let noted = loot.clone();
        box_leg.keyed(move || noted.keyed.store(true, Ordering::Relaxed));
        let [appliance, browser] = [appliance, browser].map(|end| Arc::new(Mutex::new(end)));
        let from_browser = {
            let (socket, browser, loot) = (near_browser.clone(), browser.clone(), loot.clone());
            let (box_leg, browser_leg) = (box_leg.clone(), browser_leg);
            async move {
                let mut packet = [0; 2048];
                while let Ok((length, sender)) = socket.recv_from(&mut packet).await {
                    *browser.lock().unwrap() = Some(sender);
                    let packet = &packet[..length];
                    if is_check(packet) {
                        let _ = to_box.send(packet.to_vec());
                        continue;
                    }
                    // Its first word of the handshake: the path is there.
                    if loot.begun.lock().unwrap().is_none() {
                        browser_leg.start();
                        *loot.begun.lock().unwrap() = Some(Instant::now());
                        box_leg.start();
                    }
                    browser_leg.hear(packet);
                }
            }
        };
        let from_box = {
            let (socket, appliance) = (near_box.clone(), appliance.clone());
            async move {
                let mut packet = [0; 2048];
                loop {
                    // Refused while the port is not yet open.
                    let Ok((length, sender)) = socket.recv_from(&mut packet).await else { continue };
                    *appliance.lock().unwrap() = Some(sender);
                    if is_check(&packet[..length]) {
                        let _ = to_browser.send(packet[..length].to_vec());
                    } else {
                        box_leg.hear(&packet[..length]);
                    }
                }
            }
        };
        let out =
            async move { tokio::join!(send(for_box, near_box, appliance), send(for_browser, near_browser, browser)).0 };
        let carry = async move { tokio::join!(from_browser, from_box).0 };
        let tasks = [tokio::spawn(carry), tokio::spawn(out)].map(AbortOnDropHandle::new);
        Self { for_browser: at_browser, for_box: at_box, loot, _tasks: tasks }
    }
}

/// STUN (RFC 7983).
fn is_check(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| *first < 4)
}

/// Sends what is for an end, as soon as it is known where that is.
async fn send(
    mut packets: mpsc::UnboundedReceiver<Vec<u8>>,
    socket: Arc<UdpSocket>,
    end: Arc<Mutex<Option<SocketAddr>>>,
) {
    while let Some(packet) = packets.recv().await {
        let end = *end.lock().unwrap();
        if let Some(end) = end {
            let _ = socket.send_to(&packet, end).await;
        }
    }
}

/// One handshake of his, and what it protects.
struct Leg {
    pipeline: gst::Pipeline,
    heard: gst_app::AppSrc,
    plain: gst_app::AppSrc,
    decrypted: gst_app::AppSink,
    encoder: gst::Element,
}

impl Leg {
    fn new(pem: &str, is_client: bool, out: mpsc::UnboundedSender<Vec<u8>>) -> Self {
        let id = format!("stranger-{}", LEGS.fetch_add(1, Ordering::Relaxed));
        let make = gst::ElementFactory::make;
        let decoder = make("dtlssrtpdec").property("connection-id", &id).property("pem", pem).build().unwrap();
        let encoder =
            make("dtlssrtpenc").property("connection-id", &id).property("is-client", is_client).build().unwrap();
        let live = || gst_app::AppSrc::builder().is_live(true).format(gst::Format::Time).do_timestamp(true);
        let (heard, plain) = (live().build(), live().caps(&gst::Caps::new_empty_simple("application/x-rtp")).build());
        let sink = || gst_app::AppSink::builder().sync(false).async_(false).build();
        let (said, decrypted) = (sink(), sink());
        let reports = make("fakesink").property("sync", false).property("async", false).build().unwrap();
        let pipeline = gst::Pipeline::new();
        let all = [
            heard.upcast_ref(),
            plain.upcast_ref(),
            &decoder,
            &encoder,
            said.upcast_ref(),
            decrypted.upcast_ref(),
            &reports,
        ];
        pipeline.add_many(all).unwrap();
        heard.link_pads(Some("src"), &decoder, Some("sink")).unwrap();
        decoder.link_pads(Some("rtp_src"), &decrypted, Some("sink")).unwrap();
        decoder.link_pads(Some("rtcp_src"), &reports, Some("sink")).unwrap();
        plain.link_pads(Some("src"), &encoder, Some("rtp_sink_0")).unwrap();
        encoder.link_pads(Some("src"), &said, Some("sink")).unwrap();
        each(&said, move |packet| drop(out.send(packet)));
        Self { pipeline, heard, plain, decrypted, encoder }
    }

    fn decrypted(&self, does: impl Fn(Vec<u8>) + Send + 'static) {
        each(&self.decrypted, does);
    }

    fn keyed(&self, does: impl Fn() + Send + Sync + 'static) {
        self.encoder.connect("on-key-set", false, move |_| {
            does();
            None
        });
    }

    /// A client begins at once; a server must be there before it hears one.
    fn start(&self) {
        self.pipeline.set_state(gst::State::Playing).unwrap();
        let (changed, ..) = self.pipeline.state(gst::ClockTime::from_seconds(10));
        changed.unwrap();
    }

    fn hear(&self, packet: &[u8]) {
        let _ = self.heard.push_buffer(gst::Buffer::from_slice(packet.to_vec()));
    }

    fn encrypt(&self, packet: Vec<u8>) {
        let _ = self.plain.push_buffer(gst::Buffer::from_slice(packet));
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn each(sink: &gst_app::AppSink, does: impl Fn(Vec<u8>) + Send + 'static) {
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                if let Some(packet) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
                    does(packet.to_vec());
                }
                Ok(gst::FlowSuccess::Ok)
            })
            .build(),
    );
}

/// A certificate of his own with its key, in PEM.
pub(crate) fn certificate(subject: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, subject);
    let certificate = parameters.self_signed(&key).unwrap();
    [certificate.pem(), key.serialize_pem()].concat()
}

/// What a description would have to say for a certificate (PEM) to be the right one (RFC 8122).
pub(crate) fn fingerprint(pem: &str) -> String {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let bytes: Vec<String> = Sha256::digest(&certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// So long after its beginning a handshake must have been refused.
pub(crate) const REFUSED_WITHIN: Duration = Duration::from_secs(2);
