//! Which driver of a cost explains how much of its change: Shapley values of a product.

use rust_decimal::Decimal;

/// How many drivers a cost is the product of.
pub(super) const DRIVERS: usize = 6;

/// For each driver, its effect on the product averaged over all orders in which the drivers can change from `filed`
/// to `billed`. The effects add up to the change of the product; a driver that does not change has exactly none.
/// `None` if a product is too large for a decimal.
pub(super) fn shapley(filed: &[Decimal; DRIVERS], billed: &[Decimal; DRIVERS]) -> Option<[Decimal; DRIVERS]> {
    // What does not change is the same in every order: only the others need to be put in orders.
    let changed: Vec<usize> = (0..DRIVERS).filter(|driver| filed[*driver] != billed[*driver]).collect();
    let products = products(filed, billed, &changed)?;
    let orders = factorial(changed.len());
    let mut values = [Decimal::ZERO; DRIVERS];
    for (bit, driver) in changed.iter().enumerate() {
        let mut sum = Decimal::ZERO;
        for before in (0..products.len()).filter(|set| set & (1 << bit) == 0) {
            let effect = products[before | (1 << bit)].checked_sub(products[before])?;
            let (earlier, later) = (before.count_ones() as usize, changed.len() - 1 - before.count_ones() as usize);
            sum = sum.checked_add(effect.checked_mul(Decimal::from(factorial(earlier) * factorial(later)))?)?;
        }
        values[*driver] = sum / Decimal::from(orders);
    }
    Some(values)
}

fn factorial(number: usize) -> u64 {
    (1..=number as u64).product()
}

/// The product with each set of the `changed` drivers changed; bit `n` of the index stands for the `n`th of them.
fn products(filed: &[Decimal; DRIVERS], billed: &[Decimal; DRIVERS], changed: &[usize]) -> Option<Vec<Decimal>> {
    let constant = (0..DRIVERS).filter(|driver| !changed.contains(driver)).map(|driver| filed[driver]);
    let mut products = vec![constant.into_iter().try_fold(Decimal::ONE, Decimal::checked_mul)?];
    for driver in changed {
        let with = |value: Decimal| products.iter().map(|product| product.checked_mul(value)).collect();
        let (mut before, after): (Option<Vec<_>>, Option<Vec<_>>) = (with(filed[*driver]), with(billed[*driver]));
        before.as_mut()?.extend(after?);
        products = before?;
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
