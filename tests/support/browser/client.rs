//! How WebDriver's requests reach the driver.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::time::Duration;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use tokio::time::timeout;

/// Longer than the driver itself waits for a browser, a page or a script.
const DEADLINE: Duration = Duration::from_secs(120);

/// An HTTP client for a driver on this machine.
pub struct Client(hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>);

impl Default for Client {
    fn default() -> Self {
        Self(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http())
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (head, body) = request.into_parts();
        let asked = format!("{} {}", head.method, head.uri);
        let body = match body {
            Body::Empty => Bytes::new(),
            Body::Json(value) => value.to_string().into(),
        };
        let answer = async {
            let answer = self.0.request(Request::from_parts(head, Full::new(body))).await;
            let (head, body) = answer.map_err(|why| failed(&asked, &why))?.into_parts();
            let body = body.collect().await.map_err(|why| failed(&asked, &why))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let late = || WebDriverError::Timeout(format!("{asked}: no answer within {DEADLINE:?}"));
        timeout(DEADLINE, answer).await.unwrap_or_else(|_| Err(late()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self::default())
    }
}

fn failed(asked: &str, why: &dyn std::error::Error) -> WebDriverError {
    WebDriverError::RequestFailed(format!("{asked}: {why:?}"))
}
