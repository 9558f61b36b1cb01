//! A fake AWS on loopback and a fictional startup on it: what `demo`, the tests and the benchmarks run against.
