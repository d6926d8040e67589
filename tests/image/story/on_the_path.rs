//! Somebody sits on the path of picture and sound: what the two ends tell each other about their addresses leads to him.
//!
//! A browser would notice him as well, and tell the box. Here it is made to believe him, so that it is the box alone that
//! refuses him.

use super::browser::Browser;
use super::stranger::{Stranger, certificate, fingerprint};
use crate::guest::Outcome;
use std::net::SocketAddr;

/// In the counter's page: holds back both ends' candidates, and names the stranger's certificate as the box's.
const BETWEEN: &str = r#"((fingerprint) => {
    const path = window.path = { on: true, box: null, own: null };
    const prototype = RTCPeerConnection.prototype;
    const { addIceCandidate, addEventListener, setRemoteDescription } = prototype;
    const words = (line) => (line ?? "").split(" ");
    prototype.addIceCandidate = function (init) {
      if (!path.on) return addIceCandidate.call(this, init);
      if (words(init.candidate)[7] === "relay") {
        path.box ??= { words: words(init.candidate), hears: (candidate) => addIceCandidate.call(this, { ...init, candidate }) };
      }
      return Promise.resolve();
    };
    prototype.addEventListener = function (name, heard) {
      addEventListener.call(this, name, name !== "icecandidate" ? heard : (event) => {
        if (!path.on) return heard(event);
        const said = words(event.candidate?.candidate);
        if (said[2] === "udp" && said[7] === "host") {
          const sdpMLineIndex = event.candidate.sdpMLineIndex;
          path.own ??= { words: said, says: (candidate) => heard({ candidate: { candidate, sdpMLineIndex } }) };
        }
      });
    };
    prototype.setRemoteDescription = function (description) {
      if (!path.on) return setRemoteDescription.call(this, description);
      const sdp = description.sdp.replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${fingerprint}`);
      return setRemoteDescription.call(this, { ...description, sdp });
    };
    path.leads = (end, [address, port]) => {
      const line = path[end].words.with(4, address).with(5, String(port)).join(" ");
      end === "box" ? path.box.hears(line) : path.own.says(line);
    };
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

    /// The stranger sits down, as soon as both ends have said where they are.
    pub(crate) async fn is_taken(&self) -> Outcome<Stranger> {
        self.page.until("both ends' addresses", "return Boolean(window.path.box && window.path.own);").await;
        let at = self.page.script("return window.path.box.words.slice(4, 6).join(':');").await;
        let at = at.as_str().unwrap_or_default();
        let appliance: SocketAddr = at.parse().map_err(|error| format!("the box's address {at:?}: {error}"))?;
        let stranger = Stranger::before(appliance, &self.certificate).await;
        for (end, leads) in [("own", stranger.for_box), ("box", stranger.for_browser)] {
            let to = serde_json::json!([leads.ip(), leads.port()]);
            self.page.call("window.path.leads", vec![end.into(), to]).await;
        }
        Ok(stranger)
    }

    /// The next connection leads where it should.
    pub(crate) async fn is_free(&self) {
        self.page.script("window.path.on = false; return true;").await;
    }
}
