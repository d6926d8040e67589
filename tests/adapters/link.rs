//! The signalling line against real sockets on loopback.

use futures_util::{SinkExt, StreamExt};
use madoguchi::device::link::{LinkAsk, LinkClosed, LinkConfig, LinkEvent, LinkNews, run};
use madoguchi::device::{Device, device};
use madoguchi::model::ids::Attempt;
use madoguchi::model::wire::{MAX_MESSAGE_BYTES, ToClient, ToServer};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

/// Far longer than anything here takes; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

type Line = Device<LinkAsk, LinkEvent>;

fn line(config: LinkConfig) -> Line {
    let (device, behind) = device();
    tokio::spawn(run(behind, config));
    device
}

async fn open(line: &Line, attempt: u32, address: &str, anchors: &[&str]) {
    let trust_anchors = anchors.iter().map(|anchor| (*anchor).to_owned()).collect();
    let ask = LinkAsk::Open { attempt: Attempt(attempt), address: address.to_owned(), trust_anchors };
    assert!(line.asks.send(ask).await.is_ok());
}

async fn say(line: &Line, attempt: u32, message: ToServer) {
    assert!(line.asks.send(LinkAsk::Say { attempt: Attempt(attempt), message }).await.is_ok());
}

async fn event(line: &mut Line) -> LinkEvent {
    tokio::time::timeout(PATIENCE, line.events.recv()).await.expect("the line says something").expect("it lives")
}

async fn opened(line: &mut Line, expected: u32) {
    let LinkEvent { attempt, news } = event(line).await;
    match news {
        LinkNews::Opened => assert_eq!(attempt, Attempt(expected)),
        LinkNews::Closed(why) => panic!("not opened: {why:?}"),
        LinkNews::Heard(_) => panic!("heard before opened"),
    }
}

async fn closed(line: &mut Line, expected: u32) -> LinkClosed {
    let LinkEvent { attempt, news: LinkNews::Closed(why) } = event(line).await else {
        panic!("expected the line to be closed")
    };
    assert_eq!(attempt, Attempt(expected));
    why
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (tcp, _) = listener.accept().await.unwrap();
    accept_async(tcp).await.unwrap()
}

/// The next message, or nothing when the other end is gone.
async fn hear<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    room: &mut WebSocketStream<S>,
) -> Option<Message> {
    tokio::time::timeout(PATIENCE, room.next()).await.expect("the appliance says something").and_then(Result::ok)
}

fn consent(rules: &str) -> ToServer {
    ToServer::Consent { rules: rules.to_owned() }
}

fn wire(message: &ToServer) -> Message {
    Message::text(serde_json::to_string(message).unwrap())
}

/// A server certificate for `name`, and itself as the anchor.
fn certificate(name: &str) -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), made.cert.pem())
}

/// Opens an encrypted line to a server with a certificate for `name`; says how that ended.
async fn encrypted(name: &str, trusted: bool) -> LinkEvent {
    let (acceptor, anchor) = certificate(name);
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        if let Ok(tls) = acceptor.accept(tcp).await
            && let Ok(mut room) = accept_async(tls).await
        {
            while hear(&mut room).await.is_some() {}
        }
    });
    let mut line = line(LinkConfig::default());
    let anchors: &[&str] = if trusted { &[&anchor] } else { &[] };
    open(&line, 1, &format!("wss://localhost:{port}/ws"), anchors).await;
    event(&mut line).await
}

#[tokio::test]
async fn a_line_to_a_room_with_the_loans_certificate_opens() {
    assert!(matches!(encrypted("localhost", true).await, LinkEvent { attempt: Attempt(1), news: LinkNews::Opened }));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    assert!(matches!(
        encrypted("localhost", false).await,
        LinkEvent { news: LinkNews::Closed(LinkClosed::Untrusted), .. }
    ));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let event = encrypted("elsewhere.example", true).await;
    assert!(matches!(event, LinkEvent { news: LinkNews::Closed(LinkClosed::Untrusted), .. }));
}

#[tokio::test]
async fn an_encrypted_line_to_a_server_without_encryption_is_no_room() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut asked = [0; 16];
        tcp.read_exact(&mut asked).await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        while tcp.read(&mut asked).await.is_ok_and(|read| read > 0) {}
    });
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("wss://localhost:{port}/ws"), &[]).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::NotARoom);
}

async fn plain_http(status: &'static str) -> LinkClosed {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(tcp.read_u8().await.unwrap());
        }
        tcp.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
    });
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("ws://127.0.0.1:{port}/ws"), &[]).await;
    closed(&mut line, 1).await
}

