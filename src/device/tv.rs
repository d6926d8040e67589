//! The TV: screens, own camera and staff picture composed into one output.
