//! The demo's hard year: AWS says things otherwise, late or not at all; nothing is lost, and each is said.

use std::process::Command;

#[test]
fn nothing_is_lost_in_the_hard_year_and_each_thing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_glidepath-under-test"));
    demo.args(["demo", "--year", "hard", "--exit", "--listen", "127.0.0.1:0", "--keep"]).arg(folder.path());
    let output = demo.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // Without a terminal, lines say how far it is.
    let progress = String::from_utf8_lossy(&output.stderr);
    let (first, rest) = progress.split_once('\n').unwrap();
    assert!(first.starts_with("46 daily cycles follow, half a minute"), "{progress}");
    let steps: Vec<&str> = rest.lines().filter(|line| line.contains(" of 46 daily cycles, ")).collect();
    assert!(
        steps.len() == 10 && steps.iter().all(|line| line.contains(", about ") && line.ends_with(" s left")),
        "{progress}"
    );
    // Training on Spot is no longer paid, and money for everything else is left.
    assert!(said.contains("Credit no longer pays for all of Trainium: since "), "{said}");
    assert!(said.contains(" of credit is left, which pays for other use."), "{said}");
    // The three credits fill the band, so the next ask is another programme's.
    assert!(said.contains("$300,000 is granted: the band of about $300,000"), "{said}");
    assert!(said.contains("Spend supports a next ask of ") && said.contains("(Generative AI Accelerator)"), "{said}");
    let (_, told) = said.split_once("What AWS did in this year").expect("the hard year tells what came of it");
    assert!(!told.contains("NOT SAID"), "{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("- ")).count(), 11, "{told}");
    assert!(told.contains("nothing that it ever showed is lost: $"), "{told}");
}
