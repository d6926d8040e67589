//! A room server in this process with a clock that a test can move, and a participant made of a WebSocket.

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use madoguchi::model::language::Language;
use madoguchi::model::secret::Secret;
use madoguchi::model::wire::{Proof, RULES_VERSION, ToClient, ToServer, Welcome};
use madoguchi::room::demo::{self, Demo};
use madoguchi::room::{Config, Running, serve};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Far longer than anything here takes: what is not there by then never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The demo city, served on a free port of this machine.
pub struct Desk {
    pub demo: Demo,
    pub running: Option<Running>,
    pub config: Config,
    ahead_ms: Arc<AtomicI64>,
    passed_ms: Arc<AtomicI64>,
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = demo::prepare(folder.path()).unwrap();
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let mut config = Config::on_loopback(&demo.database);
        let ahead = ahead_ms.clone();
        config.clock = Arc::new(move || Timestamp::now() + SignedDuration::from_millis(ahead.load(SeqCst)));
        let (steady, passed_ms) = (config.steady.clone(), Arc::new(AtomicI64::new(0)));
        let passed = passed_ms.clone();
        config.steady = Arc::new(move || steady() + Duration::from_millis(u64::try_from(passed.load(SeqCst)).unwrap()));
        change(&mut config);
        let running = Some(serve(config.clone()).await.unwrap());
        Self { demo, running, config, ahead_ms, passed_ms, folder }
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Moves the server's clock so that the slot's end is `left` away.
    pub fn leave(&self, left: SignedDuration) {
        let ahead = self.demo.ends.duration_since(Timestamp::now()) - left;
        self.ahead_ms.store(i64::try_from(ahead.as_millis()).unwrap(), SeqCst);
    }

    /// Sets the server's wall clock ahead, or back.
    pub fn set_clock(&self, by: SignedDuration) {
        self.ahead_ms.fetch_add(i64::try_from(by.as_millis()).unwrap(), SeqCst);
    }

    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        self.set_clock(by);
        self.passed_ms.fetch_add(i64::try_from(by.as_millis()).unwrap(), SeqCst);
    }

    /// What the server's wall clock says.
    pub fn running_now(&self) -> Timestamp {
        (self.config.clock)()
    }

    /// Starts the server again on the same database, at another port.
    pub async fn start_again(&mut self) {
        self.running = Some(serve(self.config.clone()).await.unwrap());
    }

    pub async fn connect(&self) -> Peer {
        Peer::connect(self.running(), None).await.unwrap()
    }

    pub async fn guest(&self) -> (Peer, Welcome) {
        let mut peer = self.connect().await;
        peer.say(&hello(Proof::Key { key: self.demo.key.clone() })).await;
        let welcome = peer.welcome().await;
        (peer, welcome)
    }

    pub async fn waiting_guest(&self) -> (Peer, Welcome) {
        let (mut peer, welcome) = self.guest().await;
        peer.say(&ToServer::Consent { rules: RULES_VERSION.to_owned() }).await;
        peer.until(|message| matches!(message, ToClient::Lobby { .. })).await;
        (peer, welcome)
    }

    /// Signs in and gives the cookie.
    pub async fn cookie(&self) -> String {
        let answer = self.sign_in(&self.demo.staff, self.demo.password.expose()).await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        header(&answer, "set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    pub async fn sign_in(&self, name: &str, password: &str) -> String {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("name", name)
            .append_pair("password", password)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        self.request("POST", "/sign-in", &[("content-type", kind), ("origin", &self.running().public)], &body).await
    }

    pub async fn staff(&self) -> (Peer, Welcome) {
        let cookie = self.cookie().await;
        let mut peer = Peer::connect(self.running(), Some(&cookie)).await.unwrap();
        peer.say(&hello(Proof::Staff { appointment: self.demo.appointment.clone(), take_over: false })).await;
        let welcome = peer.welcome().await;
        (peer, welcome)
    }

    /// One HTTP request; gives head and body as they came.
    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        String::from_utf8(self.request_bytes(method, path, headers, body).await).unwrap()
    }

    /// As [`Desk::request`], for an answer that is no text.
    pub async fn request_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
        let address = self.running().address;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        answer
    }
}

pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let lines = answer.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

pub fn hello(proof: Proof) -> ToServer {
    ToServer::hello(proof, Language::Japanese, ["vp8"], None)
}

pub fn key(text: &str) -> ToServer {
    hello(Proof::Key { key: Secret::new(text) })
}

/// A participant.
pub struct Peer(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Peer {
    pub async fn connect(
        running: &Running,
        cookie: Option<&str>,
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("ws://{}/ws", running.address).into_client_request().unwrap();
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
            request.headers_mut().insert("origin", running.public.parse().unwrap());
        }
        Ok(Self(tokio_tungstenite::connect_async(request).await?.0))
    }

    pub async fn say(&mut self, message: &ToServer) {
        self.say_text(serde_json::to_string(message).unwrap()).await;
    }

    pub async fn say_text(&mut self, text: String) {
        // The server may have closed already: then what it said last is still to be read.
        let _ = self.0.send(Message::Text(text.into())).await;
    }

    /// The next message, or `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<ToClient> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing was said for 30 s");
            match message {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Reads on until a message that `is` looked for, and gives it; what came before is dropped.
    pub async fn until(&mut self, is: impl Fn(&ToClient) -> bool) -> ToClient {
        let mut heard = Vec::new();
        loop {
            match self.next().await {
                Some(message) if is(&message) => return message,
                Some(message) => heard.push(serde_json::to_string(&message).unwrap()),
                None => panic!("the connection ended before that message came; heard: {heard:?}"),
            }
        }
    }

    pub async fn welcome(&mut self) -> Welcome {
        match self.next().await {
            Some(ToClient::Welcome(welcome)) => welcome,
            Some(other) => panic!("not welcome: {}", serde_json::to_string(&other).unwrap()),
            None => panic!("closed without a word"),
        }
    }

    /// Everything that is said until the connection ends.
    pub async fn rest(&mut self) -> Vec<ToClient> {
        let mut heard = Vec::new();
        while let Some(message) = self.next().await {
            heard.push(message);
        }
        heard
    }
}

/// Waits for a condition that the server brings about.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn database_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    bytes
}
