//! The light in the button: follows a [`crate::model::light::Light`].
