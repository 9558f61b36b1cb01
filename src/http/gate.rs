//! How many connections there are, in all and from one address.
//!
//! Invariants: whoever is sent away is told so and holds nothing; callers of this machine are not counted against each other, so that
//! somebody here can look whatever strangers do, and neither are those of a proxy, behind which many stand; some places are this
//! machine's alone, and a proxy on it is not this machine: strangers stand behind it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Share of all places that is kept for this machine: one of so many.
const KEPT_SHARE: usize = 32;
/// Most places that are kept for this machine.
const KEPT_MOST: usize = 8;

/// Lets connections in, and counts them.
#[derive(Debug)]
pub struct Gate {
    /// Connections at a time.
    pub most: usize,
    /// The same from one address.
    pub most_of_one: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    of: BTreeMap<IpAddr, usize>,
    refused: u64,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There are as many as there may be.
    InAll,
    /// There are as many from its address as there may be.
    OfOne,
}

/// A place inside, until it is dropped.
#[derive(Debug)]
pub struct Entered {
    gate: Arc<Gate>,
    /// Under which address it is counted, if under one.
    counted: Option<IpAddr>,
}

impl Gate {
    /// Room for `most` connections, and for `most_of_one` from one address.
    pub fn new(most: usize, most_of_one: usize) -> Arc<Gate> {
        Arc::new(Gate { most, most_of_one, inside: Mutex::default() })
    }

    /// Lets a connection from `peer` in; `is_proxy` if it is one of the config's proxies.
    ///
    /// # Errors
    /// [`Full`], and it counts.
    pub fn enter(self: &Arc<Gate>, peer: IpAddr, is_proxy: bool) -> Result<Entered, Full> {
        let peer = peer.to_canonical();
        let counted = (!peer.is_loopback() && !is_proxy).then(|| neighbour(peer));
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = if peer.is_loopback() && !is_proxy { 0 } else { (self.most / KEPT_SHARE).min(KEPT_MOST) };
        let of_one = counted.map_or(0, |address| inside.of.get(&address).copied().unwrap_or(0));
        let full = if inside.all + kept >= self.most {
            Some(Full::InAll)
        } else if of_one >= self.most_of_one {
            Some(Full::OfOne)
        } else {
            None
        };
        if let Some(full) = full {
            inside.refused += 1;
            return Err(full);
        }
        inside.all += 1;
        if let Some(address) = counted {
            *inside.of.entry(address).or_default() += 1;
        }
        Ok(Entered { gate: Arc::clone(self), counted })
    }

    /// How many are inside, and how many were sent away since the start.
    pub fn counts(&self) -> (usize, u64) {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        (inside.all, inside.refused)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut inside = self.gate.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.all -= 1;
        let Some(address) = self.counted else { return };
        if let Some(of_one) = inside.of.get_mut(&address) {
            *of_one -= 1;
            if *of_one == 0 {
                inside.of.remove(&address);
            }
        }
    }
}

/// What stands for one caller: an address, or, since any machine can have as many of the sixth version as it likes, the network of
/// that.
fn neighbour(address: IpAddr) -> IpAddr {
    /// Bits that a network hands out to a machine.
    const HOST_BITS: u32 = 64;
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> HOST_BITS << HOST_BITS)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_gets_its_share_and_this_machine_and_proxies_the_rest() {
        let gate = Gate::new(256, 64);
        let of = |peer: &str, is_proxy: bool| {
            let entered: Vec<_> = std::iter::from_fn(|| gate.enter(ip(peer), is_proxy).ok()).collect();
            (entered.len(), gate.enter(ip(peer), is_proxy).unwrap_err(), entered)
        };
        let (entered, why, first) = of("192.0.2.1", false);
        assert_eq!((entered, why), (64, Full::OfOne));
        let (entered, why, second) = of("::ffff:192.0.2.2", false);
        assert_eq!((entered, why), (64, Full::OfOne));
        assert_eq!(of("192.0.2.2", false).0, 0, "the same address, written otherwise");
        let (entered, why, proxied) = of("192.0.2.9", true);
        assert_eq!((entered, why), (256 - 128 - 8, Full::InAll));
        assert_eq!(of("127.0.0.1", true).0, 0, "a proxy on this machine has none of its places");
        let (entered, why, here) = of("127.0.0.1", false);
        assert_eq!((entered, why), (8, Full::InAll));
        assert_eq!(gate.counts().0, 256);
        drop((first, second, proxied, here));
        assert_eq!(gate.counts(), (0, 12));
        assert_eq!(of("::1", false).0, 256);
    }

    #[test]
    fn the_many_addresses_of_one_machine_are_one() {
        let gate = Gate::new(256, 4);
        let from = |last: u16| gate.enter(ip(&format!("2001:db8:1:2::{last:x}")), false);
        let entered: Vec<_> = (0..100).filter_map(|last| from(last).ok()).collect();
        assert_eq!(entered.len(), 4);
        assert!(gate.enter(ip("2001:db8:1:3::1"), false).is_ok());
    }

    #[test]
    fn a_small_gate_lets_somebody_in() {
        let gate = Gate::new(1, 1);
        let entered = gate.enter(ip("192.0.2.1"), false).unwrap();
        assert_eq!(gate.enter(ip("127.0.0.1"), false).unwrap_err(), Full::InAll);
        drop(entered);
        assert!(gate.enter(ip("127.0.0.1"), false).is_ok());
    }

    proptest! {
        #[test]
        fn whoever_comes_and_goes_the_bounds_hold(
            most in 1usize..40,
            most_of_one in 1usize..10,
            comes in proptest::collection::vec((any::<bool>(), 0u8..5, any::<bool>()), 1..200),
        ) {
            let gate = Gate::new(most, most_of_one);
            let mut inside: Vec<(u8, bool, Entered)> = Vec::new();
            for (leaves, who, is_proxy) in comes {
                if leaves && !inside.is_empty() {
                    inside.remove(usize::from(who) % inside.len());
                } else if let Ok(entered) = gate.enter(ip(&format!("192.0.2.{who}")), is_proxy) {
                    inside.push((who, is_proxy, entered));
                }
                prop_assert!(inside.len() <= most && gate.counts().0 == inside.len());
                for who in 0..5 {
                    prop_assert!(inside.iter().filter(|it| it.0 == who && !it.1).count() <= most_of_one);
                }
            }
            inside.clear();
            prop_assert_eq!(gate.counts().0, 0);
            prop_assert!(gate.inside.lock().unwrap().of.is_empty());
        }
    }
}
