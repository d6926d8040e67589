//! The line to a server of this machine: bytes wait while it is cut, and come when it is whole again.

use crate::browser::PATIENCE;
use crate::desk::config;
use madoguchi::workbench::air::Internet;
use madoguchi::workbench::{Command, Desk, DeskConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

async fn read(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    timeout(PATIENCE, stream.read_exact(&mut got)).await.expect("bytes in time").unwrap();
    assert_eq!(got, expected);
}

/// Whether bytes can be read at once, after every task had many turns.
async fn is_silent(stream: &TcpStream) -> bool {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn both_ways_and_for_new_connections() {
    let (_tv, picture) = watch::channel(None);
    let mut desk = Desk::start(DeskConfig { cable: Some(Internet::Reachable), ..config() }, picture).await.unwrap();
    let control = desk.control();
    let mut line = desk.ends.line.clone();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = desk.running.line_to(server.local_addr().unwrap()).await.unwrap();

    let mut client = TcpStream::connect(address).await.unwrap();
    let (mut far, _) = timeout(PATIENCE, server.accept()).await.expect("a connection once the cable is up").unwrap();
    client.write_all(b"hello").await.unwrap();
    read(&mut far, b"hello").await;
    far.write_all(b"good day").await.unwrap();
    read(&mut client, b"good day").await;

    control.run(Command::CutLine { cut: true }).await.unwrap();
    timeout(PATIENCE, line.wait_for(|carries| !*carries)).await.expect("cut").unwrap();
    client.write_all(b"anybody?").await.unwrap();
    far.write_all(b"are you there?").await.unwrap();
    let mut late = TcpStream::connect(address).await.unwrap();
    late.write_all(b"late").await.unwrap();
    assert!(is_silent(&far).await && is_silent(&client).await);
    let none = std::future::poll_fn(|context| std::task::Poll::Ready(server.poll_accept(context).is_pending())).await;
    assert!(none, "no new connection gets through");

    control.run(Command::CutLine { cut: false }).await.unwrap();
    read(&mut far, b"anybody?").await;
    read(&mut client, b"are you there?").await;
    let (mut second, _) = timeout(PATIENCE, server.accept()).await.expect("the late one").unwrap();
    read(&mut second, b"late").await;
    drop(far);
    assert_eq!(timeout(PATIENCE, client.read(&mut [0; 1])).await.expect("the end in time").unwrap(), 0);
}
