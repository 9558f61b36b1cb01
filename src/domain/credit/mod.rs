//! Credit: pools and their balances, the order in which they are drawn, and whether AWS agrees.

pub mod awaited;
pub mod coverage;
pub mod delisted;
pub mod ledger;
pub mod pools;
pub mod programme;
pub mod reconcile;
pub mod rows;
pub mod statement;
pub mod unlisted;

mod pool;

pub use self::pool::{CreditPool, Delisted, EligibleServices, Statement, StatementSource, stated_text};
