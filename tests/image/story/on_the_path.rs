//! Somebody sits on the path of picture and sound: what the counter's browser tells the box about its address leads to him.
//!
//! A browser would notice him as well, and tell the box. Here it is made to believe him, so that it is the box alone that
//! refuses him.

use super::browser::Browser;
use super::stranger::{Stranger, certificate, fingerprint};
use crate::guest::Outcome;
use std::net::SocketAddr;

/// In the counter's page: tells the box of the stranger alone, passes over what the box says of itself, and names the
/// stranger's certificate as the box's.
const BETWEEN: &str = r#"((fingerprint) => {
    const path = window.path = { on: true, own: null, turn: 0 };
    const prototype = RTCPeerConnection.prototype;
    const { addIceCandidate, addEventListener, setRemoteDescription } = prototype;
    prototype.addIceCandidate = function (init) {
      return path.on ? Promise.resolve() : addIceCandidate.call(this, init);
    };
    prototype.addEventListener = function (name, heard) {
      addEventListener.call(this, name, name !== "icecandidate" ? heard : (event) => {
        if (!path.on) return heard(event);
        const words = (event.candidate?.candidate ?? "").split(" ");
        if (words[2] === "udp" && words[4].includes(".") && words[7] === "host") {
          const sdpMLineIndex = event.candidate.sdpMLineIndex;
          if (path.own?.connection !== this) path.turn += 1;
          path.own = { connection: this, words, says: (candidate) => heard({ candidate: { candidate, sdpMLineIndex } }) };
        }
      });
    };
    prototype.setRemoteDescription = function (description) {
      if (!path.on) return setRemoteDescription.call(this, description);
      const sdp = description.sdp.replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${fingerprint}`);
      return setRemoteDescription.call(this, { ...description, sdp });
    };
    path.leads = (address, port) => path.own.says(path.own.words.with(4, address).with(5, String(port)).join(" "));
})"#;

/// The path of a counter's page, with somebody on it or not.
pub(crate) struct Path<'page> {
    page: &'page Browser,
    certificate: String,
}

impl<'page> Path<'page> {
    /// From now on connections of this page lead nowhere, until the stranger sits there.
    pub(crate) async fn of(page: &'page Browser) -> Self {
        let certificate = certificate("WebRTC");
        page.call(BETWEEN, vec![fingerprint(&certificate).into()]).await;
        Self { page, certificate }
    }

    /// How many connections the browser has begun so far. A slow box may need more than one.
    pub(crate) async fn turn(&self) -> u64 {
        self.page.script("return window.path.turn;").await.as_u64().unwrap_or_default()
    }

    /// The stranger sits down, as soon as the browser has said where it is.
    pub(crate) async fn is_taken(&self) -> Outcome<Stranger> {
        self.page.until("where the browser is", "return Boolean(window.path.own);").await;
        let at = self.page.script("return window.path.own.words.slice(4, 6).join(':');").await;
        let at = at.as_str().unwrap_or_default();
        let browser: SocketAddr = at.parse().map_err(|error| format!("the browser's address {at:?}: {error}"))?;
        let stranger = Stranger::between(browser.ip(), None, Some(browser), &self.certificate).await;
        let leads = [stranger.for_box.ip().to_string().into(), stranger.for_box.port().into()];
        self.page.call("window.path.leads", leads.to_vec()).await;
        Ok(stranger)
    }

    /// The next connection leads where it should.
    pub(crate) async fn is_free(&self) {
        self.page.script("window.path.on = false; return true;").await;
    }
}
