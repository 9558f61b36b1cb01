//! An outlook's memory does not grow with its paths. In a process of its own, since its allocator counts what the whole
//! process holds: beside other tests it would count theirs.

use glidepath::domain::outlook::outlook_along;
use glidepath::domain::values::workload::Workload;
use peak_alloc::PeakAlloc;

#[path = "it/support/past.rs"]
mod past;
#[path = "it/support/values.rs"]
mod values;
use past::{EC2, Past, RDS};
use values::usd;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The most that making an outlook along so many random paths holds at once, in bytes.
fn peak(past: &Past, random_paths: usize) -> usize {
    past.ask(|inputs| {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let made = outlook_along(inputs, random_paths);
        assert_eq!(made.made_with.as_ref().map(|with| with.paths), Some(random_paths));
        assert!(made.exposure.is_some(), "the paths are walked once more");
        MEMORY.peak_usage() - before
    })
}

#[test]
fn memory_is_flat_in_the_number_of_paths() {
    let past = Past::new()
        .bedrock_daily("100")
        .cost(RDS, Workload::Supporting, 0..63, |_| usd("10"))
        .cost(EC2, Workload::Trainium, 10..17, |_| usd("70"))
        .bedrock_pool("3000");
    assert_eq!(past.outlook(), past.ask(|inputs| outlook_along(inputs, 1_000)), "the usual number of paths");
    let [usual, more, many] = [1_000, 1_500, 10_000].map(|paths| peak(&past, paths));
    println!(
        "peak of an outlook, three workloads and a pool: {usual} bytes along 1,001 paths, {more} along 1,501, {many} along 10,001"
    );
    // Past the ones that are kept, a path is counted and forgotten.
    assert!(many <= more + 4096, "{more} bytes along 1,501 paths, {many} along 10,001");
    assert!(many * 10 <= usual * 16, "{usual} bytes along 1,001 paths, {many} along 10,001");
    assert!(usual < 4_000_000, "{usual} bytes along 1,001 paths");
}