#[tokio::test]
async fn a_web_server_that_is_no_room_is_named_so() {
    assert_eq!(plain_http("200 OK").await, LinkClosed::NotARoom);
    assert_eq!(plain_http("404 Not Found").await, LinkClosed::NotARoom);
    assert_eq!(plain_http("302 Found").await, LinkClosed::NotARoom);
}

#[tokio::test]
async fn a_gateway_without_its_room_server_is_unreachable() {
    assert_eq!(plain_http("502 Bad Gateway").await, LinkClosed::Unreachable);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("wss://localhost:{port}/ws"), &[]).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Unreachable);
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up_in_time() {
    let (_listener, port) = listen().await;
    let mut line = line(LinkConfig { open_within: Duration::from_millis(300), ..LinkConfig::default() });
    open(&line, 1, &format!("wss://localhost:{port}/ws"), &[]).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Unreachable);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named_so() {
    let mut line = line(LinkConfig::default());
    open(&line, 1, "wss://nobody.invalid/ws", &[]).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::NoName);
}

#[tokio::test]
async fn an_unencrypted_line_is_refused_but_on_loopback() {
    let mut line = line(LinkConfig::default());
    // TEST-NET-1 (RFC 5737): nothing is sent there, the line is refused before.
    open(&line, 1, "ws://192.0.2.1/ws", &[]).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Untrusted);
    open(&line, 2, "http://127.0.0.1/ws", &[]).await;
    assert_eq!(closed(&mut line, 2).await, LinkClosed::NotARoom);
}

#[tokio::test]
async fn messages_go_both_ways_and_what_is_not_understood_is_dropped() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("ws://localhost:{port}/ws"), &[]).await;
    let mut room = accept(&listener).await;
    opened(&mut line, 1).await;

    say(&line, 1, consent("first")).await;
    say(&line, 1, consent("second")).await;
    assert_eq!(hear(&mut room).await, Some(wire(&consent("first"))));
    assert_eq!(hear(&mut room).await, Some(wire(&consent("second"))));

    for text in [r#"{"kind":"fireworks"}"#, "no JSON", r#"{"kind":"lobby"}"#, "[]"] {
        room.send(Message::text(text)).await.unwrap();
    }
    room.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    room.send(Message::text(r#"{"kind":"lobby","staff_present":true}"#)).await.unwrap();
    let LinkEvent { attempt: Attempt(1), news: LinkNews::Heard(message) } = event(&mut line).await else {
        panic!("not heard")
    };
    assert!(message == ToClient::Lobby { staff_present: true });

    room.send(Message::Ping("still there?".into())).await.unwrap();
    assert_eq!(hear(&mut room).await, Some(Message::Pong("still there?".into())));

    room.close(None).await.unwrap();
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Lost);
}

#[tokio::test]
async fn an_asked_close_comes_after_what_was_said_and_without_an_event() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig::default());
    let address = format!("ws://localhost:{port}/ws");
    open(&line, 1, &address, &[]).await;
    let mut room = accept(&listener).await;
    opened(&mut line, 1).await;
    for _ in 0..50 {
        say(&line, 1, consent("said")).await;
    }
    assert!(line.asks.send(LinkAsk::Close).await.is_ok());
    // Sent and not read: a hasty close would answer with a reset and lose the fifty.
    room.send(Message::text(r#"{"kind":"admitted"}"#)).await.unwrap();
    for _ in 0..50 {
        assert_eq!(hear(&mut room).await, Some(wire(&consent("said"))));
    }
    assert!(matches!(hear(&mut room).await, Some(Message::Close(_))));
    drop(room);
    open(&line, 2, &address, &[]).await;
    let _room = accept(&listener).await;
    loop {
        match event(&mut line).await {
            LinkEvent { attempt: Attempt(1), news: LinkNews::Heard(_) } => {}
            LinkEvent { attempt: Attempt(2), news: LinkNews::Opened } => break,
            _ => panic!("an asked close has no event"),
        }
    }
}

#[tokio::test]
async fn a_new_line_replaces_the_old_one_whose_messages_are_dropped() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig::default());
    let address = format!("ws://localhost:{port}/ws");
    open(&line, 1, &address, &[]).await;
    let mut old = accept(&listener).await;
    opened(&mut line, 1).await;
    open(&line, 2, &address, &[]).await;
    assert!(matches!(hear(&mut old).await, Some(Message::Close(_))));
    drop(old);
    let mut room = accept(&listener).await;
    opened(&mut line, 2).await;
    say(&line, 1, consent("to the old one")).await;
    say(&line, 2, consent("to the new one")).await;
    assert_eq!(hear(&mut room).await, Some(wire(&consent("to the new one"))));
}

