//! The workbench from outside.
