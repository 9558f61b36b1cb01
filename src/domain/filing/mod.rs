//! What is filed with AWS: the projection, what it asks for, how the bill differs from it, and the next one.

pub mod ask;
pub mod budget;
pub mod draft;
pub mod filing_ref;
pub mod next_award;
pub mod projection;
pub mod review;
pub mod usage;
pub mod variance;

mod recorded;

pub use self::recorded::Filing;
