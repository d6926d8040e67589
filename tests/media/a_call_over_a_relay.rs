//! A relay is all that is between the ends.

use crate::call::{Call, OPEN};
use crate::desk::Desk;
use crate::peer::{Peer, THEIR_PITCH};
use crate::relay::Relay;
use madoguchi::model::wire::IceServer;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

const SOON: Duration = Duration::from_secs(40);

async fn talk(desk: &mut Desk, ours: Vec<IceServer>, theirs: Vec<IceServer>) {
    let browser = Peer::start().await;
    let mut call = Call::begin(desk, &browser, 1, ours, theirs, true).await;
    call.gate(OPEN).await;
    call.until("connected", SOON, |seen, _| seen.connected.is_some()).await;
    call.until("pictures and sound", SOON, |seen, desk| {
        seen.first_picture.is_some() && seen.report.frames_decoded > 20 && desk.share_of(THEIR_PITCH) > 0.5
    })
    .await;
    for candidate in call.seen.candidates.iter().filter(|candidate| !candidate.candidate.is_empty()) {
        assert!(candidate.candidate.contains("typ relay"), "{candidate:?}");
    }
    let [near, _, far] = call.seen.report.relayed.clone().expect("the browser knows its path");
    assert_eq!(near.as_deref(), Some("relay"));
    assert!(matches!(far.as_deref(), Some("relay" | "prflx")), "{far:?}");
    call.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_udp() {
    let relay = Relay::start().await;
    talk(&mut Desk::new(), relay.server("udp"), relay.server("udp")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp() {
    let relay = Relay::start().await;
    talk(&mut Desk::new(), relay.server("tcp"), relay.server("tcp")).await;
}

/// webrtcbin's own `turns:` is plaintext; what reaches the relay's port here must be TLS from its first byte.
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_that_is_tls() {
    let relay = Relay::start().await;
    let firsts = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tls_address, noted) = (relay.tls_address(), firsts.clone());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                // Left where it is: coturn takes a first byte that comes alone for no TLS.
                let mut first = [0];
                near.peek(&mut first).await.unwrap();
                noted.lock().unwrap().extend(first);
                let mut far = TcpStream::connect(tls_address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let ours = relay.at(format!("turns:localhost:{port}?transport=tcp"));
    let mut desk = Desk::new();
    desk.trust_anchors.send_replace(vec![relay.certificate()]);
    talk(&mut desk, ours, relay.server("udp")).await;
    let firsts = firsts.lock().unwrap();
    assert!(!firsts.is_empty() && firsts.iter().all(|byte| *byte == 0x16), "not TLS: {firsts:?}");
}
