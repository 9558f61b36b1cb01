//! Which driver of a cost explains how much of its change: Shapley values of a product.

use rust_decimal::Decimal;

/// How many drivers a cost is the product of.
pub(super) const DRIVERS: usize = 6;

/// Every set of drivers that can have changed already.
const SETS: usize = 1 << DRIVERS;

/// `k! (DRIVERS - 1 - k)!`: in how many orders exactly `k` drivers change before a given one.
const ORDERS_WITH_BEFORE: [i64; DRIVERS] = [120, 24, 12, 12, 24, 120];

/// `DRIVERS!`: all orders.
const ORDERS: i64 = 720;

/// For each driver, its effect on the product averaged over all orders in which the drivers can change from `filed`
/// to `billed`. The effects add up to the change of the product; a driver that does not change has exactly none.
/// `None` if a product is too large for a decimal.
pub(super) fn shapley(filed: &[Decimal; DRIVERS], billed: &[Decimal; DRIVERS]) -> Option<[Decimal; DRIVERS]> {
    let products = products(filed, billed)?;
    let mut values = [Decimal::ZERO; DRIVERS];
    for (driver, value) in values.iter_mut().enumerate() {
        if filed[driver] == billed[driver] {
            continue;
        }
        for before in (0..SETS).filter(|set| set & (1 << driver) == 0) {
            let effect = products[before | (1 << driver)].checked_sub(products[before])?;
            let orders = Decimal::from(ORDERS_WITH_BEFORE[before.count_ones() as usize]);
            *value = value.checked_add(effect.checked_mul(orders)?)?;
        }
        *value /= Decimal::from(ORDERS);
    }
    Some(values)
}

/// The product with each set of drivers changed; bit `n` of the index stands for driver `n`.
fn products(filed: &[Decimal; DRIVERS], billed: &[Decimal; DRIVERS]) -> Option<Vec<Decimal>> {
    let mut products = vec![Decimal::ONE];
    for (old, new) in filed.iter().zip(billed) {
        let with = |driver: &Decimal| products.iter().map(|product| product.checked_mul(*driver)).collect();
        let (mut unchanged, changed): (Option<Vec<_>>, Option<Vec<_>>) = (with(old), with(new));
        unchanged.as_mut()?.extend(changed?);
        products = unchanged?;
    }
    Some(products)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(values: [&str; DRIVERS]) -> [Decimal; DRIVERS] {
        values.map(|value| value.parse().unwrap())
    }

    /// The definition itself: walks through all 720 orders.
    fn by_definition(filed: &[Decimal; DRIVERS], billed: &[Decimal; DRIVERS]) -> [Decimal; DRIVERS] {
        let mut sums = [Decimal::ZERO; DRIVERS];
        let mut orders = vec![vec![]];
        for _ in 0..DRIVERS {
            let longer = |order: &Vec<usize>| {
                let rest = (0..DRIVERS).filter(|driver| !order.contains(driver)).collect::<Vec<_>>();
                rest.into_iter().map(|driver| [order.as_slice(), &[driver]].concat()).collect::<Vec<_>>()
            };
            orders = orders.iter().flat_map(longer).collect();
        }
        assert_eq!(orders.len(), 720);
        for order in &orders {
            let mut now = *filed;
            for driver in order {
                let before: Decimal = now.iter().product();
                now[*driver] = billed[*driver];
                sums[*driver] += now.iter().product::<Decimal>() - before;
            }
        }
        sums.map(|sum| sum / Decimal::from(720))
    }

    #[test]
    fn it_is_the_average_over_all_orders() {
        let filed = decimals(["700", "0.6", "0.4", "1", "0.85", "2"]);
        let billed = decimals(["910", "0.45", "0.12", "0.7", "0.15", "2.2"]);
        assert_eq!(shapley(&filed, &billed).unwrap(), by_definition(&filed, &billed));
    }

    #[test]
    fn only_what_changes_has_an_effect() {
        let filed = decimals(["3", "0", "0.5", "1", "1", "7"]);
        for driver in 0..DRIVERS {
            let mut billed = filed;
            billed[driver] += Decimal::ONE;
            let values = shapley(&filed, &billed).unwrap();
            let change = billed.iter().product::<Decimal>() - filed.iter().product::<Decimal>();
            let expected: Vec<_> = (0..DRIVERS).map(|at| if at == driver { change } else { Decimal::ZERO }).collect();
            assert_eq!(values.to_vec(), expected);
        }
    }

    #[test]
    fn going_back_takes_everything_back() {
        let filed = decimals(["700", "0", "0.4", "1", "0.85", "2"]);
        let billed = decimals(["910", "0.45", "0.12", "0.7", "0", "2.2"]);
        let (there, back) = (shapley(&filed, &billed).unwrap(), shapley(&billed, &filed).unwrap());
        assert_eq!(there.map(|value| -value), back);
    }

    #[test]
    fn what_no_decimal_holds_is_refused() {
        let huge = decimals(["1000000000000000", "1000000000000000", "1", "1", "1", "1"]);
        assert_eq!(shapley(&huge, &decimals(["0", "0", "0", "0", "0", "0"])), None);
    }
}
