//! The outlook over lives whose truth is known.

pub mod ask;
pub mod life;
pub mod score;
