//! Who only keeps a connection open, or says what is wanted without ever ending, takes nobody's place for long.

use crate::desk::{Desk, PATIENCE, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says `begins`, then a letter each second, until the server hangs up; gives what it said.
async fn drips(desk: &Desk, begins: &str, letters: &str) -> String {
    let mut stream = TcpStream::connect(desk.running().address).await.unwrap();
    stream.write_all(begins.as_bytes()).await.unwrap();
    let (mut heard, mut letters) = (Vec::new(), letters.chars());
    let hung_up = async {
        let mut buffer = [0_u8; 4096];
        loop {
            tokio::select! {
                read = stream.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(length) => heard.extend_from_slice(&buffer[..length]),
                },
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            }
            if let Some(letter) = letters.next() {
                let _ = stream.write_all(letter.to_string().as_bytes()).await;
            }
        }
    };
    assert!(tokio::time::timeout(PATIENCE, hung_up).await.is_ok(), "still open: {begins:?}");
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn a_request_that_never_ends_is_hung_up_on() {
    let desk = Desk::open().await;
    let drip = "x".repeat(60);
    let (silent, head, http_2, idle) = tokio::join!(
        drips(&desk, "", ""),
        drips(&desk, "GET /sign-in HTTP/1.1\r\nhost: x\r\nx-drip: ", &drip),
        drips(&desk, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &drip),
        drips(&desk, "GET /sign-in HTTP/1.1\r\nhost: x\r\n\r\n", ""),
    );
    assert_eq!((silent.as_str(), http_2.as_str()), ("", ""));
    assert!(!head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_and_counted_until_another_goes() {
    let desk = Desk::open_with(|config| {
        config.connections = 3;
        config.metrics = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let (guest, _) = desk.guest().await;
    let (_staying, going) = (desk.connect().await, desk.connect().await);
    let mut another = TcpStream::connect(desk.running().address).await.unwrap();
    let mut nothing = Vec::new();
    // Whether it is an end or a reset is the kernel's choice.
    let _ = tokio::time::timeout(PATIENCE, another.read_to_end(&mut nothing)).await.expect("hung up on");
    assert!(nothing.is_empty());
    drop(going);
    eventually("the place is free", async || {
        let mut stream = TcpStream::connect(desk.running().address).await.unwrap();
        let _ = stream.write_all(b"GET /sign-in HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer.starts_with(b"HTTP/1.1 200")
    })
    .await;
    // Who looks after the server is not kept out.
    let mut stream = TcpStream::connect(desk.running().metrics.unwrap()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let counted = answer.lines().find_map(|line| line.strip_prefix("madoguchi_room_turned_away_total ")).unwrap();
    assert_ne!(counted, "0");
    drop(guest);
}
