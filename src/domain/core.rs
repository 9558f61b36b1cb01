//! The part of the core whose arithmetic takes time, a package of its own, so that it alone is optimised as far as can be: what is
//! known, forecast, priced, drawn from credit, and the paths of the next year. Its storeys, from the bottom to the top:

pub mod values;

pub mod facts;

pub mod forecast;

pub mod billing;

pub mod credit;

pub mod outlook;