/// A line that died with its network does not answer the goodbye.
#[tokio::test]
async fn a_new_line_does_not_wait_for_a_dead_one() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig { close_within: 2 * PATIENCE, ..LinkConfig::default() });
    let address = format!("ws://127.0.0.1:{port}/ws");
    open(&line, 1, &address, &[]).await;
    let _dead = accept(&listener).await;
    opened(&mut line, 1).await;
    open(&line, 2, &address, &[]).await;
    let _room = tokio::time::timeout(PATIENCE, accept(&listener)).await.expect("a new line");
    opened(&mut line, 2).await;
}

#[tokio::test]
async fn an_oversized_message_ends_the_line() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("ws://localhost:{port}/ws"), &[]).await;
    let mut room = accept(&listener).await;
    opened(&mut line, 1).await;
    let padded = |bytes: usize| {
        let message = r#"{"kind":"admitted"}"#;
        message.to_owned() + &" ".repeat(bytes - message.len())
    };
    room.send(Message::text(padded(MAX_MESSAGE_BYTES))).await.unwrap();
    assert!(matches!(event(&mut line).await, LinkEvent { news: LinkNews::Heard(ToClient::Admitted), .. }));
    room.send(Message::text(padded(MAX_MESSAGE_BYTES + 1))).await.unwrap();
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Lost);
}

#[tokio::test]
async fn a_silent_line_is_given_up() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig { silence: Duration::from_millis(200), ..LinkConfig::default() });
    open(&line, 1, &format!("ws://localhost:{port}/ws"), &[]).await;
    let _room = accept(&listener).await;
    opened(&mut line, 1).await;
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Lost);
}

#[tokio::test]
async fn a_room_that_reads_nothing_is_given_up() {
    let (listener, port) = listen().await;
    let mut line = line(LinkConfig { say_within: Duration::from_millis(500), ..LinkConfig::default() });
    open(&line, 1, &format!("ws://localhost:{port}/ws"), &[]).await;
    let _room = accept(&listener).await;
    opened(&mut line, 1).await;
    let heavy = "x".repeat(60_000);
    let asks = line.asks.clone();
    let talk = async {
        loop {
            let ask = LinkAsk::Say { attempt: Attempt(1), message: consent(&heavy) };
            assert!(asks.send(ask).await.is_ok());
        }
    };
    tokio::select! {
        why = closed(&mut line, 1) => assert_eq!(why, LinkClosed::Lost),
        () = talk => {}
    }
}

#[tokio::test]
async fn a_cut_line_drops_and_stays_unreachable_until_it_is_mended() {
    let (listener, port) = listen().await;
    let (cutter, line_cut) = watch::channel(false);
    let mut line = line(LinkConfig { line_cut: Some(line_cut), ..LinkConfig::default() });
    let address = format!("ws://localhost:{port}/ws");
    open(&line, 1, &address, &[]).await;
    let mut room = accept(&listener).await;
    opened(&mut line, 1).await;
    cutter.send(true).unwrap();
    assert_eq!(closed(&mut line, 1).await, LinkClosed::Lost);
    assert_eq!(hear(&mut room).await, None, "no goodbye");
    open(&line, 2, &address, &[]).await;
    assert_eq!(closed(&mut line, 2).await, LinkClosed::Unreachable);
    cutter.send(false).unwrap();
    open(&line, 3, &address, &[]).await;
    let _room = accept(&listener).await;
    opened(&mut line, 3).await;
}

#[tokio::test]
async fn a_close_while_opening_gives_up_silently() {
    let (_listener, port) = listen().await;
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("wss://localhost:{port}/ws"), &[]).await;
    assert!(line.asks.send(LinkAsk::Close).await.is_ok());
    open(&line, 2, "http://127.0.0.1/", &[]).await;
    assert_eq!(closed(&mut line, 2).await, LinkClosed::NotARoom);
}

/// A network that comes back after some seconds: a try that was lost meanwhile is not waited for. The peer is a plain
/// connection, begun at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_again_is_reached_before_tcp_repeats_itself() {
    // The kernel drops a SYN while the queue of connections that nobody has accepted is full.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut full = Vec::new();
    while let Ok(connected) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        full.push(connected.unwrap());
        assert!(full.len() < 100, "the queue is never full");
    }
    let plain = tokio::spawn(TcpStream::connect(address));
    let mut line = line(LinkConfig::default());
    open(&line, 1, &format!("ws://{address}/ws"), &[]).await;
    // The plain one's SYN was lost at once and after one second; it is repeated after three.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let serving = tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                if let Ok(mut socket) = accept_async(tcp).await {
                    while let Some(Ok(_)) = socket.next().await {}
                }
            });
        }
    });
    opened(&mut line, 1).await;
    assert!(!plain.is_finished(), "it was no quicker than a plain connection");
    serving.abort();
}
