//! Where the startup departs from its filing, and why: what a report on it has to find out by itself.

use chrono::NaiveDate;

use super::year::day;

/// One known reason for a difference.
#[derive(Debug, Clone, Copy)]
pub struct Deviation {
    /// First month in which it shows in full.
    pub from: NaiveDate,
    /// Model, or instance type, that it shows at.
    pub of: &'static str,
    /// The cause that the variance should name: a field of `causes` in the position.
    pub cause: &'static str,
    /// True if it raises the cost.
    pub raises: bool,
    /// What happened.
    pub story: &'static str,
}

/// Every deviation of the year from `config/demo/projection.toml`.
pub const DEVIATIONS: [Deviation; 8] = [
    Deviation {
        from: day(2026, 6, 1),
        of: "Claude Sonnet 5",
        cause: "volume",
        raises: true,
        story: "the launch brought more traffic than was planned",
    },
    Deviation {
        from: day(2026, 3, 1),
        of: "Claude Sonnet 5",
        cause: "cache",
        raises: true,
        story: "40 % cache hits were filed; prompts were never laid out for it, and 12 to 14 % came about",
    },
    Deviation {
        from: day(2026, 3, 1),
        of: "Claude Haiku 4.5",
        cause: "cache",
        raises: true,
        story: "the same prompts, on the smaller model",
    },
    Deviation {
        from: day(2026, 3, 1),
        of: "Claude Sonnet 5",
        cause: "routing",
        raises: true,
        story: "global routing was filed; 85 % runs in-region, a tenth dearer",
    },
    Deviation {
        from: day(2026, 3, 1),
        of: "Claude Haiku 4.5",
        cause: "routing",
        raises: true,
        story: "the same profiles, on the smaller model",
    },
    Deviation {
        from: day(2026, 10, 1),
        of: "Claude Sonnet 5",
        cause: "mix",
        raises: false,
        story: "most traffic moved to Haiku in September",
    },
    Deviation {
        from: day(2026, 10, 1),
        of: "Claude Haiku 4.5",
        cause: "mix",
        raises: true,
        story: "the traffic that left Sonnet",
    },
    Deviation {
        from: day(2026, 8, 1),
        of: "trn1.32xlarge",
        cause: "price",
        raises: true,
        story: "some training runs on SageMaker, whose rate is above EC2's",
    },
];
