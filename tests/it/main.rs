//! The integration tests, in one binary: each that links the store costs half a minute to build. A module is run by its
//! name: `cargo test --release --test it scenarios`.

mod alerts;
mod assess;
mod aws_client;
mod backtest;
mod bounds;
mod classification;
mod cli;
mod config;
mod cycle;
mod extremes;
mod fake_aws;
mod filing;
mod forecast_shapes;
mod http;
mod iam;
mod implied_prices;
mod issued;
mod kept_view;
mod lives;
mod odd_spend;
mod outlook;
mod papers;
mod prices;
mod projection_commands;
mod replay;
mod report;
mod review;
mod scenarios;
mod sensitivity;
mod store;
mod support;
mod tidy;
mod track_record;
mod variance;
mod whatif;
