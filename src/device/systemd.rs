//! Readiness, watchdog and status lines for systemd.
