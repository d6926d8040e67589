//! One short file from a room server, over the same kind of line as signalling.

use super::connect::{Failure, Trust, encrypted};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// Name, TCP, TLS, question and answer together.
const WITHIN: Duration = Duration::from_secs(30);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoFile {
    /// The server has none.
    #[error("{0} says that it has none")]
    None(String),
    /// It could not be asked, or the answer broke off.
    #[error("{0}")]
    Unreachable(String),
}

/// Whom to trust, kept from one file to the next.
#[derive(Default)]
pub(crate) struct Fetch(Trust);

impl Fetch {
    /// The text at `address` (`https:`, or `http:` on loopback) with at most `longest` bytes. Nobody is followed elsewhere.
    ///
    /// # Errors
    /// [`NoFile`], with what was tried and how it failed.
    pub(crate) async fn text(&mut self, address: &str, anchors: &[String], longest: usize) -> Result<String, NoFile> {
        let by = Instant::now() + WITHIN;
        let failed = |why: String| NoFile::Unreachable(format!("asking for {address}: {why}"));
        let stream = encrypted(address, anchors, &mut self.0, by);
        let stream = stream.await.map_err(|failure: Failure| NoFile::Unreachable(failure.to_string()))?;
        let url = Url::parse(address).map_err(|error| failed(error.to_string()))?;
        let asked = async {
            let (mut ask, line) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            let request = Request::get(url.path())
                .header(HOST, crate::model::loan::host_text(&url))
                .header(USER_AGENT, "madoguchi")
                .header(CONNECTION, "close")
                .body(Empty::<Bytes>::new());
            let Ok(request) = request else { return Ok(None) };
            let answer = async move {
                let answer = ask.send_request(request).await?;
                let status = answer.status();
                Ok(Some((status, Limited::new(answer.into_body(), longest).collect().await)))
            };
            tokio::pin!(line);
            let mut answer = std::pin::pin!(answer);
            tokio::select! {
                answer = &mut answer => answer,
                // Whoever closes has said all: what came is still read.
                ended = &mut line => ended.and(answer.await),
            }
        };
        let answer: Result<Option<_>, hyper::Error> =
            timeout_at(by, asked).await.map_err(|_| failed("no answer in time".to_owned()))?;
        let (status, body) =
            answer.map_err(|error| failed(error.to_string()))?.ok_or_else(|| failed("it is no address".to_owned()))?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(NoFile::None(address.to_owned())),
            status => return Err(failed(format!("the answer is {status}"))),
        }
        let body = body.map_err(|error| failed(error.to_string()))?.to_bytes();
        String::from_utf8(body.to_vec()).map_err(|_| failed("the answer is no text".to_owned()))
    }
}
